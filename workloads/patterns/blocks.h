/* SPDX-License-Identifier: MIT */
/*
 * blocks.h - sets of live blocks, each marked so that a wrong one is seen.
 *
 * A block's first byte, its last and one of each page say which block it is.
 * They are looked at before it is given back: two blocks that overlap, or a
 * realloc that loses bytes, do not go by.  The arrays that hold the blocks are
 * ours: their bytes are counted, and taken off what is resident.
 */
#ifndef PMM_PATTERN_BLOCKS_H
#define PMM_PATTERN_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "pmm/backend.h"

struct block {
  unsigned char *at;
  uint32_t size;
  uint32_t mark; /* which block it is                                       */
};

struct block_set {
  struct block *blocks; /* the oldest first, but where some were dropped    */
  size_t count;
  size_t room;
};

/** What a heap that ages keeps of what is given back to it: one block in so
 *  many, up to one in so many of the bytes that were live at the peak. */
enum { LITTER_ONE_IN = 20 };

/** A heap and what is live in it. */
struct heap {
  const struct pmm_backend *backend;
  void *heap;
  uint64_t random;     /* state of the draw                                 */
  uint64_t live_bytes;
  uint64_t live_blocks;
  uint64_t peak_bytes; /* live                                              */
  uint64_t own_bytes;  /* of the arrays                                     */
  uint64_t calls;      /* that succeeded                                    */
  uint32_t marks;      /* given out                                         */
  int ages;            /* 1: some of what is given back stays, as litter    */
  struct block_set litter;
  uint64_t litter_bytes;
  uint64_t litter_random; /* state of its draw                              */
};

/** What may go wrong with a block; each has its words in blocks_wrong(). */
enum block_fault {
  BLOCK_GOOD = 0,
  BLOCK_NO_MEMORY, /* the backend has none                                  */
  BLOCK_NO_ROOM,   /* we have none                                          */
  BLOCK_SPOILT     /* a mark is not what was written                        */
};

const char *blocks_wrong(enum block_fault fault);

/** A number below `below`, which is not 0. */
uint64_t heap_draw(uint64_t *state, uint64_t below);

/** Write a block's marks, and look whether they are there. */
void block_mark(const struct block *block);
int block_is_marked(const struct block *block);

/** Make a block at the end of a set. */
enum block_fault heap_make(struct heap *heap, struct block_set *set,
                           uint64_t size);

/** Give back the block at `i`; `keep_order`: the others move up, else the last
 *  one takes its place. */
enum block_fault heap_drop(struct heap *heap, struct block_set *set, size_t i,
                           int keep_order);

/** Give back `count` blocks, the oldest. */
enum block_fault heap_drop_oldest(struct heap *heap, struct block_set *set,
                                  size_t count);

/** Change the size of the block at `i`. */
enum block_fault heap_resize(struct heap *heap, struct block_set *set,
                             size_t i, uint64_t size);

/** Put all blocks of one set behind those of another. */
enum block_fault heap_move(struct heap *heap, struct block_set *from,
                           struct block_set *to);

/** Give the array of a set back; the set is empty. */
void set_free(struct heap *heap, struct block_set *set);

#endif /* PMM_PATTERN_BLOCKS_H */
