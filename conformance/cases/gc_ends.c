/* SPDX-License-Identifier: MIT */
/*
 * cases/gc_ends.c - how each type of container ends: what clear leaves, and
 * who can see it while it dies (requirements GC-008, GC-011).
 */
#include "kinds.h"

/* ---- clear -------------------------------------------------------------- */

/* Clear a container twice; the item has lost `owned` references by it. */
static void clear_twice(struct pmm_test *t, pmm_obj *container, pmm_obj *item,
                        uint64_t owned) {
  uint64_t before = OPS->refcount(RT, item);
  for (int round = 0; round < 2; round++) {
    expect_ok(OPS->gc_clear(RT, container));
    expect_eq(OPS->refcount(RT, item), before - owned);
  }
}

/* "After the clear function the object can still be used without crash and be
 * deallocated later; clear may be called twice." */
MUST(gc, cleared_dicts_and_sets_stay_valid,
     "Cleared dicts and sets can be filled again", REQ("GC-008"),
     NEEDS(refcount, dict, set, gc_clear)) {
  pmm_obj *item = probe(t, 1);
  pmm_obj *dict = in_values(t, item);
  pmm_obj *set = in_set(t, item);
  int found = -1;
  clear_twice(t, dict, item, 2);
  clear_twice(t, set, item, 1);
  expect_eq(length_of(t, dict), 0);
  expect_eq(length_of(t, set), 0);
  expect_ok(OPS->set_contains(RT, set, item, &found));
  expect_eq(found, 0);
  expect(OPS->dict_get(RT, dict, item) == NULL);
  expect_ok(OPS->dict_set(RT, dict, item, dict));
  expect_same(OPS->dict_get(RT, dict, item), dict);
  expect_ok(OPS->set_add(RT, set, item));
  expect_eq(OPS->refcount(RT, item), 3);
  clear_twice(t, dict, item, 1);
  DROP(dict);
  DROP(set);
  expect_eq(OPS->refcount(RT, item), 1);
}

/* "After the clear function the object can still be used without crash and be
 * deallocated later; clear may be called twice." */
MUST(gc, cleared_instances_stay_valid,
     "Cleared instances and weak references can be used", REQ("GC-008"),
     NEEDS(refcount, weakref, gc_clear, weakref_count)) {
  pmm_obj *item = probe(t, 1);
  pmm_obj *slots = in_slots(t, item);
  pmm_obj *attributes = in_attributes(t, item);
  pmm_obj *reference = NEW(OPS->weakref_new(RT, item, NULL, NULL, 0));
  clear_twice(t, slots, item, 2);
  clear_twice(t, attributes, item, 2);
  clear_twice(t, reference, item, 0);
  expect(OPS->slot_get(RT, slots, 0) == NULL);
  expect_ok(OPS->slot_set(RT, slots, 0, item));
  expect_null(OPS->attr_get(RT, attributes, "a"), PMM_KEY);
  expect_ok(OPS->attr_set(RT, attributes, "b", item));
  expect_same(OPS->attr_get(RT, attributes, "b"), item);
  expect_eq(OPS->refcount(RT, item), 3);
  expect_null(OPS->weakref_get(RT, reference), PMM_OK);
  expect_eq(OPS->weakref_count(RT, item), 0);
  DROP(slots);
  DROP(attributes);
  DROP(reference);
  expect_eq(OPS->refcount(RT, item), 1);
}

/* ---- death by count ----------------------------------------------------- */

/* What an item's finalizer saw of its container.  Scratch memory. */
struct death {
  struct pmm_test *t;
  uintptr_t container; /* its identity while it lived                       */
  int calls;
  int listed;          /* calls while the collector listed the container    */
};

/* 1 when the list holds an object of that identity. */
static int holds(struct pmm_test *t, pmm_obj *list, uintptr_t identity) {
  size_t n = 0;
  int found = 0;
  check(OPS->length(RT, list, &n) == PMM_OK);
  for (size_t i = 0; i < n; i++) {
    found |= OPS->identity(RT, OPS->list_get(RT, list, i)) == identity;
  }
  return found;
}

static enum pmm_status look_and_collect(void *ctx, pmm_rt *rt, pmm_obj *self) {
  struct death *death = ctx;
  struct pmm_test *t = death->t;
  uint64_t unreachable;
  (void)self;
  death->calls++;
  pmm_obj *all = OPS->gc_objects(rt, -1);
  if (all == NULL) {
    return OPS->error(rt);
  }
  death->listed += holds(t, all, death->container);
  OPS->release(rt, all);
  return OPS->collect(rt, 2, &unreachable);
}

/* Returns whether the container could be seen when its item died. */
static int listed_at_death(struct pmm_test *t, const struct kind *kind) {
  struct death *death = SCRATCH(struct death);
  death->t = t;
  pmm_obj *type = probe_type(t, "item", 1, PMM_TYPE_GC, look_and_collect,
                             death);
  pmm_obj *item = probe_of(t, type, 1);
  pmm_obj *container = kind->make(t, item);
  death->container = OPS->identity(RT, container);
  pmm_obj *all = NEW(OPS->gc_objects(RT, -1));
  expect(holds(t, all, death->container));
  DROP(all);
  DROP(item);
  expect_eq(death->calls, 0);
  DROP(container);
  if (death->calls != 1 || happened(DEALLOCATED, 1) != 1) {
    fail("%s: its item did not die once with it", kind->name);
  }
  DROP_ALL();
  log_clear(t);
  return death->listed;
}

static void check_death(struct pmm_test *t, const struct kind *kind) {
  if (listed_at_death(t, kind)) {
    fail("%s: the collector sees it while it dies", kind->name);
  }
}

/* "A deallocator removes the object from tracking before it invalidates
 * fields; a collection triggered from an item's finalizer is harmless." */
MUST(gc, dying_basic_types_are_hidden,
     "Dying lists, tuples, instances are not seen", REQ("GC-011"),
     NEEDS(gc, gc_gen, finalizer, finalizer_alive, list)) {
  quiet(t);
  OVER(basic, check_death);
}

/* "A deallocator removes the object from tracking before it invalidates
 * fields; a collection triggered from an item's finalizer is harmless." */
MUST(gc, dying_hashed_types_are_hidden, "Dying dicts and sets are not seen",
     REQ("GC-011"), NEEDS(gc, gc_gen, finalizer, finalizer_alive, list)) {
  quiet(t);
  OVER(hashed, check_death);
}

/* "A deallocator removes the object from tracking before it invalidates
 * fields; a collection triggered from an item's finalizer is harmless."  A
 * generator that is closed by its finalizer may still be seen. */
MUST(gc, dying_frames_are_hidden, "Dying functions and closures are not seen",
     REQ("GC-011"), NEEDS(gc, gc_gen, finalizer, list, frame, generator,
           finalizer_alive)) {
  quiet(t);
  for (size_t i = 0; i < COUNT(frames); i++) {
    now_at(t, "%s", frames[i].name);
    if (frames[i].make == in_generator || frames[i].make == in_new_generator) {
      (void)listed_at_death(t, &frames[i]);
    } else {
      check_death(t, &frames[i]);
    }
  }
}
