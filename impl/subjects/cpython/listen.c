/* SPDX-License-Identifier: MIT */
/*
 * listen.c - entries in gc.callbacks: the host's callbacks and the log.
 *
 *   1. Each callback of the host is an entry of its own, so the interpreter
 *      keeps their order; the first of ours tells the host's ear, too.
 *   2. While the log is on it has an entry before all others.  The pause is
 *      what lies between its two calls; what the interpreter does not tell
 *      (objects examined, objects freed, garbage left) is unknown.
 *
 * An entry's capsule owns the structure behind it, so an entry may be removed
 * while it is called.
 */
#include "listen.h"

#include <stdlib.h>
#include <time.h>

#include "account.h"
#include "errors.h"
#include "ops.h"

/** A callback of the host. */
struct pmmi_cpy_hook {
  pmm_rt *rt;
  pmm_gc_fn fn;
  void *ctx;
  PyObject *entry;            /* in gc.callbacks; owned                     */
  struct pmmi_cpy_hook *next; /* added later                                */
};

#define HOOK "pmm.hook"
#define RUNTIME "pmm.rt"

/* ---- what the interpreter says ------------------------------------------ */

static uint64_t number_in(PyObject *info, const char *key) {
  assert(key != NULL);
  PyObject *value = PyDict_GetItemString(info, key);
  long long number = value == NULL ? 0 : PyLong_AsLongLong(value);
  return number < 0 ? 0 : (uint64_t)number;
}

/** Read (phase, info).  0, or -1 with an exception. */
static int read_arguments(PyObject *args, struct pmm_gc_info *out) {
  assert(PyTuple_Check(args));
  PyObject *phase = NULL;
  PyObject *info = NULL;
  if (!PyArg_ParseTuple(args, "OO", &phase, &info)) {
    return -1;
  }
  memset(out, 0, sizeof *out);
  out->stop = PyUnicode_CompareWithASCIIString(phase, "stop") == 0;
  out->generation = (int)number_in(info, "generation");
  if (out->stop) {
    out->collected = number_in(info, "collected");
    out->uncollectable = number_in(info, "uncollectable");
  }
  return 0;
}

/** A new entry: a function over a capsule, which it takes over. */
static PyObject *entry_new(PyMethodDef *method, PyObject *capsule) {
  PyObject *entry =
      capsule == NULL ? NULL : PyCFunction_New(method, capsule);
  Py_DecRef(capsule);
  return entry;
}

/** Remove an entry and give it back.  0, or -1 with an exception. */
static int entry_drop(PyObject *entry) {
  assert(entry != NULL);
  PyObject *result = PyObject_CallMethodObjArgs(
      PMMI_CPY_FN(gc_callbacks), PMMI_CPY_NAME(remove), entry, NULL);
  Py_DecRef(entry);
  Py_DecRef(result);
  return result == NULL ? -1 : 0;
}

/* ---- callbacks ---------------------------------------------------------- */

static void hook_free(PyObject *capsule) {
  assert(capsule != NULL);
  free(PyCapsule_GetPointer(capsule, HOOK));
}

static PyObject *on_collection(PyObject *module, PyObject *args) {
  struct pmmi_cpy_hook *hook = PyCapsule_GetPointer(module, HOOK);
  struct pmm_gc_info info;
  pmm_rt *rt;
  if (hook == NULL || read_arguments(args, &info) < 0) {
    return NULL;
  }
  rt = hook->rt;
  if (rt->gc_muted > 0) {
    return pmmi_cpy_py(pmmi_cpy_none(rt));
  }
  if (rt->hooks == hook) {
    pmmi_cpy_event(rt, info.stop ? PMM_EVENT_GC_STOP : PMM_EVENT_GC_START,
                   info.generation, (int64_t)info.collected);
  }
  return pmmi_cpy_raised(rt, hook->fn(hook->ctx, rt, &info))
             ? NULL
             : pmmi_cpy_py(pmmi_cpy_none(rt));
}

static struct pmmi_cpy_hook *hook_new(pmm_rt *rt, pmm_gc_fn fn, void *ctx) {
  assert(fn != NULL);
  static PyMethodDef method = {"on_collection", on_collection, METH_VARARGS,
                               NULL};
  struct pmmi_cpy_hook *hook = malloc(sizeof *hook);
  PyObject *capsule;
  if (hook == NULL) {
    PyErr_NoMemory();
    return NULL;
  }
  *hook = (struct pmmi_cpy_hook){.rt = rt, .fn = fn, .ctx = ctx};
  capsule = PyCapsule_New(hook, HOOK, hook_free);
  if (capsule == NULL) {
    free(hook);
    return NULL;
  }
  hook->entry = entry_new(&method, capsule); /* NULL: the capsule is gone    */
  return hook->entry == NULL ? NULL : hook;
}

enum pmm_status pmmi_cpy_gc_callback_add(pmm_rt *rt, pmm_gc_fn fn,
                                         void *ctx) {
  struct pmmi_cpy_hook **last = &rt->hooks;
  struct pmmi_cpy_hook *hook = hook_new(rt, fn, ctx);
  if (hook == NULL) {
    return pmmi_cpy_failure(rt);
  }
  if (PyList_Append(PMMI_CPY_FN(gc_callbacks), hook->entry) < 0) {
    Py_DecRef(hook->entry);
    return pmmi_cpy_failure(rt);
  }
  while (*last != NULL) {
    last = &(*last)->next;
  }
  *last = hook;
  return PMM_OK;
}

enum pmm_status pmmi_cpy_gc_callback_remove(pmm_rt *rt, pmm_gc_fn fn,
                                            void *ctx) {
  struct pmmi_cpy_hook **at = &rt->hooks;
  while (*at != NULL && ((*at)->fn != fn || (*at)->ctx != ctx)) {
    at = &(*at)->next;
  }
  if (*at == NULL) {
    return pmmi_cpy_fail(PMM_VALUE, "there is no such callback");
  }
  struct pmmi_cpy_hook *hook = *at;
  *at = hook->next;
  return entry_drop(hook->entry) < 0 ? pmmi_cpy_failure(rt) : PMM_OK;
}

/* ---- the log ------------------------------------------------------------ */

static uint64_t now_ns(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static uint64_t reason_of(const pmm_rt *rt) {
  if (rt->gc_asked > 0) {
    return PMM_GC_EXPLICIT;
  }
  return (rt->flags & PMM_OPEN_GC_STRESS) != 0 ? PMM_GC_STRESS
                                               : PMM_GC_THRESHOLD;
}

static void note(struct pmmi_cpy_gc_log *log, const struct pmm_gc_info *info,
                 uint64_t reason) {
  assert(info->stop);
  struct pmm_gc_run *run = &log->runs[log->count % PMM_GC_LOG_RUNS];
  memset(run, 0xff, sizeof *run); /* PMM_UNKNOWN */
  run->number = ++log->count;
  run->generation = (uint64_t)info->generation;
  run->reason = reason;
  run->start_ns = log->start_ns;
  run->pause_ns = now_ns() - log->start_ns;
  run->collected = info->collected;
  run->uncollectable = info->uncollectable;
}

static PyObject *on_logged(PyObject *module, PyObject *args) {
  pmm_rt *rt = PyCapsule_GetPointer(module, RUNTIME);
  struct pmm_gc_info info;
  if (rt == NULL || read_arguments(args, &info) < 0) {
    return NULL;
  }
  if (rt->gc_muted == 0 && info.stop) {
    note(&rt->gc_log, &info, reason_of(rt));
  }
  rt->gc_log.start_ns = now_ns();
  return pmmi_cpy_py(pmmi_cpy_none(rt));
}

enum pmm_status pmmi_cpy_gc_log_start(pmm_rt *rt) {
  static PyMethodDef method = {"on_logged", on_logged, METH_VARARGS, NULL};
  rt->gc_log.count = 0;
  if (rt->gc_log.entry != NULL) {
    return PMM_OK;
  }
  pmmi_cpy_account_pause();
  rt->gc_log.entry = entry_new(&method, PyCapsule_New(rt, RUNTIME, NULL));
  if (rt->gc_log.entry != NULL &&
      PyList_Insert(PMMI_CPY_FN(gc_callbacks), 0, rt->gc_log.entry) < 0) {
    Py_DecRef(rt->gc_log.entry);
    rt->gc_log.entry = NULL;
  }
  pmmi_cpy_account_resume();
  return rt->gc_log.entry == NULL ? pmmi_cpy_failure(rt) : PMM_OK;
}

void pmmi_cpy_gc_log_stop(pmm_rt *rt) {
  struct pmmi_cpy_saved saved;
  PyObject *entry = rt->gc_log.entry;
  rt->gc_log.entry = NULL;
  if (entry == NULL) {
    return;
  }
  pmmi_cpy_save(&saved);
  (void)entry_drop(entry);
  PyErr_Clear();
  pmmi_cpy_restore(&saved);
}

uint64_t pmmi_cpy_gc_log_read(pmm_rt *rt, struct pmm_gc_run *out, size_t n) {
  assert(n == 0 || out != NULL);
  const struct pmmi_cpy_gc_log *log = &rt->gc_log;
  for (uint64_t i = 0; i < n && i < log->count && i < PMM_GC_LOG_RUNS; i++) {
    out[i] = log->runs[(log->count - 1 - i) % PMM_GC_LOG_RUNS];
  }
  return log->count;
}

void pmmi_cpy_listen_stop(pmm_rt *rt) {
  while (rt->hooks != NULL) {
    struct pmmi_cpy_hook *hook = rt->hooks;
    rt->hooks = hook->next;
    (void)entry_drop(hook->entry);
    PyErr_Clear();
  }
  pmmi_cpy_gc_log_stop(rt);
  rt->gc_log.count = 0;
}
