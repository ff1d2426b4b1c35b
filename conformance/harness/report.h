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
#include "conform_options.h"
#include "plan.h"
#include "result.h"

struct pmm_report {
  FILE *jsonl; /* NULL: none                                                */
  const struct pmm_conform_options *options;
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

/** The cases as JSON, with the table of operations and what the subject says
 *  of itself; NULL: it cannot be used, for this reason, which is its own
 *  fault or that of who named it. */
int pmm_report_list_json(FILE *out, const struct pmm_plan *plan, const struct pmm_view *view, const char *reason,
                         int at_fault);

#endif /* PMM_CONFORM_REPORT_H */
