/* SPDX-License-Identifier: MIT */
/*
 * stack.h - on the small stack that a profile declares, for the cases of
 * structures deeper than it.
 */
#ifndef PMM_CONFORM_STACK_H
#define PMM_CONFORM_STACK_H

#include "case.h"

/** Bytes of that stack.  A case asks before it builds anything. */
static inline size_t small_stack(struct pmm_test *t) {
  return (size_t)profile_int(t, "deep_stack_bytes");
}

struct release_work {
  struct pmm_test *t;
  pmm_obj *o; /* owned until released                                       */
};

static inline enum pmm_status release_it(void *ctx, pmm_rt *rt,
                                         pmm_obj *unused) {
  struct release_work *work = ctx;
  struct pmm_test *t = work->t;
  pmm_obj *o = work->o;
  (void)unused;
  work->o = NULL;
  OPS->release(rt, o);
  return PMM_OK;
}

/* The stack was never entered: the object is still there. */
static inline void release_late(struct pmm_test *t, void *ctx) {
  struct release_work *work = ctx;
  OPS->xrelease(RT, work->o);
}

/** Release an object of the case on a stack of so many bytes. */
static inline void release_on_stack(struct pmm_test *t, pmm_obj *o,
                                    size_t stack_bytes) {
  struct release_work *work = SCRATCH(struct release_work);
  work->t = t;
  defer(t, release_late, work);
  work->o = GIVE(o);
  expect_ok(OPS->call_on_stack(RT, stack_bytes, release_it, work));
}

#endif /* PMM_CONFORM_STACK_H */
