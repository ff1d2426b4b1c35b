/* SPDX-License-Identifier: MIT */
/*
 * given.h - the documents that a user hands to a run: --profile, --expect and
 * --missing.
 *
 * Invariant: what was read is well formed, and lives until pmm_given_free().
 */
#ifndef PMM_CONFORM_GIVEN_H
#define PMM_CONFORM_GIVEN_H

#include "known.h"
#include "missing.h"
#include "conform_options.h"
#include "profile_file.h"

struct pmm_given {
  struct pmm_profile *profile; /* NULL: not given                           */
  struct pmm_known *known;     /* expected failures; NULL: not given        */
  struct pmm_missing *missing; /* to be written at the end; NULL: not asked */
  char today[16];
};

/** Read what the options name.  `cases` are all there are; `view` becomes
 *  that of the subject.  0, or an exit code after a message. */
int pmm_given_read(struct pmm_given *given,
                   const struct pmm_conform_options *options,
                   const struct pmm_entry *const *cases, size_t n,
                   const struct pmm_view *view);
void pmm_given_free(struct pmm_given *given);

/** Note what the result lacks, and make of it what is expected. */
void pmm_given_judge(struct pmm_given *given, const struct pmm_column *column,
                     const struct pmm_case *test_case,
                     struct pmm_record *record);

/** Write what is missing.  0, or an exit code after a message. */
int pmm_given_write(struct pmm_given *given,
                    const struct pmm_conform_options *options);

#endif /* PMM_CONFORM_GIVEN_H */
