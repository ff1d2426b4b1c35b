/* SPDX-License-Identifier: MIT */
/*
 * replay.h - the calls of a trace, made on a backend.
 *
 * A replay knows a backend by pmm/backend.h alone, and every call goes through
 * its table, for all of them alike.  The first byte of each block is written,
 * as Python writes the head of each object.
 */
#ifndef PMM_TRACE_REPLAY_H
#define PMM_TRACE_REPLAY_H

#include "ops.h"
#include "pmm/backend.h"

enum {
  REPLAY_BATCH = 4096,   /* words between two looks at the clock            */
  REPLAY_KEPT_PERCENT = 5 /* of the litter                                  */
};

struct replay {
  const struct pmm_backend *backend;
  void *heap;
  const struct trace_ops *ops;
  void **blocks;         /* by slot                                         */
  void **litter;         /* NULL: the heap is fresh                         */
  size_t litter_count;   /* blocks that were made                           */
  size_t litter_room;    /* blocks that `litter` has room for               */
  uint64_t litter_bytes; /* of those that stay                              */
};

/** Make a heap and the table of blocks, all of it resident.  0, or -1: no
 *  memory. */
int replay_open(struct replay *replay, const struct pmm_backend *backend,
                const struct trace_ops *ops);
void replay_close(struct replay *replay);

/** Age the heap: fill it with blocks of the trace's own sizes, as many bytes as
 *  the trace has at its peak, and give all but a few back, in an order drawn
 *  from the seed.  0, or -1: the backend has no memory. */
int replay_litter(struct replay *replay, uint64_t seed);

/** Do the words from `first` up to `end`.  Where it stopped: `end`, or the word
 *  whose request the backend refused. */
size_t replay_words(struct replay *replay, size_t first, size_t end);

/** The same, with a byte written on each page of a block, so that resident
 *  bytes can be held against live ones. */
size_t replay_words_filled(struct replay *replay, size_t first, size_t end);

/** Give back what is live after all words were done. */
void replay_drain(struct replay *replay);

/** A block that is not there, or an answer that a backend may not give. */
struct replay_wrong {
  size_t word;
  char message[160];
};

/** Do all words with every byte of every block written, and looked at before
 *  it is given back.  0, or -1: the backend is wrong. */
int replay_verify(struct replay *replay, struct replay_wrong *wrong);

#endif /* PMM_TRACE_REPLAY_H */
