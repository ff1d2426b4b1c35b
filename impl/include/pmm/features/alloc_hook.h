/* SPDX-License-Identifier: MIT */
/* pmm/features/alloc_hook.h - hooks on a domain's allocator (PEP 445). */
#ifndef PMM_FEATURES_ALLOC_HOOK_H
#define PMM_FEATURES_ALLOC_HOOK_H

#include "pmm/types.h"

struct pmm_alloc_hook_ops {
  size_t struct_size;
  /** The allocator of a domain, and another one from here on. */
  void (*domain_get)(pmm_rt *rt, enum pmm_domain domain,
                     struct pmm_domain_allocator *out);
  enum pmm_status (*domain_set)(pmm_rt *rt, enum pmm_domain domain,
                                const struct pmm_domain_allocator *allocator);
};

#endif /* PMM_FEATURES_ALLOC_HOOK_H */
