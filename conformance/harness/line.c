/* SPDX-License-Identifier: MIT */
/* line.c - see line.h. */
#include "line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

const char *pmm_line_path(const char *file) {
  const char *found = NULL;
  const char *next = strstr(file, "conformance/");
  while (next != NULL) {
    found = next;
    next = strstr(next + 1, "conformance/");
  }
  return found != NULL ? found : file;
}

json_t *pmm_line_strings(const char *const *items) {
  json_t *array = json_array();
  for (; items != NULL && *items != NULL; items++) {
    (void)json_array_append_new(array, json_string(*items));
  }
  return array;
}

json_t *pmm_line_entry(const struct pmm_entry *entry) {
  return json_pack("{s:s, s:s, s:o, s:s, s:s, s:i}", "id", entry->id, "title",
                   entry->title, "requirements",
                   pmm_line_strings(entry->requirements), "level",
                   pmm_level_name(entry->level), "file",
                   pmm_line_path(entry->file), "line", entry->line);
}

static json_t *figure_or_null(uint64_t value) {
  return value == 0 ? json_null() : json_integer((json_int_t)value);
}

static json_t *object_or_null(json_t *object) {
  return object != NULL ? object : json_null();
}

/* Whole and unchanged, or it would not run; no JSON holds what is no UTF-8. */
static json_t *command(const char *line) {
  json_t *text = json_string(line);
  return text != NULL ? text : pmm_text_json(line);
}

json_t *pmm_line_json(const struct pmm_line *line) {
  return json_pack(
      "{s:i, s:s, s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, "
      "s:s, s:i, s:I, s:o, s:o, s:o, s:o}",
      "schema", PMM_LINE_SCHEMA, "type", "case", "id", line->id, "title",
      line->title, "requirements", pmm_line_strings(line->requirements),
      "level", line->level, "class", line->class_name, "message",
      pmm_text_json(line->message), "feature", pmm_text_json(line->feature),
      "signal", figure_or_null((uint64_t)line->signal), "phase",
      pmm_text_json(line->phase), "point", figure_or_null(line->point),
      "points", figure_or_null(line->points), "file",
      pmm_line_path(line->file), "line", line->line, "elapsed_ns",
      (json_int_t)line->elapsed_ns, "counters",
      object_or_null(line->counters), "inexact",
      object_or_null(line->inexact), "reproduce", command(line->reproduce),
      "words", pmm_text_words(line->output));
}

void pmm_line_comment(const char *label, const char *text) {
  size_t size = text != NULL ? strlen(text) + 1 : 0;
  char *clean = size > 1 ? malloc(size) : NULL;
  if (clean == NULL) {
    return;
  }
  pmm_text_clean(clean, size, text);
  (void)printf("# %s", label);
  for (const char *c = clean; *c != '\0'; c++) {
    (void)putchar(*c);
    if (*c == '\n' && c[1] != '\0') {
      (void)fputs("#   ", stdout);
    }
  }
  if (clean[0] == '\0' || clean[strlen(clean) - 1] != '\n') {
    (void)putchar('\n');
  }
  free(clean);
}
