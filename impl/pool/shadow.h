/* SPDX-License-Identifier: MIT */
/*
 * shadow.h - what a checked heap knows of each block, outside of the blocks.
 *
 *   1. A block is announced to the memory checker for the bytes requested,
 *      so that one byte more is reported.
 *   2. A block that came back is retired: no owner's, and poisoned, but not
 *      yet on the list; somebody may keep it from reuse for a while.
 *   3. It is taken back: on the list, and off the pool's count.
 *   4. A list that is empty is extended by one block, the next of its pool.
 *
 * Invariant: a block is live, retired, on the list, or not carved;
 * pool->counts' live blocks are the first two, and pool->free is NULL.
 */
#ifndef PMMI_POOL_SHADOW_H
#define PMMI_POOL_SHADOW_H

#include <stddef.h>
#include <stdint.h>

#include "pool/pool.h"

enum {
  PMMI_SHADOW_BLOCKS = (1 << PMMI_POOL_SHIFT) / PMMI_POOL_STEP_BYTES,
  PMMI_SHADOW_NONE = UINT16_MAX /* no block                                 */
};

/** The shadow of one pool, by the number of a block in it. */
struct pmmi_shadow {
  uint64_t live[PMMI_SHADOW_BLOCKS / 64]; /* bit i: block i has an owner    */
  uint16_t next[PMMI_SHADOW_BLOCKS];      /* links of the list              */
  uint16_t request[PMMI_SHADOW_BLOCKS];   /* bytes that the owner asked for */
  uint16_t head;                          /* first free block               */
};

/** The shadows of all pools of a heap. */
struct pmmi_shadows {
  struct pmmi_heap *heap;       /* whose pools they belong to               */
  struct pmmi_pool_table table; /* by pool number; grows with the heap's    */
};

/** Make room for the shadow of `pool`; -1: no memory.  The room is there for
 *  every pool that ever handed out a block. */
int pmmi_shadow_reserve(struct pmmi_shadows *shadows,
                        const struct pmmi_pool *pool);

/** A block of a pool that has room, live with `size` bytes.  Cannot fail. */
void *pmmi_shadow_hand_out(struct pmmi_shadows *shadows,
                           struct pmmi_pool *pool, size_t size);

/** 1 when the address is the first byte of a live block of the pool. */
int pmmi_shadow_is_live(const struct pmmi_shadows *shadows,
                        const struct pmmi_pool *pool, const void *address);

/** Requested size of a live block. */
size_t pmmi_shadow_request(const struct pmmi_shadows *shadows,
                           const struct pmmi_pool *pool, const void *block);

/** Note that a live block has another requested size. */
void pmmi_shadow_resize(struct pmmi_shadows *shadows, struct pmmi_pool *pool,
                        void *block, size_t size);

/** A live block came back: nobody may touch it. */
void pmmi_shadow_retire(struct pmmi_shadows *shadows, struct pmmi_pool *pool,
                        void *block);

/** A retired block may be handed out again. */
void pmmi_shadow_take_back(struct pmmi_shadows *shadows,
                           struct pmmi_pool *pool, void *block);

/** NULL when the lists and live blocks are as the invariant says, `retired`
 *  blocks being kept somewhere; else the sentence that does not hold. */
const char *pmmi_shadow_check(const struct pmmi_shadows *shadows,
                              uint64_t retired);

#endif /* PMMI_POOL_SHADOW_H */
