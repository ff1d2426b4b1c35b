/* SPDX-License-Identifier: MIT */
/*
 * cases/wrf_ends.c - weak references at the end of garbage: what a finalizer
 * made is dead before anything is taken apart, and what dies on the way calls
 * nobody who is garbage itself (requirements WRF-010, 016).
 */
#include "watch.h"

/* A finalizer's scene.  Scratch memory. */
struct scene {
  struct pmm_test *t;
  pmm_obj *other;  /* borrowed: another member of the cycle                 */
  pmm_obj *weak;   /* borrowed: what the finalizer made; its owner has it   */
  pmm_obj *holder; /* borrowed: who gets it                                 */
  int asked;       /* the holder's finalizer ran                            */
  int alive;       /* and saw the other member alive                        */
};

/* Make a reference to the other member, and give it to the holder. */
static enum pmm_status refer(void *ctx, pmm_rt *rt, pmm_obj *self) {
  struct scene *scene = ctx;
  struct pmm_test *t = scene->t;
  (void)self;
  if (scene->holder == NULL) { /* the case ended before it had all           */
    return PMM_OK;
  }
  pmm_obj *weak = OPS->weakref_new(rt, scene->other, NULL, NULL, 0);
  if (weak == NULL) {
    return OPS->error(rt);
  }
  scene->weak = weak;
  enum pmm_status status = OPS->slot_set(rt, scene->holder, 0, weak);
  OPS->release(rt, weak);
  return status;
}

/* The holder is no container of the collector, so it dies with its owner. */
static enum pmm_status ask(void *ctx, pmm_rt *rt, pmm_obj *self) {
  struct scene *scene = ctx;
  struct pmm_test *t = scene->t;
  pmm_obj *weak = OPS->slot_get(rt, self, 0);
  scene->asked++;
  scene->alive += weak != NULL && is_alive(t, weak);
  return PMM_OK;
}

/* A cycle of two; the holder hangs on the first, in front of the second. */
static void try_late(struct pmm_test *t, size_t slot_of_holder) {
  struct scene *scene = SCRATCH(struct scene);
  scene->t = t;
  pmm_obj *referring = probe_type(
      t, "referring", 2, PMM_TYPE_GC | PMM_TYPE_WEAKREF, refer, scene);
  pmm_obj *asking = probe_type(t, "asking", 1, 0, ask, scene);
  pmm_obj *a = probe_of(t, referring, 1);
  pmm_obj *b = probe(t, 2);
  pmm_obj *holder = probe_of(t, asking, 3);
  expect_ok(OPS->slot_set(RT, a, !slot_of_holder, b));
  expect_ok(OPS->slot_set(RT, b, 0, a));
  expect_ok(OPS->slot_set(RT, a, slot_of_holder, holder));
  scene->other = b;
  scene->holder = holder;
  DROP_ALL();
  collect(t);
  expect_eq(happened(DEALLOCATED, ANY), 3);
  if (scene->asked != 1 || scene->alive != 0) {
    fail("the holder in slot %d was asked %d times, and got it %d times",
         (int)slot_of_holder, scene->asked, scene->alive);
  }
  log_clear(t);
}

/* "A weak reference made to a garbage object during its finalizer is dead
 * after the collection."  And before any of the garbage is taken apart. */
MUST(wrf, references_made_late_are_dead_in_time,
     "A finalizer's weak reference is dead before clearing starts",
     REQ("WRF-016"), NEEDS(weakref, finalizer, gc)) {
  quiet(t);
  try_late(t, 0);
  try_late(t, 1);
}

/* "If the weak reference is itself part of the unreachable set, its callback
 * is not run."  Nor when its target is one that the collector cannot see. */
MUST(wrf, garbage_references_to_plain_targets_are_silent,
     "A reference in garbage to an untracked target calls nothing back",
     REQ("WRF-010"), NEEDS(weakref, weakref_cb, gc)) {
  quiet(t);
  for (int order = 0; order < 2; order++) {
    struct watch *watch = new_watch(t);
    pmm_obj *type = probe_type(t, "plain", 0, PMM_TYPE_WEAKREF, NULL, NULL);
    pmm_obj *target = probe_of(t, type, 1);
    pmm_obj *cycle = self_cycle(t, 2);
    pmm_obj *owner = probe(t, 3);
    pmm_obj *weak = watched(t, target, watch, 7);
    expect_ok(OPS->slot_set(RT, owner, (size_t)order, target));
    expect_ok(OPS->slot_set(RT, owner, (size_t)!order, weak));
    expect_ok(OPS->slot_set(RT, cycle, 1, owner));
    DROP_ALL();
    collect(t);
    if (watch->runs != 0) {
      fail("the callback ran, with its %s released first",
           order ? "reference" : "target");
    }
    expect_eq(happened(DEALLOCATED, ANY), 3);
    log_clear(t);
  }
}
