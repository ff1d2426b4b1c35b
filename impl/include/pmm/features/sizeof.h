/* SPDX-License-Identifier: MIT */
/* pmm/features/sizeof.h - sizes as the language reports them. */
#ifndef PMM_FEATURES_SIZEOF_H
#define PMM_FEATURES_SIZEOF_H

#include "pmm/types.h"

struct pmm_sizeof_ops {
  size_t struct_size;
  /** As the language reports it: shallow, collector header included. */
  enum pmm_status (*size_of)(pmm_rt *rt, pmm_obj *o, size_t *bytes);
};

#endif /* PMM_FEATURES_SIZEOF_H */
