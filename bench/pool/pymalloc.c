/* SPDX-License-Identifier: MIT */
/*
 * pymalloc.c - CPython's own allocator as a backend, from libpython.
 *
 * A plug-in: pymalloc needs a whole interpreter's library, which the programs
 * of the suite do not load.  Up to CPython 3.11 its state is static and serves
 * before an interpreter is made; later versions keep it in the interpreter.
 *
 * PMM_LIBPYTHON names the library; by default it is libpython3.11.so.1.0.
 */
#include <assert.h>
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmm/backend.h"

static void *(*get)(size_t size);
static void *(*get_zero)(size_t n, size_t size);
static void *(*resize)(void *block, size_t size);
static void (*give)(void *block);

static int start(const struct pmm_backend_config *config, void **heap) {
  static int none;
  (void)config;
  *heap = &none;
  return 0;
}

static void end(void *heap) { (void)heap; }

static void *alloc(void *heap, size_t size) {
  (void)heap;
  return get(size);
}

static void *alloc_zero(void *heap, size_t n, size_t size) {
  (void)heap;
  return get_zero(n, size);
}

static void *alloc_aligned(void *heap, size_t align, size_t size) {
  (void)heap;
  return align <= 16 ? get(size) : NULL;
}

static void *change(void *heap, void *block, size_t old_size,
                    size_t new_size) {
  (void)heap;
  (void)old_size;
  return resize(block, new_size);
}

static void release(void *heap, void *block) {
  (void)heap;
  give(block);
}

static void release_sized(void *heap, void *block, size_t size) {
  (void)heap;
  (void)size;
  give(block);
}

static const void *witness(void) { return (const void *)(uintptr_t)get; }

static const struct pmm_backend backend = {
    .abi_version = PMM_BACKEND_ABI,
    .capabilities = PMM_BACKEND_FREES | PMM_BACKEND_ZERO_UNIQUE,
    .struct_size = sizeof(struct pmm_backend),
    .name = "pymalloc",
    .version = "3.11",
    .summary = "CPython's allocator for small blocks",
    .init = start,
    .fini = end,
    .alloc = alloc,
    .alloc_zero = alloc_zero,
    .alloc_aligned = alloc_aligned,
    .realloc = change,
    .free = release,
    .free_sized = release_sized,
    .witness_symbol = witness};

static int find(void *library, const char *name, void *function) {
  void *address = dlsym(library, name);
  memcpy(function, &address, sizeof address);
  return address != NULL;
}

__attribute__((visibility("default"))) const struct pmm_backend *
pmm_backend_get(uint32_t abi);

const struct pmm_backend *pmm_backend_get(uint32_t abi) {
  const char *path = getenv("PMM_LIBPYTHON");
  void *library = dlopen(path != NULL ? path : "libpython3.11.so.1.0",
                         RTLD_NOW | RTLD_LOCAL);
  int whole = library != NULL && abi == PMM_BACKEND_ABI &&
              find(library, "PyObject_Malloc", &get) &&
              find(library, "PyObject_Calloc", &get_zero) &&
              find(library, "PyObject_Realloc", &resize) &&
              find(library, "PyObject_Free", &give);
  return whole ? &backend : NULL;
}
