/* SPDX-License-Identifier: MIT */
/*
 * entry.h - what every case says of itself, whichever contract it is about.
 *
 *   struct pmm_case       case.h             the runtime contract
 *   struct check_case     backends/check.h   the allocator contract
 *
 * Both begin with a struct pmm_entry, by which the harness selects, runs and
 * reports them.  PMM_LISTED() writes its address into a linker section, so
 * that no list of cases has to be kept.
 */
#ifndef PMM_CONFORM_ENTRY_H
#define PMM_CONFORM_ENTRY_H

#include <stddef.h>

enum pmm_level { PMM_LEVEL_MUST, PMM_LEVEL_SHOULD, PMM_LEVEL_MAY };

struct pmm_entry {
  const char *id;                  /* "area.name": stable, never reused     */
  const char *title;               /* one line for a reader                 */
  const char *const *requirements; /* ids, NULL-terminated, at least one    */
  const char *file;                /* of the declaration                    */
  int line;
  enum pmm_level level;
};

/** The entry of a case, as its macro fills it in; REQ() is given besides. */
#define PMM_ENTRY(level_value, id_text, title_text)                           \
  .entry.id = id_text, .entry.title = title_text, .entry.file = __FILE__,     \
  .entry.line = __LINE__, .entry.level = level_value

/** Let the harness know of the case in variable `name`. */
#define PMM_LISTED(name)                                                      \
  static const struct pmm_entry *const name##_listed                          \
      __attribute__((used, section("pmm_cases"))) = &name.entry

#define PMM_STRINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/** Requirement ids: REQ("REF-001", "REF-006"). */
#define REQ(...) .entry.requirements = PMM_STRINGS(__VA_ARGS__)

/** All cases of the program, as the linker put them. */
const struct pmm_entry *const *pmm_entries(size_t *count);

/** "MUST" */
const char *pmm_level_name(enum pmm_level level);

#endif /* PMM_CONFORM_ENTRY_H */
