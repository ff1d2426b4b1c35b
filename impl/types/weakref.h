/* SPDX-License-Identifier: MIT */
/*
 * weakref.h - weak references and proxies as objects; how they hang on what
 * they refer to: core/weak_list.h.
 *
 *   1. A reference without a callback is shared: at most one live plain
 *      reference and one live plain proxy refer to an object.
 *   2. Asking for the target gives a reference of one's own, or nothing when it
 *      is dead or dying.
 *
 * Source: CPython 3.11 Objects/weakrefobject.c, Lib/weakref.py.
 */
#ifndef PMMI_WEAKREF_H
#define PMMI_WEAKREF_H

#include "core/weak_list.h"

extern const struct pmmi_type pmmi_weakref_type;
extern const struct pmmi_type pmmi_proxy_type;

/** The target, one reference more; NULL when it is dead or dying. */
static inline pmm_obj *pmmi_weakref_strong(pmm_rt *rt,
                                           const struct pmmi_weakref *ref) {
  pmm_obj *target = ref->target;
  return target == NULL || !pmmi_is_alive(target)
             ? NULL
             : pmmi_new_reference(rt, target);
}

/** A reference of `type` (laid out as pmmi_weakref_type's) that calls `act`.
 *  New, or NULL: PMM_TYPE, PMM_NO_MEMORY.  May run code. */
struct pmmi_weakref *pmmi_weakref_watch(pmm_rt *rt,
                                        const struct pmmi_type *type,
                                        pmm_obj *target, pmmi_weakref_act act,
                                        void *ctx);

/** dealloc, traverse and clear of types laid out as pmmi_weakref_type. */
void pmmi_weakref_dealloc(pmm_rt *rt, pmm_obj *o);
int pmmi_weakref_traverse(pmm_obj *o, pmm_visit visit, void *ctx);
void pmmi_weakref_clear(pmm_rt *rt, pmm_obj *o);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_weakref_new(pmm_rt *rt, pmm_obj *target, pmm_fn callback,
                          void *ctx, int64_t cookie);
pmm_obj *pmmi_weakref_with(pmm_rt *rt, pmm_obj *target, pmm_obj *callable);
pmm_obj *pmmi_weakref_get(pmm_rt *rt, pmm_obj *weakref);
size_t pmmi_weakref_count(pmm_rt *rt, pmm_obj *target);
pmm_obj *pmmi_proxy_new(pmm_rt *rt, pmm_obj *target);
pmm_obj *pmmi_proxy_slot(pmm_rt *rt, pmm_obj *proxy, size_t index);

#endif /* PMMI_WEAKREF_H */
