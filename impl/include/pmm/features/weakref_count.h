/* SPDX-License-Identifier: MIT */
/* pmm/features/weakref_count.h - weak references are counted. */
#ifndef PMM_FEATURES_WEAKREF_COUNT_H
#define PMM_FEATURES_WEAKREF_COUNT_H

#include "pmm/types.h"

struct pmm_weakref_count_ops {
  size_t struct_size;
  /** Live weak references and proxies to the object.  Any time. */
  size_t (*weakref_count)(pmm_rt *rt, pmm_obj *target);
};

#endif /* PMM_FEATURES_WEAKREF_COUNT_H */
