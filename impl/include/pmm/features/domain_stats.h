/* SPDX-License-Identifier: MIT */
/* pmm/features/domain_stats.h - figures of each domain. */
#ifndef PMM_FEATURES_DOMAIN_STATS_H
#define PMM_FEATURES_DOMAIN_STATS_H

#include "pmm/types.h"

struct pmm_domain_stats_ops {
  size_t struct_size;
  /** What lives of a domain.  Any time. */
  void (*domain_stats)(pmm_rt *rt, enum pmm_domain domain,
                       struct pmm_domain_stats *out);
};

#endif /* PMM_FEATURES_DOMAIN_STATS_H */
