/* SPDX-License-Identifier: MIT */
/* pmm/features/gc_gen.h - generations: thresholds, counts, statistics. */
#ifndef PMM_FEATURES_GC_GEN_H
#define PMM_FEATURES_GC_GEN_H

#include "pmm/types.h"

struct pmm_gc_gen_ops {
  size_t struct_size;
  /** Tracked objects of a generation (-1: all) as a new list. */
  pmm_obj *(*gc_objects)(pmm_rt *rt, int generation);
  /** Thresholds and counts of the three generations, the youngest first. */
  void (*gc_thresholds)(pmm_rt *rt, uint64_t thresholds[3]);
  enum pmm_status (*gc_set_thresholds)(pmm_rt *rt, const uint64_t values[3]);
  void (*gc_counts)(pmm_rt *rt, uint64_t counts[3]);
  enum pmm_status (*gc_stats)(pmm_rt *rt, int generation,
                              struct pmm_gc_stats *out);
};

#endif /* PMM_FEATURES_GC_GEN_H */
