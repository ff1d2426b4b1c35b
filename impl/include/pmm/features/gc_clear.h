/* SPDX-License-Identifier: MIT */
/* pmm/features/gc_clear.h - a type's clear is called by hand. */
#ifndef PMM_FEATURES_GC_CLEAR_H
#define PMM_FEATURES_GC_CLEAR_H

#include "pmm/types.h"

struct pmm_gc_clear_ops {
  size_t struct_size;
  /** Call the type's clear.  May run code. */
  enum pmm_status (*gc_clear)(pmm_rt *rt, pmm_obj *o);
};

#endif /* PMM_FEATURES_GC_CLEAR_H */
