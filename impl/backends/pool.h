/* SPDX-License-Identifier: MIT */
/*
 * pool.h - the reference pool as a backend.
 *
 * Where a memory checker listens, or the build asks for checks, the backend of
 * that name is the checked heap (pool_checked.h) over the same pool.
 */
#ifndef PMMI_BACKENDS_POOL_H
#define PMMI_BACKENDS_POOL_H

#include "backends/source.h"

#define PMMI_POOL_SUMMARY "the reference pool: 32 classes, one thread, no locks"

/** What the pool can do, checked or not. */
enum {
  PMMI_POOL_CAPABILITIES =
      PMM_BACKEND_ZERO_UNIQUE | PMM_BACKEND_FREES | PMM_BACKEND_SIZED_FREE |
      PMM_BACKEND_USABLE_SIZE | PMM_BACKEND_OWNS | PMM_BACKEND_BATCH |
      PMM_BACKEND_TRIM | PMM_BACKEND_STATS | PMM_BACKEND_CLASSES |
      PMM_BACKEND_VISIT | PMM_BACKEND_OS_HOOKS | PMM_BACKEND_HEAPS |
      PMM_BACKEND_RETURNS | PMM_BACKEND_ALIGNED
};

/** The pool itself: its inline functions are these functions' bodies. */
extern const struct pmm_backend pmmi_backend_pool;

#endif /* PMMI_BACKENDS_POOL_H */
