/* SPDX-License-Identifier: MIT */
/*
 * work.h - pmm-work as a function, for the program and for hosts that bring
 * a subject of their own (the CPython extension).
 */
#ifndef PMM_WORK_H
#define PMM_WORK_H

#include "subjects/select.h"

/** Finds what --subject, --backend and --mode name, as pmmi_select() does. */
typedef int (*pmm_work_find)(const struct pmmi_names *names,
                             struct pmmi_selection *out, char *message,
                             size_t size);

/**
 * Run the command line on the host's own subject; --subject may only repeat
 * its name.  Returns the exit code: 0 fine, 1 tool error, 2 usage, 3 a check
 * failed, 4 nothing applied: the subject lacks what every variant needs.
 */
int pmm_work_main(const struct pmm_subject *subject, int argc, char **argv);

/** The same on the subject that `find` finds.  A parameter, so that a host
 *  with a subject of its own need not link all the others. */
int pmm_work_main_with(pmm_work_find find, int argc, char **argv);

#endif /* PMM_WORK_H */
