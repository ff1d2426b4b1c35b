/* SPDX-License-Identifier: MIT */
/* tee.h - two iterators over one source. */
#ifndef PMMI_TEE_H
#define PMMI_TEE_H

#include "pmm/types.h"

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_tee(pmm_rt *rt, pmm_obj *iterator);

#endif /* PMMI_TEE_H */
