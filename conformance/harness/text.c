/* SPDX-License-Identifier: MIT */
/*
 * text.c - see text.h.
 *
 * Source: ECMA-48, 5.4 (control sequences); RFC 3629, 4 (UTF-8).
 */
#include "text.h"

#include <string.h>

enum { TEXT_BYTES = 1024, WORDS_BYTES = 2048, ESCAPE = 0x1b };

/* ---- cleaning ------------------------------------------------------------ */

/* Bytes of the escape sequence that starts at `s`. */
static size_t escape_length(const unsigned char *s) {
  size_t n = 1;
  if (s[1] == '[') {
    n = 2;
    while (s[n] >= 0x20 && s[n] <= 0x3f) {
      n++;
    }
    return s[n] >= 0x40 && s[n] <= 0x7e ? n + 1 : n;
  }
  if (s[1] == ']') { /* of the operating system: up to BEL or ESC \ */
    while (s[n] != '\0' && s[n] != 0x07 && s[n] != ESCAPE && s[n] != '\n') {
      n++;
    }
    return s[n] == 0x07 ? n + 1 : n;
  }
  return s[1] >= 0x20 && s[1] <= 0x7e ? 2 : 1;
}

static int follows(const unsigned char *s, size_t count) {
  for (size_t i = 1; i <= count; i++) {
    if ((s[i] & 0xc0) != 0x80) {
      return 0;
    }
  }
  return 1;
}

/* Bytes of the UTF-8 character at `s`; 0: it is none. */
static size_t utf8_length(const unsigned char *s) {
  if (s[0] < 0x80) {
    return 1;
  }
  if (s[0] >= 0xc2 && s[0] <= 0xdf) {
    return s[0] == 0xc2 && s[1] < 0xa0 ? 0 : follows(s, 1) ? 2 : 0;
  }
  if ((s[0] & 0xf0) == 0xe0 && follows(s, 2)) {
    int is_long = s[0] == 0xe0 && s[1] < 0xa0;
    int is_half_of_a_pair = s[0] == 0xed && s[1] >= 0xa0;
    return is_long || is_half_of_a_pair ? 0 : 3;
  }
  if (s[0] >= 0xf0 && s[0] <= 0xf4 && follows(s, 3)) {
    int is_outside =
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] >= 0x90);
    return is_outside ? 0 : 4;
  }
  return 0;
}

void pmm_text_clean(char *out, size_t size, const char *text) {
  const unsigned char *s = (const unsigned char *)text;
  size_t used = 0;
  while (*s != '\0') {
    size_t n = utf8_length(s);
    if (*s == ESCAPE) {
      s += escape_length(s);
      continue;
    }
    if ((*s < 0x20 && *s != '\n' && *s != '\t') || *s == 0x7f) {
      s++;
      continue;
    }
    size_t need = n > 0 ? n : 1;
    if (used + need >= size) {
      break;
    }
    memcpy(out + used, n > 0 ? (const char *)s : "?", need);
    used += need;
    s += need;
  }
  out[used] = '\0';
}

json_t *pmm_text_json(const char *text) {
  char clean[TEXT_BYTES];
  if (text == NULL || text[0] == '\0') {
    return json_null();
  }
  pmm_text_clean(clean, sizeof clean, text);
  return json_string(clean);
}

/* ---- last words ---------------------------------------------------------- */

const char *pmm_text_sanitizer(const char *output) {
  static const char *const marks[] = {"ERROR: AddressSanitizer",
                                      "ERROR: LeakSanitizer",
                                      "WARNING: ThreadSanitizer",
                                      "runtime error: ",
                                      "== Invalid read",
                                      "== Invalid write",
                                      "== Invalid free",
                                      "== Conditional jump",
                                      "== Use of uninitialised"};
  const char *first = NULL;
  for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
    const char *found = strstr(output, marks[i]);
    if (found != NULL && (first == NULL || found < first)) {
      first = found;
    }
  }
  return first;
}

/* The start of the last lines that are together at most `most` bytes. */
static const char *tail(const char *text, size_t most) {
  size_t length = strlen(text);
  const char *start = length > most ? text + length - most : text;
  const char *line = length > most ? strchr(start, '\n') : NULL;
  return line != NULL && line[1] != '\0' ? line + 1 : start;
}

json_t *pmm_text_words(const char *output) {
  char clean[WORDS_BYTES];
  const char *report = output != NULL ? pmm_text_sanitizer(output) : NULL;
  if (output == NULL) {
    return json_null();
  }
  pmm_text_clean(clean, sizeof clean,
                 report != NULL ? report : tail(output, sizeof clean - 1));
  return clean[strspn(clean, "\n\t ")] != '\0' ? json_string(clean)
                                               : json_null();
}
