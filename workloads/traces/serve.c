/* SPDX-License-Identifier: MIT */
/*
 * serve.c - libpmm-serve.so: a whole Python program over a backend.
 *
 * Loaded before the interpreter (LD_PRELOAD), it puts the backend that
 * PMM_SERVE names (impl/backends/registry.h) into Python's allocators before
 * main() runs.  So a plug-in, or a library whose functions have a prefix,
 * serves a program that it could not serve in the place of libc's malloc:
 *
 *   mem, object   the backend; these domains are used with the GIL held
 *   raw           the backend where it is safe from many threads, else libc
 *
 * Python's realloc does not say how large a block was, and the contract's does:
 * the backend has to tell by usable_size, or be a malloc-like library, which
 * does not ask.  With PMM_SERVE_TELL it says at the end who served.
 *
 * Source: PEP 445; CPython Doc/c-api/memory.rst, "Customize Memory Allocators".
 */
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/malloclike.h"
#include "backends/registry.h"
#include "backends/witness.h"

#define VARIABLE "PMM_SERVE"
#define TELL_VARIABLE "PMM_SERVE_TELL"

enum { RAW = 0, OBJECT = 2, DOMAINS = 3 };

/* As CPython declares it since 3.5: PyMemAllocatorEx. */
struct allocator {
  void *ctx;
  void *(*malloc)(void *ctx, size_t size);
  void *(*calloc)(void *ctx, size_t count, size_t size);
  void *(*realloc)(void *ctx, void *block, size_t size);
  void (*free)(void *ctx, void *block);
};

typedef void (*change_allocator)(int domain, struct allocator *allocator);

static const struct pmm_backend *backend;
static void *heap;
static int sizes_told; /* 1: usable_size says how large a block is          */
static int tell;
static change_allocator get_allocator;
static pthread_key_t leaving; /* of threads that the backend let in         */

#define OF_THREAD static __thread __attribute__((tls_model("initial-exec")))
OF_THREAD int entered;

/* ---- threads ------------------------------------------------------------- */

static void leave(void *unused) {
  (void)unused;
  if (backend->thread_leave != NULL) {
    backend->thread_leave(heap);
  }
  entered = 0;
}

/* 0 when the calling thread may ask the backend. */
static int enter(void) {
  if (entered || backend->thread_enter == NULL) {
    return 0;
  }
  if (backend->thread_enter(heap) != 0) {
    return -1;
  }
  entered = 1;
  return pthread_setspecific(leaving, heap);
}

/* ---- what Python calls --------------------------------------------------- */

static void *serve_malloc(void *ctx, size_t size) {
  (void)ctx;
  return enter() == 0 ? backend->alloc(heap, size == 0 ? 1 : size) : NULL;
}

static void *serve_calloc(void *ctx, size_t count, size_t size) {
  (void)ctx;
  if (count == 0 || size == 0) {
    count = size = 1;
  }
  return enter() == 0 ? backend->alloc_zero(heap, count, size) : NULL;
}

static void *serve_realloc(void *ctx, void *block, size_t size) {
  (void)ctx;
  size_t old = block != NULL && sizes_told ? backend->usable_size(heap, block)
                                           : 0;
  return enter() == 0
             ? backend->realloc(heap, block, old, size == 0 ? 1 : size)
             : NULL;
}

static void serve_free(void *ctx, void *block) {
  (void)ctx;
  if (enter() == 0) {
    backend->free(heap, block);
  }
}

/* ---- begin and end ------------------------------------------------------- */

static _Noreturn void refuse(const char *why) {
  (void)fprintf(stderr, "pmm-serve: %s\n", why);
  _exit(2);
}

static void *found(const char *name) { return dlsym(RTLD_DEFAULT, name); }

/* What the program starts is not served. */
static void clean_environment(void) {
  (void)unsetenv("LD_PRELOAD");
  (void)unsetenv(VARIABLE);
  (void)unsetenv(TELL_VARIABLE);
}

static void open_heap(const char *spec) {
  struct pmm_backend_config config = {.struct_size = sizeof config, .seed = 1};
  char message[640];
  backend = pmmi_backend_find(spec, message, sizeof message);
  if (backend == NULL) {
    refuse(message);
  }
  sizes_told = (backend->capabilities & PMM_BACKEND_USABLE_SIZE) != 0 &&
               backend->usable_size != NULL;
  if (!sizes_told && pmmi_malloclike_of(backend) == NULL) {
    refuse("the backend has no usable_size, which Python's realloc needs");
  }
  if (backend->init(&config, &heap) != 0) {
    refuse("there is no memory for a heap");
  }
}

__attribute__((constructor)) static void begin(void) {
  const char *spec = getenv(VARIABLE);
  change_allocator set;
  void *symbols[2] = {found("PyMem_GetAllocator"),
                      found("PyMem_SetAllocator")};
  memcpy(&get_allocator, &symbols[0], sizeof get_allocator);
  memcpy(&set, &symbols[1], sizeof set);
  /* A program that is no Python may start one: it is asked again there. */
  if (spec == NULL || get_allocator == NULL || set == NULL) {
    return;
  }
  tell = getenv(TELL_VARIABLE) != NULL;
  open_heap(spec);
  clean_environment();
  if (pthread_key_create(&leaving, leave) != 0) {
    refuse("there is no key for threads");
  }
  int shared = (backend->capabilities & PMM_BACKEND_THREADS) != 0;
  for (int domain = shared ? RAW : RAW + 1; domain < DOMAINS; domain++) {
    struct allocator hooks = {.malloc = serve_malloc,
                              .calloc = serve_calloc,
                              .realloc = serve_realloc,
                              .free = serve_free};
    set(domain, &hooks);
  }
}

/* The file of the backend's code: a plug-in's own, else the library's that is
 * behind one of ours. */
static const char *file_of(struct pmmi_witness *witness) {
  Dl_info theirs;
  Dl_info ours;
  if (dladdr(backend, &theirs) != 0 && dladdr(&backend, &ours) != 0 &&
      theirs.dli_fbase != ours.dli_fbase) {
    return theirs.dli_fname;
  }
  return pmmi_backend_witness(backend, heap, witness) == 0 ? witness->object
                                                           : "nobody";
}

__attribute__((destructor)) static void end(void) {
  struct allocator now = {.ctx = NULL};
  struct pmmi_witness witness = {.object = ""};
  char path[PATH_MAX];
  if (backend == NULL || !tell) {
    return;
  }
  get_allocator(OBJECT, &now);
  const char *file =
      now.malloc == serve_malloc ? file_of(&witness) : "another";
  (void)fprintf(stderr, "pmm-serve: objects are served by %s\n",
                realpath(file, path) != NULL ? path : file);
}
