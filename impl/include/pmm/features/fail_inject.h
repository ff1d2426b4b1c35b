/* SPDX-License-Identifier: MIT */
/* pmm/features/fail_inject.h - the k-th allocation fails. */
#ifndef PMM_FEATURES_FAIL_INJECT_H
#define PMM_FEATURES_FAIL_INJECT_H

#include "pmm/types.h"

struct pmm_fail_inject_ops {
  size_t struct_size;
  /** From now on allocation number `nth` (1 is the next) fails; `persist`:
   *  and all after it.  Resizes that grow count as allocations; what threads
   *  ask for that do not hold the runtime does not. */
  void (*inject_arm)(pmm_rt *rt, uint64_t nth, int persist);
  /** Stop; returns how many allocations failed since inject_arm. */
  uint64_t (*inject_disarm)(pmm_rt *rt);
};

#endif /* PMM_FEATURES_FAIL_INJECT_H */
