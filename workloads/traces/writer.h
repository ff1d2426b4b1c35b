/* SPDX-License-Identifier: MIT */
/*
 * writer.h - a trace, event by event, into a file.
 *
 * Until trace_writer_finish() the file bears the name with ".part" behind it,
 * so that a trace by its own name is always whole.
 */
#ifndef PMM_TRACE_WRITER_H
#define PMM_TRACE_WRITER_H

#include "format.h"

struct trace_writer;

/** Begin a file.  `text` has lines "key: value"; what is no printable ASCII in
 *  it is written as \xNN, and what is longer than TRACE_TEXT_MOST is cut off.
 *  NULL: a fault, or no memory. */
struct trace_writer *trace_writer_open(const char *path, const char *text,
                                       struct trace_fault *fault);

/** Add an event: `op`, `domain`, `size`, and of realloc and free the object,
 *  which must be live; of control events the thread, one that was there or the
 *  next number.  Of alloc the object's number is filled in.  0, or -1: a fault,
 *  and the trace is lost. */
int trace_writer_add(struct trace_writer *writer, struct trace_event *event,
                     struct trace_fault *fault);

/** Write the header and give the file its name.  0, or -1: a fault.  The
 *  writer is gone in any case; so is the ".part" file. */
int trace_writer_finish(struct trace_writer *writer,
                        struct trace_fault *fault);

/** Drop what was written. */
void trace_writer_drop(struct trace_writer *writer);

#endif /* PMM_TRACE_WRITER_H */
