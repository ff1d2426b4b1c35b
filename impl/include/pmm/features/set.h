/* SPDX-License-Identifier: MIT */
/* pmm/features/set.h - sets. */
#ifndef PMM_FEATURES_SET_H
#define PMM_FEATURES_SET_H

#include "pmm/types.h"

struct pmm_set_ops {
  size_t struct_size;
  /** set(iterable); NULL: an empty one. */
  pmm_obj *(*set_new)(pmm_rt *rt, pmm_obj *iterable);
  enum pmm_status (*set_add)(pmm_rt *rt, pmm_obj *set, pmm_obj *item);
  enum pmm_status (*set_contains)(pmm_rt *rt, pmm_obj *set, pmm_obj *item,
                                  int *found);
  enum pmm_status (*set_discard)(pmm_rt *rt, pmm_obj *set, pmm_obj *item);
  pmm_obj *(*set_copy)(pmm_rt *rt, pmm_obj *set);
};

#endif /* PMM_FEATURES_SET_H */
