/* SPDX-License-Identifier: MIT */
/* pmm/features/gc_callbacks.h - start and stop of each collection are heard. */
#ifndef PMM_FEATURES_GC_CALLBACKS_H
#define PMM_FEATURES_GC_CALLBACKS_H

#include "pmm/types.h"

struct pmm_gc_callbacks_ops {
  size_t struct_size;
  /** `fn` at start and stop of each collection, after those added before;
   *  the events GC_START and GC_STOP come before the first of them.  The same
   *  pair may be there several times. */
  enum pmm_status (*gc_callback_add)(pmm_rt *rt, pmm_gc_fn fn, void *ctx);
  /** Remove the pair that was added first.  PMM_VALUE: it is not there. */
  enum pmm_status (*gc_callback_remove)(pmm_rt *rt, pmm_gc_fn fn, void *ctx);
};

#endif /* PMM_FEATURES_GC_CALLBACKS_H */
