/* SPDX-License-Identifier: MIT */
/* check.c - see check.h. */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int check_failed(const struct check *check) {
  return check->message[0] != '\0';
}

/* The first failure is the verdict. */
static void fail(struct check *check, const char *requirement,
                 const char *file, int line, const char *format,
                 va_list arguments) {
  if (check_failed(check)) {
    return;
  }
  vsnprintf(check->message, sizeof check->message, format, arguments);
  check->file = file;
  check->line = line;
  check->broken = check->blames_itself ? NULL : requirement;
}

void check_fail(struct check *check, const char *file, int line,
                const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail(check, NULL, file, line, format, arguments);
  va_end(arguments);
}

void check_blame(struct check *check, const char *requirement,
                 const char *file, int line, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail(check, requirement, file, line, format, arguments);
  va_end(arguments);
}

/* Marsaglia's xorshift64: seeded alike in every run, so a failure repeats. */
uint64_t check_random(struct check *check, uint64_t limit) {
  uint64_t x = check->random;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  check->random = x;
  return (x >> 11) % limit;
}

/* Of the pattern that starts with `word`, the next eight bytes; the step is odd
 * and has bits everywhere, so that no two words near each other are alike. */
static const uint64_t pattern_step = UINT64_C(0x9E3779B97F4A7C15);

static uint64_t pattern_start(uint64_t seed) {
  return (seed ^ (seed >> 29)) * UINT64_C(0xBF58476D1CE4E5B9) + 1;
}

void check_fill(void *block, size_t size, uint64_t seed) {
  unsigned char *bytes = block;
  uint64_t word = pattern_start(seed);
  for (size_t i = 0; i + sizeof word <= size; i += sizeof word) {
    memcpy(bytes + i, &word, sizeof word);
    word += pattern_step;
  }
  memcpy(bytes + (size & ~(sizeof word - 1)), &word, size % sizeof word);
}

/* The first byte of some at which two places differ. */
static size_t first_difference(const unsigned char *a, const void *b,
                               size_t size) {
  const unsigned char *other = b;
  size_t i = 0;
  while (i < size && a[i] == other[i]) {
    i++;
  }
  return i;
}

size_t check_damage(const void *block, size_t size, uint64_t seed) {
  const unsigned char *bytes = block;
  uint64_t word = pattern_start(seed);
  size_t i = 0;
  for (; i + sizeof word <= size; i += sizeof word) {
    uint64_t found;
    memcpy(&found, bytes + i, sizeof found);
    if (found != word) {
      return i + first_difference(bytes + i, &word, sizeof word);
    }
    word += pattern_step;
  }
  return i + first_difference(bytes + i, &word, size - i);
}

void check_skip(struct check *check, const char *why) {
  if (check->skipped == NULL) {
    check->skipped = why;
  }
}

void check_branch(struct check *own, const struct check *parent,
                  uint64_t number) {
  *own = (struct check){.backend = parent->backend,
                        .heap = parent->heap,
                        .random = parent->random + 2 * number + 1,
                        .made = (number + 1) << 40};
}

void check_merge(struct check *check, const struct check *own) {
  if (check_failed(own)) {
    check_blame(check, own->broken, own->file, own->line, "%s", own->message);
  }
}

int check_open(struct check *check, void **heap) {
  int hooked = (check->backend->capabilities & PMM_BACKEND_OS_HOOKS) != 0;
  struct pmm_backend_config config = {
      .struct_size = sizeof config, .os = hooked ? &check->hooks.os : NULL};
  return check->backend->init(&config, heap);
}
