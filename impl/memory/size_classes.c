/* SPDX-License-Identifier: MIT */
/* size_classes.c - operations class_stats, arena_stats; see size_classes.h. */
#include "memory/size_classes.h"

#include "memory/memory_state.h"

int pmmi_class_stats(pmm_rt *rt, size_t index, struct pmm_class_stats *out) {
  assert(out != NULL);
  const struct pmmi_memory *memory = pmmi_memory_of(rt);
  if (memory->backend->class_stats == NULL) {
    return -1;
  }
  return memory->backend->class_stats(memory->backend_heap, index, out);
}

int pmmi_arena_stats(pmm_rt *rt, size_t index, struct pmm_arena_stats *out) {
  assert(out != NULL);
  const struct pmmi_memory *memory = pmmi_memory_of(rt);
  if (memory->backend->struct_size <=
          offsetof(struct pmm_backend, arena_stats) ||
      memory->backend->arena_stats == NULL) {
    return -1;
  }
  return memory->backend->arena_stats(memory->backend_heap, index, out);
}
