/* SPDX-License-Identifier: MIT */
/*
 * arena.h - arenas, the vacant pools in them, and where a pool lies.
 *
 *   1. Arenas with vacant pools stand in ranks by how many they have; the
 *      lowest rank that is not empty is the fullest arena, found by one bit
 *      operation.
 *   2. A pool is taken from there; only when no rank has an arena is one
 *      mapped.
 *   3. When an arena loses its last live block it becomes the spare; a spare
 *      that is still idle when another arena becomes idle means two, and the
 *      one that became idle last goes back to the system.
 *
 * Invariant: an arena is in ranks[v] exactly when it has v > 0 vacant pools.
 * Idle arenas are at most one after every settle().
 *
 * Source: CPython 3.11 Objects/obmalloc.c (usable_arenas, nfp2lasta).
 */
#ifndef PMMI_POOL_ARENA_H
#define PMMI_POOL_ARENA_H

#include "pool/pool.h"

/* ---- where a pool lies --------------------------------------------------- */

static inline uint32_t pmmi_pool_number(const struct pmmi_heap *heap,
                                        const struct pmmi_pool *pool) {
  return (uint32_t)(pool - heap->pools);
}

static inline struct pmmi_arena *pmmi_pool_arena(
    const struct pmmi_heap *heap, const struct pmmi_pool *pool) {
  return &heap->arenas[pmmi_pool_number(heap, pool) / PMMI_POOL_PER_ARENA];
}

static inline uint64_t pmmi_pool_bit(const struct pmmi_heap *heap,
                                     const struct pmmi_pool *pool) {
  return UINT64_C(1) << (pmmi_pool_number(heap, pool) % PMMI_POOL_PER_ARENA);
}

/** First byte of a pool's 16 KiB. */
static inline char *pmmi_pool_base(const struct pmmi_heap *heap,
                                   const struct pmmi_pool *pool) {
  size_t index = pmmi_pool_number(heap, pool) % PMMI_POOL_PER_ARENA;
  return pmmi_pool_arena(heap, pool)->base + index * PMMI_POOL_BYTES;
}

static inline size_t pmmi_pool_block_size(const struct pmmi_pool *pool) {
  return (size_t)pool->class_index * PMMI_POOL_STEP_BYTES;
}

/** Blocks handed out and not come back. */
static inline uint16_t pmmi_pool_live(const struct pmmi_pool *pool) {
  return (uint16_t)pool->counts;
}

static inline unsigned pmmi_pool_vacancies(const struct pmmi_arena *arena) {
  return (unsigned)__builtin_popcountll(arena->vacant);
}

/* ---- arenas and vacant pools --------------------------------------------- */

/** A vacant pool of the fullest arena, made to serve a class, active; NULL:
 *  no memory. */
struct pmmi_pool *pmmi_pool_take(struct pmmi_heap *heap, unsigned class_index);

/** A pool without live blocks, in no queue, serves no class any more. */
void pmmi_pool_vacate(struct pmmi_heap *heap, struct pmmi_pool *pool);

/** Keep or unmap the arena, when no block of it is live. */
void pmmi_pool_arena_settle(struct pmmi_heap *heap, struct pmmi_arena *arena);

/** 1 when no block of the arena is live. */
int pmmi_pool_arena_is_idle(const struct pmmi_heap *heap,
                            const struct pmmi_arena *arena);

/** Unmap an arena without live blocks. */
void pmmi_pool_arena_release(struct pmmi_heap *heap, struct pmmi_arena *arena);

/** Make `pool` the active one of a class; &heap->none for no pool. */
void pmmi_pool_set_active(struct pmmi_heap *heap, unsigned class_index,
                          struct pmmi_pool *pool);

#endif /* PMMI_POOL_ARENA_H */
