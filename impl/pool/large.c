/* SPDX-License-Identifier: MIT */
/* large.c - see large.h. */
#include "pool/large.h"

#include <stdlib.h>
#include <string.h>

#include "base/slots.h"
#include "pool/pool.h"

struct large_entry {
  uintptr_t inverted; /* ~address; 0: the slot is empty                     */
  size_t size;        /* requested bytes; SPARE: it waits to be handed out  */
};

/* No block has so many bytes. */
#define SPARE SIZE_MAX

static struct large_entry *entries(const struct pmmi_large *large) {
  return large->table.base;
}

uint64_t pmmi_large_live(const struct pmmi_heap *heap) {
  assert(heap->large.spares <= heap->large.entries);
  return heap->large.entries - heap->large.spares;
}

/* ---- the table ----------------------------------------------------------- */

/* The slot of a block, or the empty one where it would be. */
static inline size_t find(const struct pmmi_large *large, uintptr_t inverted) {
  assert(2 * large->entries <= large->capacity);
  return pmmi_slots_find(entries(large), sizeof *entries(large),
                         large->capacity, inverted);
}

/* The entry of a block, live or spare; NULL: there is none. */
static inline struct large_entry *known(const struct pmmi_large *large,
                                 const void *block) {
  if (large->entries == 0) {
    return NULL;
  }
  struct large_entry *entry = &entries(large)[find(large, ~(uintptr_t)block)];
  return entry->inverted != 0 ? entry : NULL;
}

/* The entry of a live block; NULL: there is none. */
static inline struct large_entry *lookup(const struct pmmi_large *large,
                                  const void *block) {
  struct large_entry *entry = known(large, block);
  return entry != NULL && entry->size != SPARE ? entry : NULL;
}

/* Room for one more entry. */
static int reserve(struct pmmi_heap *heap) {
  struct pmmi_large *large = &heap->large;
  assert(2 * large->entries <= large->capacity);
  if (2 * (large->entries + 1) <= large->capacity) {
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
  assert(2 * (large->entries + 1) <= large->capacity);
  size_t slot = find(large, inverted);
  assert(entries(large)[slot].inverted == 0);
  entries(large)[slot] =
      (struct large_entry){.inverted = inverted, .size = size};
  large->entries++;
  large->bytes += size;
}

static void remove_entry(struct pmmi_large *large, struct large_entry *entry) {
  assert(entry->inverted != 0 && large->entries > 0);
  large->entries--;
  pmmi_slots_remove(entries(large), sizeof *entry, large->capacity,
                    (size_t)(entry - entries(large)));
}

static void erase(struct pmmi_large *large, struct large_entry *entry) {
  assert(entry->size != SPARE && large->bytes >= entry->size);
  large->bytes -= entry->size;
  remove_entry(large, entry);
}

/* ---- spares -------------------------------------------------------------- */

static int is_medium(size_t size) {
  return size > PMMI_POOL_SMALL_MAX && size <= PMMI_LARGE_MEDIUM_MAX;
}

/* Bits below which sizes of the same power of two share a class. */
static inline unsigned step_shift(size_t size) {
  assert(is_medium(size));
  return (unsigned)(59 - __builtin_clzl(size - 1));
}

static inline unsigned medium_class(size_t size) {
  unsigned shift = step_shift(size); /* 5 of 513 bytes and more             */
  return (shift - 5) * PMMI_LARGE_STEPS +
         (unsigned)(((size - 1) >> shift) & (PMMI_LARGE_STEPS - 1));
}

/* The largest size of a class. */
static inline size_t class_bytes(unsigned c) {
  assert(c < PMMI_LARGE_CLASSES);
  return (size_t)(PMMI_LARGE_STEPS + c % PMMI_LARGE_STEPS + 1)
         << (5 + c / PMMI_LARGE_STEPS);
}

/* What malloc is asked for. */
static size_t held(const struct pmmi_large *large, size_t size) {
  if (!is_medium(size) || large->spare_limit == 0) {
    return size == 0 ? 1 : size;
  }
  return class_bytes(medium_class(size));
}

/* The entry of a spare, which is where it was when it became one, unless the
 * table grew or an entry before it was taken out. */
static inline struct large_entry *entry_of(const struct pmmi_large *large,
                                           const struct pmmi_spare *spare) {
  struct large_entry *entry =
      &entries(large)[spare->slot & (large->capacity - 1)];
  if (entry->inverted != ~(uintptr_t)spare) {
    entry = known(large, spare);
  }
  assert(entry != NULL && entry->size == SPARE);
  return entry;
}

/* The spare that was freed last of the class of `size`; NULL: there is none. */
static inline void *take_spare(struct pmmi_large *large, size_t size) {
  unsigned c = medium_class(size);
  struct pmmi_spare *spare = large->spare[c];
  if (spare == NULL) {
    return NULL;
  }
  entry_of(large, spare)->size = size;
  large->spare[c] = spare->next;
  large->spares--;
  large->spare_bytes -= class_bytes(c);
  large->bytes += size;
  large->allocated++;
  return spare;
}

/* Make a live block a spare; 0 when it is none of those that are kept. */
static inline int keep_spare(struct pmmi_large *large,
                             struct large_entry *entry, void *block) {
  if (!is_medium(entry->size) ||
      large->spare_bytes >= large->spare_limit) {
    return 0;
  }
  unsigned c = medium_class(entry->size);
  struct pmmi_spare *spare = block;
  spare->next = large->spare[c];
  spare->slot = (size_t)(entry - entries(large));
  large->spare[c] = spare;
  large->spares++;
  large->spare_bytes += class_bytes(c);
  large->bytes -= entry->size;
  entry->size = SPARE;
  return 1;
}

size_t pmmi_large_trim(struct pmmi_heap *heap) {
  struct pmmi_large *large = &heap->large;
  size_t bytes = large->spare_bytes;
  for (size_t c = 0; c < PMMI_LARGE_CLASSES; c++) {
    while (large->spare[c] != NULL) {
      struct pmmi_spare *spare = large->spare[c];
      large->spare[c] = spare->next;
      remove_entry(large, entry_of(large, spare));
      large->spares--;
      free(spare);
    }
  }
  large->spare_bytes = 0;
  return bytes;
}

/* ---- blocks -------------------------------------------------------------- */

/* A new block of malloc's; the spares go where there is none. */
static void *fresh(struct pmmi_heap *heap, size_t bytes, int zero) {
  void *block = zero ? calloc(1, bytes) : malloc(bytes);
  if (block == NULL && pmmi_large_trim(heap) > 0) {
    block = zero ? calloc(1, bytes) : malloc(bytes);
  }
  return block;
}

static void *adopt(struct pmmi_heap *heap, void *block, size_t size) {
  if (block != NULL) {
    insert(&heap->large, ~(uintptr_t)block, size);
    heap->large.allocated++;
  }
  return block;
}

void *pmmi_large_alloc(struct pmmi_heap *heap, size_t size, int zero) {
  void *spare = is_medium(size) ? take_spare(&heap->large, size) : NULL;
  if (spare != NULL) {
    return zero ? memset(spare, 0, size) : spare;
  }
  if (size > PTRDIFF_MAX || reserve(heap) != 0) {
    return NULL;
  }
  return adopt(heap, fresh(heap, held(&heap->large, size), zero), size);
}

void *pmmi_large_alloc_aligned(struct pmmi_heap *heap, size_t align,
                               size_t size) {
  assert(align > 0 && (align & (align - 1)) == 0);
  if (size > PTRDIFF_MAX - align || reserve(heap) != 0) {
    return NULL;
  }
  size_t rounded = (held(&heap->large, size) + align - 1) & ~(align - 1);
  return adopt(heap, aligned_alloc(align, rounded), size);
}

void pmmi_large_free(struct pmmi_heap *heap, void *block) {
  if (block == NULL) {
    return;
  }
  struct large_entry *entry = lookup(&heap->large, block);
  assert(entry != NULL && "free of a block that is not this heap's, or freed");
  if (entry == NULL) {
    free(block);
  } else if (!keep_spare(&heap->large, entry, block)) {
    erase(&heap->large, entry);
    free(block);
  }
}

void *pmmi_large_realloc(struct pmmi_heap *heap, void *block, size_t size) {
  struct pmmi_large *large = &heap->large;
  struct large_entry *entry = lookup(large, block);
  assert(entry != NULL);
  void *moved = block;
  if (held(large, size) != held(large, entry->size)) {
    moved = realloc(block, held(large, size));
  }
  if (moved == NULL) {
    return NULL;
  }
  erase(large, entry);
  insert(large, ~(uintptr_t)moved, size);
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
    if (entry.inverted != 0 && entry.size != SPARE &&
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
    if (entry.inverted == 0 || entry.size == SPARE) {
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
  heap->large = (struct pmmi_large){.allocated = heap->large.allocated,
                                    .spare_limit = heap->large.spare_limit};
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
