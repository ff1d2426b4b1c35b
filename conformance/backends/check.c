/* SPDX-License-Identifier: MIT */
/* check.c - see check.h. */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CHECK_ADDRESS(name) &check_##name,
static const struct check_case *const cases[] = {CHECK_CASES(CHECK_ADDRESS)};
#undef CHECK_ADDRESS

const struct check_case *const *check_cases(size_t *count) {
  *count = sizeof cases / sizeof cases[0];
  return cases;
}

void check_fail(struct check *check, int line, const char *format, ...) {
  if (check->message[0] != '\0') {
    return; /* the first failure is the verdict */
  }
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(check->message, sizeof check->message, format, arguments);
  va_end(arguments);
  check->line = line;
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

static unsigned char pattern(uint64_t seed, size_t i) {
  return (unsigned char)((seed * 31 + i) * 167 >> 3);
}

void check_fill(void *block, size_t size, uint64_t seed) {
  unsigned char *bytes = block;
  for (size_t i = 0; i < size; i++) {
    bytes[i] = pattern(seed, i);
  }
}

size_t check_damage(const void *block, size_t size, uint64_t seed) {
  const unsigned char *bytes = block;
  for (size_t i = 0; i < size; i++) {
    if (bytes[i] != pattern(seed, i)) {
      return i;
    }
  }
  return size;
}

int check_open(struct check *check, void **heap) {
  int hooked = (check->backend->capabilities & PMM_BACKEND_OS_HOOKS) != 0;
  struct pmm_backend_config config = {
      .struct_size = sizeof config, .os = hooked ? &check->hooks.os : NULL};
  return check->backend->init(&config, heap);
}
