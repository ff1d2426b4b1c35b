/* SPDX-License-Identifier: MIT */
/*
 * digest.c - see digest.h.
 */
#include "digest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

/** Bytes read at a time; small, so that an independent reading leaves no
 *  trace in the figures of the measured one. */
#define READ_BYTES 16384

void pmm_digest_add(struct pmm_digest *digest, const void *data, size_t size) {
  const char *from = data;
  const char *end = from + size;
  digest->crc = (uint32_t)crc32_z(digest->crc, data, size);
  digest->size += size;
  while (from < end &&
         (from = memchr(from, '\n', (size_t)(end - from))) != NULL) {
    digest->lines++;
    from++;
  }
}

int pmm_digest_equal(const struct pmm_digest *a, const struct pmm_digest *b) {
  return a->size == b->size && a->lines == b->lines && a->crc == b->crc;
}

int pmm_digest_file(const char *path, uint64_t most, struct pmm_digest *out) {
  char buffer[READ_BYTES];
  *out = (struct pmm_digest){0};
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return -1;
  }
  while (out->size < most) {
    uint64_t left = most - out->size;
    size_t want = left < sizeof buffer ? (size_t)left : sizeof buffer;
    size_t got = fread(buffer, 1, want, file);
    if (got == 0) {
      break;
    }
    pmm_digest_add(out, buffer, got);
  }
  int failed = ferror(file);
  int error = errno;
  fclose(file);
  errno = error;
  return failed ? -1 : 0;
}
