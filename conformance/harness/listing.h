/* SPDX-License-Identifier: MIT */
/*
 * listing.h - the cases of the runtime contract as JSON, and what a subject
 * says of itself.
 */
#ifndef PMM_CONFORM_LISTING_H
#define PMM_CONFORM_LISTING_H

#include <jansson.h>
#include <stdio.h>

#include "case.h"
#include "plan.h"

/** What the subject offers; NULL: nothing.  New. */
json_t *pmm_listing_features(const struct pmm_view *view);

/** The counters of a case that need not be equal, each with the reason; NULL:
 *  there are none.  New. */
json_t *pmm_listing_inexact(const struct pmm_entry *entry);

/** The cases, with the table of operations and what the subject says of
 *  itself; `view` NULL: it cannot be used, for this reason, which is its own
 *  fault or that of who named it.  0, or -1 when it could not be written. */
int pmm_listing_write(FILE *out, const struct pmm_plan *plan,
                      const struct pmm_view *view, const char *reason,
                      int at_fault);

#endif /* PMM_CONFORM_LISTING_H */
