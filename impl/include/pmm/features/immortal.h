/* SPDX-License-Identifier: MIT */
/* pmm/features/immortal.h - shared objects that are never freed. */
#ifndef PMM_FEATURES_IMMORTAL_H
#define PMM_FEATURES_IMMORTAL_H

#include "pmm/types.h"

struct pmm_immortal_ops {
  size_t struct_size;
  /** 1 when the object's count does not move. */
  int (*is_immortal)(pmm_rt *rt, pmm_obj *o);
};

#endif /* PMM_FEATURES_IMMORTAL_H */
