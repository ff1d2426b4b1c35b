/* SPDX-License-Identifier: MIT */
/*
 * core.h - small things that every file of the subject needs.
 */
#ifndef PMMI_CPYTHON_CORE_H
#define PMMI_CPYTHON_CORE_H

#include "cpython.h"

/** Collections that became due since the last operation: from 3.12 they wait
 *  for the evaluation loop, which C code never enters.  0, or -1 with an
 *  exception. */
int pmmi_cpy_collect_if_due(void);
/** Call with no or one argument and read an int; -1 with the exception. */
long long pmmi_cpy_call_int(PyObject *callable, PyObject *argument);
/** The same at any time: a pending exception stays, failure gives `other`. */
long long pmmi_cpy_ask(PyObject *callable, PyObject *argument,
                       long long other);
/** A new tuple of borrowed items. */
PyObject *pmmi_cpy_tuple_of(pmm_obj *const *items, size_t n);
/** A new str of an attribute's name.  It is not counted, as the interpreter
 *  keeps such names in caches of its own. */
PyObject *pmmi_cpy_name_new(const char *text);
/** A size as CPython's signed one, clamped. */
static inline Py_ssize_t pmmi_cpy_size(size_t n) {
  return n > (size_t)PY_SSIZE_T_MAX ? PY_SSIZE_T_MAX : (Py_ssize_t)n;
}

#endif /* PMMI_CPYTHON_CORE_H */
