/* SPDX-License-Identifier: MIT */
/*
 * tuple.c - tuples, and what tuples, lists and strings have in common.
 */
#include "core.h"
#include "errors.h"
#include "ops.h"
#include "symbols.h"

pmm_obj *pmmi_cpy_tuple_new(pmm_rt *rt, size_t n) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  if (pmmi_cpy_collect_if_due() < 0) {
    return NULL;
  }
  return pmmi_cpy_obj(PyTuple_New(pmmi_cpy_size(n)));
}

pmm_obj *pmmi_cpy_tuple_from(pmm_rt *rt, pmm_obj *const *items, size_t n) {
  assert(n == 0 || items != NULL);
  (void)rt;
  if (pmmi_cpy_collect_if_due() < 0) {
    return NULL;
  }
  return pmmi_cpy_obj(pmmi_cpy_tuple_of(items, n));
}

pmm_obj *pmmi_cpy_tuple_convert(pmm_rt *rt, pmm_obj *iterable) {
  assert(iterable != NULL);
  (void)rt;
  if (pmmi_cpy_collect_if_due() < 0) {
    return NULL;
  }
  return pmmi_cpy_obj(PySequence_Tuple(pmmi_cpy_py(iterable)));
}

pmm_obj *pmmi_cpy_tuple_subtype_new(pmm_rt *rt, pmm_obj *type,
                                    pmm_obj *const *items, size_t n) {
  assert(n == 0 || items != NULL);
  PyObject *tuple = pmmi_cpy_tuple_of(items, n);
  PyObject *instance;
  (void)rt;
  if (tuple == NULL) {
    return NULL;
  }
  instance = PyObject_CallFunctionObjArgs(pmmi_cpy_py(type), tuple, NULL);
  Py_DecRef(tuple);
  return pmmi_cpy_obj(instance);
}

enum pmm_status pmmi_cpy_tuple_set_steal(pmm_rt *rt, pmm_obj *tuple,
                                         size_t index, pmm_obj *item) {
  return pmmi_cpy_result(rt, PyTuple_SetItem(pmmi_cpy_py(tuple),
                                             pmmi_cpy_size(index),
                                             pmmi_cpy_py(item)));
}

pmm_obj *pmmi_cpy_tuple_get(pmm_rt *rt, pmm_obj *tuple, size_t index) {
  assert(tuple != NULL);
  (void)rt;
  return pmmi_cpy_obj(
      PyTuple_GetItem(pmmi_cpy_py(tuple), pmmi_cpy_size(index)));
}

pmm_obj *pmmi_cpy_tuple_slice(pmm_rt *rt, pmm_obj *tuple, size_t from,
                              size_t to) {
  (void)rt;
  return pmmi_cpy_obj(PyTuple_GetSlice(
      pmmi_cpy_py(tuple), pmmi_cpy_size(from), pmmi_cpy_size(to)));
}

enum pmm_status pmmi_cpy_tuple_resize(pmm_rt *rt, pmm_obj **tuple, size_t n) {
  assert(tuple != NULL);
  PyObject *held = pmmi_cpy_py(*tuple);
  int result = pmmi_cpy_sym.tuple_resize(&held, pmmi_cpy_size(n));
  *tuple = pmmi_cpy_obj(held);
  return pmmi_cpy_result(rt, result);
}

/** Execute one of the compiled functions that return a constant. */
pmm_obj *pmmi_cpy_tuple_constant(pmm_rt *rt, unsigned site) {
  (void)rt;
  if (site >= PMMI_CPY_SITES) {
    return pmmi_cpy_fail_null(PMM_INDEX, "no such site");
  }
  return pmmi_cpy_obj(PyObject_CallObject(pmmi_cpy_lib.constant[site], NULL));
}

pmm_obj *pmmi_cpy_concat(pmm_rt *rt, pmm_obj *a, pmm_obj *b) {
  assert(a != NULL && b != NULL);
  (void)rt;
  if (pmmi_cpy_collect_if_due() < 0) {
    return NULL;
  }
  return pmmi_cpy_obj(PySequence_Concat(pmmi_cpy_py(a), pmmi_cpy_py(b)));
}

pmm_obj *pmmi_cpy_repeat(pmm_rt *rt, pmm_obj *o, int64_t count) {
  (void)rt;
  if (pmmi_cpy_collect_if_due() < 0) {
    return NULL;
  }
  return pmmi_cpy_obj(PySequence_Repeat(pmmi_cpy_py(o), (Py_ssize_t)count));
}
