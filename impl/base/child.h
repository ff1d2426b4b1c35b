/* SPDX-License-Identifier: MIT */
/*
 * child.h - a child process: begun with a pipe, bound to its parent, read,
 * awaited, and how it ended in words.
 *
 *   int end;
 *   pid_t child = pmmi_child_fork(&end);
 *   if (child == 0) {
 *     ...                                  end: to write
 *     _exit(0);
 *   }
 *   pmmi_child_read(end, text, sizeof text);
 *   int status = pmmi_child_wait(child);   as wait(2) tells it
 */
#ifndef PMMI_CHILD_H
#define PMMI_CHILD_H

#include <stddef.h>
#include <sys/types.h>

/** Fork, with buffers flushed before, or the child would write them once more.
 *  In the child 0, with the end of a pipe to write in *end; in the parent its
 *  id, with the end to read; -1: neither is there, and errno says why.  Both
 *  ends close on exec.  `end` is NULL: a child without a pipe. */
pid_t pmmi_child_fork(int *end);

/** In the child: end when `parent` does, which may have happened already, and
 *  leave no core file. */
void pmmi_child_bind(pid_t parent);

/** Read all that comes until the writers are gone, and close.  What does not
 *  fit is read and dropped, so that nobody waits for us; always terminated.
 *  Returns the bytes kept. */
size_t pmmi_child_read(int end, char *text, size_t size);

/** Wait for the end, whatever signals come meanwhile.  The status as of
 *  wait(2); -1: there is no such child. */
int pmmi_child_wait(pid_t child);

/** How a process ended: "signal 11 (Segmentation fault)", "code 3". */
const char *pmmi_child_fate(int status, char *text, size_t size);

/** Seconds that the next of many children has: each of `late` that took too
 *  long leaves half of `allowed_s` for the next, down to `least_s`, so that
 *  what hangs in all of them ends. */
double pmmi_child_patience(double allowed_s, size_t late, double least_s);

/** The signal that ended a process; 0: none did. */
int pmmi_child_signal(int status);

#endif /* PMMI_CHILD_H */
