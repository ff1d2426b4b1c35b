/* SPDX-License-Identifier: MIT */
/*
 * cases/wrf.c - weak references, their callbacks and their order against
 * finalizers, proxies and weak containers (requirements WRF-…).
 */
#include "case.h"

/* What a callback or a finalizer saw.  Scratch memory. */
struct watch {
  struct pmm_test *t;
  pmm_obj *weak[4];      /* borrowed: references to read while it runs     */
  size_t weak_count;
  int runs;              /* calls                                          */
  int alive;             /* how many of `weak` were alive in the last call */
  int argument_dead;     /* the callback's own reference read as dead      */
  pmm_obj *argument;     /* what it was called with; not owned             */
  pmm_obj *saved;        /* owned                                          */
  int save;              /* a finalizer keeps its object                   */
  enum pmm_status raise; /* what it raises                                 */
};

static int is_alive(struct pmm_test *t, pmm_obj *weak) {
  pmm_obj *target = OPS->weakref_get(RT, weak);
  OPS->xrelease(RT, target);
  return target != NULL;
}

static void look(struct watch *watch) {
  watch->runs++;
  watch->alive = 0;
  for (size_t i = 0; i < watch->weak_count; i++) {
    watch->alive += is_alive(watch->t, watch->weak[i]);
  }
}

static enum pmm_status callback(void *ctx, pmm_rt *rt, pmm_obj *weak) {
  struct watch *watch = ctx;
  (void)rt;
  look(watch);
  watch->argument = weak;
  watch->argument_dead = !is_alive(watch->t, weak);
  return watch->raise;
}

/* For finalize helpers, which outlive their target and get nothing of it. */
static enum pmm_status count_call(void *ctx, pmm_rt *rt, pmm_obj *unused) {
  struct watch *watch = ctx;
  (void)rt;
  (void)unused;
  watch->runs++;
  return PMM_OK;
}

static enum pmm_status finalize(void *ctx, pmm_rt *rt, pmm_obj *self) {
  struct watch *watch = ctx;
  struct pmm_test *t = watch->t;
  look(watch);
  if (watch->save) {
    OPS->retain(rt, self);
    watch->saved = self;
  }
  return watch->raise;
}

static void forget(struct pmm_test *t, void *subject) {
  struct watch *watch = subject;
  watch->save = 0;
  watch->weak_count = 0;
  OPS->clear(RT, &watch->saved);
}

static struct watch *new_watch(struct pmm_test *t) {
  struct watch *watch = SCRATCH(struct watch);
  watch->t = t;
  defer(t, forget, watch);
  return watch;
}

static pmm_obj *weak_to(struct pmm_test *t, pmm_obj *target) {
  return NEW(OPS->weakref_new(RT, target, NULL, NULL, 0));
}

static pmm_obj *watched(struct pmm_test *t, pmm_obj *target,
                        struct watch *watch, int64_t cookie) {
  return NEW(OPS->weakref_new(RT, target, callback, watch, cookie));
}

static pmm_obj *finalized(struct pmm_test *t, struct watch *watch,
                          int64_t cookie) {
  pmm_obj *type = probe_type(t, "finalized", 2,
                             PMM_TYPE_GC | PMM_TYPE_WEAKREF, finalize, watch);
  return probe_of(t, type, cookie);
}

static void expect_dead(struct pmm_test *t, pmm_obj *weak) {
  expect(!is_alive(t, weak));
  expect_eq(OPS->error(RT), PMM_OK);
}

/* "Creating weak references leaves the strong count unchanged and the referent
 * dies with its last strong reference." */
MUST(wrf, does_not_keep_alive, "A weak reference does not keep its target",
     REQ("WRF-001"), NEEDS(weakref, refcount)) {
  pmm_obj *o = probe(t, 1);
  pmm_obj *weak = weak_to(t, o);
  expect_eq(OPS->refcount(RT, o), 1);
  DROP(o);
  expect_log(DEALLOCATED, 1);
  expect_dead(t, weak);
}

/* "Weak references never cause reclamation: as long as one strong reference
 * exists the target stays." */
MUST(wrf, never_causes_reclamation, "A strong reference is enough",
     REQ("WRF-002"), NEEDS(weakref, gc)) {
  pmm_obj *o = probe(t, 1);
  pmm_obj *weak = weak_to(t, o);
  for (int i = 0; i < 5; i++) {
    (void)collect(t);
  }
  expect(is_alive(t, weak));
  expect_none(DEALLOCATED);
}

/* "After the referent dies the reference yields null/None for ever, also when
 * the address is reused." */
MUST(wrf, dead_stays_dead, "A dead reference stays dead when memory is reused",
     REQ("WRF-003"), NEEDS(weakref)) {
  pmm_obj *o = probe(t, 1);
  pmm_obj *weak = weak_to(t, o);
  DROP(o);
  for (int i = 2; i < 20; i++) {
    (void)probe(t, i);
    expect_dead(t, weak);
  }
}

/* "Dereferencing a live weak reference returns an owned reference that keeps
 * the target alive until released." */
MUST(wrf, reading_gives_a_strong_reference, "Reading keeps the target alive",
     REQ("WRF-004"), NEEDS(weakref)) {
  pmm_obj *o = probe(t, 1);
  pmm_obj *weak = weak_to(t, o);
  pmm_obj *strong = NEW(OPS->weakref_get(RT, weak));
  expect_same(strong, o);
  DROP(o);
  expect_none(DEALLOCATED);
  DROP(strong);
  expect_log(DEALLOCATED, 1);
}

/* "Two plain references to one object are the same weak reference object;
 * references with callbacks are distinct." */
MUST(wrf, plain_references_are_shared, "Plain references are one object",
     REQ("WRF-005"), NEEDS(weakref)) {
  pmm_obj *o = probe(t, 1);
  pmm_obj *weak = weak_to(t, o);
  expect_same(weak_to(t, o), weak);
  expect_eq(OPS->weakref_count(RT, o), 1);
}

/* "... references with callbacks are distinct." */
MUST(wrf, references_with_callbacks_are_distinct,
     "References with callbacks are objects of their own", REQ("WRF-005"),
     NEEDS(weakref, weakref_cb)) {
  struct watch *watch = new_watch(t);
  pmm_obj *o = probe(t, 1);
  pmm_obj *plain = weak_to(t, o);
  pmm_obj *a = watched(t, o, watch, 1);
  pmm_obj *b = watched(t, o, watch, 2);
  expect_distinct(a, b);
  expect_distinct(a, plain);
  expect_eq(OPS->weakref_count(RT, o), 3);
}

/* "The callback is called exactly once, after the reference is cleared, with
 * the reference itself as argument." */
MUST(wrf, callback_fires_once_with_the_dead_reference,
     "The callback gets its dead reference, once", REQ("WRF-006"),
     NEEDS(weakref_cb)) {
  struct watch *watch = new_watch(t);
  pmm_obj *o = probe(t, 1);
  pmm_obj *weak = watched(t, o, watch, 7);
  DROP(o);
  expect_eq(watch->runs, 1);
  expect(watch->argument_dead);
  expect(watch->argument == weak);
  expect_log(CALLBACK, 7);
}

/* "Callbacks of one object run from the most recently registered to the
 * oldest." */
MUST(wrf, callbacks_run_newest_first, "The newest callback runs first",
     REQ("WRF-007"), NEEDS(weakref_cb)) {
  struct watch *watch = new_watch(t);
  pmm_obj *o = probe(t, 1);
  for (int64_t i = 0; i < 4; i++) {
    (void)watched(t, o, watch, i);
  }
  DROP(o);
  expect_log(CALLBACK, 3, 2, 1, 0);
}

/* "If the weak reference object is destroyed before the referent, its callback
 * is never called." */
MUST(wrf, dropped_reference_fires_nothing, "A dropped reference is silent",
     REQ("WRF-008"), NEEDS(weakref_cb)) {
  struct watch *watch = new_watch(t);
  pmm_obj *o = probe(t, 1);
  DROP(watched(t, o, watch, 7));
  DROP(o);
  expect_log(DEALLOCATED, 1);
  expect_eq(watch->runs, 0);
  expect_none(CALLBACK);
}

/* "An error in a callback is reported as unraisable; other callbacks and the
 * deallocation proceed." */
MUST(wrf, callback_errors_are_contained, "A callback's error goes nowhere",
     REQ("WRF-009"), NEEDS(weakref_cb, diag)) {
  struct watch *fine = new_watch(t);
  struct watch *loud = new_watch(t);
  loud->raise = PMM_USER;
  pmm_obj *o = probe(t, 1);
  (void)watched(t, o, fine, 1);
  (void)watched(t, o, loud, 2);
  DROP(o);
  expect_eq(OPS->error(RT), PMM_OK);
  expect_eq(happened(UNRAISABLE, ANY), 1);
  expect_log(CALLBACK, 2, 1);
  expect_log(DEALLOCATED, 1);
}

/* "If the weak reference is itself part of the unreachable set, its callback
 * is not run." */
MUST(wrf, references_in_garbage_are_silent,
     "A reference inside the garbage does not call back", REQ("WRF-010"),
     NEEDS(weakref_cb, gc)) {
  quiet(t);
  struct watch *watch = new_watch(t);
  pmm_obj *o = probe(t, 1);
  pmm_obj *weak = watched(t, o, watch, 7);
  expect_ok(OPS->slot_set(RT, o, 0, o));
  expect_ok(OPS->slot_set(RT, o, 1, weak));
  DROP(weak);
  DROP(o);
  (void)collect(t);
  expect_log(DEALLOCATED, 1);
  expect_eq(watch->runs, 0);
}

/* "In a collection all weak references (with callbacks) to the garbage are
 * cleared before any callback is called, so no callback can obtain another
 * member." */
MUST(wrf, collector_clears_before_it_calls,
     "No callback can reach another member of the garbage", REQ("WRF-011"),
     NEEDS(weakref_cb, gc)) {
  quiet(t);
  struct watch *watch = new_watch(t);
  pmm_obj *a = probe(t, 1);
  pmm_obj *b = probe(t, 2);
  expect_ok(OPS->slot_set(RT, a, 0, b));
  expect_ok(OPS->slot_set(RT, b, 0, a));
  watch->weak[0] = watched(t, a, watch, 1);
  watch->weak[1] = watched(t, b, watch, 2);
  watch->weak_count = 2;
  DROP(a);
  DROP(b);
  (void)collect(t);
  expect_eq(watch->runs, 2);
  expect_eq(watch->alive, 0);
  expect_eq(happened(DEALLOCATED, ANY), 2);
}

/* "In a garbage cycle weak callbacks run before finalizers and references read
 * as dead inside finalizers." */
MUST(wrf, callbacks_precede_finalizers_in_cycles,
     "In a cycle: callback, then finalizer with dead references",
     REQ("WRF-012"), NEEDS(weakref_cb, finalizer, gc)) {
  quiet(t);
  struct watch *in_callback = new_watch(t);
  struct watch *in_finalizer = new_watch(t);
  pmm_obj *o = finalized(t, in_finalizer, 1);
  expect_ok(OPS->slot_set(RT, o, 0, o));
  in_finalizer->weak[0] = watched(t, o, in_callback, 7);
  in_finalizer->weak_count = 1;
  DROP(o);
  (void)collect(t);
  expect_eq(in_finalizer->runs, 1);
  expect_eq(in_finalizer->alive, 0);
  expect_ge(when(CALLBACK, 7), 0);
  expect_lt(when(CALLBACK, 7), when(FINALIZED, 1));
  expect_log(DEALLOCATED, 1);
}

/* "For acyclic death the finalizer runs first while weak references are still
 * alive, then they are cleared and callbacks run." */
MUST(wrf, finalizer_precedes_callbacks_by_count,
     "By count: finalizer with live references, then callback",
     REQ("WRF-013"), NEEDS(weakref_cb, finalizer)) {
  struct watch *in_callback = new_watch(t);
  struct watch *in_finalizer = new_watch(t);
  pmm_obj *o = finalized(t, in_finalizer, 1);
  in_finalizer->weak[0] = watched(t, o, in_callback, 7);
  in_finalizer->weak_count = 1;
  DROP(o);
  expect_eq(in_finalizer->alive, 1);
  expect(in_callback->argument_dead);
  expect_lt(when(FINALIZED, 1), when(CALLBACK, 7));
  expect_lt(when(CALLBACK, 7), when(DEALLOCATED, 1));
}

/* "If a plain finalizer resurrects the object, its weak references stay valid
 * and callbacks do not fire until the real death." */
MUST(wrf, acyclic_resurrection_keeps_references,
     "References survive a resurrection by count", REQ("WRF-014"),
     NEEDS(weakref_cb, finalizer)) {
  struct watch *in_callback = new_watch(t);
  struct watch *in_finalizer = new_watch(t);
  in_finalizer->save = 1;
  pmm_obj *o = finalized(t, in_finalizer, 1);
  pmm_obj *weak = watched(t, o, in_callback, 7);
  DROP(o);
  expect(is_alive(t, weak));
  expect_none(CALLBACK);
  OPS->clear(RT, &in_finalizer->saved);
  expect_log(CALLBACK, 7);
  expect_log(DEALLOCATED, 1);
  expect_dead(t, weak);
}

/* "Up to 3.14, weak references cleared before a cyclic resurrection remain
 * dead though the object survives." */
MUST(wrf, cyclic_resurrection_leaves_references_dead,
     "References stay dead after a resurrection from a cycle",
     REQ("WRF-015"), NEEDS(weakref, finalizer, gc)) {
  quiet(t);
  struct watch *in_finalizer = new_watch(t);
  in_finalizer->save = 1;
  pmm_obj *o = finalized(t, in_finalizer, 1);
  pmm_obj *weak = weak_to(t, o);
  expect_ok(OPS->slot_set(RT, o, 0, o));
  DROP(o);
  (void)collect(t);
  expect(in_finalizer->saved != NULL);
  expect_dead(t, weak);
  expect_ok(OPS->slot_set(RT, in_finalizer->saved, 0, NULL));
}

/* A finalizer that makes a weak reference to its object. */
static enum pmm_status make_reference(void *ctx, pmm_rt *rt, pmm_obj *self) {
  struct watch *watch = ctx;
  struct pmm_test *t = watch->t;
  watch->saved = OPS->weakref_new(rt, self, NULL, NULL, 0);
  return watch->saved != NULL ? PMM_OK : OPS->error(rt);
}

/* "A weak reference made to a garbage object during its finalizer is dead
 * after the collection." */
MUST(wrf, references_made_by_finalizers_are_cleared,
     "A reference made by a finalizer dies with the garbage",
     REQ("WRF-016"), NEEDS(weakref, finalizer, gc)) {
  quiet(t);
  struct watch *watch = new_watch(t);
  pmm_obj *type =
      probe_type(t, "referring", 1, PMM_TYPE_GC | PMM_TYPE_WEAKREF,
                 make_reference, watch);
  pmm_obj *o = probe_of(t, type, 1);
  expect_ok(OPS->slot_set(RT, o, 0, o));
  DROP(o);
  (void)collect(t);
  expect_log(DEALLOCATED, 1);
  expect(watch->saved != NULL);
  expect_dead(t, watch->saved);
}

/* "int, str, tuple, list, dict, plain object and slotted types without a weak
 * slot give a type error and change nothing." */
MUST(wrf, types_opt_in, "Atoms, tuples, lists and slotted types refuse",
     REQ("WRF-017"), NEEDS(weakref, refcount, tuple, list, str)) {
  pmm_obj *slotted = probe_of(
      t, probe_type(t, "slotted", 1, PMM_TYPE_GC, NULL, NULL), 1);
  pmm_obj *refusing[] = {integer(t, 1000), text(t, "no"), tuple_of_ints(t, 2),
                         list_of_ints(t, 2), slotted};
  for (size_t i = 0; i < sizeof refusing / sizeof *refusing; i++) {
    uint64_t before = OPS->refcount(RT, refusing[i]);
    expect_null(OPS->weakref_new(RT, refusing[i], NULL, NULL, 0), PMM_TYPE);
    expect_eq(OPS->refcount(RT, refusing[i]), before);
  }
}

/* "Live references compare as their targets; a dead one equals only itself;
 * the hash is the target's and is kept after death if computed before, else an
 * error." */
MUST(wrf, hash_is_kept_after_death, "A hash that was asked for is kept",
     REQ("WRF-018"), NEEDS(weakref)) {
  pmm_obj *o = probe(t, 1);
  pmm_obj *late = probe(t, 2);
  pmm_obj *weak = weak_to(t, o);
  pmm_obj *unhashed = weak_to(t, late);
  int64_t of_target;
  int64_t of_weak;
  expect_ok(OPS->hash(RT, o, &of_target));
  expect_ok(OPS->hash(RT, weak, &of_weak));
  expect_eq(of_weak, of_target);
  DROP(o);
  DROP(late);
  expect_ok(OPS->hash(RT, weak, &of_weak));
  expect_eq(of_weak, of_target);
  expect_error(OPS->hash(RT, unhashed, &of_weak), PMM_TYPE);
}

/* "Live references compare as their targets; a dead one equals only itself; ..."
 */
MUST(wrf, live_references_compare_as_targets,
     "Live references compare as their targets", REQ("WRF-018"),
     NEEDS(weakref_cb)) {
  struct watch *watch = new_watch(t);
  pmm_obj *a = probe(t, 1);
  pmm_obj *b = probe(t, 2);
  pmm_obj *first = watched(t, a, watch, 1);
  pmm_obj *second = watched(t, a, watch, 2);
  pmm_obj *other = weak_to(t, b);
  int equal = -1;
  expect_ok(OPS->equals(RT, first, second, &equal));
  expect_eq(equal, 1);
  expect_ok(OPS->equals(RT, first, other, &equal));
  expect_eq(equal, 0);
  DROP(a);
  expect_ok(OPS->equals(RT, first, second, &equal));
  expect_eq(equal, 0);
  expect_ok(OPS->equals(RT, first, first, &equal));
  expect_eq(equal, 1);
}

/* "Using a proxy after death raises a reference error; proxies are unhashable
 * and shared when without callback." */
MUST(wrf, proxy_reports_a_dead_target, "A proxy notices its target's death",
     REQ("WRF-019"), NEEDS(weakref)) {
  pmm_obj *o = probe(t, 1);
  pmm_obj *value = probe(t, 2);
  expect_ok(OPS->slot_set(RT, o, 0, value));
  pmm_obj *proxy = NEW(OPS->proxy_new(RT, o));
  expect_same(NEW(OPS->proxy_new(RT, o)), proxy);
  expect_same(NEW(OPS->proxy_slot(RT, proxy, 0)), value);
  int64_t hash;
  expect_error(OPS->hash(RT, proxy, &hash), PMM_TYPE);
  DROP(o);
  expect_log(DEALLOCATED, 1);
  expect_null(OPS->proxy_slot(RT, proxy, 0), PMM_REFERENCE);
}

/* "A weak reference object is itself tracked by the collector (it can own a
 * callback), so a cycle through a callback is collectable." */
MUST(wrf, reference_objects_are_tracked, "Weak references are tracked",
     REQ("WRF-023"), NEEDS(weakref_cb, gc_track)) {
  pmm_obj *o = probe(t, 1);
  expect_eq(OPS->gc_is_tracked(RT, weak_to(t, o)), 1);
  expect_eq(OPS->gc_is_tracked(RT, watched(t, o, new_watch(t), 2)), 1);
}

/* "The number of weak references to an object equals the live ones and drops
 * when a reference object is destroyed." */
MUST(wrf, count_is_exact, "The count is that of live references",
     REQ("WRF-024"), NEEDS(weakref, weakref_cb)) {
  struct watch *watch = new_watch(t);
  pmm_obj *o = probe(t, 1);
  expect_eq(OPS->weakref_count(RT, o), 0);
  pmm_obj *plain = weak_to(t, o);
  pmm_obj *with_callback = watched(t, o, watch, 1);
  expect_eq(OPS->weakref_count(RT, o), 2);
  DROP(with_callback);
  expect_eq(OPS->weakref_count(RT, o), 1);
  DROP(plain);
  expect_eq(OPS->weakref_count(RT, o), 0);
}

/* "A registered finalizer callback runs once at death or at exit (newest first
 * at exit), returns none when called again, and can be detached." */
SHOULD(wrf, finalize_helper_runs_once, "A finalize helper runs once",
       REQ("WRF-025"), NEEDS(weakref_cb)) {
  struct watch *watch = new_watch(t);
  pmm_obj *o = probe(t, 1);
  pmm_obj *helper = NEW(OPS->finalize_new(RT, o, count_call, watch, 7));
  pmm_obj *detached = NEW(OPS->finalize_new(RT, o, count_call, watch, 8));
  expect_ok(OPS->finalize_detach(RT, detached));
  int called = -1;
  DROP(o);
  expect_eq(watch->runs, 1);
  expect_log(CALLBACK, 7);
  expect_ok(OPS->finalize_call(RT, helper, &called));
  expect_eq(called, 0);
}
