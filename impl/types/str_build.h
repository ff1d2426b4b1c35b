/* SPDX-License-Identifier: MIT */
/* str_build.h - strings made of strings. */
#ifndef PMMI_STR_BUILD_H
#define PMMI_STR_BUILD_H

#include "pmm/types.h"

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_str_slice(pmm_rt *rt, pmm_obj *str, size_t from, size_t to);
pmm_obj *pmmi_str_concat(pmm_rt *rt, pmm_obj *a, pmm_obj *b);
enum pmm_status pmmi_str_append(pmm_rt *rt, pmm_obj **left, pmm_obj *right);
pmm_obj *pmmi_str_repeat(pmm_rt *rt, pmm_obj *str, int64_t count);
pmm_obj *pmmi_str_join(pmm_rt *rt, pmm_obj *separator, pmm_obj *iterable);
pmm_obj *pmmi_str_strip(pmm_rt *rt, pmm_obj *str);
pmm_obj *pmmi_str_convert(pmm_rt *rt, pmm_obj *o);

#endif /* PMMI_STR_BUILD_H */
