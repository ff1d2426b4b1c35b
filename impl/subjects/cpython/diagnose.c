/* SPDX-License-Identifier: MIT */
/*
 * diagnose.c - unraisable errors and resource warnings as events.
 *
 * While a runtime is open, sys.unraisablehook and warnings._showwarnmsg are
 * functions of ours; closing puts back what was there.  The latter, not
 * warnings.showwarning, is told which object the warning is about.
 */
#include "diagnose.h"

#include "errors.h"
#include "ops.h"

/** sys.unraisablehook(args). */
static PyObject *on_unraisable(PyObject *capsule, PyObject *args) {
  assert(PyCapsule_CheckExact(capsule));
  pmm_rt *rt = PyCapsule_GetPointer(capsule, "pmm.rt");
  PyObject *type = PyObject_GetAttr(args, PMMI_CPY_NAME(exc_type));
  if (rt == NULL || type == NULL) {
    return NULL;
  }
  pmmi_cpy_event(rt, PMM_EVENT_UNRAISABLE, 0, pmmi_cpy_status_of(type));
  Py_DecRef(type);
  return pmmi_cpy_py(pmmi_cpy_none(rt));
}

/** Descriptor of what a warning is about; -1 when it has none. */
static int64_t descriptor_of(pmm_rt *rt, PyObject *message) {
  PyObject *source = PyObject_GetAttr(message, PMMI_CPY_NAME(source));
  int64_t descriptor = -1;
  if (source != NULL && source != Py_None) {
    descriptor = pmmi_cpy_file_descriptor(rt, pmmi_cpy_obj(source));
  }
  Py_DecRef(source);
  PyErr_Clear();
  return descriptor;
}

/** warnings._showwarnmsg(message). */
static PyObject *on_warning(PyObject *capsule, PyObject *message) {
  assert(PyCapsule_CheckExact(capsule));
  pmm_rt *rt = PyCapsule_GetPointer(capsule, "pmm.rt");
  PyObject *category = PyObject_GetAttr(message, PMMI_CPY_NAME(category));
  int resource;
  if (rt == NULL || category == NULL) {
    return NULL;
  }
  resource = PyErr_GivenExceptionMatches(category, PyExc_ResourceWarning);
  Py_DecRef(category);
  if (!resource && rt->kept_warning != NULL) {
    return PyObject_CallFunctionObjArgs(rt->kept_warning, message, NULL);
  }
  pmmi_cpy_event(rt, PMM_EVENT_WARNING, 0, descriptor_of(rt, message));
  return pmmi_cpy_py(pmmi_cpy_none(rt));
}

/** module.attribute = function(capsule of rt); what was there goes to *kept. */
static int hook(pmm_rt *rt, const char *module, const char *attribute,
                PyMethodDef *method, PyObject **kept) {
  assert(*kept == NULL);
  PyObject *imported = PyImport_ImportModule(module);
  PyObject *capsule = PyCapsule_New(rt, "pmm.rt", NULL);
  PyObject *function =
      capsule == NULL ? NULL : PyCFunction_New(method, capsule);
  int result = -1;
  if (imported != NULL && function != NULL) {
    *kept = PyObject_GetAttrString(imported, attribute);
    result = *kept == NULL
                 ? -1
                 : PyObject_SetAttrString(imported, attribute, function);
  }
  Py_DecRef(function);
  Py_DecRef(capsule);
  Py_DecRef(imported);
  return result;
}

static void unhook(const char *module, const char *attribute,
                   PyObject **kept) {
  PyObject *imported = PyImport_ImportModule(module);
  if (imported != NULL && *kept != NULL) {
    (void)PyObject_SetAttrString(imported, attribute, *kept);
  }
  Py_DecRef(*kept);
  *kept = NULL;
  Py_DecRef(imported);
  PyErr_Clear();
}

/** The list warnings.filters, borrowed from its module. */
static PyObject *filters(void) {
  PyObject *module = PyImport_ImportModule("warnings");
  PyObject *list =
      module == NULL ? NULL : PyObject_GetAttrString(module, "filters");
  Py_DecRef(list);
  Py_DecRef(module);
  return list;
}

/** Show every resource warning; they are ignored by default. */
static int let_warnings_through(pmm_rt *rt) {
  PyObject *module;
  PyObject *result = NULL;
  PyObject *list = filters();
  rt->kept_filters = list == NULL ? NULL : PySequence_List(list);
  module = rt->kept_filters == NULL ? NULL : PyImport_ImportModule("warnings");
  if (module != NULL) {
    result = PyObject_CallMethod(module, "simplefilter", "sO", "always",
                                 PyExc_ResourceWarning);
  }
  Py_DecRef(module);
  Py_DecRef(result);
  return result == NULL ? -1 : 0;
}

static void restore_filters(pmm_rt *rt) {
  PyObject *list = filters();
  if (list != NULL && rt->kept_filters != NULL) {
    (void)PyList_SetSlice(list, 0, PyList_Size(list), rt->kept_filters);
  }
  Py_DecRef(rt->kept_filters);
  rt->kept_filters = NULL;
  PyErr_Clear();
}

int pmmi_cpy_diagnose_start(pmm_rt *rt) {
  assert(rt->kept_unraisable == NULL && rt->kept_warning == NULL);
  static PyMethodDef unraisable = {"on_unraisable", on_unraisable, METH_O,
                                   NULL};
  static PyMethodDef warning = {"on_warning", on_warning, METH_O, NULL};
  if (hook(rt, "sys", "unraisablehook", &unraisable, &rt->kept_unraisable) <
          0 ||
      hook(rt, "warnings", "_showwarnmsg", &warning, &rt->kept_warning) < 0) {
    return -1;
  }
  return let_warnings_through(rt);
}

void pmmi_cpy_diagnose_stop(pmm_rt *rt) {
  unhook("sys", "unraisablehook", &rt->kept_unraisable);
  unhook("warnings", "_showwarnmsg", &rt->kept_warning);
  restore_filters(rt);
}
