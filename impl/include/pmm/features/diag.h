/* SPDX-License-Identifier: MIT */
/*
 * pmm/features/diag.h - errors nobody gets, warnings, faults, leaks.
 *
 * With this feature the events PMM_EVENT_UNRAISABLE, PMM_EVENT_WARNING and
 * PMM_EVENT_FAULT come.
 */
#ifndef PMM_FEATURES_DIAG_H
#define PMM_FEATURES_DIAG_H

#include "pmm/types.h"

struct pmm_diag_ops {
  size_t struct_size;
  /** Report what is alive beyond the runtime's own objects, one call a kind,
   *  type and site.  `report` must not use operations. */
  enum pmm_status (*leaks)(pmm_rt *rt,
                           void (*report)(void *ctx,
                                          const struct pmm_leak *leak),
                           void *ctx);
};

#endif /* PMM_FEATURES_DIAG_H */
