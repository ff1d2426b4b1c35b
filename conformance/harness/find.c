/* SPDX-License-Identifier: MIT */
/*
 * find.c - load a subject's shared object (find.h).
 */
#include "find.h"

#include <dlfcn.h>
#include <string.h>

static const struct pmm_subject *load(const char *path, char *message,
                                      size_t size) {
  pmm_subject_get_fn get = NULL;
  void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (object == NULL) {
    (void)snprintf(message, size, "%s", dlerror());
    return NULL;
  }
  void *symbol = dlsym(object, PMM_SUBJECT_GETTER);
  if (symbol == NULL) {
    (void)snprintf(message, size, "%s exports no %s", path,
                   PMM_SUBJECT_GETTER);
    return NULL;
  }
  memcpy(&get, &symbol, sizeof get);
  const struct pmm_subject *subject = get(PMM_SUBJECT_ABI);
  if (subject == NULL) {
    (void)snprintf(message, size, "%s does not serve contract version %u",
                   path, PMM_SUBJECT_ABI);
  }
  return subject;
}

const struct pmm_subject *pmm_find_subject(const char *spec, char *message,
                                           size_t size) {
  if (strchr(spec, '/') != NULL) {
    return load(spec, message, size);
  }
  (void)snprintf(message, size, "no subject \"%s\"; give a path", spec);
  return NULL;
}

const struct pmm_backend *pmm_find_backend(const char *spec, char *message,
                                           size_t size) {
  (void)snprintf(message, size, "no backend \"%s\"", spec);
  return NULL;
}

void pmm_list_subjects(FILE *out) { (void)fputs("PATH.so\n", out); }
