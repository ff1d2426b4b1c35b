/* SPDX-License-Identifier: MIT */
/* verify.h - the invariants of the whole heap, as functions. */
#ifndef PMMI_VERIFY_H
#define PMMI_VERIFY_H

#include "pmm/types.h"

/** NULL when the heap is whole, else what is wrong; also while a collection is
 *  under way: for `check` of struct pmmi_gc. */
const char *pmmi_heap_check(pmm_rt *rt);

/* ---- operations (contracts: pmm/subject.h) ------------------------------ */

const char *pmmi_heap_verify(pmm_rt *rt);

#endif /* PMMI_VERIFY_H */
