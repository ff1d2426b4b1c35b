/* SPDX-License-Identifier: MIT */
/* test_collect.c - what a full collection frees, keeps and leaves alone. */
#include "tests/gc/lab.h"

static struct lab lab;

static pmm_obj *self_list(pmm_rt *rt) {
  pmm_obj *list = pmmi_list_new(rt, 0);
  (void)pmmi_list_append(rt, list, list);
  return list;
}

static void test_self_reference(void) {
  pmm_rt *rt = lab_open(&lab, "counting", 0);
  uint64_t objects = pmmi_memory_of(rt)->objects;
  pmmi_release(rt, self_list(rt));
  tap_ok(pmmi_memory_of(rt)->objects == objects + 1,
         "counting leaves a cycle alone");
  tap_ok(lab_collect(rt) == 1, "a collection finds the cycle");
  tap_ok(pmmi_memory_of(rt)->objects == objects, "and frees it");
  lab_end(&lab, "self reference");
}

/* A ring of n nodes; returns one reference to its first. */
static pmm_obj *ring(pmm_rt *rt, pmm_obj *type, size_t n) {
  pmm_obj *first = pmmi_instance_new(rt, type, 0);
  pmm_obj *last = pmmi_new_reference(rt, first);
  for (size_t i = 1; i < n; i++) {
    pmm_obj *next = pmmi_instance_new(rt, type, (int64_t)i);
    (void)pmmi_slot_set(rt, last, 0, next);
    pmmi_release(rt, last);
    last = next;
  }
  (void)pmmi_slot_set(rt, last, 0, first);
  pmmi_release(rt, last);
  return first;
}

static void test_rings(void) {
  static const size_t sizes[] = {2, 3, 10, 2047, 2048, 2049, 100000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    pmm_rt *rt = lab_open(&lab, "counting", 0);
    pmm_obj *type = lab_type(rt, LAB_NODE, NULL, NULL);
    pmm_obj *first = ring(rt, type, sizes[i]);
    tap_ok(lab_collect(rt) == 0, "a held ring of %zu is kept", sizes[i]);
    tap_ok(first->refcnt == 2, "its counts are as before");
    pmmi_release(rt, first);
    tap_ok(lab_collect(rt) == sizes[i], "dropped, all of it is found");
    pmmi_release(rt, type);
    lab_end(&lab, "ring");
  }
}

static void test_reachable_from_garbage(void) {
  pmm_rt *rt = lab_open(&lab, "counting", 0);
  pmm_obj *cycle = self_list(rt);
  pmm_obj *number = pmmi_int_new(rt, 1000000);
  pmm_obj *tuple = pmmi_tuple_from(rt, &number, 1);
  (void)pmmi_list_append(rt, cycle, tuple);
  pmmi_release(rt, number);
  pmmi_release(rt, tuple);
  pmmi_release(rt, cycle);
  tap_ok(lab_collect(rt) == 2, "the cycle and its tracked tuple are found");
  lab_end(&lab, "what a cycle reaches");
}

static void test_tuple_untracking(void) {
  pmm_rt *rt = lab_open(&lab, "counting", 0);
  pmm_obj *items[2] = {pmmi_int_new(rt, 5), pmmi_list_new(rt, 0)};
  pmm_obj *atoms = pmmi_tuple_from(rt, items, 1);
  pmm_obj *mixed = pmmi_tuple_from(rt, items, 2);
  pmm_obj *open = pmmi_tuple_new(rt, 2);
  tap_ok(pmmi_gc_is_tracked(rt, atoms), "a new tuple is tracked");
  (void)lab_collect(rt);
  tap_ok(!pmmi_gc_is_tracked(rt, atoms), "of atoms: not after a collection");
  tap_ok(pmmi_gc_is_tracked(rt, mixed), "with a list: still tracked");
  tap_ok(!pmmi_gc_is_tracked(rt, open) || lab_collect(rt) == 0,
         "a tuple with empty slots survives");
  for (int i = 0; i < 2; i++) {
    pmmi_release(rt, items[i]);
  }
  pmmi_release(rt, atoms);
  pmmi_release(rt, mixed);
  pmmi_release(rt, open);
  lab_end(&lab, "tuples");
}

static int stop_at_once(void *ctx, pmm_obj *o) {
  (void)o;
  ++*(int *)ctx;
  return 7;
}

static void test_visiting(void) {
  pmm_rt *rt = lab_open(&lab, "counting", 0);
  pmm_obj *a = pmmi_list_new(rt, 0);
  pmm_obj *b = pmmi_list_from(rt, (pmm_obj *[]){a, a, a}, 3);
  int visits = 0;
  tap_ok(pmmi_gc_traverse(rt, b, stop_at_once, &visits) == 7 && visits == 1,
         "traverse returns what stopped it");
  pmm_obj *referents = pmmi_gc_referents(rt, b);
  pmm_obj *referrers = pmmi_gc_referrers(rt, a);
  size_t n = 0;
  (void)pmmi_length(rt, referents, &n);
  tap_ok(n == 3, "every reference is visited once");
  (void)pmmi_length(rt, referrers, &n);
  tap_ok(n >= 1 && pmmi_list_get(rt, referrers, 0) == b, "b refers to a");
  pmmi_release(rt, referents);
  pmmi_release(rt, referrers);
  tap_ok(pmmi_gc_clear(rt, b) == PMM_OK && pmmi_gc_clear(rt, b) == PMM_OK &&
             pmmi_list_append(rt, b, a) == PMM_OK,
         "a cleared list can be cleared again and used");
  pmmi_release(rt, b);
  pmmi_release(rt, a);
  lab_end(&lab, "visiting");
}

static void test_holes(void) {
  pmm_rt *rt = lab_open(&lab, "counting", 0);
  enum { N = 10000 };
  static pmm_obj *kept[N];
  for (size_t i = 0; i < N; i++) {
    kept[i] = pmmi_list_new(rt, 1);
  }
  for (size_t i = 0; i < N; i += 2) {
    pmmi_clear(rt, &kept[i]);
  }
  pmmi_lists_flush(rt);
  tap_ok(pmmi_tracked_of(rt)->used > pmmi_tracked_of(rt)->count,
         "dropping leaves holes");
  for (size_t i = 0; i < N; i += 2) {
    kept[i] = pmmi_list_new(rt, 1);
  }
  tap_ok(pmmi_heap_verify(rt) == NULL, "the table holds with holes");
  pmmi_gc_trim(rt);
  tap_ok(pmmi_tracked_of(rt)->used == pmmi_tracked_of(rt)->count,
         "trimming closes them");
  tap_ok(pmmi_heap_verify(rt) == NULL, "the table holds without");
  for (size_t i = 0; i < N; i++) {
    pmmi_clear(rt, &kept[i]);
  }
  lab_end(&lab, "holes");
}

int main(int argc, char **argv) {
  lab_start(argc, argv);
  test_self_reference();
  test_rings();
  test_reachable_from_garbage();
  test_tuple_untracking();
  test_visiting();
  test_holes();
  return tap_done();
}
