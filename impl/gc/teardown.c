/* SPDX-License-Identifier: MIT */
/*
 * teardown.c - the end of all containers when a runtime closes.
 *
 *   1. Collect, so that garbage cycles die as they always do.
 *   2. Finalize what is left: somebody still holds it.
 *   3. Hold each of them, then let each drop what it owns.  So none is freed
 *      while another one still refers to it.
 *   4. Free them one by one.  Weak references to them are cleared and not
 *      called: nobody is left who could use the answer.
 *
 * Code runs in 1 to 3 and may make new objects; they go in a next round.  The
 * number of rounds is bounded, as a finalizer can make a new object for ever.
 *
 * Source: CPython 3.11 Python/pylifecycle.c (finalize_modules), which frees
 * less: it leaves held objects to the operating system.
 */
#include "gc/collect.h"
#include "gc/table.h"
#include "gc/visit.h"
#include "object/instance.h"
#include "object/runtime.h"
#include "object/weakref.h"

#define ROUNDS 8

/* ---- 2. finalize -------------------------------------------------------- */

static void finalize_tracked(pmm_rt *rt, uint32_t to) {
  for (uint32_t slot = 0; slot < to && slot < rt->gc.used; slot++) {
    pmm_obj *o = *pmmi_gc_object_at(&rt->gc, slot);
    if (o != NULL && o->type->finalize != NULL) {
      pmmi_retain(rt, o);
      pmmi_object_finalize(rt, o);
      pmmi_release(rt, o);
    }
  }
}

/* A finalizer may free neighbours, so the walk owns the instance it is at. */
static void finalize_linked(pmm_rt *rt) {
  struct pmmi_instance *i = pmmi_instance_first(rt);
  if (i != NULL) {
    pmmi_retain(rt, &i->base);
  }
  while (i != NULL) {
    pmmi_object_finalize(rt, &i->base);
    struct pmmi_instance *next = pmmi_instance_next(i);
    if (next != NULL) {
      pmmi_retain(rt, &next->base);
    }
    pmmi_release(rt, &i->base);
    i = next;
  }
}

/* ---- 3. drop ------------------------------------------------------------ */

static void hold_all(pmm_rt *rt, uint32_t to) {
  for (uint32_t slot = 0; slot < to; slot++) {
    pmm_obj *o = *pmmi_gc_object_at(&rt->gc, slot);
    if (o != NULL) {
      pmmi_retain(rt, o);
    }
  }
  struct pmmi_instance *i = pmmi_instance_first(rt);
  for (; i != NULL; i = pmmi_instance_next(i)) {
    pmmi_retain(rt, &i->base);
  }
}

static int visit_release(void *ctx, pmm_obj *o) {
  pmmi_release(ctx, o);
  return 0;
}

static void drop_tracked(pmm_rt *rt, uint32_t to) {
  for (uint32_t slot = 0; slot < to; slot++) {
    pmm_obj *o = *pmmi_gc_object_at(&rt->gc, slot);
    if (o == NULL) {
      continue;
    }
    if (o->type->clear != NULL) {
      o->type->clear(rt, o);
    } else {
      (void)pmmi_visit(o, visit_release, rt);
    }
  }
}

static void drop_linked(pmm_rt *rt) {
  struct pmmi_instance *i = pmmi_instance_first(rt);
  for (; i != NULL; i = pmmi_instance_next(i)) {
    pmmi_instance_clear(rt, &i->base);
  }
}

/* ---- 4. free ------------------------------------------------------------ */

static void forget_weak_references(pmm_obj *o) {
  if (o->type->weak_offset == 0) {
    return;
  }
  while (*pmmi_weakref_list(o) != NULL) {
    pmmi_weakref_leave(*pmmi_weakref_list(o));
  }
}

/* What has no clear has released what it refers to, so that its own dealloc
 * would do so once more. */
static void free_tracked(pmm_rt *rt, uint32_t to) {
  for (uint32_t slot = 0; slot < to && slot < rt->gc.used; slot++) {
    pmm_obj *o = *pmmi_gc_object_at(&rt->gc, slot);
    if (o == NULL) {
      continue;
    }
    forget_weak_references(o);
    o->refcnt = 0;
    if (o->type->clear != NULL) {
      o->type->dealloc(rt, o);
    } else {
      pmmi_gc_untrack(rt, o);
      pmmi_gc_free(rt, o);
    }
  }
}

static void free_linked(pmm_rt *rt) {
  while (pmmi_instance_first(rt) != NULL) {
    pmm_obj *o = &pmmi_instance_first(rt)->base;
    forget_weak_references(o);
    o->refcnt = 0;
    o->type->dealloc(rt, o);
  }
}

static void end_all(pmm_rt *rt) {
  uint32_t to = rt->gc.used;
  rt->gc.collecting = 1; /* slots stay where they are                        */
  hold_all(rt, to);
  drop_tracked(rt, to);
  drop_linked(rt);
  free_tracked(rt, to);
  free_linked(rt);
  rt->gc.collecting = 0;
}

void pmmi_gc_teardown(pmm_rt *rt) {
  struct pmmi_gc *gc = &rt->gc;
  gc->enabled = 0;
  gc->debug = 0;
  gc->frozen_end = 0;
  (void)pmmi_gc_collect(rt, PMMI_GC_GENERATIONS - 1);
  pmmi_clear(rt, &gc->garbage);
  for (int round = 0; round < ROUNDS; round++) {
    if (gc->tracked == 0 && pmmi_instance_first(rt) == NULL) {
      return;
    }
    finalize_tracked(rt, gc->used);
    finalize_linked(rt);
    end_all(rt);
  }
}
