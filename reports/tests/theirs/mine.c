/* SPDX-License-Identifier: MIT */
/*
 * mine.c - an allocator of a stranger: libc's, behind a known amount of work.
 */
#include <stddef.h>
#include <stdlib.h>

#include "spend.h"

#define SUMS 1000
#define PRODUCTS 100

void *my_malloc(size_t size);
void *my_calloc(size_t count, size_t size);
void *my_realloc(void *block, size_t size);
void my_free(void *block);

void *my_malloc(size_t size) {
  spend(SUMS, PRODUCTS);
  return malloc(size);
}

void *my_calloc(size_t count, size_t size) {
  spend(SUMS, PRODUCTS);
  return calloc(count, size);
}

void *my_realloc(void *block, size_t size) { return realloc(block, size); }

void my_free(void *block) { free(block); }
