/* SPDX-License-Identifier: MIT */
/*
 * list.c - which backends there are: the table for people, the document for
 * programs.  The object is the witness's word, from a heap made for it.
 */
#include "list.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "backends/registry.h"
#include "backends/witness.h"
#include "report.h"

/* Path of the object that serves the backend; "" when nobody can tell. */
static void find_object(const struct pmm_backend *backend, char *path,
                        size_t size) {
  struct pmm_backend_config config = {.struct_size = sizeof config};
  struct pmmi_witness witness;
  void *heap;
  path[0] = '\0';
  if (backend->init(&config, &heap) != 0) {
    return;
  }
  (void)pmmi_backend_witness(backend, heap, &witness);
  backend->fini(heap);
  snprintf(path, size, "%s", witness.object);
}

static json_t *describe(const struct pmmi_backend_entry *entry,
                        const char *origin) {
  const struct pmm_backend *b = entry->backend;
  char object[sizeof((struct pmmi_witness *)0)->object] = "";
  if (b != NULL) {
    find_object(b, object, sizeof object);
  }
  return json_pack(
      "{s:s, s:o, s:s, s:b, s:s?, s:o, s:s?, s:s, s:s?}", "name", entry->name,
      "version", b != NULL ? json_string(b->version) : json_null(), "summary",
      entry->summary, "available", entry->available, "reason", entry->reason,
      "capabilities", check_capability_list(b != NULL ? b->capabilities : 0),
      "object", object[0] != '\0' ? object : NULL, "origin", origin, "repairs",
      entry->repairs);
}

/* Takes the reference.  0 when all of it was written. */
static int print(json_t *document) {
  int failed = document == NULL ||
               json_dumpf(document, stdout, JSON_INDENT(2)) != 0 ||
               putchar('\n') == EOF || fflush(stdout) != 0;
  json_decref(document);
  return failed ? -1 : 0;
}

int check_describe_json(const char *spec, const struct pmm_backend *backend) {
  for (size_t i = 0; i < pmmi_backend_count(); i++) {
    const struct pmmi_backend_entry *entry = pmmi_backend_at(i);
    if (strcmp(entry->name, spec) == 0) {
      return print(describe(entry, "builtin"));
    }
  }
  return print(describe(&(struct pmmi_backend_entry){.name = backend->name,
                                                     .summary = backend->summary,
                                                     .available = 1,
                                                     .backend = backend},
                        "given"));
}

int check_list_json(void) {
  json_t *list = json_array();
  for (size_t i = 0; i < pmmi_backend_count(); i++) {
    json_array_append_new(list, describe(pmmi_backend_at(i), "builtin"));
  }
  return print(json_pack("{s:i, s:o}", "schema", 1, "backends", list));
}

int check_list_table(void) {
  for (size_t i = 0; i < pmmi_backend_count(); i++) {
    const struct pmmi_backend_entry *entry = pmmi_backend_at(i);
    printf("%-10s %-8s %s\n", entry->name,
           entry->available ? entry->backend->version : "-", entry->summary);
    if (!entry->available) {
      printf("%-10s not available: %s\n", "", entry->reason);
    }
    if (entry->repairs != NULL) {
      printf("%-10s repaired: %s\n", "", entry->repairs);
    }
  }
  return fflush(stdout) != 0 ? -1 : 0;
}
