/* SPDX-License-Identifier: MIT */
/*
 * cases/wrf_exit.c - weak references to equal targets, callbacks in cycles,
 * registered finalizers at the end of the runtime (WRF-018, 023, 025).
 */
#include "case.h"

static pmm_obj *weak_to(struct pmm_test *t, pmm_obj *target) {
  return NEW(OPS->weakref_new(RT, target, NULL, NULL, 0));
}

/* "Live references compare as their targets; a dead one equals only itself;
 * the hash is the target's and is kept after death if computed before, else an
 * error." */
MUST(wrf, references_to_equal_targets_are_equal,
     "References to two equal objects are equal", REQ("WRF-018"),
     NEEDS(weakref, set, list)) {
  pmm_obj *a = NEW(OPS->frozenset_new(RT, list_of_ints(t, 3)));
  pmm_obj *b = NEW(OPS->frozenset_new(RT, list_of_ints(t, 3)));
  pmm_obj *c = NEW(OPS->frozenset_new(RT, list_of_ints(t, 4)));
  pmm_obj *to_a = weak_to(t, a);
  pmm_obj *to_b = weak_to(t, b);
  int equal = -1;
  int64_t hash = 0;
  int64_t of_target = 1;
  expect_distinct(to_a, to_b);
  expect_ok(OPS->equals(RT, to_a, to_b, &equal));
  expect_eq(equal, 1);
  expect_ok(OPS->equals(RT, to_a, weak_to(t, c), &equal));
  expect_eq(equal, 0);
  expect_ok(OPS->hash(RT, a, &of_target));
  expect_ok(OPS->hash(RT, to_a, &hash));
  expect_eq(hash, of_target);
}

/* "A weak reference object is itself tracked by the collector (it can own a
 * callback), so a cycle through a callback is collectable." */
MUST(wrf, cycles_through_callbacks_are_found,
     "A cycle through a reference's callback is garbage", REQ("WRF-023"),
     NEEDS(weakref, weakref_cb, gc, frame, list)) {
  quiet(t);
  pmm_obj *target = probe(t, 1);
  pmm_obj *list = empty_list(t);
  struct pmm_instruction body[] = {{PMM_CONST, 0, 0, 0}};
  struct pmm_code code = {.struct_size = sizeof code, .name = "callback",
                          .args = 1, .locals = 1, .instructions = body,
                          .instruction_count = 1, .constants = &list,
                          .constant_count = 1};
  pmm_obj *function = NEW(OPS->function_new(RT, &code));
  pmm_obj *weak = NEW(OPS->weakref_with(RT, target, function));
  pmm_obj *mark = probe(t, 2);
  expect_ok(OPS->list_append(RT, list, weak));
  expect_ok(OPS->list_append(RT, list, mark));
  DROP(mark);
  DROP(function);
  DROP(weak);
  DROP(list);
  expect_none(DEALLOCATED);
  (void)collect(t);
  expect_log(DEALLOCATED, 2);
}

static enum pmm_status do_nothing(void *ctx, pmm_rt *rt, pmm_obj *unused) {
  (void)ctx;
  (void)rt;
  (void)unused;
  return PMM_OK;
}

static void close_and_look(struct pmm_test *t, void *ctx) {
  (void)ctx;
  OPS->close(RT);
  expect_log(CALLBACK, 9, 8, 7);
}

/* "A registered finalizer callback runs once at death or at exit (newest first
 * at exit), returns none when called again, and can be detached."  Exit is
 * closing, where the profile says that closing ends what is held. */
SHOULD(wrf, finalize_helpers_run_at_exit,
       "Finalize helpers of the living run at exit, newest first",
       REQ("WRF-025"), NEEDS(weakref_cb)) {
  expect_eq(profile_int(t, "close_finalizes_held"), 1);
  pmm_obj *o = probe(t, 1);
  for (int64_t cookie = 7; cookie < 10; cookie++) {
    (void)NEW(OPS->finalize_new(RT, o, do_nothing, NULL, cookie));
  }
  pmm_obj *detached = NEW(OPS->finalize_new(RT, o, do_nothing, NULL, 10));
  expect_ok(OPS->finalize_detach(RT, detached));
  survives(t, close_and_look, NULL);
}
