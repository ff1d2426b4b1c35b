/* SPDX-License-Identifier: MIT */
/*
 * pmm/features/pool.h - a pool allocator serves small blocks.
 *
 * The profile tells its geometry: pool_max_bytes, pool_class_bytes and so on.
 */
#ifndef PMM_FEATURES_POOL_H
#define PMM_FEATURES_POOL_H

#include "pmm/types.h"

struct pmm_pool_ops {
  size_t struct_size;
};

#endif /* PMM_FEATURES_POOL_H */
