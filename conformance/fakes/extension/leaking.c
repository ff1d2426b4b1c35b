/* SPDX-License-Identifier: MIT */
/*
 * leaking.c - types that lose a block or a reference, each in another place.
 */
#include <stdlib.h>

#include "thing.h"

/** LeaksArgument: the constructor keeps two references and gives one back. */
static int leaks_argument_init(PyObject *self, PyObject *args,
                               PyObject *kwargs) {
  int result = thing_init(self, args, kwargs);
  Py_XINCREF(thing_of(self)->held);
  return result;
}

/** LeaksBlock: each object takes a block that nobody frees. */
static int leaks_block_init(PyObject *self, PyObject *args, PyObject *kwargs) {
  void *lost = PyMem_Malloc(BLOCK_BYTES);
  if (lost == NULL) {
    PyErr_NoMemory();
    return -1;
  }
  *(char *)lost = 1;
  return thing_init(self, args, kwargs);
}

/** LeaksMalloc: the same from malloc, which Python does not count. */
static int leaks_malloc_init(PyObject *self, PyObject *args,
                             PyObject *kwargs) {
  static volatile char *lost; /* seen by analyzers as still held */
  lost = malloc(BLOCK_BYTES);
  if (lost == NULL) {
    PyErr_NoMemory();
    return -1;
  }
  *lost = 1;
  return thing_init(self, args, kwargs);
}

/** LosesNone: an attribute is None, and no reference of the caller's own. */
static PyObject *loses_none_get(PyObject *self, void *closure) {
  (void)self;
  (void)closure;
  return Py_None;
}

/** ReinitLeaks: __init__ again overwrites what was held. */
static int reinit_leaks_init(PyObject *self, PyObject *args,
                             PyObject *kwargs) {
  PyObject *held;
  (void)kwargs;
  if (!thing_argument(args, &held)) {
    return -1;
  }
  Py_XINCREF(held);
  thing_of(self)->held = held;
  return 0;
}

/** CopyLeaks: a copy holds what the object holds, and once more. */
static PyObject *copy_leaks_copy(PyObject *self, PyObject *unused) {
  PyObject *held = thing_of(self)->held;
  PyObject *copy = PyObject_CallFunctionObjArgs((PyObject *)Py_TYPE(self),
                                                held, NULL);
  (void)unused;
  if (copy != NULL) {
    Py_INCREF(Py_TYPE(self));
  }
  return copy;
}

/** ErrorLeaks: the block for the answer is lost where the question raises. */
static PyObject *error_leaks_is_true(PyObject *self, PyObject *item) {
  void *block = PyMem_Malloc(BLOCK_BYTES);
  int answer;
  (void)self;
  if (block == NULL) {
    return PyErr_NoMemory();
  }
  answer = PyObject_IsTrue(item);
  if (answer < 0) {
    return NULL;
  }
  PyMem_Free(block);
  return PyBool_FromLong(answer);
}

/** LeaksType: the object's reference to its type stays. */
static void leaks_type_dealloc(PyObject *self) {
  Py_INCREF(Py_TYPE(self));
  thing_dealloc(self);
}

#define RIGHT_BUT(init, dealloc)                                         \
  SLOT(Py_tp_init, init), SLOT(Py_tp_dealloc, dealloc),                  \
      SLOT(Py_tp_traverse, thing_traverse), SLOT(Py_tp_clear, thing_clear), \
      SLOT(Py_tp_members, thing_members)

static PyGetSetDef loses_none_attributes[] = {
    {"nothing", loses_none_get, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static PyMethodDef copy_leaks_methods[] = {
    {"__copy__", copy_leaks_copy, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyMethodDef error_leaks_methods[] = {
    {"is_true", error_leaks_is_true, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot leaks_argument[] = {
    RIGHT_BUT(leaks_argument_init, thing_dealloc), {0, NULL}};
static PyType_Slot leaks_block[] = {
    RIGHT_BUT(leaks_block_init, thing_dealloc), {0, NULL}};
static PyType_Slot leaks_malloc[] = {
    RIGHT_BUT(leaks_malloc_init, thing_dealloc), {0, NULL}};
static PyType_Slot loses_none[] = {
    RIGHT_BUT(thing_init, thing_dealloc),
    SLOT(Py_tp_getset, loses_none_attributes), {0, NULL}};
static PyType_Slot reinit_leaks[] = {
    RIGHT_BUT(reinit_leaks_init, thing_dealloc), {0, NULL}};
static PyType_Slot copy_leaks[] = {
    RIGHT_BUT(thing_init, thing_dealloc),
    SLOT(Py_tp_methods, copy_leaks_methods), {0, NULL}};
static PyType_Slot error_leaks[] = {
    RIGHT_BUT(thing_init, thing_dealloc),
    SLOT(Py_tp_methods, error_leaks_methods), {0, NULL}};
static PyType_Slot leaks_type[] = {
    RIGHT_BUT(thing_init, leaks_type_dealloc), {0, NULL}};

int add_leaking_types(PyObject *module) {
  static const struct {
    const char *name;
    PyType_Slot *slots;
  } types[] = {
      {"LeaksArgument", leaks_argument}, {"LeaksBlock", leaks_block},
      {"LeaksMalloc", leaks_malloc},     {"LosesNone", loses_none},
      {"ReinitLeaks", reinit_leaks},     {"CopyLeaks", copy_leaks},
      {"ErrorLeaks", error_leaks},       {"LeaksType", leaks_type},
  };
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (thing_add(module, types[i].name, THING_FLAGS, types[i].slots) < 0) {
      return -1;
    }
  }
  return 0;
}
