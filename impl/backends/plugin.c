/* SPDX-License-Identifier: MIT */
/* plugin.c - see plugin.h. */
#include "backends/plugin.h"

#include <assert.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* Fields up to here exist since version 1 of the contract. */
#define VERSION_1_BYTES \
  (offsetof(struct pmm_backend, witness_symbol) + sizeof(void *))

static int check_versions(const struct pmm_backend *backend, char *reason,
                          size_t size) {
  if (backend->abi_version != PMM_BACKEND_ABI) {
    snprintf(reason, size, "made for version %u of pmm/backend.h, not %u",
             backend->abi_version, PMM_BACKEND_ABI);
    return -1;
  }
  if (backend->struct_size < VERSION_1_BYTES) {
    snprintf(reason, size,
             "its struct pmm_backend has %zu bytes; version %u has %zu",
             backend->struct_size, PMM_BACKEND_ABI, VERSION_1_BYTES);
    return -1;
  }
  if (backend->name == NULL || backend->name[0] == '\0' ||
      backend->version == NULL || backend->summary == NULL) {
    snprintf(reason, size, "name, version or summary is not set");
    return -1;
  }
  return 0;
}

static int check_mandatory(const struct pmm_backend *backend, char *reason,
                           size_t size) {
  assert(backend->abi_version == PMM_BACKEND_ABI);
  const struct {
    const char *name;
    int set;
  } fields[] = {{"init", backend->init != NULL},
                {"fini", backend->fini != NULL},
                {"alloc", backend->alloc != NULL},
                {"alloc_zero", backend->alloc_zero != NULL},
                {"alloc_aligned", backend->alloc_aligned != NULL},
                {"realloc", backend->realloc != NULL},
                {"free", backend->free != NULL},
                {"free_sized", backend->free_sized != NULL},
                {"witness_symbol", backend->witness_symbol != NULL}};
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    if (!fields[i].set) {
      snprintf(reason, size, "the function %s is not set", fields[i].name);
      return -1;
    }
  }
  return 0;
}

static int check_claims(const struct pmm_backend *backend, char *reason,
                        size_t size) {
  assert(backend->alloc != NULL && backend->free != NULL);
  const struct {
    const char *name;
    uint32_t bit;
    int set;
  } claims[] = {
      {"usable_size", PMM_BACKEND_USABLE_SIZE, backend->usable_size != NULL},
      {"owns", PMM_BACKEND_OWNS, backend->owns != NULL},
      {"alloc_batch", PMM_BACKEND_BATCH, backend->alloc_batch != NULL},
      {"free_batch", PMM_BACKEND_BATCH, backend->free_batch != NULL},
      {"trim", PMM_BACKEND_TRIM, backend->trim != NULL},
      {"stats", PMM_BACKEND_STATS, backend->stats != NULL},
      {"class_stats", PMM_BACKEND_CLASSES, backend->class_stats != NULL},
      {"visit", PMM_BACKEND_VISIT, backend->visit != NULL},
      {"fork_prepare", PMM_BACKEND_FORK, backend->fork_prepare != NULL},
      {"fork_parent", PMM_BACKEND_FORK, backend->fork_parent != NULL},
      {"fork_child", PMM_BACKEND_FORK, backend->fork_child != NULL}};
  for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
    int claimed = (backend->capabilities & claims[i].bit) != 0;
    if (claimed != claims[i].set) {
      snprintf(reason, size,
               claimed ? "it claims a capability but %s is not set"
                       : "%s is set but its capability is not claimed",
               claims[i].name);
      return -1;
    }
  }
  return 0;
}

int pmmi_plugin_check(const struct pmm_backend *backend, char *reason,
                      size_t size) {
  assert(backend != NULL && reason != NULL);
  return check_versions(backend, reason, size) != 0 ||
                 check_mandatory(backend, reason, size) != 0 ||
                 check_claims(backend, reason, size) != 0
             ? -1
             : 0;
}

static int at_fault; /* of the last pmmi_plugin_open()                       */

int pmmi_plugin_at_fault(void) { return at_fault; }

int pmmi_plugin_exports(const char *path) {
  assert(path != NULL);
  void *library = dlopen(path, PMMI_LIBRARY_SCOPE);
  return library != NULL && dlsym(library, PMM_BACKEND_GETTER) != NULL;
}

const struct pmm_backend *pmmi_plugin_open(const char *path, char *reason,
                                           size_t size) {
  assert(path != NULL && reason != NULL);
  at_fault = 0;
  void *library = dlopen(path, PMMI_LIBRARY_SCOPE);
  if (library == NULL) {
    snprintf(reason, size, "%s", dlerror());
    return NULL;
  }
  pmm_backend_get_fn getter;
  void *address = dlsym(library, PMM_BACKEND_GETTER);
  memcpy(&getter, &address, sizeof getter);
  if (getter == NULL) {
    snprintf(reason, size,
             "it exports no %s; for a malloc-like library write "
             "name=%s,prefix=...",
             PMM_BACKEND_GETTER, path);
    dlclose(library);
    return NULL;
  }
  at_fault = 1;
  const struct pmm_backend *backend = getter(PMM_BACKEND_ABI);
  if (backend == NULL) {
    snprintf(reason, size, "it does not serve version %u of pmm/backend.h",
             PMM_BACKEND_ABI);
  } else if (pmmi_plugin_check(backend, reason, size) == 0) {
    at_fault = 0;
    return backend;
  }
  dlclose(library);
  return NULL;
}
