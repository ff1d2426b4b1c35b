/* SPDX-License-Identifier: MIT */
/*
 * report.h - what a run says: TAP for people and Meson, JSON lines for
 * machines, and one line that repeats a result.
 *
 * Of the JSON the first line says what is tested and how ("host"), then comes
 * one a case, and the last has the counts ("end").
 */
#ifndef PMM_CONFORM_REPORT_H
#define PMM_CONFORM_REPORT_H

#include "run.h"

/** The head: TAP's plan and the host line. */
void pmm_report_start(struct pmm_run *run);

/** One case; what it printed is shown when it failed. */
void pmm_report_case(struct pmm_run *run, const struct pmm_entry *entry,
                     const struct pmm_outcome *outcome);

/** The end: the counts. */
void pmm_report_end(struct pmm_run *run);

#endif /* PMM_CONFORM_REPORT_H */
