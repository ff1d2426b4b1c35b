/* SPDX-License-Identifier: MIT */
/* intern.h - the table of interned strings. */
#ifndef PMMI_INTERN_H
#define PMMI_INTERN_H

#include "pmm/types.h"

struct pmmi_str;

/** Take a dying string out of the intern table. */
void pmmi_str_forget(pmm_rt *rt, struct pmmi_str *s);

/** Give the table back; no string is left. */
void pmmi_strs_fini(pmm_rt *rt);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

enum pmm_status pmmi_str_intern(pmm_rt *rt, pmm_obj **str);

#endif /* PMMI_INTERN_H */
