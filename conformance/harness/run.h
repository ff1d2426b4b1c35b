/* SPDX-License-Identifier: MIT */
/*
 * run.h - the run of every program that checks a contract: load what is
 * tested, run case after case, report.
 *
 *   pmm-conform         conform.c         a runtime (subject)
 *   pmm-backend-check   backends/main.c   an allocator (backend)
 *
 *   1. What is tested is loaded in a process of its own first: how it crashes,
 *      hangs or lies there is the result of every case.
 *   2. It is loaded here; one that is at fault is that result, too.
 *   3. Each case is run, judged, held against what is expected, reported.
 *
 * A program is a table of what differs (struct pmm_program), and its own state
 * is a struct that begins with struct pmm_run.
 *
 * Invariant: each case of the plan is reported once, in its order.
 */
#ifndef PMM_CONFORM_RUN_H
#define PMM_CONFORM_RUN_H

#include <jansson.h>
#include <stdio.h>

#include "column.h"
#include "judge.h"
#include "options.h"
#include "plan.h"

struct pmm_run;

/** What differs between the programs. */
struct pmm_program {
  double timeout_s; /* for a process, where --timeout is not given          */

  /** What must be survived before the first case, in a process of its own;
   *  ctx is the run. */
  pmm_work probe;

  /** Load what is tested and complete the column.  0; else `message` says why
   *  it cannot be: PMM_RUN_USAGE, or PMM_RUN_FAILED when it is at fault. */
  int (*load)(struct pmm_run *run, char *message, size_t size);

  /** Run a case and judge it. */
  void (*judge)(struct pmm_run *run, const struct pmm_entry *entry,
                struct pmm_outcome *outcome);

  /** Make of the record what is expected; NULL: nothing is. */
  void (*expect)(struct pmm_run *run, const struct pmm_entry *entry,
                 struct pmm_record *record);

  /** After the last case.  0, or an exit code after a message; NULL: nothing
   *  is left to do. */
  int (*finish)(struct pmm_run *run);

  /** Names of what it offers, as an array.  New. */
  json_t *(*features)(const struct pmm_run *run);

  /** The program's own options in the line that repeats a result. */
  void (*repeat)(FILE *out, const struct pmm_run *run,
                 const struct pmm_record *record);

  /** Counters of a case that need not be equal, with the reason.  New, may be
   *  NULL, and so may be the member. */
  json_t *(*inexact)(const struct pmm_entry *entry);
};

/** Exit codes. */
enum {
  PMM_RUN_GOOD = 0,
  PMM_RUN_TOOL = 1,  /* the program itself failed                           */
  PMM_RUN_USAGE = 2, /* wrong usage; nothing was run                        */
  PMM_RUN_FAILED = 3 /* a case failed                                       */
};

/** One run.  The program fills in the first five members. */
struct pmm_run {
  const struct pmm_program *program;
  const struct pmm_options *options;
  struct pmm_plan plan;
  struct pmm_column column; /* as asked for, and completed by load()        */
  struct pmm_course course; /* hooks and operation_name                     */

  FILE *jsonl;              /* NULL: not asked for                          */
  int write_failed;         /* errno of its file; 0: none                   */
  int number;               /* of the last case                             */
  unsigned counts[PMM_CLASS_COUNT];
};

/** Run the cases of the plan.  The exit code. */
int pmm_run_cases(struct pmm_run *run);

#endif /* PMM_CONFORM_RUN_H */
