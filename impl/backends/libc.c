/* SPDX-License-Identifier: MIT */
/*
 * libc.c - the C library's malloc as a backend.
 *
 * The process's own malloc, whatever that is: under a preloaded allocator it
 * is that one, which the witness then names ("preload" attachment).
 */
#include <assert.h>
#include <gnu/libc-version.h>
#include <malloc.h>
#include <stdlib.h>

#include "backends/malloclike.h"
#include "backends/source.h"

static size_t usable_size(const void *block) {
  return malloc_usable_size((void *)block);
}

static struct pmmi_malloclike like = {.malloc = malloc,
                                      .free = free,
                                      .calloc = calloc,
                                      .realloc = realloc,
                                      .aligned_alloc = aligned_alloc,
                                      .usable_size = usable_size,
                                      .posix_memalign = posix_memalign,
                                      .reallocarray = reallocarray,
                                      .trim = malloc_trim};

static int init(const struct pmm_backend_config *config, void **heap) {
  assert(heap != NULL);
  (void)config;
  *heap = &like;
  return 0;
}

static const void *witness(void) {
  return (const void *)(uintptr_t)like.malloc;
}

static const struct pmm_backend *get(char *reason, size_t size) {
  (void)reason;
  (void)size;
  if (like.backend.name == NULL) {
    pmmi_malloclike_finish(
        &like, &(struct pmmi_malloclike_names){
                   .name = "libc",
                   .version = gnu_get_libc_version(),
                   .summary = pmmi_backend_source_libc.summary,
                   .threads = 1,
                   .init = init,
                   .witness = witness});
  }
  return &like.backend;
}

const struct pmmi_backend_source pmmi_backend_source_libc = {
    .name = "libc", .summary = "malloc of the C library", .get = get};
