/* SPDX-License-Identifier: MIT */
/* finalizer.c - calls that an object's death makes; see finalizer.h. */
#include "types/finalizer.h"

#include "types/types_state.h"

static void enter_register(pmm_rt *rt, struct pmmi_finalizer *f) {
  assert(!f->armed);
  struct pmmi_finalizer *older = pmmi_finalizers_of(rt)->newest;
  f->older = older;
  if (older != NULL) {
    older->newer = f;
  }
  pmmi_finalizers_of(rt)->newest = f;
  f->armed = 1;
  pmmi_retain(rt, &f->ref.base);
}

/* The register's reference becomes the caller's. */
static void leave_register(pmm_rt *rt, struct pmmi_finalizer *f) {
  assert((f->newer == NULL) == (pmmi_finalizers_of(rt)->newest == f));
  assert(f->armed);
  if (f->newer != NULL) {
    f->newer->older = f->older;
  } else {
    pmmi_finalizers_of(rt)->newest = f->older;
  }
  if (f->older != NULL) {
    f->older->newer = f->newer;
  }
  f->newer = NULL;
  f->older = NULL;
  f->armed = 0;
  f->ref.act = NULL;
}

/* An error the callback raises is left pending. */
static void call(pmm_rt *rt, struct pmmi_finalizer *f) {
  assert(f->ref.fn != NULL);
  leave_register(rt, f);
  pmmi_weakref_leave(&f->ref);
  pmmi_event(rt, PMM_EVENT_CALLBACK, f->ref.cookie, 0);
  pmmi_status_take(rt, f->ref.fn(f->ref.ctx, rt, &f->ref.base));
  pmmi_release(rt, &f->ref.base);
}

static void target_died(pmm_rt *rt, struct pmmi_weakref *ref) {
  assert(ref->base.type == &pmmi_finalizer_type && ref->target == NULL);
  struct pmmi_finalizer *f = (struct pmmi_finalizer *)ref;
  if (f->armed) {
    call(rt, f);
  }
}

void pmmi_finalizers_run(pmm_rt *rt) {
  while (pmmi_finalizers_of(rt)->newest != NULL) {
    call(rt, pmmi_finalizers_of(rt)->newest);
    pmmi_error_unraisable(rt);
  }
}

const struct pmmi_type pmmi_finalizer_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "finalize",
    .basic_size = sizeof(struct pmmi_finalizer),
    .flags = PMMI_TYPE_GC | PMMI_TYPE_WEAK,
    .dealloc = pmmi_weakref_dealloc,
    .traverse = pmmi_weakref_traverse,
    .clear = pmmi_weakref_clear,
};

pmm_obj *pmmi_finalize_new(pmm_rt *rt, pmm_obj *target, pmm_fn fn, void *ctx,
                           int64_t cookie) {
  assert(fn != NULL);
  struct pmmi_weakref *ref = pmmi_weakref_watch(
      rt, &pmmi_finalizer_type, target, target_died, ctx);
  if (ref == NULL) {
    return NULL;
  }
  ref->fn = fn;
  ref->cookie = cookie;
  enter_register(rt, (struct pmmi_finalizer *)ref);
  return &ref->base;
}

static enum pmm_status check_finalizer(pmm_rt *rt, const pmm_obj *o) {
  return o->type == &pmmi_finalizer_type
             ? PMM_OK
             : pmmi_fail(rt, PMM_TYPE, "not a finalizer");
}

enum pmm_status pmmi_finalize_call(pmm_rt *rt, pmm_obj *finalize,
                                   int *called) {
  assert(called != NULL);
  struct pmmi_finalizer *f = (struct pmmi_finalizer *)finalize;
  *called = 0;
  if (check_finalizer(rt, finalize) != PMM_OK || !f->armed) {
    return pmmi_error(rt);
  }
  *called = 1;
  call(rt, f);
  return pmmi_error(rt);
}

enum pmm_status pmmi_finalize_detach(pmm_rt *rt, pmm_obj *finalize) {
  struct pmmi_finalizer *f = (struct pmmi_finalizer *)finalize;
  if (check_finalizer(rt, finalize) != PMM_OK) {
    return pmmi_error(rt);
  }
  if (f->armed) {
    leave_register(rt, f);
    pmmi_weakref_leave(&f->ref);
    pmmi_release(rt, finalize);
  }
  return PMM_OK;
}
