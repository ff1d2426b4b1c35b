/* SPDX-License-Identifier: MIT */
/*
 * options.h - what every program that runs cases can be asked for.
 *
 * A program's own options are a struct that begins with struct pmm_options,
 * and a table of their own (base/options.h).
 */
#ifndef PMM_CONFORM_OPTIONS_H
#define PMM_CONFORM_OPTIONS_H

#include "base/options.h"

struct pmm_options {
  const char *command;     /* starts the repeat line, quoted; NULL: the     */
  const char *program;     /* program as it was called                      */
  struct pmmi_texts cases; /* globs; none: all cases                        */
  const char *requirement; /* whose cases; NULL: of all                     */
  uint64_t sample;         /* one in so many of each area; 1: all           */
  uint64_t seed;
  const char *jsonl;       /* file for JSON lines; NULL: none               */
  double timeout_s;        /* for one process                               */
  int no_fork;
  int json;                /* lists as JSON                                 */
  int tap;                 /* is on anyhow                                  */
  int help;
};

/** The rows of the options above but --timeout, whose default differs. */
extern const struct pmmi_option pmm_options_shared[];

#endif /* PMM_CONFORM_OPTIONS_H */
