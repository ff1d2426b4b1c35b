/* SPDX-License-Identifier: MIT */
/* profile_file.c - from a document to a profile; idea: profile_file.h. */
#include "profile_file.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "toml.h"

/** A profile while it is read. */
struct reading {
  struct pmm_profile *profile;
  struct pmm_profile_entry *entries; /* of the profile                       */
  int has_name;
  int has_schema;
  char text[160]; /* of the last complaint                                   */
};

/* ---- keys --------------------------------------------------------------- */

static int is_known(const char *key) {
  for (size_t i = 0; i < pmm_profile_count; i++) {
    if (pmm_profile_get(&pmm_profiles[i], key) != NULL) {
      return 1;
    }
  }
  return 0;
}

enum { MOST_KEYS = 512 };

/* The known key that is most like this one.  The reference's profile has every
 * key that a case reads. */
static void name_nearest(const char *key, char *nearest, size_t size) {
  const struct pmm_profile *all = pmm_profile_find("reference");
  const char *keys[MOST_KEYS];
  assert(all != NULL && all->count <= MOST_KEYS);
  for (size_t k = 0; k < all->count; k++) {
    keys[k] = all->entries[k].key;
  }
  pmmi_nearest_few(key, keys, all->count, 1, nearest, size);
}

/* ---- reading ------------------------------------------------------------ */

static const char *read_table(void *ctx, const char *name, int is_item,
                              int line) {
  (void)ctx;
  (void)line;
  return is_item || strcmp(name, "numbers") != 0
             ? "the only table of a profile is [numbers]"
             : NULL;
}

static const char *read_top(struct reading *r, const char *key,
                            const struct pmm_toml_value *value) {
  if (strcmp(key, "schema") == 0) {
    r->has_schema = 1;
    return value->kind == PMM_TOML_INTEGER && value->items[0] == 1
               ? NULL
               : "expected schema = 1";
  }
  if (strcmp(key, "name") != 0) {
    return "only schema and name can come before [numbers]";
  }
  if (value->kind != PMM_TOML_STRING || value->text[0] == '\0') {
    return "expected a string that is not empty";
  }
  char *name = strdup(value->text);
  r->profile->name = name;
  r->has_name = 1;
  return name != NULL ? NULL : "no memory";
}

static const char *add_number(struct reading *r, const char *key,
                              const struct pmm_toml_value *value) {
  size_t count = r->profile->count;
  struct pmm_profile_entry *entries =
      realloc(r->entries, (count + 1) * sizeof *entries);
  if (entries == NULL) {
    return "no memory";
  }
  r->entries = entries;
  r->profile->entries = entries;
  int64_t *values = malloc(value->count * sizeof *values);
  char *name = strdup(key);
  entries[count] = (struct pmm_profile_entry){name, values, value->count};
  r->profile->count = count + 1;
  if (values == NULL || name == NULL) {
    return "no memory";
  }
  memcpy(values, value->items, value->count * sizeof *values);
  return NULL;
}

static const char *read_key(void *ctx, const char *table, const char *key,
                            const struct pmm_toml_value *value, int line) {
  struct reading *r = ctx;
  (void)line;
  if (table[0] == '\0') {
    return read_top(r, key, value);
  }
  if ((value->kind != PMM_TOML_INTEGER && value->kind != PMM_TOML_ARRAY) ||
      value->count == 0) {
    return "expected an integer, or a list of integers that is not empty";
  }
  if (!is_known(key)) {
    char nearest[64];
    name_nearest(key, nearest, sizeof nearest);
    (void)snprintf(r->text, sizeof r->text,
                   "no case reads a number of this name; nearest: %s", nearest);
    return r->text;
  }
  return add_number(r, key, value);
}

struct pmm_profile *pmm_profile_read(const char *path, char *message,
                                     size_t size) {
  struct reading r = {.profile = calloc(1, sizeof *r.profile)};
  const struct pmm_toml_reader reader = {&r, read_table, read_key};
  if (r.profile == NULL) {
    (void)snprintf(message, size, "%s: no memory", path);
    return NULL;
  }
  int result = pmm_toml_read(path, &reader, message, size);
  if (result == 0 && !(r.has_name && r.has_schema)) {
    (void)snprintf(message, size, "%s:1: %s: the key is missing", path,
                   r.has_schema ? "name" : "schema");
    result = -1;
  }
  if (result != 0) {
    pmm_profile_free(r.profile);
    return NULL;
  }
  return r.profile;
}

void pmm_profile_free(struct pmm_profile *profile) {
  if (profile == NULL) {
    return;
  }
  for (size_t i = 0; i < profile->count; i++) {
    free((void *)(uintptr_t)profile->entries[i].key);
    free((void *)(uintptr_t)profile->entries[i].values);
  }
  free((void *)(uintptr_t)profile->entries);
  free((void *)(uintptr_t)profile->name);
  free(profile);
}
