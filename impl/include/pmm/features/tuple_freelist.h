/* SPDX-License-Identifier: MIT */
/*
 * pmm/features/tuple_freelist.h - freed tuples are cached.
 *
 * The profile tells how many: tuple_freelist_max and so on.
 */
#ifndef PMM_FEATURES_TUPLE_FREELIST_H
#define PMM_FEATURES_TUPLE_FREELIST_H

#include "pmm/types.h"

struct pmm_tuple_freelist_ops {
  size_t struct_size;
};

#endif /* PMM_FEATURES_TUPLE_FREELIST_H */
