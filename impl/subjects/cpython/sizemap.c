/* SPDX-License-Identifier: MIT */
/*
 * sizemap.c - the size of every counted block, by address.
 */
#include "sizemap.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#define GRANULE_SHIFT 3 /* mimalloc aligns what is smaller to 8 */
#define LEAF_SHIFT 20
#define TABLE_BITS 14
#define LEAF_ENTRIES ((size_t)1 << (LEAF_SHIFT - GRANULE_SHIFT))
#define TABLE_ENTRIES ((size_t)1 << TABLE_BITS)
#define LARGE UINT16_MAX
#define LARGE_WORDS 4

typedef uint16_t entry;

_Static_assert(LEAF_SHIFT + 2 * TABLE_BITS == 48, "user addresses");

/** Middle tables by the address's top bits; they hold leaves. */
static entry **top[TABLE_ENTRIES];

/** The entry of an address; NULL when there is none and `make` is 0, or no
 *  memory for it. */
static entry *find(uintptr_t address, int make) {
  uintptr_t leaf_number = address >> LEAF_SHIFT;
  size_t high = (size_t)(leaf_number >> TABLE_BITS);
  size_t low = (size_t)(leaf_number & (TABLE_ENTRIES - 1));
  if (high >= TABLE_ENTRIES) {
    return NULL;
  }
  if (top[high] == NULL) {
    top[high] = make ? calloc(TABLE_ENTRIES, sizeof(entry *)) : NULL;
    if (top[high] == NULL) {
      return NULL;
    }
  }
  if (top[high][low] == NULL) {
    top[high][low] = make ? calloc(LEAF_ENTRIES, sizeof(entry)) : NULL;
    if (top[high][low] == NULL) {
      return NULL;
    }
  }
  return &top[high][low][(address >> GRANULE_SHIFT) & (LEAF_ENTRIES - 1)];
}

/** Entry number `index` after the first of a large block. */
static entry *word_of(const void *block, unsigned index, int make) {
  assert(block != NULL);
  return find((uintptr_t)block + ((uintptr_t)(index + 1) << GRANULE_SHIFT),
              make);
}

static int put_large(const void *block, size_t size) {
  for (unsigned i = 0; i < LARGE_WORDS; i++) {
    entry *word = word_of(block, i, 1);
    if (word == NULL) {
      return 0;
    }
    *word = (entry)(size >> (16 * i));
  }
  return 1;
}

int pmmi_cpy_sizemap_put(const void *block, size_t size) {
  entry *first = find((uintptr_t)block, 1);
  assert(((uintptr_t)block & ((1u << GRANULE_SHIFT) - 1)) == 0);
  if (first == NULL) {
    return 0;
  }
  if (size + 1 < LARGE) {
    *first = (entry)(size + 1);
    return 1;
  }
  if (!put_large(block, size)) {
    return 0;
  }
  *first = LARGE;
  return 1;
}

int pmmi_cpy_sizemap_get(const void *block, size_t *size) {
  assert(size != NULL);
  const entry *first = find((uintptr_t)block, 0);
  size_t large = 0;
  if (first == NULL || *first == 0) {
    return 0;
  }
  if (*first != LARGE) {
    *size = (size_t)*first - 1;
    return 1;
  }
  for (unsigned i = 0; i < LARGE_WORDS; i++) {
    large |= (size_t)*word_of(block, i, 0) << (16 * i);
  }
  *size = large;
  return 1;
}

int pmmi_cpy_sizemap_take(const void *block, size_t *size) {
  assert(size != NULL);
  if (!pmmi_cpy_sizemap_get(block, size)) {
    return 0;
  }
  /* The words of a large block are cleared too: its granules may begin
   * blocks that are not counted. */
  if (*find((uintptr_t)block, 0) == LARGE) {
    for (unsigned i = 0; i < LARGE_WORDS; i++) {
      *word_of(block, i, 0) = 0;
    }
  }
  *find((uintptr_t)block, 0) = 0;
  return 1;
}
