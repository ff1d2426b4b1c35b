/* SPDX-License-Identifier: MIT */
/*
 * toml.h - read the two documents that a user hands to pmm-conform.
 *
 * Profiles and expectations are TOML, and this is the part of it that they
 * are written in: tables, arrays of tables, and keys whose values are
 * integers, arrays of integers, strings on one line, and dates.
 *
 *   1. pmm_toml_read() walks the text once and calls the reader for each
 *      table's head and each key, with the line it stands in.
 *   2. What is no such text, or a reader refuses, ends it, and the message
 *      names file, line and key.
 *
 * Invariant: a reader sees a key of a table once.
 */
#ifndef PMM_CONFORM_TOML_H
#define PMM_CONFORM_TOML_H

#include <stddef.h>
#include <stdint.h>

/** Integers that an array may have. */
#define PMM_TOML_ITEMS 256

enum pmm_toml_kind {
  PMM_TOML_INTEGER, /* items[0]                                             */
  PMM_TOML_ARRAY,   /* items, count                                         */
  PMM_TOML_STRING,  /* text                                                 */
  PMM_TOML_DATE     /* text: "2026-12-31"                                   */
};

/** A value; valid during the call. */
struct pmm_toml_value {
  enum pmm_toml_kind kind;
  int64_t items[PMM_TOML_ITEMS];
  size_t count; /* of items                                                 */
  char text[1024];
};

/** Who reads a document.  Each function returns NULL, or what is wrong. */
struct pmm_toml_reader {
  void *ctx;
  /** A table's head: [name], or with `is_item` [[name]]. */
  const char *(*table)(void *ctx, const char *name, int is_item, int line);
  /** A key; `table` is "" above the first head. */
  const char *(*key)(void *ctx, const char *table, const char *key,
                     const struct pmm_toml_value *value, int line);
};

/** Read a text, which `path` names in messages.  0; -1 with a message. */
int pmm_toml_parse(const char *text, const char *path,
                   const struct pmm_toml_reader *reader, char *message,
                   size_t size);

/** The same of a file. */
int pmm_toml_read(const char *path, const struct pmm_toml_reader *reader,
                  char *message, size_t size);

#endif /* PMM_CONFORM_TOML_H */
