/* SPDX-License-Identifier: MIT */
/*
 * report.h - what a run says: TAP for people and Meson, JSON lines for
 * machines, one reproduce line a failure.
 *
 * Invariant: each case is reported once, in the order of the plan.
 */
#ifndef PMM_CONFORM_REPORT_H
#define PMM_CONFORM_REPORT_H

#include <stdio.h>

#include "attempt.h"
#include "options.h"
#include "result.h"

struct pmm_report {
  FILE *jsonl; /* NULL: none                                                */
  const struct pmm_options *options;
  const struct pmm_setting *setting; /* of the run; filled before the start */
  const char *backend; /* specification; NULL: the subject's own            */
  const char *allocator; /* name of the subject's own; NULL: not known      */
  const char *subject_name;
  int number; /* of the last case                                           */
  unsigned counts[PMM_CLASS_COUNT];
  int write_failed; /* errno of the JSON lines' file                        */
};

/** The head: TAP plan and the host line. */
void pmm_report_start(struct pmm_report *report, size_t case_count);

/** One case; `output` is shown when it failed. */
void pmm_report_case(struct pmm_report *report,
                     const struct pmm_case *test_case,
                     const struct pmm_record *record, const char *output);

/** The end: counts.  1 when a case failed. */
int pmm_report_end(struct pmm_report *report);

/** The cases as text.  0, or -1 when it could not be written. */
int pmm_report_list(FILE *out, const struct pmm_case *const *cases, size_t n);

/** The same as JSON, with the table of operations and what the subject says
 *  of itself; NULL: it cannot be used, for this reason, which is its own
 *  fault or that of who named it. */
int pmm_report_list_json(FILE *out, const struct pmm_case *const *cases,
                         size_t n, const struct pmm_view *view,
                         const char *reason, int at_fault);

const char *pmm_level_name(enum pmm_level level);

#endif /* PMM_CONFORM_REPORT_H */
