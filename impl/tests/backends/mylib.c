/* SPDX-License-Identifier: MIT */
/*
 * mylib.c - a malloc-like library that knows nothing of pmm: my_malloc and
 * so on, over libc, counting its calls, with a sized free of its own name.
 */
#include <malloc.h>
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT unsigned long my_calls;
EXPORT void *my_malloc(size_t size);
EXPORT void my_free(void *block);
EXPORT void my_sdallocx(void *block, size_t size);
EXPORT void *my_calloc(size_t n, size_t size);
EXPORT void *my_realloc(void *block, size_t size);
EXPORT size_t my_malloc_usable_size(void *block);

void *my_malloc(size_t size) {
  my_calls++;
  return malloc(size);
}

void my_free(void *block) { free(block); }

void my_sdallocx(void *block, size_t size) {
  my_calls += size == 0; /* a request of 0 bytes is made 1 byte long */
  free(block);
}

void *my_calloc(size_t n, size_t size) { return calloc(n, size); }

void *my_realloc(void *block, size_t size) { return realloc(block, size); }

size_t my_malloc_usable_size(void *block) {
  return malloc_usable_size(block);
}
