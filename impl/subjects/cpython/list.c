/* SPDX-License-Identifier: MIT */
/*
 * list.c - lists.
 */
#include "callback.h"
#include "core.h"
#include "errors.h"
#include "ops.h"

pmm_obj *pmmi_cpy_list_new(pmm_rt *rt, size_t n) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  if (pmmi_cpy_collect_if_due() < 0) {
    return NULL;
  }
  return pmmi_cpy_obj(PyList_New(pmmi_cpy_size(n)));
}

pmm_obj *pmmi_cpy_list_from(pmm_rt *rt, pmm_obj *const *items, size_t n) {
  assert(n == 0 || items != NULL);
  pmm_obj *list = pmmi_cpy_list_new(rt, n);
  if (list == NULL) {
    return NULL;
  }
  for (size_t i = 0; i < n; i++) {
    Py_IncRef(pmmi_cpy_py(items[i]));
    PyList_SetItem(pmmi_cpy_py(list), (Py_ssize_t)i, pmmi_cpy_py(items[i]));
  }
  return list;
}

pmm_obj *pmmi_cpy_list_convert(pmm_rt *rt, pmm_obj *iterable) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  if (pmmi_cpy_collect_if_due() < 0) {
    return NULL;
  }
  return pmmi_cpy_obj(PySequence_List(pmmi_cpy_py(iterable)));
}

enum pmm_status pmmi_cpy_list_append(pmm_rt *rt, pmm_obj *list,
                                     pmm_obj *item) {
  assert(item != NULL);
  return pmmi_cpy_result(rt,
                         PyList_Append(pmmi_cpy_py(list), pmmi_cpy_py(item)));
}

enum pmm_status pmmi_cpy_list_insert(pmm_rt *rt, pmm_obj *list, size_t index,
                                     pmm_obj *item) {
  assert(item != NULL);
  return pmmi_cpy_result(rt,
                         PyList_Insert(pmmi_cpy_py(list), pmmi_cpy_size(index),
                                       pmmi_cpy_py(item)));
}

enum pmm_status pmmi_cpy_list_set_steal(pmm_rt *rt, pmm_obj *list,
                                        size_t index, pmm_obj *item) {
  return pmmi_cpy_result(rt, PyList_SetItem(pmmi_cpy_py(list),
                                            pmmi_cpy_size(index),
                                            pmmi_cpy_py(item)));
}

enum pmm_status pmmi_cpy_list_set(pmm_rt *rt, pmm_obj *list, size_t index,
                                  pmm_obj *item) {
  return pmmi_cpy_result(rt, PySequence_SetItem(pmmi_cpy_py(list),
                                                pmmi_cpy_size(index),
                                                pmmi_cpy_py(item)));
}

pmm_obj *pmmi_cpy_list_get(pmm_rt *rt, pmm_obj *list, size_t index) {
  assert(list != NULL);
  (void)rt;
  return pmmi_cpy_obj(PyList_GetItem(pmmi_cpy_py(list), pmmi_cpy_size(index)));
}

pmm_obj *pmmi_cpy_list_get_strong(pmm_rt *rt, pmm_obj *list, size_t index) {
  (void)rt;
  return pmmi_cpy_obj(
      PySequence_GetItem(pmmi_cpy_py(list), pmmi_cpy_size(index)));
}

pmm_obj *pmmi_cpy_list_pop(pmm_rt *rt, pmm_obj *list, size_t index) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  PyObject *position;
  PyObject *item;
  (void)rt;
  if (index == SIZE_MAX) {
    return pmmi_cpy_obj(PyObject_CallMethodObjArgs(
        pmmi_cpy_py(list), PMMI_CPY_NAME(pop), NULL));
  }
  position = PyLong_FromSsize_t(pmmi_cpy_size(index));
  if (position == NULL) {
    return NULL;
  }
  item = PyObject_CallMethodObjArgs(pmmi_cpy_py(list), PMMI_CPY_NAME(pop),
                                    position, NULL);
  Py_DecRef(position);
  return pmmi_cpy_obj(item);
}

/** Call a method for its effect. */
static enum pmm_status call_method(pmm_rt *rt, pmm_obj *o, PyObject *name,
                                   pmm_obj *argument) {
  assert(name != NULL);
  return pmmi_cpy_consume(
      rt, PyObject_CallMethodObjArgs(pmmi_cpy_py(o), name,
                                     pmmi_cpy_py(argument), NULL));
}

enum pmm_status pmmi_cpy_list_remove(pmm_rt *rt, pmm_obj *list,
                                     pmm_obj *value) {
  return call_method(rt, list, PMMI_CPY_NAME(remove), value);
}

pmm_obj *pmmi_cpy_list_slice(pmm_rt *rt, pmm_obj *list, size_t from,
                             size_t to) {
  assert(list != NULL);
  (void)rt;
  if (pmmi_cpy_collect_if_due() < 0) {
    return NULL;
  }
  return pmmi_cpy_obj(PyList_GetSlice(pmmi_cpy_py(list), pmmi_cpy_size(from),
                                      pmmi_cpy_size(to)));
}

enum pmm_status pmmi_cpy_list_assign_slice(pmm_rt *rt, pmm_obj *list,
                                           size_t from, size_t to,
                                           pmm_obj *iterable) {
  return pmmi_cpy_result(rt, PyList_SetSlice(pmmi_cpy_py(list),
                                             pmmi_cpy_size(from),
                                             pmmi_cpy_size(to),
                                             pmmi_cpy_py(iterable)));
}

pmm_obj *pmmi_cpy_list_repeat(pmm_rt *rt, pmm_obj *list, pmm_obj *count) {
  assert(count != NULL);
  (void)rt;
  if (pmmi_cpy_collect_if_due() < 0) {
    return NULL;
  }
  return pmmi_cpy_obj(
      PyNumber_Multiply(pmmi_cpy_py(list), pmmi_cpy_py(count)));
}

enum pmm_status pmmi_cpy_list_extend(pmm_rt *rt, pmm_obj *list,
                                     pmm_obj *iterable) {
  assert(iterable != NULL);
  return pmmi_cpy_consume(rt, PySequence_InPlaceConcat(pmmi_cpy_py(list),
                                                       pmmi_cpy_py(iterable)));
}

enum pmm_status pmmi_cpy_list_repeat_inplace(pmm_rt *rt, pmm_obj *list,
                                             pmm_obj *count) {
  return pmmi_cpy_consume(
      rt, PyNumber_InPlaceMultiply(pmmi_cpy_py(list), pmmi_cpy_py(count)));
}

enum pmm_status pmmi_cpy_list_clear(pmm_rt *rt, pmm_obj *list) {
  return call_method(rt, list, PMMI_CPY_NAME(clear), NULL);
}

enum pmm_status pmmi_cpy_list_reverse(pmm_rt *rt, pmm_obj *list) {
  return pmmi_cpy_result(rt, PyList_Reverse(pmmi_cpy_py(list)));
}

/** list.sort(key=callable). */
static enum pmm_status sort_by(pmm_rt *rt, PyObject *list,
                               PyObject *callable) {
  assert(callable != NULL);
  PyObject *method = PyObject_GetAttr(list, PMMI_CPY_NAME(sort));
  PyObject *positional = PyTuple_New(0);
  PyObject *keywords = PyDict_New();
  enum pmm_status status;
  if (method == NULL || positional == NULL || keywords == NULL ||
      PyDict_SetItem(keywords, PMMI_CPY_NAME(key), callable) < 0) {
    status = pmmi_cpy_failure(rt);
  } else {
    status = pmmi_cpy_consume(rt,
                              PyObject_Call(method, positional, keywords));
  }
  Py_DecRef(keywords);
  Py_DecRef(positional);
  Py_DecRef(method);
  return status;
}

enum pmm_status pmmi_cpy_list_sort(pmm_rt *rt, pmm_obj *list, pmm_call key,
                                   void *ctx) {
  PyObject *callable;
  enum pmm_status status;
  if (key == NULL) {
    return pmmi_cpy_result(rt, PyList_Sort(pmmi_cpy_py(list)));
  }
  callable = pmmi_cpy_callback_new(
      rt, &(struct pmmi_cpy_target){
              .kind = PMMI_CPY_CALL, .call = key, .ctx = ctx});
  if (callable == NULL) {
    return pmmi_cpy_failure(rt);
  }
  status = sort_by(rt, pmmi_cpy_py(list), callable);
  Py_DecRef(callable);
  return status;
}
