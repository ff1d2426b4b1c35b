/* SPDX-License-Identifier: MIT */
/*
 * cases/gc_types.c - what each type of container owes the collector: its
 * traverse (requirements GC-006, GC-007, GC-012, GC-013).  Its clear and its
 * end are in gc_ends.c.
 *
 *   1. A kind (kinds.h) makes a container that is the only owner of an item.
 *   2. Traversing it visits the item once a reference, and stops when told.
 *   3. Container and item own each other.  Held by its item's second owner
 *      both stay as they are: a reference that is visited twice would look
 *      like that owner.  Let go of, both are freed: one that is not visited
 *      would keep them.
 */
#include "kinds.h"

/* ---- traverse ----------------------------------------------------------- */

struct visits {
  struct pmm_test *t;
  pmm_obj *item;
  int calls;
  int of_item;
  int stop_at; /* 0: never                                                  */
};

static int count_visit(void *ctx, pmm_obj *referent) {
  struct visits *visits = ctx;
  struct pmm_test *t = visits->t;
  visits->calls++;
  visits->of_item += OPS->same(RT, referent, visits->item);
  return visits->calls == visits->stop_at ? 77 : 0;
}

static struct visits traverse(struct pmm_test *t, pmm_obj *container,
                              pmm_obj *item, int stop_at) {
  struct visits visits = {t, item, 0, 0, stop_at};
  int result = OPS->gc_traverse(RT, container, count_visit, &visits);
  expect_eq(result, stop_at == 0 ? 0 : 77);
  expect(stop_at == 0 || visits.calls == stop_at);
  return visits;
}

/* How often a list holds the object. */
static int times_in(struct pmm_test *t, pmm_obj *list, pmm_obj *o) {
  int times = 0;
  for (size_t i = 0; i < length_of(t, list); i++) {
    times += OPS->same(RT, OPS->list_get(RT, list, i), o);
  }
  return times;
}

static void check_traverse(struct pmm_test *t, const struct kind *kind) {
  pmm_obj *item = probe(t, 1);
  pmm_obj *container = kind->make(t, item);
  struct visits all = traverse(t, container, item, 0);
  int can_ask = OFFERED(gc_referents) && OFFERED(gc_referrers) && OFFERED(list);
  if (kind->owned != INDIRECT && all.of_item != kind->owned) {
    fail("%s: %d visits, %d owned", kind->name, all.of_item, kind->owned);
  }
  if (kind->owned != INDIRECT && can_ask) {
    pmm_obj *referents = NEW(OPS->gc_referents(RT, container));
    pmm_obj *referrers = NEW(OPS->gc_referrers(RT, item));
    expect_eq(times_in(t, referents, item), kind->owned);
    expect_eq(times_in(t, referrers, container), 1);
  }
  if (!OPS->gc_is_tracked(RT, container)) {
    fail("%s: not tracked", kind->name);
  }
  for (int stop_at = 1; stop_at <= all.calls; stop_at++) {
    (void)traverse(t, container, item, stop_at);
  }
  DROP_ALL();
}

/* "For every container type the visitor is called exactly once per owned
 * reference to a trackable object." "A non-zero result from the visitor is
 * returned at once from the traverse function." */
MUST(gc, basic_types_are_traversed, "Lists, tuples and instances are traversed",
     REQ("GC-006", "GC-007"), NEEDS(gc_track, gc_traverse)) {
  OVER(basic, check_traverse);
}

/* "For every container type the visitor is called exactly once per owned
 * reference to a trackable object." "A non-zero result ..." */
MUST(gc, hashed_types_are_traversed, "Dicts and sets are traversed",
     REQ("GC-006", "GC-007"), NEEDS(gc_track, gc_traverse)) {
  OVER(hashed, check_traverse);
}

/* "For every container type the visitor is called exactly once per owned
 * reference to a trackable object." "A non-zero result ..." */
MUST(gc, frames_are_traversed, "Generators and functions are traversed",
     REQ("GC-006", "GC-007"), NEEDS(gc_track, gc_traverse)) {
  OVER(frames, check_traverse);
}

/* ---- in a cycle --------------------------------------------------------- */

/* Item and container own each other; the case owns a reference to the item.
 * Returns the item. */
static pmm_obj *make_cycle(struct pmm_test *t, const struct kind *kind) {
  pmm_obj *item = probe(t, 1);
  pmm_obj *container = kind->make(t, item);
  expect_ok(OPS->slot_set(RT, item, 0, container));
  DROP(container);
  return item;
}

static void check_cycle(struct pmm_test *t, const struct kind *kind) {
  pmm_obj *item = make_cycle(t, kind);
  pmm_obj *container = OPS->slot_get(RT, item, 0);
  uintptr_t where = OPS->identity(RT, container);
  uint64_t before = OPS->refcount(RT, item);
  int visits = traverse(t, container, item, 0).calls;
  for (int round = 0; round < 2; round++) {
    collect(t);
    if (happened(DEALLOCATED, ANY) > 0 ||
        OPS->slot_get(RT, item, 0) != container) {
      fail("%s: it was collected though its item is held", kind->name);
    }
    expect_eq(OPS->refcount(RT, item), before);
    expect_eq(OPS->identity(RT, container), where);
    expect_eq(traverse(t, container, item, 0).calls, visits);
  }
  DROP(item);
  expect_none(DEALLOCATED);
  collect(t);
  if (happened(DEALLOCATED, 1) != 1) {
    fail("%s: it was not collected with its item", kind->name);
  }
  DROP_ALL();
  log_clear(t);
}

/* "For every container type the visitor is called exactly once per owned
 * reference to a trackable object." "After a collection every survivor has its
 * previous reference count." "A collection moves no object and changes no
 * container content." */
MUST(gc, basic_types_in_cycles,
     "Cycles through lists, tuples and instances are collected",
     REQ("GC-006", "GC-012", "GC-013"), NEEDS(gc, refcount, gc_traverse)) {
  quiet(t);
  OVER(basic, check_cycle);
}

/* "For every container type the visitor is called exactly once per owned
 * reference ..." "After a collection every survivor has its previous reference
 * count." "A collection moves no object and changes no container content." */
MUST(gc, hashed_types_in_cycles, "Cycles through dicts and sets are collected",
     REQ("GC-006", "GC-012", "GC-013"), NEEDS(gc, refcount, gc_traverse)) {
  quiet(t);
  OVER(hashed, check_cycle);
}

/* "For every container type the visitor is called exactly once per owned
 * reference ..." "Values referenced from a suspended generator's frame are
 * visited ..." "After a collection every survivor has its previous reference
 * count." "A collection ... changes no container content." */
MUST(gc, frames_in_cycles,
     "Cycles through generators and closures are collected",
     REQ("GC-006", "GC-012", "GC-013", "GC-023"),
     NEEDS(gc, refcount, gc_traverse)) {
  quiet(t);
  OVER(frames, check_cycle);
}

/* "For every container type the visitor is called exactly once per owned
 * reference to a trackable object." */
MUST(gc, weak_types_in_cycles,
     "Cycles through weak maps and callbacks are collected",
     REQ("GC-006"),
     NEEDS(gc, refcount, gc_traverse)) {
  quiet(t);
  OVER(weak, check_cycle);
}

/* "For every container type the visitor is called exactly once per owned
 * reference to a trackable object." */
MUST(gc, streams_in_cycles,
     "Cycles through split iterators and chunks are collected",
     REQ("GC-006"),
     NEEDS(gc, refcount, gc_traverse)) {
  quiet(t);
  OVER(streams, check_cycle);
}

/* "For every container type the visitor is called exactly once per owned
 * reference to a trackable object." */
MUST(gc, managers_in_cycles,
     "Cycles through a context manager over a generator are collected",
     REQ("GC-006"), NEEDS(gc, refcount, generator, context, gc_traverse)) {
  const struct kind manager = {"manager", in_manager, INDIRECT, OF(context)};
  quiet(t);
  check_cycle(t, &manager);
}
