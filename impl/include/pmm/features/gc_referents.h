/* SPDX-License-Identifier: MIT */
/* pmm/features/gc_referents.h - what an object refers to. */
#ifndef PMM_FEATURES_GC_REFERENTS_H
#define PMM_FEATURES_GC_REFERENTS_H

#include "pmm/types.h"

struct pmm_gc_referents_ops {
  size_t struct_size;
  /** Objects the object owns a reference to, in order.  A new list. */
  pmm_obj *(*gc_referents)(pmm_rt *rt, pmm_obj *o);
};

#endif /* PMM_FEATURES_GC_REFERENTS_H */
