/* SPDX-License-Identifier: MIT */
/*
 * pool.c - the slow paths of blocks: what happens when the active pool's list
 * is empty, when a pool's first or last block moves, and when a block changes
 * its size.  The fast paths, the drawing and the rules are in pool.h.
 */
#include "pool/pool.h"

#include <string.h>

#include "host.h"
#include "pool/arena.h"
#include "sanitize.h"

/* ---- queues of partial pools --------------------------------------------- */

static void queue_push_tail(struct pmmi_heap *heap, struct pmmi_pool *pool) {
  assert(pmmi_pool_live(pool) > 0 || pool->state == PMMI_POOL_FULL);
  struct pmmi_pool_queue *queue = &heap->queue[pool->class_index];
  uint32_t number = pmmi_pool_number(heap, pool);
  assert(heap->queue[pool->class_index].head != number);
  pool->next = PMMI_POOL_NONE;
  pool->prev = queue->tail;
  if (queue->tail != PMMI_POOL_NONE) {
    heap->pools[queue->tail].next = number;
  } else {
    queue->head = number;
  }
  queue->tail = number;
  pool->state = PMMI_POOL_PARTIAL;
}

static void queue_remove(struct pmmi_heap *heap, struct pmmi_pool *pool) {
  struct pmmi_pool_queue *queue = &heap->queue[pool->class_index];
  assert(pool->state == PMMI_POOL_PARTIAL);
  if (pool->prev != PMMI_POOL_NONE) {
    heap->pools[pool->prev].next = pool->next;
  } else {
    queue->head = pool->next;
  }
  if (pool->next != PMMI_POOL_NONE) {
    heap->pools[pool->next].prev = pool->prev;
  } else {
    queue->tail = pool->prev;
  }
  pool->next = PMMI_POOL_NONE;
  pool->prev = PMMI_POOL_NONE;
}

/* ---- refilling ----------------------------------------------------------- */

/* Put the blocks of the next page on the list, lowest address first out. */
static void carve(struct pmmi_heap *heap, struct pmmi_pool *pool) {
  assert(pool->state == PMMI_POOL_ACTIVE && pool->fresh < pool->limit);
  size_t size = pmmi_pool_block_size(pool);
  unsigned first = pool->fresh;
  size_t page = (first * size) / PMMI_POOL_PAGE_BYTES + 1;
  unsigned end = (unsigned)((page * PMMI_POOL_PAGE_BYTES + size - 1) / size);
  end = end > pool->limit ? pool->limit : end;
  pool->fresh = (uint16_t)end;
  char *base = pmmi_pool_base(heap, pool);
  void *next = pool->free;
  for (unsigned i = end; i-- > first;) {
    void *block = base + i * size;
    *(void **)block = next;
    next = block;
  }
  pool->free = next;
}

/* The active pool has nothing left: let the next free find it. */
static void retire_active(struct pmmi_heap *heap, unsigned class_index) {
  struct pmmi_pool *pool = heap->active[class_index];
  if (pool != &heap->none) {
    pool->state = PMMI_POOL_FULL;
    pmmi_pool_arena(heap, pool)->queued++;
    pmmi_pool_set_active(heap, class_index, &heap->none);
  }
}

static struct pmmi_pool *activate_partial(struct pmmi_heap *heap,
                                          unsigned class_index) {
  assert(heap->active[class_index] == &heap->none);
  uint32_t number = heap->queue[class_index].head;
  if (number == PMMI_POOL_NONE) {
    return NULL;
  }
  struct pmmi_pool *pool = &heap->pools[number];
  queue_remove(heap, pool);
  pool->state = PMMI_POOL_ACTIVE;
  pmmi_pool_arena(heap, pool)->queued--;
  pmmi_pool_set_active(heap, class_index, pool);
  return pool;
}

static unsigned class_of(size_t size) {
  assert(size <= PMMI_POOL_SMALL_MAX);
  return size == 0
             ? 1
             : (unsigned)((size + PMMI_POOL_STEP_BYTES - 1) /
                          PMMI_POOL_STEP_BYTES);
}

struct pmmi_pool *pmmi_pool_find(struct pmmi_heap *heap, size_t size) {
  unsigned class_index = class_of(size);
  struct pmmi_pool *pool = heap->active[class_index];
  if (pool != &heap->none && pmmi_pool_live(pool) == pool->limit) {
    retire_active(heap, class_index);
    pool = &heap->none;
  }
  if (pool == &heap->none) {
    pool = activate_partial(heap, class_index);
  }
  if (pool == NULL) {
    pool = pmmi_pool_take(heap, class_index);
  }
  return pool;
}

void *pmmi_pool_alloc_slow(struct pmmi_heap *heap, size_t size) {
  if (size > PMMI_POOL_SMALL_MAX) {
    return pmmi_large_alloc(heap, size, 0);
  }
  struct pmmi_pool *pool = pmmi_pool_find(heap, size);
  if (pool == NULL) {
    return pmmi_large_alloc(heap, size, 0);
  }
  if (pool->free == NULL) {
    carve(heap, pool);
  }
  void **block = pool->free;
  assert(block != NULL);
  pool->free = *block;
  pool->counts += PMMI_POOL_HANDED_OUT;
  return block;
}

/* ---- freeing ------------------------------------------------------------- */

void pmmi_pool_emptied(struct pmmi_heap *heap, struct pmmi_pool *pool) {
  /* One block that comes and goes in a heap of one arena: nothing to do. */
  if (pool->state == PMMI_POOL_ACTIVE && heap->arena_count == 1) {
    return;
  }
  struct pmmi_arena *arena = pmmi_pool_arena(heap, pool);
  if (pool->state == PMMI_POOL_PARTIAL) {
    queue_remove(heap, pool);
    arena->queued--;
    pmmi_pool_vacate(heap, pool);
  }
  pmmi_pool_arena_settle(heap, arena);
}

void pmmi_pool_after_free(struct pmmi_heap *heap, struct pmmi_pool *pool) {
  if (pool->state == PMMI_POOL_FULL) {
    queue_push_tail(heap, pool);
  }
  if (pmmi_pool_live(pool) == 0) {
    pmmi_pool_emptied(heap, pool);
  }
}

void pmmi_pool_free_slow(struct pmmi_heap *heap, struct pmmi_pool *pool,
                         void *block) {
  assert(block != NULL && pmmi_pool_live(pool) > 0);
  *(void **)block = NULL;
  pool->free = block;
  pool->counts--;
  pmmi_pool_after_free(heap, pool);
}

/* Take back what was carved last, as long as the blocks are just that: no
 * link is written, so a pool whose blocks go in the reverse of their order is
 * not touched.  The list is empty.  Returns how many there were. */
static size_t uncarve(struct pmmi_heap *heap, struct pmmi_pool *pool,
                      size_t count, void **blocks) {
  size_t size = pmmi_pool_block_size(pool);
  char *end = pmmi_pool_base(heap, pool) + pool->fresh * size;
  size_t most = count < pool->fresh ? count : pool->fresh;
  size_t n = 0;
  while (n < most && (char *)blocks[n] + size == end) {
    end -= size;
    n++;
  }
  pool->fresh -= (uint16_t)n;
  return n;
}

/* Push blocks of the pool at `base`, as long as they are of it; returns how
 * many there were. */
static size_t push(struct pmmi_pool *pool, uintptr_t base, size_t count,
                   void **blocks) {
  void **head = pool->free;
  size_t n = 0;
  while (n < count && (uintptr_t)blocks[n] - base < PMMI_POOL_BYTES) {
    void **block = blocks[n++];
    *block = head;
    head = block;
  }
  pool->free = head;
  return n;
}

/* Give back the first blocks, as many as lie in one pool. */
static size_t free_neighbours(struct pmmi_heap *heap, struct pmmi_pool *pool,
                              size_t count, void **blocks) {
  uintptr_t base = (uintptr_t)pmmi_pool_base(heap, pool);
  size_t n =
      pool->free == NULL ? uncarve(heap, pool, count, blocks) : (size_t)0;
  n += push(pool, base, count - n, blocks + n);
  assert((uint16_t)pool->counts >= n);
  pool->counts -= (uint32_t)n;
  pmmi_pool_after_free(heap, pool);
  return n;
}

void pmmi_pool_free_batch(struct pmmi_heap *heap, size_t size, size_t count,
                          void **blocks) {
  size_t done = 0;
  while (done < count) {
    struct pmmi_pool *pool = pmmi_pool_of(heap, blocks[done]);
    if (pool == NULL) {
      pmmi_pool_free_sized(heap, blocks[done++], size);
    } else {
      done += free_neighbours(heap, pool, count - done, blocks + done);
    }
  }
}

/* ---- zeroed, aligned ----------------------------------------------------- */

void *pmmi_pool_alloc_zero(struct pmmi_heap *heap, size_t n, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(n, size, &total)) {
    return NULL;
  }
  if (total > PMMI_POOL_SMALL_MAX) {
    return pmmi_large_alloc(heap, total, 1);
  }
  void *block = pmmi_pool_alloc(heap, total);
  if (block != NULL) {
    memset(block, 0, total);
  }
  return block;
}

/* A pool is aligned to 16 KiB, so in a class whose size is a multiple of a
 * power of two every block is aligned to it. */
void *pmmi_pool_alloc_aligned(struct pmmi_heap *heap, size_t align,
                              size_t size) {
  assert(align > 0 && (align & (align - 1)) == 0);
  if (align <= PMMI_POOL_STEP_BYTES) {
    return pmmi_pool_alloc(heap, size);
  }
  size_t least = size == 0 ? 1 : size;
  if (least > PMMI_POOL_SMALL_MAX || align > PMMI_POOL_SMALL_MAX) {
    return pmmi_large_alloc_aligned(heap, align, least);
  }
  void *block = pmmi_pool_alloc(heap, (least + align - 1) & ~(align - 1));
  if (block != NULL && ((uintptr_t)block & (align - 1)) != 0) {
    /* No arena was to be had, and malloc promises 16 only. */
    pmmi_pool_free(heap, block);
    return pmmi_large_alloc_aligned(heap, align, least);
  }
  return block;
}

/* ---- resizing ------------------------------------------------------------ */

static void *move_block(struct pmmi_heap *heap, void *block, size_t keep,
                        size_t new_size) {
  assert(block != NULL && keep <= new_size);
  void *moved = pmmi_pool_alloc(heap, new_size);
  if (moved == NULL) {
    return NULL;
  }
  memcpy(moved, block, keep);
  pmmi_pool_free(heap, block);
  return moved;
}

static void *resize_small(struct pmmi_heap *heap, struct pmmi_pool *pool,
                          void *block, size_t old_size, size_t new_size) {
  assert(pool->class_index != 0 && block != NULL);
  size_t reserved = pmmi_pool_block_size(pool);
  int fits = new_size <= reserved;
  if (!fits || pmmi_pool_is_loose(reserved, new_size)) {
    size_t keep = old_size < new_size ? old_size : new_size;
    void *moved = move_block(heap, block, keep, new_size);
    if (moved != NULL || !fits) {
      return moved;
    }
  }
  return block;
}

static void *resize_large(struct pmmi_heap *heap, void *block,
                          size_t old_size, size_t new_size) {
  if (new_size <= PMMI_POOL_SMALL_MAX) {
    size_t keep = old_size < new_size ? old_size : new_size;
    void *moved = move_block(heap, block, keep, new_size);
    if (moved != NULL) {
      return moved;
    }
  }
  return pmmi_large_realloc(heap, block, new_size);
}

void *pmmi_pool_realloc(struct pmmi_heap *heap, void *block, size_t old_size,
                        size_t new_size) {
  if (block == NULL) {
    return pmmi_pool_alloc(heap, new_size);
  }
  if (new_size > PTRDIFF_MAX) {
    return NULL;
  }
  struct pmmi_pool *pool = pmmi_pool_of(heap, block);
  return pool != NULL ? resize_small(heap, pool, block, old_size, new_size)
                      : resize_large(heap, block, old_size, new_size);
}

/* ---- asking -------------------------------------------------------------- */

size_t pmmi_pool_usable_size(struct pmmi_heap *heap, const void *block) {
  struct pmmi_pool *pool = pmmi_pool_of(heap, block);
  if (pool != NULL) {
    return pmmi_pool_block_size(pool);
  }
  int found;
  return pmmi_large_size(heap, block, &found);
}

int pmmi_pool_owns(struct pmmi_heap *heap, const void *address) {
  return pmmi_pool_of(heap, address) != NULL ||
         pmmi_large_holds(heap, address);
}

/* ---- trim ---------------------------------------------------------------- */

/* Pools that are active and empty are of use to nobody who trims. */
static void drop_idle_active(struct pmmi_heap *heap) {
  for (unsigned c = 1; c <= PMMI_POOL_CLASSES; c++) {
    struct pmmi_pool *pool = heap->active[c];
    if (pool != &heap->none && pmmi_pool_live(pool) == 0) {
      pmmi_pool_set_active(heap, c, &heap->none);
      pmmi_pool_vacate(heap, pool);
    }
  }
}

static size_t discard_vacant(struct pmmi_heap *heap,
                             struct pmmi_arena *arena) {
  size_t bytes = 0;
  for (uint64_t idle = arena->vacant & arena->dirty; idle != 0;
       idle &= idle - 1) {
    size_t index = (size_t)__builtin_ctzll(idle);
    heap->os_calls++;
    heap->os.discard(heap->os.ctx, arena->base + index * PMMI_POOL_BYTES,
                     PMMI_POOL_BYTES);
    bytes += PMMI_POOL_BYTES;
  }
  arena->dirty &= ~arena->vacant;
  return bytes;
}

size_t pmmi_pool_trim(struct pmmi_heap *heap) {
  size_t bytes = pmmi_large_trim(heap);
  drop_idle_active(heap);
  for (uint32_t n = 0; n < heap->arena_limit; n++) {
    struct pmmi_arena *arena = &heap->arenas[n];
    if (arena->base == NULL) {
      continue;
    }
    if (arena->vacant == UINT64_MAX) {
      pmmi_pool_arena_release(heap, arena);
      bytes += PMMI_POOL_ARENA_BYTES;
    } else {
      bytes += discard_vacant(heap, arena);
    }
  }
  return bytes;
}

/* ---- opening and closing ------------------------------------------------- */

void pmmi_pool_init(struct pmmi_heap *heap, const struct pmm_os *os,
                    size_t bytes) {
  assert(os != NULL && os->map != NULL && os->unmap != NULL);
  heap->os = *os;
  heap->none = (struct pmmi_pool){.next = PMMI_POOL_NONE,
                                  .prev = PMMI_POOL_NONE};
  heap->unused_arena = PMMI_POOL_NONE;
  heap->spare = PMMI_POOL_NONE;
  heap->large.spare_limit =
      pmmi_sanitize_listens() ? 0 : PMMI_LARGE_SPARE_BYTES;
  heap->os_calls = 1;
  heap->mapped_bytes = bytes;
  heap->peak_mapped_bytes = bytes;
  for (unsigned c = 0; c <= PMMI_POOL_CLASSES; c++) {
    heap->active[c] = &heap->none;
    heap->queue[c].head = PMMI_POOL_NONE;
    heap->queue[c].tail = PMMI_POOL_NONE;
  }
  for (unsigned r = 0; r <= PMMI_POOL_PER_ARENA; r++) {
    heap->ranks[r] = PMMI_POOL_NONE;
  }
}

struct pmmi_heap *pmmi_pool_open(const struct pmm_backend_config *config) {
  const struct pmm_os *os =
      config != NULL && config->os != NULL ? config->os : pmmi_host_os();
  size_t size = pmmi_host_page_round(sizeof(struct pmmi_heap));
  struct pmmi_heap *heap = os->map(os->ctx, size, pmmi_host_page_bytes());
  if (heap == NULL) {
    return NULL;
  }
  pmmi_pool_init(heap, os, size);
  return heap;
}

void pmmi_pool_fini(struct pmmi_heap *heap) {
  for (uint32_t n = 0; n < heap->arena_limit; n++) {
    if (heap->arenas[n].base != NULL) {
      pmmi_pool_unmap(heap, heap->arenas[n].base, PMMI_POOL_ARENA_BYTES);
    }
  }
  pmmi_large_close(heap);
  pmmi_pool_table_close(heap, &heap->arena_table);
  pmmi_pool_table_close(heap, &heap->pool_table);
  pmmi_pool_table_close(heap, &heap->slot_table);
}

void pmmi_pool_close(struct pmmi_heap *heap) {
  pmmi_pool_fini(heap);
  struct pmm_os os = heap->os;
  os.unmap(os.ctx, heap, pmmi_host_page_round(sizeof *heap));
}
