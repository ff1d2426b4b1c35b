/* SPDX-License-Identifier: MIT */
/*
 * witness.h - the proof that the named backend served a variant's memory.
 *
 * The runtime's heap is its own secret, so the stage hands it a copy of the
 * backend whose init() remembers the heap it makes.  Every other function is
 * the backend's own, so nothing measured passes through here.
 */
#ifndef PMM_WORK_WITNESS_H
#define PMM_WORK_WITNESS_H

#include <jansson.h>

#include "pmm/backend.h"

/** The backend to open a runtime with; NULL for NULL.  One at a time. */
const struct pmm_backend *
pmm_work_witness_watch(const struct pmm_backend *backend);

/** What the witness says while the runtime is open: an object, or null
 *  where there is no backend or no heap was made. */
json_t *pmm_work_witness_json(const struct pmm_backend *backend);

#endif /* PMM_WORK_WITNESS_H */
