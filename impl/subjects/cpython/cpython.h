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

#include "library.h"
#include "pmm/subject.h"

/* ---- the runtime -------------------------------------------------------- */

#define PMMI_CPY_SITE_DEPTH 64  /* nested site_push                          */
#define PMMI_CPY_TEXT 256       /* bytes of a kept message                   */

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
  int gc_frozen;             /* the host froze objects                       */
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

#endif /* PMMI_CPYTHON_H */
