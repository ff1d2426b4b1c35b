/* SPDX-License-Identifier: MIT */
/* pmm/features/frozenset.h - sets that never change. */
#ifndef PMM_FEATURES_FROZENSET_H
#define PMM_FEATURES_FROZENSET_H

#include "pmm/types.h"

struct pmm_frozenset_ops {
  size_t struct_size;
  /** frozenset(iterable); NULL: an empty one. */
  pmm_obj *(*frozenset_new)(pmm_rt *rt, pmm_obj *iterable);
};

#endif /* PMM_FEATURES_FROZENSET_H */
