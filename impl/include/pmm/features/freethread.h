/* SPDX-License-Identifier: MIT */
/* pmm/features/freethread.h - no global lock. */
#ifndef PMM_FEATURES_FREETHREAD_H
#define PMM_FEATURES_FREETHREAD_H

#include "pmm/types.h"

struct pmm_freethread_ops {
  size_t struct_size;
};

#endif /* PMM_FEATURES_FREETHREAD_H */
