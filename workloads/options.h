/* SPDX-License-Identifier: MIT */
/*
 * options.h - the command line of pmm-work.
 */
#ifndef PMM_WORK_OPTIONS_H
#define PMM_WORK_OPTIONS_H

#include <stdint.h>
#include <stdio.h>

#include "base/options.h"
#include "workload.h"

/** What was asked.  Text is argv's. */
struct pmm_work_options {
  const char *command;   /* how the program was called                      */
  const char *workload;  /* NULL: none named                                */
  const char *subject;   /* NULL: the default                               */
  const char *backend;   /* NULL: the default                               */
  const char *mode;      /* NULL: the subject's default                     */
  const char *json;      /* NULL: the document goes to stdout               */
  struct pmmi_texts settings; /* NAME=VALUE                                 */
  struct pmmi_texts variants; /* empty: all                                 */
  uint64_t seed;
  uint64_t pace;         /* ticks between samples; 0: chosen                */
  uint64_t fail_at;      /* allocation that fails; 0: none                  */
  double timeout_s;      /* for one variant                                 */
  int check;             /* exit 3 when something leaked                    */
  int no_fork;
  int list;
  int help;
};

/** Read the command line.  0; 1: no memory; 2: usage, after a message. */
int pmm_work_options_read(struct pmm_work_options *options, int argc,
                          char **argv);
void pmm_work_options_free(struct pmm_work_options *options);

void pmm_work_options_help(FILE *out, const char *command);

/** Make the values of a workload out of its defaults and the settings.  0; 1:
 *  no memory; 2: usage, after a message. */
int pmm_work_values_read(struct pmm_work_values *values,
                         const struct pmm_workload *workload,
                         const struct pmm_work_options *options);
void pmm_work_values_free(struct pmm_work_values *values);

/** Say on stderr that `name` is unknown and which of `known` (up to NULL)
 *  are nearest.  Returns 2. */
int pmm_work_unknown(const char *what, const char *name,
                     const char *const *known);

#endif /* PMM_WORK_OPTIONS_H */
