/* SPDX-License-Identifier: MIT */
/*
 * run.h - a pattern on a backend, and its figures phase by phase.
 *
 *   1. Statements run in order, one at a time; a thread of the pattern does its
 *      own while the others wait, but in "pass", where two run at once.
 *   2. After every statement, and within a long one after each few MiB, what is
 *      resident is looked at: bytes above the start, our own taken off.
 *   3. At the end all is given back, and a second later looked at once more.
 *   4. On an aged heap the pattern has run once before: of what it gave back
 *      one block in twenty stays, drawn at random, up to a twentieth of the
 *      bytes that were live at its peak.  They are live in the figures.
 */
#ifndef PMM_PATTERN_RUN_H
#define PMM_PATTERN_RUN_H

#include "pattern.h"
#include "pmm/backend.h"

/* Phases are as many as statements name, by name; those without one are the
 * first. */
struct phase {
  const char *name;
  uint64_t times;          /* entered                                       */
  uint64_t calls;
  uint64_t elapsed_ns;
  uint64_t user_ns;
  uint64_t system_ns;
  uint64_t minor_faults;
  uint64_t major_faults;
  uint64_t peak_bytes;     /* resident                                      */
  uint64_t end_bytes;      /* resident when it last ended                   */
  uint64_t end_live_bytes;
  uint64_t end_live_blocks;
};

struct pattern_result {
  size_t phase_count;
  struct phase phases[PATTERN_STATEMENTS_MOST + 1];
  uint64_t calls;
  uint64_t peak_live_bytes;
  uint64_t peak_bytes;     /* resident                                      */
  uint64_t end_live_bytes; /* before all was given back                     */
  uint64_t end_bytes;
  uint64_t drained_bytes;
  uint64_t second_bytes;   /* a second after                                */
  uint64_t elapsed_ns;     /* of the statements                             */
  uint64_t user_ns;
  uint64_t system_ns;
  uint64_t minor_faults;
  uint64_t major_faults;
};

/** Who is at fault. */
enum pattern_blame {
  PATTERN_OF_BACKEND,
  PATTERN_OF_TEXT, /* it asks for more than is allowed                      */
  PATTERN_OF_TOOL
};

/** What went wrong. */
struct pattern_wrong {
  unsigned line;  /* of the pattern                                         */
  enum pattern_blame blame;
  char message[200];
};

/** What to run. */
struct pattern_asked {
  const struct pattern *pattern;
  const struct pmm_backend *backend;
  uint64_t most_bytes; /* more must not be live                             */
  int aged;            /* 1: on a heap that it has littered before          */
};

/** Run it.  0, or -1: *wrong says why. */
int pattern_run(const struct pattern_asked *order,
                struct pattern_result *result, struct pattern_wrong *wrong);

#endif /* PMM_PATTERN_RUN_H */
