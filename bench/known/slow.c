/* SPDX-License-Identifier: MIT */
/*
 * slow.c - libc's malloc behind a fixed amount of work: STEPS a call.
 *
 * `pmm selftest` compares builds of it that differ in STEPS alone, so that it is
 * known by how much one is slower. A step is one multiplication that needs the
 * result of the one before it: nothing can be done side by side or left out. Two
 * thousand of them take a hundred times as long as malloc does, so a build with
 * 5 % more steps is 5 % slower to within a tenth of a per cent.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define SHOWN __attribute__((visibility("default")))

SHOWN void *slow_malloc(size_t size);
SHOWN void *slow_calloc(size_t count, size_t size);
SHOWN void *slow_realloc(void *block, size_t size);
SHOWN void slow_free(void *block);

static uint64_t spent = 1;

static void spend(void) {
  uint64_t value = spent;
  for (int i = 0; i < STEPS; i++) {
    value = value * 6364136223846793005u + 1442695040888963407u;
    __asm__ volatile("" : "+r"(value));
  }
  spent = value;
}

void *slow_malloc(size_t size) {
  spend();
  return malloc(size);
}

void *slow_calloc(size_t count, size_t size) {
  spend();
  return calloc(count, size);
}

void *slow_realloc(void *block, size_t size) {
  spend();
  return realloc(block, size);
}

void slow_free(void *block) { free(block); }
