/* SPDX-License-Identifier: MIT */
/*
 * programs.h - what the module _pmm can run, as a table.
 *
 *   1. A program is a function of the module, called with a list of arguments
 *      and one more text that its row explains; it returns an exit code.
 *   2. The module (module.c) knows Python and this table; the programs
 *      (programs.c) are those of the trees below and know no Python object.
 *
 * Another program is another row.
 */
#ifndef PMMI_HOSTS_CPYTHON_PROGRAMS_H
#define PMMI_HOSTS_CPYTHON_PROGRAMS_H

#include <stddef.h>

#include "pmm/subject.h"

struct pmmi_program {
  const char *name; /* of the module's function                             */
  const char *help; /* its docstring                                        */
  /** Run on the subject; `argv` ends with NULL.  `extra` is the second
   *  argument of the call, NULL when there was none.  Returns the exit code:
   *  0 fine, 1 the tool failed, 2 usage, 3 a check failed. */
  int (*run)(const struct pmm_subject *subject, int argc, char **argv,
             const char *extra);
};

/** The programs; the last has no name. */
extern const struct pmmi_program pmmi_programs[];

#endif /* PMMI_HOSTS_CPYTHON_PROGRAMS_H */
