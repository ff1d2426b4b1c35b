/* SPDX-License-Identifier: MIT */
/* pmm/features/refcount.h - the exact count of references can be read. */
#ifndef PMM_FEATURES_REFCOUNT_H
#define PMM_FEATURES_REFCOUNT_H

#include "pmm/types.h"

struct pmm_refcount_ops {
  size_t struct_size;
  /** The exact count of references.  PMM_UNKNOWN for an immediate value.  Any
   *  time. */
  uint64_t (*refcount)(pmm_rt *rt, pmm_obj *o);
  /** As the language reports it; may be one more (the profile tells). */
  uint64_t (*refcount_reported)(pmm_rt *rt, pmm_obj *o);
  /** Pretend that `count` references exist.  For limits only. */
  enum pmm_status (*refcount_set)(pmm_rt *rt, pmm_obj *o, uint64_t count);
};

#endif /* PMM_FEATURES_REFCOUNT_H */
