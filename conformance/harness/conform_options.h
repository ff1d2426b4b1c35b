/* SPDX-License-Identifier: MIT */
/*
 * conform_options.h - the command line of pmm-conform.
 *
 * Invariant: what pmm_conform_options_read() accepted is well formed; whether
 * names exist is for their owners to say.
 */
#ifndef PMM_CONFORM_CONFORM_OPTIONS_H
#define PMM_CONFORM_CONFORM_OPTIONS_H

#include "attempt.h"
#include "options.h"

/** Seconds that a process has where --timeout does not say otherwise. */
#define PMM_TIMEOUT_S 60.0

struct pmm_conform_options {
  struct pmm_options any; /* what any program that runs cases is asked       */
  const char *subject;    /* NULL: the host's own                           */
  const char *backend;    /* NULL: the subject's default                    */
  const char *mode;       /* NULL: the subject's default                    */
  const char *profile;    /* file with the subject's numbers; NULL: ours    */
  const char *expect;     /* file with expected failures; NULL: none        */
  const char *missing;    /* file for what the subject lacks; NULL: none    */
  int lane;               /* enum pmm_lane                                  */
  uint64_t point;         /* oom lanes: only this one; 0: all               */
  int list;               /* list cases and end                             */
  int subjects;           /* list subjects and end                          */
};

/** Read the options.  0; 2 after a message on stderr; 1 no memory. */
int pmm_conform_options_read(struct pmm_conform_options *options, int argc,
                             char **argv);
void pmm_conform_options_free(struct pmm_conform_options *options);

void pmm_conform_options_help(FILE *out, const char *command);

const char *pmm_lane_name(enum pmm_lane lane);

#endif /* PMM_CONFORM_CONFORM_OPTIONS_H */
