/* SPDX-License-Identifier: MIT */
/* pmm/features/gc_track.h - whether the collector examines an object. */
#ifndef PMM_FEATURES_GC_TRACK_H
#define PMM_FEATURES_GC_TRACK_H

#include "pmm/types.h"

struct pmm_gc_track_ops {
  size_t struct_size;
  /** 1 when the collector examines the object.  Any time. */
  int (*gc_is_tracked)(pmm_rt *rt, pmm_obj *o);
};

#endif /* PMM_FEATURES_GC_TRACK_H */
