/* SPDX-License-Identifier: MIT */
/*
 * tables.c - look things up in the generated tables (tables.h).
 *
 * A few hundred entries, asked a few times a case: a walk is fast enough.
 */
#include "tables.h"

#include <string.h>

const struct pmm_profile *pmm_profile_find(const char *name) {
  for (size_t i = 0; name != NULL && i < pmm_profile_count; i++) {
    if (strcmp(pmm_profiles[i].name, name) == 0) {
      return &pmm_profiles[i];
    }
  }
  return NULL;
}

const struct pmm_profile_entry *pmm_profile_get(
    const struct pmm_profile *profile, const char *key) {
  for (size_t i = 0; profile != NULL && i < profile->count; i++) {
    if (strcmp(profile->entries[i].key, key) == 0) {
      return &profile->entries[i];
    }
  }
  return NULL;
}

const struct pmm_requirement *pmm_requirement_find(const char *id) {
  for (size_t i = 0; i < pmm_requirement_count; i++) {
    if (strcmp(pmm_requirements[i].id, id) == 0) {
      return &pmm_requirements[i];
    }
  }
  return NULL;
}
