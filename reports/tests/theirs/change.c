/* SPDX-License-Identifier: MIT */
/*
 * change.c - what a stranger changed in an interpreter: its allocator of objects
 * does a known amount of work, and may be asked for more; lists may hide what they
 * hold from the collector.
 */
#include <Python.h>

#include "spend.h"

#define EXTRA 0
#define SHOWN 1
#define SUMS 300
#define PRODUCTS 30

static PyMemAllocatorEx own;
static int inside;

static void *get(void *ctx, size_t size) {
  (void)ctx;
  spend(SUMS, PRODUCTS);
  for (int i = 0; i < EXTRA && !inside; i++) {
    inside = 1;
    PyObject_Free(PyObject_Malloc(16));
    inside = 0;
  }
  return own.malloc(own.ctx, size);
}

static void *get_zero(void *ctx, size_t count, size_t size) {
  (void)ctx;
  return own.calloc(own.ctx, count, size);
}

static void *grow(void *ctx, void *block, size_t size) {
  (void)ctx;
  return own.realloc(own.ctx, block, size);
}

static void drop(void *ctx, void *block) {
  (void)ctx;
  own.free(own.ctx, block);
}

static int hide(PyObject *list, visitproc visit, void *arg) {
  (void)list;
  (void)visit;
  (void)arg;
  return 0;
}

__attribute__((constructor)) static void change(void) {
  PyMemAllocatorEx mine = {NULL, get, get_zero, grow, drop};
  PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &own);
  PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &mine);
  if (!SHOWN) {
    PyList_Type.tp_traverse = hide;
  }
}
