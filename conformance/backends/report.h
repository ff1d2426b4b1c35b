/* SPDX-License-Identifier: MIT */
/*
 * report.h - results as TAP for people and as JSON lines for programs.
 *
 * The JSON is that of pmm-conform: one "host" line, a "case" line a case, an
 * "end" line with the counts.
 */
#ifndef PMM_BACKENDS_REPORT_H
#define PMM_BACKENDS_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "runner.h"

struct check_report {
  FILE *jsonl;            /* NULL: not asked for                            */
  const char *spec;       /* the backend as the user named it               */
  unsigned number;        /* cases reported                                 */
  unsigned counts[CHECK_HARNESS_ERROR + 1]; /* by class                     */
};

/** The head.  `backend` NULL: there is none, as it breaks the contract. */
void check_report_begin(struct check_report *report, size_t cases,
                        const struct pmm_backend *backend);
void check_report_case(struct check_report *report,
                       const struct check_case *test,
                       const struct check_result *result);
/** 0, or -1 when a line could not be written. */
int check_report_end(struct check_report *report);

/** Names of capability bits; new. */
json_t *check_capability_list(uint32_t capabilities);

/** Cases that did not keep the contract. */
unsigned check_report_failures(const struct check_report *report);

#endif /* PMM_BACKENDS_REPORT_H */
