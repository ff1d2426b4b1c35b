/* SPDX-License-Identifier: MIT */
/*
 * cpython.h - a real CPython behind pmm/subject.h: what its files share.
 *
 *   1. A handle is a PyObject: `pmm_obj *` and `PyObject *` name one address.
 *   2. The pending error of the runtime is the thread's Python exception.
 *   3. Probe types, callbacks and managers are heap types made here; lists,
 *      generators, files and all the rest are the interpreter's own.
 *   4. Codes become Python source that the interpreter compiles and runs.
 *   5. Counting and failing allocations happens in hooks on its allocators.
 *
 * One file serves CPython 3.10 and later: it keeps to the limited API, and
 * looks the few other symbols up at run time (symbols.h).  So counts are moved
 * by Py_IncRef and Py_DecRef, never by the macros: compiled against 3.11, a
 * macro would not know the immortal objects of 3.12.
 *
 * Invariant: whoever calls into the host has no exception set, and whoever
 * returns to Python with a failure has one.
 */
#ifndef PMMI_CPYTHON_H
#define PMMI_CPYTHON_H

#include <Python.h>
#include <structmember.h>

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "pmm/subject.h"

/* ---- the runtime -------------------------------------------------------- */

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
#define PMMI_CPY_SITE_DEPTH 64  /* nested site_push                          */
#define PMMI_CPY_TEXT 256       /* bytes of a kept message                   */

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

struct pmmi_cpy_hook;

/** The log of collections (listen.c). */
struct pmmi_cpy_gc_log {
  PyObject *entry;   /* in gc.callbacks, first; NULL: the log is off         */
  uint64_t start_ns; /* when the run under way began                         */
  uint64_t count;    /* runs noted since the start                           */
  struct pmm_gc_run runs[PMM_GC_LOG_RUNS];
};

/** The runtime: there is one interpreter in a process, hence one of these.
 *  Objects may outlive it, so it is static and has epochs. */
struct pmm_rt {
  struct pmm_host host;      /* copied at open; zero when closed             */
  unsigned epoch;            /* goes up at open and close; odd: open         */
  uint32_t flags;            /* enum pmm_open_flag                           */
  int last_errno;            /* errno of the last PMM_OS error               */
  char message[PMMI_CPY_TEXT];     /* of the pending error                   */
  char complaint[PMMI_CPY_TEXT];   /* of heap_verify                         */
  const char *sites[PMMI_CPY_SITE_DEPTH]; /* names pushed, outermost first   */
  size_t site_depth;
  PyObject *site_names;      /* dict: every name pushed since trace_start    */
  struct pmm_site *kept;     /* the snapshot of trace_keep; NULL: none       */
  size_t kept_count;
  PyObject *kept_unraisable; /* sys.unraisablehook before open               */
  PyObject *kept_warning;    /* warnings._showwarnmsg before open            */
  PyObject *kept_filters;    /* warnings.filters before open                 */
  struct pmmi_cpy_hook *hooks; /* the host's callbacks, in order             */
  struct pmmi_cpy_gc_log gc_log;
  int gc_asked;              /* collect() is under way                       */
  int gc_muted;              /* collections of our own are not told          */
  uint64_t stats_base[3][3]; /* gc.get_stats() at open                       */
  long long thresholds[3];   /* gc.get_threshold() at open                   */
  int was_enabled;           /* gc.isenabled() at open                       */
  uintptr_t *baseline;       /* addresses tracked at open, in slots          */
  size_t baseline_room;      /* slots of it (base/slots.h)                   */
  int verify_all;            /* the next check is of the whole heap          */
};

static inline PyObject *pmmi_cpy_py(pmm_obj *o) { return (PyObject *)o; }
static inline pmm_obj *pmmi_cpy_obj(PyObject *o) { return (pmm_obj *)o; }

/** 1 while `epoch` is that of the open runtime. */
static inline int pmmi_cpy_is_open(const pmm_rt *rt, unsigned epoch) {
  return rt->epoch == epoch && (epoch & 1u) != 0;
}

/** Tell the host. */
static inline void pmmi_cpy_event(pmm_rt *rt, enum pmm_event_kind kind,
                                  int64_t cookie, int64_t detail) {
  if (rt->host.event != NULL) {
    rt->host.event(rt->host.ctx, kind, cookie, detail);
  }
}

/** A function as the void pointer that PyType_Slot wants. */
#define PMMI_CPY_SLOT(id, function)                                           \
  (PyType_Slot) { id, pmmi_cpy_code_pointer((void (*)(void))(function)) }
static inline void *pmmi_cpy_code_pointer(void (*function)(void)) {
  void *pointer;
  memcpy(&pointer, &function, sizeof pointer);
  return pointer;
}

/** What gives back the memory of a type's instances. */
static inline freefunc pmmi_cpy_free_of(PyTypeObject *type) {
  void *pointer = PyType_GetSlot(type, Py_tp_free);
  freefunc function;
  memcpy(&function, &pointer, sizeof function);
  return function;
}

/* ---- errors.c ----------------------------------------------------------- */

/** An exception set aside, so that an "any time" operation may run. */
struct pmmi_cpy_saved {
  PyObject *type, *value, *traceback;
};
void pmmi_cpy_save(struct pmmi_cpy_saved *saved);
void pmmi_cpy_restore(struct pmmi_cpy_saved *saved);

/** Status of an exception class or instance. */
enum pmm_status pmmi_cpy_status_of(PyObject *exception);
/** The class that raises a status; borrowed. */
PyObject *pmmi_cpy_class_of(enum pmm_status status);
/** Status of the pending exception; notes errno.  PMM_OK: there is none. */
enum pmm_status pmmi_cpy_failure(pmm_rt *rt);
/** PMM_OK for a result that is not negative, else pmmi_cpy_failure. */
enum pmm_status pmmi_cpy_result(pmm_rt *rt, int result);
/** A new reference given up for a status: NULL is a failure. */
enum pmm_status pmmi_cpy_consume(pmm_rt *rt, PyObject *object);
/** The host said `status`: make sure that an exception is pending exactly
 *  when it is a failure.  Returns 1 when there is one. */
int pmmi_cpy_raised(pmm_rt *rt, enum pmm_status status);
/** Set an exception; returns NULL, or `status`. */
pmm_obj *pmmi_cpy_fail_null(enum pmm_status status, const char *message);
enum pmm_status pmmi_cpy_fail(enum pmm_status status, const char *message);

enum pmm_status pmmi_cpy_error(pmm_rt *rt);
const char *pmmi_cpy_error_message(pmm_rt *rt);
void pmmi_cpy_error_clear(pmm_rt *rt);
void pmmi_cpy_error_set(pmm_rt *rt, enum pmm_status status,
                        const char *message);
int pmmi_cpy_os_errno(pmm_rt *rt);
enum pmm_status pmmi_cpy_error_context(pmm_rt *rt);

/* ---- small helpers (core.c) --------------------------------------------- */

/** Collections that became due since the last operation: from 3.12 they wait
 *  for the evaluation loop, which C code never enters.  0, or -1 with an
 *  exception. */
int pmmi_cpy_collect_if_due(void);
/** Call with no or one argument and read an int; -1 with the exception. */
long long pmmi_cpy_call_int(PyObject *callable, PyObject *argument);
/** The same at any time: a pending exception stays, failure gives `other`. */
long long pmmi_cpy_ask(PyObject *callable, PyObject *argument,
                       long long other);
/** A new tuple of borrowed items. */
PyObject *pmmi_cpy_tuple_of(pmm_obj *const *items, size_t n);
/** A new str of an attribute's name.  It is not counted, as the interpreter
 *  keeps such names in caches of its own. */
PyObject *pmmi_cpy_name_new(const char *text);
/** A size as CPython's signed one, clamped. */
static inline Py_ssize_t pmmi_cpy_size(size_t n) {
  return n > (size_t)PY_SSIZE_T_MAX ? PY_SSIZE_T_MAX : (Py_ssize_t)n;
}

/* ---- parts -------------------------------------------------------------- */

/** The one runtime, open or not. */
pmm_rt *pmmi_cpy_runtime(void);
/** Make the heap types of callbacks and managers. */
int pmmi_cpy_callback_load(void);
int pmmi_cpy_manager_load(void);
/** Hooks of an open runtime on unraisable errors and warnings. */
int pmmi_cpy_diagnose_start(pmm_rt *rt);
void pmmi_cpy_diagnose_stop(pmm_rt *rt);
/** Note what is tracked, so that leaks can tell what came after.  0, or -1
 *  with an exception. */
int pmmi_cpy_baseline_take(pmm_rt *rt);
/** Remove the host's callbacks and stop the log. */
void pmmi_cpy_listen_stop(pmm_rt *rt);
/** gc.get_stats(): collections, collected, uncollectable by generation. */
int pmmi_cpy_stats_read(uint64_t out[3][3]);
/** 1 when pymalloc serves the object domain.  Call before hooks are in. */
int pmmi_cpy_pool_probe(void);
/** 1 when the interpreter started with the debug layer on its domains. */
int pmmi_cpy_debug_layer(void);
/** Call what weakref.finalize still holds for us, latest first. */
void pmmi_cpy_finalize_all(pmm_rt *rt);

/** Kinds of callback objects. */
enum pmmi_cpy_callback_kind {
  PMMI_CPY_CALL,     /* a pmm_call                                           */
  PMMI_CPY_WEAK,     /* a pmm_fn of a weak reference: event CALLBACK first   */
  PMMI_CPY_FINALIZE, /* a pmm_fn of weakref.finalize: event CALLBACK first   */
  PMMI_CPY_EXIT      /* a pmm_fn of an exit stack                            */
};

/** What a callback object calls. */
struct pmmi_cpy_target {
  enum pmmi_cpy_callback_kind kind;
  pmm_fn fn;     /* all kinds but PMMI_CPY_CALL                              */
  pmm_call call; /* PMMI_CPY_CALL                                            */
  void *ctx;
  int64_t cookie;
};

/** A new callable object over a function of the host. */
PyObject *pmmi_cpy_callback_new(pmm_rt *rt,
                                const struct pmmi_cpy_target *target);

/** How probe types are copied, and what is its own copy (probe_copy.c). */
extern PyMethodDef pmmi_cpy_probe_methods[];
extern PyMethodDef pmmi_cpy_own_copy_methods[];
/** Slots of an instance of a probe type. */
size_t pmmi_cpy_probe_slots(PyObject *instance);
/** Add the slots of a type whose instances run code of the host when they are
 *  compared, hashed or printed (probe_compare.c); returns what comes next. */
PyType_Slot *pmmi_cpy_code_slots(PyType_Slot *slots,
                                 const struct pmm_compare_code *code);
/** That code of an instance; NULL when its runtime is closed. */
const struct pmm_compare_code *pmmi_cpy_code_of(PyObject *instance,
                                                pmm_rt **rt);

#endif /* PMMI_CPYTHON_H */
