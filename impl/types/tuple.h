/* SPDX-License-Identifier: MIT */
/*
 * tuple.h - tuples: items that never change, in the object's own block.
 *
 *   byte -16              0        8        16       24
 *        +----------------+--------+--------+--------+--------+----
 *        | collector head | refcnt | type   | length | item 0 | ...
 *        +----------------+--------+--------+--------+--------+----
 *
 *   1. There is one empty tuple, immortal and never tracked.
 *   2. A dead tuple of 1 to PMMI_TUPLE_KEPT_LENGTH items stays on a list of
 *      its length, at most PMMI_TUPLE_KEPT of them, linked through item 0,
 *      and is the first to be handed out again.
 *   3. A tuple is tracked when it is made; the collector untracks it when it
 *      finds that nothing in it can be part of a cycle.
 *   4. An instance of a subclass (a heap type with PMMI_TYPE_TUPLE, which
 *      takes its functions from pmmi_tuple_type) is never shared and never
 *      kept.
 *
 * Invariant: an item is NULL only until its slot is filled for the first
 * time; `length` of a tuple that was handed out never changes but by
 * pmmi_tuple_resize(), which needs the only reference.
 *
 * Source: CPython 3.11 Objects/tupleobject.c.
 */
#ifndef PMMI_TUPLE_H
#define PMMI_TUPLE_H

#include "core/object.h"
#include "gc/gc.h"
#include "types/tuple_ops.h"

#define PMMI_TUPLE_KEPT_LENGTH 20
#define PMMI_TUPLE_KEPT 2000
#define PMMI_TUPLE_CONSTANTS 8

struct pmmi_tuple {
  struct pmmi_var var; /* length: items                                     */
  pmm_obj *items[];    /* owned                                             */
};

static_assert(offsetof(struct pmmi_tuple, items) ==
                  offsetof(struct pmmi_inline, items), "PMMI_TYPE_INLINE");

/** Dead tuples of one length. */
struct pmmi_tuple_list {
  pmm_obj *first;
  size_t count;
};

struct pmmi_tuples {
  struct pmmi_gc_head empty_head; /* in front of `empty`, as drawn          */
  struct pmmi_var empty;
  struct pmmi_tuple_list kept[PMMI_TUPLE_KEPT_LENGTH + 1]; /* by length     */
  /** Owned; made at open.  Each points to the start of its block and not to
   *  the handle inside: memcheck calls a block that is known by an inner
   *  pointer alone "possibly lost", and these are not. */
  char *constants[PMMI_TUPLE_CONSTANTS];
};

static_assert(offsetof(struct pmmi_tuples, empty) == PMMI_GC_HEAD_BYTES,
              "the empty tuple stands behind its head");

extern const struct pmmi_type pmmi_tuple_type;

/** Make the empty tuple and the constants.  PMM_NO_MEMORY. */
enum pmm_status pmmi_tuples_init(pmm_rt *rt);
void pmmi_tuples_fini(pmm_rt *rt);

/** Keep a dead, untracked tuple that owns nothing, for the next of its length;
 *  0: it must be given back instead. */
int pmmi_tuple_keep(pmm_rt *rt, struct pmmi_tuple *t);

/** Give all kept tuples back. */
void pmmi_tuples_flush(pmm_rt *rt);

/** Give them back and keep no more (0), or keep dead tuples again (1). */
void pmmi_tuples_keep(pmm_rt *rt, int on);

/** Add the blocks and bytes of kept tuples. */
void pmmi_tuples_figures(pmm_rt *rt, struct pmm_memory *out);

/** 1 for tuples and instances of subclasses. */
static inline int pmmi_is_tuple(const pmm_obj *o) {
  return (o->type->flags & PMMI_TYPE_TUPLE) != 0;
}

/** A tuple whose `n` > 0 items the caller fills and then passes to
 *  pmmi_gc_track(); its slots are not NULL before.  No code may run until
 *  then. */
struct pmmi_tuple *pmmi_tuple_alloc(pmm_rt *rt, size_t n);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_tuple_new(pmm_rt *rt, size_t n);
pmm_obj *pmmi_tuple_from(pmm_rt *rt, pmm_obj *const *items, size_t n);
pmm_obj *pmmi_tuple_subtype_new(pmm_rt *rt, pmm_obj *type,
                                pmm_obj *const *items, size_t n);
pmm_obj *pmmi_tuple_constant(pmm_rt *rt, unsigned site);

#endif /* PMMI_TUPLE_H */
