/* SPDX-License-Identifier: MIT */
/*
 * replaces.c - a library that is meant to take the C library's place: it has
 * malloc itself, and gets there by a call of memalign, also by name.  Its blocks
 * are of one array, and it dies when it is handed another's.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
enum { ARENA_BYTES = 1 << 20, ALIGN = 16 };

EXPORT void *malloc(size_t size);
EXPORT void free(void *block);
EXPORT void *calloc(size_t n, size_t size);
EXPORT void *realloc(void *block, size_t size);
EXPORT void *memalign(size_t align, size_t size);

static _Alignas(ALIGN) unsigned char arena[ARENA_BYTES];
static size_t used;

void *memalign(size_t align, size_t size) {
  size_t start = (used + align - 1) / align * align;
  if (align > ALIGN || size > ARENA_BYTES - start) {
    return NULL;
  }
  used = start + size + 1; /* blocks of no bytes differ */
  return arena + start;
}

void *malloc(size_t size) { return memalign(ALIGN, size); }

void free(void *block) {
  uintptr_t offset = (uintptr_t)block - (uintptr_t)arena;
  if (block != NULL && offset >= ARENA_BYTES) {
    abort(); /* not of malloc() */
  }
}

void *calloc(size_t n, size_t size) { /* the array is never used again */
  return size != 0 && n > ARENA_BYTES / size ? NULL : malloc(n * size);
}

void *realloc(void *block, size_t size) {
  void *moved = malloc(size);
  if (moved != NULL && block != NULL) {
    memmove(moved, block, size); /* behind it, the array goes on */
  }
  return moved;
}
