/* SPDX-License-Identifier: MIT */
/*
 * cases/wrf_gc.c - weak references to garbage: what is cleared, called and
 * finalized, and in which order (requirements WRF-010…012, 015, 016, 023).
 */
#include "codes.h"
#include "watch.h"

/* "If the weak reference is itself part of the unreachable set, its callback
 * is not run." */
MUST(wrf, references_in_garbage_are_silent,
     "A weak reference that is part of the garbage calls nothing back",
     REQ("WRF-010"),
     NEEDS(weakref_cb, gc, weakref)) {
  quiet(t);
  struct watch *watch = new_watch(t);
  pmm_obj *o = probe(t, 1);
  pmm_obj *weak = watched(t, o, watch, 7);
  expect_ok(OPS->slot_set(RT, o, 0, o));
  expect_ok(OPS->slot_set(RT, o, 1, weak));
  DROP(weak);
  DROP(o);
  collect(t);
  expect_log(DEALLOCATED, 1);
  expect_eq(watch->runs, 0);
}

/* "In a collection all weak references (with callbacks) to the garbage are
 * cleared before any callback is called, so no callback can obtain another
 * member." */
MUST(wrf, collector_clears_before_it_calls,
     "No callback can reach another member of the garbage", REQ("WRF-011"),
     NEEDS(weakref_cb, gc, weakref)) {
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
  collect(t);
  expect_eq(watch->runs, 2);
  expect_eq(watch->ever_alive, 0);
  expect_eq(happened(DEALLOCATED, ANY), 2);
}

/* "In a garbage cycle weak callbacks run before finalizers and references read
 * as dead inside finalizers." */
MUST(wrf, callbacks_precede_finalizers_in_cycles,
     "In a cycle, callbacks run before finalizers",
     REQ("WRF-012"), NEEDS(weakref_cb, finalizer, gc, finalizer_alive,
           weakref)) {
  quiet(t);
  struct watch *in_callback = new_watch(t);
  struct watch *in_finalizer = new_watch(t);
  pmm_obj *a = finalized(t, in_finalizer, 1);
  pmm_obj *b = finalized(t, in_finalizer, 2);
  expect_ok(OPS->slot_set(RT, a, 0, b));
  expect_ok(OPS->slot_set(RT, b, 0, a));
  in_finalizer->weak[0] = watched(t, a, in_callback, 1);
  in_finalizer->weak[1] = watched(t, b, in_callback, 2);
  in_finalizer->weak_count = 2;
  DROP(a);
  DROP(b);
  collect(t);
  expect_eq(in_callback->runs, 2);
  expect_eq(in_finalizer->runs, 2);
  expect_eq(in_finalizer->ever_alive, 0);
  for (int64_t i = 0; i < 4; i++) {
    expect_lt(when(CALLBACK, i / 2 + 1), when(FINALIZED, i % 2 + 1));
  }
  expect_eq(happened(DEALLOCATED, ANY), 2);
}

/* "Up to 3.14, weak references cleared before a cyclic resurrection remain
 * dead though the object survives." */
MUST(wrf, cyclic_resurrection_leaves_references_dead,
     "References stay dead after a resurrection from a cycle",
     REQ("WRF-015"), NEEDS(weakref, finalizer, gc, finalizer_alive,
           resurrection)) {
  quiet(t);
  struct watch *in_finalizer = new_watch(t);
  in_finalizer->save = 1;
  pmm_obj *o = finalized(t, in_finalizer, 1);
  pmm_obj *weak = weak_to(t, o);
  expect_ok(OPS->slot_set(RT, o, 0, o));
  DROP(o);
  collect(t);
  expect(in_finalizer->saved != NULL);
  expect_dead(t, weak);
  expect_ok(OPS->slot_set(RT, in_finalizer->saved, 0, NULL));
}

/* "Up to 3.14, weak references cleared before a cyclic resurrection remain
 * dead though the object survives." */
MUST(wrf, resurrection_calls_back_once,
     "A callback runs once even if its target is resurrected", REQ("WRF-015"),
     NEEDS(weakref, weakref_cb, finalizer, gc, finalizer_alive, resurrection,
           weakref_count)) {
  quiet(t);
  struct watch *in_callback = new_watch(t);
  struct watch *in_finalizer = new_watch(t);
  in_finalizer->save = 1;
  pmm_obj *o = finalized(t, in_finalizer, 1);
  pmm_obj *weak = watched(t, o, in_callback, 7);
  expect_ok(OPS->slot_set(RT, o, 0, o));
  DROP(o);
  collect(t);
  expect(in_finalizer->saved != NULL);
  expect_dead(t, weak);
  expect_eq(OPS->weakref_count(RT, in_finalizer->saved), 0);
  OPS->clear(RT, &in_finalizer->saved);
  collect(t);
  expect_log(DEALLOCATED, 1);
  expect_log(CALLBACK, 7);
  expect_eq(in_finalizer->runs, 1);
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
     "A weak reference made by a finalizer is cleared",
     REQ("WRF-016"), NEEDS(weakref, finalizer, gc, finalizer_alive)) {
  quiet(t);
  struct watch *watch = new_watch(t);
  pmm_obj *type =
      probe_type(t, "referring", 1, PMM_TYPE_GC | PMM_TYPE_WEAKREF,
                 make_reference, watch);
  pmm_obj *o = probe_of(t, type, 1);
  expect_ok(OPS->slot_set(RT, o, 0, o));
  DROP(o);
  collect(t);
  expect_log(DEALLOCATED, 1);
  expect(watch->saved != NULL);
  expect_dead(t, watch->saved);
}

/* "A weak reference object is itself tracked by the collector (it can own a
 * callback), so a cycle through a callback is collectable." */
MUST(wrf, reference_objects_are_tracked, "Weak references are tracked",
     REQ("WRF-023"), NEEDS(weakref_cb, gc_track, weakref)) {
  pmm_obj *o = probe(t, 1);
  expect_eq(OPS->gc_is_tracked(RT, weak_to(t, o)), 1);
  expect_eq(OPS->gc_is_tracked(RT, watched(t, o, new_watch(t), 2)), 1);
}

/* "..., so a cycle through a callback is collectable."  A function owns the
 * list among its constants, the list the reference, and that the function. */
MUST(wrf, cycles_through_callbacks_are_collected,
     "A weak reference in a cycle with its callback is collected",
     REQ("WRF-023"),
     NEEDS(weakref_cb, gc, frame, list, weakref_count)) {
  quiet(t);
  pmm_obj *target = probe(t, 1);
  pmm_obj *witness = probe(t, 2);
  pmm_obj *list = LIST(witness);
  struct pmm_code code = CODE("callback", 1, 1, {PMM_LOG, 0, 9, 0});
  code.constants = &list;
  code.constant_count = 1;
  pmm_obj *function = NEW(OPS->function_new(RT, &code));
  pmm_obj *weak = NEW(OPS->weakref_with(RT, target, function));
  expect_ok(OPS->list_append(RT, list, weak));
  expect_eq(OPS->weakref_count(RT, target), 1);
  DROP(witness);
  DROP(weak);
  DROP(function);
  DROP(list);
  expect_none(DEALLOCATED);
  collect(t);
  expect_log(DEALLOCATED, 2);
  expect_eq(OPS->weakref_count(RT, target), 0);
  DROP(target);
  expect_none(LOG);
}
