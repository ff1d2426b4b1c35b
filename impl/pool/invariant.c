/* SPDX-License-Identifier: MIT */
/* invariant.c - see invariant.h. */
#include "pool/invariant.h"

#include "pool/arena.h"

/* ---- lists --------------------------------------------------------------- */

/* Blocks on the list; UINT32_MAX when it leaves the pool or does not end. */
static uint32_t list_length(const struct pmmi_heap *heap,
                            const struct pmmi_pool *pool) {
  assert(pool->class_index != 0);
  char *base = pmmi_pool_base(heap, pool);
  size_t size = pmmi_pool_block_size(pool);
  uint32_t length = 0;
  for (char *b = pool->free; b != NULL; b = *(void **)b) {
    size_t offset = (size_t)(b - base);
    if (offset >= pool->fresh * size || offset % size != 0 ||
        ++length > pool->limit) {
      return UINT32_MAX;
    }
  }
  return length;
}

static const char *check_lists(const struct pmmi_heap *heap) {
  size_t pools = (size_t)heap->arena_limit * PMMI_POOL_PER_ARENA;
  for (size_t p = 0; p < pools; p++) {
    const struct pmmi_pool *pool = &heap->pools[p];
    uint32_t listed =
        pool->state == PMMI_POOL_VACANT ? 0 : list_length(heap, pool);
    if (listed == UINT32_MAX) {
      return "a free list stays in its pool and ends";
    }
    if (listed + pmmi_pool_live(pool) != pool->fresh) {
      return "live blocks + listed blocks = carved blocks";
    }
  }
  return NULL;
}

/* ---- places -------------------------------------------------------------- */

/* How many blocks are listed is known without the list: those that were
 * carved and are not live. */
static const char *check_pool(const struct pmmi_heap *heap,
                              const struct pmmi_pool *pool) {
  if (pool->class_index < 1 || pool->class_index > PMMI_POOL_CLASSES) {
    return "a pool that is not vacant serves a class";
  }
  if (pool->limit != PMMI_POOL_BYTES / pmmi_pool_block_size(pool) ||
      pool->fresh > pool->limit) {
    return "a pool carves no more blocks than fit";
  }
  if (pmmi_pool_live(pool) > pool->fresh) {
    return "live blocks were carved";
  }
  switch (pool->state) {
    case PMMI_POOL_ACTIVE:
      return heap->active[pool->class_index] == pool
                 ? NULL
                 : "an active pool is its class's active pool";
    case PMMI_POOL_PARTIAL:
      return pmmi_pool_live(pool) > 0 && pmmi_pool_live(pool) < pool->limit
                 ? NULL
                 : "a partial pool has live blocks, and room";
    case PMMI_POOL_FULL:
      return pmmi_pool_live(pool) == pool->limit
                 ? NULL
                 : "a full pool has nothing left";
    default:
      return "a pool has one of four states";
  }
}

static const char *check_arena(const struct pmmi_heap *heap, uint32_t number) {
  assert(heap->arenas[number].base != NULL);
  const struct pmmi_arena *arena = &heap->arenas[number];
  size_t first = (size_t)number * PMMI_POOL_PER_ARENA;
  uint32_t queued = 0;
  if (heap->pools == NULL ||
      pmmi_pool_of(heap, arena->base) != &heap->pools[first] ||
      pmmi_pool_of(heap, arena->base + PMMI_POOL_ARENA_BYTES - 1) !=
          &heap->pools[first + PMMI_POOL_PER_ARENA - 1]) {
    return "the window finds every arena";
  }
  for (unsigned i = 0; i < PMMI_POOL_PER_ARENA; i++) {
    const struct pmmi_pool *pool = &heap->pools[first + i];
    int vacant = (int)((arena->vacant >> i) & 1);
    if (vacant != (pool->state == PMMI_POOL_VACANT)) {
      return "a pool is vacant exactly when its arena says so";
    }
    const char *wrong = vacant ? NULL : check_pool(heap, pool);
    if (wrong != NULL) {
      return wrong;
    }
    queued += pool->state == PMMI_POOL_PARTIAL || pool->state == PMMI_POOL_FULL;
  }
  return queued == arena->queued ? NULL
                                 : "an arena counts its partial, full pools";
}

static const char *check_ranks(const struct pmmi_heap *heap) {
  uint64_t seen = 0;
  uint64_t expected = 0;
  for (uint32_t n = 0; n < heap->arena_limit; n++) {
    expected += heap->arenas[n].base != NULL && heap->arenas[n].vacant != 0;
  }
  for (unsigned rank = 1; rank <= PMMI_POOL_PER_ARENA; rank++) {
    uint64_t bit = (heap->ranked >> (rank - 1)) & 1;
    if (bit != (heap->ranks[rank] != PMMI_POOL_NONE)) {
      return "a rank's bit tells whether it has an arena";
    }
    for (uint32_t n = heap->ranks[rank]; n != PMMI_POOL_NONE;
         n = heap->arenas[n].next) {
      if (heap->arenas[n].base == NULL ||
          pmmi_pool_vacancies(&heap->arenas[n]) != rank || ++seen > expected) {
        return "an arena stands in the rank of its vacant pools";
      }
    }
  }
  return seen == expected ? NULL : "every arena with a vacant pool is ranked";
}

static const char *check_queues(const struct pmmi_heap *heap) {
  uint64_t queued = 0;
  uint64_t partial = 0;
  size_t pools = (size_t)heap->arena_limit * PMMI_POOL_PER_ARENA;
  for (size_t p = 0; p < pools; p++) {
    partial += heap->pools[p].state == PMMI_POOL_PARTIAL;
  }
  for (unsigned c = 1; c <= PMMI_POOL_CLASSES; c++) {
    uint32_t prev = PMMI_POOL_NONE;
    for (uint32_t p = heap->queue[c].head; p != PMMI_POOL_NONE;
         p = heap->pools[p].next) {
      if (heap->pools[p].state != PMMI_POOL_PARTIAL ||
          heap->pools[p].class_index != c || heap->pools[p].prev != prev ||
          ++queued > partial) {
        return "a queue links the partial pools of its class";
      }
      prev = p;
    }
    if (heap->queue[c].tail != prev) {
      return "a queue ends at its tail";
    }
  }
  return queued == partial ? NULL : "every partial pool is queued";
}

static const char *check_active(const struct pmmi_heap *heap) {
  for (unsigned c = 1; c <= PMMI_POOL_CLASSES; c++) {
    const struct pmmi_pool *pool = heap->active[c];
    if (pool != &heap->none &&
        (pool->state != PMMI_POOL_ACTIVE || pool->class_index != c)) {
      return "a class's active pool is active and of the class";
    }
  }
  if (heap->none.free != NULL || heap->none.counts != 0) {
    return "the pool that stands for none is empty";
  }
  return heap->active[0] == heap->active[1]
             ? NULL
             : "size 0 is served like size 1";
}

const char *pmmi_pool_places_are_valid(const struct pmmi_heap *heap) {
  uint64_t arenas = 0;
  uint64_t idle = 0;
  for (uint32_t n = 0; n < heap->arena_limit; n++) {
    if (heap->arenas[n].base == NULL) {
      continue;
    }
    const char *wrong = check_arena(heap, n);
    if (wrong != NULL) {
      return wrong;
    }
    arenas++;
    idle += (uint64_t)pmmi_pool_arena_is_idle(heap, &heap->arenas[n]);
  }
  if (arenas != heap->arena_count ||
      heap->arenas_mapped - heap->arenas_unmapped != arenas) {
    return "arenas held = arenas mapped - arenas unmapped";
  }
  if (idle > 1) {
    return "at most one arena is kept without a live block";
  }
  const char *wrong = check_ranks(heap);
  wrong = wrong != NULL ? wrong : check_queues(heap);
  return wrong != NULL ? wrong : check_active(heap);
}

const char *pmmi_pool_is_valid(const struct pmmi_heap *heap) {
  const char *wrong = pmmi_pool_places_are_valid(heap);
  return wrong != NULL ? wrong : check_lists(heap);
}
