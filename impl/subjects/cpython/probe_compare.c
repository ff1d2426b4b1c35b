/* SPDX-License-Identifier: MIT */
/*
 * probe_compare.c - probe types whose instances run code of the host where
 * Python compares, hashes, orders or prints them.
 *
 *   1. The slots of the type call the host; none of them owns its arguments,
 *      as none of the interpreter's own does: whoever compares holds both.
 *   2. Two instances compare by the code of the left one when both types have
 *      such code; all other pairs are left to Python.
 */
#include "probe_compare.h"

#include "errors.h"
#include "ops.h"
#include "probe.h"

static PyObject *richcompare(PyObject *self, PyObject *other, int op);

static int is_comparable(PyObject *o) {
  PyTypeObject *type = Py_TYPE(o);
  void *ours = pmmi_cpy_code_pointer((void (*)(void))richcompare);
  return (PyType_GetFlags(type) & Py_TPFLAGS_HEAPTYPE) != 0 &&
         PyType_GetSlot(type, Py_tp_richcompare) == ours;
}

static PyObject *new_reference(PyObject *o) {
  Py_IncRef(o);
  return o;
}

/** The code's answer as a bool; NULL with an exception. */
static PyObject *truth(pmm_rt *rt, enum pmm_status status, int answer) {
  return pmmi_cpy_raised(rt, status)
             ? NULL
             : new_reference(answer ? Py_True : Py_False);
}

static PyObject *richcompare(PyObject *self, PyObject *other, int op) {
  pmm_rt *rt = NULL;
  const struct pmm_compare_code *code = pmmi_cpy_code_of(self, &rt);
  pmm_obj *a = pmmi_cpy_obj(self);
  pmm_obj *b = pmmi_cpy_obj(other);
  int answer = 0;
  if (code != NULL && is_comparable(other)) {
    if (op == Py_LT && code->less != NULL) {
      return truth(rt, code->less(code->ctx, rt, a, b, &answer), answer);
    }
    if ((op == Py_EQ || op == Py_NE) && code->equals != NULL) {
      enum pmm_status status = code->equals(code->ctx, rt, a, b, &answer);
      return truth(rt, status, (op == Py_EQ) == (answer != 0));
    }
  }
  return new_reference(Py_NotImplemented);
}

/** A type with a comparison of its own has no hash unless it says which. */
static Py_hash_t identity_hash(PyObject *self) {
  return (Py_hash_t)((uintptr_t)self >> 4);
}

static Py_hash_t code_hash(PyObject *self) {
  pmm_rt *rt = NULL;
  const struct pmm_compare_code *code = pmmi_cpy_code_of(self, &rt);
  int64_t hash = 0;
  if (code == NULL) {
    return identity_hash(self);
  }
  if (pmmi_cpy_raised(rt,
                      code->hash(code->ctx, rt, pmmi_cpy_obj(self), &hash))) {
    return -1;
  }
  return (Py_hash_t)(hash == -1 ? -2 : hash);
}

static PyObject *code_repr(PyObject *self) {
  pmm_rt *rt = NULL;
  const struct pmm_compare_code *code = pmmi_cpy_code_of(self, &rt);
  pmm_obj *text = NULL;
  if (code != NULL &&
      pmmi_cpy_raised(rt, code->repr(code->ctx, rt, pmmi_cpy_obj(self),
                                     &text))) {
    Py_DecRef(pmmi_cpy_py(text));
    return NULL;
  }
  return text != NULL ? pmmi_cpy_py(text)
                      : PyUnicode_FromFormat("<object at %p>", (void *)self);
}

PyType_Slot *pmmi_cpy_code_slots(PyType_Slot *slots,
                                 const struct pmm_compare_code *code) {
  if (code->equals != NULL || code->less != NULL) {
    *slots++ = PMMI_CPY_SLOT(Py_tp_richcompare, richcompare);
  }
  *slots++ = PMMI_CPY_SLOT(Py_tp_hash,
                           code->hash != NULL ? code_hash : identity_hash);
  if (code->repr != NULL) {
    *slots++ = PMMI_CPY_SLOT(Py_tp_repr, code_repr);
  }
  return slots;
}
