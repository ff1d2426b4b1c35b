/* SPDX-License-Identifier: MIT */
/*
 * careless.c - types that expect too much: of __init__, of memory, of errors.
 */
#include <string.h>

#include "thing.h"

/** The block that careless types fill in __init__. */
static int with_block_init(PyObject *self, PyObject *args, PyObject *kwargs) {
  if (thing_of(self)->block == NULL) {
    thing_of(self)->block = PyMem_Malloc(BLOCK_BYTES);
    if (thing_of(self)->block == NULL) {
      PyErr_NoMemory();
      return -1;
    }
    memset(thing_of(self)->block, 'x', BLOCK_BYTES);
  }
  return thing_init(self, args, kwargs);
}

/** NeedsInit: the block is read, whether __init__ made it or not. */
static PyObject *needs_init_first(PyObject *self, PyObject *unused) {
  (void)unused;
  return PyLong_FromLong(*(volatile char *)thing_of(self)->block);
}

/** NoCheck: a list is filled, whether it was made or not. */
static PyObject *no_check_repr(PyObject *self) {
  PyObject *parts = PyList_New(1);
  PyObject *text;
  (void)self;
  (void)PyList_SetItem(parts, 0, PyUnicode_FromString("part"));
  text = PyObject_Str(PyList_GetItem(parts, 0));
  Py_DECREF(parts);
  return text;
}

/** Swallows: without memory the text is another one, and no error tells. */
static PyObject *swallows_repr(PyObject *self) {
  PyObject *text = PyUnicode_FromFormat("<a thing, %d blocks>",
                                        thing_of(self)->block != NULL);
  if (text == NULL) {
    PyErr_Clear();
    return PyUnicode_FromString("");
  }
  return text;
}

/** WrongError: without memory it says that a key is missing. */
static PyObject *wrong_error_repr(PyObject *self) {
  PyObject *text = PyUnicode_FromFormat("<a thing, %d blocks>",
                                        thing_of(self)->block != NULL);
  if (text == NULL) {
    PyErr_SetString(PyExc_KeyError, "no text");
  }
  return text;
}

/** LosesOnFailure: the first block is lost when there is no second one. */
static PyObject *loses_on_failure_repr(PyObject *self) {
  void *first = PyMem_Malloc(BLOCK_BYTES);
  PyObject *text;
  (void)self;
  if (first == NULL) {
    return PyErr_NoMemory();
  }
  text = PyUnicode_FromFormat("<a thing, %d bytes>", (int)BLOCK_BYTES);
  if (text == NULL) {
    return NULL;
  }
  PyMem_Free(first);
  return text;
}

/** DropsTwice: without memory the pair gives back its items, and we one more. */
static PyObject *drops_twice_add(PyObject *self, PyObject *item) {
  PyObject *pair = PyTuple_New(2);
  void *block;
  if (pair == NULL) {
    return NULL;
  }
  for (Py_ssize_t at = 0; at < 2; at++) {
    Py_INCREF(item);
    (void)PyTuple_SetItem(pair, at, item);
  }
  block = PyMem_Malloc(BLOCK_BYTES);
  if (block == NULL) {
    Py_DECREF(pair);
    Py_DECREF(item);
    return PyErr_NoMemory();
  }
  PyMem_Free(block);
  thing_drop_held(self);
  thing_of(self)->held = pair;
  Py_RETURN_NONE;
}

/** NoError: a wrong argument gives NULL, and no exception is set. */
static PyObject *no_error_add(PyObject *self, PyObject *item) {
  (void)self;
  if (!PyLong_Check(item)) {
    return NULL;
  }
  Py_INCREF(item);
  return item;
}

#define CARELESS(init)                                                      \
  SLOT(Py_tp_init, init), SLOT(Py_tp_dealloc, thing_dealloc),               \
      SLOT(Py_tp_traverse, thing_traverse), SLOT(Py_tp_clear, thing_clear), \
      SLOT(Py_tp_members, thing_members)

static PyMethodDef needs_init_methods[] = {
    {"first", needs_init_first, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyMethodDef no_error_methods[] = {
    {"add", no_error_add, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
static PyMethodDef drops_twice_methods[] = {
    {"add", drops_twice_add, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot needs_init[] = {
    CARELESS(with_block_init), SLOT(Py_tp_methods, needs_init_methods),
    {0, NULL}};
static PyType_Slot no_check[] = {
    CARELESS(thing_init), SLOT(Py_tp_repr, no_check_repr), {0, NULL}};
static PyType_Slot swallows[] = {
    CARELESS(with_block_init), SLOT(Py_tp_repr, swallows_repr), {0, NULL}};
static PyType_Slot wrong_error[] = {
    CARELESS(with_block_init), SLOT(Py_tp_repr, wrong_error_repr),
    {0, NULL}};
static PyType_Slot loses_on_failure[] = {
    CARELESS(thing_init), SLOT(Py_tp_repr, loses_on_failure_repr),
    {0, NULL}};
static PyType_Slot drops_twice[] = {
    CARELESS(thing_init), SLOT(Py_tp_methods, drops_twice_methods),
    {0, NULL}};
static PyType_Slot no_error[] = {
    CARELESS(thing_init), SLOT(Py_tp_methods, no_error_methods), {0, NULL}};

int add_careless_types(PyObject *module) {
  static const struct {
    const char *name;
    PyType_Slot *slots;
  } types[] = {
      {"NeedsInit", needs_init},   {"NoCheck", no_check},
      {"Swallows", swallows},      {"WrongError", wrong_error},
      {"NoError", no_error},       {"LosesOnFailure", loses_on_failure},
      {"DropsTwice", drops_twice},
  };
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (thing_add(module, types[i].name, THING_FLAGS, types[i].slots) < 0) {
      return -1;
    }
  }
  return 0;
}
