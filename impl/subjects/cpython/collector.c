/* SPDX-License-Identifier: MIT */
/*
 * collector.c - the interpreter's collector, through its gc module.
 */
#include "collector.h"

#include "account.h"
#include "core.h"
#include "counts.h"
#include "errors.h"
#include "ops.h"

/* Source: What's New in Python 3.15, "gc": 3.14.5 reverted it. */
const char *pmmi_cpy_collector_of(const char *version) {
  assert(version != NULL);
  int patch = 0;
  if (PMMI_CPY_FREE_THREADED) {
    return "full";
  }
  int is_314 = sscanf(version, "3.14.%d", &patch) == 1;
  return is_314 && patch < 5 ? "incremental" : "generational";
}

/** Collect everything.  Through the C API, as a count returned as an int
 *  would need memory; but that does nothing while the collector is off. */
static long long collect_all(void) {
#if PY_VERSION_HEX < 0x030a0000
  return pmmi_cpy_call_int(PMMI_CPY_FN(gc_collect), NULL);
#else
  int was_enabled = PyGC_Enable();
  long long found = (long long)PyGC_Collect();
  if (!was_enabled) {
    PyGC_Disable();
  }
  return found;
#endif
}

static long long collect_young(int generation) {
  PyObject *number = PyLong_FromLong(generation);
  long long found;
  if (number == NULL) {
    return -1;
  }
  found = pmmi_cpy_call_int(PMMI_CPY_FN(gc_collect), number);
  Py_DecRef(number);
  return found;
}

enum pmm_status pmmi_cpy_collect(pmm_rt *rt, int generation,
                                 uint64_t *unreachable) {
  rt->gc_asked++;
  long long found =
      generation == 2 ? collect_all() : collect_young(generation);
  rt->gc_asked--;
  if (found < 0) {
    return pmmi_cpy_failure(rt);
  }
  if (unreachable != NULL) {
    *unreachable = (uint64_t)found;
  }
  return PMM_OK;
}

/** Call for its effect, at any time. */
static void call_quietly(PyObject *callable) {
  assert(callable != NULL);
  struct pmmi_cpy_saved saved;
  pmmi_cpy_save(&saved);
  Py_DecRef(PyObject_CallObject(callable, NULL));
  PyErr_Clear();
  pmmi_cpy_restore(&saved);
}

void pmmi_cpy_gc_enable(pmm_rt *rt, int enabled) {
  (void)rt;
  call_quietly(enabled ? PMMI_CPY_FN(gc_enable) : PMMI_CPY_FN(gc_disable));
}

int pmmi_cpy_gc_enabled(pmm_rt *rt) {
  (void)rt;
  return pmmi_cpy_ask(PMMI_CPY_FN(gc_isenabled), NULL, 0) != 0;
}

pmm_obj *pmmi_cpy_gc_referents(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  return pmmi_cpy_obj(PyObject_CallFunctionObjArgs(
      PMMI_CPY_FN(gc_get_referents), pmmi_cpy_py(o), NULL));
}

pmm_obj *pmmi_cpy_gc_referrers(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  return pmmi_cpy_obj(PyObject_CallFunctionObjArgs(
      PMMI_CPY_FN(gc_get_referrers), pmmi_cpy_py(o), NULL));
}

/** A slot of any type.  Before 3.10 PyType_GetSlot refuses static types, and
 *  the extension is compiled for that version alone. */
#ifdef Py_LIMITED_API
#define TYPE_SLOT(type, slot) PyType_GetSlot(type, Py_##slot)
#else
#define TYPE_SLOT(type, slot)                                                 \
  pmmi_cpy_code_pointer((void (*)(void))(type)->slot)
#endif

struct visiting {
  pmm_visit visit;
  void *ctx;
};

static int visit_one(PyObject *referent, void *arg) {
  assert(arg != NULL && referent != NULL);
  const struct visiting *visiting = arg;
  return visiting->visit(visiting->ctx, pmmi_cpy_obj(referent));
}

int pmmi_cpy_gc_traverse(pmm_rt *rt, pmm_obj *o, pmm_visit visit, void *ctx) {
  assert(visit != NULL);
  struct visiting visiting = {visit, ctx};
  void *slot = TYPE_SLOT(Py_TYPE(pmmi_cpy_py(o)), tp_traverse);
  traverseproc traverse;
  (void)rt;
  memcpy(&traverse, &slot, sizeof traverse);
  return traverse == NULL ? 0
                          : traverse(pmmi_cpy_py(o), visit_one, &visiting);
}

enum pmm_status pmmi_cpy_gc_clear(pmm_rt *rt, pmm_obj *o) {
  void *slot = TYPE_SLOT(Py_TYPE(pmmi_cpy_py(o)), tp_clear);
  inquiry clear;
  memcpy(&clear, &slot, sizeof clear);
  if (clear == NULL) {
    return pmmi_cpy_fail(PMM_UNSUPPORTED, "the type has no clear");
  }
  (void)clear(pmmi_cpy_py(o));
  return pmmi_cpy_failure(rt);
}

int pmmi_cpy_gc_is_tracked(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  return pmmi_cpy_ask(PMMI_CPY_FN(gc_is_tracked), pmmi_cpy_py(o), 0) != 0;
}

enum pmm_status pmmi_cpy_gc_debug_set(pmm_rt *rt, uint32_t flags) {
  /* gc.DEBUG_SAVEALL is 32 in every version. */
  long value = (flags & PMM_GC_SAVEALL) != 0 ? 32 : 0;
  return pmmi_cpy_consume(
      rt, PyObject_CallFunction(PMMI_CPY_FN(gc_set_debug), "l", value));
}

pmm_obj *pmmi_cpy_gc_garbage(pmm_rt *rt) {
  (void)rt;
  return pmmi_cpy_obj(PMMI_CPY_FN(gc_garbage));
}

enum pmm_status pmmi_cpy_gc_freeze(pmm_rt *rt) {
  rt->gc_frozen = 1;
  return pmmi_cpy_consume(rt,
                          PyObject_CallObject(PMMI_CPY_FN(gc_freeze), NULL));
}

enum pmm_status pmmi_cpy_gc_unfreeze(pmm_rt *rt) {
  rt->gc_frozen = 0;
  return pmmi_cpy_consume(rt,
                          PyObject_CallObject(PMMI_CPY_FN(gc_unfreeze), NULL));
}

uint64_t pmmi_cpy_gc_freeze_count(pmm_rt *rt) {
  (void)rt;
  return (uint64_t)pmmi_cpy_ask(PMMI_CPY_FN(gc_get_freeze_count), NULL, 0);
}

pmm_obj *pmmi_cpy_gc_objects(pmm_rt *rt, int generation) {
  (void)rt;
  if (generation < 0) {
    return pmmi_cpy_obj(
        PyObject_CallObject(PMMI_CPY_FN(gc_get_objects), NULL));
  }
  return pmmi_cpy_obj(
      PyObject_CallFunction(PMMI_CPY_FN(gc_get_objects), "i", generation));
}

/** Three numbers out of a tuple that a function returns; 0 where it fails. */
static void three_numbers(PyObject *callable, uint64_t out[3]) {
  assert(callable != NULL);
  struct pmmi_cpy_saved saved;
  PyObject *tuple;
  long long read[3] = {0, 0, 0};
  pmmi_cpy_save(&saved);
  pmmi_cpy_account_pause();
  tuple = PyObject_CallObject(callable, NULL);
  if (tuple != NULL) {
    (void)PyArg_ParseTuple(tuple, "LLL", &read[0], &read[1], &read[2]);
    Py_DecRef(tuple);
  }
  pmmi_cpy_account_resume();
  PyErr_Clear();
  pmmi_cpy_restore(&saved);
  for (int i = 0; i < 3; i++) {
    out[i] = (uint64_t)read[i];
  }
}

void pmmi_cpy_gc_thresholds(pmm_rt *rt, uint64_t thresholds[3]) {
  (void)rt;
  three_numbers(PMMI_CPY_FN(gc_get_threshold), thresholds);
}

enum pmm_status pmmi_cpy_gc_set_thresholds(pmm_rt *rt,
                                           const uint64_t values[3]) {
  for (int i = 0; i < 3; i++) {
    if (values[i] > INT32_MAX) {
      return pmmi_cpy_fail(PMM_OVERFLOW, "a threshold is an int");
    }
  }
  return pmmi_cpy_consume(
      rt, PyObject_CallFunction(PMMI_CPY_FN(gc_set_threshold), "iii",
                                (int)values[0], (int)values[1],
                                (int)values[2]));
}

void pmmi_cpy_gc_counts(pmm_rt *rt, uint64_t counts[3]) {
  (void)rt;
  three_numbers(PMMI_CPY_FN(gc_get_count), counts);
}

/* ---- statistics --------------------------------------------------------- */

/** collections, collected, uncollectable of one generation's dict. */
static int read_stats(PyObject *stats, uint64_t out[3]) {
  assert(PyDict_Check(stats));
  static const char *const keys[] = {"collections", "collected",
                                     "uncollectable"};
  for (int i = 0; i < 3; i++) {
    PyObject *value = PyMapping_GetItemString(stats, keys[i]);
    if (value == NULL) {
      return -1;
    }
    out[i] = (uint64_t)PyLong_AsLongLong(value);
    Py_DecRef(value);
  }
  return PyErr_Occurred() == NULL ? 0 : -1;
}

int pmmi_cpy_stats_read(uint64_t out[3][3]) {
  PyObject *list;
  int result;
  pmmi_cpy_account_pause();
  list = PyObject_CallObject(PMMI_CPY_FN(gc_get_stats), NULL);
  result = list == NULL ? -1 : 0;
  for (int i = 0; result == 0 && i < 3; i++) {
    PyObject *stats = PySequence_GetItem(list, i);
    result = stats == NULL ? -1 : read_stats(stats, out[i]);
    Py_DecRef(stats);
  }
  Py_DecRef(list);
  pmmi_cpy_account_resume();
  return result;
}

enum pmm_status pmmi_cpy_gc_stats(pmm_rt *rt, int generation,
                                  struct pmm_gc_stats *out) {
  assert(out != NULL);
  uint64_t read[3][3];
  struct pmm_gc_stats all;
  if (generation < 0 || generation > 2) {
    return pmmi_cpy_fail(PMM_VALUE, "no such generation");
  }
  if (pmmi_cpy_stats_read(read) < 0) {
    return pmmi_cpy_failure(rt);
  }
  memset(&all, 0xff, sizeof all); /* PMM_UNKNOWN */
  all.struct_size = out->struct_size;
  all.collections = read[generation][0] - rt->stats_base[generation][0];
  all.collected = read[generation][1] - rt->stats_base[generation][1];
  all.uncollectable = read[generation][2] - rt->stats_base[generation][2];
  memcpy(out, &all,
         out->struct_size < sizeof all ? out->struct_size : sizeof all);
  return PMM_OK;
}

/** A full collection gives the free lists back.  All objects are frozen for
 *  it, so that none is collected; they are of the oldest generation after.
 *  Nothing is done while the host has objects frozen, as thawing ours would
 *  thaw those; the interpreter's count doesn't tell, since 3.12 freezes
 *  immortal objects of its own in each collection.
 *  The method cache holds names, and lets one go when another takes its place,
 *  which depends on the addresses of both: it is emptied too. */
void pmmi_cpy_caches_flush(pmm_rt *rt) {
  if (rt->gc_frozen) {
    return;
  }
  rt->gc_muted++;
  call_quietly(PMMI_CPY_FN(gc_freeze));
  call_quietly(PMMI_CPY_FN(gc_collect));
  call_quietly(PMMI_CPY_FN(gc_unfreeze));
  (void)PyType_ClearCache();
  rt->gc_muted--;
  rt->verify_all = 1;
}
