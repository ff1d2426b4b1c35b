/* SPDX-License-Identifier: MIT */
/*
 * library.c - build, at import, what the operations call.
 *
 * Importing is done before any runtime is opened and before the harness
 * forks, so a case neither pays for it nor counts it.
 */
#include "library.h"

#include "adaptor.h"
#include "callback.h"
#include "errors.h"
#include "helpers.h"
#include "manager.h"
#include "ops.h"
#include "runtime.h"
#include "symbols.h"

struct pmmi_cpy_library pmmi_cpy_lib;

/** What the interpreter said of its allocator. */
static const char *allocator;

const char *pmmi_cpy_allocator_name(void) { return allocator; }

static PyObject *attribute_of(const char *module, const char *attribute) {
  assert(module != NULL && attribute != NULL);
  PyObject *imported = PyImport_ImportModule(module);
  PyObject *value =
      imported == NULL ? NULL : PyObject_GetAttrString(imported, attribute);
  Py_DecRef(imported);
  return value;
}

static int load_callables(void) {
  static const struct {
    const char *module;
    const char *attribute;
  } sources[] = {
#define SOURCE(name, module, attribute) {module, attribute},
      PMMI_CPY_CALLABLES(SOURCE)
#undef SOURCE
  };
  for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
    pmmi_cpy_lib.fn[i] =
        attribute_of(sources[i].module, sources[i].attribute);
    if (pmmi_cpy_lib.fn[i] == NULL) {
      return -1;
    }
  }
  return 0;
}

static int load_names(void) {
  static const char *const names[] = {
#define NAME(name) #name,
      PMMI_CPY_NAMES(NAME)
#undef NAME
  };
  for (size_t i = 0; i < PMMI_CPY_NAME_COUNT; i++) {
    pmmi_cpy_lib.name[i] = PyUnicode_InternFromString(names[i]);
    if (pmmi_cpy_lib.name[i] == NULL) {
      return -1;
    }
  }
  return 0;
}

/** A new reference to a value of the helpers. */
static PyObject *helper(PyObject *helpers, const char *name) {
  assert(name != NULL);
  PyObject *value = PyDict_GetItemString(helpers, name);
  if (value == NULL) {
    PyErr_SetString(PyExc_SystemError, name);
  }
  Py_IncRef(value);
  return value;
}

static int take_helpers(PyObject *helpers) {
  assert(PyDict_Check(helpers));
  static const struct {
    enum pmmi_cpy_callable at;
    const char *name;
  } wanted[] = {
#define WANTED(name) {PMMI_CPY_FN_##name, #name},
      PMMI_CPY_HELPERS(WANTED)
#undef WANTED
  };
  char name[16];
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
    pmmi_cpy_lib.fn[wanted[i].at] = helper(helpers, wanted[i].name);
    if (pmmi_cpy_lib.fn[wanted[i].at] == NULL) {
      return -1;
    }
  }
  for (unsigned i = 0; i < PMMI_CPY_SITES; i++) {
    PyOS_snprintf(name, sizeof name, "constant%u", i);
    pmmi_cpy_lib.constant[i] = helper(helpers, name);
    if (pmmi_cpy_lib.constant[i] == NULL) {
      return -1;
    }
  }
  return 0;
}

static int load_helpers(void) {
  PyObject *helpers = pmmi_cpy_helpers_new();
  int result = helpers == NULL ? -1 : take_helpers(helpers);
  Py_DecRef(helpers);
  return result;
}

static int load_errors(void) {
  pmmi_cpy_lib.user_error =
      PyErr_NewException("pmm.UserError", NULL, NULL);
  pmmi_cpy_lib.unsupported =
      PyErr_NewException("pmm.Unsupported", NULL, NULL);
  return pmmi_cpy_lib.user_error == NULL || pmmi_cpy_lib.unsupported == NULL
             ? -1
             : 0;
}

/** log(number): the event LOG of whatever runtime is open. */
static PyObject *log_number(PyObject *capsule, PyObject *number) {
  assert(PyCapsule_CheckExact(capsule));
  pmm_rt *rt = PyCapsule_GetPointer(capsule, "pmm.rt");
  long long cookie = PyLong_AsLongLong(number);
  if (rt == NULL || (cookie == -1 && PyErr_Occurred() != NULL)) {
    return NULL;
  }
  pmmi_cpy_event(rt, PMM_EVENT_LOG, cookie, 0);
  return pmmi_cpy_py(pmmi_cpy_none(rt));
}

static PyObject *log_function(void) {
  static PyMethodDef method = {"log", log_number, METH_O, NULL};
  PyObject *capsule = PyCapsule_New(pmmi_cpy_runtime(), "pmm.rt", NULL);
  PyObject *function =
      capsule == NULL ? NULL : PyCFunction_New(&method, capsule);
  Py_DecRef(capsule);
  return function;
}

/** What `except E<status>` catches; new reference.  A status stands for more
 *  than one class where Python has several words for one thing. */
static PyObject *caught_by(enum pmm_status status) {
  PyObject *type = pmmi_cpy_class_of(status);
  switch (status) {
  case PMM_OK:
    return PyTuple_Pack(1, PyExc_BaseException);
  case PMM_KEY:
    return PyTuple_Pack(2, type, PyExc_AttributeError);
  case PMM_RUNTIME:
    return PyTuple_Pack(2, type, PyExc_NameError);
  default:
    return PyTuple_Pack(1, type);
  }
}

static int add_exceptions(PyObject *builtins) {
  assert(PyDict_Check(builtins));
  char name[8];
  int result = 0;
  for (int status = PMM_OK; status <= PMM_UNSUPPORTED && result == 0;
       status++) {
    PyObject *caught = caught_by((enum pmm_status)status);
    PyOS_snprintf(name, sizeof name, "E%d", status);
    result = caught == NULL ? -1 : PyDict_SetItemString(builtins, name, caught);
    Py_DecRef(caught);
    PyOS_snprintf(name, sizeof name, "X%d", status);
    if (result == 0) {
      result = PyDict_SetItemString(builtins, name,
                                    pmmi_cpy_class_of((enum pmm_status)status));
    }
  }
  return result;
}

static int load_builtins(void) {
  PyObject *builtins = PyDict_Copy(PyEval_GetBuiltins());
  PyObject *log = builtins == NULL ? NULL : log_function();
  pmmi_cpy_lib.builtins = builtins;
  pmmi_cpy_lib.codes = PyDict_New();
  pmmi_cpy_lib.type_names = PyDict_New();
  if (log == NULL || pmmi_cpy_lib.codes == NULL ||
      pmmi_cpy_lib.type_names == NULL ||
      PyDict_SetItemString(builtins, "log", log) < 0) {
    Py_DecRef(log);
    return -1;
  }
  Py_DecRef(log);
  return add_exceptions(builtins);
}

/** sys.version_info as 0x030b. */
static int load_version(void) {
  PyObject *info = PySys_GetObject("version_info");
  PyObject *major = info == NULL ? NULL : PySequence_GetItem(info, 0);
  PyObject *minor = info == NULL ? NULL : PySequence_GetItem(info, 1);
  int result = -1;
  if (major != NULL && minor != NULL) {
    pmmi_cpy_lib.version = (unsigned)(PyLong_AsLong(major) << 8 |
                                      PyLong_AsLong(minor));
    result = 0;
  }
  Py_DecRef(major);
  Py_DecRef(minor);
  return result;
}

/** Compile once: the first time makes the interpreter's own types of syntax
 *  trees, which no case should see. */
static int warm_up(void) {
  PyObject *code = PyObject_CallFunction(PMMI_CPY_FN(compile_code), "s",
                                         "def f(): pass\n");
  Py_DecRef(code);
  return code == NULL ? -1 : 0;
}

int pmmi_cpy_load(void) {
  pmmi_cpy_symbols_load();
  if (allocator == NULL && pmmi_cpy_sym.allocator_name != NULL) {
    allocator = pmmi_cpy_sym.allocator_name();
  }
  if (load_version() < 0 || load_callables() < 0 || load_names() < 0 ||
      load_helpers() < 0 || load_errors() < 0 || load_builtins() < 0 ||
      pmmi_cpy_callback_load() < 0 || pmmi_cpy_manager_load() < 0 ||
      warm_up() < 0) {
    return -1;
  }
  return 0;
}
