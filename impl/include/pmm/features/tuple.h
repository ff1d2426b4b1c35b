/* SPDX-License-Identifier: MIT */
/* pmm/features/tuple.h - tuples. */
#ifndef PMM_FEATURES_TUPLE_H
#define PMM_FEATURES_TUPLE_H

#include "pmm/types.h"

struct pmm_tuple_ops {
  size_t struct_size;
  /** A tuple of `n` empty slots, to be filled by tuple_set_steal. */
  pmm_obj *(*tuple_new)(pmm_rt *rt, size_t n);
  /** A tuple of borrowed `items`, each gaining one reference. */
  pmm_obj *(*tuple_from)(pmm_rt *rt, pmm_obj *const *items, size_t n);
  /** tuple(iterable). */
  pmm_obj *(*tuple_convert)(pmm_rt *rt, pmm_obj *iterable);
  /** A subclass instance (type made with PMM_TYPE_TUPLE). */
  pmm_obj *(*tuple_subtype_new)(pmm_rt *rt, pmm_obj *type,
                                pmm_obj *const *items, size_t n);
  /** Store in a tuple nobody shares; steals `item`.  PMM_INDEX; PMM_SYSTEM:
   *  shared, nothing stored. */
  enum pmm_status (*tuple_set_steal)(pmm_rt *rt, pmm_obj *tuple, size_t index,
                                     pmm_obj *item);
  /** Borrowed; NULL without error for an empty slot; PMM_INDEX. */
  pmm_obj *(*tuple_get)(pmm_rt *rt, pmm_obj *tuple, size_t index);
  pmm_obj *(*tuple_slice)(pmm_rt *rt, pmm_obj *tuple, size_t from, size_t to);
  pmm_obj *(*tuple_concat)(pmm_rt *rt, pmm_obj *a, pmm_obj *b);
  /** `count` below 0 is 0.  PMM_NO_MEMORY on overflow. */
  pmm_obj *(*tuple_repeat)(pmm_rt *rt, pmm_obj *tuple, int64_t count);
  /** Resize an unshared tuple in place; new slots are empty.  On failure
   *  (PMM_SYSTEM: shared) *tuple is released and NULL. */
  enum pmm_status (*tuple_resize)(pmm_rt *rt, pmm_obj **tuple, size_t n);
  /** Execute site `site` (0..7) of compiled code that names a tuple of
   *  constants: 0 is (), 1 is (0, 1), 2 is (0, 1, 2) and so on. */
  pmm_obj *(*tuple_constant)(pmm_rt *rt, unsigned site);
};

#endif /* PMM_FEATURES_TUPLE_H */
