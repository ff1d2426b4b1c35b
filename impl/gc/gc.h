/* SPDX-License-Identifier: MIT */
/*
 * gc.h - the cycle collector's interface to the object model.
 *
 *   byte -16              0
 *        +----------------+--------+--------+----
 *        | collector head | refcnt | type   | ...
 *        +----------------+--------+--------+----
 *                         ^ handle
 *
 *   1. pmmi_gc_new() makes an object that is not tracked yet, and reserves
 *      what tracking needs, so that tracking cannot fail.
 *   2. When its fields are valid, its constructor tracks it.
 *   3. Its dealloc untracks it before it invalidates a field.
 *   4. pmmi_gc_free() gives it back.
 *
 * Invariant: every tracked object is alive and its traverse is safe to call.
 */
#ifndef PMMI_GC_H
#define PMMI_GC_H

#include "object/object.h"

/** Bytes in front of every object of a PMMI_TYPE_GC type. */
#define PMMI_GC_HEAD_BYTES 16

/** A new, untracked object with `n` items, body zeroed, count 1.  May start a
 *  collection and so run code, before it allocates.  NULL: PMM_NO_MEMORY. */
pmm_obj *pmmi_gc_new(pmm_rt *rt, const struct pmmi_type *type, size_t n);

/** Resize an untracked, unshared object to `n` items, in place or not; new
 *  items are zero.  NULL: PMM_NO_MEMORY, and the object is unchanged. */
pmm_obj *pmmi_gc_resize(pmm_rt *rt, pmm_obj *o, size_t n);

/** Let the collector see the object; untrack hides it.  Both cannot fail and
 *  may be called twice. */
void pmmi_gc_track(pmm_rt *rt, pmm_obj *o);
void pmmi_gc_untrack(pmm_rt *rt, pmm_obj *o);

/** 1 when the object is tracked; any object may be asked about. */
int pmmi_gc_is_tracked(pmm_rt *rt, pmm_obj *o);

/** Give back an untracked object's memory; drops the reference to a heap
 *  type.  Owned references must be gone already. */
void pmmi_gc_free(pmm_rt *rt, pmm_obj *o);

#endif /* PMMI_GC_H */
