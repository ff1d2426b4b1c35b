/* SPDX-License-Identifier: MIT */
/*
 * live.h - which objects of a trace are live, and how large they are.
 *
 * A table by birth number: 8 bytes an object, dead ones too, as a trace names
 * objects by that number.  Reader and writer each keep one, and so agree on
 * every figure of the header.
 */
#ifndef PMM_TRACE_LIVE_H
#define PMM_TRACE_LIVE_H

#include "format.h"

struct trace_live {
  uint64_t *sizes;  /* by object; TRACE_DEAD: it was freed                  */
  uint64_t births;
  uint64_t room;    /* objects that `sizes` has room for                    */
  uint64_t blocks;  /* live                                                 */
  uint64_t bytes;   /* of these                                             */
  uint64_t peak_blocks;
  uint64_t peak_bytes;
  uint64_t requested_bytes;
};

#define TRACE_DEAD UINT64_MAX

/** 1 when the object was made and not freed. */
static inline int trace_live_has(const struct trace_live *live,
                                 uint64_t object) {
  return object < live->births && live->sizes[object] != TRACE_DEAD;
}

/** Do what the event says; of alloc the object's number is filled in, of
 *  realloc and free the old size.  The object must be live.  0, or -1 when
 *  there is no memory (then nothing happened). */
int trace_live_do(struct trace_live *live, struct trace_event *event);

/** Give the table back. */
void trace_live_free(struct trace_live *live);

#endif /* PMM_TRACE_LIVE_H */
