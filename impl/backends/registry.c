/* SPDX-License-Identifier: MIT */
/* registry.c - see registry.h. */
#include "backends/registry.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "backends/malloclike.h"
#include "backends/plugin.h"
#include "backends/source.h"
#include "base/keep.h"
#include "base/nearest.h"

#define SOURCE_ADDRESS(name) &pmmi_backend_source_##name,
static const struct pmmi_backend_source *const sources[] = {
    PMMI_BACKEND_SOURCES(SOURCE_ADDRESS)};
#undef SOURCE_ADDRESS

enum { SOURCES = sizeof sources / sizeof sources[0], REASON_BYTES = 256 };

size_t pmmi_backend_count(void) { return SOURCES; }

const struct pmmi_backend_entry *pmmi_backend_at(size_t i) {
  assert(i < SOURCES);
  static struct pmmi_backend_entry entries[SOURCES];
  static char reasons[SOURCES][REASON_BYTES];
  const struct pmm_backend *backend =
      sources[i]->get(reasons[i], REASON_BYTES);
  entries[i] =
      (struct pmmi_backend_entry){.name = sources[i]->name,
                                  .summary = sources[i]->summary,
                                  .available = backend != NULL,
                                  .reason = backend == NULL ? reasons[i] : NULL,
                                  .package = sources[i]->package,
                                  .replaced_by_valgrind =
                                      sources[i]->replaced_by_valgrind,
                                  .backend = backend};
  if (backend != NULL && sources[i]->repairs != NULL) {
    entries[i].repairs = sources[i]->repairs();
  }
  return &entries[i];
}

int pmmi_backend_spec_is_path(const char *spec) {
  assert(spec != NULL);
  return strchr(spec, '=') != NULL || strchr(spec, '/') != NULL;
}

static int at_fault; /* of the last pmmi_backend_find()                      */

int pmmi_backend_at_fault(void) { return at_fault; }

/* The path in "name=path"; NULL: the spec has no name. */
static const char *behind_name(const char *spec) {
  const char *at = spec + strcspn(spec, "=/");
  return *at == '=' ? at + 1 : NULL;
}

static const struct pmm_backend *find_library(const char *spec, char *message,
                                              size_t size) {
  assert(pmmi_backend_spec_is_path(spec));
  char reason[REASON_BYTES] = "";
  const char *path = behind_name(spec);
  if (path == NULL) {
    path = spec;
  } else if (!pmmi_plugin_exports(path)) {
    path = NULL;
  }
  const struct pmm_backend *backend =
      path == NULL ? pmmi_malloclike_open(spec, reason, sizeof reason)
                   : pmmi_plugin_open(path, reason, sizeof reason);
  at_fault = backend == NULL && path != NULL && pmmi_plugin_at_fault();
  if (backend == NULL) {
    snprintf(message, size, "backend %s: %s", spec, reason);
  }
  return backend;
}

static void say_unknown(const char *spec, char *message, size_t size) {
  assert(!pmmi_backend_spec_is_path(spec));
  const char *names[SOURCES];
  for (size_t i = 0; i < SOURCES; i++) {
    names[i] = sources[i]->name;
  }
  char nearest[128];
  pmmi_nearest(spec, names, SOURCES, nearest, sizeof nearest);
  snprintf(message, size, "no backend \"%s\"; %s", spec, nearest);
}

const struct pmm_backend *pmmi_backend_find(const char *spec, char *message,
                                            size_t size) {
  assert(spec != NULL && (size == 0 || message != NULL));
  at_fault = 0;
  if (size > 0) {
    message[0] = '\0';
  }
  if (pmmi_backend_spec_is_path(spec)) {
    pmmi_keep_note();
    const struct pmm_backend *backend = find_library(spec, message, size);
    pmmi_keep_restore();
    return backend;
  }
  for (size_t i = 0; i < SOURCES; i++) {
    if (strcmp(sources[i]->name, spec) == 0) {
      char reason[REASON_BYTES] = "";
      const struct pmm_backend *backend =
          sources[i]->get(reason, sizeof reason);
      if (backend == NULL) {
        snprintf(message, size, "backend %s is not available: %s", spec,
                 reason);
      }
      return backend;
    }
  }
  say_unknown(spec, message, size);
  return NULL;
}
