/* SPDX-License-Identifier: MIT */
/*
 * sparse.c - items of typed arrays, sparse vectors, CSR matrices and chunks.
 *
 * Python has no such types in its standard library, so these are classes of
 * our own (python/sparse.py, python/chunks.py).  The functions that C calls
 * check the types of their arguments first.
 */
#include "core.h"
#include "errors.h"
#include "ops.h"

/* ---- typed arrays -------------------------------------------------------- */

/** 1, 0 with TypeError, or -1 with another exception. */
static int is_array(PyObject *o) {
  assert(o != NULL);
  int result = PyByteArray_Check(o)
                   ? 1
                   : PyObject_IsInstance(o, PMMI_CPY_FN(array));
  if (result == 0) {
    PyErr_SetString(PyExc_TypeError, "not a typed array");
  }
  return result;
}

pmm_obj *pmmi_cpy_array_get(pmm_rt *rt, pmm_obj *array, size_t index) {
  (void)rt;
  return is_array(pmmi_cpy_py(array)) > 0
             ? pmmi_cpy_obj(PySequence_GetItem(pmmi_cpy_py(array),
                                               pmmi_cpy_size(index)))
             : NULL;
}

enum pmm_status pmmi_cpy_array_set(pmm_rt *rt, pmm_obj *array, size_t index,
                                   pmm_obj *value) {
  int result = is_array(pmmi_cpy_py(array)) > 0
                   ? PySequence_SetItem(pmmi_cpy_py(array),
                                        pmmi_cpy_size(index),
                                        pmmi_cpy_py(value))
                   : -1;
  return pmmi_cpy_result(rt, result);
}

/* ---- sparse vectors ------------------------------------------------------ */

/** The doubles that a call returned, given up. */
static enum pmm_status take_double(pmm_rt *rt, PyObject *o, double *value) {
  assert(value != NULL);
  if (o != NULL) {
    *value = PyFloat_AsDouble(o);
    Py_DecRef(o);
  }
  return PyErr_Occurred() != NULL ? pmmi_cpy_failure(rt) : PMM_OK;
}

pmm_obj *pmmi_cpy_sparse_new(pmm_rt *rt, size_t n) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  if (n > PTRDIFF_MAX) {
    return pmmi_cpy_fail_null(PMM_VALUE, "too many positions");
  }
  if (pmmi_cpy_collect_if_due() < 0) {
    return NULL;
  }
  return pmmi_cpy_obj(PyObject_CallFunction(PMMI_CPY_FN(sparse_new), "n",
                                            pmmi_cpy_size(n)));
}

enum pmm_status pmmi_cpy_sparse_set(pmm_rt *rt, pmm_obj *vector, size_t index,
                                    double value) {
  return pmmi_cpy_consume(
      rt, PyObject_CallFunction(PMMI_CPY_FN(sparse_set), "Ond",
                                pmmi_cpy_py(vector), pmmi_cpy_size(index),
                                value));
}

enum pmm_status pmmi_cpy_sparse_get(pmm_rt *rt, pmm_obj *vector, size_t index,
                                    double absent, double *value) {
  assert(value != NULL);
  return take_double(
      rt,
      PyObject_CallFunction(PMMI_CPY_FN(sparse_get), "Ond",
                            pmmi_cpy_py(vector), pmmi_cpy_size(index), absent),
      value);
}

enum pmm_status pmmi_cpy_sparse_dot(pmm_rt *rt, pmm_obj *vector,
                                    pmm_obj *dense, double *sum) {
  assert(sum != NULL);
  return take_double(rt,
                     PyObject_CallFunctionObjArgs(
                         PMMI_CPY_FN(sparse_dot), pmmi_cpy_py(vector),
                         pmmi_cpy_py(dense), NULL),
                     sum);
}

enum pmm_status pmmi_cpy_sparse_shape(pmm_rt *rt, pmm_obj *o, size_t *rows,
                                      size_t *columns) {
  assert(rows != NULL && columns != NULL);
  PyObject *shape = PyObject_CallFunctionObjArgs(PMMI_CPY_FN(sparse_shape),
                                                 pmmi_cpy_py(o), NULL);
  if (shape != NULL) {
    *rows = PyLong_AsSize_t(PyTuple_GetItem(shape, 0));
    *columns = PyLong_AsSize_t(PyTuple_GetItem(shape, 1));
  }
  return pmmi_cpy_consume(rt, shape);
}

/* ---- matrices ------------------------------------------------------------ */

/** A list of tuples (row, column, value). */
static PyObject *triples_of(const struct pmm_triple *triples, size_t n) {
  assert(n == 0 || triples != NULL);
  PyObject *list = PyList_New(pmmi_cpy_size(n));
  for (size_t i = 0; i < n && list != NULL; i++) {
    PyObject *triple = Py_BuildValue("nnd", pmmi_cpy_size(triples[i].row),
                                     pmmi_cpy_size(triples[i].column),
                                     triples[i].value);
    if (triple == NULL) {
      Py_DecRef(list);
      return NULL;
    }
    PyList_SetItem(list, pmmi_cpy_size(i), triple);
  }
  return list;
}

pmm_obj *pmmi_cpy_csr_new(pmm_rt *rt, size_t rows, size_t columns,
                          const struct pmm_triple *triples, size_t n) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  PyObject *list;
  PyObject *matrix = NULL;
  (void)rt;
  if (rows > PTRDIFF_MAX || columns > PTRDIFF_MAX) {
    return pmmi_cpy_fail_null(PMM_VALUE, "too many rows");
  }
  if (pmmi_cpy_collect_if_due() < 0) {
    return NULL;
  }
  list = triples_of(triples, n);
  if (list != NULL) {
    matrix = PyObject_CallFunction(PMMI_CPY_FN(csr_new), "nnO",
                                   pmmi_cpy_size(rows),
                                   pmmi_cpy_size(columns), list);
  }
  Py_DecRef(list);
  return pmmi_cpy_obj(matrix);
}

pmm_obj *pmmi_cpy_csr_row(pmm_rt *rt, pmm_obj *matrix, size_t row) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  return pmmi_cpy_obj(PyObject_CallFunction(PMMI_CPY_FN(csr_row), "On",
                                            pmmi_cpy_py(matrix),
                                            pmmi_cpy_size(row)));
}

pmm_obj *pmmi_cpy_csr_multiply(pmm_rt *rt, pmm_obj *matrix, pmm_obj *dense) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  return pmmi_cpy_obj(PyObject_CallFunctionObjArgs(
      PMMI_CPY_FN(csr_multiply), pmmi_cpy_py(matrix), pmmi_cpy_py(dense),
      NULL));
}

/* ---- chunks -------------------------------------------------------------- */

pmm_obj *pmmi_cpy_chunks(pmm_rt *rt, pmm_obj *iterable, size_t size) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  return pmmi_cpy_obj(PyObject_CallFunction(PMMI_CPY_FN(chunks), "On",
                                            pmmi_cpy_py(iterable),
                                            pmmi_cpy_size(size)));
}

pmm_obj *pmmi_cpy_file_chunks(pmm_rt *rt, pmm_obj *file, size_t size) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  return pmmi_cpy_obj(PyObject_CallFunction(PMMI_CPY_FN(file_chunks), "On",
                                            pmmi_cpy_py(file),
                                            pmmi_cpy_size(size)));
}
