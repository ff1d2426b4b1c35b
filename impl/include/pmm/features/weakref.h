/* SPDX-License-Identifier: MIT */
/* pmm/features/weakref.h - weak references. */
#ifndef PMM_FEATURES_WEAKREF_H
#define PMM_FEATURES_WEAKREF_H

#include "pmm/types.h"

struct pmm_weakref_ops {
  size_t struct_size;
  /** A weak reference.  PMM_TYPE: the type does not accept them.  `callback`
   *  is NULL without the feature weakref_cb; plain references may be shared. */
  pmm_obj *(*weakref_new)(pmm_rt *rt, pmm_obj *target, pmm_fn callback,
                          void *ctx, int64_t cookie);
  /** The target, new; NULL without error when it is dead. */
  pmm_obj *(*weakref_get)(pmm_rt *rt, pmm_obj *weakref);
};

#endif /* PMM_FEATURES_WEAKREF_H */
