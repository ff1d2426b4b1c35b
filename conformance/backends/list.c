/* SPDX-License-Identifier: MIT */
/*
 * list.c - which backends there are: the table for people, the document for
 * programs.  The object is the witness's word, from a heap made for it.
 */
#include "list.h"

#include <stdio.h>
#include <string.h>

#include "backends/registry.h"
#include "backends/witness.h"
#include "line.h"
#include "runner.h"

json_t *check_capability_list(uint32_t capabilities) {
  json_t *list = json_array();
  for (uint32_t bit = 1; bit != 0; bit <<= 1) {
    const char *name = check_capability_name(bit);
    if ((capabilities & bit) != 0 && name != NULL) {
      json_array_append_new(list, json_string(name));
    }
  }
  return list;
}

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
                        const char *object, const char *origin) {
  const struct pmm_backend *b = entry->backend;
  return json_pack(
      "{s:s, s:o, s:s, s:b, s:s?, s:o, s:s?, s:s, s:s?, s:s?, s:b}", "name",
      entry->name, "version",
      b != NULL ? json_string(b->version) : json_null(), "summary",
      entry->summary, "available", entry->available, "reason", entry->reason,
      "capabilities", check_capability_list(b != NULL ? b->capabilities : 0),
      "object", object[0] != '\0' ? object : NULL, "origin", origin, "repairs",
      entry->repairs, "package", entry->package, "replaced_by_valgrind",
      entry->replaced_by_valgrind);
}

/* The document is taken over. */
static int write_document(json_t *document) {
  int failed = document == NULL ||
               json_dumpf(document, stdout, JSON_INDENT(2)) != 0 ||
               putchar('\n') == EOF || fflush(stdout) != 0;
  json_decref(document);
  return failed ? -1 : 0;
}

static int write_list(json_t *list) {
  return write_document(
      json_pack("{s:i, s:o}", "schema", 1, "backends", list));
}

static json_t *case_json(const struct pmm_entry *entry) {
  json_t *object = pmm_line_entry(entry);
  (void)json_object_set_new(
      object, "needs", check_capability_list(check_case_of(entry)->needs));
  return object;
}

int check_list_cases(const struct pmm_plan *plan) {
  json_t *list = json_array();
  for (size_t i = 0; i < plan->count; i++) {
    json_array_append_new(list, case_json(plan->cases[i]));
  }
  return write_document(json_pack("{s:i, s:o, s:{}}", "schema", 1, "cases",
                                  list, "operations"));
}

static json_t *describe_shipped(const struct pmmi_backend_entry *entry) {
  char object[sizeof((struct pmmi_witness *)0)->object] = "";
  if (entry->backend != NULL) {
    find_object(entry->backend, object, sizeof object);
  }
  return describe(entry, object, "builtin");
}

/* None of its functions is called: one that crashes is a case's business. */
static json_t *describe_given(const struct pmm_backend *backend) {
  const struct pmmi_backend_entry entry = {.name = backend->name,
                                           .summary = backend->summary,
                                           .available = 1,
                                           .backend = backend};
  return describe(&entry, "", "given");
}

int check_list_json(void) {
  json_t *list = json_array();
  for (size_t i = 0; i < pmmi_backend_count(); i++) {
    json_array_append_new(list, describe_shipped(pmmi_backend_at(i)));
  }
  return write_list(list);
}

int check_describe_json(const struct pmm_backend *backend) {
  json_t *entry = NULL;
  for (size_t i = 0; entry == NULL && i < pmmi_backend_count(); i++) {
    const struct pmmi_backend_entry *shipped = pmmi_backend_at(i);
    if (shipped->backend == backend) {
      entry = describe_shipped(shipped);
    }
  }
  json_t *list = json_array();
  json_array_append_new(list, entry != NULL ? entry : describe_given(backend));
  return write_list(list);
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
