/* SPDX-License-Identifier: MIT */
/*
 * shadow.c - checked heaps.
 *
 *   shadow of one pool, by block index
 *     head             first free block
 *     next[1024]       the free list, aside: a free block is never touched
 *     request[1024]    bytes the owner asked for
 *     live[16]         bit i: block i belongs to an owner
 *
 *   1. A block is announced to the memory checker for the bytes requested,
 *      so that one byte more is reported.
 *   2. A block that comes back must be live: a double free or an address
 *      inside a block is reported (valgrind: "Invalid free"), else aborts.
 *   3. It is poisoned and, when the heap has a quarantine, waits there:
 *      memcheck delays reuse for malloc's blocks, but not inside a pool.
 *
 * Invariant: a block is live, in quarantine, on the list, or not carved;
 * pool->counts' live blocks are the first two.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pool/internal.h"
#include "sanitize.h"

enum {
  MOST_BLOCKS = (1 << PMMI_POOL_SHIFT) / PMMI_POOL_STEP_BYTES,
  NO_BLOCK = UINT16_MAX
};

struct pmmi_pool_shadow {
  uint64_t live[MOST_BLOCKS / 64];
  uint16_t next[MOST_BLOCKS];
  uint16_t request[MOST_BLOCKS];
  uint16_t head;
};

size_t pmmi_shadow_bytes(void) { return sizeof(struct pmmi_pool_shadow); }

static struct pmmi_pool_shadow *shadow_of(const struct pmmi_heap *heap,
                                          const struct pmmi_pool *pool) {
  assert(heap->checked && heap->shadows != NULL);
  return &heap->shadows[pmmi_pool_number(heap, pool)];
}

static unsigned block_index(const struct pmmi_heap *heap,
                            const struct pmmi_pool *pool, const void *block) {
  assert(pool->class_index != 0);
  size_t offset = (size_t)((const char *)block - pmmi_pool_base(heap, pool));
  return (unsigned)(offset / pmmi_pool_block_size(pool));
}

static void *block_at(const struct pmmi_heap *heap,
                      const struct pmmi_pool *pool, unsigned index) {
  assert(index < pool->limit);
  return pmmi_pool_base(heap, pool) + index * pmmi_pool_block_size(pool);
}

int pmmi_shadow_is_live(const struct pmmi_heap *heap,
                        const struct pmmi_pool *pool, unsigned index) {
  assert(index < pool->limit);
  return (shadow_of(heap, pool)->live[index / 64] >> (index % 64)) & 1;
}

static void flip_live(struct pmmi_pool_shadow *shadow, unsigned index) {
  shadow->live[index / 64] ^= UINT64_C(1) << (index % 64);
}

void pmmi_shadow_reset(struct pmmi_heap *heap, struct pmmi_pool *pool) {
  struct pmmi_pool_shadow *shadow = shadow_of(heap, pool);
  memset(shadow->live, 0, sizeof shadow->live);
  shadow->head = NO_BLOCK;
}

void pmmi_shadow_carve(struct pmmi_heap *heap, struct pmmi_pool *pool,
                       unsigned first, unsigned end) {
  assert(first <= end && end <= pool->limit);
  struct pmmi_pool_shadow *shadow = shadow_of(heap, pool);
  for (unsigned i = end; i-- > first;) {
    shadow->next[i] = shadow->head;
    shadow->head = (uint16_t)i;
  }
}

int pmmi_shadow_has_free(const struct pmmi_heap *heap,
                         const struct pmmi_pool *pool) {
  return shadow_of(heap, pool)->head != NO_BLOCK;
}

uint32_t pmmi_shadow_list_length(const struct pmmi_heap *heap,
                                 const struct pmmi_pool *pool) {
  const struct pmmi_pool_shadow *shadow = shadow_of(heap, pool);
  uint32_t length = 0;
  for (uint16_t i = shadow->head; i != NO_BLOCK; i = shadow->next[i]) {
    if (++length > pool->limit || i >= pool->limit) {
      return UINT32_MAX;
    }
  }
  return length;
}

size_t pmmi_shadow_request(const struct pmmi_heap *heap,
                           const struct pmmi_pool *pool, const void *block) {
  return shadow_of(heap, pool)->request[block_index(heap, pool, block)];
}

/* ---- blocks -------------------------------------------------------------- */

static void *hand_out(struct pmmi_heap *heap, struct pmmi_pool *pool,
                      size_t size) {
  assert(size <= PMMI_POOL_SMALL_MAX);
  struct pmmi_pool_shadow *shadow = shadow_of(heap, pool);
  unsigned index = shadow->head;
  assert(index < pool->fresh && !pmmi_shadow_is_live(heap, pool, index));
  shadow->head = shadow->next[index];
  shadow->request[index] = (uint16_t)size;
  flip_live(shadow, index);
  pool->counts += PMMI_POOL_HANDED_OUT;
  void *block = block_at(heap, pool, index);
  pmmi_sanitize_live(block, size == 0 ? 1 : size);
  return block;
}

void *pmmi_shadow_alloc(struct pmmi_heap *heap, size_t size) {
  assert(size <= PMMI_POOL_SMALL_MAX);
  unsigned class_index =
      size == 0 ? 1
                : (unsigned)((size + PMMI_POOL_STEP_BYTES - 1) /
                             PMMI_POOL_STEP_BYTES);
  struct pmmi_pool *pool = pmmi_pool_refill(heap, class_index);
  if (pool == NULL && heap->quarantine.count > 0) {
    pmmi_quarantine_flush(heap);
    pool = pmmi_pool_refill(heap, class_index);
  }
  return pool != NULL ? hand_out(heap, pool, size) : NULL;
}

static void take_back(struct pmmi_heap *heap, struct pmmi_pool *pool,
                      unsigned index) {
  assert(index < pool->fresh);
  struct pmmi_pool_shadow *shadow = shadow_of(heap, pool);
  shadow->next[index] = shadow->head;
  shadow->head = (uint16_t)index;
  pool->counts--;
  pmmi_pool_after_free(heap, pool);
}

/* ---- quarantine ---------------------------------------------------------- */

static void quarantine_pop(struct pmmi_heap *heap) {
  assert(heap->quarantine.count > 0);
  struct pmmi_quarantine *q = &heap->quarantine;
  void *block = ((void **)q->table.base)[q->head];
  struct pmmi_pool *pool = pmmi_pool_of(heap, block);
  q->head = (q->head + 1) % q->capacity;
  q->count--;
  q->bytes -= pmmi_pool_block_size(pool);
  q->in_class[pool->class_index]--;
  take_back(heap, pool, block_index(heap, pool, block));
}

void pmmi_quarantine_flush(struct pmmi_heap *heap) {
  while (heap->quarantine.count > 0) {
    quarantine_pop(heap);
  }
}

/* 1 when the block waits in quarantine now.  The ring has room for as many
 * of the smallest blocks as the limit admits; without memory for the ring
 * blocks go back at once. */
static int quarantine_push(struct pmmi_heap *heap, struct pmmi_pool *pool,
                           void *block) {
  assert(heap->quarantine.count <= heap->quarantine.capacity);
  struct pmmi_quarantine *q = &heap->quarantine;
  size_t size = pmmi_pool_block_size(pool);
  if (size > q->limit_bytes) {
    return 0;
  }
  if (q->capacity == 0) {
    size_t capacity = q->limit_bytes / PMMI_POOL_STEP_BYTES + 1;
    if (pmmi_pool_table_grow(heap, &q->table, capacity * sizeof(void *))) {
      return 0;
    }
    q->capacity = capacity;
  }
  while (q->bytes + size > q->limit_bytes) {
    quarantine_pop(heap);
  }
  ((void **)q->table.base)[(q->head + q->count) % q->capacity] = block;
  q->count++;
  q->bytes += size;
  q->in_class[pool->class_index]++;
  return 1;
}

/* ---- coming back --------------------------------------------------------- */

static int is_live_block(const struct pmmi_heap *heap,
                         const struct pmmi_pool *pool, const void *block) {
  if (pool->state == PMMI_POOL_VACANT) {
    return 0;
  }
  unsigned index = block_index(heap, pool, block);
  return index < pool->fresh && block_at(heap, pool, index) == block &&
         pmmi_shadow_is_live(heap, pool, index);
}

void pmmi_shadow_free(struct pmmi_heap *heap, struct pmmi_pool *pool,
                      void *block) {
  assert(block != NULL);
  if (!is_live_block(heap, pool, block)) {
    if (pmmi_sanitize_valgrind()) {
      pmmi_sanitize_freed(block, 0);
      return;
    }
    fprintf(stderr, "pmm pool: free of %p, which is no live block\n", block);
    abort();
  }
  unsigned index = block_index(heap, pool, block);
  flip_live(shadow_of(heap, pool), index);
  pmmi_sanitize_freed(block, pmmi_pool_block_size(pool));
  if (!quarantine_push(heap, pool, block)) {
    take_back(heap, pool, index);
  }
}

void pmmi_shadow_check_size(const struct pmmi_heap *heap,
                            const struct pmmi_pool *pool, const void *block,
                            size_t size) {
  if (is_live_block(heap, pool, block) &&
      pmmi_shadow_request(heap, pool, block) != size) {
    fprintf(stderr, "pmm pool: sized free of %p says %zu bytes, not %zu\n",
            block, size, pmmi_shadow_request(heap, pool, block));
    abort();
  }
}

void pmmi_shadow_resize(struct pmmi_heap *heap, struct pmmi_pool *pool,
                        void *block, size_t size) {
  assert(block != NULL && size <= PMMI_POOL_SMALL_MAX);
  struct pmmi_pool_shadow *shadow = shadow_of(heap, pool);
  unsigned index = block_index(heap, pool, block);
  size_t old = shadow->request[index];
  assert(pmmi_shadow_is_live(heap, pool, index));
  pmmi_sanitize_resize(block, old == 0 ? 1 : old, size == 0 ? 1 : size,
                       pmmi_pool_block_size(pool));
  shadow->request[index] = (uint16_t)size;
}
