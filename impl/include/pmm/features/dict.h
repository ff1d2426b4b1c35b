/* SPDX-License-Identifier: MIT */
/* pmm/features/dict.h - dictionaries. */
#ifndef PMM_FEATURES_DICT_H
#define PMM_FEATURES_DICT_H

#include "pmm/types.h"

struct pmm_dict_ops {
  size_t struct_size;
  /** An empty one. */
  pmm_obj *(*dict_new)(pmm_rt *rt);
  enum pmm_status (*dict_set)(pmm_rt *rt, pmm_obj *dict, pmm_obj *key,
                              pmm_obj *value);
  /** Borrowed; NULL without error when absent. */
  pmm_obj *(*dict_get)(pmm_rt *rt, pmm_obj *dict, pmm_obj *key);
  /** The same, new. */
  pmm_obj *(*dict_get_strong)(pmm_rt *rt, pmm_obj *dict, pmm_obj *key);
  /** PMM_KEY: absent.  May run code. */
  enum pmm_status (*dict_delete)(pmm_rt *rt, pmm_obj *dict, pmm_obj *key);
  enum pmm_status (*dict_clear)(pmm_rt *rt, pmm_obj *dict);
  pmm_obj *(*dict_copy)(pmm_rt *rt, pmm_obj *dict);
  /** Lists of keys and of values. */
  pmm_obj *(*dict_keys)(pmm_rt *rt, pmm_obj *dict);
  pmm_obj *(*dict_values)(pmm_rt *rt, pmm_obj *dict);
};

#endif /* PMM_FEATURES_DICT_H */
