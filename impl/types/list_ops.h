/* SPDX-License-Identifier: MIT */
/* list_ops.h - operations that make lists of lists, or change many items. */
#ifndef PMMI_LIST_OPS_H
#define PMMI_LIST_OPS_H

#include "pmm/types.h"

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_list_convert(pmm_rt *rt, pmm_obj *iterable);
pmm_obj *pmmi_list_slice(pmm_rt *rt, pmm_obj *list, size_t from, size_t to);
enum pmm_status pmmi_list_assign_slice(pmm_rt *rt, pmm_obj *list, size_t from,
                                       size_t to, pmm_obj *iterable);
pmm_obj *pmmi_list_concat(pmm_rt *rt, pmm_obj *a, pmm_obj *b);
pmm_obj *pmmi_list_repeat(pmm_rt *rt, pmm_obj *list, pmm_obj *count);
enum pmm_status pmmi_list_extend(pmm_rt *rt, pmm_obj *list, pmm_obj *iterable);
enum pmm_status pmmi_list_repeat_inplace(pmm_rt *rt, pmm_obj *list,
                                         pmm_obj *count);
enum pmm_status pmmi_list_reverse(pmm_rt *rt, pmm_obj *list);

#endif /* PMMI_LIST_OPS_H */
