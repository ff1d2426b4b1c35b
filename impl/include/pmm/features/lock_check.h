/* SPDX-License-Identifier: MIT */
/*
 * pmm/features/lock_check.h - blocks are for the holder of the runtime.
 *
 * Once the debug layer is there (debug_install, PMM_OPEN_DEBUG), a call for
 * PMM_DOMAIN_MEM or PMM_DOMAIN_OBJ by a thread that does not hold the runtime
 * writes a message to standard error and aborts.  Needs domains and
 * debug_hooks.
 */
#ifndef PMM_FEATURES_LOCK_CHECK_H
#define PMM_FEATURES_LOCK_CHECK_H

#include "pmm/types.h"

struct pmm_lock_check_ops {
  size_t struct_size;
};

#endif /* PMM_FEATURES_LOCK_CHECK_H */
