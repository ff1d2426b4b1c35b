/* SPDX-License-Identifier: MIT */
/*
 * options.c - see options.h.
 *
 * getopt_long() finds the options, in any order and by unmistakable beginnings
 * of their names; what it complains of is said here, with the nearest name.
 */
#include "base/options.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"

enum {
  MOST_OPTIONS = 48,
  FIRST_KEY = 256,
  HELP_COLUMN = 26,
  SECONDS_MOST = 86400
};

/* One reading. */
struct reading {
  const char *program;
  void *values;
  const struct pmmi_option *rows[MOST_OPTIONS]; /* of all tables, operands   */
  size_t count;                                 /* apart                     */
  const struct pmmi_option *operand;            /* NULL: none is taken       */
  int argc;
};

static void *value_of(const struct pmmi_option *row, void *values) {
  return (char *)values + row->offset;
}

static void gather(struct reading *r, pmmi_options tables) {
  assert(tables != NULL);
  for (; *tables != NULL; tables++) {
    for (const struct pmmi_option *row = *tables; row->name != NULL; row++) {
      assert((row->kind == PMMI_OPTION_NAME) == (row->names != NULL));
      if (row->kind == PMMI_OPTION_OPERAND) {
        assert(r->operand == NULL);
        r->operand = row;
      } else {
        assert(r->count < MOST_OPTIONS);
        r->rows[r->count++] = row;
      }
    }
  }
}

/* ---- values -------------------------------------------------------------- */

static int refuse(const struct reading *r, const struct pmmi_option *row,
                  const char *text, const char *wants) {
  (void)fprintf(stderr, "%s: --%s: \"%s\" is not a %s; try --help\n",
                r->program, row->name, text, wants);
  return 2;
}

static int store_number(const struct reading *r, const struct pmmi_option *row,
                        const char *text) {
  char *end = NULL;
  uint64_t least = row->kind == PMMI_OPTION_COUNT ? 1 : 0;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
      value > INT64_MAX || value < least) {
    return refuse(r, row, text,
                  least > 0 ? "whole number above 0" : "whole number");
  }
  *(uint64_t *)value_of(row, r->values) = value;
  return 0;
}

static int store_seconds(const struct reading *r,
                         const struct pmmi_option *row, const char *text) {
  char *end = NULL;
  double value = strtod(text, &end);
  if (end == text || *end != '\0' || !(value > 0) || value > SECONDS_MOST) {
    return refuse(r, row, text,
                  "number of seconds from above 0 to 86400");
  }
  *(double *)value_of(row, r->values) = value;
  return 0;
}

static int store_name(const struct reading *r, const struct pmmi_option *row,
                      const char *text) {
  char nearest[256];
  size_t count = 0;
  assert(row->names != NULL && row->names[0] != NULL);
  for (; row->names[count] != NULL; count++) {
    if (strcmp(row->names[count], text) == 0) {
      *(int *)value_of(row, r->values) = (int)count;
      return 0;
    }
  }
  pmmi_nearest(text, row->names, count, nearest, sizeof nearest);
  (void)fprintf(stderr, "%s: --%s: no \"%s\"; %s\n", r->program, row->name,
                text, nearest);
  return 2;
}

static int store_one_more(const struct reading *r,
                          const struct pmmi_option *row, const char *text) {
  struct pmmi_texts *texts = value_of(row, r->values);
  if (texts->items == NULL) {
    texts->items = calloc((size_t)r->argc + 1, sizeof *texts->items);
  }
  if (texts->items == NULL) {
    (void)fprintf(stderr, "%s: no memory for the options\n", r->program);
    return 1;
  }
  texts->items[texts->count++] = text;
  return 0;
}

static int store(const struct reading *r, const struct pmmi_option *row,
                 const char *text) {
  assert(text != NULL || row->kind == PMMI_OPTION_FLAG);
  switch (row->kind) {
  case PMMI_OPTION_FLAG:
    *(int *)value_of(row, r->values) = 1;
    return 0;
  case PMMI_OPTION_TEXT:
  case PMMI_OPTION_OPERAND:
    *(const char **)value_of(row, r->values) = text;
    return 0;
  case PMMI_OPTION_TEXTS:
    return store_one_more(r, row, text);
  case PMMI_OPTION_NUMBER:
  case PMMI_OPTION_COUNT:
    return store_number(r, row, text);
  case PMMI_OPTION_SECONDS:
    return store_seconds(r, row, text);
  case PMMI_OPTION_NAME:
    return store_name(r, row, text);
  }
  return 2;
}

/* ---- the line ------------------------------------------------------------ */

static int refuse_unknown(const struct reading *r, const char *word) {
  const char *names[MOST_OPTIONS];
  char name[64];
  char nearest[1024];
  for (size_t i = 0; i < r->count; i++) {
    names[i] = r->rows[i]->name;
  }
  word += strspn(word, "-");
  (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
  for (size_t i = 0; i < r->count; i++) {
    if (strcmp(names[i], name) == 0) {
      (void)fprintf(stderr, "%s: --%s takes no value\n", r->program, name);
      return 2;
    }
  }
  pmmi_nearest_few(name, names, r->count, 2, nearest, sizeof nearest);
  (void)fprintf(stderr, "%s: no option \"--%s\"; nearest: %s; try --help\n",
                r->program, name, nearest);
  return 2;
}

static int take_operand(const struct reading *r, int count, char **operands) {
  int most = r->operand != NULL ? 1 : 0;
  if (count > most) {
    (void)fprintf(stderr, "%s: unexpected argument \"%s\"; %s%s%stry --help\n",
                  r->program, operands[most], most ? "one " : "",
                  most ? r->operand->name : "", most ? " at a time; " : "");
    return 2;
  }
  return count == 1 ? store(r, r->operand, operands[0]) : 0;
}

/* "-h" is known everywhere. */
static int take_short(const struct reading *r, const char *word) {
  for (size_t i = 0; i < r->count; i++) {
    if (strcmp(word, "-h") == 0 && strcmp(r->rows[i]->name, "help") == 0) {
      return store(r, r->rows[i], NULL);
    }
  }
  return refuse_unknown(r, word);
}

static int read_all(const struct reading *r, int argc, char **argv) {
  struct option longs[MOST_OPTIONS + 1] = {{NULL, 0, NULL, 0}};
  for (size_t i = 0; i < r->count; i++) {
    longs[i] = (struct option){
        r->rows[i]->name,
        r->rows[i]->argument != NULL ? required_argument : no_argument, NULL,
        FIRST_KEY + (int)i};
  }
  int key;
  optind = 0; /* a host may have used getopt before                          */
  opterr = 0;
  while ((key = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
    if (key == ':') {
      (void)fprintf(stderr, "%s: %s needs a value; try --help\n", r->program,
                    argv[optind - 1]);
      return 2;
    }
    int code = key < FIRST_KEY
                   ? take_short(r, argv[optind - 1])
                   : store(r, r->rows[key - FIRST_KEY], optarg);
    if (code != 0) {
      return code;
    }
  }
  return take_operand(r, argc - optind, argv + optind);
}

int pmmi_options_read(const char *program, pmmi_options tables, void *values,
                      int argc, char **argv) {
  struct reading r = {.program = program, .values = values, .argc = argc};
  assert(program != NULL && values != NULL);
  assert(argc > 0 && argv[argc] == NULL);
  gather(&r, tables);
  return read_all(&r, argc, argv);
}

void pmmi_options_free(pmmi_options tables, void *values) {
  struct reading r = {.values = values};
  gather(&r, tables);
  for (size_t i = 0; i < r.count; i++) {
    if (r.rows[i]->kind == PMMI_OPTION_TEXTS) {
      struct pmmi_texts *texts = value_of(r.rows[i], values);
      free(texts->items);
      *texts = (struct pmmi_texts){.items = NULL};
    }
  }
}

/* ---- help ---------------------------------------------------------------- */

static void print_row(FILE *out, const struct pmmi_option *row) {
  int used = fprintf(out, "  --%s%s%s", row->name,
                     row->argument != NULL ? " " : "",
                     row->argument != NULL ? row->argument : "");
  const char *line = row->help;
  if (used > HELP_COLUMN - 2) {
    (void)fputc('\n', out);
    used = 0;
  }
  while (line != NULL) {
    const char *end = strchr(line, '\n');
    int length = end != NULL ? (int)(end - line) : (int)strlen(line);
    (void)fprintf(out, "%*s%.*s\n", HELP_COLUMN - used, "", length, line);
    line = end != NULL ? end + 1 : NULL;
    used = 0;
  }
}

void pmmi_options_help(pmmi_options tables, FILE *out) {
  struct reading r = {.values = NULL};
  gather(&r, tables);
  for (size_t i = 0; i < r.count; i++) {
    print_row(out, r.rows[i]);
  }
}
