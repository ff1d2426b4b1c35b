/* SPDX-License-Identifier: MIT */
/*
 * test_release_many.c - many objects that die together: each kind in each
 * company, and figures that are exact whenever code runs meanwhile.
 */
#include "tests/fixture.h"
#include "types/instance.h"
#include "types/int.h"
#include "types/list.h"
#include "types/tuple.h"

#define MANY 3000 /* more than the free lists take                          */

/** Makes the i-th item. */
typedef pmm_obj *(*maker)(pmm_rt *rt, int64_t i);

static pmm_obj *a_fresh_int(pmm_rt *rt, int64_t i) {
  return pmmi_int_new(rt, 1000 + i);
}

static pmm_obj *a_wide_int(pmm_rt *rt, int64_t i) {
  return pmmi_int_new(rt, (INT64_C(1) << 40) + i);
}

static pmm_obj *a_float(pmm_rt *rt, int64_t i) {
  return pmmi_float_new(rt, (double)i);
}

static pmm_obj *a_str(pmm_rt *rt, int64_t i) {
  char text[] = {'s', (char)('a' + i % 26), (char)('a' + i / 26 % 26), 0};
  return fixture_str(rt, text);
}

static pmm_obj *an_empty_list(pmm_rt *rt, int64_t i) {
  (void)i;
  return pmmi_list_new(rt, 0);
}

static pmm_obj *a_list(pmm_rt *rt, int64_t i) {
  return fixture_range(rt, i, i + 3);
}

/* A tuple that alone owns `item`, which it holds n times. */
static pmm_obj *times(pmm_rt *rt, pmm_obj *item, size_t n) {
  pmm_obj *items[8];
  for (size_t k = 0; k < n; k++) {
    items[k] = item;
  }
  pmm_obj *tuple = pmmi_tuple_from(rt, items, n);
  pmmi_release(rt, item);
  return tuple;
}

static pmm_obj *an_int_twice(pmm_rt *rt, int64_t i) {
  return times(rt, a_fresh_int(rt, i), 2);
}

static pmm_obj *a_str_twice(pmm_rt *rt, int64_t i) {
  return times(rt, a_str(rt, i), 2);
}

static pmm_obj *a_list_thrice(pmm_rt *rt, int64_t i) {
  return times(rt, a_list(rt, i), 3);
}

static pmm_obj *a_nested_tuple(pmm_rt *rt, int64_t i) {
  return times(rt, times(rt, a_float(rt, i), 1), 4);
}

static pmm_obj *pair(pmm_rt *rt, pmm_obj *first, pmm_obj *second) {
  pmm_obj *tuple = pmmi_tuple_from(rt, (pmm_obj *[]){first, second}, 2);
  pmmi_release(rt, first);
  pmmi_release(rt, second);
  return tuple;
}

static pmm_obj *a_pair_of_nothing(pmm_rt *rt, int64_t i) {
  (void)i;
  return pair(rt, pmmi_none(rt), pmmi_none(rt));
}

/* What lives on and what dies, before and behind each other. */
static pmm_obj *a_pair_with_int(pmm_rt *rt, int64_t i) {
  return i % 2 ? pair(rt, pmmi_none(rt), a_fresh_int(rt, i))
               : pair(rt, a_fresh_int(rt, i), pmmi_none(rt));
}

static pmm_obj *a_pair_with_list(pmm_rt *rt, int64_t i) {
  return i % 2 ? pair(rt, a_list(rt, i), pmmi_none(rt))
               : pair(rt, a_fresh_int(rt, i), a_list(rt, i));
}

static pmm_obj *an_emptied_list(pmm_rt *rt, int64_t i) {
  pmm_obj *list = a_list(rt, i);
  (void)pmmi_list_clear(rt, list);
  return list;
}

static pmm_obj *none(pmm_rt *rt, int64_t i) {
  (void)i;
  return pmmi_none(rt);
}

static const maker makers[] = {
    a_fresh_int,  a_wide_int,   a_float,       a_str,          an_empty_list,
    a_list,       an_int_twice, a_str_twice,   a_list_thrice,  a_nested_tuple,
    a_pair_of_nothing, a_pair_with_int, a_pair_with_list, an_emptied_list,
    none,
};

#define MAKERS (sizeof makers / sizeof makers[0])

static void drop_list_of(pmm_rt *rt, size_t step, size_t first) {
  pmm_obj *list = pmmi_list_new(rt, 0);
  for (int64_t i = 0; i < MANY; i++) {
    pmm_obj *item = makers[(first + (size_t)i * step) % MAKERS](rt, i);
    (void)pmmi_list_append(rt, list, item);
    pmmi_release(rt, item);
  }
  pmmi_release(rt, list);
}

static void test_alike(pmm_rt *rt) {
  struct pmm_memory before = fixture_memory(rt);
  for (size_t first = 0; first < MAKERS; first++) {
    drop_list_of(rt, 0, first);
    tap_ok(fixture_is_back(rt, before), "%d items of kind %zu", MANY, first);
  }
}

static void test_mixed(pmm_rt *rt) {
  struct pmm_memory before = fixture_memory(rt);
  for (size_t step = 1; step < MAKERS; step++) {
    drop_list_of(rt, step, step);
    tap_ok(fixture_is_back(rt, before), "all kinds, every %zuth", step);
  }
}

static void test_shared(pmm_rt *rt) {
  pmm_obj *shared = pmmi_int_new(rt, 123456);
  pmm_obj *list = pmmi_list_new(rt, 0);
  for (int i = 0; i < MANY; i++) {
    pmm_obj *tuple = pmmi_tuple_from(rt, (pmm_obj *[]){shared, shared}, 2);
    (void)pmmi_list_append(rt, list, tuple);
    pmmi_release(rt, tuple);
  }
  pmmi_release(rt, list);
  tap_ok(pmmi_refcount(rt, shared) == 1, "what others own stays, with them");
  pmmi_release(rt, shared);
}

/** What the finalizers of instances among many others saw. */
struct seen {
  uint64_t objects[4];
  size_t count;
};

static enum pmm_status note_objects(void *ctx, pmm_rt *rt, pmm_obj *self) {
  struct seen *seen = ctx;
  struct pmm_memory memory = {.struct_size = sizeof memory};
  (void)self;
  pmmi_memory(rt, &memory);
  seen->objects[seen->count++] = memory.objects;
  return PMM_OK;
}

/* Ints 0 to 98, an instance, ints …: last to first, so each instance sees the
 * ints behind it gone and those before it there. */
static void test_exact(pmm_rt *rt) {
  enum { STRETCH = 99 };
  struct seen seen = {.count = 0};
  struct pmm_type_spec spec = {.struct_size = sizeof spec,
                               .name = "witness",
                               .flags = PMM_TYPE_GC,
                               .finalizer = note_objects,
                               .ctx = &seen};
  pmm_obj *type = pmmi_type_new(rt, &spec);
  pmm_obj *list = pmmi_list_new(rt, 0);
  for (int64_t i = 0; i < 4 * (STRETCH + 1); i++) {
    pmm_obj *item = i % (STRETCH + 1) == STRETCH
                        ? pmmi_instance_new(rt, type, i)
                        : pmmi_int_new(rt, 5000 + i);
    (void)pmmi_list_append(rt, list, item);
    pmmi_release(rt, item);
  }
  pmmi_release(rt, list);
  pmmi_release(rt, type);
  tap_ok(seen.count == 4, "four finalizers ran");
  for (size_t i = 1; i < seen.count; i++) {
    tap_ok(seen.objects[i - 1] - seen.objects[i] == STRETCH + 1,
           "a finalizer sees exactly what is dead: %llu",
           (unsigned long long)(seen.objects[i - 1] - seen.objects[i]));
  }
}

int main(void) {
  tap_plan(0);
  fixture_each("alike", test_alike);
  fixture_each("mixed", test_mixed);
  fixture_each("shared", test_shared);
  fixture_each("exact", test_exact);
  return tap_done();
}
