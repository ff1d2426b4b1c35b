/* SPDX-License-Identifier: MIT */
/*
 * dict_set.c - dictionaries and sets.
 */
#include "core.h"
#include "errors.h"
#include "ops.h"

pmm_obj *pmmi_cpy_dict_new(pmm_rt *rt) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  if (pmmi_cpy_collect_if_due() < 0) {
    return NULL;
  }
  return pmmi_cpy_obj(PyDict_New());
}

enum pmm_status pmmi_cpy_dict_set(pmm_rt *rt, pmm_obj *dict, pmm_obj *key,
                                  pmm_obj *value) {
  assert(key != NULL && value != NULL);
  return pmmi_cpy_result(rt, PyDict_SetItem(pmmi_cpy_py(dict),
                                            pmmi_cpy_py(key),
                                            pmmi_cpy_py(value)));
}

pmm_obj *pmmi_cpy_dict_get(pmm_rt *rt, pmm_obj *dict, pmm_obj *key) {
  assert(key != NULL);
  (void)rt;
  return pmmi_cpy_obj(
      PyDict_GetItemWithError(pmmi_cpy_py(dict), pmmi_cpy_py(key)));
}

pmm_obj *pmmi_cpy_dict_get_strong(pmm_rt *rt, pmm_obj *dict, pmm_obj *key) {
  pmm_obj *value = pmmi_cpy_dict_get(rt, dict, key);
  Py_IncRef(pmmi_cpy_py(value));
  return value;
}

enum pmm_status pmmi_cpy_dict_delete(pmm_rt *rt, pmm_obj *dict, pmm_obj *key) {
  assert(key != NULL);
  return pmmi_cpy_result(rt,
                         PyDict_DelItem(pmmi_cpy_py(dict), pmmi_cpy_py(key)));
}

enum pmm_status pmmi_cpy_dict_clear(pmm_rt *rt, pmm_obj *dict) {
  (void)rt;
  PyDict_Clear(pmmi_cpy_py(dict));
  return PMM_OK;
}

pmm_obj *pmmi_cpy_dict_copy(pmm_rt *rt, pmm_obj *dict) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  return pmmi_cpy_obj(PyDict_Copy(pmmi_cpy_py(dict)));
}

pmm_obj *pmmi_cpy_dict_keys(pmm_rt *rt, pmm_obj *dict) {
  (void)rt;
  return pmmi_cpy_obj(PyDict_Keys(pmmi_cpy_py(dict)));
}

pmm_obj *pmmi_cpy_dict_values(pmm_rt *rt, pmm_obj *dict) {
  (void)rt;
  return pmmi_cpy_obj(PyDict_Values(pmmi_cpy_py(dict)));
}

pmm_obj *pmmi_cpy_set_new(pmm_rt *rt, pmm_obj *iterable) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  if (pmmi_cpy_collect_if_due() < 0) {
    return NULL;
  }
  return pmmi_cpy_obj(PySet_New(pmmi_cpy_py(iterable)));
}

/** frozenset(iterable); an exact frozenset is returned as it is. */
pmm_obj *pmmi_cpy_frozenset_new(pmm_rt *rt, pmm_obj *iterable) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  if (pmmi_cpy_collect_if_due() < 0) {
    return NULL;
  }
  return pmmi_cpy_obj(PyObject_CallFunctionObjArgs(
      (PyObject *)&PyFrozenSet_Type, pmmi_cpy_py(iterable), NULL));
}

enum pmm_status pmmi_cpy_set_add(pmm_rt *rt, pmm_obj *set, pmm_obj *item) {
  return pmmi_cpy_result(rt, PySet_Add(pmmi_cpy_py(set), pmmi_cpy_py(item)));
}

enum pmm_status pmmi_cpy_set_contains(pmm_rt *rt, pmm_obj *set, pmm_obj *item,
                                      int *found) {
  assert(found != NULL);
  int result = PySet_Contains(pmmi_cpy_py(set), pmmi_cpy_py(item));
  if (result < 0) {
    return pmmi_cpy_failure(rt);
  }
  *found = result;
  return PMM_OK;
}

enum pmm_status pmmi_cpy_set_discard(pmm_rt *rt, pmm_obj *set, pmm_obj *item) {
  return pmmi_cpy_result(rt,
                         PySet_Discard(pmmi_cpy_py(set), pmmi_cpy_py(item)));
}

pmm_obj *pmmi_cpy_set_copy(pmm_rt *rt, pmm_obj *set) {
  (void)rt;
  return pmmi_cpy_obj(PyObject_CallMethodObjArgs(
      pmmi_cpy_py(set), PMMI_CPY_NAME(copy), NULL));
}
