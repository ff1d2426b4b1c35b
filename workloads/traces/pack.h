/* SPDX-License-Identifier: MIT */
/*
 * pack.h - from the recorder's log (log.h) to a trace.
 *
 * Addresses become objects.  What the log cannot explain is put right and
 * counted: a block given back that nobody was seen to ask for is left out, and
 * an address that comes again without having been given back was given back
 * unseen.
 *
 * A thread that begins or ends gives raw blocks back without holding the
 * interpreter's lock, at a moment that chance decides.  So that two recordings
 * are alike, what a thread other than the first gives back there waits for its
 * own next event or for the next turn of such a thread, and so does the event
 * that it ended.
 */
#ifndef PMM_TRACE_PACK_H
#define PMM_TRACE_PACK_H

#include "format.h"

struct pack_result {
  uint64_t events;       /* written                                         */
  uint64_t object_events; /* of these, in the domain of objects             */
  uint64_t unknown;      /* blocks given back or resized that nobody made   */
  uint64_t repeated;     /* addresses that came again                       */
  int ended;             /* 1: the log says that the program came to its end */
  int fixed;             /* 1: addresses were held still (addresses.h)      */
  char version[129];     /* of the interpreter                              */
};

/** What a log says before its events, version and fixed, into *result.  0, or -1:
 *  the file is no log, and the fault says why. */
int pack_open(const char *log, struct pack_result *result,
              struct trace_fault *fault);

/** Make the trace at `path`.  0, or -1: a fault. */
int pack_log(const char *log, const char *path, const char *text,
             struct pack_result *result, struct trace_fault *fault);

#endif /* PMM_TRACE_PACK_H */
