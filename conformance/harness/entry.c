/* SPDX-License-Identifier: MIT */
/* entry.c - see entry.h. */
#include "entry.h"

/* The linker gathers the entries of all case files between these two. */
extern const struct pmm_entry *const __start_pmm_cases[]
    __attribute__((visibility("hidden")));
extern const struct pmm_entry *const __stop_pmm_cases[]
    __attribute__((visibility("hidden")));

const struct pmm_entry *const *pmm_entries(size_t *count) {
  *count = (size_t)(__stop_pmm_cases - __start_pmm_cases);
  return __start_pmm_cases;
}

const char *pmm_level_name(enum pmm_level level) {
  static const char *const names[] = {"MUST", "SHOULD", "MAY"};
  return names[level];
}
