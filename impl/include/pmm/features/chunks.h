/* SPDX-License-Identifier: MIT */
/* pmm/features/chunks.h - iterators that give their input in chunks. */
#ifndef PMM_FEATURES_CHUNKS_H
#define PMM_FEATURES_CHUNKS_H

#include "pmm/types.h"

struct pmm_chunks_ops {
  size_t struct_size;
  /** An iterator that gives the items of any iterable in lists of `size`, the
   *  last one shorter.  It owns an iterator over it, and of the chunks only the
   *  one that it fills: an error of the source leaves that as it is, and the
   *  next call goes on with it.  PMM_VALUE: `size` is 0. */
  pmm_obj *(*chunks)(pmm_rt *rt, pmm_obj *iterable, size_t size);
  /** An iterator that gives what is left of a file in bytes objects of `size`,
   *  the last one shorter.  It owns a reference to the file, no chunk, and does
   *  not close it.  Its next() fails as file_read().  PMM_TYPE; PMM_VALUE:
   *  `size` is 0. */
  pmm_obj *(*file_chunks)(pmm_rt *rt, pmm_obj *file, size_t size);
};

#endif /* PMM_FEATURES_CHUNKS_H */
