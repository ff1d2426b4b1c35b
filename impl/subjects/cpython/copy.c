/* SPDX-License-Identifier: MIT */
/*
 * copy.c - copies, views, typed arrays and split iterators.
 */
#include "core.h"
#include "errors.h"
#include "ops.h"

static pmm_obj *call_one(PyObject *callable, pmm_obj *argument) {
  assert(callable != NULL && argument != NULL);
  return pmmi_cpy_obj(
      PyObject_CallFunctionObjArgs(callable, pmmi_cpy_py(argument), NULL));
}

pmm_obj *pmmi_cpy_copy(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  return call_one(PMMI_CPY_FN(copy), o);
}

pmm_obj *pmmi_cpy_copy_deep(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  return call_one(PMMI_CPY_FN(deepcopy), o);
}

pmm_obj *pmmi_cpy_bytearray_new(pmm_rt *rt, size_t size) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  return pmmi_cpy_obj(PyObject_CallFunction(PMMI_CPY_FN(bytearray), "n",
                                            pmmi_cpy_size(size)));
}

enum pmm_status pmmi_cpy_bytearray_resize(pmm_rt *rt, pmm_obj *array,
                                          size_t size) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  return pmmi_cpy_result(
      rt, PyByteArray_Resize(pmmi_cpy_py(array), pmmi_cpy_size(size)));
}

/** memoryview(owner)[from:to]. */
pmm_obj *pmmi_cpy_view_new(pmm_rt *rt, pmm_obj *owner, size_t from,
                           size_t to) {
  assert(pmmi_cpy_is_open(rt, rt->epoch) && owner != NULL);
  PyObject *whole = PyMemoryView_FromObject(pmmi_cpy_py(owner));
  PyObject *start = PyLong_FromSize_t(from);
  PyObject *stop = PyLong_FromSize_t(to);
  PyObject *slice = NULL;
  PyObject *view = NULL;
  (void)rt;
  if (whole != NULL && start != NULL && stop != NULL) {
    slice = PySlice_New(start, stop, NULL);
    view = slice == NULL ? NULL : PyObject_GetItem(whole, slice);
  }
  Py_DecRef(slice);
  Py_DecRef(stop);
  Py_DecRef(start);
  Py_DecRef(whole);
  return pmmi_cpy_obj(view);
}

/** array(code, [0]) * n. */
pmm_obj *pmmi_cpy_array_new(pmm_rt *rt, enum pmm_item_kind kind, size_t n) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  const char *code = kind == PMM_ITEM_BYTE    ? "b"
                     : kind == PMM_ITEM_INT64 ? "q"
                                              : "d";
  PyObject *one = PyObject_CallFunction(PMMI_CPY_FN(array), "s[i]", code, 0);
  PyObject *array;
  (void)rt;
  if (one == NULL) {
    return NULL;
  }
  array = PySequence_Repeat(one, pmmi_cpy_size(n));
  Py_DecRef(one);
  return pmmi_cpy_obj(array);
}

pmm_obj *pmmi_cpy_tee(pmm_rt *rt, pmm_obj *iterator) {
  assert(pmmi_cpy_is_open(rt, rt->epoch) && iterator != NULL);
  (void)rt;
  return call_one(PMMI_CPY_FN(tee), iterator);
}
