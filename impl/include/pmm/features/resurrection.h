/* SPDX-License-Identifier: MIT */
/*
 * pmm/features/resurrection.h - a finalizer may save its object.
 *
 * A finalizer that stores a reference to its object keeps it, and what it
 * reaches, alive.  An object that the collector examines is finalized at most
 * once.  Needs finalizer_alive.
 */
#ifndef PMM_FEATURES_RESURRECTION_H
#define PMM_FEATURES_RESURRECTION_H

#include "pmm/types.h"

struct pmm_resurrection_ops {
  size_t struct_size;
  /** 1 when the object's finalizer has run.  Any time. */
  int (*is_finalized)(pmm_rt *rt, pmm_obj *o);
};

#endif /* PMM_FEATURES_RESURRECTION_H */
