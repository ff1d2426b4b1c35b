/* SPDX-License-Identifier: MIT */
/* table.c - see table.h. */
#include "pool/table.h"

#include <string.h>

#include "host.h"
#include "pool/pool.h"

void *pmmi_pool_map(struct pmmi_heap *heap, size_t size, size_t align) {
  assert(size > 0 && (align & (align - 1)) == 0);
  heap->os_calls++;
  void *base = heap->os.map(heap->os.ctx, size, align);
  if (base == NULL) {
    return NULL;
  }
  heap->mapped_bytes += size;
  if (heap->mapped_bytes > heap->peak_mapped_bytes) {
    heap->peak_mapped_bytes = heap->mapped_bytes;
  }
  return base;
}

void pmmi_pool_unmap(struct pmmi_heap *heap, void *base, size_t size) {
  assert(base != NULL && heap->mapped_bytes >= size);
  heap->os_calls++;
  heap->mapped_bytes -= size;
  heap->os.unmap(heap->os.ctx, base, size);
}

int pmmi_pool_table_grow(struct pmmi_heap *heap, struct pmmi_pool_table *table,
                         size_t bytes) {
  assert(bytes > 0);
  if (bytes <= table->bytes) {
    return 0;
  }
  size_t size = pmmi_host_page_round(bytes);
  void *base = size == 0
                   ? NULL
                   : pmmi_pool_map(heap, size, pmmi_host_page_bytes());
  if (base == NULL) {
    return -1;
  }
  if (table->bytes > 0) {
    memcpy(base, table->base, table->bytes);
    pmmi_pool_unmap(heap, table->base, table->bytes);
  }
  table->base = base;
  table->bytes = size;
  return 0;
}

void pmmi_pool_table_close(struct pmmi_heap *heap,
                           struct pmmi_pool_table *table) {
  if (table->bytes > 0) {
    pmmi_pool_unmap(heap, table->base, table->bytes);
  }
  *table = (struct pmmi_pool_table){0};
}

/* ---- arena numbers ------------------------------------------------------- */

/* The descriptors moved: follow with the only pointers to them. */
static void pools_moved(struct pmmi_heap *heap, const struct pmmi_pool *old) {
  struct pmmi_pool *pools = heap->pool_table.base;
  for (unsigned c = 0; c <= PMMI_POOL_CLASSES; c++) {
    if (heap->active[c] != &heap->none) {
      heap->active[c] = pools + (heap->active[c] - old);
    }
  }
  heap->pools = pools;
}

/* Each table that grew keeps what it had, so a failure on the way leaves all
 * of them valid, only some larger than needed. */
static int grow_tables(struct pmmi_heap *heap, size_t limit) {
  assert(limit > heap->arena_limit);
  size_t pools = limit * PMMI_POOL_PER_ARENA;
  const struct pmmi_pool *old = heap->pools;
  if (pmmi_pool_table_grow(heap, &heap->pool_table,
                           pools * sizeof(struct pmmi_pool)) != 0) {
    return -1;
  }
  pools_moved(heap, old);
  if (pmmi_pool_table_grow(heap, &heap->arena_table,
                           limit * sizeof(struct pmmi_arena)) != 0) {
    return -1;
  }
  heap->arenas = heap->arena_table.base;
  return 0;
}

uint32_t pmmi_pool_arena_number(struct pmmi_heap *heap) {
  if (heap->unused_arena == PMMI_POOL_NONE) {
    size_t limit = heap->arena_limit == 0 ? 16 : (size_t)heap->arena_limit * 2;
    if (limit > PMMI_POOL_NONE / PMMI_POOL_PER_ARENA ||
        grow_tables(heap, limit) != 0) {
      return PMMI_POOL_NONE;
    }
    for (size_t n = limit; n-- > heap->arena_limit;) {
      heap->arenas[n] = (struct pmmi_arena){.next = heap->unused_arena};
      heap->unused_arena = (uint32_t)n;
    }
    heap->arena_limit = (uint32_t)limit;
  }
  uint32_t number = heap->unused_arena;
  heap->unused_arena = heap->arenas[number].next;
  return number;
}

void pmmi_pool_arena_number_free(struct pmmi_heap *heap, uint32_t number) {
  assert(number < heap->arena_limit);
  heap->arenas[number] = (struct pmmi_arena){.next = heap->unused_arena};
  heap->unused_arena = number;
}

/* ---- the window ---------------------------------------------------------- */

static size_t window_slot(const struct pmmi_heap *heap, const char *base) {
  assert(((uintptr_t)base & (PMMI_POOL_ARENA_BYTES - 1)) == 0);
  return ((uintptr_t)base - heap->window) >> PMMI_POOL_ARENA_SHIFT;
}

/* The arena units from *low up to *high that hold `base` and all arenas. */
static void window_span(const struct pmmi_heap *heap, const char *base,
                        uintptr_t *low, uintptr_t *high) {
  assert(low != NULL && high != NULL);
  *low = (uintptr_t)base >> PMMI_POOL_ARENA_SHIFT;
  *high = *low + 1;
  for (uint32_t n = 0; n < heap->arena_limit; n++) {
    if (heap->arenas[n].base != NULL) {
      uintptr_t unit =
          (uintptr_t)heap->arenas[n].base >> PMMI_POOL_ARENA_SHIFT;
      *low = unit < *low ? unit : *low;
      *high = unit + 1 > *high ? unit + 1 : *high;
    }
  }
  uintptr_t slack = *high - *low;
  *low = *low > slack ? *low - slack : 0;
  *high += slack;
}

static int window_rebuild(struct pmmi_heap *heap, const char *base) {
  assert(((uintptr_t)base & (PMMI_POOL_ARENA_BYTES - 1)) == 0);
  uintptr_t low;
  uintptr_t high;
  window_span(heap, base, &low, &high);
  struct pmmi_pool_table fresh = {0};
  if (pmmi_pool_table_grow(heap, &fresh,
                           (size_t)(high - low) * sizeof(uint32_t)) != 0) {
    return -1;
  }
  heap->window = low << PMMI_POOL_ARENA_SHIFT;
  heap->window_slots = (size_t)(high - low);
  uint32_t *slots = fresh.base;
  assert(slots != NULL); /* the new arena lies between low and high          */
  for (uint32_t n = 0; n < heap->arena_limit; n++) {
    if (heap->arenas[n].base != NULL) {
      slots[window_slot(heap, heap->arenas[n].base)] = n + 1;
    }
  }
  pmmi_pool_table_close(heap, &heap->slot_table);
  heap->slot_table = fresh;
  heap->slots = slots;
  return 0;
}

int pmmi_pool_window_add(struct pmmi_heap *heap, const char *base,
                         uint32_t number) {
  assert(number < heap->arena_limit);
  if (window_slot(heap, base) >= heap->window_slots &&
      window_rebuild(heap, base) != 0) {
    return -1;
  }
  uint32_t *slots = heap->slot_table.base;
  assert(slots != NULL);
  slots[window_slot(heap, base)] = number + 1;
  return 0;
}

void pmmi_pool_window_remove(struct pmmi_heap *heap, const char *base) {
  assert(heap->slots[window_slot(heap, base)] != 0);
  uint32_t *slots = heap->slot_table.base;
  assert(window_slot(heap, base) < heap->window_slots);
  slots[window_slot(heap, base)] = 0;
}
