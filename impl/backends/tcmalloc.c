/* SPDX-License-Identifier: MIT */
/*
 * tcmalloc.c - gperftools' tcmalloc (minimal) as a backend, from its shared
 * library.  Its figures come from its C extension functions.
 */
#include <assert.h>
#include <stdio.h>

#include "backends/malloclike.h"
#include "backends/source.h"

static struct pmmi_malloclike like;
static char version[32];

/* The values of gperftools' malloc_extension_c.h. */
enum { OWNERSHIP_OWNED = 1 };

static int (*get_ownership)(const void *address);
static int (*get_property)(const char *name, size_t *value);

static int owns(const void *address) {
  return get_ownership(address) == OWNERSHIP_OWNED;
}

static uint64_t read_property(const char *name) {
  assert(name != NULL);
  size_t value = 0;
  return get_property(name, &value) != 0 ? value : PMM_UNKNOWN;
}

static void stats(struct pmm_backend_stats *out) {
  assert(out != NULL);
  out->live_bytes = read_property("generic.current_allocated_bytes");
  out->mapped_bytes = read_property("generic.heap_size");
}

static int init(const struct pmm_backend_config *config, void **heap) {
  assert(heap != NULL);
  (void)config;
  *heap = &like;
  return 0;
}

static const void *witness(void) {
  return (const void *)(uintptr_t)like.malloc;
}

static void read_version(void *library) {
  const char *(*get_version)(int *major, int *minor, const char **patch);
  if (pmmi_malloclike_symbol(library, "tc_", "version", &get_version) == 0) {
    int major = 0;
    int minor = 0;
    const char *patch = "";
    (void)get_version(&major, &minor, &patch);
    snprintf(version, sizeof version, "%d.%d%s", major, minor, patch);
  }
}

static void load_extensions(void *library) {
  assert(library != NULL);
  (void)pmmi_malloclike_symbol(library, "tc_", "free_sized", &like.free_sized);
  (void)pmmi_malloclike_symbol(library, "tc_", "malloc_size",
                               &like.usable_size);
  if (pmmi_malloclike_symbol(library, "MallocExtension_", "GetOwnership",
                             &get_ownership) == 0) {
    like.owns = owns;
  }
  if (pmmi_malloclike_symbol(library, "MallocExtension_",
                             "GetNumericProperty", &get_property) == 0) {
    like.stats = stats;
  }
  read_version(library);
}

static int load(char *reason, size_t size) {
  static const char *const files[] = {"libtcmalloc_minimal.so.4",
                                      "libtcmalloc_minimal.so", NULL};
  void *library = pmmi_malloclike_load(&like, files, "tc_", reason, size);
  if (library == NULL) {
    return -1;
  }
  load_extensions(library);
  pmmi_malloclike_finish(
      &like, &(struct pmmi_malloclike_names){
                 .name = "tcmalloc",
                 .version = version,
                 .summary = pmmi_backend_source_tcmalloc.summary,
                 .threads = 1,
                 .init = init,
                 .witness = witness});
  return 0;
}

static const struct pmm_backend *get(char *reason, size_t size) {
  if (like.backend.name == NULL && load(reason, size) != 0) {
    return NULL;
  }
  return &like.backend;
}

const struct pmmi_backend_source pmmi_backend_source_tcmalloc = {
    .name = "tcmalloc",
    .summary = "gperftools' tcmalloc, minimal",
    .get = get,
    .package = "libgoogle-perftools-dev",
    .replaced_by_valgrind = 1};
