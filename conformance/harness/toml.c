/* SPDX-License-Identifier: MIT */
/* toml.c - one pass over a text, by recursive descent; idea: toml.h. */
#include "toml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 64, KEYS_MOST = 512 };

/** Where the pass is. */
struct pass {
  const char *at;
  int line;
  char table[NAME_BYTES];
  char key[NAME_BYTES];              /* "" between keys                      */
  char seen[KEYS_MOST][NAME_BYTES];  /* keys of this table                   */
  size_t seen_count;
  struct pmm_toml_value value;
  const struct pmm_toml_reader *reader;
};

/* ---- characters --------------------------------------------------------- */

static void skip_blanks(struct pass *p) { p->at += strspn(p->at, " \t"); }

/* Blanks, comments and ends of lines. */
static void skip_space(struct pass *p) {
  for (;;) {
    p->at += strspn(p->at, " \t\r");
    if (*p->at == '#') {
      p->at += strcspn(p->at, "\n");
    }
    if (*p->at != '\n') {
      return;
    }
    p->at++;
    p->line++;
  }
}

static int takes(struct pass *p, const char *text) {
  size_t length = strlen(text);
  if (strncmp(p->at, text, length) != 0) {
    return 0;
  }
  p->at += length;
  return 1;
}

/* Nothing may follow on the line but a comment. */
static const char *end_line(struct pass *p) {
  skip_blanks(p);
  if (*p->at == '#') {
    p->at += strcspn(p->at, "\n");
  }
  p->at += *p->at == '\r';
  return *p->at == '\n' || *p->at == '\0' ? NULL
                                          : "expected one value on the line";
}

static const char *read_name(struct pass *p, char name[NAME_BYTES]) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  size_t length = strspn(p->at, letters);
  if (length == 0 || length >= NAME_BYTES) {
    return "expected a name of letters, digits, _ and -";
  }
  memcpy(name, p->at, length);
  name[length] = '\0';
  p->at += length;
  skip_blanks(p);
  return NULL;
}

/* ---- values ------------------------------------------------------------- */

/* A date has the shape 2026-12-31. */
static int is_date(const char *at) {
  static const char shape[] = "0000-00-00";
  for (size_t i = 0; shape[i] != '\0'; i++) {
    int digit = at[i] >= '0' && at[i] <= '9';
    if (shape[i] == '0' ? !digit : at[i] != shape[i]) {
      return 0;
    }
  }
  return 1;
}

static const char *read_integer(struct pass *p, int64_t *value) {
  char digits[32];
  size_t used = 0;
  for (; *p->at != '\0' && strchr("+-0123456789_", *p->at) != NULL; p->at++) {
    if (*p->at != '_' && used + 1 < sizeof digits) {
      digits[used++] = *p->at;
    }
  }
  digits[used] = '\0';
  char *end = NULL;
  errno = 0;
  *value = strtoll(digits, &end, 10);
  return used == 0 || *end != '\0' || errno != 0 || used + 1 == sizeof digits
             ? "expected a 64-bit integer, a list of integers, a string or a "
               "date"
             : NULL;
}

static const char *read_array(struct pass *p) {
  struct pmm_toml_value *value = &p->value;
  skip_space(p);
  while (!takes(p, "]")) {
    if (value->count == PMM_TOML_ITEMS) {
      return "a list has at most 256 integers";
    }
    const char *wrong = read_integer(p, &value->items[value->count++]);
    if (wrong != NULL) {
      return wrong;
    }
    skip_space(p);
    if (!takes(p, ",") && *p->at != ']') {
      return "expected a comma between two integers";
    }
    skip_space(p);
  }
  return NULL;
}

/* The character that a backslash names in a basic string; 0: none. */
static char unescaped(char c) {
  const char *at = strchr("\"\"\\\\n\nt\t", c);
  return c != '\0' && at != NULL ? at[1] : '\0';
}

static const char *read_string(struct pass *p, char quote) {
  size_t used = 0;
  for (; *p->at != quote; p->at++) {
    char c = *p->at;
    if (c == '\0' || c == '\n') {
      return "the string has no closing quote";
    }
    if (c == '\\' && quote == '"') {
      c = unescaped(*++p->at);
      if (c == '\0') {
        return "the only escapes are \\\" \\\\ \\n \\t";
      }
    }
    if (used + 1 == sizeof p->value.text) {
      return "a string has at most 1023 bytes";
    }
    p->value.text[used++] = c;
  }
  p->value.text[used] = '\0';
  p->at++;
  return NULL;
}

static const char *read_value(struct pass *p) {
  p->value.count = 0;
  if (takes(p, "[")) {
    p->value.kind = PMM_TOML_ARRAY;
    return read_array(p);
  }
  if (*p->at == '"' || *p->at == '\'') {
    p->value.kind = PMM_TOML_STRING;
    return read_string(p, *p->at++);
  }
  if (is_date(p->at)) {
    p->value.kind = PMM_TOML_DATE;
    (void)snprintf(p->value.text, sizeof p->value.text, "%.10s", p->at);
    p->at += 10;
    return NULL;
  }
  p->value.kind = PMM_TOML_INTEGER;
  p->value.count = 1;
  return read_integer(p, &p->value.items[0]);
}

/* ---- lines -------------------------------------------------------------- */

static const char *read_head(struct pass *p) {
  int is_item = takes(p, "[");
  skip_blanks(p);
  const char *wrong = read_name(p, p->table);
  if (wrong == NULL && !takes(p, is_item ? "]]" : "]")) {
    wrong = is_item ? "expected ]] after the name"
                    : "expected ] after the name";
  }
  p->seen_count = 0;
  if (wrong == NULL) {
    wrong = p->reader->table(p->reader->ctx, p->table, is_item, p->line);
  }
  return wrong != NULL ? wrong : end_line(p);
}

static const char *note_key(struct pass *p) {
  for (size_t i = 0; i < p->seen_count; i++) {
    if (strcmp(p->seen[i], p->key) == 0) {
      return "the key is given twice";
    }
  }
  if (p->seen_count == KEYS_MOST) {
    return "a table has at most 512 keys";
  }
  memcpy(p->seen[p->seen_count++], p->key, NAME_BYTES);
  return NULL;
}

static const char *read_key(struct pass *p) {
  int line = p->line;
  const char *wrong = read_name(p, p->key);
  if (wrong != NULL) {
    p->key[0] = '\0';
    return wrong;
  }
  if (!takes(p, "=")) {
    return "expected = and a value after the key";
  }
  skip_blanks(p);
  wrong = note_key(p);
  wrong = wrong != NULL ? wrong : read_value(p);
  wrong = wrong != NULL ? wrong : end_line(p);
  if (wrong == NULL) {
    wrong = p->reader->key(p->reader->ctx, p->table, p->key, &p->value, line);
    p->line = wrong != NULL ? line : p->line;
  }
  return wrong;
}

static const char *read_all(struct pass *p) {
  const char *wrong = NULL;
  skip_space(p);
  while (*p->at != '\0' && wrong == NULL) {
    p->key[0] = '\0';
    wrong = takes(p, "[") ? read_head(p) : read_key(p);
    if (wrong == NULL) {
      skip_space(p);
    }
  }
  return wrong;
}

int pmm_toml_parse(const char *text, const char *path,
                   const struct pmm_toml_reader *reader, char *message,
                   size_t size) {
  struct pass *p = calloc(1, sizeof *p);
  if (p == NULL) {
    (void)snprintf(message, size, "%s: no memory", path);
    return -1;
  }
  p->at = text;
  p->line = 1;
  p->reader = reader;
  const char *wrong = read_all(p);
  if (wrong != NULL) {
    const char *name = p->key[0] != '\0' ? p->key : p->table;
    (void)snprintf(message, size, "%s:%d: %s%s%s", path, p->line, name,
                   name[0] != '\0' ? ": " : "", wrong);
  }
  free(p);
  return wrong != NULL ? -1 : 0;
}

/* The file as one text, to be freed; NULL with errno.  A byte 0 is no end. */
static char *slurp(const char *path) {
  char *text = NULL;
  size_t size = 0;
  FILE *in = fopen(path, "re");
  if (in == NULL) {
    return NULL;
  }
  errno = 0;
  ssize_t length = getdelim(&text, &size, '\0', in);
  if (length > 0 && text[length - 1] == '\0') {
    errno = EILSEQ;
  }
  int error = errno;
  (void)fclose(in);
  if (length < 0 || error != 0) { /* nothing to read, or not to be read       */
    free(text);
    text = error == 0 ? calloc(1, 1) : NULL;
    errno = error;
  }
  return text;
}

int pmm_toml_read(const char *path, const struct pmm_toml_reader *reader,
                  char *message, size_t size) {
  char *text = slurp(path);
  if (text == NULL) {
    (void)snprintf(message, size, "%s: %s", path, strerror(errno));
    return -1;
  }
  int result = pmm_toml_parse(text, path, reader, message, size);
  free(text);
  return result;
}
