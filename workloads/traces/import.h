/* SPDX-License-Identifier: MIT */
/*
 * import.h - traces of other tools, in their text forms, made into ours.
 *
 *   malloc-lab     the traces of CS:APP's malloc lab: four lines with the
 *                  heap's size, the numbers of ids and of requests, and a
 *                  weight; then
 *                  "a ID SIZE", "r ID SIZE", "f ID"
 *   memory-replay  what Android's malloc_debug records and its memory_replay
 *                  reads: "THREAD: malloc ADDRESS SIZE", also calloc, realloc
 *                  (NEW OLD SIZE), memalign (ADDRESS ALIGNMENT SIZE), free,
 *                  thread_done; two times may stand behind
 *
 * A text that is neither, or that says what no program can have done, is
 * refused with its line and what was expected there.  What a recorder that
 * begins late cannot have seen is put right and counted, as pack.h does it.
 */
#ifndef PMM_TRACE_IMPORT_H
#define PMM_TRACE_IMPORT_H

#include <stdio.h>

#include "format.h"

struct import_counts {
  uint64_t lines;
  uint64_t events;   /* written                                             */
  uint64_t unknown;  /* given back or resized, and nobody was seen to ask   */
  uint64_t repeated; /* addresses that came again                           */
  uint64_t failed;   /* requests that got no memory, which are left out     */
  uint64_t aligned;  /* requests whose alignment is not kept                */
};

/** Where a text is wrong, and what was expected; line 0: the tool failed. */
struct import_fault {
  uint64_t line;
  char message[240];
};

struct trace_writer;

/** The form of a text, by its first line; NULL: none that is known. */
const char *import_form(const char *first_line);

/** Read a text of that form into a writer, at most so many events.  0, or -1
 *  with a fault; the writer stays its owner's. */
int import_read(FILE *in, const char *form, uint64_t events,
                struct trace_writer *writer, struct import_counts *counts,
                struct import_fault *fault);

#endif /* PMM_TRACE_IMPORT_H */
