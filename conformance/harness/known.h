/* SPDX-License-Identifier: MIT */
/*
 * known.h - expected failures, read when the program runs (--expect FILE).
 *
 *     schema = 1
 *     [[expectation]]
 *     subject = "mine"           # glob; these five default to "*"
 *     version = ">=1.2,<2"       # range of the subject's version
 *     build   = "*"
 *     backend = "*"
 *     mode    = "*"
 *     lane    = "*"
 *     case    = "gc.threshold_*" # glob
 *     message = "*SYSTEM*"       # optional; glob of what the failed case says
 *     class   = "FAIL"           # what is expected; "WAIVED": any bad class
 *     reason  = "why"
 *     link    = "https://..."    # optional
 *     expires = 2026-12-31       # optional
 *
 * The form is that of conformance/expectations, which the runner applies.  A
 * case that comes out as expected is XFAIL (or WAIVED), which fails no run;
 * one that passes all the same is XPASS, which does.  Of a version the numbers
 * between dots count: 3.13.0rc1 is 3.13.0.  An entry with a message says
 * nothing of a case that passes.
 */
#ifndef PMM_CONFORM_KNOWN_H
#define PMM_CONFORM_KNOWN_H

#include "case.h"
#include "column.h"
#include "result.h"

struct pmm_known;

/** The expectations of a file; NULL and a message that names line and key. */
struct pmm_known *pmm_known_read(const char *path, char *message, size_t size);

/** NULL is ignored. */
void pmm_known_free(struct pmm_known *known);

/** The line of the first entry whose glob is of none of `n` cases, with the
 *  glob in *glob; 0: each is of some. */
int pmm_known_stray(const struct pmm_known *known,
                    const struct pmm_entry *const *cases, size_t n,
                    const char **glob);

/** Change the record's class to what an entry makes of it; of the column a
 *  member that is NULL matches "*" alone; `today` is as "2026-12-31".  The
 *  entry's reason; NULL: none says anything of it. */
const char *pmm_known_apply(const struct pmm_known *known,
                            const struct pmm_column *column, const char *id,
                            const char *today, struct pmm_record *record);

#endif /* PMM_CONFORM_KNOWN_H */
