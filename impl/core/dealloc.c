/* SPDX-License-Identifier: MIT */
/* dealloc.c - the death of objects; idea, invariant and source: dealloc.h. */
#include "core/dealloc.h"

#include "core/core_state.h"
#include "core/weak_list.h"

/* Wait for the outermost deallocation.  A collection may run before, so the
 * collector must not see the object meanwhile. */
static void defer(pmm_rt *rt, pmm_obj *o) {
  struct pmmi_dealloc *d = pmmi_dealloc_of(rt);
  assert(o->refcnt == 0 && d->depth >= PMMI_DEALLOC_DEPTH);
  pmmi_gc_untrack(rt, o);
  o->refcnt = (uint64_t)(uintptr_t)d->chain | PMMI_DEFERRED;
  d->chain = o;
}

static pmm_obj *take_deferred(struct pmmi_dealloc *d) {
  assert(d->chain != NULL);
  pmm_obj *o = d->chain;
  assert((o->refcnt & PMMI_DEFERRED) != 0);
  d->chain = (pmm_obj *)(uintptr_t)(o->refcnt & ~PMMI_DEFERRED);
  o->refcnt = 0;
  return o;
}

void pmmi_object_finalize(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_is_alive(o));
  const struct pmmi_type *type = o->type;
  if (type->finalize == NULL || pmmi_gc_is_finalized(o)) {
    return;
  }
  pmmi_gc_set_finalized(o);
  struct pmmi_error saved;
  pmmi_error_save(rt, &saved);
  type->finalize(rt, o);
  pmmi_error_restore(rt, &saved);
}

/* Finalize an object whose count is 0; 1 when the finalizer kept it. */
static int finalize_dying(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  o->refcnt = 1;
  pmmi_gc_track(rt, o);
  pmmi_object_finalize(rt, o);
  o->refcnt--;
  return o->refcnt != 0;
}

/* What others may see of a death; 1 when the object lives on. */
static int take_leave(pmm_rt *rt, pmm_obj *o) {
  const struct pmmi_type *type = o->type;
  if (type->finalize != NULL && !pmmi_gc_is_finalized(o) &&
      finalize_dying(rt, o)) {
    return 1;
  }
  if (type->weak_offset != 0 && *pmmi_weakref_list(o) != NULL) {
    pmmi_gc_untrack(rt, o); /* callbacks may collect                        */
    pmmi_weakref_clear_dying(rt, o);
  }
  return 0;
}

static inline void die(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  const struct pmmi_type *type = o->type;
  if ((type->finalize == NULL && type->weak_offset == 0) ||
      !take_leave(rt, o)) {
    type->dealloc(rt, o);
  }
}

static void drain(pmm_rt *rt) {
  assert(pmmi_dealloc_of(rt)->depth == 0);
  struct pmmi_dealloc *d = pmmi_dealloc_of(rt);
  while (d->chain != NULL) {
    d->depth++;
    die(rt, take_deferred(d));
    d->depth--;
  }
}

void pmmi_object_dealloc(pmm_rt *rt, pmm_obj *o) {
  struct pmmi_dealloc *d = pmmi_dealloc_of(rt);
  assert(o->refcnt == 0);
  if (o->type->flags & PMMI_TYPE_ATOM) {
    o->type->dealloc(rt, o);
    return;
  }
  if (d->depth >= PMMI_DEALLOC_DEPTH) {
    defer(rt, o);
    return;
  }
  d->depth++;
  die(rt, o);
  d->depth--;
  if (d->chain != NULL && d->depth == 0) {
    drain(rt);
  }
}
