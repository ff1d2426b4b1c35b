/* SPDX-License-Identifier: MIT */
/*
 * jemalloc.c - jemalloc as a backend, from its shared library.
 *
 * The library keeps 2.6 KiB of thread-local data in the static block, more
 * than glibc leaves for libraries that come late: without the tunable that
 * pmmi_backend_prepare() sets it cannot be loaded ("cannot allocate memory in
 * static TLS block").  Linking it would put its malloc under every backend.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "backends/malloclike.h"
#include "backends/source.h"

static struct pmmi_malloclike like;
static char version[64];

static void (*sdallocx)(void *block, size_t size, int flags);
static int (*mallctl)(const char *name, void *old, size_t *old_size,
                      void *new, size_t new_size);

static void free_sized(void *block, size_t size) { sdallocx(block, size, 0); }

static uint64_t read_u64(const char *name) {
  assert(name != NULL);
  uint64_t value = 0;
  size_t size = sizeof value;
  return mallctl(name, &value, &size, NULL, 0) == 0 ? value : PMM_UNKNOWN;
}

/* The bytes of this thread are exact at any time; the library's totals lag
 * behind by what its thread caches hold. */
static void stats(struct pmm_backend_stats *out) {
  assert(out != NULL);
  uint64_t epoch = 1;
  size_t size = sizeof epoch;
  (void)mallctl("epoch", &epoch, &size, &epoch, sizeof epoch);
  uint64_t allocated = read_u64("thread.allocated");
  uint64_t deallocated = read_u64("thread.deallocated");
  if (allocated != PMM_UNKNOWN && deallocated != PMM_UNKNOWN) {
    out->live_bytes = allocated - deallocated;
  }
  out->mapped_bytes = read_u64("stats.mapped");
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

/* "5.3.0-0-g54eaed1d8b56..." without the commit. */
static void read_version(void) {
  const char *text = NULL;
  size_t size = sizeof text;
  if (mallctl("version", &text, &size, NULL, 0) == 0 && text != NULL) {
    snprintf(version, sizeof version, "%.*s", (int)strcspn(text, "-"), text);
  }
}

static int load(char *reason, size_t size) {
  assert(size == 0 || reason != NULL);
  static const char *const files[] = {"libjemalloc.so.2", "libjemalloc.so",
                                      NULL};
  void *library = pmmi_malloclike_load(&like, files, "", reason, size);
  if (library == NULL) {
    return -1;
  }
  if (pmmi_malloclike_symbol(library, "", "sdallocx", &sdallocx) == 0) {
    like.free_sized = free_sized;
  }
  if (pmmi_malloclike_symbol(library, "", "mallctl", &mallctl) == 0) {
    like.stats = stats;
    read_version();
  }
  pmmi_malloclike_finish(
      &like, &(struct pmmi_malloclike_names){
                 .name = "jemalloc",
                 .version = version,
                 .summary = pmmi_backend_source_jemalloc.summary,
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

const struct pmmi_backend_source pmmi_backend_source_jemalloc = {
    .name = "jemalloc",
    .summary = "jemalloc's malloc",
    .get = get,
    .package = "libjemalloc-dev",
    .replaced_by_valgrind = 1};
