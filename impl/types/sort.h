/* SPDX-License-Identifier: MIT */
/* sort.h - sorting a list. */
#ifndef PMMI_SORT_H
#define PMMI_SORT_H

#include "pmm/types.h"

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

enum pmm_status pmmi_list_sort(pmm_rt *rt, pmm_obj *list, pmm_call key,
                               void *ctx);

#endif /* PMMI_SORT_H */
