/* SPDX-License-Identifier: MIT */
/* pmm/features/copy.h - copies, byte arrays, views, typed arrays. */
#ifndef PMM_FEATURES_COPY_H
#define PMM_FEATURES_COPY_H

#include "pmm/types.h"

struct pmm_copy_ops {
  size_t struct_size;
  /** copy.copy(): a new object with the same items, or the object itself
   *  where it cannot change.  The copy of an instance has its type, cookie,
   *  slots and attributes; that of an iterator over a list, tuple, str, bytes,
   *  array, dict or set goes on from where it is.  PMM_TYPE: has no copy, as
   *  files, generators, views and chunks.  May run code. */
  pmm_obj *(*copy)(pmm_rt *rt, pmm_obj *o);
  /** copy.deepcopy(): copies of the items too, each object once.
   *  PMM_RECURSION; PMM_TYPE.  May run code. */
  pmm_obj *(*copy_deep)(pmm_rt *rt, pmm_obj *o);
  /** A resizable byte array of `size` zero bytes. */
  pmm_obj *(*bytearray_new)(pmm_rt *rt, size_t size);
  /** PMM_BUFFER: a view exists. */
  enum pmm_status (*bytearray_resize)(pmm_rt *rt, pmm_obj *array, size_t size);
  /** A view of bytes from..to of a bytearray or bytes.  Iterating gives them
   *  as they are then. */
  pmm_obj *(*view_new)(pmm_rt *rt, pmm_obj *owner, size_t from, size_t to);
  /** A typed array of `n` zeros. */
  pmm_obj *(*array_new)(pmm_rt *rt, enum pmm_item_kind kind, size_t n);
  /** Split an iterator: a tuple of two. */
  pmm_obj *(*tee)(pmm_rt *rt, pmm_obj *iterator);
};

#endif /* PMM_FEATURES_COPY_H */
