/* SPDX-License-Identifier: MIT */
/* arena.c - see arena.h. */
#include "pool/arena.h"

#include <assert.h>

/* ---- ranks --------------------------------------------------------------- */

static void rank_insert(struct pmmi_heap *heap, uint32_t number) {
  assert(heap->arenas[number].base != NULL);
  struct pmmi_arena *arena = &heap->arenas[number];
  unsigned rank = pmmi_pool_vacancies(arena);
  if (rank == 0) {
    return;
  }
  arena->prev = PMMI_POOL_NONE;
  arena->next = heap->ranks[rank];
  if (arena->next != PMMI_POOL_NONE) {
    heap->arenas[arena->next].prev = number;
  }
  heap->ranks[rank] = number;
  heap->ranked |= UINT64_C(1) << (rank - 1);
}

static void rank_remove(struct pmmi_heap *heap, uint32_t number) {
  assert(number < heap->arena_limit);
  struct pmmi_arena *arena = &heap->arenas[number];
  unsigned rank = pmmi_pool_vacancies(arena);
  if (rank == 0) {
    return;
  }
  if (arena->next != PMMI_POOL_NONE) {
    heap->arenas[arena->next].prev = arena->prev;
  }
  if (arena->prev != PMMI_POOL_NONE) {
    heap->arenas[arena->prev].next = arena->next;
    return;
  }
  heap->ranks[rank] = arena->next;
  if (arena->next == PMMI_POOL_NONE) {
    heap->ranked &= ~(UINT64_C(1) << (rank - 1));
  }
}

/* ---- mapping ------------------------------------------------------------- */

static int arena_acquire(struct pmmi_heap *heap) {
  uint32_t number = pmmi_pool_arena_number(heap);
  if (number == PMMI_POOL_NONE) {
    return -1;
  }
  char *base =
      pmmi_pool_map(heap, PMMI_POOL_ARENA_BYTES, PMMI_POOL_ARENA_BYTES);
  if (base == NULL) {
    pmmi_pool_arena_number_free(heap, number);
    return -1;
  }
  assert(((uintptr_t)base & (PMMI_POOL_ARENA_BYTES - 1)) == 0);
  if (pmmi_pool_window_add(heap, base, number) != 0) {
    pmmi_pool_unmap(heap, base, PMMI_POOL_ARENA_BYTES);
    pmmi_pool_arena_number_free(heap, number);
    return -1;
  }
  heap->arenas[number] = (struct pmmi_arena){
      .base = base, .vacant = UINT64_MAX, .next = PMMI_POOL_NONE,
      .prev = PMMI_POOL_NONE};
  rank_insert(heap, number);
  heap->arena_count++;
  heap->arenas_mapped++;
  return 0;
}

/* Pools of an idle arena that are not vacant are active and empty. */
static void vacate_idle(struct pmmi_heap *heap, struct pmmi_arena *arena) {
  assert(arena->queued == 0);
  size_t first = (size_t)(arena - heap->arenas) * PMMI_POOL_PER_ARENA;
  uint64_t held = ~arena->vacant;
  while (held != 0) {
    unsigned index = (unsigned)__builtin_ctzll(held);
    held &= held - 1;
    struct pmmi_pool *pool = &heap->pools[first + index];
    assert(pool->state == PMMI_POOL_ACTIVE && pmmi_pool_live(pool) == 0);
    pmmi_pool_set_active(heap, pool->class_index, &heap->none);
    pmmi_pool_vacate(heap, pool);
  }
}

void pmmi_pool_arena_release(struct pmmi_heap *heap,
                             struct pmmi_arena *arena) {
  assert(pmmi_pool_arena_is_idle(heap, arena));
  uint32_t number = (uint32_t)(arena - heap->arenas);
  char *base = arena->base;
  vacate_idle(heap, arena);
  rank_remove(heap, number);
  pmmi_pool_window_remove(heap, base);
  pmmi_pool_arena_number_free(heap, number);
  if (heap->spare == number) {
    heap->spare = PMMI_POOL_NONE;
  }
  heap->arena_count--;
  heap->arenas_unmapped++;
  pmmi_pool_unmap(heap, base, PMMI_POOL_ARENA_BYTES);
}

int pmmi_pool_arena_is_idle(const struct pmmi_heap *heap,
                            const struct pmmi_arena *arena) {
  assert(arena->base != NULL);
  if (arena->queued > 0) {
    return 0;
  }
  size_t first = (size_t)(arena - heap->arenas) * PMMI_POOL_PER_ARENA;
  for (uint64_t held = ~arena->vacant; held != 0; held &= held - 1) {
    unsigned index = (unsigned)__builtin_ctzll(held);
    if (pmmi_pool_live(&heap->pools[first + index]) > 0) {
      return 0;
    }
  }
  return 1;
}

void pmmi_pool_arena_settle(struct pmmi_heap *heap, struct pmmi_arena *arena) {
  assert(arena->base != NULL);
  uint32_t number = (uint32_t)(arena - heap->arenas);
  /* The first two tests answer a block that comes and goes at once. */
  if (arena->queued > 0 || heap->spare == number ||
      !pmmi_pool_arena_is_idle(heap, arena)) {
    return;
  }
  if (heap->spare != PMMI_POOL_NONE && heap->arenas[heap->spare].base != NULL &&
      pmmi_pool_arena_is_idle(heap, &heap->arenas[heap->spare])) {
    pmmi_pool_arena_release(heap, arena);
    return;
  }
  heap->spare = number;
}

/* ---- pools --------------------------------------------------------------- */

void pmmi_pool_set_active(struct pmmi_heap *heap, unsigned class_index,
                          struct pmmi_pool *pool) {
  assert(class_index >= 1 && class_index <= PMMI_POOL_CLASSES);
  heap->active[class_index] = pool;
  if (class_index == 1) {
    heap->active[0] = pool;
  }
}

struct pmmi_pool *pmmi_pool_take(struct pmmi_heap *heap,
                                 unsigned class_index) {
  assert(class_index >= 1 && class_index <= PMMI_POOL_CLASSES);
  if (heap->ranked == 0 && arena_acquire(heap) != 0) {
    return NULL;
  }
  unsigned rank = (unsigned)__builtin_ctzll(heap->ranked) + 1;
  uint32_t number = heap->ranks[rank];
  struct pmmi_arena *arena = &heap->arenas[number];
  unsigned index = (unsigned)__builtin_ctzll(arena->vacant);
  rank_remove(heap, number);
  arena->vacant &= ~(UINT64_C(1) << index);
  arena->dirty |= UINT64_C(1) << index;
  rank_insert(heap, number);
  size_t size = (size_t)class_index * PMMI_POOL_STEP_BYTES;
  struct pmmi_pool *pool =
      &heap->pools[(size_t)number * PMMI_POOL_PER_ARENA + index];
  *pool = (struct pmmi_pool){.next = PMMI_POOL_NONE,
                             .prev = PMMI_POOL_NONE,
                             .limit = (uint16_t)(PMMI_POOL_BYTES / size),
                             .class_index = (uint8_t)class_index,
                             .state = PMMI_POOL_ACTIVE};
  pmmi_pool_set_active(heap, class_index, pool);
  return pool;
}

void pmmi_pool_vacate(struct pmmi_heap *heap, struct pmmi_pool *pool) {
  assert(pool->state != PMMI_POOL_VACANT);
  assert(pmmi_pool_live(pool) == 0);
  struct pmmi_arena *arena = pmmi_pool_arena(heap, pool);
  uint32_t number = (uint32_t)(arena - heap->arenas);
  heap->retired += pool->counts >> 16;
  *pool = (struct pmmi_pool){.next = PMMI_POOL_NONE, .prev = PMMI_POOL_NONE};
  rank_remove(heap, number);
  arena->vacant |= pmmi_pool_bit(heap, pool);
  rank_insert(heap, number);
}
