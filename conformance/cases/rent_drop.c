/* SPDX-License-Identifier: MIT */
/*
 * cases/rent_drop.c - code that runs while an operation lets go of something:
 * finalizers and weak callbacks of items (requirements RENT-002, 003).
 */
#include "rent.h"

/** An operation that lets go of items of a source. */
struct dropper {
  const char *name;
  enum pmm_status (*drop)(struct pmm_test *t, pmm_obj *source);
};

#define DROPPER(name, call)                                                   \
  static enum pmm_status name(struct pmm_test *t, pmm_obj *s) { return call; }

static pmm_obj *none(struct pmm_test *t) { return NEW(OPS->none(RT)); }

DROPPER(list_set, OPS->list_set(RT, s, 0, none(t)))
DROPPER(list_set_last, OPS->list_set(RT, s, ITEMS - 1, none(t)))
DROPPER(list_steal, OPS->list_set_steal(RT, s, 1, GIVE(none(t))))
DROPPER(list_delete, OPS->list_assign_slice(RT, s, 1, ITEMS - 1, NULL))
DROPPER(list_delete_all, OPS->list_assign_slice(RT, s, 0, ITEMS, NULL))
DROPPER(list_assign, OPS->list_assign_slice(RT, s, 1, 3, list_of_ints(t, 9)))
DROPPER(list_clear, OPS->list_clear(RT, s))
DROPPER(list_times_none, OPS->list_repeat_inplace(RT, s, integer(t, 0)))
DROPPER(dict_set, OPS->dict_set(RT, s, integer(t, 0), none(t)))
DROPPER(dict_delete, OPS->dict_delete(RT, s, integer(t, 2)))
DROPPER(dict_clear, OPS->dict_clear(RT, s))
DROPPER(cleared, OPS->gc_clear(RT, s))

static enum pmm_status list_pop(struct pmm_test *t, pmm_obj *s) {
  DROP(NEW(OPS->list_pop(RT, s, 0)));
  pmm_obj *last = OPS->list_pop(RT, s, SIZE_MAX);
  OPS->xrelease(RT, last);
  return OPS->error(RT); /* by now it may be empty                            */
}

/* The item comes as an argument, so it dies when the set lets go of it. */
static enum pmm_status set_discard(struct pmm_test *t, pmm_obj *s) {
  pmm_obj *all = NEW(OPS->list_convert(RT, s));
  pmm_obj *item = NEW(OPS->list_get_strong(RT, all, 0));
  DROP(all);
  enum pmm_status status = OPS->set_discard(RT, s, item);
  DROP(item);
  return status;
}

static const struct dropper from_lists[] = {
    {"replacing the first item", list_set},
    {"replacing the last item", list_set_last},
    {"replacing by stealing", list_steal},
    {"popping", list_pop},
    {"deleting a slice", list_delete},
    {"deleting all", list_delete_all},
    {"assigning to a slice", list_assign},
    {"clearing", list_clear},
    {"repeating it no times", list_times_none},
    {"the collector's clear", cleared}};

static const struct dropper from_dicts[] = {
    {"replacing a value", dict_set},
    {"deleting a key", dict_delete},
    {"clearing", dict_clear},
    {"the collector's clear", cleared}};

static const struct dropper from_sets[] = {{"discarding", set_discard},
                                           {"the collector's clear", cleared}};

/* ---- who springs the trap ----------------------------------------------- */

/** How an item's death springs it. */
struct trigger {
  const char *name;
  pmm_obj *(*item)(struct pmm_test *t, struct trap *trap, int64_t cookie);
};

static pmm_obj *finalized_item(struct pmm_test *t, struct trap *trap,
                               int64_t cookie) {
  pmm_obj *type = probe_type(t, "finalized", 1, PMM_TYPE_GC, spring, trap);
  pmm_obj *item = probe_of(t, type, LENT + cookie);
  DROP(type);
  return item;
}

/* The reference is the case's own. */
static pmm_obj *watched_item(struct pmm_test *t, struct trap *trap,
                             int64_t cookie) {
  pmm_obj *item = probe(t, LENT + cookie);
  (void)NEW(OPS->weakref_new(RT, item, spring, trap, LENT + cookie));
  return item;
}

static const struct trigger finalizer = {"finalizer", finalized_item};
static const struct trigger callback = {"weak callback", watched_item};

/* Put an item with the trigger into place `at` of the source. */
static void place(struct pmm_test *t, const struct source *kind,
                  pmm_obj *source, pmm_obj *item, int at) {
  if (kind == &list_source) {
    expect_ok(OPS->list_set(RT, source, (size_t)at, item));
  } else if (kind == &dict_source) {
    expect_ok(OPS->dict_set(RT, source, integer(t, at), item));
  } else {
    expect_ok(OPS->set_add(RT, source, item));
  }
  DROP(item);
}

static int try_one(struct pmm_test *t, const struct source *kind,
                   const struct dropper *dropper, const struct trigger *trigger,
                   void (*act)(struct pmm_test *, pmm_obj *), int at) {
  pmm_obj *source = kind->make(t);
  struct trap *trap = new_trap(t, source, act);
  place(t, kind, source, trigger->item(t, trap, at), at);
  enum pmm_status status = dropper->drop(t, source);
  if (status != PMM_OK) {
    OPS->error_clear(RT); /* what it looks for may be gone                    */
  }
  read_items(t, dropper->name, source);
  verify(t, dropper->name);
  trap->source = NULL;
  DROP_ALL();
  collect(t);
  for (int i = 0; i < ITEMS; i++) {
    if (happened(DEALLOCATED, i) > 1 || happened(DEALLOCATED, LENT + i) > 1) {
      fail("%s of a %s with a %s: item %d died twice", dropper->name,
           kind->name, trigger->name, i);
    }
  }
  expect_eq(happened(DEALLOCATED, LENT + at), 1);
  log_clear(t);
  return trap->sprung;
}

static void sweep(struct pmm_test *t, const struct source *kind,
                  const struct dropper *droppers, size_t n,
                  const struct trigger *trigger) {
  void (*const acts[])(struct pmm_test *, pmm_obj *) = {
      kind->empty, kind->grow, kind->replace, collect_inside, iterate_inside};
  int sprung = 0;
  quiet(t);
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < COUNT_OF(acts); j++) {
      for (int at = 0; at < ITEMS; at++) {
        now_at(t, "%s of a %s with a %s, act %zu, item %d", droppers[i].name,
               kind->name, trigger->name, j, at);
        sprung += try_one(t, kind, &droppers[i], trigger, acts[j], at);
      }
    }
  }
  expect_gt(sprung, 0);
}

#define OWN_SWEEP                                                             \
  OOM_EXEMPT("it goes through many operations; each has its own sweep")

#define FIRST_OF_A_SET                                                        \
  INEXACT("allocations frees requested_bytes peak_bytes collections",         \
          "which item of a set comes first depends on addresses")

#define SWEEP(kind, droppers, trigger)                                        \
  sweep(t, &kind, droppers, COUNT_OF(droppers), &trigger)

/* "An operation that releases an item has already finished with the
 * container, or uses the container as it is afterwards: code of the item's
 * finalizer or weak reference callbacks may read and change it." */
MUST(rent, finalizers_change_lists, "Items' finalizers may change their list",
     REQ("RENT-002"), NEEDS(list, gc, finalizer, finalizer_alive, gc_clear),
     OWN_SWEEP) {
  SWEEP(list_source, from_lists, finalizer);
}

/* "An operation that releases an item has already finished with the
 * container, or uses the container as it is afterwards: code of the item's
 * finalizer or weak reference callbacks may read and change it." */
MUST(rent, finalizers_change_dicts, "Values' finalizers may change their dict",
     REQ("RENT-002"), NEEDS(dict, gc, finalizer, finalizer_alive, gc_clear),
     OWN_SWEEP) {
  SWEEP(dict_source, from_dicts, finalizer);
}

/* "An operation that releases an item has already finished with the
 * container, or uses the container as it is afterwards: code of the item's
 * finalizer or weak reference callbacks may read and change it." */
MUST(rent, finalizers_change_sets, "Items' finalizers may change their set",
     REQ("RENT-002"), NEEDS(set, list, gc, finalizer, finalizer_alive,
           gc_clear), OWN_SWEEP,
     FIRST_OF_A_SET) {
  SWEEP(set_source, from_sets, finalizer);
}

/* "An operation that releases an item has already finished with the
 * container, or uses the container as it is afterwards: code of the item's
 * finalizer or weak reference callbacks may read and change it." */
MUST(rent, weak_callbacks_change_lists,
     "Weak callbacks of items may change their list", REQ("RENT-002"),
     NEEDS(list, gc, weakref, gc_clear, weakref_cb), OWN_SWEEP) {
  SWEEP(list_source, from_lists, callback);
}

/* "An operation that releases an item has already finished with the
 * container, or uses the container as it is afterwards: code of the item's
 * finalizer or weak reference callbacks may read and change it." */
MUST(rent, weak_callbacks_change_dicts,
     "Weak callbacks of values may change their dict", REQ("RENT-002"),
     NEEDS(dict, gc, weakref, gc_clear, weakref_cb), OWN_SWEEP) {
  SWEEP(dict_source, from_dicts, callback);
}

/* "An operation that releases an item has already finished with the
 * container, or uses the container as it is afterwards: code of the item's
 * finalizer or weak reference callbacks may read and change it." */
MUST(rent, weak_callbacks_change_sets,
     "Weak callbacks of items may change their set", REQ("RENT-002"),
     NEEDS(set, list, gc, weakref, gc_clear, weakref_cb), OWN_SWEEP,
     FIRST_OF_A_SET) {
  SWEEP(set_source, from_sets, callback);
}

/* ---- a dying object is nobody's ----------------------------------------- */

/* What a weak callback looks for.  Scratch memory. */
struct search {
  struct pmm_test *t;
  pmm_obj *held; /* borrowed: what the dying object refers to                */
  int calls;
  int seen; /* tracked objects that still refer to it                        */
};

static enum pmm_status look_for_owner(void *ctx, pmm_rt *rt, pmm_obj *weak) {
  struct search *search = ctx;
  struct pmm_test *t = search->t;
  uint64_t unreachable;
  size_t n = 0;
  (void)weak;
  search->calls++;
  check(OPS->collect(rt, 2, &unreachable) == PMM_OK);
  pmm_obj *all = OPS->gc_referrers(rt, search->held);
  if (all != NULL) {
    check(OPS->length(rt, all, &n) == PMM_OK);
    search->seen += (int)n;
  }
  OPS->xrelease(rt, all);
  OPS->error_clear(rt);
  return PMM_OK;
}

/* "While the callbacks of a dying object's weak references run, the collector
 * does not see the object: it is not collected, finalized, listed or found
 * among referrers, and it dies once." */
MUST(rent, callbacks_do_not_meet_the_dying,
     "A callback that collects does not meet the dying object",
     REQ("RENT-003"), NEEDS(weakref, gc, gc_referrers, weakref_cb)) {
  quiet(t);
  struct search *search = SCRATCH(struct search);
  search->t = t;
  pmm_obj *held = probe(t, 2);
  pmm_obj *o = probe(t, 1);
  search->held = held;
  expect_ok(OPS->slot_set(RT, o, 0, held));
  (void)NEW(OPS->weakref_new(RT, o, look_for_owner, search, 3));
  DROP(o);
  expect_eq(search->calls, 1);
  expect_eq(search->seen, 0);
  expect_log(DEALLOCATED, 1);
}

/* "While the callbacks of a dying object's weak references run, the collector
 * does not see the object: it is not collected, finalized, listed or found
 * among referrers, and it dies once." */
MUST(rent, callbacks_of_the_finalized_collect,
     "A callback after the finalizer does not meet the dying object",
     REQ("RENT-003"),
     NEEDS(weakref, gc, finalizer, gc_referrers, weakref_cb)) {
  quiet(t);
  struct search *search = SCRATCH(struct search);
  search->t = t;
  struct trap *trap = new_trap(t, NULL, collect_inside);
  pmm_obj *type = probe_type(t, "finalized", 1,
                             PMM_TYPE_GC | PMM_TYPE_WEAKREF, spring, trap);
  search->held = probe(t, 2);
  pmm_obj *o = probe_of(t, type, 1);
  expect_ok(OPS->slot_set(RT, o, 0, search->held));
  (void)NEW(OPS->weakref_new(RT, o, look_for_owner, search, 3));
  DROP(o);
  expect_eq(search->calls, 1);
  expect_eq(search->seen, 0);
  expect_log(FINALIZED, 1);
  expect_log(DEALLOCATED, 1);
}

/* "While the callbacks of a dying object's weak references run, the collector
 * does not see the object: it is not collected, finalized, listed or found
 * among referrers, and it dies once." */
MUST(rent, callbacks_in_a_collection_collect,
     "A callback during a collection does not meet the dying object",
     REQ("RENT-003"), NEEDS(weakref, gc,
           gc_referrers, weakref_cb)) {
  quiet(t);
  collect(t);
  struct search *search = SCRATCH(struct search);
  search->t = t;
  search->held = probe(t, 2);
  pmm_obj *o = self_cycle(t, 1);
  expect_ok(OPS->slot_set(RT, o, 1, search->held));
  (void)NEW(OPS->weakref_new(RT, o, look_for_owner, search, 3));
  DROP(o);
  expect_eq(collect_and_count(t, 2), 1);
  expect_eq(search->calls, 1);
  expect_log(DEALLOCATED, 1);
}
