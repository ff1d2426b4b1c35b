/* SPDX-License-Identifier: MIT */
/*
 * lockstep.h - random programs as a command: run, draw, replay, operations.
 */
#ifndef PMM_LOCKSTEP_LOCKSTEP_H
#define PMM_LOCKSTEP_LOCKSTEP_H

#include "pmm/subject.h"

/** Run the command line on `subject` (NULL: what --subject names).  Returns
 *  the exit code: 0 done, 1 no runtime, 2 wrong usage, 3 the subject breaks
 *  its contract. */
int pmm_lockstep_main(const struct pmm_subject *subject, int argc,
                      char **argv);

#endif /* PMM_LOCKSTEP_LOCKSTEP_H */
