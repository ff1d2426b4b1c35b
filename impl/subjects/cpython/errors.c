/* SPDX-License-Identifier: MIT */
/*
 * errors.c - Python exceptions as statuses, and back.
 *
 * The pending error of the runtime is the exception of the thread; nothing
 * is kept beside it but errno and the text that was asked for.
 */
#include "errors.h"

#include "account.h"
#include "ops.h"

/** Classes in the order they are tried: a subclass before its base. */
static PyObject *class_at(size_t index, enum pmm_status *status) {
  assert(status != NULL);
  const struct {
    PyObject *type;
    enum pmm_status status;
  } classes[] = {
      {PyExc_MemoryError, PMM_NO_MEMORY},
      {pmmi_cpy_lib.user_error, PMM_USER},
      {pmmi_cpy_lib.unsupported, PMM_UNSUPPORTED},
      {PyExc_RecursionError, PMM_RECURSION},
      {PyExc_IndexError, PMM_INDEX},
      {PyExc_KeyError, PMM_KEY},
      {PyExc_AttributeError, PMM_KEY},
      {PyExc_OverflowError, PMM_OVERFLOW},
      {PyExc_StopIteration, PMM_STOP},
      {PyExc_GeneratorExit, PMM_EXIT},
      {PyExc_ReferenceError, PMM_REFERENCE},
      {PyExc_BufferError, PMM_BUFFER},
      {PyExc_SystemError, PMM_SYSTEM},
      {PyExc_OSError, PMM_OS},
      {PyExc_TypeError, PMM_TYPE},
      {PyExc_ValueError, PMM_VALUE},
      {PyExc_SyntaxError, PMM_VALUE},
      {PyExc_RuntimeError, PMM_RUNTIME},
  };
  if (index >= sizeof classes / sizeof classes[0]) {
    return NULL;
  }
  *status = classes[index].status;
  return classes[index].type;
}

enum pmm_status pmmi_cpy_status_of(PyObject *exception) {
  assert(exception != NULL);
  enum pmm_status status = PMM_RUNTIME;
  PyObject *type;
  for (size_t i = 0; (type = class_at(i, &status)) != NULL; i++) {
    if (PyErr_GivenExceptionMatches(exception, type)) {
      return status;
    }
  }
  return PMM_RUNTIME;
}

PyObject *pmmi_cpy_class_of(enum pmm_status wanted) {
  enum pmm_status status = PMM_RUNTIME;
  PyObject *type;
  for (size_t i = 0; (type = class_at(i, &status)) != NULL; i++) {
    if (status == wanted) {
      return type;
    }
  }
  return PyExc_RuntimeError;
}

void pmmi_cpy_save(struct pmmi_cpy_saved *saved) {
  assert(saved != NULL);
  PyErr_Fetch(&saved->type, &saved->value, &saved->traceback);
}

void pmmi_cpy_restore(struct pmmi_cpy_saved *saved) {
  assert(saved != NULL);
  PyErr_Restore(saved->type, saved->value, saved->traceback);
}

/** Fetch the pending exception as an instance, with no exception left.  Not
 *  for want of memory may an instance be another error than was raised. */
static void fetch_normal(struct pmmi_cpy_saved *saved) {
  pmmi_cpy_account_pause();
  pmmi_cpy_save(saved);
  PyErr_NormalizeException(&saved->type, &saved->value, &saved->traceback);
  pmmi_cpy_account_resume();
}

static void note_errno(pmm_rt *rt) {
  struct pmmi_cpy_saved saved;
  PyObject *number;
  fetch_normal(&saved);
  number = PyObject_GetAttr(saved.value, PMMI_CPY_NAME(errno));
  if (number != NULL && PyLong_Check(number)) {
    rt->last_errno = (int)PyLong_AsLong(number);
  }
  Py_DecRef(number);
  PyErr_Clear();
  pmmi_cpy_restore(&saved);
}

enum pmm_status pmmi_cpy_failure(pmm_rt *rt) {
  PyObject *type = PyErr_Occurred();
  enum pmm_status status;
  if (type == NULL) {
    return PMM_OK;
  }
  status = pmmi_cpy_status_of(type);
  if (status == PMM_OS) {
    note_errno(rt);
  }
  return status;
}

enum pmm_status pmmi_cpy_result(pmm_rt *rt, int result) {
  return result < 0 ? pmmi_cpy_failure(rt) : PMM_OK;
}

enum pmm_status pmmi_cpy_consume(pmm_rt *rt, PyObject *object) {
  if (object == NULL) {
    return pmmi_cpy_failure(rt);
  }
  Py_DecRef(object);
  return PMM_OK;
}

int pmmi_cpy_raised(pmm_rt *rt, enum pmm_status status) {
  if (PyErr_Occurred() != NULL) {
    return 1;
  }
  if (status == PMM_OK) {
    return 0;
  }
  pmmi_cpy_error_set(rt, status, "raised by the host");
  return 1;
}

/** The contract sets an error without memory; an interpreter makes an
 *  exception, so none of its allocations is made to fail. */
enum pmm_status pmmi_cpy_fail(enum pmm_status status, const char *message) {
  assert(status != PMM_OK && message != NULL);
  pmmi_cpy_account_pause();
  if (status == PMM_NO_MEMORY) {
    PyErr_NoMemory();
  } else {
    PyErr_SetString(pmmi_cpy_class_of(status), message);
  }
  pmmi_cpy_account_resume();
  return status;
}

pmm_obj *pmmi_cpy_fail_null(enum pmm_status status, const char *message) {
  pmmi_cpy_fail(status, message);
  return NULL;
}

enum pmm_status pmmi_cpy_error(pmm_rt *rt) { return pmmi_cpy_failure(rt); }

/** Text of an exception instance into rt->message. */
static void copy_message(pmm_rt *rt, PyObject *value) {
  PyObject *text;
  PyObject *bytes;
  pmmi_cpy_account_pause();
  text = value == NULL ? NULL : PyObject_Str(value);
  bytes = text == NULL ? NULL : PyUnicode_AsUTF8String(text);
  if (bytes != NULL) {
    PyOS_snprintf(rt->message, sizeof rt->message, "%s",
                  PyBytes_AsString(bytes));
  }
  Py_DecRef(bytes);
  Py_DecRef(text);
  PyErr_Clear();
  pmmi_cpy_account_resume();
}

const char *pmmi_cpy_error_message(pmm_rt *rt) {
  struct pmmi_cpy_saved saved;
  rt->message[0] = '\0';
  if (PyErr_Occurred() == NULL) {
    return rt->message;
  }
  fetch_normal(&saved);
  copy_message(rt, saved.value);
  pmmi_cpy_restore(&saved);
  return rt->message;
}

void pmmi_cpy_error_clear(pmm_rt *rt) {
  (void)pmmi_cpy_failure(rt);
  PyErr_Clear();
}

void pmmi_cpy_error_set(pmm_rt *rt, enum pmm_status status,
                        const char *message) {
  (void)rt;
  PyErr_Clear();
  if (status != PMM_OK) {
    pmmi_cpy_fail(status, message);
  }
}

int pmmi_cpy_os_errno(pmm_rt *rt) {
  (void)pmmi_cpy_failure(rt);
  return rt->last_errno;
}

enum pmm_status pmmi_cpy_error_context(pmm_rt *rt) {
  struct pmmi_cpy_saved saved;
  PyObject *context;
  enum pmm_status status = PMM_OK;
  (void)rt;
  if (PyErr_Occurred() == NULL) {
    return PMM_OK;
  }
  fetch_normal(&saved);
  context = PyException_GetContext(saved.value);
  if (context != NULL) {
    status = pmmi_cpy_status_of(context);
    Py_DecRef(context);
  }
  pmmi_cpy_restore(&saved);
  return status;
}
