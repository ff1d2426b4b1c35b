/* SPDX-License-Identifier: MIT */
/*
 * pmm/features/immediate.h - values that are no objects.
 *
 * A runtime may keep small ints, floats and the like in the handle itself
 * (tagged values). Such a value has no block, no count, no identity of its own
 * and no death; of all other operations it is as good as an object.  Of
 * runtimes that do not offer this feature every handle names an object.
 */
#ifndef PMM_FEATURES_IMMEDIATE_H
#define PMM_FEATURES_IMMEDIATE_H

#include "pmm/types.h"

struct pmm_immediate_ops {
  size_t struct_size;
  /** 1 when the handle is a value and names no object.  Any time. */
  int (*is_immediate)(pmm_rt *rt, pmm_obj *o);
};

#endif /* PMM_FEATURES_IMMEDIATE_H */
