/* SPDX-License-Identifier: MIT */
/*
 * mymod.c - an extension of a stranger: a Ring holds one object, and is sound.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

typedef struct {
  PyObject_HEAD
  PyObject *held;
} Ring;

static int ring_init(PyObject *self, PyObject *args, PyObject *kwargs) {
  static char *names[] = {"held", NULL};
  PyObject *held = Py_None;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O", names, &held)) {
    return -1;
  }
  Py_INCREF(held);
  Py_XSETREF(((Ring *)self)->held, held);
  return 0;
}

static int ring_traverse(PyObject *self, visitproc visit, void *arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(((Ring *)self)->held);
  return 0;
}

static int ring_clear(PyObject *self) {
  Py_CLEAR(((Ring *)self)->held);
  return 0;
}

static void ring_dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  Py_TRASHCAN_BEGIN(self, ring_dealloc)
  (void)ring_clear(self);
  type->tp_free(self);
  Py_DECREF(type);
  Py_TRASHCAN_END
}

static PyObject *ring_get(PyObject *self, PyObject *unused) {
  PyObject *held = ((Ring *)self)->held;
  (void)unused;
  if (held == NULL) {
    Py_RETURN_NONE;
  }
  Py_INCREF(held);
  return held;
}

static PyMethodDef ring_methods[] = {
    {"get", ring_get, METH_NOARGS, "Return what it holds."}, {0}};

static PyType_Slot ring_slots[] = {
    {Py_tp_init, ring_init},       {Py_tp_traverse, ring_traverse},
    {Py_tp_clear, ring_clear},     {Py_tp_dealloc, ring_dealloc},
    {Py_tp_methods, ring_methods}, {0}};

static PyType_Spec ring_spec = {
    .name = "mymod.Ring",
    .basicsize = sizeof(Ring),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .slots = ring_slots};

static int fill(PyObject *module) {
  PyObject *type = PyType_FromSpec(&ring_spec);
  int added = type == NULL ? -1 : PyModule_AddObjectRef(module, "Ring", type);
  Py_XDECREF(type);
  return added;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, fill}, {0}};
static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "mymod", .m_slots = slots};

PyMODINIT_FUNC PyInit_mymod(void) { return PyModuleDef_Init(&definition); }
