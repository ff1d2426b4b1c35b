/* SPDX-License-Identifier: MIT */
/*
 * pmm/features/prompt.h - an object dies as soon as its last reference goes.
 *
 * Before release() returns the finalizer has run, weak references are dead,
 * and the object's own references are dropped.  Only cycles wait for the
 * collector.  A runtime that finds all its garbage by tracing does not offer
 * this: there an object dies in some later collection.  A subject that offers
 * refcount has it, and need not name it.
 */
#ifndef PMM_FEATURES_PROMPT_H
#define PMM_FEATURES_PROMPT_H

#include "pmm/types.h"

struct pmm_prompt_ops {
  size_t struct_size;
};

#endif /* PMM_FEATURES_PROMPT_H */
