/* SPDX-License-Identifier: MIT */
/* pmm/features/bytes.h - immutable strings of bytes. */
#ifndef PMM_FEATURES_BYTES_H
#define PMM_FEATURES_BYTES_H

#include "pmm/types.h"

struct pmm_bytes_ops {
  size_t struct_size;
  /** A copy of `size` bytes. */
  pmm_obj *(*bytes_new)(pmm_rt *rt, const void *data, size_t size);
  /** Borrowed bytes of a bytes object. */
  const void *(*bytes_data)(pmm_rt *rt, pmm_obj *bytes, size_t *size);
  pmm_obj *(*bytes_slice)(pmm_rt *rt, pmm_obj *bytes, size_t from, size_t to);
};

#endif /* PMM_FEATURES_BYTES_H */
