/* SPDX-License-Identifier: MIT */
/*
 * pmm/features/finalizer.h - probe types with finalizers: the host is told.
 *
 * The finalizer of struct pmm_type_spec is called once when its object dies,
 * after PMM_EVENT_FINALIZED and before PMM_EVENT_DEALLOCATED. That is all: its
 * `arg` may be an object that is taken apart, of which instance_cookie() alone
 * may be asked.  What else it may do is in finalizer_alive and in
 * resurrection.
 */
#ifndef PMM_FEATURES_FINALIZER_H
#define PMM_FEATURES_FINALIZER_H

#include "pmm/types.h"

struct pmm_finalizer_ops {
  size_t struct_size;
};

#endif /* PMM_FEATURES_FINALIZER_H */
