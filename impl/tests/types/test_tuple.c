/* SPDX-License-Identifier: MIT */
/* test_tuple.c - tuples: sharing, kept ones, filling, resizing. */
#include "tests/fixture.h"
#include "types/instance.h"

static pmm_obj *tuple_of(pmm_rt *rt, int64_t n) {
  pmm_obj *list = fixture_range(rt, 1000, 1000 + n);
  pmm_obj *tuple = pmmi_tuple_convert(rt, list);
  pmmi_release(rt, list);
  return tuple;
}

static void test_empty(pmm_rt *rt) {
  struct pmm_memory before = fixture_memory(rt);
  pmm_obj *e = pmmi_tuple_new(rt, 0);
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmm_obj *t = tuple_of(rt, 3);
  tap_ok(e == pmmi_tuple_from(rt, NULL, 0) &&
             e == pmmi_tuple_convert(rt, list) &&
             e == pmmi_tuple_slice(rt, t, 2, 1) &&
             e == pmmi_tuple_repeat(rt, t, 0) &&
             e == pmmi_tuple_repeat(rt, t, -3) &&
             e == pmmi_tuple_concat(rt, e, e) &&
             e == pmmi_tuple_constant(rt, 0),
         "one empty tuple");
  tap_ok(!pmmi_gc_is_tracked(rt, e) && fixture_size(rt, e) == 40 &&
             fixture_reads(rt, e, "()"),
         "untracked, 40 bytes");
  pmmi_release(rt, t);
  pmmi_release(rt, list);
  tap_ok(fixture_is_back(rt, before), "that costs nothing");
}

static void test_share(pmm_rt *rt) {
  pmm_obj *t = tuple_of(rt, 3);
  pmm_obj *e = pmmi_tuple_new(rt, 0);
  pmm_obj *same[] = {pmmi_tuple_convert(rt, t),
                     pmmi_tuple_slice(rt, t, 0, SIZE_MAX),
                     pmmi_tuple_concat(rt, t, e), pmmi_tuple_concat(rt, e, t),
                     pmmi_tuple_repeat(rt, t, 1)};
  size_t n = sizeof same / sizeof *same;
  int all = 1;
  for (size_t i = 0; i < n; i++) {
    all = all && same[i] == t;
  }
  tap_ok(all && pmmi_refcount(rt, t) == 1 + n, "whole conversions share");
  tap_ok(pmmi_refcount(rt, pmmi_tuple_get(rt, t, 0)) == 1,
         "owners of the tuple cost its items nothing");
  for (size_t i = 0; i < n; i++) {
    pmmi_release(rt, same[i]);
  }
  pmmi_release(rt, t);
  pmm_obj *a = pmmi_tuple_constant(rt, 2);
  pmm_obj *b = pmmi_tuple_constant(rt, 2);
  tap_ok(a == b && fixture_reads(rt, a, "(0, 1, 2)"), "a site's constant");
  tap_ok(pmmi_tuple_constant(rt, 8) == NULL && fixture_failed(rt, PMM_INDEX),
         "there are 8 sites");
  pmmi_release(rt, a);
  pmmi_release(rt, b);
}

static void test_kept(pmm_rt *rt) {
  int again = 1;
  for (int64_t n = 1; n <= 20; n++) {
    pmm_obj *t = tuple_of(rt, n);
    pmmi_release(rt, t);
    pmm_obj *u = pmmi_tuple_new(rt, (size_t)n);
    again = again && u == t && pmmi_refcount(rt, u) == 1 &&
            pmmi_gc_is_tracked(rt, u);
    for (size_t i = 0; i < (size_t)n; i++) {
      again = again && pmmi_tuple_get(rt, u, i) == NULL;
    }
    pmmi_release(rt, u);
  }
  tap_ok(again, "1 .. 20 items: the last dead one is the next one, empty");
  pmmi_caches_flush(rt);
  static pmm_obj *many[3000];
  for (size_t i = 0; i < 3000; i++) {
    many[i] = pmmi_tuple_new(rt, 3);
  }
  for (size_t i = 0; i < 3000; i++) {
    pmmi_release(rt, many[i]);
  }
  struct pmm_memory memory = {.cached_blocks = 0};
  pmmi_tuples_figures(rt, &memory);
  tap_ok(memory.cached_blocks == 2000 &&
             memory.cached_bytes == 2000 * (16 + 24 + 24),
         "at most 2000 are kept, and told apart");
  uint64_t unreachable;
  (void)pmmi_collect(rt, 2, &unreachable);
  memory.cached_blocks = 0;
  pmmi_tuples_figures(rt, &memory);
  tap_ok(memory.cached_blocks == 0, "a full collection gives them back");
}

static void test_fill(pmm_rt *rt) {
  pmm_obj *t = pmmi_tuple_new(rt, 2);
  pmm_obj *item = pmmi_int_new(rt, 5000);
  pmmi_retain(rt, item);
  tap_ok(pmmi_tuple_set_steal(rt, t, 0, item) == PMM_OK &&
             pmmi_refcount(rt, item) == 2,
         "a stored reference moves");
  tap_ok(fixture_reads(rt, t, "(5000, <NULL>)"), "empty slots print");
  pmmi_retain(rt, item);
  tap_ok(pmmi_tuple_set_steal(rt, t, 2, item) == PMM_INDEX &&
             fixture_failed(rt, PMM_INDEX) && pmmi_refcount(rt, item) == 2,
         "a bad index consumes it all the same");
  pmm_obj *owner = pmmi_new_reference(rt, t);
  pmmi_retain(rt, item);
  tap_ok(pmmi_tuple_set_steal(rt, t, 1, item) == PMM_SYSTEM &&
             fixture_failed(rt, PMM_SYSTEM) && pmmi_refcount(rt, item) == 2 &&
             pmmi_tuple_get(rt, t, 1) == NULL,
         "and so does a shared tuple");
  pmmi_release(rt, owner);
  tap_ok(pmmi_tuple_get(rt, t, 2) == NULL && fixture_failed(rt, PMM_INDEX),
         "reading is checked");
  tap_ok(pmmi_tuple_get(rt, item, 0) == NULL && fixture_failed(rt, PMM_TYPE),
         "so is the type");
  pmmi_release(rt, t);
  tap_ok(pmmi_refcount(rt, item) == 1, "the tuple's reference is gone");
  pmmi_release(rt, item);
}

static void test_make(pmm_rt *rt) {
  pmm_obj *a = tuple_of(rt, 2);
  pmm_obj *b = tuple_of(rt, 1);
  pmm_obj *sum = pmmi_tuple_concat(rt, a, b);
  tap_ok(fixture_reads(rt, sum, "(1000, 1001, 1000)") &&
             fixture_size(rt, sum) == 40 + 24,
         "concat, 8 bytes an item");
  pmm_obj *part = pmmi_tuple_slice(rt, sum, 1, 3);
  tap_ok(fixture_reads(rt, part, "(1001, 1000)"), "slice");
  pmm_obj *product = pmmi_tuple_repeat(rt, b, 3);
  tap_ok(fixture_reads(rt, product, "(1000, 1000, 1000)") &&
             pmmi_refcount(rt, pmmi_tuple_get(rt, product, 0)) == 6,
         "repeat, one owner an occurrence");
  tap_ok(pmmi_tuple_repeat(rt, a, INT64_MAX / 2) == NULL &&
             fixture_failed(rt, PMM_NO_MEMORY),
         "a repeat that overflows fails");
  tap_ok(fixture_reads(rt, b, "(1000,)"), "one item prints its comma");
  int equal = 1;
  int64_t hashes[2] = {0, 1};
  pmm_obj *again = tuple_of(rt, 2);
  (void)pmmi_hash(rt, a, &hashes[0]);
  (void)pmmi_hash(rt, again, &hashes[1]);
  (void)pmmi_equals(rt, a, again, &equal);
  tap_ok(equal && hashes[0] == hashes[1], "equal tuples hash alike");
  (void)pmmi_equals(rt, a, b, &equal);
  tap_ok(!equal, "others are not equal");
  pmmi_release(rt, again);
  pmmi_release(rt, product);
  pmmi_release(rt, part);
  pmmi_release(rt, sum);
  pmmi_release(rt, b);
  pmmi_release(rt, a);
}

static void test_resize(pmm_rt *rt) {
  pmm_obj *t = tuple_of(rt, 3);
  tap_ok(pmmi_tuple_resize(rt, &t, 50) == PMM_OK &&
             fixture_length(rt, t) == 50 && pmmi_tuple_get(rt, t, 49) == NULL &&
             pmmi_tuple_get(rt, t, 3) == NULL && pmmi_gc_is_tracked(rt, t),
         "grown, with empty slots");
  tap_ok(pmmi_tuple_resize(rt, &t, 2) == PMM_OK &&
             fixture_reads(rt, t, "(1000, 1001)"),
         "shrunk");
  pmm_obj *owner = pmmi_new_reference(rt, t);
  tap_ok(pmmi_tuple_resize(rt, &t, 5) == PMM_SYSTEM && t == NULL &&
             fixture_failed(rt, PMM_SYSTEM) && pmmi_refcount(rt, owner) == 1,
         "a shared one is released instead");
  t = owner;
  tap_ok(pmmi_tuple_resize(rt, &t, 0) == PMM_OK &&
             t == pmmi_tuple_new(rt, 0),
         "to the empty one");
  tap_ok(pmmi_tuple_resize(rt, &t, 3) == PMM_OK && fixture_length(rt, t) == 3,
         "and from it");
  pmmi_inject_arm(rt, 1, 0);
  tap_ok(pmmi_tuple_resize(rt, &t, 3000) == PMM_NO_MEMORY && t == NULL,
         "no memory: released, NULL");
  (void)pmmi_inject_disarm(rt);
  pmmi_error_clear(rt);
}

static enum pmm_status do_nothing(void *ctx, pmm_rt *rt, pmm_obj *o) {
  (void)ctx;
  (void)rt;
  (void)o;
  return PMM_OK;
}

static void test_release_order(pmm_rt *rt) {
  struct pmm_type_spec spec = {.struct_size = sizeof spec,
                               .name = "probe",
                               .finalizer = do_nothing};
  pmm_obj *type = pmmi_type_new(rt, &spec);
  pmm_obj *t = pmmi_tuple_new(rt, 4);
  for (int64_t i = 0; i < 4; i++) {
    (void)pmmi_tuple_set_steal(rt, t, (size_t)i,
                               pmmi_instance_new(rt, type, i));
  }
  fixture_log.finalized = 0;
  pmmi_release(rt, t);
  tap_ok(fixture_log.finalized == 4 && fixture_log.cookies[0] == 3 &&
             fixture_log.cookies[3] == 0,
         "items die last to first");
  pmmi_release(rt, type);
}

static void test_subclass(pmm_rt *rt) {
  struct pmm_type_spec spec = {.struct_size = sizeof spec,
                               .name = "point",
                               .flags = PMM_TYPE_GC | PMM_TYPE_TUPLE};
  pmm_obj *type = pmmi_type_new(rt, &spec);
  pmm_obj *items[2] = {pmmi_none(rt), pmmi_none(rt)};
  pmm_obj *p = pmmi_tuple_subtype_new(rt, type, items, 2);
  pmm_obj *e = pmmi_tuple_subtype_new(rt, type, items, 0);
  tap_ok(p != NULL && pmmi_refcount(rt, type) == 3,
         "instances hold their type");
  tap_ok(e != pmmi_tuple_new(rt, 0), "an empty one is not the empty tuple");
  pmm_obj *exact = pmmi_tuple_convert(rt, p);
  pmm_obj *slice = pmmi_tuple_slice(rt, p, 0, 2);
  tap_ok(exact != p && slice != p && exact->type == &pmmi_tuple_type &&
             slice->type == &pmmi_tuple_type,
         "conversions are exact tuples");
  int equal = 0;
  (void)pmmi_equals(rt, exact, p, &equal);
  tap_ok(equal, "equal to it");
  tap_ok(pmmi_tuple_subtype_new(rt, exact, items, 2) == NULL &&
             fixture_failed(rt, PMM_TYPE),
         "only of a type");
  pmmi_release(rt, slice);
  pmmi_release(rt, exact);
  pmmi_release(rt, e);
  pmmi_release(rt, p);
  tap_ok(pmmi_refcount(rt, type) == 1, "and let it go");
  pmmi_release(rt, type);
}

static void test_untrack(pmm_rt *rt) {
  uint64_t unreachable;
  pmm_obj *atoms = tuple_of(rt, 3);
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmm_obj *mixed = pmmi_tuple_from(rt, &list, 1);
  pmm_obj *unfilled = pmmi_tuple_new(rt, 1);
  tap_ok(pmmi_gc_is_tracked(rt, atoms), "tracked when made");
  (void)pmmi_collect(rt, 2, &unreachable);
  tap_ok(!pmmi_gc_is_tracked(rt, atoms) && pmmi_gc_is_tracked(rt, mixed),
         "a collection untracks tuples of atoms");
  (void)pmmi_tuple_set_steal(rt, unfilled, 0, pmmi_new_reference(rt, list));
  tap_ok(pmmi_gc_is_tracked(rt, unfilled), "not one filled later");
  pmmi_release(rt, unfilled);
  pmmi_release(rt, mixed);
  pmmi_release(rt, list);
  pmmi_release(rt, atoms);
}

int main(void) {
  tap_plan(0);
  fixture_each("empty", test_empty);
  fixture_each("share", test_share);
  fixture_each("kept", test_kept);
  fixture_each("fill", test_fill);
  fixture_each("make", test_make);
  fixture_each("resize", test_resize);
  fixture_each("release order", test_release_order);
  fixture_each("subclass", test_subclass);
  fixture_each("untrack", test_untrack);
  return tap_done();
}
