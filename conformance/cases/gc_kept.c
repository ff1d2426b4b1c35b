/* SPDX-License-Identifier: MIT */
/*
 * cases/gc_kept.c - what a collection leaves: frozen objects (GC-018), what is
 * saved (GC-019, GC-020) or deleted the legacy way (GC-017, GC-021), and what
 * a type hides that lies about what it owns (DBG-006).
 */
#include "case.h"

static enum pmm_status nothing(void *ctx, pmm_rt *rt, pmm_obj *self) {
  (void)ctx;
  (void)rt;
  (void)self;
  return PMM_OK;
}

/* ---- frozen and saved --------------------------------------------------- */

static void unfreeze(struct pmm_test *t, void *subject) {
  (void)subject;
  (void)OPS->gc_unfreeze(RT);
}

static uint64_t collect_to(struct pmm_test *t, int generation) {
  uint64_t unreachable = 0;
  expect_ok(OPS->collect(RT, generation, &unreachable));
  return unreachable;
}

/* "After freeze, tracked objects move to a permanent set whose reported count
 * is the number moved; they are not collected even when they become garbage,
 * and after unfreeze (count 0) they are collectable again from the oldest
 * generation." */
MUST(gc, frozen_objects_are_ignored, "Frozen garbage stays until unfreeze",
     REQ("GC-018"), NEEDS(gc_freeze, gc)) {
  quiet(t);
  collect(t);
  pmm_obj *cycle = self_cycle(t, 1);
  expect_ok(OPS->gc_freeze(RT));
  defer(t, unfreeze, NULL);
  expect_gt(OPS->gc_freeze_count(RT), 0);
  DROP(cycle);
  DROP(self_cycle(t, 2));
  expect_eq(collect_and_count(t, 2), 1);
  expect_log(DEALLOCATED, 2);
  expect_ok(OPS->gc_unfreeze(RT));
  expect_eq(OPS->gc_freeze_count(RT), 0);
  for (int generation = 0; generation < 2; generation++) {
    expect_eq(collect_to(t, generation), 0);
  }
  expect_eq(collect_and_count(t, 2), 1);
  expect_log(DEALLOCATED, 2, 1);
}

/* "After freeze, tracked objects move to a permanent set whose reported count
 * is the number moved; ..."  Counting frees them all the same. */
MUST(gc, frozen_objects_are_counted, "Freeze reports how many objects it moved",
     REQ("GC-018"), NEEDS(gc_freeze, gc, gc_gen, gc_track, list)) {
  quiet(t);
  collect(t);
  pmm_obj *dead = probe(t, 2);
  pmm_obj *held = probe(t, 1);
  DROP(dead);
  pmm_obj *all = NEW(OPS->gc_objects(RT, -1));
  size_t tracked = length_of(t, all);
  DROP(all);
  uint64_t frozen = OPS->gc_freeze_count(RT) + tracked;
  expect_ok(OPS->gc_freeze(RT));
  defer(t, unfreeze, NULL);
  expect_eq(OPS->gc_freeze_count(RT), frozen);
  expect_eq(OPS->gc_is_tracked(RT, held), 1);
  for (int generation = -1; generation < 3; generation++) {
    all = NEW(OPS->gc_objects(RT, generation));
    for (size_t i = 0; i < length_of(t, all); i++) {
      expect_distinct(OPS->list_get(RT, all, i), held);
    }
    DROP(all);
  }
  DROP(held);
  expect_log(DEALLOCATED, 2, 1);
  expect_eq(OPS->gc_freeze_count(RT), frozen - 1);
}

static void stop_saving(struct pmm_test *t, void *subject) {
  (void)subject;
  (void)OPS->gc_debug_set(RT, 0);
  (void)OPS->list_clear(RT, OPS->gc_garbage(RT));
}

/* "With the save-all debug flag unreachable objects are appended to the
 * garbage list instead of being freed, and finalizers are still subject to
 * once-only." */
SHOULD(gc, save_all_keeps_garbage, "Save-all puts garbage into the list",
       REQ("GC-019"), NEEDS(gc_debug, gc, list),
       OOM_EXEMPT("a list that cannot grow cannot take what is saved")) {
  quiet(t);
  collect(t);
  expect_ok(OPS->gc_debug_set(RT, PMM_GC_SAVEALL));
  defer(t, stop_saving, NULL);
  pmm_obj *o = self_cycle(t, 1);
  DROP(o);
  expect_eq(collect_and_count(t, 2), 1);
  expect_none(DEALLOCATED);
  expect_same(OPS->slot_get(RT, o, 0), o);
  int found = 0;
  pmm_obj *garbage = OPS->gc_garbage(RT);
  for (size_t i = 0; i < length_of(t, garbage); i++) {
    found += OPS->same(RT, OPS->list_get(RT, garbage, i), o);
  }
  expect_eq(found, 1);
}

/* "With the save-all debug flag unreachable objects are appended to the
 * garbage list instead of being freed, and finalizers are still subject to
 * once-only." */
SHOULD(gc, save_all_finalizes_once, "Save-all mode finalizes each object once",
       REQ("GC-019"), NEEDS(gc_debug, gc, finalizer, list, finalizer_alive,
           resurrection),
       OOM_EXEMPT("a list that cannot grow cannot take what is saved")) {
  quiet(t);
  collect(t);
  expect_ok(OPS->gc_debug_set(RT, PMM_GC_SAVEALL));
  defer(t, stop_saving, NULL);
  pmm_obj *o = probe_of(
      t, probe_type(t, "saved", 1, PMM_TYPE_GC, nothing, NULL), 1);
  expect_ok(OPS->slot_set(RT, o, 0, o));
  DROP(o);
  expect_eq(collect_and_count(t, 2), 1);
  expect_log(FINALIZED, 1);
  expect_eq(OPS->is_finalized(RT, o), 1);
  expect_same(OPS->slot_get(RT, o, 0), o);
  expect_eq(length_of(t, OPS->gc_garbage(RT)), 1);
  expect_eq(collect_and_count(t, 2), 0);
  expect_ok(OPS->gc_debug_set(RT, 0));
  expect_ok(OPS->list_clear(RT, OPS->gc_garbage(RT)));
  expect_none(DEALLOCATED);
  expect_eq(collect_and_count(t, 2), 1);
  expect_log(FINALIZED, 1);
  expect_log(DEALLOCATED, 1);
}

/* "Cycles with ordinary finalizers do not land in the garbage list (since
 * 3.4)." */
MUST(gc, garbage_list_stays_empty, "Finalizers make no garbage uncollectable",
     REQ("GC-020"), NEEDS(gc_debug, gc, finalizer)) {
  quiet(t);
  pmm_obj *type = probe_type(t, "ordinary", 1, PMM_TYPE_GC, nothing, NULL);
  pmm_obj *a = probe_of(t, type, 1);
  pmm_obj *b = probe_of(t, type, 2);
  expect_ok(OPS->slot_set(RT, a, 0, b));
  expect_ok(OPS->slot_set(RT, b, 0, a));
  DROP(a);
  DROP(b);
  collect(t);
  expect_eq(length_of(t, OPS->gc_garbage(RT)), 0);
  expect_eq(happened(DEALLOCATED, ANY), 2);
}

/* ---- the legacy delete slot --------------------------------------------- */

/** Two objects in a cycle that no collection frees.  Scratch memory. */
struct knot {
  pmm_obj *a; /* borrowed: the cycle keeps it alive; NULL: not tied         */
};

/* Break the cycle, so that counting frees it. */
static void untie(struct pmm_test *t, void *subject) {
  struct knot *knot = subject;
  pmm_obj *a = knot->a;
  (void)OPS->list_clear(RT, OPS->gc_garbage(RT));
  if (a != NULL) {
    OPS->retain(RT, a);
    (void)OPS->slot_set(RT, a, 0, NULL);
    OPS->release(RT, a);
  }
}

/* Cookies 1 and 2, of which 2 holds 3, an ordinary object. */
static pmm_obj *tie(struct pmm_test *t) {
  struct knot *knot = SCRATCH(struct knot);
  uint32_t flags = PMM_TYPE_GC | PMM_TYPE_LEGACY_DEL;
  pmm_obj *type = probe_type(t, "legacy", 2, flags, nothing, NULL);
  defer(t, untie, knot);
  pmm_obj *a = probe_of(t, type, 1);
  pmm_obj *b = probe_of(t, type, 2);
  pmm_obj *reached = probe(t, 3);
  expect_ok(OPS->slot_set(RT, b, 1, reached));
  expect_ok(OPS->slot_set(RT, b, 0, a));
  expect_ok(OPS->slot_set(RT, a, 0, b));
  knot->a = a;
  DROP(reached);
  DROP(a);
  DROP(b);
  return a;
}

static uint64_t uncollectable(struct pmm_test *t) {
  struct pmm_gc_stats stats = {.struct_size = sizeof stats};
  expect_ok(OPS->gc_stats(RT, 2, &stats));
  return stats.uncollectable;
}

/* "Objects with a legacy delete slot in a cycle, and what they reach, are kept
 * and reported as uncollectable." */
MAY(gc, legacy_finalizers_are_uncollectable,
    "Cycles with legacy finalizers are kept", REQ("GC-021"),
    NEEDS(gc, gc_gen, gc_debug, finalizer, list),
    OOM_EXEMPT("a list that cannot grow cannot take what is kept")) {
  quiet(t);
  collect(t);
  uint64_t before = uncollectable(t);
  pmm_obj *a = tie(t);
  collect(t);
  expect_none(DEALLOCATED);
  expect_none(FINALIZED);
  expect_eq(uncollectable(t), before + 3);
  pmm_obj *garbage = OPS->gc_garbage(RT);
  pmm_obj *b = OPS->slot_get(RT, a, 0);
  int found[2] = {0, 0};
  expect_eq(length_of(t, garbage), 2);
  for (size_t i = 0; i < 2; i++) {
    found[0] += OPS->same(RT, OPS->list_get(RT, garbage, i), a);
    found[1] += OPS->same(RT, OPS->list_get(RT, garbage, i), b);
  }
  expect(found[0] == 1 && found[1] == 1);
}

/* "Collect returns the number of unreachable objects found (collected plus
 * uncollectable), ..." */
MUST(gc, collect_counts_the_uncollectable,
     "Collect counts uncollectable objects", REQ("GC-017"),
     NEEDS(gc, gc_debug, finalizer, list),
     OOM_EXEMPT("a list that cannot grow cannot take what is kept")) {
  quiet(t);
  collect(t);
  (void)tie(t);
  DROP(self_cycle(t, 4));
  expect_eq(collect_and_count(t, 2), 4);
  expect_log(DEALLOCATED, 4);
}

/* ---- types that lie ---------------------------------------------------- */

/* An instance whose type commits a fault in traverse; its slot 0 is `item`. */
static pmm_obj *liar(struct pmm_test *t, uint32_t fault, int64_t cookie,
                     pmm_obj *item) {
  struct pmm_type_spec spec = {.struct_size = sizeof spec,
                               .name = "liar",
                               .slots = 1,
                               .flags = PMM_TYPE_GC | fault};
  pmm_obj *type = t->view->ops.type_new(RT, &spec);
  if (type == NULL && OPS->error(RT) == PMM_UNSUPPORTED) {
    unsupported(t, "type.fault");
  }
  pmm_obj *o = probe_of(t, NEW(type), cookie);
  expect_ok(OPS->slot_set(RT, o, 0, item != NULL ? item : o));
  return o;
}

/* What leaks() tells of a type.  Scratch memory. */
struct told {
  uint64_t objects;
};

static void on_leak(void *ctx, const struct pmm_leak *leak) {
  struct told *told = ctx;
  if (strstr(leak->type, "liar") != NULL &&
      (leak->kind == PMM_LEAK_REFERENCE || leak->kind == PMM_LEAK_CYCLE)) {
    told->objects += leak->count;
  }
}

static void lose_cycle(struct pmm_test *t, void *ctx) {
  struct told *told = SCRATCH(struct told);
  OPS->release(RT, GIVE(ctx));
  expect_eq(collect_and_count(t, 2), 0);
  expect_none(DEALLOCATED);
  expect_ok(OPS->leaks(RT, on_leak, told));
  expect_eq(told->objects, 1);
}

/* "A type that skips a field in traverse shows as a leak after collect; ..." */
MUST(dbg, skipped_field_shows_as_leak,
     "A field that traverse skips shows as a leak",
     REQ("DBG-006"), NEEDS(gc, diag, gc_verify),
     OOM_EXEMPT("a child process does not tell what failed in it")) {
  quiet(t);
  collect(t);
  pmm_obj *o = liar(t, PMM_TYPE_FAULT_SKIP, 1, NULL);
  survives(t, lose_cycle, o);
  expect(OPS->heap_verify(RT) == NULL);
  expect_ok(OPS->slot_set(RT, o, 0, NULL));
}

static void lend(struct pmm_test *t, void *ctx) {
  pmm_obj *item = ctx;
  OPS->release(RT, GIVE(item));
  expect(OPS->heap_verify(RT) != NULL);
}

/* "... one that visits a borrowed field shows as a count inconsistency." */
MUST(dbg, borrowed_field_shows_as_mismatch,
     "A field that is visited and not owned shows as a wrong count",
     REQ("DBG-006"), NEEDS(gc, diag, gc_verify),
     OOM_EXEMPT("a child process does not tell what failed in it")) {
  quiet(t);
  pmm_obj *item = probe(t, 2);
  pmm_obj *o = liar(t, PMM_TYPE_FAULT_BORROW, 1, item);
  expect(OPS->heap_verify(RT) == NULL);
  survives(t, lend, item);
  expect_ok(OPS->slot_set(RT, o, 0, NULL));
}
