/* SPDX-License-Identifier: MIT */
/*
 * digest.h - size, lines and CRC-32 of bytes, in one pass.
 *
 * The text form is the same in the Python twins, so that both can be told to
 * have read the same file.  Source: zlib's crc32().
 */
#ifndef PMM_WORK_DIGEST_H
#define PMM_WORK_DIGEST_H

#include <stddef.h>
#include <stdint.h>

struct pmm_digest {
  uint64_t size;  /* bytes                                                  */
  uint64_t lines; /* newline characters                                     */
  uint32_t crc;   /* CRC-32, as zlib and PNG have it                        */
};

/** Add `size` bytes. */
void pmm_digest_add(struct pmm_digest *digest, const void *data, size_t size);

/** 1 when both are of equal bytes, as far as they can tell. */
int pmm_digest_equal(const struct pmm_digest *a, const struct pmm_digest *b);

/** Digest of the first `most` bytes of a file, read by stdio.  0, or -1 with
 *  errno set. */
int pmm_digest_file(const char *path, uint64_t most, struct pmm_digest *out);

#endif /* PMM_WORK_DIGEST_H */
