/* SPDX-License-Identifier: MIT */
/* pmm/features/arena_hook.h - hooks on the arena layer. */
#ifndef PMM_FEATURES_ARENA_HOOK_H
#define PMM_FEATURES_ARENA_HOOK_H

#include "pmm/types.h"

struct pmm_arena_hook_ops {
  size_t struct_size;
  /** Where the pool has its arenas from, and from where from here on. */
  void (*arena_get)(pmm_rt *rt, struct pmm_arena_allocator *out);
  enum pmm_status (*arena_set)(pmm_rt *rt,
                               const struct pmm_arena_allocator *allocator);
};

#endif /* PMM_FEATURES_ARENA_HOOK_H */
