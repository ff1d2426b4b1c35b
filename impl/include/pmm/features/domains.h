/* SPDX-License-Identifier: MIT */
/* pmm/features/domains.h - blocks of the raw, the mem and the object domain. */
#ifndef PMM_FEATURES_DOMAINS_H
#define PMM_FEATURES_DOMAINS_H

#include "pmm/types.h"

struct pmm_domains_ops {
  size_t struct_size;
  /** Blocks of a domain.  NULL: no memory, and nothing changed; no error is
   *  pending.  0 bytes bring a block.  Sizes above PTRDIFF_MAX, and products
   *  that wrap, bring NULL. */
  void *(*domain_malloc)(pmm_rt *rt, enum pmm_domain domain, size_t size);
  void *(*domain_calloc)(pmm_rt *rt, enum pmm_domain domain, size_t n,
                         size_t size);
  void *(*domain_realloc)(pmm_rt *rt, enum pmm_domain domain, void *block,
                          size_t size);
  void (*domain_free)(pmm_rt *rt, enum pmm_domain domain, void *block);
};

#endif /* PMM_FEATURES_DOMAINS_H */
