/* SPDX-License-Identifier: MIT */
/*
 * graph.c - types that show the collector something else than they own, and
 * types that die in the wrong order or too deep.
 */
#include "thing.h"

/** Unvisited: what it holds is not shown. */
static int unvisited_traverse(PyObject *self, visitproc visit, void *arg) {
  Py_VISIT(Py_TYPE(self));
  return 0;
}

/** VisitsTwice: what it holds is shown twice and owned once. */
static int visits_twice_traverse(PyObject *self, visitproc visit, void *arg) {
  Py_VISIT(thing_of(self)->held);
  return thing_traverse(self, visit, arg);
}

/** HidesType: the type is not shown, though objects of heap types own it. */
static int hides_type_traverse(PyObject *self, visitproc visit, void *arg) {
  Py_VISIT(thing_of(self)->held);
  return 0;
}

/** NoClear: a cycle is found and cannot be broken. */
static int no_clear_clear(PyObject *self) {
  (void)self;
  return 0;
}

/** NoGc: the collector does not know objects that hold others. */
static void no_gc_dealloc(PyObject *self) {
  if (thing_of(self)->weak != NULL) {
    PyObject_ClearWeakRefs(self);
  }
  thing_drop_held(self);
  thing_free(self);
}

/** ForgetsWeak: weak references outlive the object, and are never told. */
static void forgets_weak_dealloc(PyObject *self) {
  PyObject_GC_UnTrack(self);
  thing_drop_held(self);
  thing_free(self);
}

/** StaysTracked: a collection in the death meets an object that has died. */
static void stays_tracked_dealloc(PyObject *self) {
  if (thing_of(self)->weak != NULL) {
    PyObject_ClearWeakRefs(self);
  }
  thing_drop_held(self);
  PyObject_GC_UnTrack(self);
  thing_free(self);
}

/** Deep: the death of one is a call inside the death of the one around it. */
static void deep_dealloc(PyObject *self) {
  PyObject_GC_UnTrack(self);
  if (thing_of(self)->weak != NULL) {
    PyObject_ClearWeakRefs(self);
  }
  Py_CLEAR(thing_of(self)->held);
  thing_free(self);
}

/** DeepNext: a step is a call inside the step of the one around it. */
static PyObject *deep_next_next(PyObject *self) {
  PyObject *held = thing_of(self)->held;
  PyObject *found = held == NULL || !PyIter_Check(held) ? NULL
                                                        : PyIter_Next(held);
  return found;
}

#define KIND(dealloc, traverse, clear)                             \
  SLOT(Py_tp_init, thing_init), SLOT(Py_tp_dealloc, dealloc),      \
      SLOT(Py_tp_traverse, traverse), SLOT(Py_tp_clear, clear),    \
      SLOT(Py_tp_members, thing_members)

static PyType_Slot unvisited[] = {
    KIND(thing_dealloc, unvisited_traverse, thing_clear), {0, NULL}};
static PyType_Slot visits_twice[] = {
    KIND(thing_dealloc, visits_twice_traverse, thing_clear), {0, NULL}};
static PyType_Slot hides_type[] = {
    KIND(thing_dealloc, hides_type_traverse, thing_clear), {0, NULL}};
static PyType_Slot no_clear[] = {
    KIND(thing_dealloc, thing_traverse, no_clear_clear), {0, NULL}};
static PyType_Slot forgets_weak[] = {
    KIND(forgets_weak_dealloc, thing_traverse, thing_clear), {0, NULL}};
static PyType_Slot stays_tracked[] = {
    KIND(stays_tracked_dealloc, thing_traverse, thing_clear), {0, NULL}};
static PyType_Slot deep[] = {
    KIND(deep_dealloc, thing_traverse, thing_clear), {0, NULL}};
static PyType_Slot deep_next[] = {
    KIND(thing_dealloc, thing_traverse, thing_clear),
    SLOT(Py_tp_iter, PyObject_SelfIter),
    SLOT(Py_tp_iternext, deep_next_next), {0, NULL}};
static PyType_Slot no_gc[] = {
    SLOT(Py_tp_init, thing_init), SLOT(Py_tp_dealloc, no_gc_dealloc),
    SLOT(Py_tp_members, thing_members), {0, NULL}};

int add_graph_types(PyObject *module) {
  static const struct {
    const char *name;
    PyType_Slot *slots;
  } types[] = {
      {"Unvisited", unvisited},   {"VisitsTwice", visits_twice},
      {"HidesType", hides_type},  {"NoClear", no_clear},
      {"ForgetsWeak", forgets_weak},  {"StaysTracked", stays_tracked},
      {"Deep", deep},             {"DeepNext", deep_next},
  };
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (thing_add(module, types[i].name, THING_FLAGS, types[i].slots) < 0) {
      return -1;
    }
  }
  return thing_add(module, "NoGc", PLAIN_FLAGS, no_gc);
}
