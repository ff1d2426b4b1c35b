/* SPDX-License-Identifier: MIT */
/* pmm/features/pool_stats.h - live blocks and statistics of each size class. */
#ifndef PMM_FEATURES_POOL_STATS_H
#define PMM_FEATURES_POOL_STATS_H

#include "pmm/types.h"

struct pmm_pool_stats_ops {
  size_t struct_size;
  /** Statistics of size class `index`; -1: no such class. */
  int (*class_stats)(pmm_rt *rt, size_t index, struct pmm_class_stats *out);
};

#endif /* PMM_FEATURES_POOL_STATS_H */
