/* SPDX-License-Identifier: MIT */
/*
 * library.h - what is built once per process, when the extension is imported:
 * callables of the interpreter, names, and Python functions of our own.
 */
#ifndef PMMI_CPYTHON_LIBRARY_H
#define PMMI_CPYTHON_LIBRARY_H

#include <Python.h>

/** What the interpreter offers and pmm calls: built once, at import. */
#define PMMI_CPY_CALLABLES(X)                                                 \
  X(array, "array", "array")                                                  \
  X(bytearray, "builtins", "bytearray")                                       \
  X(copy, "copy", "copy")                                                     \
  X(deepcopy, "copy", "deepcopy")                                             \
  X(exit_stack, "contextlib", "ExitStack")                                    \
  X(finalize, "weakref", "finalize")                                          \
  X(fix_co_filename, "_imp", "_fix_co_filename")                              \
  X(function, "types", "FunctionType")                                        \
  X(gc_collect, "gc", "collect")                                              \
  X(gc_disable, "gc", "disable")                                              \
  X(gc_callbacks, "gc", "callbacks")                                          \
  X(gc_enable, "gc", "enable")                                                \
  X(gc_garbage, "gc", "garbage")                                              \
  X(gc_freeze, "gc", "freeze")                                                \
  X(gc_get_count, "gc", "get_count")                                          \
  X(gc_get_freeze_count, "gc", "get_freeze_count")                            \
  X(gc_get_objects, "gc", "get_objects")                                      \
  X(gc_get_referents, "gc", "get_referents")                                  \
  X(gc_get_referrers, "gc", "get_referrers")                                  \
  X(gc_get_stats, "gc", "get_stats")                                          \
  X(gc_get_threshold, "gc", "get_threshold")                                  \
  X(gc_is_tracked, "gc", "is_tracked")                                        \
  X(gc_isenabled, "gc", "isenabled")                                          \
  X(gc_set_debug, "gc", "set_debug")                                          \
  X(gc_set_threshold, "gc", "set_threshold")                                  \
  X(gc_unfreeze, "gc", "unfreeze")                                            \
  X(getallocatedblocks, "sys", "getallocatedblocks")                          \
  X(getrecursionlimit, "sys", "getrecursionlimit")                            \
  X(getsizeof, "sys", "getsizeof")                                            \
  X(getweakrefcount, "weakref", "getweakrefcount")                            \
  X(open, "io", "open")                                                       \
  X(tee, "itertools", "tee")                                                  \
  X(trace_get, "tracemalloc", "get_traced_memory")                            \
  X(trace_overhead, "tracemalloc", "get_tracemalloc_memory")                  \
  X(trace_start, "tracemalloc", "start")                                      \
  X(trace_stop, "tracemalloc", "stop")                                        \
  X(weak_keys, "weakref", "WeakKeyDictionary")                                \
  X(weak_set, "weakref", "WeakSet")                                           \
  X(weak_values, "weakref", "WeakValueDictionary")

/** Python functions of our own (python/), by name. */
#define PMMI_CPY_HELPERS(X)                                                   \
  X(compile_code) X(enter) X(enter_code) X(sites) X(site_of) X(reset_peak)   \
  X(optimised) X(build_text) X(count_of) X(manager_of) X(sparse_new)         \
  X(sparse_set) X(sparse_get) X(sparse_dot) X(sparse_shape) X(csr_new)       \
  X(csr_row) X(csr_multiply) X(chunks) X(file_chunks)

enum pmmi_cpy_callable {
#define PMMI_CPY_ENUM(name, module, attribute) PMMI_CPY_FN_##name,
  PMMI_CPY_CALLABLES(PMMI_CPY_ENUM)
#undef PMMI_CPY_ENUM
#define PMMI_CPY_ENUM(name) PMMI_CPY_FN_##name,
  PMMI_CPY_HELPERS(PMMI_CPY_ENUM)
#undef PMMI_CPY_ENUM
  PMMI_CPY_FN_COUNT
};

/** Names looked up as attributes, made once. */
#define PMMI_CPY_NAMES(X)                                                     \
  X(__dict__) X(__name__) X(add) X(alive) X(callback) X(category) X(clear)    \
  X(close)                                                                    \
  X(copy) X(detach) X(errno) X(exc_type) X(fileno) X(flush) X(gi_frame)       \
  X(key) X(no_site) X(pmm_kind) X(pop) X(read) X(readline) X(remove) X(send)  \
  X(sort) X(source) X(strip) X(throw) X(write)

enum pmmi_cpy_name {
#define PMMI_CPY_ENUM(name) PMMI_CPY_NAME_##name,
  PMMI_CPY_NAMES(PMMI_CPY_ENUM)
#undef PMMI_CPY_ENUM
  PMMI_CPY_NAME_COUNT
};

#define PMMI_CPY_SITES 8        /* compiled sites that name a constant tuple */

/** What is built once per process, at import. */
struct pmmi_cpy_library {
  PyObject *fn[PMMI_CPY_FN_COUNT];      /* callables, owned                  */
  PyObject *name[PMMI_CPY_NAME_COUNT];  /* interned strings, owned           */
  PyObject *constant[PMMI_CPY_SITES];   /* functions that return constants   */
  PyObject *builtins;    /* dict: what codes see as builtins                 */
  PyObject *codes;       /* dict: source of a code -> compiled code          */
  PyObject *type_names;  /* dict: type names that were handed out            */
  PyObject *user_error;  /* class of PMM_USER                                */
  PyObject *unsupported; /* class of PMM_UNSUPPORTED                         */
  PyObject *callback_type;
  PyObject *manager_type;
  unsigned version;      /* 0x030b for 3.11                                  */
};
extern struct pmmi_cpy_library pmmi_cpy_lib;

#define PMMI_CPY_FN(name) (pmmi_cpy_lib.fn[PMMI_CPY_FN_##name])
#define PMMI_CPY_NAME(text) (pmmi_cpy_lib.name[PMMI_CPY_NAME_##text])

#endif /* PMMI_CPYTHON_LIBRARY_H */
