/* SPDX-License-Identifier: MIT */
/* pmm/features/str.h - strings of text. */
#ifndef PMM_FEATURES_STR_H
#define PMM_FEATURES_STR_H

#include "pmm/types.h"

struct pmm_str_ops {
  size_t struct_size;
  /** From UTF-8.  PMM_VALUE: invalid. */
  pmm_obj *(*str_new)(pmm_rt *rt, const char *utf8, size_t size);
  pmm_obj *(*str_slice)(pmm_rt *rt, pmm_obj *str, size_t from, size_t to);
  pmm_obj *(*str_concat)(pmm_rt *rt, pmm_obj *a, pmm_obj *b);
  /** *left += right as a running program does it: in place when *left is
   *  the only reference.  On failure *left is released and NULL. */
  enum pmm_status (*str_append)(pmm_rt *rt, pmm_obj **left, pmm_obj *right);
  pmm_obj *(*str_repeat)(pmm_rt *rt, pmm_obj *str, int64_t count);
  pmm_obj *(*str_join)(pmm_rt *rt, pmm_obj *separator, pmm_obj *iterable);
  pmm_obj *(*str_strip)(pmm_rt *rt, pmm_obj *str);
  /** str(o): a str is itself, anything else gives its text. */
  pmm_obj *(*str_convert)(pmm_rt *rt, pmm_obj *o);
};

#endif /* PMM_FEATURES_STR_H */
