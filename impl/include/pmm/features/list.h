/* SPDX-License-Identifier: MIT */
/* pmm/features/list.h - lists. */
#ifndef PMM_FEATURES_LIST_H
#define PMM_FEATURES_LIST_H

#include "pmm/types.h"

struct pmm_list_ops {
  size_t struct_size;
  /** A list of `n` empty slots, to be filled by list_set_steal. */
  pmm_obj *(*list_new)(pmm_rt *rt, size_t n);
  /** [items...]; each gains one reference. */
  pmm_obj *(*list_from)(pmm_rt *rt, pmm_obj *const *items, size_t n);
  /** list(iterable). */
  pmm_obj *(*list_convert)(pmm_rt *rt, pmm_obj *iterable);
  enum pmm_status (*list_append)(pmm_rt *rt, pmm_obj *list, pmm_obj *item);
  enum pmm_status (*list_insert)(pmm_rt *rt, pmm_obj *list, size_t index,
                                 pmm_obj *item);
  /** Steals `item` on success and failure; then drops the old item. */
  enum pmm_status (*list_set_steal)(pmm_rt *rt, pmm_obj *list, size_t index,
                                    pmm_obj *item);
  /** list[index] = item.  May run code. */
  enum pmm_status (*list_set)(pmm_rt *rt, pmm_obj *list, size_t index,
                              pmm_obj *item);
  /** Borrowed; PMM_INDEX. */
  pmm_obj *(*list_get)(pmm_rt *rt, pmm_obj *list, size_t index);
  /** The same, new. */
  pmm_obj *(*list_get_strong)(pmm_rt *rt, pmm_obj *list, size_t index);
  /** Remove and return item `index` (new); SIZE_MAX: the last. */
  pmm_obj *(*list_pop)(pmm_rt *rt, pmm_obj *list, size_t index);
  /** Remove the first equal item.  PMM_VALUE: none.  May run code. */
  enum pmm_status (*list_remove)(pmm_rt *rt, pmm_obj *list, pmm_obj *value);
  pmm_obj *(*list_slice)(pmm_rt *rt, pmm_obj *list, size_t from, size_t to);
  /** list[from:to] = iterable; NULL deletes.  May run code. */
  enum pmm_status (*list_assign_slice)(pmm_rt *rt, pmm_obj *list, size_t from,
                                       size_t to, pmm_obj *iterable);
  pmm_obj *(*list_concat)(pmm_rt *rt, pmm_obj *a, pmm_obj *b);
  /** list * count, `count` an int object.  PMM_NO_MEMORY; PMM_OVERFLOW: it
   *  does not fit the signed size type. */
  pmm_obj *(*list_repeat)(pmm_rt *rt, pmm_obj *list, pmm_obj *count);
  /** list += iterable, list *= count: same object.  Unchanged on failure. */
  enum pmm_status (*list_extend)(pmm_rt *rt, pmm_obj *list, pmm_obj *iterable);
  enum pmm_status (*list_repeat_inplace)(pmm_rt *rt, pmm_obj *list,
                                         pmm_obj *count);
  enum pmm_status (*list_clear)(pmm_rt *rt, pmm_obj *list);
  enum pmm_status (*list_reverse)(pmm_rt *rt, pmm_obj *list);
};

#endif /* PMM_FEATURES_LIST_H */
