/* SPDX-License-Identifier: MIT */
/*
 * symbols.h - what CPython exports beyond the limited API.
 *
 * Every symbol is looked up in the running interpreter once, by dlsym; a
 * missing one is NULL and takes its feature away, nothing else.
 *
 * Sources: Include/cpython/pymem.h (allocators, PEP 445),
 * Include/cpython/objimpl.h (arena allocator, finalizers),
 * Include/cpython/tupleobject.h, Objects/obmalloc.c (statistics).
 */
#ifndef PMMI_CPYTHON_SYMBOLS_H
#define PMMI_CPYTHON_SYMBOLS_H

#include <stdio.h>

#include "cpython.h"

/** PyMemAllocatorEx and PyObjectArenaAllocator are laid out as pmm's own. */
typedef struct pmm_domain_allocator pmmi_cpy_allocator;
typedef struct pmm_arena_allocator pmmi_cpy_arena;

struct pmmi_cpy_symbols {
  void (*mem_get)(int domain, pmmi_cpy_allocator *out);
  void (*mem_set)(int domain, pmmi_cpy_allocator *allocator);
  void (*arena_get)(pmmi_cpy_arena *out);
  void (*arena_set)(pmmi_cpy_arena *allocator);
  void *(*raw_malloc)(size_t size);
  void *(*raw_calloc)(size_t n, size_t size);
  void *(*raw_realloc)(void *block, size_t size);
  void (*raw_free)(void *block);
  int (*tuple_resize)(PyObject **tuple, Py_ssize_t n);
  int (*finalize_from_dealloc)(PyObject *o);
  int (*malloc_stats)(FILE *out);
  const char *(*allocator_name)(void);    /* NULL: a mixture                */
  Py_ssize_t (*refcount)(PyObject *o);    /* 3.14: the field has flags      */
  int (*is_immortal)(PyObject *o);        /* 3.14                           */
};

extern struct pmmi_cpy_symbols pmmi_cpy_sym;

/** Look them all up.  Cannot fail. */
void pmmi_cpy_symbols_load(void);

#endif /* PMMI_CPYTHON_SYMBOLS_H */
