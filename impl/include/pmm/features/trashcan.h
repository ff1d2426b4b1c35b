/* SPDX-License-Identifier: MIT */
/*
 * pmm/features/trashcan.h - deep structures on a small stack.
 *
 * What is nested arbitrarily deep dies without a deep stack.
 */
#ifndef PMM_FEATURES_TRASHCAN_H
#define PMM_FEATURES_TRASHCAN_H

#include "pmm/types.h"

struct pmm_trashcan_ops {
  size_t struct_size;
  /** Run `fn` on a fresh stack of `stack_bytes`, attached to the runtime,
   *  and wait for it.  Returns what it returned. */
  enum pmm_status (*call_on_stack)(pmm_rt *rt, size_t stack_bytes, pmm_fn fn,
                                   void *ctx);
};

#endif /* PMM_FEATURES_TRASHCAN_H */
