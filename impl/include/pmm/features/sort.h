/* SPDX-License-Identifier: MIT */
/* pmm/features/sort.h - lists are sorted. */
#ifndef PMM_FEATURES_SORT_H
#define PMM_FEATURES_SORT_H

#include "pmm/types.h"

struct pmm_sort_ops {
  size_t struct_size;
  /** Stable; `key` NULL: the items themselves (another one: feature sort_key).
   *  PMM_VALUE: the list was mutated meanwhile; it holds its items all the
   *  same. */
  enum pmm_status (*list_sort)(pmm_rt *rt, pmm_obj *list, pmm_call key,
                               void *ctx);
};

#endif /* PMM_FEATURES_SORT_H */
