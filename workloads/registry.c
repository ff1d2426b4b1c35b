/* SPDX-License-Identifier: MIT */
/*
 * registry.c - the list of workloads.  A new one adds its line here and its
 * file in meson.build.  A plain list, as the linker drops a static library's
 * objects that nobody names.
 */
#include "registry.h"

#include <string.h>

#define PMM_WORKLOADS(X)                                                      \
  X(list_vs_generator)                                                        \
  X(file_read)                                                                \
  X(tuple_sharing)                                                            \
  X(cycles)                                                                   \
  X(leaks)                                                                    \
  X(sparse)                                                                   \
  X(str_concat)                                                               \
  X(list_concat)

#define DECLARE(name) extern const struct pmm_workload pmm_workload_##name;
#define ADDRESS(name) &pmm_workload_##name,

PMM_WORKLOADS(DECLARE)

const struct pmm_workload *const pmm_workloads[] = {
    PMM_WORKLOADS(ADDRESS) NULL};

const struct pmm_workload *pmm_workload_find(const char *name) {
  for (size_t i = 0; pmm_workloads[i] != NULL; i++) {
    if (strcmp(pmm_workloads[i]->name, name) == 0) {
      return pmm_workloads[i];
    }
  }
  return NULL;
}

const struct pmm_work_variant *
pmm_workload_variant(const struct pmm_workload *workload, const char *name) {
  const struct pmm_work_variant *variant = workload->variants;
  while (variant->name != NULL && strcmp(variant->name, name) != 0) {
    variant++;
  }
  return variant->name != NULL ? variant : NULL;
}
