/* SPDX-License-Identifier: MIT */
/* trace_growth.h - a snapshot that is kept, and what grew since. */
#ifndef PMMI_TRACE_GROWTH_H
#define PMMI_TRACE_GROWTH_H

#include "pmm/types.h"

/* ---- operations (contracts: pmm/subject.h) ------------------------------ */

enum pmm_status pmmi_trace_keep(pmm_rt *rt);
size_t pmmi_trace_growth(pmm_rt *rt, struct pmm_growth *out, size_t n);

#endif /* PMMI_TRACE_GROWTH_H */
