/* SPDX-License-Identifier: MIT */
/*
 * visit.h - visiting what an object owns, with the commonest layouts inlined.
 *
 * Items of a type that says where they lie (PMMI_TYPE_INLINE, _BEHIND: tuples
 * and lists) are read here instead of through two calls by pointer an item;
 * every other type's own traverse is called.
 */
#ifndef PMMI_GC_VISIT_H
#define PMMI_GC_VISIT_H

#include "gc/gc.h"

static inline int pmmi_visit_items(pmm_obj *const *items, size_t n,
                                   pmm_visit visit, void *ctx) {
  for (size_t i = 0; i < n; i++) {
    if (items[i] != NULL) {
      int result = visit(ctx, items[i]);
      if (result != 0) {
        return result;
      }
    }
  }
  return 0;
}

/** Visit every owned reference once; `other` does it for a type that does not
 *  say where its items lie. */
static inline int pmmi_visit_by(pmm_obj *o, pmm_visit visit, void *ctx,
                                int (*other)(pmm_obj *, pmm_visit, void *)) {
  const struct pmmi_type *type = o->type;
  if ((type->flags & PMMI_TYPE_BEHIND) != 0) {
    struct pmmi_behind *list = (struct pmmi_behind *)o;
    return pmmi_visit_items(list->items, list->var.length, visit, ctx);
  }
  if ((type->flags & PMMI_TYPE_INLINE) != 0) {
    struct pmmi_inline *tuple = (struct pmmi_inline *)o;
    return pmmi_visit_items(tuple->items, tuple->var.length, visit, ctx);
  }
  assert(other != NULL);
  return other(o, visit, ctx);
}

/** The object's traverse: visit every owned reference once. */
static inline int pmmi_visit(pmm_obj *o, pmm_visit visit, void *ctx) {
  return pmmi_visit_by(o, visit, ctx, o->type->traverse);
}

/** The same; references to atoms may be left out. */
static inline int pmmi_visit_collectable(pmm_obj *o, pmm_visit visit,
                                         void *ctx) {
  const struct pmmi_type *type = o->type;
  return pmmi_visit_by(o, visit, ctx,
                       type->walk != NULL ? type->walk : type->traverse);
}

/** 1 unless the object is not tracked and can never become so: it has no
 *  collector header, or its items never change and were found to be such. */
static inline int pmmi_may_be_tracked(const pmm_obj *o) {
  const uint32_t flags = o->type->flags;
  return (flags & PMMI_TYPE_GC) != 0 &&
         ((flags & PMMI_TYPE_INLINE) == 0 ||
          pmmi_gc_head_of(o)->slot != PMMI_GC_UNTRACKED);
}

/** 1 for an object whose items never change, are all there, and none of which
 *  is or can become tracked: it can never be part of a cycle. */
static inline int pmmi_is_atomic(const pmm_obj *o) {
  if ((o->type->flags & PMMI_TYPE_INLINE) == 0) {
    return 0;
  }
  const struct pmmi_inline *tuple = (const struct pmmi_inline *)o;
  for (size_t i = 0; i < tuple->var.length; i++) {
    const pmm_obj *item = tuple->items[i];
    if (item == NULL || pmmi_may_be_tracked(item)) {
      return 0;
    }
  }
  return 1;
}

#endif /* PMMI_GC_VISIT_H */
