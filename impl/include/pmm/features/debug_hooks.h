/* SPDX-License-Identifier: MIT */
/* pmm/features/debug_hooks.h - guard bytes and fill patterns around blocks. */
#ifndef PMM_FEATURES_DEBUG_HOOKS_H
#define PMM_FEATURES_DEBUG_HOOKS_H

#include "pmm/types.h"

struct pmm_debug_hooks_ops {
  size_t struct_size;
  /** Put the debug layer on every domain. */
  enum pmm_status (*debug_install)(pmm_rt *rt);
};

#endif /* PMM_FEATURES_DEBUG_HOOKS_H */
