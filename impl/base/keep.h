/* SPDX-License-Identifier: MIT */
/*
 * keep.h - what a process needs of itself, whatever it loads.
 *
 * A library may, while it is loaded, close or redirect streams, lower a limit,
 * start a timer, block signals, choose a locale or another folder.  That would
 * end, or falsify, what comes after it in this process.  What is needed is
 * noted before and put back after:
 *
 *   pmmi_keep_note();
 *   ... dlopen(), and the first call into the library ...
 *   pmmi_keep_restore();
 *
 * Handlers of other signals than SIGCHLD stay as the library set them, and so do
 * limits that it raised: a runtime may live by them.
 */
#ifndef PMMI_KEEP_H
#define PMMI_KEEP_H

#include <stdio.h>

/** Note the state of this process; not twice without a pmmi_keep_restore(). */
void pmmi_keep_note(void);

/** Put it back, as far as the system allows. */
void pmmi_keep_restore(void);

/** A copy of a descriptor that no library meets by chance; -1: none. */
int pmmi_keep_apart(int fd);

/** A file that was opened just before, there if possible; NULL stays NULL. */
FILE *pmmi_keep_file_apart(FILE *file, const char *mode);

#endif /* PMMI_KEEP_H */
