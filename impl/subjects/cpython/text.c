/* SPDX-License-Identifier: MIT */
/*
 * text.c - strings and bytes.
 */
#include "core.h"
#include "errors.h"
#include "ops.h"

pmm_obj *pmmi_cpy_str_new(pmm_rt *rt, const char *utf8, size_t size) {
  assert(size == 0 || utf8 != NULL);
  (void)rt;
  return pmmi_cpy_obj(PyUnicode_FromStringAndSize(utf8, pmmi_cpy_size(size)));
}

const char *pmmi_cpy_str_utf8(pmm_rt *rt, pmm_obj *str, size_t *size) {
  assert(size != NULL);
  Py_ssize_t length = 0;
  const char *text = PyUnicode_AsUTF8AndSize(pmmi_cpy_py(str), &length);
  (void)rt;
  if (text != NULL && size != NULL) {
    *size = (size_t)length;
  }
  return text;
}

pmm_obj *pmmi_cpy_str_slice(pmm_rt *rt, pmm_obj *str, size_t from, size_t to) {
  (void)rt;
  return pmmi_cpy_obj(PyUnicode_Substring(
      pmmi_cpy_py(str), pmmi_cpy_size(from), pmmi_cpy_size(to)));
}

pmm_obj *pmmi_cpy_str_concat(pmm_rt *rt, pmm_obj *a, pmm_obj *b) {
  (void)rt;
  return pmmi_cpy_obj(PyUnicode_Concat(pmmi_cpy_py(a), pmmi_cpy_py(b)));
}

enum pmm_status pmmi_cpy_str_append(pmm_rt *rt, pmm_obj **left,
                                    pmm_obj *right) {
  assert(left != NULL);
  PyObject *held = pmmi_cpy_py(*left);
  PyUnicode_Append(&held, pmmi_cpy_py(right));
  *left = pmmi_cpy_obj(held);
  return held == NULL ? pmmi_cpy_failure(rt) : PMM_OK;
}

pmm_obj *pmmi_cpy_str_join(pmm_rt *rt, pmm_obj *separator, pmm_obj *iterable) {
  (void)rt;
  return pmmi_cpy_obj(
      PyUnicode_Join(pmmi_cpy_py(separator), pmmi_cpy_py(iterable)));
}

pmm_obj *pmmi_cpy_str_strip(pmm_rt *rt, pmm_obj *str) {
  (void)rt;
  return pmmi_cpy_obj(PyObject_CallMethodObjArgs(
      pmmi_cpy_py(str), PMMI_CPY_NAME(strip), NULL));
}

pmm_obj *pmmi_cpy_str_convert(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  return pmmi_cpy_obj(PyObject_Str(pmmi_cpy_py(o)));
}

enum pmm_status pmmi_cpy_str_intern(pmm_rt *rt, pmm_obj **str) {
  assert(str != NULL);
  PyObject *held = pmmi_cpy_py(*str);
  PyUnicode_InternInPlace(&held);
  *str = pmmi_cpy_obj(held);
  return pmmi_cpy_failure(rt);
}

pmm_obj *pmmi_cpy_bytes_new(pmm_rt *rt, const void *data, size_t size) {
  (void)rt;
  return pmmi_cpy_obj(PyBytes_FromStringAndSize(data, pmmi_cpy_size(size)));
}

const void *pmmi_cpy_bytes_data(pmm_rt *rt, pmm_obj *bytes, size_t *size) {
  assert(size != NULL);
  Py_ssize_t length = 0;
  char *data = NULL;
  (void)rt;
  if (PyBytes_AsStringAndSize(pmmi_cpy_py(bytes), &data, &length) < 0) {
    return NULL;
  }
  if (size != NULL) {
    *size = (size_t)length;
  }
  return data;
}

pmm_obj *pmmi_cpy_bytes_slice(pmm_rt *rt, pmm_obj *bytes, size_t from,
                              size_t to) {
  (void)rt;
  return pmmi_cpy_obj(PySequence_GetSlice(
      pmmi_cpy_py(bytes), pmmi_cpy_size(from), pmmi_cpy_size(to)));
}
