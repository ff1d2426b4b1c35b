/* SPDX-License-Identifier: MIT */
/* pmm/features/gc_freeze.h - a permanent generation. */
#ifndef PMM_FEATURES_GC_FREEZE_H
#define PMM_FEATURES_GC_FREEZE_H

#include "pmm/types.h"

struct pmm_gc_freeze_ops {
  size_t struct_size;
  /** Move all tracked objects out of the collector's sight, and back. */
  enum pmm_status (*gc_freeze)(pmm_rt *rt);
  enum pmm_status (*gc_unfreeze)(pmm_rt *rt);
  uint64_t (*gc_freeze_count)(pmm_rt *rt);
};

#endif /* PMM_FEATURES_GC_FREEZE_H */
