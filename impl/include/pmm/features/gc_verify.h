/* SPDX-License-Identifier: MIT */
/* pmm/features/gc_verify.h - the heap is checked. */
#ifndef PMM_FEATURES_GC_VERIFY_H
#define PMM_FEATURES_GC_VERIFY_H

#include "pmm/types.h"

struct pmm_gc_verify_ops {
  size_t struct_size;
  /** Check all invariants of the heap; NULL when they hold, else what is
   *  wrong, valid until the next call.  NULL with PMM_UNSUPPORTED pending: it
   *  cannot tell now. */
  const char *(*heap_verify)(pmm_rt *rt);
};

#endif /* PMM_FEATURES_GC_VERIFY_H */
