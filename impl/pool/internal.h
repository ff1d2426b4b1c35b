/* SPDX-License-Identifier: MIT */
/*
 * internal.h - what the files of the pool share, and nobody else includes.
 *
 *   pool.c       blocks: slow paths, realloc, aligned, zeroed
 *   arena.c      arenas and vacant pools: take, give back, prefer the fullest
 *   table.c      tables that grow, and the window
 *   large.c      blocks that malloc serves
 *   shadow.c     checked heaps: lists aside, double frees, quarantine
 *   figures.c    statistics and visits
 *   invariant.c  pmmi_pool_is_valid
 */
#ifndef PMMI_POOL_INTERNAL_H
#define PMMI_POOL_INTERNAL_H

#include "pool/pool.h"

/* ---- small helpers ------------------------------------------------------- */

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

/** Live blocks, those in quarantine included. */
static inline uint16_t pmmi_pool_live(const struct pmmi_pool *pool) {
  return (uint16_t)pool->counts;
}

static inline unsigned pmmi_pool_vacancies(const struct pmmi_arena *arena) {
  return (unsigned)__builtin_popcountll(arena->vacant);
}

/* ---- table.c ------------------------------------------------------------- */

/** Pages from the heap's hooks, counted; NULL: no memory. */
void *pmmi_pool_map(struct pmmi_heap *heap, size_t size, size_t align);
void pmmi_pool_unmap(struct pmmi_heap *heap, void *base, size_t size);

/** Make room for `bytes`, keeping the contents; new bytes are zero.  -1: no
 *  memory, nothing changed.  The table may have moved. */
int pmmi_pool_table_grow(struct pmmi_heap *heap, struct pmmi_pool_table *table,
                         size_t bytes);
void pmmi_pool_table_close(struct pmmi_heap *heap,
                           struct pmmi_pool_table *table);

/** An arena number with room in every table; PMMI_POOL_NONE: no memory. */
uint32_t pmmi_pool_arena_number(struct pmmi_heap *heap);
void pmmi_pool_arena_number_free(struct pmmi_heap *heap, uint32_t number);

/** Let the window hold `base` as arena `number`.  -1: no memory. */
int pmmi_pool_window_add(struct pmmi_heap *heap, const char *base,
                         uint32_t number);
void pmmi_pool_window_remove(struct pmmi_heap *heap, const char *base);

/* ---- arena.c ------------------------------------------------------------- */

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

/* ---- pool.c -------------------------------------------------------------- */

/** A pool of the class with a block on its list; NULL: no memory. */
struct pmmi_pool *pmmi_pool_refill(struct pmmi_heap *heap,
                                   unsigned class_index);

/** What follows when a block was put on the list of a pool and its count
 *  taken back: requeue a full pool, notice an empty one. */
void pmmi_pool_after_free(struct pmmi_heap *heap, struct pmmi_pool *pool);

/* ---- large.c ------------------------------------------------------------- */

void *pmmi_large_alloc(struct pmmi_heap *heap, size_t size, int zero);
void *pmmi_large_alloc_aligned(struct pmmi_heap *heap, size_t align,
                               size_t size);
/** Resize a large block by the raw allocator; NULL: no memory, unchanged. */
void *pmmi_large_realloc(struct pmmi_heap *heap, void *block, size_t size);
/** Requested bytes of a large block; 0 with *found 0 when there is none. */
size_t pmmi_large_size(const struct pmmi_heap *heap, const void *block,
                       int *found);
/** 1 when an address lies inside a large block. */
int pmmi_large_holds(const struct pmmi_heap *heap, const void *address);
int pmmi_large_visit(const struct pmmi_heap *heap,
                     int (*fn)(void *ctx, const struct pmm_block *block),
                     void *ctx);
void pmmi_large_close(struct pmmi_heap *heap);

/* ---- shadow.c ------------------------------------------------------------ */

/** Bytes of the shadow of one pool. */
size_t pmmi_shadow_bytes(void);

/** Checked heaps: a block of a small size; NULL: no memory. */
void *pmmi_shadow_alloc(struct pmmi_heap *heap, size_t size);
/** Checked heaps: check, poison and quarantine a block that came back. */
void pmmi_shadow_free(struct pmmi_heap *heap, struct pmmi_pool *pool,
                      void *block);
/** Abort when a live block's owner names another size than it asked for. */
void pmmi_shadow_check_size(const struct pmmi_heap *heap,
                            const struct pmmi_pool *pool, const void *block,
                            size_t size);
/** Note that a live block has another requested size. */
void pmmi_shadow_resize(struct pmmi_heap *heap, struct pmmi_pool *pool,
                        void *block, size_t size);
/** Requested size of a live block. */
size_t pmmi_shadow_request(const struct pmmi_heap *heap,
                           const struct pmmi_pool *pool, const void *block);
/** 1 when block `index` of the pool is live. */
int pmmi_shadow_is_live(const struct pmmi_heap *heap,
                        const struct pmmi_pool *pool, unsigned index);
/** Carve blocks `first` to `end` onto the list, lowest first out. */
void pmmi_shadow_carve(struct pmmi_heap *heap, struct pmmi_pool *pool,
                       unsigned first, unsigned end);
/** Forget the lists of a pool that gets another class. */
void pmmi_shadow_reset(struct pmmi_heap *heap, struct pmmi_pool *pool);
/** Blocks on the list of a pool; UINT32_MAX when it does not end. */
uint32_t pmmi_shadow_list_length(const struct pmmi_heap *heap,
                                 const struct pmmi_pool *pool);
int pmmi_shadow_has_free(const struct pmmi_heap *heap,
                         const struct pmmi_pool *pool);
/** Give all quarantined blocks back. */
void pmmi_quarantine_flush(struct pmmi_heap *heap);

#endif /* PMMI_POOL_INTERNAL_H */
