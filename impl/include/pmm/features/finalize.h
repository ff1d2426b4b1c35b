/* SPDX-License-Identifier: MIT */
/* pmm/features/finalize.h - helpers that call the host at an object's death. */
#ifndef PMM_FEATURES_FINALIZE_H
#define PMM_FEATURES_FINALIZE_H

#include "pmm/types.h"

struct pmm_finalize_ops {
  size_t struct_size;
  /** A finalize helper: calls `fn` once, at the target's death or at close. */
  pmm_obj *(*finalize_new)(pmm_rt *rt, pmm_obj *target, pmm_fn fn, void *ctx,
                           int64_t cookie);
  /** Call it now; *called is 1 the first time, else 0. */
  enum pmm_status (*finalize_call)(pmm_rt *rt, pmm_obj *finalize, int *called);
  enum pmm_status (*finalize_detach)(pmm_rt *rt, pmm_obj *finalize);
};

#endif /* PMM_FEATURES_FINALIZE_H */
