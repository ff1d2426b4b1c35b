/* SPDX-License-Identifier: MIT */
/* tuple_ops.h - operations on tuples. */
#ifndef PMMI_TUPLE_OPS_H
#define PMMI_TUPLE_OPS_H

#include "pmm/types.h"

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_tuple_convert(pmm_rt *rt, pmm_obj *iterable);
enum pmm_status pmmi_tuple_set_steal(pmm_rt *rt, pmm_obj *tuple, size_t index,
                                     pmm_obj *item);
pmm_obj *pmmi_tuple_get(pmm_rt *rt, pmm_obj *tuple, size_t index);
pmm_obj *pmmi_tuple_slice(pmm_rt *rt, pmm_obj *tuple, size_t from, size_t to);
pmm_obj *pmmi_tuple_concat(pmm_rt *rt, pmm_obj *a, pmm_obj *b);
pmm_obj *pmmi_tuple_repeat(pmm_rt *rt, pmm_obj *tuple, int64_t count);
enum pmm_status pmmi_tuple_resize(pmm_rt *rt, pmm_obj **tuple, size_t n);

#endif /* PMMI_TUPLE_OPS_H */
