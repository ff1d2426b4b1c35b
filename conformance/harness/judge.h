/* SPDX-License-Identifier: MIT */
/*
 * judge.h - what work in a process comes to: one record, its own or one that
 * says how it went wrong.
 *
 *   it ended by a signal                          CRASH
 *   it did not end in time                        TIMEOUT
 *   a sanitizer or valgrind reported an error     SANITIZER
 *   it left without a whole, sealed record,       HARNESS_ERROR
 *   or with another exit code than 0
 *   it could not be started                       NOT_RUN
 *   else                                          what its record says
 *
 * Invariant: a record comes whatever the work does.
 */
#ifndef PMM_CONFORM_JUDGE_H
#define PMM_CONFORM_JUDGE_H

#include "process.h"

/** How work is run. */
struct pmm_course {
  struct pmm_fork_hooks hooks;
  double timeout_s; /* of a process                                         */
  int in_process;   /* 1: no fork, for debuggers and valgrind               */
  /** Name of the operation that was under way, which the progress has as a
   *  number; NULL: there is none.  The member is NULL where none is kept. */
  const char *(*operation_name)(uint32_t operation);
};

/** What work came to. */
struct pmm_outcome {
  struct pmm_record record;
  char output[PMM_OUTPUT_BYTES]; /* the last that it printed; "" after PASS  */
};

/** Run `work(ctx)` and judge it. */
void pmm_judge(const struct pmm_course *course, pmm_work work, void *ctx,
               struct pmm_outcome *outcome);

#endif /* PMM_CONFORM_JUDGE_H */
