/* SPDX-License-Identifier: MIT */
/* pmm/features/gc_referrers.h - what refers to an object. */
#ifndef PMM_FEATURES_GC_REFERRERS_H
#define PMM_FEATURES_GC_REFERRERS_H

#include "pmm/types.h"

struct pmm_gc_referrers_ops {
  size_t struct_size;
  /** Tracked objects that own a reference to it.  A new list. */
  pmm_obj *(*gc_referrers)(pmm_rt *rt, pmm_obj *o);
};

#endif /* PMM_FEATURES_GC_REFERRERS_H */
