/* SPDX-License-Identifier: MIT */
/*
 * ending.h - a program that only its own code ends.
 *
 * A library that is loaded or measured may call exit(), with any code.  None
 * of them is the program's answer: it would be taken for a success, or for a
 * fault of the suite.  The program says so and ends with MISBEHAVED instead.
 * _exit() and signals are seen from outside.  What a library registered with
 * atexit() may hang: the program ends all the same, and says so.
 *
 *   pmmi_ending_watch("pmm-work");
 *   ...
 *   return pmmi_ending_own(code);
 */
#ifndef PMMI_ENDING_H
#define PMMI_ENDING_H

#ifdef __cplusplus
extern "C" {
#endif

/** The exit code that says: what was to be run misbehaved. */
enum { PMMI_ENDING_MISBEHAVED = 3 };

/** From here on until pmmi_ending_own() no exit() of this process counts; in
 *  its children it does.  `program` has to stay. */
void pmmi_ending_watch(const char *program);

/** What a library may take when the program ends; leak checkers need some of
 *  it. */
enum { PMMI_ENDING_MS = 20000 };

/** The program ends by itself, with this code, which is returned; within
 *  PMMI_ENDING_MS, or with MISBEHAVED.  No watch needs to have begun. */
int pmmi_ending_own(int code);

/** The same within so many milliseconds. */
int pmmi_ending_within(int code, int milliseconds);

#ifdef __cplusplus
}
#endif

#endif /* PMMI_ENDING_H */
