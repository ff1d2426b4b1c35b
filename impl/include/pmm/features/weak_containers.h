/* SPDX-License-Identifier: MIT */
/* pmm/features/weak_containers.h - weak maps and sets. */
#ifndef PMM_FEATURES_WEAK_CONTAINERS_H
#define PMM_FEATURES_WEAK_CONTAINERS_H

#include "pmm/types.h"

struct pmm_weak_containers_ops {
  size_t struct_size;
  /** An empty one. */
  pmm_obj *(*weak_new)(pmm_rt *rt, enum pmm_weak_kind kind);
  /** `value` is ignored by a weak set. */
  enum pmm_status (*weak_set)(pmm_rt *rt, pmm_obj *weak, pmm_obj *key,
                              pmm_obj *value);
  /** The value of a key in a weak map, new; NULL without error when there is
   *  none.  PMM_TYPE: a weak set; the key is unhashable. */
  pmm_obj *(*weak_get)(pmm_rt *rt, pmm_obj *weak, pmm_obj *key);
  /** Remove a key.  PMM_KEY: absent.  May run code. */
  enum pmm_status (*weak_delete)(pmm_rt *rt, pmm_obj *weak, pmm_obj *key);
};

#endif /* PMM_FEATURES_WEAK_CONTAINERS_H */
