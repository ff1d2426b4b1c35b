/* SPDX-License-Identifier: MIT */
/* test_sort.c - list.sort() and the order of items. */
#include "tests/fixture.h"
#include "types/compare.h"

/* Numbers that look random: a full-period generator modulo 2^16. */
static int64_t scrambled(int64_t i) { return (i * 25173 + 13849) & 0xffff; }

static int is_sorted(pmm_rt *rt, pmm_obj *list) {
  for (size_t i = 1; i < fixture_length(rt, list); i++) {
    int less = 1;
    if (pmmi_less(rt, pmmi_list_get(rt, list, i),
                  pmmi_list_get(rt, list, i - 1), &less) != PMM_OK ||
        less) {
      return 0;
    }
  }
  return 1;
}

static void test_sizes(pmm_rt *rt) {
  for (int64_t n = 0; n <= 5000; n = n * 2 + 1) {
    pmm_obj *list = pmmi_list_new(rt, 0);
    for (int64_t i = 0; i < n; i++) {
      pmm_obj *item = pmmi_int_new(rt, scrambled(i));
      (void)pmmi_list_append(rt, list, item);
      pmmi_release(rt, item);
    }
    size_t size = fixture_size(rt, list);
    tap_ok(pmmi_list_sort(rt, list, NULL, NULL) == PMM_OK &&
               is_sorted(rt, list) && fixture_length(rt, list) == (size_t)n &&
               fixture_size(rt, list) == size,
           "%lld items", (long long)n);
    pmmi_release(rt, list);
  }
}

static enum pmm_status tens(void *ctx, pmm_rt *rt, pmm_obj *o,
                            pmm_obj **result) {
  (void)ctx;
  int64_t value = 0;
  (void)pmmi_int_value(rt, o, &value);
  *result = pmmi_int_new(rt, value / 10);
  return PMM_OK;
}

static void test_stable(pmm_rt *rt) {
  static const int64_t values[] = {31, 15, 30, 12, 39, 11, 5, 14};
  pmm_obj *list = pmmi_list_new(rt, 0);
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    (void)pmmi_list_append(rt, list, pmmi_int_new(rt, values[i]));
  }
  tap_ok(pmmi_list_sort(rt, list, tens, NULL) == PMM_OK &&
             fixture_reads(rt, list, "[5, 15, 12, 11, 14, 31, 30, 39]"),
         "equal keys keep their order");
  pmmi_release(rt, list);
}

static enum pmm_status none_key(void *ctx, pmm_rt *rt, pmm_obj *o,
                                pmm_obj **result) {
  (void)ctx;
  (void)rt;
  (void)o;
  (void)result;
  return PMM_OK;
}

static enum pmm_status bad_key(void *ctx, pmm_rt *rt, pmm_obj *o,
                               pmm_obj **result) {
  int *calls = ctx;
  *result = pmmi_new_reference(rt, o);
  return ++*calls == 3 ? PMM_USER : PMM_OK;
}

static void test_failures(pmm_rt *rt) {
  pmm_obj *list = fixture_range(rt, 1000, 1005);
  int calls = 0;
  tap_ok(pmmi_list_sort(rt, list, bad_key, &calls) == PMM_USER &&
             fixture_failed(rt, PMM_USER) && calls == 3 &&
             fixture_reads(rt, list, "[1000, 1001, 1002, 1003, 1004]"),
         "a key that fails leaves the list as it was");
  tap_ok(pmmi_list_sort(rt, list, none_key, NULL) == PMM_TYPE &&
             fixture_failed(rt, PMM_TYPE),
         "None is not ordered");
  (void)pmmi_list_insert(rt, list, 3, pmmi_none(rt));
  tap_ok(pmmi_list_sort(rt, list, NULL, NULL) == PMM_TYPE &&
             fixture_failed(rt, PMM_TYPE) &&
             fixture_reads(rt, list,
                           "[1000, 1001, 1002, None, 1003, 1004]"),
         "not beside numbers either");
  pmmi_release(rt, list);
  pmm_obj *holes = pmmi_list_new(rt, 2);
  tap_ok(pmmi_list_sort(rt, holes, NULL, NULL) == PMM_SYSTEM &&
             fixture_failed(rt, PMM_SYSTEM),
         "nor are slots that were never filled");
  pmmi_release(rt, holes);
}

/** What a key does to the list it is called for. */
enum mutation { APPEND, APPEND_AND_CLEAR, CLEAR, INSERT, EXTEND, LOOK };

struct mutator {
  pmm_obj *list;
  enum mutation what;
};

static enum pmm_status mutate(void *ctx, pmm_rt *rt, pmm_obj *o,
                              pmm_obj **result) {
  struct mutator *m = ctx;
  *result = pmmi_new_reference(rt, o);
  switch (m->what) {
  case APPEND:
    return pmmi_list_append(rt, m->list, o);
  case APPEND_AND_CLEAR:
    (void)pmmi_list_append(rt, m->list, o);
    return pmmi_list_clear(rt, m->list);
  case CLEAR:
    return pmmi_list_clear(rt, m->list);
  case INSERT:
    return pmmi_list_insert(rt, m->list, 0, o);
  case EXTEND:
    return pmmi_list_repeat_inplace(rt, m->list, o) == PMM_OK
               ? pmmi_list_extend(rt, m->list, m->list)
               : PMM_USER;
  case LOOK:
    return fixture_length(rt, m->list) == 0 ? PMM_OK : PMM_USER;
  }
  return PMM_SYSTEM;
}

static void test_mutation(pmm_rt *rt) {
  static const char *const names[] = {"append", "append, clear", "clear",
                                      "insert"};
  struct mutator m;
  for (m.what = APPEND; m.what <= INSERT; m.what++) {
    m.list = pmmi_list_new(rt, 0);
    for (int64_t i = 3; i > 0; i--) {
      pmm_obj *item = pmmi_int_new(rt, 1000 + i);
      (void)pmmi_list_append(rt, m.list, item);
      pmmi_release(rt, item);
    }
    tap_ok(pmmi_list_sort(rt, m.list, mutate, &m) == PMM_VALUE &&
               fixture_failed(rt, PMM_VALUE) &&
               fixture_reads(rt, m.list, "[1001, 1002, 1003]") &&
               pmmi_refcount(rt, pmmi_list_get(rt, m.list, 0)) == 1,
           "%s meanwhile is noticed, and all items are there",
           names[m.what]);
    pmmi_release(rt, m.list);
  }
  m.list = fixture_range(rt, 0, 3);
  m.what = LOOK;
  tap_ok(pmmi_list_sort(rt, m.list, mutate, &m) == PMM_OK,
         "looking is allowed: the list seems empty");
  m.what = EXTEND;
  tap_ok(pmmi_list_sort(rt, m.list, mutate, &m) == PMM_OK ||
             fixture_failed(rt, PMM_VALUE),
         "nothing times something is harmless");
  pmmi_release(rt, m.list);
}

static enum pmm_status drop_list(void *ctx, pmm_rt *rt, pmm_obj *o,
                                 pmm_obj **result) {
  *result = pmmi_new_reference(rt, o);
  pmmi_clear(rt, ctx);
  return PMM_OK;
}

static void test_dropped(pmm_rt *rt) {
  pmm_obj *list = fixture_range(rt, 1000, 1004);
  pmm_obj *holder = list;
  tap_ok(pmmi_list_sort(rt, list, drop_list, &holder) == PMM_OK &&
             holder == NULL,
         "the list may lose its owner meanwhile");
}

static void expect_less(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                        const char *name) {
  int less = 0;
  int more = 1;
  tap_ok(pmmi_less(rt, a, b, &less) == PMM_OK &&
             pmmi_less(rt, b, a, &more) == PMM_OK && less && !more,
         "order of %s", name);
  pmmi_release(rt, a);
  pmmi_release(rt, b);
}

static void test_order(pmm_rt *rt) {
  expect_less(rt, fixture_str(rt, "ab"), fixture_str(rt, "b"), "strings");
  expect_less(rt, fixture_str(rt, "a"), fixture_str(rt, "a\xe2\x82\xac"),
              "a string and a longer one");
  expect_less(rt, pmmi_bytes_new(rt, "ab", 2), pmmi_bytes_new(rt, "b", 1),
              "bytes");
  expect_less(rt, fixture_range(rt, 0, 2), fixture_range(rt, 0, 3), "lists");
  expect_less(rt, fixture_range(rt, 0, 9), fixture_range(rt, 1, 2),
              "lists by their items");
  expect_less(rt, pmmi_int_new(rt, 1), pmmi_float_new(rt, 1.5), "numbers");
  expect_less(rt, pmmi_tuple_constant(rt, 1), pmmi_tuple_constant(rt, 2),
              "tuples");
  int less;
  tap_ok(pmmi_less(rt, pmmi_none(rt), pmmi_none(rt), &less) == PMM_TYPE &&
             fixture_failed(rt, PMM_TYPE),
         "None has no order");
}

int main(void) {
  tap_plan(0);
  fixture_each("sizes", test_sizes);
  fixture_each("stable", test_stable);
  fixture_each("failures", test_failures);
  fixture_each("mutation", test_mutation);
  fixture_each("dropped", test_dropped);
  fixture_each("order", test_order);
  return tap_done();
}
