/* SPDX-License-Identifier: MIT */
/*
 * mimalloc.c - Microsoft's mimalloc as a backend, from its shared library.
 *
 * Its default heap, as a program that calls mi_malloc gets it; its own heaps
 * would be bound to the thread that made them.
 *
 * Version 2.0.9 takes sizes of 256, 512 and 1024 for aligned by nature, and
 * they are not (mimalloc issue 700).  Whether the library at hand does is tried
 * out; where it does, such a request is made 16 bytes longer, and the backend
 * says that it is repaired.  The bare library, by
 * name=/path/libmimalloc.so,prefix=mi_, shows the fault.
 *
 * No `owns`: mi_is_in_heap_region() knows addresses below 20 TiB only, where
 * the library asks for its pages but need not get them.
 */
#include <assert.h>
#include <stdio.h>

#include "backends/malloclike.h"
#include "backends/source.h"

static struct pmmi_malloclike like;
static char version[32];

static void *(*aligned)(size_t align, size_t size);

static int repaired; /* 1: aligned_alloc_repaired() is in use                */

static void *aligned_alloc_repaired(size_t align, size_t size) {
  assert(align > 0 && (align & (align - 1)) == 0);
  int doubtful = size <= 1024 && (size & (size - 1)) == 0;
  return aligned(align, doubtful ? size + 16 : size);
}

/* 1 when one of some blocks does not lie where it was asked for.  Two of each,
 * as the first of a page may be aligned by chance. */
static int misaligns(void) {
  int wrong = 0;
  for (size_t size = 64; size <= 1024; size *= 2) {
    void *first = aligned(size, size);
    void *second = aligned(size, size);
    wrong |= (((uintptr_t)first | (uintptr_t)second) & (size - 1)) != 0;
    like.free(second);
    like.free(first);
  }
  return wrong;
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

/* mi_version() gives 209 for 2.0.9; a number of another form stays whole. */
static void read_version(void *library) {
  assert(library != NULL);
  int (*get_version)(void);
  if (pmmi_malloclike_symbol(library, "mi_", "version", &get_version) != 0) {
    return;
  }
  int v = get_version();
  if (v >= 100 && v <= 999) {
    snprintf(version, sizeof version, "%d.%d.%d", v / 100, v / 10 % 10, v % 10);
  } else {
    snprintf(version, sizeof version, "%d", v);
  }
}

static int load(char *reason, size_t size) {
  static const char *const files[] = {"libmimalloc.so.2", "libmimalloc.so.3",
                                      "libmimalloc.so", NULL};
  void *library = pmmi_malloclike_load(&like, files, "mi_", reason, size);
  if (library == NULL) {
    return -1;
  }
  (void)pmmi_malloclike_symbol(library, "mi_", "free_size", &like.free_sized);
  if (pmmi_malloclike_symbol(library, "mi_", "memalign", &aligned) == 0) {
    repaired = misaligns();
    like.aligned_alloc = repaired ? aligned_alloc_repaired : aligned;
  }
  read_version(library);
  pmmi_malloclike_finish(
      &like, &(struct pmmi_malloclike_names){
                 .name = "mimalloc",
                 .version = version,
                 .summary = pmmi_backend_source_mimalloc.summary,
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

static const char *repairs(void) {
  return repaired ? "aligned requests of a power of two up to 1024 bytes are "
                    "made 16 bytes longer, because this library misplaces "
                    "such blocks (mimalloc issue 700)"
                  : NULL;
}

const struct pmmi_backend_source pmmi_backend_source_mimalloc = {
    .name = "mimalloc",
    .summary = "mimalloc's default heap",
    .get = get,
    .repairs = repairs,
    .package = "libmimalloc-dev",
    .replaced_by_valgrind = 1};
