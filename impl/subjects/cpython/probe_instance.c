/* SPDX-License-Identifier: MIT */
/*
 * probe_instance.c - instances of probe types: making them, their slots and
 * their attributes.
 */
#include "probe_instance.h"

#include "core.h"
#include "errors.h"
#include "ops.h"
#include "probe.h"

/** The instance's memory.  A class with attributes goes through its own
 *  tp_new, which alone prepares the values that instances keep in the order
 *  of the class's shared keys (3.11 and 3.12). */
static PyObject *allocate(PyTypeObject *type,
                          const struct pmmi_cpy_kind *kind) {
  assert(kind != NULL);
  PyObject *arguments;
  PyObject *o = NULL;
  void *slot;
  newfunc make;
  if ((kind->flags & PMM_TYPE_DICT) == 0) {
    return PyType_GenericAlloc(type, 0);
  }
  slot = PyType_GetSlot(type, Py_tp_new);
  memcpy(&make, &slot, sizeof make);
  arguments = PyTuple_New(0);
  if (arguments != NULL) {
    o = make(type, arguments, NULL);
    Py_DecRef(arguments);
  }
  return o;
}

pmm_obj *pmmi_cpy_instance_new(pmm_rt *rt, pmm_obj *type, int64_t cookie) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  struct pmmi_cpy_kind *kind = pmmi_cpy_kind_of(pmmi_cpy_py(type));
  struct pmmi_cpy_probe *probe;
  (void)rt;
  if (kind == NULL || pmmi_cpy_collect_if_due() < 0) {
    return NULL;
  }
  probe = (struct pmmi_cpy_probe *)allocate(
      (PyTypeObject *)pmmi_cpy_py(type), kind);
  if (probe == NULL) {
    return NULL;
  }
  probe->cookie = cookie;
  probe->kind = kind;
  kind->references++;
  return (pmm_obj *)probe;
}

int64_t pmmi_cpy_instance_cookie(pmm_rt *rt, pmm_obj *instance) {
  (void)rt;
  return ((struct pmmi_cpy_probe *)instance)->cookie;
}

size_t pmmi_cpy_probe_slots(PyObject *instance) {
  const struct pmmi_cpy_kind *kind = ((struct pmmi_cpy_probe *)instance)->kind;
  return kind == NULL ? 0 : kind->slots;
}

/** Slot `index` of an instance; NULL with IndexError. */
static PyObject **slot_at(pmm_obj *instance, size_t index) {
  assert(instance != NULL);
  struct pmmi_cpy_probe *probe = (struct pmmi_cpy_probe *)instance;
  if (probe->kind == NULL || index >= probe->kind->slots) {
    pmmi_cpy_fail(PMM_INDEX, "no such slot");
    return NULL;
  }
  return &probe->slots[index];
}

pmm_obj *pmmi_cpy_slot_get(pmm_rt *rt, pmm_obj *instance, size_t index) {
  PyObject **slot = slot_at(instance, index);
  (void)rt;
  return slot == NULL ? NULL : pmmi_cpy_obj(*slot);
}

enum pmm_status pmmi_cpy_slot_set(pmm_rt *rt, pmm_obj *instance, size_t index,
                                  pmm_obj *value) {
  PyObject **slot = slot_at(instance, index);
  PyObject *old;
  (void)rt;
  if (slot == NULL) {
    return PMM_INDEX;
  }
  Py_IncRef(pmmi_cpy_py(value));
  old = *slot;
  *slot = pmmi_cpy_py(value);
  Py_DecRef(old);
  return PMM_OK;
}

/** The attribute, new. */
static PyObject *attribute(PyObject *o, const char *text) {
  assert(text != NULL);
  PyObject *name = pmmi_cpy_name_new(text);
  PyObject *value = name == NULL ? NULL : PyObject_GetAttr(o, name);
  Py_DecRef(name);
  return value;
}

pmm_obj *pmmi_cpy_attr_get(pmm_rt *rt, pmm_obj *instance, const char *name) {
  assert(name != NULL);
  PyObject *value = attribute(pmmi_cpy_py(instance), name);
  (void)rt;
  if (value != NULL) {
    Py_DecRef(value); /* the instance holds it */
  }
  return pmmi_cpy_obj(value);
}

enum pmm_status pmmi_cpy_attr_set(pmm_rt *rt, pmm_obj *instance,
                                  const char *name, pmm_obj *value) {
  assert(name != NULL);
  PyObject *text = pmmi_cpy_name_new(name);
  enum pmm_status status;
  if (text == NULL) {
    return pmmi_cpy_failure(rt);
  }
  status = pmmi_cpy_result(rt, PyObject_SetAttr(pmmi_cpy_py(instance), text,
                                                pmmi_cpy_py(value)));
  Py_DecRef(text);
  return status;
}

int pmmi_cpy_is_finalized(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
#if PY_VERSION_HEX < 0x03090000
  return PyObject_IS_GC(pmmi_cpy_py(o)) && _PyGC_FINALIZED(pmmi_cpy_py(o));
#else
  return PyObject_GC_IsFinalized(pmmi_cpy_py(o));
#endif
}

pmm_obj *pmmi_cpy_proxy_slot(pmm_rt *rt, pmm_obj *proxy, size_t index) {
  char name[8];
  (void)rt;
  if (index >= PMMI_CPY_SLOTS_MAX) {
    return pmmi_cpy_fail_null(PMM_INDEX, "no such slot");
  }
  PyOS_snprintf(name, sizeof name, "s%02u", (unsigned)index);
  return pmmi_cpy_obj(attribute(pmmi_cpy_py(proxy), name));
}
