/* SPDX-License-Identifier: MIT */
/*
 * teardown.c - the end of all containers when a runtime closes.
 *
 *   1. Collect, so that garbage cycles die as they always do.
 *   2. Finalize what is left: somebody still holds it.  A generator's cleanup
 *      (finally, with) is its finalizer.
 *   3. Take every weak reference from its target, without a call: nobody is
 *      left who could use the answer.
 *   4. Hold each of them, then let each drop what it can drop.  So none is
 *      freed while another one still refers to it.
 *   5. What cannot be dropped are references of immutable objects (code,
 *      function, ...) to older ones, so no cycle is left.  Count them anew,
 *      which forgets whoever held an object from outside, and let go: each
 *      dies by count, after all that refer to it.
 *
 * Code runs in 1 and 2 and may make new objects; they are finalized in a next
 * round.  The number of rounds is bounded, as a finalizer can make a new
 * object for ever.
 *
 * Invariant: from 3 on no code runs; in 5 an object's count is the number of
 * tracked objects that refer to it, and 1 until it is let go.
 *
 * Source: CPython 3.11 Python/pylifecycle.c (finalize_modules), which frees
 * less: it leaves held objects to the operating system.
 */
#include "runtime/teardown.h"

#include "gc/collect.h"
#include "gc/log.h"
#include "gc/visit.h"
#include "runtime/runtime.h"
#include "types/instance.h"
#include "types/weakref.h"

#define ROUNDS 8

/* The tracked object in a slot, or NULL. */
static pmm_obj *object_at(pmm_rt *rt, uint32_t slot) {
  assert(slot < pmmi_tracked_of(rt)->used);
  return *pmmi_gc_object_at(pmmi_tracked_of(rt), slot);
}

/* ---- 2. finalize -------------------------------------------------------- */

/* 1 when code ran.  Objects that it made or moved may have been passed. */
static int finalize_tracked(pmm_rt *rt) {
  int ran = 0;
  for (uint32_t slot = 0; slot < pmmi_tracked_of(rt)->used; slot++) {
    pmm_obj *o = object_at(rt, slot);
    if (o != NULL && o->type->finalize != NULL && !pmmi_gc_is_finalized(o)) {
      ran = 1;
      pmmi_retain(rt, o);
      pmmi_object_finalize(rt, o);
      pmmi_release(rt, o);
    }
  }
  return ran;
}

/* Finalize the instances from `first` on that are newer than `last`.  They
 * are held until they are freed, as the next death would finalize them once
 * more. */
static void finalize_linked(pmm_rt *rt, struct pmmi_instance *first,
                            const struct pmmi_instance *last) {
  assert(first != last);
  struct pmmi_instance *i = first;
  for (; i != last; i = pmmi_instance_next(i)) {
    pmmi_retain(rt, &i->base);
    pmmi_object_finalize(rt, &i->base);
  }
}

static void finalize_all(pmm_rt *rt) {
  struct pmmi_instance *last = NULL;
  int ran = 1;
  for (int round = 0; ran && round < ROUNDS; round++) {
    ran = finalize_tracked(rt);
    struct pmmi_instance *first = pmmi_instance_first(rt);
    if (first != last) {
      ran = 1;
      finalize_linked(rt, first, last);
      last = first;
    }
  }
}

/* ---- 3. silence --------------------------------------------------------- */

static void silence(pmm_rt *rt) {
  assert(pmmi_tracked_of(rt)->collecting);
  for (uint32_t slot = 0; slot < pmmi_tracked_of(rt)->used; slot++) {
    pmm_obj *o = object_at(rt, slot);
    if (o != NULL && pmmi_is_weakref(o)) {
      pmmi_weakref_leave((struct pmmi_weakref *)o);
    }
  }
}

/* ---- 4. drop ------------------------------------------------------------ */

/* Whoever was made in the last round is not finalized by its death either. */
static void hold_all(pmm_rt *rt) {
  assert(pmmi_tracked_of(rt)->collecting);
  for (uint32_t slot = 0; slot < pmmi_tracked_of(rt)->used; slot++) {
    pmm_obj *o = object_at(rt, slot);
    if (o != NULL) {
      pmmi_retain(rt, o);
      pmmi_gc_set_finalized(o);
    }
  }
  struct pmmi_instance *i = pmmi_instance_first(rt);
  for (; i != NULL; i = pmmi_instance_next(i)) {
    pmmi_retain(rt, &i->base);
  }
}

/* A tuple has no clear, as it is immutable; but while it had one owner it
 * could be put into itself. */
static void drop_items(pmm_rt *rt, struct pmmi_tuple *tuple) {
  assert(pmmi_is_tuple(&tuple->var.base));
  for (size_t i = tuple->var.length; i-- > 0;) {
    pmmi_clear(rt, &tuple->items[i]);
  }
}

static void drop_all(pmm_rt *rt) {
  assert(pmmi_tracked_of(rt)->collecting);
  for (uint32_t slot = 0; slot < pmmi_tracked_of(rt)->used; slot++) {
    pmm_obj *o = object_at(rt, slot);
    if (o == NULL) {
      continue;
    }
    if (o->type->clear != NULL) {
      o->type->clear(rt, o);
    } else if (pmmi_is_tuple(o)) {
      drop_items(rt, (struct pmmi_tuple *)o);
    }
  }
  struct pmmi_instance *i = pmmi_instance_first(rt);
  for (; i != NULL; i = pmmi_instance_next(i)) {
    pmmi_instance_clear(rt, &i->base);
  }
}

/* ---- 5. let go ---------------------------------------------------------- */

static int visit_count(void *ctx, pmm_obj *o) {
  struct pmmi_tracked *table = ctx;
  if (pmmi_gc_is_collectable(o) &&
      pmmi_gc_head_of(o)->slot != PMMI_GC_UNTRACKED) {
    (*pmmi_gc_mark_at(table, pmmi_gc_head_of(o)->slot))++;
  }
  return 0;
}

static void count_anew(pmm_rt *rt) {
  assert(pmmi_tracked_of(rt)->collecting);
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  for (uint32_t slot = 0; slot < table->used; slot++) {
    pmm_obj *o = object_at(rt, slot);
    if (o != NULL) {
      (void)pmmi_visit(o, visit_count, table);
    }
  }
  for (uint32_t slot = 0; slot < table->used; slot++) {
    pmm_obj *o = object_at(rt, slot);
    uint32_t *mark = pmmi_gc_mark_at(table, slot);
    if (o != NULL) {
      o->refcnt = (uint64_t)*mark + 1;
      *mark = 0;
    }
  }
}

static void let_go_tracked(pmm_rt *rt) {
  for (uint32_t slot = 0; slot < pmmi_tracked_of(rt)->used; slot++) {
    pmm_obj *o = object_at(rt, slot);
    if (o != NULL) {
      pmmi_release(rt, o);
    }
  }
  assert(pmmi_tracked_of(rt)->count ==
         0); /* else a type without clear formed a cycle  */
}

static void free_linked(pmm_rt *rt) {
  assert(pmmi_tracked_of(rt)->count == 0);
  while (pmmi_instance_first(rt) != NULL) {
    pmm_obj *o = &pmmi_instance_first(rt)->base;
    o->refcnt = 0;
    o->type->dealloc(rt, o);
  }
}

void pmmi_gc_teardown(pmm_rt *rt) {
  assert(!pmmi_tracked_of(rt)->collecting);
  struct pmmi_gc *gc = pmmi_gc_of(rt);
  gc->enabled = 0;
  gc->debug = 0;
  pmmi_tracked_of(rt)->frozen_end = 0;
  pmmi_gc_log_because(rt, PMM_GC_SHUTDOWN);
  (void)pmmi_gc_collect(rt, PMMI_GC_GENERATIONS - 1);
  pmmi_clear(rt, &gc->garbage);
  finalize_all(rt);
  pmmi_tracked_of(rt)->collecting = 1; /* slots stay where they are */
  silence(rt);
  hold_all(rt);
  drop_all(rt);
  count_anew(rt);
  let_go_tracked(rt);
  free_linked(rt);
  pmmi_tracked_of(rt)->collecting = 0;
  pmmi_gc_log_fini(rt);
}
