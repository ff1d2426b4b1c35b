/* SPDX-License-Identifier: MIT */
/* test_list.c - lists: capacities, single items, slices, re-entrancy. */
#include "tests/fixture.h"
#include "types/instance.h"

static size_t capacity_of(pmm_rt *rt, pmm_obj *list) {
  return (fixture_size(rt, list) - 56) / sizeof(pmm_obj *);
}

static void test_growth(pmm_rt *rt) {
  static const size_t expected[] = {4,  8,  16, 24, 32,  40,
                                    52, 64, 76, 92, 108, 128};
  pmm_obj *list = pmmi_list_new(rt, 0);
  size_t steps = 0;
  size_t capacity = 0;
  int as_expected = 1;
  for (size_t n = 0; n < 128; n++) {
    (void)pmmi_list_append(rt, list, pmmi_none(rt));
    if (capacity_of(rt, list) != capacity) {
      capacity = capacity_of(rt, list);
      as_expected = as_expected && steps < 12 && capacity == expected[steps];
      steps++;
    }
  }
  tap_ok(as_expected && steps == 12, "4, 8, 16, 24, ... 128");
  struct pmm_memory before = fixture_memory(rt);
  for (size_t n = 128; n < 1000000; n++) {
    (void)pmmi_list_append(rt, list, pmmi_none(rt));
  }
  struct pmm_memory after = fixture_memory(rt);
  tap_ok(fixture_size(rt, list) == 8448728, "a million appended: 8448728");
  tap_ok(after.reallocations - before.reallocations < 100,
         "in fewer than 100 moves");
  pmmi_release(rt, list);
}

static void test_shrink(pmm_rt *rt) {
  static const struct {
    size_t length;
    size_t capacity;
  } expected[] = {{1000, 1132}, {566, 1132}, {565, 640}, {320, 640},
                  {319, 364},   {1, 4},      {0, 0}};
  pmm_obj *list = pmmi_list_new(rt, 1000);
  (void)pmmi_list_append(rt, list, pmmi_none(rt));
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    while (fixture_length(rt, list) > expected[i].length) {
      pmmi_xrelease(rt, pmmi_list_pop(rt, list, SIZE_MAX));
    }
    tap_ok(capacity_of(rt, list) == expected[i].capacity,
           "%zu items left: %zu slots", expected[i].length,
           capacity_of(rt, list));
  }
  pmmi_release(rt, list);
}

static void test_exact(pmm_rt *rt) {
  pmm_obj *five = fixture_range(rt, 0, 5);
  pmm_obj *three = fixture_range(rt, 0, 3);
  pmm_obj *count = pmmi_int_new(rt, 1000);
  pmm_obj *product = pmmi_list_repeat(rt, five, count);
  tap_ok(capacity_of(rt, product) == 5000, "repeat is exact");
  pmm_obj *sum = pmmi_list_concat(rt, five, three);
  tap_ok(capacity_of(rt, sum) == 8 && fixture_length(rt, sum) == 8,
         "so is concat");
  pmm_obj *copy = pmmi_list_convert(rt, five);
  tap_ok(capacity_of(rt, copy) == 6, "list(sequence) rounds up to even");
  pmm_obj *part = pmmi_list_slice(rt, five, 1, 4);
  tap_ok(capacity_of(rt, part) == 3, "a slice is exact");
  (void)pmmi_list_clear(rt, copy);
  tap_ok(fixture_size(rt, copy) == 56, "cleared: 56 bytes");
  pmm_obj *gone = pmmi_list_new(rt, 0);
  tap_ok(pmmi_list_assign_slice(rt, part, 0, SIZE_MAX, gone) == PMM_OK &&
             fixture_size(rt, part) == 56,
         "emptied by assignment: 56 bytes");
  (void)pmmi_list_assign_slice(rt, sum, 3, 5, NULL);
  tap_ok(capacity_of(rt, sum) == 8 &&
             fixture_reads(rt, sum, "[0, 1, 2, 0, 1, 2]"),
         "no shrink while half is used");
  pmm_obj *lists[] = {gone, part, copy, sum, product, three, five};
  for (size_t i = 0; i < 7; i++) {
    pmmi_release(rt, lists[i]);
  }
  pmmi_release(rt, count);
}

static void test_items(pmm_rt *rt) {
  pmm_obj *list = fixture_range(rt, 0, 3);
  pmm_obj *item = pmmi_int_new(rt, 7000);
  tap_ok(pmmi_list_insert(rt, list, 1, item) == PMM_OK &&
             pmmi_list_insert(rt, list, 99, item) == PMM_OK &&
             fixture_reads(rt, list, "[0, 7000, 1, 2, 7000]") &&
             pmmi_refcount(rt, item) == 3,
         "insert, also beyond the end");
  tap_ok(pmmi_list_remove(rt, list, item) == PMM_OK &&
             fixture_reads(rt, list, "[0, 1, 2, 7000]"),
         "remove takes the first");
  tap_ok(pmmi_list_remove(rt, list, pmmi_none(rt)) == PMM_VALUE &&
             fixture_failed(rt, PMM_VALUE),
         "what is not there cannot be removed");
  tap_ok(pmmi_list_get(rt, list, 3) == item && pmmi_refcount(rt, item) == 2,
         "get borrows");
  pmm_obj *strong = pmmi_list_get_strong(rt, list, 3);
  pmmi_release(rt, pmmi_list_pop(rt, list, SIZE_MAX));
  tap_ok(strong == item && pmmi_refcount(rt, item) == 2, "get_strong owns");
  pmmi_release(rt, strong);
  pmmi_retain(rt, item);
  tap_ok(pmmi_list_set_steal(rt, list, 9, item) == PMM_INDEX &&
             fixture_failed(rt, PMM_INDEX) && pmmi_refcount(rt, item) == 1,
         "a failed steal consumes");
  tap_ok(pmmi_list_set(rt, list, 0, item) == PMM_OK &&
             pmmi_refcount(rt, item) == 2,
         "set takes a reference of its own");
  tap_ok(pmmi_list_get(rt, list, 9) == NULL && fixture_failed(rt, PMM_INDEX) &&
             pmmi_list_pop(rt, list, 9) == NULL &&
             fixture_failed(rt, PMM_INDEX),
         "indexes are checked");
  (void)pmmi_list_clear(rt, list);
  tap_ok(pmmi_list_pop(rt, list, SIZE_MAX) == NULL &&
             fixture_failed(rt, PMM_INDEX),
         "nothing pops from nothing");
  pmm_obj *middle = fixture_range(rt, 0, 5);
  pmmi_release(rt, pmmi_list_pop(rt, middle, 1));
  tap_ok(fixture_reads(rt, middle, "[0, 2, 3, 4]"), "pop from the middle");
  pmmi_release(rt, middle);
  pmmi_release(rt, item);
  pmmi_release(rt, list);
}

static void assign(pmm_rt *rt, size_t from, size_t to, pmm_obj *with,
                   const char *reads) {
  pmm_obj *list = fixture_range(rt, 0, 6);
  tap_ok(pmmi_list_assign_slice(rt, list, from, to, with) == PMM_OK &&
             fixture_reads(rt, list, reads),
         "[%zu:%zu] gives %s", from, to, reads);
  pmmi_release(rt, list);
}

static void test_slices(pmm_rt *rt) {
  pmm_obj *two = fixture_range(rt, 8, 10);
  pmm_obj *text = fixture_str(rt, "xy");
  assign(rt, 1, 3, two, "[0, 8, 9, 3, 4, 5]");
  assign(rt, 1, 1, two, "[0, 8, 9, 1, 2, 3, 4, 5]");
  assign(rt, 0, 5, two, "[8, 9, 5]");
  assign(rt, 4, 99, two, "[0, 1, 2, 3, 8, 9]");
  assign(rt, 99, 99, two, "[0, 1, 2, 3, 4, 5, 8, 9]");
  assign(rt, 2, 5, NULL, "[0, 1, 5]");
  assign(rt, 0, SIZE_MAX, NULL, "[]");
  assign(rt, 1, 5, text, "[0, 'x', 'y', 5]");
  pmm_obj *list = fixture_range(rt, 0, 3);
  tap_ok(pmmi_list_assign_slice(rt, list, 1, 2, list) == PMM_OK &&
             fixture_reads(rt, list, "[0, 0, 1, 2, 2]"),
         "a list goes into itself");
  tap_ok(pmmi_list_assign_slice(rt, list, 0, 1, pmmi_none(rt)) == PMM_TYPE &&
             fixture_failed(rt, PMM_TYPE),
         "None does not");
  (void)pmmi_list_reverse(rt, list);
  tap_ok(fixture_reads(rt, list, "[2, 2, 1, 0, 0]"), "reverse");
  pmmi_release(rt, list);
  pmmi_release(rt, text);
  pmmi_release(rt, two);
}

static void test_extend(pmm_rt *rt) {
  pmm_obj *list = fixture_range(rt, 0, 3);
  pmm_obj *text = fixture_str(rt, "ab");
  tap_ok(pmmi_list_extend(rt, list, list) == PMM_OK &&
             fixture_reads(rt, list, "[0, 1, 2, 0, 1, 2]"),
         "by itself");
  tap_ok(pmmi_list_extend(rt, list, text) == PMM_OK &&
             fixture_reads(rt, list, "[0, 1, 2, 0, 1, 2, 'a', 'b']"),
         "by a string");
  tap_ok(pmmi_list_extend(rt, list, pmmi_none(rt)) == PMM_TYPE &&
             fixture_failed(rt, PMM_TYPE),
         "not by None");
  (void)pmmi_list_assign_slice(rt, list, 2, SIZE_MAX, NULL);
  pmm_obj *three = pmmi_int_new(rt, 3);
  pmm_obj *none = pmmi_int_new(rt, -1);
  tap_ok(pmmi_list_repeat_inplace(rt, list, three) == PMM_OK &&
             fixture_reads(rt, list, "[0, 1, 0, 1, 0, 1]"),
         "repeat in place");
  pmm_obj *huge = pmmi_int_new(rt, INT64_MAX);
  pmm_obj *wide = pmmi_int_parse(rt, "9223372036854775808");
  tap_ok(pmmi_list_repeat_inplace(rt, list, huge) == PMM_NO_MEMORY &&
             fixture_failed(rt, PMM_NO_MEMORY) &&
             pmmi_list_repeat(rt, list, huge) == NULL &&
             fixture_failed(rt, PMM_NO_MEMORY),
         "too many bytes: no memory");
  tap_ok(pmmi_list_repeat_inplace(rt, list, wide) == PMM_OVERFLOW &&
             fixture_failed(rt, PMM_OVERFLOW) &&
             pmmi_list_repeat(rt, list, wide) == NULL &&
             fixture_failed(rt, PMM_OVERFLOW),
         "a count beyond the size type: overflow");
  tap_ok(fixture_length(rt, list) == 6, "and nothing changed");
  tap_ok(pmmi_list_repeat_inplace(rt, list, none) == PMM_OK &&
             fixture_length(rt, list) == 0,
         "less than once empties");
  tap_ok(pmmi_list_new(rt, SIZE_MAX) == NULL &&
             fixture_failed(rt, PMM_NO_MEMORY),
         "no list is that long");
  pmmi_release(rt, wide);
  pmmi_release(rt, huge);
  pmmi_release(rt, text);
  pmmi_release(rt, list);
}

/* ---- finalizers that use the dying item's list --------------------------- */

static enum pmm_status append_none(void *ctx, pmm_rt *rt, pmm_obj *o) {
  (void)o;
  return pmmi_list_append(rt, ctx, pmmi_none(rt));
}

static pmm_obj *probe_type(pmm_rt *rt, pmm_obj *list) {
  struct pmm_type_spec spec = {.struct_size = sizeof spec,
                               .name = "probe",
                               .finalizer = append_none,
                               .ctx = list};
  return pmmi_type_new(rt, &spec);
}

static void add_probes(pmm_rt *rt, pmm_obj *list, pmm_obj *type, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    pmm_obj *probe = pmmi_instance_new(rt, type, i);
    (void)pmmi_list_append(rt, list, probe);
    pmmi_release(rt, probe);
  }
  fixture_log.finalized = 0;
}

static int died_last_to_first(int64_t n) {
  int good = fixture_log.finalized == (size_t)n;
  for (int64_t i = 0; i < n && good; i++) {
    good = fixture_log.cookies[i] == n - 1 - i;
  }
  return good;
}

static void test_reentrant(pmm_rt *rt) {
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmm_obj *type = probe_type(rt, list);
  add_probes(rt, list, type, 5);
  tap_ok(pmmi_list_clear(rt, list) == PMM_OK && died_last_to_first(5) &&
             fixture_reads(rt, list, "[None, None, None, None, None]"),
         "clear: what finalizers append survives");
  (void)pmmi_list_clear(rt, list);
  add_probes(rt, list, type, 12);
  tap_ok(pmmi_list_assign_slice(rt, list, 1, 12, NULL) == PMM_OK &&
             fixture_length(rt, list) == 12 && fixture_log.finalized == 11,
         "del slice: the same");
  (void)pmmi_list_clear(rt, list);
  (void)pmmi_list_clear(rt, list);
  add_probes(rt, list, type, 1);
  tap_ok(pmmi_list_set(rt, list, 0, pmmi_boolean(rt, 1)) == PMM_OK &&
             fixture_reads(rt, list, "[True, None]"),
         "set: the new item is there when the old one dies");
  (void)pmmi_list_clear(rt, list);
  add_probes(rt, list, type, 1);
  pmmi_release(rt, pmmi_list_pop(rt, list, 0));
  tap_ok(fixture_reads(rt, list, "[None]"), "pop");
  (void)pmmi_list_clear(rt, list);
  pmmi_release(rt, type);
  pmmi_release(rt, list);
}

static void test_kept(pmm_rt *rt) {
  pmm_obj *lists[100];
  for (size_t i = 0; i < 100; i++) {
    lists[i] = pmmi_list_from(rt, (pmm_obj *[]){pmmi_none(rt)}, 1);
  }
  for (size_t i = 0; i < 100; i++) {
    pmmi_release(rt, lists[i]);
  }
  struct pmm_memory memory = {.cached_blocks = 0};
  pmmi_lists_figures(rt, &memory);
  tap_ok(memory.cached_blocks == 80 && memory.cached_bytes == 80 * 56,
         "80 dead lists are kept, without their arrays");
  pmm_obj *list = pmmi_list_new(rt, 0);
  tap_ok(list == lists[79] && pmmi_gc_is_tracked(rt, list) &&
             fixture_length(rt, list) == 0,
         "the last one kept is the next one made");
  pmmi_release(rt, list);
}

static void test_walk(pmm_rt *rt) {
  pmm_obj *list = fixture_range(rt, 0, 2);
  pmm_obj *iterator = pmmi_iter(rt, list);
  pmm_obj *self = pmmi_iter(rt, iterator);
  tap_ok(self == iterator, "an iterator is its own iterator");
  pmmi_release(rt, self);
  pmmi_release(rt, pmmi_next(rt, iterator));
  (void)pmmi_list_append(rt, list, pmmi_none(rt));
  pmmi_release(rt, pmmi_next(rt, iterator));
  tap_ok(pmmi_next(rt, iterator) == pmmi_none(rt), "it sees what is added");
  tap_ok(pmmi_next(rt, iterator) == NULL && fixture_failed(rt, PMM_STOP),
         "until the end");
  tap_ok(pmmi_refcount(rt, list) == 1, "where it lets the list go");
  (void)pmmi_list_append(rt, list, pmmi_none(rt));
  tap_ok(pmmi_next(rt, iterator) == NULL && fixture_failed(rt, PMM_STOP),
         "for good");
  pmmi_release(rt, iterator);
  pmmi_release(rt, list);
  tap_ok(pmmi_iter(rt, pmmi_none(rt)) == NULL && fixture_failed(rt, PMM_TYPE),
         "None cannot be walked");
}

int main(void) {
  tap_plan(0);
  fixture_each("growth", test_growth);
  fixture_each("shrink", test_shrink);
  fixture_each("exact", test_exact);
  fixture_each("items", test_items);
  fixture_each("slices", test_slices);
  fixture_each("extend", test_extend);
  fixture_each("reentrant", test_reentrant);
  fixture_each("kept", test_kept);
  fixture_each("walk", test_walk);
  return tap_done();
}
