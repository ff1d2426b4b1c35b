/* SPDX-License-Identifier: MIT */
/*
 * thing.c - slots that are right, and the module.
 */
#include "thing.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

int thing_argument(PyObject *args, PyObject **held) {
  *held = NULL;
  return PyArg_ParseTuple(args, "|O", held);
}

int thing_init(PyObject *self, PyObject *args, PyObject *kwargs) {
  struct thing *thing = thing_of(self);
  PyObject *held;
  PyObject *before = thing->held;
  if (kwargs != NULL && PyDict_Size(kwargs) > 0) {
    PyErr_SetString(PyExc_TypeError, "no keyword is known");
    return -1;
  }
  if (!thing_argument(args, &held)) {
    return -1;
  }
  Py_XINCREF(held);
  thing->held = held;
  Py_XDECREF(before);
  return 0;
}

int thing_traverse(PyObject *self, visitproc visit, void *arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(thing_of(self)->held);
  return 0;
}

int thing_clear(PyObject *self) {
  Py_CLEAR(thing_of(self)->held);
  return 0;
}

/** 1 when an object is of one of these types, and only `self` owns it. */
static int is_alone(PyObject *self, PyObject *held) {
  return held != NULL && Py_TYPE(held) == Py_TYPE(self) &&
         Py_REFCNT(held) == 1;
}

void thing_drop_held(PyObject *self) {
  PyObject *held = thing_of(self)->held;
  thing_of(self)->held = NULL;
  /* The stack of C has an end, a chain has none. */
  while (is_alone(self, held)) {
    PyObject *next = thing_of(held)->held;
    thing_of(held)->held = NULL;
    Py_DECREF(held);
    held = next;
  }
  Py_XDECREF(held);
}

void thing_free(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  void *slot = PyType_GetSlot(type, Py_tp_free);
  freefunc release;
  assert(slot != NULL);
  memcpy(&release, &slot, sizeof release);
  PyMem_Free(thing_of(self)->block);
  release(self);
  Py_DECREF(type);
}

void thing_dealloc(PyObject *self) {
  PyObject_GC_UnTrack(self);
  if (thing_of(self)->weak != NULL) {
    PyObject_ClearWeakRefs(self);
  }
  thing_drop_held(self);
  thing_free(self);
}

PyMemberDef thing_members[] = {
    {"held", T_OBJECT, offsetof(struct thing, held), 0, "what it holds"},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(struct thing, weak), READONLY,
     NULL},
    {NULL, 0, 0, 0, NULL},
};

PyMemberDef plain_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(struct thing, weak), READONLY,
     NULL},
    {NULL, 0, 0, 0, NULL},
};

int thing_add(PyObject *module, const char *name, unsigned int flags,
              PyType_Slot *slots) {
  char full[64];
  PyType_Spec spec = {full, sizeof(struct thing), 0, flags, slots};
  PyObject *type;
  (void)snprintf(full, sizeof full, "pmm_faulty.%s", name);
  type = PyType_FromSpec(&spec);
  if (type == NULL || PyModule_AddObject(module, name, type) < 0) {
    Py_XDECREF(type);
    return -1;
  }
  return 0;
}

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "pmm_faulty", "Types with one mistake each.", -1,
    NULL, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_pmm_faulty(void);
PyMODINIT_FUNC PyInit_pmm_faulty(void) {
  PyObject *module = PyModule_Create(&definition);
  if (module == NULL) {
    return NULL;
  }
  if (add_leaking_types(module) < 0 || add_graph_types(module) < 0 ||
      add_careless_types(module) < 0 || add_right_types(module) < 0) {
    Py_DECREF(module);
    return NULL;
  }
  return module;
}
