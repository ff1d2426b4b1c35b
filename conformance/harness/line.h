/* SPDX-License-Identifier: MIT */
/*
 * line.h - the JSON line of one case, the same from every program that runs
 * cases: pmm-conform, its twin inside an interpreter, pmm-backend-check.
 *
 * Invariant: every field is written, null where it is not known.
 */
#ifndef PMM_CONFORM_LINE_H
#define PMM_CONFORM_LINE_H

#include <jansson.h>
#include <stdint.h>

#include "entry.h"

enum { PMM_LINE_SCHEMA = 1 };

/** A case and what became of it; texts may be NULL where "or NULL" stands. */
struct pmm_line {
  const char *id;
  const char *title;
  const char *const *requirements; /* NULL-terminated, or NULL: none        */
  const char *level;               /* "MUST"                                */
  const char *class_name;          /* "PASS"                                */
  const char *message;             /* or NULL                               */
  const char *feature;             /* that is missing, or NULL              */
  int signal;                      /* number; 0: none                       */
  const char *phase;               /* in which it failed, or NULL           */
  uint64_t point;                  /* failed allocation; 0: none            */
  uint64_t points;                 /* failed in turn; 0: none               */
  const char *file;                /* as the compiler knew it               */
  int line;
  uint64_t elapsed_ns;
  json_t *counters;                /* taken over; NULL: none                */
  json_t *inexact;                 /* reason by counter; as `counters`      */
  const char *reproduce;
  const char *output;              /* what the process printed, or NULL     */
};

/** The line as an object; NULL: no memory.  New. */
json_t *pmm_line_json(const struct pmm_line *line);

/** A file as the project's root sees it, wherever the build was. */
const char *pmm_line_path(const char *file);

/** What every case says of itself, as an object.  New. */
json_t *pmm_line_entry(const struct pmm_entry *entry);

/** The strings of a NULL-terminated array; NULL is an empty one.  New. */
json_t *pmm_line_strings(const char *const *items);

/** Print `text` as comment lines of TAP behind `label`; nothing when empty. */
void pmm_line_comment(const char *label, const char *text);

#endif /* PMM_CONFORM_LINE_H */
