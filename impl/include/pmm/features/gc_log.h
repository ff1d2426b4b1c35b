/* SPDX-License-Identifier: MIT */
/* pmm/features/gc_log.h - what each of the last collections did. */
#ifndef PMM_FEATURES_GC_LOG_H
#define PMM_FEATURES_GC_LOG_H

#include "pmm/types.h"

struct pmm_gc_log_ops {
  size_t struct_size;
  /** Note each collection, and each slice of one that goes by and by, from
   *  here on; forgets what was noted.  Noting needs no memory: the log is a
   *  ring of PMM_GC_LOG_RUNS. */
  enum pmm_status (*gc_log_start)(pmm_rt *rt);
  /** Note no more; what was noted can still be read.  Any time. */
  void (*gc_log_stop)(pmm_rt *rt);
  /** The last runs, latest first, at most `n` into `out`; returns how many
   *  there were since the start.  A run is there once it is over; callbacks
   *  at its stop can read it.  Any time. */
  uint64_t (*gc_log_read)(pmm_rt *rt, struct pmm_gc_run *out, size_t n);
};

#endif /* PMM_FEATURES_GC_LOG_H */
