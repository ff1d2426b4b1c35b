/* SPDX-License-Identifier: MIT */
/*
 * ops.h - a trace made ready to be replayed: 8 bytes a call, and blocks in
 * slots.
 *
 *    31        3 2  0   63            32
 *   |   slot    | op | |     size       |
 *
 * A slot is where the address of a live block is kept; one that was given back
 * is the next to be used, so that there are no more slots than blocks were ever
 * live at once.  A realloc takes two words, of which the second, OPS_OLD, has
 * the size before.  A size of 0 becomes 1, as Python's own allocators do it.
 */
#ifndef PMM_TRACE_OPS_H
#define PMM_TRACE_OPS_H

#include "reader.h"

enum { OPS_OLD = 4, OPS_SLOTS_MOST = 1 << 29 };

struct op {
  uint32_t slot_and_op;
  uint32_t size; /* of free: that it was last asked for with                */
};

struct trace_ops {
  struct op *ops;
  size_t count;   /* words                                                  */
  size_t room;    /* bytes that `ops` has                                   */
  uint64_t calls; /* to the allocator                                       */
  uint64_t births;
  uint32_t slots; /* blocks live at once, at most                           */
  size_t peak;    /* words up to the moment with most live bytes            */
  uint64_t peak_bytes;
};

static inline uint32_t op_slot(struct op op) { return op.slot_and_op >> 3; }
static inline unsigned op_kind(struct op op) { return op.slot_and_op & 7; }

/** Read the whole trace.  0, or -1: a fault, also for sizes of 4 GiB or more,
 *  which a word does not hold. */
int trace_ops_make(struct trace_reader *reader, struct trace_ops *ops,
                   struct trace_fault *fault);

/** Change them for a backend that has one block (PMM_BACKEND_ONE_BLOCK): no
 *  size is above that block's, and nothing is to be zeroed. */
void trace_ops_price(struct trace_ops *ops, uint32_t most);

void trace_ops_free(struct trace_ops *ops);

#endif /* PMM_TRACE_OPS_H */
