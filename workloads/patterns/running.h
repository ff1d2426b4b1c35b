/* SPDX-License-Identifier: MIT */
/*
 * running.h - a pattern while it runs, for run.c and pass.c.
 */
#ifndef PMM_PATTERN_RUNNING_H
#define PMM_PATTERN_RUNNING_H

#include "blocks.h"
#include "run.h"

/** What the process has used. */
struct usage {
  uint64_t clock_ns;
  uint64_t user_ns;
  uint64_t system_ns;
  uint64_t minor_faults;
  uint64_t major_faults;
  uint64_t calls;
};

struct running {
  const struct pattern *pattern;
  struct pattern_result *result;
  struct pattern_wrong *wrong;
  struct heap heap;
  struct block_set sets[PATTERN_SETS_MOST];
  uint64_t most_bytes;  /* that may be live                                 */
  uint64_t start_bytes; /* resident before                                  */
  uint64_t asked_bytes; /* since the last look                              */
  uint64_t round;       /* of the innermost repeat                          */
  size_t phase;         /* that runs                                        */
  struct usage since;   /* when it began                                    */
};

/** Take down what is resident. */
void running_look(struct running *running);

/** Let the calling thread in to the backend, and out.  0 or -1. */
int running_enter(struct running *running);
void running_leave(struct running *running);

#endif /* PMM_PATTERN_RUNNING_H */
