/* SPDX-License-Identifier: MIT */
/*
 * options.h - the command line of pmm-conform.
 *
 * Invariant: what pmm_options_read() accepted is well formed; whether names
 * exist is for their owners to say.
 */
#ifndef PMM_CONFORM_OPTIONS_H
#define PMM_CONFORM_OPTIONS_H

#include <stdint.h>
#include <stdio.h>

#include "attempt.h"

/** Seconds that a process has where --timeout does not say otherwise. */
#define PMM_TIMEOUT_S 60.0

struct pmm_options {
  const char *command;    /* starts the reproduce line, quoted; NULL: the   */
  const char *program;    /* program as it was called                       */
  const char *subject;    /* NULL: the host's own                           */
  const char *backend;    /* NULL: the subject's default                    */
  const char *mode;       /* NULL: the subject's default                    */
  const char **cases;     /* globs; point into argv                         */
  int case_count;
  uint64_t sample;        /* one in so many of each area; 1: all            */
  const char *jsonl;      /* file for JSON lines; NULL: none                */
  const char *profile;    /* file with the subject's numbers; NULL: ours    */
  const char *expect;     /* file with expected failures; NULL: none        */
  const char *missing;    /* file for what the subject lacks; NULL: none    */
  enum pmm_lane lane;
  double timeout_s;
  uint64_t seed;
  uint64_t point;         /* oom lanes: only this one; 0: all               */
  int no_fork;
  int list;               /* list cases and end                             */
  int json;               /* as JSON                                        */
  int subjects;           /* list subjects and end                          */
  int help;
};

/** Read the options.  0; 2 after a message on stderr; 1 no memory. */
int pmm_options_read(struct pmm_options *options, int argc, char **argv);
void pmm_options_free(struct pmm_options *options);

void pmm_options_help(FILE *out, const char *command);

const char *pmm_lane_name(enum pmm_lane lane);

/** Edits between two names; small means alike. */
unsigned pmm_name_distance(const char *a, const char *b);

#endif /* PMM_CONFORM_OPTIONS_H */
