/* SPDX-License-Identifier: MIT */
/*
 * module.c - the extension module _pmm: the programs as functions of Python.
 *
 *   NAME(argv, extra=None)  run that program (programs.h); the exit code
 *   describe()              what the subject says of itself, as a dict
 *
 * Programs run under the helper `enter`, the Python frame whose file names
 * allocation sites (subjects/cpython/trace.c).
 */
#include <Python.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "hosts/cpython/programs.h"
#include "pmm/ops.h"
#include "subjects/cpython/adaptor.h"

#define PROGRAMS_MAX 8

/** A Python list of str as argv, which has room for one more; its texts live
 *  as long as the list.  0, or -1 with an exception. */
static int read_arguments(PyObject *list, Py_ssize_t count, char **argv) {
  assert(argv != NULL);
  for (Py_ssize_t i = 0; i < count; i++) {
    PyObject *item = PySequence_GetItem(list, i);
    const char *text =
        item == NULL ? NULL : PyUnicode_AsUTF8AndSize(item, NULL);
    if (text == NULL) {
      Py_DecRef(item);
      return -1;
    }
    memcpy(&argv[i], &text, sizeof text); /* getopt permutes, not writes */
    Py_DecRef(item);                      /* the list holds it           */
  }
  argv[count] = NULL;
  return 0;
}

/** The program that a capsule of the module holds. */
static const struct pmmi_program *program_of(PyObject *capsule) {
  assert(PyCapsule_CheckExact(capsule));
  return PyCapsule_GetPointer(capsule, "pmm.program");
}

/** (argv, extra) under `enter`. */
static PyObject *run_program(PyObject *capsule, PyObject *arguments) {
  const struct pmmi_program *program = program_of(capsule);
  PyObject *list = NULL;
  PyObject *result = NULL;
  const char *extra = NULL;
  assert(program != NULL && program->run != NULL);
  if (!PyArg_ParseTuple(arguments, "O|z", &list, &extra)) {
    return NULL;
  }
  Py_ssize_t count = PySequence_Size(list);
  if (count < 0) {
    return NULL;
  }
  char **argv = calloc((size_t)count + 1, sizeof *argv);
  if (argv == NULL) {
    return PyErr_NoMemory();
  }
  if (read_arguments(list, count, argv) == 0) {
    result = PyLong_FromLong(
        program->run(pmmi_cpy_subject(), (int)count, argv, extra));
  }
  free(argv);
  return result;
}

/** What Python calls: let `enter` call run_program. */
static PyObject *enter_program(PyObject *capsule, PyObject *arguments) {
  static PyMethodDef method = {"run", run_program, METH_O, NULL};
  PyObject *function = PyCFunction_New(&method, capsule);
  PyObject *result = NULL;
  assert(PyCapsule_CheckExact(capsule));
  if (function != NULL) {
    result = pmmi_cpy_enter(function, arguments);
  }
  Py_DecRef(function);
  return result;
}

/** The features that are offered, as a list of str. */
static PyObject *offered(void) {
#define NAME_OF(name) #name,
  static const char *const names[] = {PMM_FEATURES(NAME_OF)};
#undef NAME_OF
  const struct pmm_subject *subject = pmmi_cpy_subject();
  PyObject *list = PyList_New(0);
  for (size_t i = 0; list != NULL && i < sizeof names / sizeof names[0]; i++) {
    if (subject->feature(names[i]) == NULL) {
      continue;
    }
    PyObject *name = PyUnicode_FromString(names[i]);
    if (name == NULL || PyList_Append(list, name) < 0) {
      Py_DecRef(list);
      list = NULL;
    }
    Py_DecRef(name);
  }
  return list;
}

static PyObject *module_describe(PyObject *module, PyObject *args) {
  const struct pmm_subject *subject = pmmi_cpy_subject();
  PyObject *optimised = pmmi_cpy_optimised();
  PyObject *list = optimised == NULL ? NULL : offered();
  (void)module;
  (void)args;
  if (list == NULL) {
    Py_DecRef(optimised);
    return NULL;
  }
  return Py_BuildValue("{s:s,s:s,s:s,s:s,s:N,s:N}", "subject", subject->name,
                       "version", subject->version, "build", subject->build,
                       "profile", subject->profile, "optimised", optimised,
                       "features", list);
}

/** Add a program to the module as a function.  0, or -1 with an exception. */
static int add_program(PyObject *module, const struct pmmi_program *program,
                       PyMethodDef *method) {
  PyObject *capsule;
  PyObject *function;
  void *row;
  int result = -1;
  assert(program->help != NULL && program->run != NULL);
  memcpy(&row, &program, sizeof row); /* capsules know no const */
  *method = (PyMethodDef){program->name, enter_program, METH_VARARGS,
                          program->help};
  capsule = PyCapsule_New(row, "pmm.program", NULL);
  function = capsule == NULL ? NULL : PyCFunction_New(method, capsule);
  if (function != NULL) {
    result = PyObject_SetAttrString(module, program->name, function);
  }
  Py_DecRef(function);
  Py_DecRef(capsule);
  return result;
}

static int add_programs(PyObject *module) {
  static PyMethodDef methods[PROGRAMS_MAX];
  for (size_t i = 0; pmmi_programs[i].name != NULL; i++) {
    assert(i < PROGRAMS_MAX);
    if (add_program(module, &pmmi_programs[i], &methods[i]) < 0) {
      return -1;
    }
  }
  return 0;
}

PyMODINIT_FUNC PyInit__pmm(void);

PyMODINIT_FUNC PyInit__pmm(void) {
  static PyMethodDef methods[] = {
      {"describe", module_describe, METH_NOARGS,
       "describe(): what this subject is, as a dict"},
      {NULL, NULL, 0, NULL},
  };
  static struct PyModuleDef definition = {
      PyModuleDef_HEAD_INIT, .m_name = "_pmm", .m_size = -1,
      .m_doc = "pmm inside this interpreter", .m_methods = methods};
  PyObject *module;
  if (pmmi_cpy_load() < 0) {
    return NULL;
  }
  module = PyModule_Create(&definition);
  if (module != NULL && add_programs(module) < 0) {
    Py_DecRef(module);
    return NULL;
  }
#ifdef Py_GIL_DISABLED
  /* Else loading it would bring the lock back that such a build does without.
   * Of the suite's threads one alone uses objects. */
  if (module != NULL) {
    (void)PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED);
  }
#endif
  return module;
}
