/* SPDX-License-Identifier: MIT */
/*
 * sample.c - every N-th case of each area, from a seeded start (sample.h).
 */
#include "sample.h"

#include <assert.h>
#include <string.h>

static size_t area_length(const char *id) { return strcspn(id, "."); }

static int same_area(const char *a, const char *b) {
  size_t length = area_length(a);
  return length == area_length(b) && strncmp(a, b, length) == 0;
}

/* FNV-1a: areas must not all begin at the same place. */
static uint64_t hash_area(const char *id) {
  uint64_t hash = UINT64_C(14695981039346656037);
  for (size_t i = 0; i < area_length(id); i++) {
    hash = (hash ^ (unsigned char)id[i]) * UINT64_C(1099511628211);
  }
  return hash >> 32;
}

size_t pmm_sample(const struct pmm_entry **cases, size_t count, uint64_t every,
                  uint64_t seed) {
  size_t kept = 0;
  assert(every > 0);
  for (size_t start = 0, end = 0; start < count; start = end) {
    do {
      end++;
    } while (end < count && same_area(cases[start]->id, cases[end]->id));
    uint64_t step = every < end - start ? every : end - start;
    uint64_t first = (hash_area(cases[start]->id) % step + seed % step) % step;
    for (uint64_t i = start + first; i < end; i += step) {
      cases[kept++] = cases[i];
    }
  }
  return kept;
}
