/* SPDX-License-Identifier: MIT */
/* teardown.h - the end of all containers when a runtime closes. */
#ifndef PMMI_TEARDOWN_H
#define PMMI_TEARDOWN_H

#include "pmm/types.h"

/** Finalize and drop whatever is still tracked, whoever holds it.  Part of
 *  close(), before any module that an object needs to die is gone.  May run
 *  code. */
void pmmi_gc_teardown(pmm_rt *rt);

#endif /* PMMI_TEARDOWN_H */
