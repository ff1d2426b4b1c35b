/* SPDX-License-Identifier: MIT */
/*
 * core.c - references, atoms and what every object can do.
 */
#include "core.h"

#include "account.h"
#include "counts.h"
#include "errors.h"
#include "ops.h"
#include "symbols.h"

int pmmi_cpy_collect_if_due(void) {
  return pmmi_cpy_lib.version >= 0x030c ? PyErr_CheckSignals() : 0;
}

long long pmmi_cpy_call_int(PyObject *callable, PyObject *argument) {
  PyObject *result = PyObject_CallFunctionObjArgs(callable, argument, NULL);
  long long value;
  if (result == NULL) {
    return -1;
  }
  value = PyLong_AsLongLong(result);
  Py_DecRef(result);
  return value;
}

long long pmmi_cpy_ask(PyObject *callable, PyObject *argument,
                       long long other) {
  struct pmmi_cpy_saved saved;
  long long value;
  pmmi_cpy_save(&saved);
  pmmi_cpy_account_pause(); /* a question must not fail for want of memory */
  value = pmmi_cpy_call_int(callable, argument);
  pmmi_cpy_account_resume();
  if (value < 0 && PyErr_Occurred() != NULL) {
    PyErr_Clear();
    value = other;
  }
  pmmi_cpy_restore(&saved);
  return value;
}

PyObject *pmmi_cpy_name_new(const char *text) {
  assert(text != NULL);
  PyObject *name;
  pmmi_cpy_account_pause();
  name = PyUnicode_InternFromString(text);
  pmmi_cpy_account_resume();
  return name;
}

PyObject *pmmi_cpy_tuple_of(pmm_obj *const *items, size_t n) {
  assert(n == 0 || items != NULL);
  PyObject *tuple = PyTuple_New(pmmi_cpy_size(n));
  if (tuple == NULL) {
    return NULL;
  }
  for (size_t i = 0; i < n; i++) {
    Py_IncRef(pmmi_cpy_py(items[i]));
    PyTuple_SetItem(tuple, (Py_ssize_t)i, pmmi_cpy_py(items[i]));
  }
  return tuple;
}

/* ---- references --------------------------------------------------------- */

void pmmi_cpy_retain(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  Py_IncRef(pmmi_cpy_py(o));
}

void pmmi_cpy_release(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  Py_DecRef(pmmi_cpy_py(o));
}

void pmmi_cpy_clear(pmm_rt *rt, pmm_obj **holder) {
  assert(holder != NULL);
  pmm_obj *o = *holder;
  (void)rt;
  *holder = NULL;
  Py_DecRef(pmmi_cpy_py(o));
}

int pmmi_cpy_same(pmm_rt *rt, pmm_obj *a, pmm_obj *b) {
  (void)rt;
  return a == b;
}

uintptr_t pmmi_cpy_identity(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  return (uintptr_t)o;
}

/** The one str of that value that stays alive; borrowed, NULL on failure. */
static PyObject *lasting_name(PyObject *name) {
  assert(name != NULL);
  PyObject *kept = PyDict_GetItemWithError(pmmi_cpy_lib.type_names, name);
  if (kept == NULL && PyErr_Occurred() == NULL &&
      PyDict_SetItem(pmmi_cpy_lib.type_names, name, name) == 0) {
    kept = name;
  }
  return kept;
}

const char *pmmi_cpy_type_name(pmm_rt *rt, pmm_obj *o) {
  assert(o != NULL);
  struct pmmi_cpy_saved saved;
  PyObject *name;
  PyObject *kept;
  const char *text = NULL;
  (void)rt;
  pmmi_cpy_save(&saved);
  pmmi_cpy_account_pause();
  name = PyObject_GetAttr((PyObject *)Py_TYPE(pmmi_cpy_py(o)),
                          PMMI_CPY_NAME(__name__));
  kept = name == NULL ? NULL : lasting_name(name);
  if (kept != NULL) {
    text = PyUnicode_AsUTF8AndSize(kept, NULL);
  }
  Py_DecRef(name);
  pmmi_cpy_account_resume();
  PyErr_Clear();
  pmmi_cpy_restore(&saved);
  return text == NULL ? "" : text;
}

/* ---- counts ------------------------------------------------------------- */

uint64_t pmmi_cpy_refcount(pmm_rt *rt, pmm_obj *o) {
  assert(o != NULL);
  (void)rt;
  if (pmmi_cpy_sym.refcount != NULL) {
    return (uint64_t)pmmi_cpy_sym.refcount(pmmi_cpy_py(o));
  }
  return (uint64_t)pmmi_cpy_count(pmmi_cpy_py(o));
}

/** sys.getrefcount, called by Python code: the argument is a reference, the
 *  holder's item is another, which the helper takes off again. */
uint64_t pmmi_cpy_refcount_reported(pmm_rt *rt, pmm_obj *o) {
  assert(o != NULL);
  struct pmmi_cpy_saved saved;
  PyObject *holder;
  long long count = 0;
  (void)rt;
  pmmi_cpy_save(&saved);
  pmmi_cpy_account_pause();
  holder = PyTuple_Pack(1, pmmi_cpy_py(o));
  if (holder != NULL) {
    count = pmmi_cpy_call_int(PMMI_CPY_FN(count_of), holder);
    Py_DecRef(holder);
  }
  pmmi_cpy_account_resume();
  PyErr_Clear();
  pmmi_cpy_restore(&saved);
  return count < 0 ? 0 : (uint64_t)count;
}

enum pmm_status pmmi_cpy_refcount_set(pmm_rt *rt, pmm_obj *o, uint64_t count) {
  PyObject *object = pmmi_cpy_py(o);
  (void)rt;
  if (pmmi_cpy_sym.refcount != NULL && !PMMI_CPY_FREE_THREADED) {
    /* From 3.14 the count is the lower half of a word with flags. */
    uint32_t low = (uint32_t)count;
    memcpy(object, &low, sizeof low);
  } else {
    pmmi_cpy_set_count(object, (Py_ssize_t)count);
  }
  return PMM_OK;
}

int pmmi_cpy_is_immortal(pmm_rt *rt, pmm_obj *o) {
  assert(o != NULL);
  (void)rt;
  if (pmmi_cpy_sym.is_immortal != NULL) {
    return pmmi_cpy_sym.is_immortal(pmmi_cpy_py(o));
  }
  return pmmi_cpy_lib.version >= 0x030c &&
         pmmi_cpy_never_dies(pmmi_cpy_py(o));
}

/* ---- atoms -------------------------------------------------------------- */

static pmm_obj *counted(PyObject *o) {
  Py_IncRef(o);
  return pmmi_cpy_obj(o);
}

pmm_obj *pmmi_cpy_none(pmm_rt *rt) {
  (void)rt;
  return counted(Py_None);
}

pmm_obj *pmmi_cpy_boolean(pmm_rt *rt, int truth) {
  (void)rt;
  return counted(truth ? Py_True : Py_False);
}

pmm_obj *pmmi_cpy_int_new(pmm_rt *rt, int64_t value) {
  (void)rt;
  return pmmi_cpy_obj(PyLong_FromLongLong(value));
}

pmm_obj *pmmi_cpy_int_parse(pmm_rt *rt, const char *text) {
  assert(text != NULL);
  char *end = NULL;
  PyObject *number;
  (void)rt;
  number = PyLong_FromString(text, &end, 10);
  if (number != NULL && end != NULL && *end != '\0') {
    Py_DecRef(number);
    return pmmi_cpy_fail_null(PMM_VALUE, "not a decimal number");
  }
  return pmmi_cpy_obj(number);
}

enum pmm_status pmmi_cpy_int_value(pmm_rt *rt, pmm_obj *o, int64_t *value) {
  assert(value != NULL);
  long long read;
  if (!PyLong_Check(pmmi_cpy_py(o))) {
    return pmmi_cpy_fail(PMM_TYPE, "not an int");
  }
  read = PyLong_AsLongLong(pmmi_cpy_py(o));
  if (read == -1 && PyErr_Occurred() != NULL) {
    return pmmi_cpy_failure(rt);
  }
  *value = read;
  return PMM_OK;
}

pmm_obj *pmmi_cpy_float_new(pmm_rt *rt, double value) {
  (void)rt;
  return pmmi_cpy_obj(PyFloat_FromDouble(value));
}

enum pmm_status pmmi_cpy_float_value(pmm_rt *rt, pmm_obj *o, double *value) {
  assert(value != NULL);
  double read = PyFloat_AsDouble(pmmi_cpy_py(o));
  if (PyErr_Occurred() != NULL) {
    return pmmi_cpy_failure(rt);
  }
  *value = read;
  return PMM_OK;
}

/* ---- any object --------------------------------------------------------- */

enum pmm_status pmmi_cpy_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                int *equal) {
  assert(equal != NULL);
  int result =
      PyObject_RichCompareBool(pmmi_cpy_py(a), pmmi_cpy_py(b), Py_EQ);
  if (result < 0) {
    return pmmi_cpy_failure(rt);
  }
  *equal = result;
  return PMM_OK;
}

enum pmm_status pmmi_cpy_hash(pmm_rt *rt, pmm_obj *o, int64_t *hash) {
  assert(hash != NULL);
  Py_hash_t value = PyObject_Hash(pmmi_cpy_py(o));
  if (value == -1) {
    return pmmi_cpy_failure(rt);
  }
  *hash = (int64_t)value;
  return PMM_OK;
}

pmm_obj *pmmi_cpy_repr(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  return pmmi_cpy_obj(PyObject_Repr(pmmi_cpy_py(o)));
}

enum pmm_status pmmi_cpy_length(pmm_rt *rt, pmm_obj *o, size_t *length) {
  assert(length != NULL);
  Py_ssize_t size = PyObject_Size(pmmi_cpy_py(o));
  if (size < 0) {
    return pmmi_cpy_failure(rt);
  }
  *length = (size_t)size;
  return PMM_OK;
}

pmm_obj *pmmi_cpy_iter(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  return pmmi_cpy_obj(PyObject_GetIter(pmmi_cpy_py(o)));
}

pmm_obj *pmmi_cpy_next(pmm_rt *rt, pmm_obj *iterator) {
  assert(iterator != NULL);
  PyObject *item;
  (void)rt;
  if (!PyIter_Check(pmmi_cpy_py(iterator))) {
    return pmmi_cpy_fail_null(PMM_TYPE, "not an iterator");
  }
  item = PyIter_Next(pmmi_cpy_py(iterator));
  if (item == NULL && PyErr_Occurred() == NULL) {
    PyErr_SetNone(PyExc_StopIteration);
  }
  return pmmi_cpy_obj(item);
}

enum pmm_status pmmi_cpy_size_of(pmm_rt *rt, pmm_obj *o, size_t *bytes) {
  assert(bytes != NULL);
  long long size = pmmi_cpy_call_int(PMMI_CPY_FN(getsizeof), pmmi_cpy_py(o));
  if (size < 0) {
    return pmmi_cpy_failure(rt);
  }
  *bytes = (size_t)size;
  return PMM_OK;
}
