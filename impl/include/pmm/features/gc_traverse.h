/* SPDX-License-Identifier: MIT */
/* pmm/features/gc_traverse.h - a type's traverse is called by hand. */
#ifndef PMM_FEATURES_GC_TRAVERSE_H
#define PMM_FEATURES_GC_TRAVERSE_H

#include "pmm/types.h"

struct pmm_gc_traverse_ops {
  size_t struct_size;
  /** Call the type's traverse; returns what it returned. */
  int (*gc_traverse)(pmm_rt *rt, pmm_obj *o, pmm_visit visit, void *ctx);
};

#endif /* PMM_FEATURES_GC_TRAVERSE_H */
