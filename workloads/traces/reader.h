/* SPDX-License-Identifier: MIT */
/*
 * reader.h - the events of a trace, one after the other.
 *
 *   struct trace_reader *reader = trace_reader_open(bytes, count, &fault);
 *   while ((more = trace_reader_next(reader, &event, &fault)) == 1) {
 *     ...
 *   }
 *   trace_reader_close(reader);
 *
 * The file may be damaged, cut off or made to harm: whatever its bytes are, a
 * call returns an event that keeps the format's rules, or a fault with the
 * offset and what was expected there.  0 at the end says that the events are
 * those that were written: counts, SHA-256 and end of the file agree.
 *
 * Memory: one block and 8 bytes for each object made so far; as a block cannot
 * hold more than TRACE_RATIO_MOST times its packed bytes, that is less than 200
 * bytes for each byte of the file, and a block.
 */
#ifndef PMM_TRACE_READER_H
#define PMM_TRACE_READER_H

#include "format.h"

struct trace_reader;

/** Read a whole file.  NULL: it cannot be read, and the fault says why. */
uint8_t *trace_file_read(const char *path, size_t *count,
                         struct trace_fault *fault);

/** Begin to read; the bytes stay the caller's and must outlive the reader.
 *  NULL: a fault, or no memory. */
struct trace_reader *trace_reader_open(const uint8_t *bytes, size_t count,
                                       struct trace_fault *fault);

/** The next event: 1; 0: the whole trace was read and is sound; -1: a fault,
 *  and the next call gives the same. */
int trace_reader_next(struct trace_reader *reader, struct trace_event *event,
                      struct trace_fault *fault);

/** What the header says. */
const struct trace_header *
trace_reader_header(const struct trace_reader *reader);

/** The text, printable and ended by a zero. */
const char *trace_reader_text(const struct trace_reader *reader);

/** Bytes of the file. */
size_t trace_reader_bytes(const struct trace_reader *reader);

/** Events given so far. */
uint64_t trace_reader_events(const struct trace_reader *reader);

void trace_reader_close(struct trace_reader *reader);

#endif /* PMM_TRACE_READER_H */
