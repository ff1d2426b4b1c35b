/* SPDX-License-Identifier: MIT */
/* test_copy.c - copies, views and split iterators. */
#include "tests/fixture.h"
#include "types/array.h"
#include "types/buffer.h"
#include "types/copy.h"
#include "types/iter.h"

static void test_shallow(pmm_rt *rt) {
  pmm_obj *inner = pmmi_list_new(rt, 0);
  pmm_obj *list = pmmi_list_from(rt, &inner, 1);
  pmm_obj *copy = pmmi_copy(rt, list);
  tap_ok(copy != list && pmmi_list_get(rt, copy, 0) == inner &&
             pmmi_refcount(rt, inner) == 3,
         "a new list with the same items");
  pmm_obj *tuple = pmmi_tuple_from(rt, &inner, 1);
  pmm_obj *same = pmmi_copy(rt, tuple);
  pmm_obj *text = fixture_str(rt, "text");
  pmm_obj *text_copy = pmmi_copy(rt, text);
  tap_ok(same == tuple && text_copy == text, "tuples and atoms are shared");
  pmm_obj *bytes = pmmi_bytes_new(rt, "bytes", 5);
  pmm_obj *view = pmmi_view_new(rt, bytes, 0, 5);
  pmmi_release(rt, bytes);
  tap_ok(pmmi_copy(rt, view) == NULL && fixture_failed(rt, PMM_TYPE),
         "a view has no copy");
  FIXTURE_DROP(rt, view, text_copy, text, same, tuple, copy, list, inner);
}

static void test_deep(pmm_rt *rt) {
  pmm_obj *shared = fixture_range(rt, 0, 2);
  pmm_obj *two[] = {shared, shared};
  pmm_obj *list = pmmi_list_from(rt, two, 2);
  (void)pmmi_list_append(rt, list, list);
  pmm_obj *copy = pmmi_copy_deep(rt, list);
  tap_ok(copy != list && pmmi_list_get(rt, copy, 2) == copy,
         "a list in itself maps to its copy");
  tap_ok(pmmi_list_get(rt, copy, 0) == pmmi_list_get(rt, copy, 1) &&
             pmmi_list_get(rt, copy, 0) != shared &&
             fixture_reads(rt, copy, "[[0, 1], [0, 1], [...]]"),
         "shared items stay shared");
  (void)pmmi_list_clear(rt, list);
  (void)pmmi_list_clear(rt, copy);
  pmmi_release(rt, copy);
  pmmi_release(rt, list);
  pmmi_release(rt, shared);
}

static void test_deep_tuples(pmm_rt *rt) {
  pmm_obj *inner = pmmi_tuple_constant(rt, 2);
  pmm_obj *atoms = pmmi_tuple_from(rt, &inner, 1);
  pmm_obj *same = pmmi_copy_deep(rt, atoms);
  tap_ok(same == atoms, "a tuple of what cannot change is its own copy");
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmm_obj *mixed = pmmi_tuple_from(rt, &list, 1);
  (void)pmmi_list_append(rt, list, mixed);
  pmm_obj *copy = pmmi_copy_deep(rt, mixed);
  pmm_obj *new_list = pmmi_tuple_get(rt, copy, 0);
  tap_ok(copy != mixed && new_list != list &&
             pmmi_list_get(rt, new_list, 0) == copy,
         "one that holds a list is not, even in a cycle");
  (void)pmmi_list_clear(rt, new_list);
  (void)pmmi_list_clear(rt, list);
  FIXTURE_DROP(rt, copy, mixed, list, same, atoms, inner);
}

static void test_deep_failures(pmm_rt *rt) {
  pmm_obj *o = pmmi_list_new(rt, 0);
  for (int i = 0; i < 3000; i++) {
    pmm_obj *outer = pmmi_list_from(rt, &o, 1);
    pmmi_release(rt, o);
    o = outer;
  }
  tap_ok(pmmi_copy_deep(rt, o) == NULL && fixture_failed(rt, PMM_RECURSION) &&
             pmmi_core_state(rt)->recursion == 0,
         "too deep");
  pmmi_release(rt, o);
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmm_obj *bytes = pmmi_bytes_new(rt, "bytes", 5);
  pmm_obj *view = pmmi_view_new(rt, bytes, 0, 5);
  (void)pmmi_list_append(rt, list, list);
  (void)pmmi_list_append(rt, list, view);
  tap_ok(pmmi_copy_deep(rt, list) == NULL && fixture_failed(rt, PMM_TYPE),
         "what has no copy fails it, and the begun cycle is undone");
  (void)pmmi_list_clear(rt, list);
  pmmi_release(rt, view);
  pmmi_release(rt, bytes);
  pmmi_release(rt, list);
}

static int next_is(pmm_rt *rt, pmm_obj *iterator, int64_t value);

static void test_view_items(pmm_rt *rt) {
  pmm_obj *array = pmmi_bytearray_new(rt, 4);
  pmm_obj *view = pmmi_view_new(rt, array, 1, 3);
  pmm_obj *seven = pmmi_int_new(rt, 7);
  (void)pmmi_array_set(rt, array, 2, seven);
  pmmi_release(rt, array);
  pmm_obj *items = pmmi_iter(rt, view);
  tap_ok(next_is(rt, items, 0) && next_is(rt, items, 7) &&
             pmmi_next(rt, items) == NULL && fixture_failed(rt, PMM_STOP),
         "a view gives its owner's bytes as they are");
  FIXTURE_DROP(rt, items, seven, view);
}

/* What could not be made is not lost: the next call gives it. */
static void test_items_after_failure(pmm_rt *rt) {
  pmm_obj *wide = fixture_str(rt, "\xc4\x80\xc4\x81");
  pmm_obj *items = pmmi_iter(rt, wide);
  pmmi_inject_arm(rt, 1, 0);
  tap_ok(pmmi_next(rt, items) == NULL && fixture_failed(rt, PMM_NO_MEMORY),
         "a character that cannot be made fails");
  (void)pmmi_inject_disarm(rt);
  pmm_obj *first = pmmi_next(rt, items);
  pmm_obj *wanted = fixture_str(rt, "\xc4\x80");
  int equal = 0;
  tap_ok(pmmi_equals(rt, first, wanted, &equal) == PMM_OK && equal,
         "and comes with the next call");
  FIXTURE_DROP(rt, wanted, first, items, wide);
}

static void test_views(pmm_rt *rt) {
  pmm_obj *array = pmmi_bytearray_new(rt, 1000000);
  uint64_t live = fixture_memory(rt).live_bytes;
  pmm_obj *view = pmmi_view_new(rt, array, 10, 999999);
  tap_ok(fixture_length(rt, view) == 999989 &&
             fixture_memory(rt).live_bytes - live < 1024 &&
             fixture_size(rt, view) < 1024,
         "a view costs less than 1 KiB");
  tap_ok(pmmi_bytearray_resize(rt, array, 5) == PMM_BUFFER &&
             fixture_failed(rt, PMM_BUFFER) &&
             fixture_length(rt, array) == 1000000,
         "and forbids resizing");
  pmmi_release(rt, array);
  tap_ok(pmmi_refcount(rt, array) == 1, "and keeps its owner");
  pmmi_retain(rt, array);
  pmmi_release(rt, view);
  tap_ok(pmmi_bytearray_resize(rt, array, 2000000) == PMM_OK &&
             pmmi_bytearray_resize(rt, array, 0) == PMM_OK &&
             pmmi_bytearray_resize(rt, array, 7) == PMM_OK &&
             fixture_size(rt, array) == 40 + 7,
         "without views it can be resized");
  pmm_obj *copy = pmmi_copy(rt, array);
  pmm_obj *deep = pmmi_copy_deep(rt, array);
  tap_ok(copy != array && deep != array && fixture_length(rt, copy) == 7,
         "bytes that change are copied");
  pmm_obj *typed = pmmi_array_new(rt, PMM_ITEM_DOUBLE, 100);
  tap_ok(fixture_length(rt, typed) == 100 &&
             fixture_size(rt, typed) == 40 + 800,
         "a typed array: 8 bytes a double");
  pmm_obj *bytes = pmmi_bytes_new(rt, "abc", 3);
  view = pmmi_view_new(rt, bytes, 1, 9);
  tap_ok(fixture_length(rt, view) == 2 && pmmi_refcount(rt, bytes) == 2,
         "bytes can be viewed");
  tap_ok(pmmi_view_new(rt, pmmi_none(rt), 0, 1) == NULL &&
             fixture_failed(rt, PMM_TYPE) &&
             pmmi_array_new(rt, (enum pmm_item_kind)9, 1) == NULL &&
             fixture_failed(rt, PMM_VALUE),
         "None cannot, and kinds are checked");
  FIXTURE_DROP(rt, view, bytes, typed, deep, copy, array);
}

static int next_is(pmm_rt *rt, pmm_obj *iterator, int64_t value) {
  pmm_obj *item = pmmi_next(rt, iterator);
  int64_t got = -1;
  int good = item != NULL && pmmi_int_value(rt, item, &got) == PMM_OK &&
             got == value;
  pmmi_xrelease(rt, item);
  return good;
}

static void test_tee(pmm_rt *rt) {
  pmm_obj *list = fixture_range(rt, 1000, 1005);
  pmm_obj *pair = pmmi_tee(rt, list);
  pmm_obj *a = pmmi_tuple_get(rt, pair, 0);
  pmm_obj *b = pmmi_tuple_get(rt, pair, 1);
  int good = 1;
  for (int64_t i = 1000; i < 1005; i++) {
    good = good && next_is(rt, a, i);
  }
  for (int64_t i = 1000; i < 1003; i++) {
    good = good && next_is(rt, b, i);
  }
  tap_ok(good, "both give the same items");
  tap_ok(pmmi_next(rt, a) == NULL && fixture_failed(rt, PMM_STOP) &&
             next_is(rt, b, 1003) && next_is(rt, b, 1004) &&
             pmmi_next(rt, b) == NULL && fixture_failed(rt, PMM_STOP),
         "and end, each by itself");
  pmmi_release(rt, pair);
  pmmi_release(rt, list);
  list = fixture_range(rt, 0, 100000);
  pair = pmmi_tee(rt, list);
  while ((a = pmmi_next(rt, pmmi_tuple_get(rt, pair, 0))) != NULL) {
    pmmi_release(rt, a);
  }
  tap_ok(fixture_failed(rt, PMM_STOP), "a long way ahead");
  pmmi_release(rt, pair);
  pmmi_release(rt, list);
  tap_ok(pmmi_tee(rt, pmmi_none(rt)) == NULL && fixture_failed(rt, PMM_TYPE),
         "None cannot be split");
}

int main(void) {
  tap_plan(0);
  fixture_each("shallow", test_shallow);
  fixture_each("deep", test_deep);
  fixture_each("deep tuples", test_deep_tuples);
  fixture_each("deep failures", test_deep_failures);
  fixture_each("views", test_views);
  fixture_each("items of views", test_view_items);
  fixture_each("items after a failure", test_items_after_failure);
  fixture_each("tee", test_tee);
  return tap_done();
}
