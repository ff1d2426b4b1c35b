/* SPDX-License-Identifier: MIT */
/*
 * cases/wrf.c - weak references, their callbacks, death by count, and proxies
 * (requirements WRF-…).  What collections do to them is in wrf_gc.c, weak
 * maps are in wrf_map.c.
 */
#include "watch.h"

/* "Creating weak references leaves the strong count unchanged and the referent
 * dies with its last strong reference." */
MUST(wrf, does_not_keep_alive, "A weak reference does not keep its target",
     REQ("WRF-001"), NEEDS(weakref, refcount, proxy)) {
  pmm_obj *o = probe(t, 1);
  pmm_obj *weak = weak_to(t, o);
  pmm_obj *proxy = NEW(OPS->proxy_new(RT, o));
  expect_eq(OPS->refcount(RT, o), 1);
  DROP(o);
  expect_log(DEALLOCATED, 1);
  expect_dead(t, weak);
  expect_null(OPS->proxy_slot(RT, proxy, 0), PMM_REFERENCE);
}

/* "Weak references never cause reclamation: as long as one strong reference
 * exists the target stays." */
MUST(wrf, never_causes_reclamation,
     "Weak references never cause an object to be reclaimed",
     REQ("WRF-002"), NEEDS(weakref, gc)) {
  quiet(t);
  pmm_obj *o = self_cycle(t, 1);
  pmm_obj *weak = weak_to(t, o);
  for (int i = 0; i < 5; i++) {
    collect(t);
    expect(is_alive(t, weak));
  }
  expect_none(DEALLOCATED);
  DROP(o);
  collect(t);
  expect_log(DEALLOCATED, 1);
}

/* "After the referent dies the reference yields null/None for ever, also when
 * the address is reused." */
MUST(wrf, dead_stays_dead, "A dead reference stays dead when memory is reused",
     REQ("WRF-003"), NEEDS(weakref)) {
  enum { N = 16, MADE = 1000 }; /* always as many, wherever they come to lie */
  pmm_obj *weak[N];
  pmm_obj *o[N];
  uintptr_t where[N];
  int reused = 0;
  for (int i = 0; i < N; i++) {
    o[i] = probe(t, i);
    weak[i] = weak_to(t, o[i]);
    where[i] = OPS->identity(RT, o[i]);
  }
  for (int i = 0; i < N; i++) {
    DROP(o[i]);
  }
  for (int made = 0; made < MADE; made++) {
    uintptr_t at = OPS->identity(RT, probe(t, N + made));
    for (int i = 0; i < N; i++) {
      if (where[i] == at) {
        reused++;
        expect_dead(t, weak[i]);
      }
    }
  }
  if (reused == 0) {
    unsupported(t, "address.reuse");
  }
}

/* "Dereferencing a live weak reference returns an owned reference that keeps
 * the target alive until released." */
MUST(wrf, reading_gives_a_strong_reference,
     "Reading a weak reference keeps the target alive",
     REQ("WRF-004"), NEEDS(weakref, prompt)) {
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
MUST(wrf, plain_references_are_shared,
     "Weak references without a callback are shared",
     REQ("WRF-005"), NEEDS(weakref, weakref_count)) {
  pmm_obj *o = probe(t, 1);
  pmm_obj *weak = weak_to(t, o);
  expect_same(weak_to(t, o), weak);
  expect_eq(OPS->weakref_count(RT, o), 1);
}

/* "... references with callbacks are distinct." */
MUST(wrf, references_with_callbacks_are_distinct,
     "Weak references with callbacks are distinct", REQ("WRF-005"),
     NEEDS(weakref, weakref_cb, weakref_count)) {
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
     "A callback is called once, with its dead reference", REQ("WRF-006"),
     NEEDS(weakref_cb, weakref, prompt)) {
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
     REQ("WRF-007"), NEEDS(weakref_cb, weakref, prompt)) {
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
MUST(wrf, dropped_reference_fires_nothing,
     "A dropped weak reference calls nothing back",
     REQ("WRF-008"), NEEDS(weakref_cb, weakref, prompt)) {
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
MUST(wrf, callback_errors_are_contained,
     "An error in a weak reference callback is contained",
     REQ("WRF-009"), NEEDS(weakref_cb, diag, weakref)) {
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

/* "For acyclic death the finalizer runs first while weak references are still
 * alive, then they are cleared and callbacks run." */
MUST(wrf, finalizer_precedes_callbacks_by_count,
     "By reference counting, finalizers run before callbacks", REQ("WRF-013"),
     NEEDS(weakref_cb, finalizer, finalizer_alive, weakref, prompt)) {
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
     "Weak references survive an acyclic resurrection", REQ("WRF-014"),
     NEEDS(weakref_cb, finalizer, finalizer_alive, resurrection, weakref,
           prompt)) {
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

/* "int, str, tuple, list, dict, plain object and slotted types without a weak
 * slot give a type error and change nothing." */
MUST(wrf, types_opt_in, "Seven kinds of objects refuse weak references",
     REQ("WRF-017"), NEEDS(weakref, refcount, tuple, list, str, dict)) {
  pmm_obj *slotted = probe_of(
      t, probe_type(t, "slotted", 1, PMM_TYPE_GC, NULL, NULL), 1);
  pmm_obj *plain =
      probe_of(t, probe_type(t, "plain", 0, 0, NULL, NULL), 2);
  pmm_obj *refusing[] = {integer(t, 4000),      text(t, "no"),
                         tuple_of_ints(t, 2),   list_of_ints(t, 2),
                         NEW(OPS->dict_new(RT)), plain,
                         slotted};
  for (size_t i = 0; i < sizeof refusing / sizeof *refusing; i++) {
    now_at(t, "object %zu of the table", i);
    uint64_t before = OPS->refcount(RT, refusing[i]);
    expect_null(OPS->weakref_new(RT, refusing[i], NULL, NULL, 0), PMM_TYPE);
    expect_eq(OPS->refcount(RT, refusing[i]), before);
  }
}

/* "Live references compare as their targets; a dead one equals only itself;
 * the hash is the target's and is kept after death if computed before, else an
 * error." */
MUST(wrf, hash_is_kept_after_death,
     "A weak reference keeps its hash after its target's death",
     REQ("WRF-018"), NEEDS(weakref, prompt)) {
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
     NEEDS(weakref_cb, weakref, prompt)) {
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

/* "Live references compare as their targets; a dead one equals only itself;
 * the hash is the target's ..." */
MUST(wrf, references_to_equal_targets_are_equal,
     "References to equal targets are equal, and hash alike", REQ("WRF-018"),
     NEEDS(weakref, tuple, frozenset)) {
  pmm_obj *items = tuple_of_ints(t, 3);
  pmm_obj *a = NEW(OPS->frozenset_new(RT, items));
  pmm_obj *b = NEW(OPS->frozenset_new(RT, items));
  pmm_obj *to_a = weak_to(t, a);
  pmm_obj *to_b = weak_to(t, b);
  int64_t hash_a;
  int64_t hash_b;
  int equal = -1;
  expect_distinct(to_a, to_b);
  expect_ok(OPS->equals(RT, to_a, to_b, &equal));
  expect_eq(equal, 1);
  expect_ok(OPS->hash(RT, to_a, &hash_a));
  expect_ok(OPS->hash(RT, to_b, &hash_b));
  expect_eq(hash_a, hash_b);
  DROP(a);
  expect_ok(OPS->equals(RT, to_a, to_b, &equal));
  expect_eq(equal, 0);
  expect_ok(OPS->equals(RT, to_b, to_a, &equal));
  expect_eq(equal, 0);
}

/* "Using a proxy after death raises a reference error; proxies are unhashable
 * and shared when without callback." */
MUST(wrf, proxy_reports_a_dead_target, "A proxy notices its target's death",
     REQ("WRF-019"), NEEDS(proxy)) {
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

/* "The number of weak references to an object equals the live ones and drops
 * when a reference object is destroyed." */
MUST(wrf, count_is_exact, "The weak reference count is exact",
     REQ("WRF-024"), NEEDS(weakref, weakref_cb, weakref_count)) {
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
       REQ("WRF-025"), NEEDS(finalize)) {
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

/* "A registered finalizer callback runs once ..., returns none when called
 * again, ..." */
SHOULD(wrf, finalize_helper_can_be_called,
       "A finalize helper that was called does not run again", REQ("WRF-025"),
       NEEDS(finalize)) {
  struct watch *watch = new_watch(t);
  pmm_obj *o = probe(t, 1);
  pmm_obj *helper = NEW(OPS->finalize_new(RT, o, count_call, watch, 7));
  int called = -1;
  expect_ok(OPS->finalize_call(RT, helper, &called));
  expect_eq(called, 1);
  expect_ok(OPS->finalize_call(RT, helper, &called));
  expect_eq(called, 0);
  DROP(o);
  expect_log(DEALLOCATED, 1);
  expect_log(CALLBACK, 7);
  expect_eq(watch->runs, 1);
}

static void close_and_listen(struct pmm_test *t, void *unused) {
  (void)unused;
  OPS->close(RT);
  expect_log(CALLBACK, 2, 1, 0);
}

/* "A registered finalizer callback runs once ... at exit (newest first at
 * exit), ... and can be detached." */
SHOULD(wrf, finalize_helpers_run_at_exit,
       "At exit the newest finalize helper runs first",
       REQ("WRF-025"), NEEDS(finalize)) {
  struct watch *watch = new_watch(t);
  pmm_obj *o = probe(t, 1);
  pmm_obj *other = probe(t, 2);
  DROP(NEW(OPS->finalize_new(RT, o, count_call, watch, 0)));
  pmm_obj *detached = NEW(OPS->finalize_new(RT, o, count_call, watch, 8));
  DROP(NEW(OPS->finalize_new(RT, other, count_call, watch, 1)));
  DROP(NEW(OPS->finalize_new(RT, o, count_call, watch, 2)));
  expect_ok(OPS->finalize_detach(RT, detached));
  expect_none(CALLBACK);
  survives(t, close_and_listen, NULL);
}
