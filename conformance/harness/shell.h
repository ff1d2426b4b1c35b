/* SPDX-License-Identifier: MIT */
/*
 * shell.h - command lines that a shell takes as they stand.
 *
 * The line that repeats a result is pasted by people, so a path in it may hold
 * blanks, quotes, dollars or letters of any alphabet:
 *
 *     ./rt.so         ./rt.so
 *     my rt's.so      'my rt'\''s.so'
 *     a<newline>b     $'a\012b'       bash, zsh, ksh and busybox read this form
 */
#ifndef PMM_CONFORM_SHELL_H
#define PMM_CONFORM_SHELL_H

#include <stdio.h>

/** Write one word, quoted where it needs to be, without a newline in it. */
static inline void pmm_shell_word(FILE *out, const char *word);

/** Write " --option value"; nothing when the value is NULL. */
static inline void pmm_shell_option(FILE *out, const char *option,
                                    const char *value);

/* ---- how ---------------------------------------------------------------- */

static inline int pmm_shell_is_control(char c) {
  return (unsigned char)c < 0x20 || c == 0x7f;
}

static inline int pmm_shell_is_safe(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || (unsigned char)c >= 0x80 || c == '_' ||
         c == '-' || c == '.' || c == '/' || c == ',' || c == ':' ||
         c == '@' || c == '%' || c == '+' || c == '=';
}

/* The form $'...', for words with controls in them. */
static inline void pmm_shell_escaped(FILE *out, const char *word) {
  (void)fputs("$'", out);
  for (; *word != '\0'; word++) {
    if (pmm_shell_is_control(*word)) {
      (void)fprintf(out, "\\%03o", (unsigned)(unsigned char)*word);
    } else {
      (void)fprintf(out, *word == '\'' || *word == '\\' ? "\\%c" : "%c",
                    *word);
    }
  }
  (void)fputc('\'', out);
}

static inline void pmm_shell_word(FILE *out, const char *word) {
  int plain = word[0] != '\0';
  int controls = 0;
  for (const char *c = word; *c != '\0'; c++) {
    plain = plain && pmm_shell_is_safe(*c);
    controls = controls || pmm_shell_is_control(*c);
  }
  if (plain) {
    (void)fputs(word, out);
  } else if (controls) {
    pmm_shell_escaped(out, word);
  } else {
    (void)fputc('\'', out);
    for (const char *c = word; *c != '\0'; c++) {
      (void)fputs(*c == '\'' ? "'\\''" : (const char[]){*c, '\0'}, out);
    }
    (void)fputc('\'', out);
  }
}

static inline void pmm_shell_option(FILE *out, const char *option,
                                    const char *value) {
  if (value != NULL) {
    (void)fprintf(out, " --%s ", option);
    pmm_shell_word(out, value);
  }
}

#endif /* PMM_CONFORM_SHELL_H */
