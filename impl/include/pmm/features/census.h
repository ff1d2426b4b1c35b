/* SPDX-License-Identifier: MIT */
/* pmm/features/census.h - live objects by type. */
#ifndef PMM_FEATURES_CENSUS_H
#define PMM_FEATURES_CENSUS_H

#include "pmm/types.h"

struct pmm_census_ops {
  size_t struct_size;
  /** Count all live objects by type, one call a type, the most bytes first.
   *  Last comes what the subject can count but not list, as type "", if there
   *  is any.  `report` must not use operations. */
  enum pmm_status (*census)(pmm_rt *rt,
                            void (*report)(void *ctx,
                                           const struct pmm_census *row),
                            void *ctx);
};

#endif /* PMM_FEATURES_CENSUS_H */
