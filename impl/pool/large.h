/* SPDX-License-Identifier: MIT */
/*
 * large.h - blocks that malloc serves: requests above 512 bytes, alignments
 * above a class, and small requests when no arena is to be had.
 *
 *   1. malloc, realloc and free of the process do the work ("raw allocator").
 *   2. A hash table in the heap knows every such block by its address: slots
 *      as in base/slots.h, at most half full.
 *   3. Addresses are kept inverted, so that a leak checker that scans the
 *      table does not take it for an owner.
 *   4. A *medium* block, of 513 to 4096 bytes, that comes back is kept as a
 *      *spare* for the next request of its class, as long as the spares have
 *      less than 256 KiB: malloc and the table's growing and shrinking are
 *      most of what such a block costs.  So that any spare of a class serves
 *      any request of it, malloc is asked for whole classes: 16 between a
 *      power of two and the next, one in 33 bytes more in the mean.  Under a
 *      memory checker there are none: it is to see each block, to the byte.
 *
 * Nothing in front of a block is ever read: whose it is, and how large, is
 * known from the table alone.
 *
 * Invariant: 2 * entries <= capacity; no empty slot lies between an entry and
 * the slot its address hashes to; a spare is in the table, marked, and once on
 * the list of its class.
 */
#ifndef PMMI_POOL_LARGE_H
#define PMMI_POOL_LARGE_H

#include <stddef.h>
#include <stdint.h>

#include "pmm/backend.h"
#include "pool/table.h"

enum {
  PMMI_LARGE_MEDIUM_MAX = 4096, /* bytes of the largest medium block        */
  PMMI_LARGE_STEPS = 16,        /* classes between two powers of two        */
  PMMI_LARGE_CLASSES = 3 * PMMI_LARGE_STEPS,
  PMMI_LARGE_SPARE_BYTES = 256 << 10
};

/** The large blocks of a heap. */
struct pmmi_large {
  struct pmmi_pool_table table; /* open addressing, linear probing          */
  size_t capacity;              /* slots, a power of two, or 0              */
  uint64_t entries;             /* blocks, live and spare                   */
  uint64_t bytes;               /* requested by the live ones               */
  uint64_t allocated;           /* since the heap was opened                */
  uint64_t spares;              /* blocks that wait to be handed out        */
  size_t spare_bytes;           /* of them, as malloc was asked             */
  size_t spare_limit;           /* what they may have; 0: none is kept      */
  struct pmmi_spare *spare[PMMI_LARGE_CLASSES]; /* last freed first         */
};

/** What stands in a spare. */
struct pmmi_spare {
  struct pmmi_spare *next; /* of its class                                  */
  size_t slot; /* where its entry was; it may have moved                    */
};

/** How many blocks are live. */
uint64_t pmmi_large_live(const struct pmmi_heap *heap);

/** New large block, zeroed if `zero`; NULL: no memory. */
void *pmmi_large_alloc(struct pmmi_heap *heap, size_t size, int zero);
void *pmmi_large_alloc_aligned(struct pmmi_heap *heap, size_t align,
                               size_t size);

/** Give back a block that no arena holds; NULL is ignored. */
void pmmi_large_free(struct pmmi_heap *heap, void *block);

/** Resize a large block by the raw allocator; NULL: no memory, unchanged. */
void *pmmi_large_realloc(struct pmmi_heap *heap, void *block, size_t size);

/** Requested bytes of a large block; 0 with *found 0 when there is none. */
size_t pmmi_large_size(const struct pmmi_heap *heap, const void *block,
                       int *found);

/** 1 when an address lies inside a large block. */
int pmmi_large_holds(const struct pmmi_heap *heap, const void *address);

/** Call `fn` for each block until it returns non-zero; returns that, or 0. */
int pmmi_large_visit(const struct pmmi_heap *heap,
                     int (*fn)(void *ctx, const struct pmm_block *block),
                     void *ctx);

/** Give the spares to malloc; returns their bytes. */
size_t pmmi_large_trim(struct pmmi_heap *heap);

/** Forget the blocks: the heap knows none any more, malloc still does. */
void pmmi_large_forget(struct pmmi_heap *heap);

/** Give back all blocks that are live, and the table. */
void pmmi_large_close(struct pmmi_heap *heap);

#endif /* PMMI_POOL_LARGE_H */
