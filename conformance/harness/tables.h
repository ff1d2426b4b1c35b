/* SPDX-License-Identifier: MIT */
/*
 * tables.h - requirements and profiles, as generate.py writes them in C.
 *
 *   requirements.toml  ->  pmm_requirements[]   id, level, text
 *   profiles/NAME.toml ->  pmm_profiles[]       numbers of one subject
 *
 * Invariant: requirements are in the file's order; a profile's keys are
 * sorted.
 */
#ifndef PMM_CONFORM_TABLES_H
#define PMM_CONFORM_TABLES_H

#include <stddef.h>
#include <stdint.h>

struct pmm_requirement {
  const char *id;    /* "REF-001"                                           */
  const char *level; /* "MUST", "SHOULD", "MAY"                             */
  const char *title;
  const char *text;  /* the sentence a case quotes                          */
  int layout;        /* 1: a number of the implementation, from its profile */
};

struct pmm_profile_entry {
  const char *key;
  const int64_t *values; /* one for a plain number                          */
  size_t count;
};

struct pmm_profile {
  const char *name; /* as a subject's `profile` names it                    */
  const struct pmm_profile_entry *entries;
  size_t count;
};

extern const struct pmm_requirement pmm_requirements[];
extern const size_t pmm_requirement_count;
extern const struct pmm_profile pmm_profiles[];
extern const size_t pmm_profile_count;

/** The profile of that name, NULL when there is none. */
const struct pmm_profile *pmm_profile_find(const char *name);

/** The entry of that key; NULL when `profile` is NULL or has no such key. */
const struct pmm_profile_entry *pmm_profile_get(
    const struct pmm_profile *profile, const char *key);

/** The requirement of that id, NULL when there is none. */
const struct pmm_requirement *pmm_requirement_find(const char *id);

#endif /* PMM_CONFORM_TABLES_H */
