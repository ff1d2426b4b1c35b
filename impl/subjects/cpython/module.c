/* SPDX-License-Identifier: MIT */
/*
 * module.c - the extension module _pmm.
 *
 *   conform(argv, command)  run the conformance cases on this interpreter
 *   work(argv)              run one workload on it
 *   bench(module, argv)     run a benchmark program of that module on it
 *   selftest()              check the operations themselves, as TAP
 *   describe()              what the subject says of itself, as a dict
 *
 * The first four return an exit code.  They run under the helper `enter`,
 * the Python frame whose file names allocation sites (trace.c).
 */
#include "ops.h"
#include "selftest.h"
#include "symbols.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "bench_host.h"
#include "conform.h"
#include "work.h"

#define ARGUMENTS_MAX 256

/** A Python list of str as argv; its texts live as long as the list. */
static int read_arguments(PyObject *list, char *argv[ARGUMENTS_MAX + 1]) {
  Py_ssize_t count = PySequence_Size(list);
  if (count > ARGUMENTS_MAX) {
    PyErr_SetString(PyExc_ValueError, "too many arguments");
    return -1;
  }
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
  return (int)count;
}

/** Around each fork of the harness: the child must be a sane interpreter. */
static void before_fork(void *ctx) {
  (void)ctx;
  PyOS_BeforeFork();
}
static void after_fork_parent(void *ctx) {
  (void)ctx;
  PyOS_AfterFork_Parent();
}
static void after_fork_child(void *ctx) {
  (void)ctx;
  PyOS_AfterFork_Child();
}

/* Room for four paths, each letter of them quoted. */
static char command[4 * 4 * 4096] = "pmm-conform";

/** Of the interpreter, as it was before anything of ours lay over it. */
static const char *allocator;

static PyObject *run_conform(PyObject *module, PyObject *list) {
  static struct pmm_conform_host host = {
      .command = command,
      .fork = {.before = before_fork,
               .after_parent = after_fork_parent,
               .after_child = after_fork_child}};
  char *argv[ARGUMENTS_MAX + 1];
  int argc = read_arguments(list, argv);
  (void)module;
  if (argc < 0) {
    return NULL;
  }
  host.allocator = allocator;
  pmm_conform_attach(&host);
  return PyLong_FromLong(pmm_conform_main(pmmi_cpy_subject(), argc, argv));
}

static PyObject *run_work(PyObject *module, PyObject *list) {
  char *argv[ARGUMENTS_MAX + 1];
  int argc = read_arguments(list, argv);
  (void)module;
  if (argc < 0) {
    return NULL;
  }
  return PyLong_FromLong(pmm_work_main(pmmi_cpy_subject(), argc, argv));
}

/** What the module of the benchmarks exports; NULL with an ImportError. */
static pmm_bench_host_fn load_bench(const char *path) {
  pmm_bench_host_fn run = NULL;
  /* Never closed: the library of the benchmarks keeps state of the process. */
  void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void *symbol = module == NULL ? NULL : dlsym(module, PMM_BENCH_HOST);
  if (symbol == NULL) {
    PyErr_SetString(PyExc_ImportError, dlerror());
    return NULL;
  }
  memcpy(&run, &symbol, sizeof run);
  return run;
}

static pmm_bench_host_fn bench;

static PyObject *run_bench(PyObject *module, PyObject *list) {
  char *argv[ARGUMENTS_MAX + 1];
  int argc = read_arguments(list, argv);
  (void)module;
  if (argc < 0) {
    return NULL;
  }
  return PyLong_FromLong(bench(pmmi_cpy_subject(), argc, argv));
}

static PyObject *run_selftest(PyObject *module, PyObject *list) {
  (void)module;
  (void)list;
  return PyLong_FromLong(pmmi_cpy_selftest(pmmi_cpy_subject()));
}

/** Call `method` on `argument` under the frame that names sites. */
static PyObject *enter(PyMethodDef *method, PyObject *argument) {
  PyObject *function = PyCFunction_New(method, NULL);
  PyObject *result = NULL;
  if (function != NULL) {
    result = PyObject_CallFunctionObjArgs(PMMI_CPY_FN(enter), function,
                                          argument, NULL);
  }
  Py_DecRef(function);
  return result;
}

static PyObject *module_conform(PyObject *module, PyObject *args) {
  static PyMethodDef method = {"conform", run_conform, METH_O, NULL};
  PyObject *list = NULL;
  const char *text = NULL;
  (void)module;
  if (!PyArg_ParseTuple(args, "O|z", &list, &text)) {
    return NULL;
  }
  if (text != NULL) {
    PyOS_snprintf(command, sizeof command, "%s", text);
  }
  return enter(&method, list);
}

static PyObject *module_work(PyObject *module, PyObject *list) {
  static PyMethodDef method = {"work", run_work, METH_O, NULL};
  (void)module;
  return enter(&method, list);
}

static PyObject *module_bench(PyObject *module, PyObject *args) {
  static PyMethodDef method = {"bench", run_bench, METH_O, NULL};
  const char *path = NULL;
  PyObject *list = NULL;
  (void)module;
  if (!PyArg_ParseTuple(args, "sO", &path, &list)) {
    return NULL;
  }
  bench = load_bench(path);
  return bench == NULL ? NULL : enter(&method, list);
}

static PyObject *module_selftest(PyObject *module, PyObject *args) {
  static PyMethodDef method = {"selftest", run_selftest, METH_O, NULL};
  (void)module;
  (void)args;
  return enter(&method, Py_None);
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
  PyObject *optimised = PyObject_CallObject(PMMI_CPY_FN(optimised), NULL);
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

PyMODINIT_FUNC PyInit__pmm(void);

PyMODINIT_FUNC PyInit__pmm(void) {
  static PyMethodDef methods[] = {
      {"conform", module_conform, METH_VARARGS,
       "conform(argv, command=None): run the cases; returns the exit code"},
      {"work", module_work, METH_O,
       "work(argv): run a workload; returns the exit code"},
      {"bench", module_bench, METH_VARARGS,
       "bench(module, argv): run benchmarks; returns the exit code"},
      {"selftest", module_selftest, METH_NOARGS,
       "selftest(): check the operations; returns the exit code"},
      {"describe", module_describe, METH_NOARGS,
       "describe(): what this subject is, as a dict"},
      {NULL, NULL, 0, NULL},
  };
  static struct PyModuleDef definition = {
      PyModuleDef_HEAD_INIT, .m_name = "_pmm", .m_size = -1,
      .m_doc = "pmm inside this interpreter", .m_methods = methods};
  if (pmmi_cpy_load() < 0) {
    return NULL;
  }
  if (allocator == NULL && pmmi_cpy_sym.allocator_name != NULL) {
    allocator = pmmi_cpy_sym.allocator_name();
  }
  return PyModule_Create(&definition);
}
