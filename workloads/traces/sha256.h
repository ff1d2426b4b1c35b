/* SPDX-License-Identifier: MIT */
/*
 * sha256.h - the SHA-256 of a stream.
 *
 *   struct sha256 hash;
 *   sha256_begin(&hash);
 *   sha256_add(&hash, bytes, count);    any number of times
 *   sha256_end(&hash, digest);
 *
 * Ours, as a trace is hashed in one place and a library of cryptography would
 * be one more thing to install for it.  Source: FIPS 180-4, 5 and 6.2.
 */
#ifndef PMM_TRACE_SHA256_H
#define PMM_TRACE_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
  uint32_t state[8];
  uint64_t bytes;        /* added so far                                    */
  unsigned char part[64]; /* the bytes since the last whole 64              */
};

void sha256_begin(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t count);
/** The digest; the stream is over. */
void sha256_end(struct sha256 *hash, uint8_t digest[32]);
/** The digest as 64 digits and a zero. */
void sha256_text(const uint8_t digest[32], char text[65]);

#endif /* PMM_TRACE_SHA256_H */
