/* SPDX-License-Identifier: MIT */
/*
 * cases/gc_memory.c - what collecting costs in memory and in stack
 * (requirements GC-014, GC-015).
 */
#include "rings.h"
#include "stack.h"

/* A list of n lists, each made before it and held by nothing else: whoever
 * marks from it has n objects to come back to. */
static void make_wide(struct pmm_test *t, size_t n) {
  pmm_obj *first = empty_list(t);
  for (size_t i = 0; i < n; i++) {
    pmm_obj *list = OPS->list_new(RT, 0);
    expect(list != NULL);
    enum pmm_status status = OPS->list_append(RT, first, list);
    OPS->release(RT, list);
    expect_ok(status);
  }
  (void)NEW(OPS->list_slice(RT, first, 0, n));
  DROP(first);
}

/* "A collection needs no allocation that could fail, ..." */
MUST(gc, collecting_survives_without_memory,
     "A collection works when every allocation fails", REQ("GC-014"),
     NEEDS(gc, list, fail_inject), OOM_EXEMPT("arms the injection itself")) {
  enum { LIVE = 100000, RINGS = 50 };
  quiet(t);
  collect(t);
  make_wide(t, LIVE);
  for (int i = 0; i < RINGS; i++) {
    make_garbage_ring(t, 2);
  }
  uint64_t unreachable = 0;
  OPS->inject_arm(RT, 1, 1);
  enum pmm_status status = OPS->collect(RT, 2, &unreachable);
  (void)OPS->inject_disarm(RT);
  expect_eq(status, PMM_OK);
  expect(unreachable == PMM_UNKNOWN || unreachable == 2 * RINGS);
}

/* The most bytes that lived during a full collection. */
static uint64_t peak_of_collecting(struct pmm_test *t) {
  struct pmm_memory memory = {.struct_size = sizeof memory};
  OPS->memory_reset_peak(RT);
  collect(t);
  OPS->memory(RT, &memory);
  return memory.peak_bytes != PMM_UNKNOWN ? memory.peak_bytes : live_bytes(t);
}

/* "... the memory kept for collecting (headers, side tables) stays below the
 * bytes per tracked object that the profile declares (16 on CPython: two
 * pointers)." */
MUST(gc, memory_for_collecting_is_bounded,
     "Headers and side tables stay below the declared bytes", REQ("GC-014"),
     NEEDS(gc, list, sizeof)) {
  enum { N = 10000 };
  quiet(t);
  pmm_obj *all = list_of_ints(t, 0);
  pmm_obj *none = NEW(OPS->none(RT));
  for (int i = 0; i < N; i++) {
    expect_ok(OPS->list_append(RT, all, none));
  }
  size_t own = size_of(t, empty_list(t)) -
               (size_t)profile_int(t, "gc_header_bytes");
  uint64_t before = live_bytes(t);
  for (size_t i = 0; i < N; i++) {
    pmm_obj *list = OPS->list_new(RT, 0);
    expect(list != NULL);
    expect_ok(OPS->list_set_steal(RT, all, i, list));
  }
  uint64_t each = (live_bytes(t) - before) / N;
  uint64_t most = own + (uint64_t)profile_int(t, "gc_bytes_per_object_max");
  expect_le(each, most);
  expect_le((peak_of_collecting(t) - before) / N, most);
}

struct collecting {
  struct pmm_test *t;
  uint64_t unreachable;
};

/* One full collection, on the stack that it is given. */
static enum pmm_status collect_long_chain(void *ctx, pmm_rt *rt, pmm_obj *o) {
  struct collecting *state = ctx;
  struct pmm_test *t = state->t;
  (void)o;
  return OPS->collect(rt, 2, &state->unreachable);
}

/* "Collecting a 1e6-long chain closed into a cycle does not overflow the
 * profile's small stack." */
MUST(gc, collecting_does_not_recurse,
     "A million-long ring is collected on a small stack",
     REQ("GC-015"), NEEDS(gc, trashcan, list),
     OOM_EXEMPT("a million lists take too long for a round a failure")) {
  enum { N = 1000000 };
  size_t stack = small_stack(t);
  quiet(t);
  collect(t);
  struct collecting *state = SCRATCH(struct collecting);
  state->t = t;
  make_garbage_ring(t, N);
  expect_ok(OPS->call_on_stack(RT, stack, collect_long_chain, state));
  expect_eq(state->unreachable, N);
}
