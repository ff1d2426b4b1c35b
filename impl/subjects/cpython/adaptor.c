/* SPDX-License-Identifier: MIT */
/*
 * adaptor.c - entering the interpreter, and forking it.
 */
#include "adaptor.h"

#include "cpython.h"

PyObject *pmmi_cpy_enter(PyObject *function, PyObject *argument) {
  assert(PyCallable_Check(function));
  return PyObject_CallFunctionObjArgs(PMMI_CPY_FN(enter), function, argument,
                                      NULL);
}

PyObject *pmmi_cpy_optimised(void) {
  return PyObject_CallObject(PMMI_CPY_FN(optimised), NULL);
}

void pmmi_cpy_before_fork(void *ctx) {
  (void)ctx;
  PyOS_BeforeFork();
}

void pmmi_cpy_after_fork_parent(void *ctx) {
  (void)ctx;
  PyOS_AfterFork_Parent();
}

void pmmi_cpy_after_fork_child(void *ctx) {
  (void)ctx;
  PyOS_AfterFork_Child();
}
