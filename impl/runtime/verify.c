/* SPDX-License-Identifier: MIT */
/*
 * verify.c - the invariants of the whole heap, as functions.
 *
 *   1. The table holds (core/tracked.h).
 *   2. Every referent of a tracked object is alive, every list of weak
 *      references is whole, and so is the object by its type's own check.
 *   3. No object is visited more often than it has owners.  The visits are
 *      counted in the marks, so only between collections.
 */
#include "runtime/verify.h"

#include "gc/mark.h"
#include "gc/search.h"
#include "gc/visit.h"
#include "runtime/runtime.h"
#include "types/instance.h"
#include "types/weakref.h"

/** A walk over the heap. */
struct walk {
  struct pmmi_tracked *table;
  const char *wrong; /* NULL: nothing so far                                */
};

static int visit_alive(void *ctx, pmm_obj *o) {
  assert(ctx != NULL);
  struct walk *walk = ctx;
  if (o->type == NULL || !pmmi_is_alive(o)) {
    walk->wrong = "an object refers to one that is dead";
  }
  return walk->wrong != NULL;
}

static int visit_count(void *ctx, pmm_obj *o) {
  struct walk *walk = ctx;
  if (pmmi_gc_is_collectable(o) &&
      pmmi_gc_head_of(o)->slot != PMMI_GC_UNTRACKED) {
    (*pmmi_gc_mark_at(walk->table, pmmi_gc_head_of(o)->slot))++;
  }
  return 0;
}

static const char *check_object(struct walk *walk, pmm_obj *o) {
  assert(pmmi_is_alive(o) || walk->table->collecting);
  (void)pmmi_visit(o, visit_alive, walk);
  if (walk->wrong == NULL && o->type->weak_offset != 0) {
    walk->wrong = pmmi_weakref_check(o);
  }
  if (walk->wrong == NULL && o->type->check != NULL) {
    walk->wrong = o->type->check(o);
  }
  return walk->wrong;
}

static const char *check_counts(struct walk *walk) {
  assert(!walk->table->collecting);
  struct pmmi_tracked *table = walk->table;
  const char *wrong = NULL;
  for (uint32_t slot = 0; slot < table->used; slot++) {
    pmm_obj *o = *pmmi_gc_object_at(table, slot);
    if (o != NULL) {
      (void)pmmi_visit(o, visit_count, walk);
    }
  }
  for (uint32_t slot = 0; slot < table->used; slot++) {
    pmm_obj *o = *pmmi_gc_object_at(table, slot);
    uint32_t *mark = pmmi_gc_mark_at(table, slot);
    if (o != NULL && *mark > o->refcnt) {
      wrong = "an object has more referrers than its count says";
    }
    *mark = 0;
  }
  return wrong;
}

static const char *check_instances(pmm_rt *rt, struct walk *walk) {
  struct pmmi_instance *i = pmmi_instance_first(rt);
  for (; i != NULL && walk->wrong == NULL; i = pmmi_instance_next(i)) {
    if (pmmi_is_alive(&i->base)) {
      (void)check_object(walk, &i->base);
    }
  }
  return walk->wrong;
}

const char *pmmi_heap_check(pmm_rt *rt) {
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  int at_rest = !table->collecting;
  struct walk walk = {table, pmmi_gc_table_check(table, at_rest)};
  for (uint32_t slot = 0; walk.wrong == NULL && slot < table->used; slot++) {
    pmm_obj *o = *pmmi_gc_object_at(table, slot);
    if (o != NULL) {
      (void)check_object(&walk, o);
    }
  }
  if (walk.wrong == NULL) {
    walk.wrong = check_instances(rt, &walk);
  }
  if (walk.wrong == NULL && at_rest) {
    walk.wrong = check_counts(&walk);
  }
  if (walk.wrong == NULL && pmmi_dealloc_of(rt)->depth == 0 &&
      pmmi_dealloc_of(rt)->chain != NULL) {
    walk.wrong = "objects are still queued after their deallocation ended";
  }
  return walk.wrong;
}

const char *pmmi_heap_verify(pmm_rt *rt) {
  pmmi_gc_search_abandon(rt);
  const char *wrong = pmmi_heap_check(rt);
  if (wrong == NULL) {
    wrong = pmmi_gc_of(rt)->fault;
  }
  return wrong;
}
