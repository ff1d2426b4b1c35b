/* SPDX-License-Identifier: MIT */
/*
 * probe_copy.c - how instances of probe types are copied, and callbacks.
 *
 * The module `copy` asks a type's __copy__ and __deepcopy__; without them it
 * would refuse a type whose instances hold what Python cannot see.  They do
 * for slots and cookie what it does for a Python class: a new instance of the
 * same type with the same state, or with copies of it.  A callback stands for
 * a function of the host and, as Python's functions, is its own copy.
 */
#include "probe_copy.h"

#include "ops.h"
#include "probe_instance.h"
#include "runtime.h"

/** A copy of an item; `memo` NULL: the item itself, new. */
static PyObject *copy_item(PyObject *item, PyObject *memo) {
  assert(item != NULL);
  if (memo == NULL) {
    Py_IncRef(item);
    return item;
  }
  return PyObject_CallFunctionObjArgs(PMMI_CPY_FN(deepcopy), item, memo, NULL);
}

static int copy_slots(pmm_rt *rt, PyObject *from, PyObject *to,
                      PyObject *memo) {
  size_t slots = pmmi_cpy_probe_slots(from);
  for (size_t i = 0; i < slots; i++) {
    PyObject *item = pmmi_cpy_py(pmmi_cpy_slot_get(rt, pmmi_cpy_obj(from), i));
    PyObject *copy = item == NULL ? NULL : copy_item(item, memo);
    if (item != NULL && copy == NULL) {
      return -1;
    }
    if (pmmi_cpy_slot_set(rt, pmmi_cpy_obj(to), i, pmmi_cpy_obj(copy)) !=
        PMM_OK) {
      Py_DecRef(copy);
      return -1;
    }
    Py_DecRef(copy);
  }
  return 0;
}

/** to.NAME = a copy of from.NAME, for every attribute. */
static int copy_names(PyObject *names, PyObject *to, PyObject *memo) {
  assert(to != NULL);
  PyObject *items = PyDict_Items(names);
  Py_ssize_t n = items == NULL ? 0 : PyList_Size(items);
  int result = items == NULL ? -1 : 0;
  for (Py_ssize_t i = 0; i < n && result == 0; i++) {
    PyObject *pair = PyList_GetItem(items, i);
    PyObject *value = copy_item(PyTuple_GetItem(pair, 1), memo);
    result = value == NULL
                 ? -1
                 : PyObject_SetAttr(to, PyTuple_GetItem(pair, 0), value);
    Py_DecRef(value);
  }
  Py_DecRef(items);
  return result;
}

static int copy_attributes(PyObject *from, PyObject *to, PyObject *memo) {
  PyObject *names = PyObject_GetAttr(from, PMMI_CPY_NAME(__dict__));
  int result;
  if (names == NULL) {
    PyErr_Clear(); /* of a type without attributes */
    return 0;
  }
  result = copy_names(names, to, memo);
  Py_DecRef(names);
  return result;
}

/** The copy is known to the memo before its items are copied. */
static int remember(PyObject *from, PyObject *to, PyObject *memo) {
  assert(from != NULL && to != NULL);
  PyObject *address = PyLong_FromVoidPtr(from);
  int result = address == NULL ? -1 : PyObject_SetItem(memo, address, to);
  Py_DecRef(address);
  return result;
}

static PyObject *copy_probe(PyObject *self, PyObject *memo) {
  assert(self != NULL);
  pmm_rt *rt = pmmi_cpy_runtime();
  PyObject *type = (PyObject *)Py_TYPE(self);
  PyObject *to = pmmi_cpy_py(pmmi_cpy_instance_new(
      rt, pmmi_cpy_obj(type),
      pmmi_cpy_instance_cookie(rt, pmmi_cpy_obj(self))));
  if (to == NULL) {
    return NULL;
  }
  if ((memo != NULL && remember(self, to, memo) < 0) ||
      copy_slots(rt, self, to, memo) < 0 ||
      copy_attributes(self, to, memo) < 0) {
    Py_DecRef(to);
    return NULL;
  }
  return to;
}

static PyObject *shallow(PyObject *self, PyObject *unused) {
  (void)unused;
  return copy_probe(self, NULL);
}

static PyObject *deep(PyObject *self, PyObject *memo) {
  return copy_probe(self, memo);
}

PyMethodDef pmmi_cpy_probe_methods[] = {
    {"__copy__", shallow, METH_NOARGS, NULL},
    {"__deepcopy__", deep, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

/** Of a callback; also of a deep copy, whose memo it does not need. */
static PyObject *own_copy(PyObject *self, PyObject *unused) {
  (void)unused;
  Py_IncRef(self);
  return self;
}

PyMethodDef pmmi_cpy_own_copy_methods[] = {
    {"__copy__", own_copy, METH_NOARGS, NULL},
    {"__deepcopy__", own_copy, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
