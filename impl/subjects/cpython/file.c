/* SPDX-License-Identifier: MIT */
/*
 * file.c - files: io.open in binary mode.
 */
#include "account.h"
#include "core.h"
#include "errors.h"
#include "ops.h"

pmm_obj *pmmi_cpy_file_open(pmm_rt *rt, const char *path, const char *mode) {
  assert(pmmi_cpy_is_open(rt, rt->epoch) && path != NULL && mode != NULL);
  PyObject *file;
  if (strcmp(mode, "r") != 0 && strcmp(mode, "w") != 0 &&
      strcmp(mode, "a") != 0) {
    return pmmi_cpy_fail_null(PMM_VALUE, "mode is r, w or a");
  }
  file = PyObject_CallFunction(PMMI_CPY_FN(open), "ss", path,
                               mode[0] == 'r'   ? "rb"
                               : mode[0] == 'w' ? "wb"
                                                : "ab");
  if (file == NULL) {
    (void)pmmi_cpy_failure(rt);
  }
  return pmmi_cpy_obj(file);
}

/** The object, after noting what a NULL means. */
static pmm_obj *noted(pmm_rt *rt, PyObject *result) {
  if (result == NULL) {
    (void)pmmi_cpy_failure(rt);
  }
  return pmmi_cpy_obj(result);
}

pmm_obj *pmmi_cpy_file_read(pmm_rt *rt, pmm_obj *file, size_t size) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  PyObject *count;
  PyObject *data;
  if (size == SIZE_MAX) {
    return noted(rt, PyObject_CallMethodObjArgs(pmmi_cpy_py(file),
                                                PMMI_CPY_NAME(read), NULL));
  }
  count = PyLong_FromSize_t(size);
  if (count == NULL) {
    return NULL;
  }
  data = PyObject_CallMethodObjArgs(pmmi_cpy_py(file), PMMI_CPY_NAME(read),
                                    count, NULL);
  Py_DecRef(count);
  return noted(rt, data);
}

pmm_obj *pmmi_cpy_file_read_line(pmm_rt *rt, pmm_obj *file) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  return noted(rt, PyObject_CallMethodObjArgs(
                       pmmi_cpy_py(file), PMMI_CPY_NAME(readline), NULL));
}

enum pmm_status pmmi_cpy_file_write(pmm_rt *rt, pmm_obj *file,
                                    const void *data, size_t size) {
  assert(size == 0 || data != NULL);
  PyObject *bytes = PyBytes_FromStringAndSize(data, pmmi_cpy_size(size));
  enum pmm_status status;
  if (bytes == NULL) {
    return pmmi_cpy_failure(rt);
  }
  status = pmmi_cpy_consume(
      rt, PyObject_CallMethodObjArgs(pmmi_cpy_py(file), PMMI_CPY_NAME(write),
                                     bytes, NULL));
  Py_DecRef(bytes);
  return status;
}

enum pmm_status pmmi_cpy_file_flush(pmm_rt *rt, pmm_obj *file) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  return pmmi_cpy_consume(
      rt, PyObject_CallMethodObjArgs(pmmi_cpy_py(file), PMMI_CPY_NAME(flush),
                                     NULL));
}

enum pmm_status pmmi_cpy_file_close(pmm_rt *rt, pmm_obj *file) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  return pmmi_cpy_consume(
      rt, PyObject_CallMethodObjArgs(pmmi_cpy_py(file), PMMI_CPY_NAME(close),
                                     NULL));
}

int pmmi_cpy_file_descriptor(pmm_rt *rt, pmm_obj *file) {
  struct pmmi_cpy_saved saved;
  PyObject *number;
  long descriptor = -1;
  (void)rt;
  pmmi_cpy_save(&saved);
  pmmi_cpy_account_pause();
  number = PyObject_CallMethodObjArgs(pmmi_cpy_py(file),
                                      PMMI_CPY_NAME(fileno), NULL);
  if (number != NULL) {
    descriptor = PyLong_AsLong(number);
    Py_DecRef(number);
  }
  pmmi_cpy_account_resume();
  PyErr_Clear();
  pmmi_cpy_restore(&saved);
  return (int)descriptor;
}
