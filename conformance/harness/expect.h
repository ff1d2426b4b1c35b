/* SPDX-License-Identifier: MIT */
/*
 * expect.h - what the harness itself expects of every operation; what a case
 * expects is written with case.h.
 */
#ifndef PMM_CONFORM_EXPECT_H
#define PMM_CONFORM_EXPECT_H

#include "state.h"

/** What is shown of an expectation's text. */
struct pmm_plain {
  char text[400];
};

/** The text without what nearly every one has: "refcount(o)" for
 *  "OPS->refcount(RT, o)".  A long one is cut. */
struct pmm_plain pmm_plain_of(const char *text);

/** A release has left another error pending than there was.  That is a failure
 *  in each lane: no failed allocation excuses it.  Removes the error; ends the
 *  body, if it is in one. */
void pmm_release_failed(struct pmm_test *t, struct pmm_here here,
                        enum pmm_status before, enum pmm_status after);

#endif /* PMM_CONFORM_EXPECT_H */
