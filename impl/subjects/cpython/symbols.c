/* SPDX-License-Identifier: MIT */
/*
 * symbols.c - look up what CPython exports beyond the limited API.
 */
#include "symbols.h"

#include <dlfcn.h>

struct pmmi_cpy_symbols pmmi_cpy_sym;

/** ISO C has no conversion between data and code pointers; POSIX does. */
static void look_up(const char *name, void *function_pointer) {
  assert(name != NULL && function_pointer != NULL);
  void *symbol = dlsym(RTLD_DEFAULT, name);
  memcpy(function_pointer, &symbol, sizeof symbol);
}

void pmmi_cpy_symbols_load(void) {
  struct pmmi_cpy_symbols *s = &pmmi_cpy_sym;
  look_up("PyMem_GetAllocator", &s->mem_get);
  look_up("PyMem_SetAllocator", &s->mem_set);
  look_up("PyObject_GetArenaAllocator", &s->arena_get);
  look_up("PyObject_SetArenaAllocator", &s->arena_set);
  look_up("PyMem_RawMalloc", &s->raw_malloc);
  look_up("PyMem_RawCalloc", &s->raw_calloc);
  look_up("PyMem_RawRealloc", &s->raw_realloc);
  look_up("PyMem_RawFree", &s->raw_free);
  look_up("_PyTuple_Resize", &s->tuple_resize);
  look_up("PyObject_CallFinalizerFromDealloc", &s->finalize_from_dealloc);
  look_up("_PyObject_DebugMallocStats", &s->malloc_stats);
  look_up("_PyMem_GetCurrentAllocatorName", &s->allocator_name);
  look_up("Py_REFCNT", &s->refcount);
  look_up("PyUnstable_IsImmortal", &s->is_immortal);
}
