/* SPDX-License-Identifier: MIT */
/* pmm/features/utf8.h - the UTF-8 form of a string. */
#ifndef PMM_FEATURES_UTF8_H
#define PMM_FEATURES_UTF8_H

#include "pmm/types.h"

struct pmm_utf8_ops {
  size_t struct_size;
  /** UTF-8 form, cached in the object; valid while it lives. */
  const char *(*str_utf8)(pmm_rt *rt, pmm_obj *str, size_t *size);
};

#endif /* PMM_FEATURES_UTF8_H */
