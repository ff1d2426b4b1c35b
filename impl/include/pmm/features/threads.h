/* SPDX-License-Identifier: MIT */
/* pmm/features/threads.h - several threads may drive one runtime. */
#ifndef PMM_FEATURES_THREADS_H
#define PMM_FEATURES_THREADS_H

#include "pmm/types.h"

struct pmm_threads_ops {
  size_t struct_size;
  /** Attach the calling thread, and let it go. */
  enum pmm_status (*thread_enter)(pmm_rt *rt);
  void (*thread_leave)(pmm_rt *rt);
};

#endif /* PMM_FEATURES_THREADS_H */
