/* SPDX-License-Identifier: MIT */
/*
 * dealloc.h - the end of an object, without deep recursion.
 *
 *   1. An atom owns nothing: its dealloc is called at once.  For any other
 *      object the finalizer runs, which may keep it; then its weak references
 *      are cleared and their callbacks run; then its dealloc is called.
 *   2. This may nest PMMI_DEALLOC_DEPTH deep.  One level deeper
 *      the object is untracked and waits in a chain, linked through its
 *      count, which nobody reads any more.
 *   3. The outermost dealloc drains the chain, setting the count to 0 again
 *      before each dealloc.
 *
 *   count of an object      meaning
 *   1 .. PMMI_IMMORTAL-1    alive
 *   PMMI_IMMORTAL           alive for ever
 *   0                       its dealloc runs
 *   PMMI_DEFERRED | address waits; the address of the next one, or 0
 *
 * So an object is alive exactly when its count, read as signed, is positive
 * (pmmi_is_alive); a weak reference asks that before it hands out a target.
 *
 * Source: CPython 3.11 Objects/object.c (the trashcan), which links through
 * the collector's header and so cannot defer what has none.
 */
#ifndef PMMI_DEALLOC_H
#define PMMI_DEALLOC_H

#include "core/object.h"

/** Set in the count of an object that waits for its dealloc. */
#define PMMI_DEFERRED (UINT64_C(1) << 63)

struct pmmi_dealloc {
  unsigned depth; /* deaths of containers on the C stack                    */
  pmm_obj *chain; /* head of those that wait                                */
};

/** Run the object's finalizer unless it has run; a pending error is kept.
 *  The caller holds a reference.  May run code. */
void pmmi_object_finalize(pmm_rt *rt, pmm_obj *o);

/** 1 unless the object is dying or waits to. */
static inline int pmmi_is_alive(const pmm_obj *o) {
  return (int64_t)o->refcnt > 0;
}

#endif /* PMMI_DEALLOC_H */
