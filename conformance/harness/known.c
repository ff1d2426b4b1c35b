/* SPDX-License-Identifier: MIT */
/* known.c - expected failures of a file; idea: known.h. */
#include "known.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toml.h"

/** Texts of an entry, in the order of `fields`. */
enum field {
  SUBJECT, BUILD, BACKEND, MODE, LANE, /* globs of the column               */
  VERSION, CASE, MESSAGE, CLASS, REASON, LINK, EXPIRES, FIELDS
};

static const char *const fields[FIELDS] = {
    "subject", "build",   "backend", "mode",   "lane", "version",
    "case",    "message", "class",   "reason", "link", "expires"};

struct entry {
  char *texts[FIELDS]; /* owned; NULL: not given                            */
  enum pmm_class class;
  int line;            /* of its head                                       */
};

struct pmm_known {
  struct entry *entries;
  size_t count;
  int has_schema;
  char text[160]; /* of the last complaint                                   */
};

/* ---- versions ----------------------------------------------------------- */

/* The next number of a version, 0 behind its end. */
static long next_number(const char **at) {
  char *end = NULL;
  long number = strtol(*at, &end, 10);
  *at = *end == '.' && end[1] >= '0' && end[1] <= '9' ? end + 1 : "";
  return number;
}

/* Less than, equal to or greater than 0, as a is to b.  `prefix`: only as
 * many numbers count as b has. */
static int compare(const char *a, const char *b, int prefix) {
  while (*b != '\0' || (*a != '\0' && !prefix)) {
    long left = next_number(&a);
    long right = next_number(&b);
    if (left != right) {
      return left < right ? -1 : 1;
    }
  }
  return 0;
}

/* One condition of a range, up to a comma: 1 holds, 0 does not, -1: it is
 * none. */
static int condition_holds(const char *at, size_t length,
                           const char *version) {
  static const char *const relations[] = {">=", "<=", "==", "!=", ">", "<"};
  char text[64];
  unsigned which = 0;
  (void)snprintf(text, sizeof text, "%.*s", (int)length, at);
  while (which < 6 && strncmp(text, relations[which],
                              strlen(relations[which])) != 0) {
    which++;
  }
  char *number = text + (which < 4 ? 2 : 1);
  number += strspn(number, " ");
  size_t digits = strspn(number, "0123456789.");
  int star = strcmp(number + digits, "*") == 0 && (which == 2 || which == 3);
  if (which == 6 || length >= sizeof text || digits == 0 ||
      (number[digits] != '\0' && !star)) {
    return -1;
  }
  int order = compare(version, number, star);
  const int holds[] = {order >= 0, order <= 0, order == 0,
                       order != 0, order > 0,  order < 0};
  return holds[which];
}

/* The same of a whole range; an empty one has every version. */
static int range_has(const char *range, const char *version) {
  int all = 1;
  for (const char *at = range; *at != '\0';) {
    at += strspn(at, " ");
    size_t length = strcspn(at, ",");
    int holds = condition_holds(at, length, version);
    if (holds < 0) {
      return -1;
    }
    all = all && holds;
    at += length + (at[length] == ',');
  }
  return all;
}

/* ---- reading ------------------------------------------------------------ */

static const char *class_of(const char *name, enum pmm_class *value) {
  for (unsigned i = 0; i < PMM_CLASS_COUNT; i++) {
    if (strcmp(pmm_class_name((enum pmm_class)i), name) == 0) {
      *value = (enum pmm_class)i;
      return NULL;
    }
  }
  return "expected a class: FAIL, LEAK, CRASH and so on, or WAIVED";
}

/* What an entry must have, once it is whole. */
static const char *finish(const struct pmm_known *known) {
  const struct entry *e =
      known->count > 0 ? &known->entries[known->count - 1] : NULL;
  if (e != NULL && (e->texts[CASE] == NULL || e->texts[CLASS] == NULL ||
                    e->texts[REASON] == NULL)) {
    return "the entry above lacks a case, a class or a reason";
  }
  return NULL;
}

static const char *read_table(void *ctx, const char *name, int is_item,
                              int line) {
  struct pmm_known *known = ctx;
  const char *wrong = finish(known);
  if (wrong != NULL) {
    return wrong;
  }
  if (!is_item || strcmp(name, "expectation") != 0) {
    return "the only table of this file is [[expectation]]";
  }
  struct entry *entries =
      realloc(known->entries, (known->count + 1) * sizeof *entries);
  if (entries == NULL) {
    return "no memory";
  }
  known->entries = entries;
  entries[known->count] = (struct entry){.line = line};
  known->count++;
  return NULL;
}

static const char *read_field(struct pmm_known *known, enum field field,
                              const struct pmm_toml_value *value) {
  struct entry *e = &known->entries[known->count - 1];
  if (value->kind != (field == EXPIRES ? PMM_TOML_DATE : PMM_TOML_STRING)) {
    return field == EXPIRES ? "expected a date, such as 2026-12-31"
                            : "expected a string";
  }
  if (field == VERSION && range_has(value->text, "0") < 0) {
    return "expected a version range, such as >=3.10,<3.13 or ==3.8.*";
  }
  e->texts[field] = strdup(value->text);
  if (e->texts[field] == NULL) {
    return "no memory";
  }
  return field == CLASS ? class_of(value->text, &e->class) : NULL;
}

static const char *read_key(void *ctx, const char *table, const char *key,
                            const struct pmm_toml_value *value, int line) {
  struct pmm_known *known = ctx;
  (void)line;
  if (table[0] == '\0') {
    known->has_schema = strcmp(key, "schema") == 0;
    return known->has_schema && value->kind == PMM_TOML_INTEGER &&
                   value->items[0] == 1
               ? NULL
               : "only schema = 1 can come before the entries";
  }
  for (int field = 0; field < FIELDS; field++) {
    if (strcmp(fields[field], key) == 0) {
      return read_field(known, (enum field)field, value);
    }
  }
  return "unknown key; an entry has subject, version, build, backend, mode, "
         "lane, case, message, class, reason, link and expires";
}

struct pmm_known *pmm_known_read(const char *path, char *message,
                                 size_t size) {
  struct pmm_known *known = calloc(1, sizeof *known);
  const struct pmm_toml_reader reader = {known, read_table, read_key};
  if (known == NULL) {
    (void)snprintf(message, size, "%s: no memory", path);
    return NULL;
  }
  if (pmm_toml_read(path, &reader, message, size) != 0) {
    pmm_known_free(known);
    return NULL;
  }
  const char *wrong = known->has_schema ? finish(known) : "schema is missing";
  if (wrong != NULL) {
    (void)snprintf(message, size, "%s: at its end: %s", path, wrong);
    pmm_known_free(known);
    return NULL;
  }
  return known;
}

void pmm_known_free(struct pmm_known *known) {
  for (size_t i = 0; known != NULL && i < known->count; i++) {
    for (int field = 0; field < FIELDS; field++) {
      free(known->entries[i].texts[field]);
    }
  }
  if (known != NULL) {
    free(known->entries);
  }
  free(known);
}

/* ---- judging ------------------------------------------------------------ */

int pmm_known_stray(const struct pmm_known *known,
                    const struct pmm_entry *const *cases, size_t n,
                    const char **glob) {
  for (size_t e = 0; e < known->count; e++) {
    size_t i = 0;
    *glob = known->entries[e].texts[CASE];
    while (i < n && fnmatch(*glob, cases[i]->id, 0) != 0) {
      i++;
    }
    if (i == n) {
      return known->entries[e].line;
    }
  }
  return 0;
}

static int speaks_of(const struct entry *e, const struct pmm_column *column,
                     const char *id, const char *today) {
  const char *const values[] = {column->subject, column->build,
                                column->backend, column->mode, column->lane};
  for (int field = SUBJECT; field <= LANE; field++) {
    const char *value = values[field] != NULL ? values[field] : "";
    if (e->texts[field] != NULL && fnmatch(e->texts[field], value, 0) != 0) {
      return 0;
    }
  }
  return fnmatch(e->texts[CASE], id, 0) == 0 &&
         (e->texts[EXPIRES] == NULL || strcmp(e->texts[EXPIRES], today) > 0) &&
         (e->texts[VERSION] == NULL ||
          range_has(e->texts[VERSION],
                    column->version != NULL ? column->version : "") == 1);
}

/* 1 when the entry is about what the case says. */
static int says(const struct entry *e, const struct pmm_record *record) {
  return e->texts[MESSAGE] == NULL ||
         fnmatch(e->texts[MESSAGE], record->message, 0) == 0;
}

/* What the entry makes of a class. */
static enum pmm_class judged(const struct entry *e, enum pmm_class value) {
  if (e->class == PMM_CLASS_WAIVED) {
    return pmm_class_is_bad(value) ? PMM_CLASS_WAIVED : value;
  }
  if (value == e->class) {
    return PMM_CLASS_XFAIL;
  }
  return value == PMM_CLASS_PASS ? PMM_CLASS_XPASS : value;
}

const char *pmm_known_apply(const struct pmm_known *known,
                            const struct pmm_column *column, const char *id,
                            const char *today, struct pmm_record *record) {
  for (size_t i = 0; i < known->count; i++) {
    const struct entry *e = &known->entries[i];
    enum pmm_class before = (enum pmm_class)record->class;
    if (speaks_of(e, column, id, today) && says(e, record) &&
        judged(e, before) != before) {
      record->class = judged(e, before);
      return e->texts[REASON];
    }
  }
  return NULL;
}
