/* SPDX-License-Identifier: MIT */
/*
 * right.c - types that are right, and look as if they were not.
 */
#include "thing.h"

/** Plain: numbers alone, so the collector need not know its objects. */
static void plain_dealloc(PyObject *self) {
  if (thing_of(self)->weak != NULL) {
    PyObject_ClearWeakRefs(self);
  }
  thing_free(self);
}

/** Pooled: blocks of the dead are kept for the next ones, a few of them. */
enum { KEPT = 8 };
static struct {
  void *block[KEPT];
  int count;
} pool;

static int pooled_init(PyObject *self, PyObject *args, PyObject *kwargs) {
  if (thing_of(self)->block == NULL) {
    thing_of(self)->block =
        pool.count > 0 ? pool.block[--pool.count] : PyMem_Malloc(BLOCK_BYTES);
    if (thing_of(self)->block == NULL) {
      PyErr_NoMemory();
      return -1;
    }
  }
  return thing_init(self, args, kwargs);
}

static void pooled_dealloc(PyObject *self) {
  if (pool.count < KEPT && thing_of(self)->block != NULL) {
    pool.block[pool.count++] = thing_of(self)->block;
    thing_of(self)->block = NULL;
  }
  thing_dealloc(self);
}

/** Shared: there is one object of the type, and each call gives it out. */
static PyObject *shared_new(PyTypeObject *type, PyObject *args,
                            PyObject *kwargs) {
  static PyObject *only;
  PyObject *held;
  (void)kwargs;
  if (!thing_argument(args, &held)) {
    return NULL;
  }
  if (only == NULL) {
    only = PyType_GenericAlloc(type, 0);
  }
  Py_XINCREF(only);
  return only;
}

/** Cached: a method remembers its answer for each of a few numbers. */
static PyObject *cached_answer(PyObject *self, PyObject *unused) {
  static PyObject *answers[4];
  static unsigned int turn;
  unsigned int at = turn++ % 4;
  (void)self;
  (void)unused;
  if (answers[at] == NULL) {
    answers[at] = PyUnicode_FromFormat("answer %d", (int)at);
  }
  Py_XINCREF(answers[at]);
  return answers[at];
}

static PyMethodDef cached_methods[] = {
    {"answer", cached_answer, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

#define RIGHT(init, dealloc)                                                \
  SLOT(Py_tp_init, init), SLOT(Py_tp_dealloc, dealloc),                     \
      SLOT(Py_tp_traverse, thing_traverse), SLOT(Py_tp_clear, thing_clear), \
      SLOT(Py_tp_members, thing_members)

static PyType_Slot right[] = {RIGHT(thing_init, thing_dealloc), {0, NULL}};
static PyType_Slot pooled[] = {RIGHT(pooled_init, pooled_dealloc), {0, NULL}};
static PyType_Slot cached[] = {RIGHT(thing_init, thing_dealloc),
                               SLOT(Py_tp_methods, cached_methods),
                               {0, NULL}};
static PyType_Slot plain[] = {SLOT(Py_tp_dealloc, plain_dealloc),
                              SLOT(Py_tp_members, plain_members),
                              {0, NULL}};
static PyType_Slot shared[] = {SLOT(Py_tp_new, shared_new),
                               SLOT(Py_tp_dealloc, plain_dealloc),
                               {0, NULL}};

int add_right_types(PyObject *module) {
  if (thing_add(module, "Right", THING_FLAGS, right) < 0 ||
      thing_add(module, "Pooled", THING_FLAGS, pooled) < 0 ||
      thing_add(module, "Cached", THING_FLAGS, cached) < 0 ||
      thing_add(module, "Plain", PLAIN_FLAGS, plain) < 0 ||
      thing_add(module, "Shared", Py_TPFLAGS_DEFAULT, shared) < 0) {
    return -1;
  }
  return 0;
}
