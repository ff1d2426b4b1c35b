/* SPDX-License-Identifier: MIT */
/* pmm/features/gc_budget.h - a longest pause that is aimed at. */
#ifndef PMM_FEATURES_GC_BUDGET_H
#define PMM_FEATURES_GC_BUDGET_H

#include "pmm/types.h"

struct pmm_gc_budget_ops {
  size_t struct_size;
  /** The pause that a collector in slices aims at, in nanoseconds; 0: its
   *  own choice.  Modes without slices ignore it. */
  enum pmm_status (*gc_set_budget)(pmm_rt *rt, uint64_t nanoseconds);
};

#endif /* PMM_FEATURES_GC_BUDGET_H */
