/* SPDX-License-Identifier: MIT */
/*
 * pmm/features/finalizer_alive.h - a finalizer gets an object that is alive.
 *
 * While a finalizer runs its object is whole: slots, attributes and the count
 * can be read and changed, and what the object refers to is whole, too.  It
 * may call any operation, also those that allocate, collect or raise.
 * Runtimes whose finalizers run after the object was taken apart do not offer
 * this.  Needs finalizer.
 */
#ifndef PMM_FEATURES_FINALIZER_ALIVE_H
#define PMM_FEATURES_FINALIZER_ALIVE_H

#include "pmm/types.h"

struct pmm_finalizer_alive_ops {
  size_t struct_size;
};

#endif /* PMM_FEATURES_FINALIZER_ALIVE_H */
