/* SPDX-License-Identifier: MIT */
/* leaks.h - what is alive beyond the runtime's own objects, and why. */
#ifndef PMMI_LEAKS_H
#define PMMI_LEAKS_H

#include "pmm/types.h"

/* ---- operations (contracts: pmm/subject.h) ------------------------------ */

enum pmm_status pmmi_leaks(pmm_rt *rt,
                           void (*report)(void *ctx,
                                          const struct pmm_leak *leak),
                           void *ctx);

#endif /* PMMI_LEAKS_H */
