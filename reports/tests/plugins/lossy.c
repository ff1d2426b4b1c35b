/* SPDX-License-Identifier: MIT */
/*
 * lossy.c - a malloc library that loses the last byte of a block that grows.
 */
#include <malloc.h>
#include <stdlib.h>

void *lossy_malloc(size_t size);
void lossy_free(void *block);
void *lossy_calloc(size_t n, size_t size);
void *lossy_realloc(void *block, size_t size);
size_t lossy_malloc_usable_size(void *block);

void *lossy_malloc(size_t size) { return malloc(size); }

void lossy_free(void *block) { free(block); }

void *lossy_calloc(size_t n, size_t size) { return calloc(n, size); }

void *lossy_realloc(void *block, size_t size) {
  size_t before = block != NULL ? malloc_usable_size(block) : 0;
  char *grown = realloc(block, size);
  if (grown != NULL && before > 8 && size > before) {
    grown[before - 1] ^= 0x55;
  }
  return grown;
}

size_t lossy_malloc_usable_size(void *block) {
  return malloc_usable_size(block);
}
