/* SPDX-License-Identifier: MIT */
/*
 * verbs.h - what pmm-trace does, verb by verb.
 *
 * Each takes its own arguments, argv[0] being the verb, and returns an exit
 * code: 0 done, 1 the tool failed, 2 wrong usage or no such file, 3 the trace
 * is damaged, or the program that was recorded failed.
 */
#ifndef PMM_TRACE_VERBS_H
#define PMM_TRACE_VERBS_H

#include "format.h"
#include "pmm/backend.h"

enum {
  VERB_GOOD = 0,
  VERB_TOOL = 1,
  VERB_USAGE = 2,
  VERB_BAD = 3
};

/** What starts a message, and what help calls the program. */
#define VERB_PROGRAM "pmm trace"

int trace_record(int argc, char **argv);
int trace_info(int argc, char **argv);
int trace_verify(int argc, char **argv);
int trace_trim(int argc, char **argv);
int trace_import(int argc, char **argv);

/** Finds a backend by its spec, and the file of its code, which goes to the
 *  message; NULL, and why (backends/registry.h, backends/witness.h). */
typedef const struct pmm_backend *(*trace_find_backend)(const char *spec,
                                                        char *message,
                                                        size_t size);
int trace_replay(trace_find_backend find, int argc, char **argv);

/** A trace that was opened: its bytes and a reader over them. */
struct opened {
  uint8_t *bytes;
  size_t count;
  struct trace_reader *reader;
};

/** Open a trace; VERB_GOOD, or a code after a message. */
int verb_open(const char *path, struct opened *opened);
void verb_close(struct opened *opened);

/** Say what is wrong with a file, and where.  VERB_BAD. */
int verb_damaged(const char *path, const struct trace_fault *fault);

#endif /* PMM_TRACE_VERBS_H */
