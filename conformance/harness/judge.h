/* SPDX-License-Identifier: MIT */
/*
 * judge.h - from processes to the result of one case.
 *
 *   1. What a process did becomes one record: its own, or one that says how
 *      it went wrong.
 *   2. A case is a plain attempt; in the out-of-memory lanes a sweep follows:
 *      points 1, 2, 3 ... until no allocation fails any more.
 *
 * Invariant: pmm_judge_case() returns a record whatever the subject does.
 */
#ifndef PMM_CONFORM_JUDGE_H
#define PMM_CONFORM_JUDGE_H

#include "attempt.h"
#include "conform.h"
#include "process.h"

/** How cases are run. */
struct pmm_course {
  struct pmm_setting setting;
  struct pmm_fork_hooks hooks;
  double timeout_s;
  uint64_t only_point; /* oom lanes: this point alone; 0: all               */
  int in_process;      /* 1: no fork, for debuggers and valgrind            */
};

/** Run and judge one case.  `output` receives what it printed (the
 *  last of it) when it did not pass. */
void pmm_judge_case(const struct pmm_course *course,
                    const struct pmm_case *test_case,
                    struct pmm_record *record, char *output, size_t size);

/** One process's record, or one that says how it went wrong. */
void pmm_judge_process(const struct pmm_process *process,
                       struct pmm_record *record);

#endif /* PMM_CONFORM_JUDGE_H */
