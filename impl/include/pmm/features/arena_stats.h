/* SPDX-License-Identifier: MIT */
/* pmm/features/arena_stats.h - figures of each arena of the pool. */
#ifndef PMM_FEATURES_ARENA_STATS_H
#define PMM_FEATURES_ARENA_STATS_H

#include "pmm/types.h"

struct pmm_arena_stats_ops {
  size_t struct_size;
  /** Statistics of the index-th arena that is held; -1: not so many. */
  int (*arena_stats)(pmm_rt *rt, size_t index, struct pmm_arena_stats *out);
};

#endif /* PMM_FEATURES_ARENA_STATS_H */
