/* SPDX-License-Identifier: MIT */
/*
 * bytes.h - little-endian numbers and varints in memory.
 */
#ifndef PMM_TRACE_BYTES_H
#define PMM_TRACE_BYTES_H

#include <stddef.h>
#include <stdint.h>

/** Write the `count` low bytes of a number, the lowest first. */
static inline void bytes_put(uint8_t *at, uint64_t value, size_t count) {
  for (size_t i = 0; i < count; i++) {
    at[i] = (uint8_t)(value >> (8 * i));
  }
}

static inline uint64_t bytes_get(const uint8_t *at, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; i++) {
    value |= (uint64_t)at[i] << (8 * i);
  }
  return value;
}

/** Write a varint; returns its bytes, at most 10. */
static inline size_t bytes_put_varint(uint8_t *at, uint64_t value) {
  size_t count = 0;
  while (value >= 0x80) {
    at[count++] = (uint8_t)(value | 0x80);
    value >>= 7;
  }
  at[count++] = (uint8_t)value;
  return count;
}

/** Read a varint below 2^49 from the bytes before `end`; returns its bytes, 0
 *  when it does not end in time. */
static inline size_t bytes_get_varint(const uint8_t *at, const uint8_t *end,
                                      uint64_t *value) {
  *value = 0;
  for (size_t i = 0; i < 7 && at + i < end; i++) {
    *value |= (uint64_t)(at[i] & 0x7f) << (7 * i);
    if (at[i] < 0x80) {
      return i + 1;
    }
  }
  return 0;
}

#endif /* PMM_TRACE_BYTES_H */
