/* SPDX-License-Identifier: MIT */
/* pool_checked.h - the checked heap as a backend, in the place of the pool. */
#ifndef PMMI_BACKENDS_POOL_CHECKED_H
#define PMMI_BACKENDS_POOL_CHECKED_H

#include "pmm/backend.h"

/** Named like the pool, and able to do the same. */
extern const struct pmm_backend pmmi_backend_pool_checked;

#endif /* PMMI_BACKENDS_POOL_CHECKED_H */
