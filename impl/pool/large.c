/* SPDX-License-Identifier: MIT */
/* large.c - see large.h. */
#include "pool/large.h"

#include <stdlib.h>
#include <string.h>

#include "base/slots.h"
#include "pool/pool.h"

struct large_entry {
  uintptr_t inverted; /* ~address; 0: the slot is empty                     */
  size_t size;        /* requested bytes                                    */
};

static struct large_entry *entries(const struct pmmi_large *large) {
  return large->table.base;
}

/* The slot of a block, or the empty one where it would be. */
static size_t find(const struct pmmi_large *large, uintptr_t inverted) {
  assert(2 * large->blocks <= large->capacity);
  return pmmi_slots_find(entries(large), sizeof *entries(large),
                         large->capacity, inverted);
}

static struct large_entry *lookup(const struct pmmi_large *large,
                                  const void *block) {
  if (large->blocks == 0) {
    return NULL;
  }
  struct large_entry *entry = &entries(large)[find(large, ~(uintptr_t)block)];
  return entry->inverted != 0 ? entry : NULL;
}

/* Room for one more entry. */
static int reserve(struct pmmi_heap *heap) {
  struct pmmi_large *large = &heap->large;
  assert(2 * large->blocks <= large->capacity);
  if (2 * (large->blocks + 1) <= large->capacity) {
    return 0;
  }
  struct pmmi_large grown = *large;
  grown.capacity = large->capacity == 0 ? 256 : large->capacity * 2;
  grown.table = (struct pmmi_pool_table){0};
  if (pmmi_pool_table_grow(heap, &grown.table,
                           grown.capacity * sizeof(struct large_entry)) != 0) {
    return -1;
  }
  for (size_t i = 0; i < large->capacity; i++) {
    struct large_entry entry = entries(large)[i];
    if (entry.inverted != 0) {
      entries(&grown)[find(&grown, entry.inverted)] = entry;
    }
  }
  pmmi_pool_table_close(heap, &large->table);
  *large = grown;
  return 0;
}

static void insert(struct pmmi_large *large, uintptr_t inverted, size_t size) {
  assert(2 * (large->blocks + 1) <= large->capacity);
  size_t slot = find(large, inverted);
  assert(entries(large)[slot].inverted == 0);
  entries(large)[slot] =
      (struct large_entry){.inverted = inverted, .size = size};
  large->blocks++;
  large->bytes += size;
}

static void erase(struct pmmi_large *large, uintptr_t inverted) {
  assert(large->blocks > 0);
  size_t slot = find(large, inverted);
  assert(large->bytes >= entries(large)[slot].size);
  assert(entries(large)[slot].inverted != 0);
  large->blocks--;
  large->bytes -= entries(large)[slot].size;
  pmmi_slots_remove(entries(large), sizeof *entries(large), large->capacity,
                    slot);
}

static void *adopt(struct pmmi_heap *heap, void *block, size_t size) {
  if (block != NULL) {
    insert(&heap->large, ~(uintptr_t)block, size);
    heap->large.allocated++;
  }
  return block;
}

void *pmmi_large_alloc(struct pmmi_heap *heap, size_t size, int zero) {
  if (size > PTRDIFF_MAX || reserve(heap) != 0) {
    return NULL;
  }
  size_t least = size == 0 ? 1 : size;
  return adopt(heap, zero ? calloc(1, least) : malloc(least), size);
}

void *pmmi_large_alloc_aligned(struct pmmi_heap *heap, size_t align,
                               size_t size) {
  assert(align > 0 && (align & (align - 1)) == 0);
  if (size > PTRDIFF_MAX - align || reserve(heap) != 0) {
    return NULL;
  }
  size_t rounded = (size + align - 1) & ~(align - 1);
  return adopt(heap, aligned_alloc(align, rounded), size);
}

void pmmi_large_free(struct pmmi_heap *heap, void *block) {
  if (block == NULL) {
    return;
  }
  if (lookup(&heap->large, block) != NULL) {
    erase(&heap->large, ~(uintptr_t)block);
  } else {
    assert(0 && "free of a block of another heap");
  }
  free(block);
}

void *pmmi_large_realloc(struct pmmi_heap *heap, void *block, size_t size) {
  size_t least = size == 0 ? 1 : size;
  uintptr_t inverted = ~(uintptr_t)block;
  assert(lookup(&heap->large, block) != NULL);
  void *moved = realloc(block, least);
  if (moved == NULL) {
    return NULL;
  }
  erase(&heap->large, inverted);
  insert(&heap->large, ~(uintptr_t)moved, size);
  return moved;
}

size_t pmmi_large_size(const struct pmmi_heap *heap, const void *block,
                       int *found) {
  assert(found != NULL);
  const struct large_entry *entry = lookup(&heap->large, block);
  *found = entry != NULL;
  return entry != NULL ? entry->size : 0;
}

int pmmi_large_holds(const struct pmmi_heap *heap, const void *address) {
  if (lookup(&heap->large, address) != NULL) {
    return 1;
  }
  for (size_t i = 0; i < heap->large.capacity; i++) {
    struct large_entry entry = entries(&heap->large)[i];
    if (entry.inverted != 0 &&
        (uintptr_t)address - ~entry.inverted < entry.size) {
      return 1;
    }
  }
  return 0;
}

int pmmi_large_visit(const struct pmmi_heap *heap,
                     int (*fn)(void *ctx, const struct pmm_block *block),
                     void *ctx) {
  assert(fn != NULL);
  for (size_t i = 0; i < heap->large.capacity; i++) {
    struct large_entry entry = entries(&heap->large)[i];
    if (entry.inverted == 0) {
      continue;
    }
    struct pmm_block block = {.address = (const void *)~entry.inverted,
                              .size = entry.size,
                              .live = 1};
    int result = fn(ctx, &block);
    if (result != 0) {
      return result;
    }
  }
  return 0;
}

void pmmi_large_forget(struct pmmi_heap *heap) {
  pmmi_pool_table_close(heap, &heap->large.table);
  heap->large = (struct pmmi_large){.allocated = heap->large.allocated};
}

void pmmi_large_close(struct pmmi_heap *heap) {
  const struct pmmi_large *large = &heap->large;
  for (size_t i = 0; i < large->capacity; i++) {
    if (entries(large)[i].inverted != 0) {
      free((void *)~entries(large)[i].inverted);
    }
  }
  pmmi_large_forget(heap);
}
