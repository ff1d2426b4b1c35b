/* SPDX-License-Identifier: MIT */
/*
 * missing.h - what a subject lacks, and what each of it would unlock.
 *
 *   1. Each case that is UNSUPPORTED is noted: all features that it needs and
 *      are not offered; else the operation, number or figure that ended it.
 *   2. At the end they are written, most cases first, as the start of a
 *      profile: the numbers as lines to be filled in, the rest as comments.
 *
 * A case that ends for want of one number may want another one behind it, so
 * the cases of numbers and operations are those that would go on.
 */
#ifndef PMM_CONFORM_MISSING_H
#define PMM_CONFORM_MISSING_H

#include <stdio.h>

#include "case.h"
#include "result.h"

/** Names that can be noted. */
#define PMM_MISSING_NAMES 512

struct pmm_missing {
  const struct pmm_view *view; /* of the subject                            */
  unsigned alone[PMM_FEATURE_COUNT]; /* cases that lack this feature only   */
  unsigned with[PMM_FEATURE_COUNT];  /* and cases that lack it at all       */
  struct pmm_missing_name {
    char name[64];
    unsigned cases;
  } names[PMM_MISSING_NAMES];  /* all else that ended a case                */
  size_t name_count;
  unsigned cases; /* UNSUPPORTED                                            */
};

/** A case and its result. */
void pmm_missing_note(struct pmm_missing *missing,
                      const struct pmm_case *test_case,
                      const struct pmm_record *record);

/** Write it to a file.  0, or errno. */
int pmm_missing_write(struct pmm_missing *missing, const char *path);

#endif /* PMM_CONFORM_MISSING_H */
