/* SPDX-License-Identifier: MIT */
/*
 * thing.h - what the types of the planted extension have in common.
 *
 * Each type has objects of one form. A right type takes all of its slots from
 * here; a faulty one replaces a slot by its mistake. They are heap types of the
 * limited API, so that one build serves CPython 3.10 and later.
 *
 *   byte 0      16      24      32
 *        | head | held  | weak  | block |
 */
#ifndef PMM_FAKES_THING_H
#define PMM_FAKES_THING_H

#include <Python.h>
#include <structmember.h>

struct thing {
  PyObject_HEAD
  PyObject *held;  /* owned, or NULL: anything                 */
  PyObject *weak;  /* list of weak references, CPython's own   */
  void *block;     /* owned, or NULL: of PyMem_Malloc          */
};

enum { BLOCK_BYTES = 64 };

/** A slot's function. ISO C lets none become a void *, as the struct asks. */
#define SLOT(id, function) {(id), __extension__(void *)(function)}

static inline struct thing *thing_of(PyObject *self) {
  return (struct thing *)(void *)self;
}

int thing_init(PyObject *self, PyObject *args, PyObject *kwargs);
int thing_traverse(PyObject *self, visitproc visit, void *arg);
int thing_clear(PyObject *self);
void thing_dealloc(PyObject *self);
/** The last of a death: memory, and the reference to the type. */
void thing_free(PyObject *self);
/** Let go of what is held, also of a chain of any length. */
void thing_drop_held(PyObject *self);
/** The optional argument of a constructor, borrowed; 0 and an error else. */
int thing_argument(PyObject *args, PyObject **held);

extern PyMemberDef thing_members[];
extern PyMemberDef plain_members[];

/** Add a type to a module; -1 and an error when that fails. */
int thing_add(PyObject *module, const char *name, unsigned int flags,
              PyType_Slot *slots);

enum {
  THING_FLAGS = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
  PLAIN_FLAGS = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE
};

int add_leaking_types(PyObject *module);
int add_graph_types(PyObject *module);
int add_careless_types(PyObject *module);
int add_right_types(PyObject *module);

#endif /* PMM_FAKES_THING_H */
