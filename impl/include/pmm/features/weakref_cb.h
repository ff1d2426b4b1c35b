/* SPDX-License-Identifier: MIT */
/*
 * pmm/features/weakref_cb.h - weak references with callbacks.
 *
 * weakref_new() of feature weakref takes a callback.  Its event
 * PMM_EVENT_CALLBACK carries the reference's cookie and comes before it is
 * called.
 */
#ifndef PMM_FEATURES_WEAKREF_CB_H
#define PMM_FEATURES_WEAKREF_CB_H

#include "pmm/types.h"

struct pmm_weakref_cb_ops {
  size_t struct_size;
  /** A weak reference whose callback is an object (from callable_new). */
  pmm_obj *(*weakref_with)(pmm_rt *rt, pmm_obj *target, pmm_obj *callable);
};

#endif /* PMM_FEATURES_WEAKREF_CB_H */
