/* SPDX-License-Identifier: MIT */
/* figures.c - see figures.h. */
#include "pool/figures.h"

#include <string.h>

#include "pool/arena.h"

struct totals {
  uint64_t live_blocks;
  uint64_t live_bytes;
  uint64_t allocated;
};

static void sum_pools(const struct pmmi_heap *heap, struct totals *totals) {
  *totals = (struct totals){.allocated = heap->retired};
  for (uint32_t n = 0; n < heap->arena_limit; n++) {
    const struct pmmi_arena *arena = &heap->arenas[n];
    uint64_t held = arena->base != NULL ? ~arena->vacant : 0;
    for (; held != 0; held &= held - 1) {
      const struct pmmi_pool *pool =
          &heap->pools[(size_t)n * PMMI_POOL_PER_ARENA +
                       (size_t)__builtin_ctzll(held)];
      totals->live_blocks += pmmi_pool_live(pool);
      totals->live_bytes +=
          (uint64_t)pmmi_pool_live(pool) * pmmi_pool_block_size(pool);
      totals->allocated += pool->counts >> 16;
    }
  }
}

void pmmi_pool_stats(struct pmmi_heap *heap, struct pmm_backend_stats *out) {
  assert(out != NULL);
  struct totals totals;
  sum_pools(heap, &totals);
  struct pmm_backend_stats stats = {
      .struct_size = out->struct_size,
      .live_blocks = totals.live_blocks + pmmi_large_live(heap),
      .live_bytes = totals.live_bytes + heap->large.bytes,
      .allocated_blocks = totals.allocated + heap->large.allocated,
      .mapped_bytes = heap->mapped_bytes,
      .peak_mapped_bytes = heap->peak_mapped_bytes,
      .arenas = heap->arena_count,
      .arenas_mapped = heap->arenas_mapped,
      .arenas_unmapped = heap->arenas_unmapped,
      .os_calls = heap->os_calls,
      .large_blocks = pmmi_large_live(heap),
      .large_bytes = heap->large.bytes};
  size_t size = out->struct_size < sizeof stats ? out->struct_size
                                                : sizeof stats;
  memcpy(out, &stats, size);
}

int pmmi_pool_class_stats(struct pmmi_heap *heap, size_t index,
                          struct pmm_class_stats *out) {
  assert(out != NULL);
  if (index >= PMMI_POOL_CLASSES) {
    return -1;
  }
  size_t size = (index + 1) * PMMI_POOL_STEP_BYTES;
  struct pmm_class_stats stats = {.struct_size = out->struct_size,
                                  .block_size = size,
                                  .blocks_per_pool = PMMI_POOL_BYTES / size};
  size_t pools = (size_t)heap->arena_limit * PMMI_POOL_PER_ARENA;
  for (size_t p = 0; p < pools; p++) {
    if (heap->pools[p].class_index == index + 1) {
      stats.pools++;
      stats.blocks_used += pmmi_pool_live(&heap->pools[p]);
    }
  }
  stats.blocks_free =
      stats.pools * stats.blocks_per_pool - stats.blocks_used;
  size_t bytes =
      out->struct_size < sizeof stats ? out->struct_size : sizeof stats;
  memcpy(out, &stats, bytes);
  return 0;
}

static struct pmm_arena_stats arena_figures(const struct pmmi_heap *heap,
                                            uint32_t number) {
  assert(heap->arenas[number].base != NULL);
  const struct pmmi_arena *arena = &heap->arenas[number];
  struct pmm_arena_stats stats = {
      .base = (uintptr_t)arena->base,
      .bytes = PMMI_POOL_ARENA_BYTES,
      .pools = PMMI_POOL_PER_ARENA,
      .pools_vacant = pmmi_pool_vacancies(arena)};
  for (uint64_t held = ~arena->vacant; held != 0; held &= held - 1) {
    const struct pmmi_pool *pool =
        &heap->pools[(size_t)number * PMMI_POOL_PER_ARENA +
                     (size_t)__builtin_ctzll(held)];
    stats.blocks_used += pmmi_pool_live(pool);
    stats.bytes_used +=
        (uint64_t)pmmi_pool_live(pool) * pmmi_pool_block_size(pool);
  }
  return stats;
}

int pmmi_pool_arena_stats(struct pmmi_heap *heap, size_t index,
                          struct pmm_arena_stats *out) {
  assert(out != NULL);
  for (uint32_t n = 0; n < heap->arena_limit; n++) {
    if (heap->arenas[n].base == NULL || index-- > 0) {
      continue;
    }
    struct pmm_arena_stats stats = arena_figures(heap, n);
    stats.struct_size = out->struct_size;
    memcpy(out, &stats,
           out->struct_size < sizeof stats ? out->struct_size : sizeof stats);
    return 0;
  }
  return -1;
}

/* ---- visiting ------------------------------------------------------------ */

/* Bit i of `free`: block i is on the list or not carved yet. */
static void mark_free(const struct pmmi_heap *heap,
                      const struct pmmi_pool *pool, uint64_t *free) {
  assert(pool->state != PMMI_POOL_VACANT && pool->fresh <= pool->limit);
  char *base = pmmi_pool_base(heap, pool);
  for (void *b = pool->free; b != NULL; b = *(void **)b) {
    size_t i = (size_t)((char *)b - base) / pmmi_pool_block_size(pool);
    free[i / 64] |= UINT64_C(1) << (i % 64);
  }
  for (unsigned i = pool->fresh; i < pool->limit; i++) {
    free[i / 64] |= UINT64_C(1) << (i % 64);
  }
}

static int visit_pool(const struct pmmi_heap *heap,
                      const struct pmmi_pool *pool,
                      int (*fn)(void *ctx, const struct pmm_block *block),
                      void *ctx) {
  assert(fn != NULL && pool->limit <= PMMI_POOL_BYTES / PMMI_POOL_STEP_BYTES);
  uint64_t free[PMMI_POOL_BYTES / PMMI_POOL_STEP_BYTES / 64] = {0};
  mark_free(heap, pool, free);
  size_t size = pmmi_pool_block_size(pool);
  for (unsigned i = 0; i < pool->limit; i++) {
    struct pmm_block block = {.address = pmmi_pool_base(heap, pool) + i * size,
                              .size = size,
                              .live = !((free[i / 64] >> (i % 64)) & 1)};
    int result = fn(ctx, &block);
    if (result != 0) {
      return result;
    }
  }
  return 0;
}

int pmmi_pool_visit(struct pmmi_heap *heap,
                    int (*fn)(void *ctx, const struct pmm_block *block),
                    void *ctx) {
  assert(fn != NULL);
  size_t pools = (size_t)heap->arena_limit * PMMI_POOL_PER_ARENA;
  for (size_t p = 0; p < pools; p++) {
    if (heap->pools[p].state == PMMI_POOL_VACANT) {
      continue;
    }
    int result = visit_pool(heap, &heap->pools[p], fn, ctx);
    if (result != 0) {
      return result;
    }
  }
  return pmmi_large_visit(heap, fn, ctx);
}
