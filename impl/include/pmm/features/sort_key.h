/* SPDX-License-Identifier: MIT */
/*
 * pmm/features/sort_key.h - lists are sorted by a key.
 *
 * list_sort() of feature sort takes a key function.
 */
#ifndef PMM_FEATURES_SORT_KEY_H
#define PMM_FEATURES_SORT_KEY_H

#include "pmm/types.h"

struct pmm_sort_key_ops {
  size_t struct_size;
};

#endif /* PMM_FEATURES_SORT_KEY_H */
