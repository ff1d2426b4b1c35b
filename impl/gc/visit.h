/* SPDX-License-Identifier: MIT */
/*
 * visit.h - visiting what an object owns, with the commonest types inlined.
 *
 * A tuple's and a list's items are read here instead of through two calls by
 * pointer an item; every other type's own traverse is called.
 */
#ifndef PMMI_GC_VISIT_H
#define PMMI_GC_VISIT_H

#include "gc/gc.h"
#include "types/list.h"
#include "types/tuple.h"

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

/** The object's traverse: visit every owned reference once. */
static inline int pmmi_visit(pmm_obj *o, pmm_visit visit, void *ctx) {
  const struct pmmi_type *type = o->type;
  if (type == &pmmi_list_type) {
    struct pmmi_list *list = (struct pmmi_list *)o;
    return pmmi_visit_items(list->items, list->var.length, visit, ctx);
  }
  if (type == &pmmi_tuple_type) {
    struct pmmi_tuple *tuple = (struct pmmi_tuple *)o;
    return pmmi_visit_items(tuple->items, tuple->var.length, visit, ctx);
  }
  return type->traverse(o, visit, ctx);
}

/** 1 unless the object is not tracked and can never become so: it has no
 *  collector header, or it is a tuple that was found to hold only such. */
static inline int pmmi_may_be_tracked(const pmm_obj *o) {
  return pmmi_gc_is_collectable(o) &&
         (o->type != &pmmi_tuple_type ||
          pmmi_gc_head_of(o)->slot != PMMI_GC_UNTRACKED);
}

/** 1 for a tuple whose items are all there and none of which is or can
 *  become tracked: it can never be part of a cycle. */
static inline int pmmi_is_atomic_tuple(const pmm_obj *o) {
  if (o->type != &pmmi_tuple_type) {
    return 0;
  }
  const struct pmmi_tuple *tuple = (const struct pmmi_tuple *)o;
  for (size_t i = 0; i < tuple->var.length; i++) {
    const pmm_obj *item = tuple->items[i];
    if (item == NULL || pmmi_may_be_tracked(item)) {
      return 0;
    }
  }
  return 1;
}

#endif /* PMMI_GC_VISIT_H */
