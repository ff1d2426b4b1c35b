/* SPDX-License-Identifier: MIT */
/* pmm/features/gc_debug.h - the collector keeps what it found. */
#ifndef PMM_FEATURES_GC_DEBUG_H
#define PMM_FEATURES_GC_DEBUG_H

#include "pmm/types.h"

struct pmm_gc_debug_ops {
  size_t struct_size;
  /** `flags`: enum pmm_gc_debug, or-ed. */
  enum pmm_status (*gc_debug_set)(pmm_rt *rt, uint32_t flags);
  /** The garbage list, borrowed. */
  pmm_obj *(*gc_garbage)(pmm_rt *rt);
};

#endif /* PMM_FEATURES_GC_DEBUG_H */
