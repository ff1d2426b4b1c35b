/* SPDX-License-Identifier: MIT */
/* pmm/features/gc.h - collection of cycles when asked for. */
#ifndef PMM_FEATURES_GC_H
#define PMM_FEATURES_GC_H

#include "pmm/types.h"

struct pmm_gc_ops {
  size_t struct_size;
  /** Collect generation `generation` and the younger ones; 2 is all, in as
   *  many passes as it takes until what was garbage, and is not saved by a
   *  finalizer, is dead.
   *  *unreachable counts what was found; PMM_UNKNOWN: it cannot tell.
   *  PMM_VALUE: no such generation.  May run code. */
  enum pmm_status (*collect)(pmm_rt *rt, int generation, uint64_t *unreachable);
  /** Automatic collection on or off; gc_enabled tells.  Any time. */
  void (*gc_enable)(pmm_rt *rt, int enabled);
  int (*gc_enabled)(pmm_rt *rt);
};

#endif /* PMM_FEATURES_GC_H */
