/* SPDX-License-Identifier: MIT */
/*
 * weak.c - weak references, proxies and weak containers.
 */
#include "callback.h"
#include "core.h"
#include "errors.h"
#include "ops.h"

pmm_obj *pmmi_cpy_weakref_with(pmm_rt *rt, pmm_obj *target,
                               pmm_obj *callable) {
  (void)rt;
  return pmmi_cpy_obj(
      PyWeakref_NewRef(pmmi_cpy_py(target), pmmi_cpy_py(callable)));
}

pmm_obj *pmmi_cpy_weakref_new(pmm_rt *rt, pmm_obj *target, pmm_fn callback,
                              void *ctx, int64_t cookie) {
  assert(target != NULL);
  PyObject *callable;
  pmm_obj *weakref;
  if (callback == NULL) {
    return pmmi_cpy_weakref_with(rt, target, NULL);
  }
  callable = pmmi_cpy_callback_new(
      rt, &(struct pmmi_cpy_target){.kind = PMMI_CPY_WEAK,
                                    .fn = callback,
                                    .ctx = ctx,
                                    .cookie = cookie});
  if (callable == NULL) {
    return NULL;
  }
  weakref = pmmi_cpy_weakref_with(rt, target, pmmi_cpy_obj(callable));
  Py_DecRef(callable);
  return weakref;
}

/** Calling a reference gives its target, or None when it is dead. */
pmm_obj *pmmi_cpy_weakref_get(pmm_rt *rt, pmm_obj *weakref) {
  assert(weakref != NULL);
  PyObject *target = PyObject_CallObject(pmmi_cpy_py(weakref), NULL);
  (void)rt;
  if (target == Py_None) {
    Py_DecRef(target);
    return NULL;
  }
  return pmmi_cpy_obj(target);
}

size_t pmmi_cpy_weakref_count(pmm_rt *rt, pmm_obj *target) {
  (void)rt;
  return (size_t)pmmi_cpy_ask(PMMI_CPY_FN(getweakrefcount),
                              pmmi_cpy_py(target), 0);
}

pmm_obj *pmmi_cpy_proxy_new(pmm_rt *rt, pmm_obj *target) {
  assert(target != NULL);
  (void)rt;
  return pmmi_cpy_obj(PyWeakref_NewProxy(pmmi_cpy_py(target), NULL));
}

pmm_obj *pmmi_cpy_weak_new(pmm_rt *rt, enum pmm_weak_kind kind) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  PyObject *type = PMMI_CPY_FN(weak_set);
  (void)rt;
  if (kind == PMM_WEAK_VALUES) {
    type = PMMI_CPY_FN(weak_values);
  } else if (kind == PMM_WEAK_KEYS) {
    type = PMMI_CPY_FN(weak_keys);
  }
  return pmmi_cpy_obj(PyObject_CallObject(type, NULL));
}

enum pmm_status pmmi_cpy_weak_set(pmm_rt *rt, pmm_obj *weak, pmm_obj *key,
                                  pmm_obj *value) {
  assert(key != NULL);
  int is_set =
      PyObject_IsInstance(pmmi_cpy_py(weak), PMMI_CPY_FN(weak_set));
  if (is_set > 0) {
    return pmmi_cpy_consume(
        rt, PyObject_CallMethodObjArgs(pmmi_cpy_py(weak), PMMI_CPY_NAME(add),
                                       pmmi_cpy_py(key), NULL));
  }
  return pmmi_cpy_result(rt, is_set < 0
                                 ? -1
                                 : PyObject_SetItem(pmmi_cpy_py(weak),
                                                    pmmi_cpy_py(key),
                                                    pmmi_cpy_py(value)));
}

/** map[key]; an absent key is no error.  A weak set has no items. */
pmm_obj *pmmi_cpy_weak_get(pmm_rt *rt, pmm_obj *weak, pmm_obj *key) {
  assert(key != NULL);
  PyObject *value = PyObject_GetItem(pmmi_cpy_py(weak), pmmi_cpy_py(key));
  (void)rt;
  if (value == NULL && PyErr_ExceptionMatches(PyExc_KeyError)) {
    PyErr_Clear();
  }
  return pmmi_cpy_obj(value);
}

enum pmm_status pmmi_cpy_weak_delete(pmm_rt *rt, pmm_obj *weak,
                                     pmm_obj *key) {
  int is_set =
      PyObject_IsInstance(pmmi_cpy_py(weak), PMMI_CPY_FN(weak_set));
  if (is_set > 0) {
    return pmmi_cpy_consume(
        rt,
        PyObject_CallMethodObjArgs(pmmi_cpy_py(weak), PMMI_CPY_NAME(remove),
                                   pmmi_cpy_py(key), NULL));
  }
  return pmmi_cpy_result(rt, is_set < 0
                                 ? -1
                                 : PyObject_DelItem(pmmi_cpy_py(weak),
                                                    pmmi_cpy_py(key)));
}
