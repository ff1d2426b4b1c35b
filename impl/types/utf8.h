/* SPDX-License-Identifier: MIT */
/*
 * utf8.h - between code points and UTF-8.
 *
 * Strict: no overlong form, no surrogate, nothing above U+10FFFF.
 * Source: RFC 3629.
 */
#ifndef PMMI_UTF8_H
#define PMMI_UTF8_H

#include <stddef.h>
#include <stdint.h>

/** Decode one code point at `text`, of which `size` > 0 bytes remain.
 *  Returns the bytes it takes, or 0 when they are no UTF-8. */
static inline size_t pmmi_utf8_decode(const unsigned char *text, size_t size,
                                      uint32_t *code) {
  uint32_t lead = text[0];
  if (lead < 0x80) {
    *code = lead;
    return 1;
  }
  size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (lead < 0xc2 || lead > 0xf4 || n > size) {
    return 0;
  }
  uint32_t value = lead & (0xffu >> (n + 1));
  for (size_t i = 1; i < n; i++) {
    if ((text[i] & 0xc0) != 0x80) {
      return 0;
    }
    value = value << 6 | (text[i] & 0x3f);
  }
  *code = value;
  return value < least[n] || value > 0x10ffff ||
                 (value >= 0xd800 && value < 0xe000)
             ? 0
             : n;
}

/** Bytes of a code point. */
static inline size_t pmmi_utf8_width(uint32_t code) {
  return 1 + (size_t)(code >= 0x80) + (code >= 0x800) + (code >= 0x10000);
}

/** Write a code point; returns its bytes, at most 4. */
static inline size_t pmmi_utf8_encode(uint32_t code, char *text) {
  size_t n = pmmi_utf8_width(code);
  static const uint32_t mark[] = {0, 0, 0xc0, 0xe0, 0xf0};
  for (size_t i = n; i-- > 1;) {
    text[i] = (char)(0x80 | (code & 0x3f));
    code >>= 6;
  }
  text[0] = (char)(mark[n] | code);
  return n;
}

#endif /* PMMI_UTF8_H */
