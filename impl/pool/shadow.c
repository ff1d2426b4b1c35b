/* SPDX-License-Identifier: MIT */
/* shadow.c - see shadow.h. */
#include "pool/shadow.h"

#include <string.h>

#include "pool/arena.h"
#include "sanitize.h"

static struct pmmi_shadow *shadow_of(const struct pmmi_shadows *shadows,
                                     const struct pmmi_pool *pool) {
  size_t number = pmmi_pool_number(shadows->heap, pool);
  assert((number + 1) * sizeof(struct pmmi_shadow) <= shadows->table.bytes);
  return (struct pmmi_shadow *)shadows->table.base + number;
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

static int is_live(const struct pmmi_shadow *shadow, unsigned index) {
  assert(index < PMMI_SHADOW_BLOCKS);
  return (shadow->live[index / 64] >> (index % 64)) & 1;
}

static void flip_live(struct pmmi_shadow *shadow, unsigned index) {
  assert(index < PMMI_SHADOW_BLOCKS);
  shadow->live[index / 64] ^= UINT64_C(1) << (index % 64);
}

int pmmi_shadow_reserve(struct pmmi_shadows *shadows,
                        const struct pmmi_pool *pool) {
  size_t pools = (size_t)shadows->heap->arena_limit * PMMI_POOL_PER_ARENA;
  assert(pmmi_pool_number(shadows->heap, pool) < pools);
  (void)pool;
  return pmmi_pool_table_grow(shadows->heap, &shadows->table,
                              pools * sizeof(struct pmmi_shadow));
}

/* ---- blocks -------------------------------------------------------------- */

/* A block off the list, or the next one of the pool. */
static unsigned next_block(struct pmmi_shadow *shadow, struct pmmi_pool *pool) {
  assert(pmmi_pool_live(pool) < pool->limit);
  if (pool->fresh == 0) { /* it serves this class for the first time         */
    memset(shadow->live, 0, sizeof shadow->live);
    shadow->head = PMMI_SHADOW_NONE;
  }
  unsigned index = shadow->head;
  if (index == PMMI_SHADOW_NONE) {
    assert(pool->fresh < pool->limit);
    return pool->fresh++;
  }
  assert(index < pool->fresh);
  shadow->head = shadow->next[index];
  return index;
}

void *pmmi_shadow_hand_out(struct pmmi_shadows *shadows,
                           struct pmmi_pool *pool, size_t size) {
  assert(size <= pmmi_pool_block_size(pool));
  struct pmmi_shadow *shadow = shadow_of(shadows, pool);
  unsigned index = next_block(shadow, pool);
  assert(!is_live(shadow, index));
  shadow->request[index] = (uint16_t)size;
  flip_live(shadow, index);
  pool->counts += PMMI_POOL_HANDED_OUT;
  void *block = block_at(shadows->heap, pool, index);
  pmmi_sanitize_live(block, size == 0 ? 1 : size);
  return block;
}

int pmmi_shadow_is_live(const struct pmmi_shadows *shadows,
                        const struct pmmi_pool *pool, const void *address) {
  if (pool->state == PMMI_POOL_VACANT) {
    return 0;
  }
  unsigned index = block_index(shadows->heap, pool, address);
  return index < pool->fresh &&
         block_at(shadows->heap, pool, index) == address &&
         is_live(shadow_of(shadows, pool), index);
}

size_t pmmi_shadow_request(const struct pmmi_shadows *shadows,
                           const struct pmmi_pool *pool, const void *block) {
  assert(pmmi_shadow_is_live(shadows, pool, block));
  unsigned index = block_index(shadows->heap, pool, block);
  return shadow_of(shadows, pool)->request[index];
}

void pmmi_shadow_resize(struct pmmi_shadows *shadows, struct pmmi_pool *pool,
                        void *block, size_t size) {
  assert(size <= pmmi_pool_block_size(pool));
  assert(pmmi_shadow_is_live(shadows, pool, block));
  unsigned index = block_index(shadows->heap, pool, block);
  uint16_t *request = &shadow_of(shadows, pool)->request[index];
  pmmi_sanitize_resize(block, *request == 0 ? 1 : *request,
                       size == 0 ? 1 : size, pmmi_pool_block_size(pool));
  *request = (uint16_t)size;
}

void pmmi_shadow_retire(struct pmmi_shadows *shadows, struct pmmi_pool *pool,
                        void *block) {
  assert(pmmi_shadow_is_live(shadows, pool, block));
  flip_live(shadow_of(shadows, pool),
            block_index(shadows->heap, pool, block));
  pmmi_sanitize_freed(block, pmmi_pool_block_size(pool));
}

void pmmi_shadow_take_back(struct pmmi_shadows *shadows,
                           struct pmmi_pool *pool, void *block) {
  assert(pmmi_pool_live(pool) > 0);
  assert(!pmmi_shadow_is_live(shadows, pool, block));
  struct pmmi_shadow *shadow = shadow_of(shadows, pool);
  unsigned index = block_index(shadows->heap, pool, block);
  shadow->next[index] = shadow->head;
  shadow->head = (uint16_t)index;
  pool->counts--;
  pmmi_pool_after_free(shadows->heap, pool);
}

/* ---- the invariant ------------------------------------------------------- */

/* Blocks on the list; UINT32_MAX when it leaves the pool or does not end. */
static uint32_t list_length(const struct pmmi_shadow *shadow,
                            const struct pmmi_pool *pool) {
  assert(pool->fresh > 0);
  uint32_t length = 0;
  for (uint16_t i = shadow->head; i != PMMI_SHADOW_NONE; i = shadow->next[i]) {
    if (i >= pool->fresh || ++length > pool->fresh) {
      return UINT32_MAX;
    }
  }
  return length;
}

static uint64_t live_count(const struct pmmi_shadow *shadow) {
  uint64_t count = 0;
  for (size_t i = 0; i < PMMI_SHADOW_BLOCKS / 64; i++) {
    count += (uint64_t)__builtin_popcountll(shadow->live[i]);
  }
  return count;
}

const char *pmmi_shadow_check(const struct pmmi_shadows *shadows,
                              uint64_t retired) {
  const struct pmmi_heap *heap = shadows->heap;
  size_t pools = (size_t)heap->arena_limit * PMMI_POOL_PER_ARENA;
  uint64_t kept = 0;
  for (size_t p = 0; p < pools; p++) {
    const struct pmmi_pool *pool = &heap->pools[p];
    if (pool->free != NULL) {
      return "a checked heap publishes no list";
    }
    if (pool->fresh == 0) {
      continue;
    }
    const struct pmmi_shadow *shadow = shadow_of(shadows, pool);
    uint32_t listed = list_length(shadow, pool);
    uint64_t live = live_count(shadow);
    if (listed == UINT32_MAX) {
      return "a list aside stays in its pool and ends";
    }
    if (listed + pmmi_pool_live(pool) != pool->fresh) {
      return "counted blocks + listed blocks = carved blocks";
    }
    kept += pmmi_pool_live(pool) - live;
  }
  return kept == retired ? NULL : "a counted block is live or retired";
}
