/* SPDX-License-Identifier: MIT */
/*
 * pmm/features/raw_threads.h - any thread may use the raw domain.
 *
 * Blocks of PMM_DOMAIN_RAW may be asked for by any thread, many at once, while
 * the one that holds the runtime does what it likes; a block may be resized
 * and freed by another thread than made it.  Then hooks on that domain are
 * called by many threads at once, and none of these calls may be under way
 * during domain_set, debug_install, trace_start, trace_stop and close.  Needs
 * domains.
 */
#ifndef PMM_FEATURES_RAW_THREADS_H
#define PMM_FEATURES_RAW_THREADS_H

#include "pmm/types.h"

struct pmm_raw_threads_ops {
  size_t struct_size;
};

#endif /* PMM_FEATURES_RAW_THREADS_H */
