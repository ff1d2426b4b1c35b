/* SPDX-License-Identifier: MIT */
/* classes.c - operation class_stats; see classes.h. */
#include "profile/classes.h"

#include "object/runtime.h"

int pmmi_class_stats(pmm_rt *rt, size_t index, struct pmm_class_stats *out) {
  const struct pmmi_memory *memory = &rt->memory;
  if (memory->backend->class_stats == NULL) {
    return -1;
  }
  return memory->backend->class_stats(memory->backend_heap, index, out);
}
