/* SPDX-License-Identifier: MIT */
/*
 * counts.h - the count of an object, where no function of CPython gives it.
 *
 * The limited API has neither macros that know immortal objects nor the three
 * fields that a free-threaded build counts in (PEP 703): the owner's count,
 * that of all others, and the owner.  Such a build loads an extension that was
 * compiled against the whole API (build_cpython.py), whose macros know them.
 */
#ifndef PMMI_CPYTHON_COUNTS_H
#define PMMI_CPYTHON_COUNTS_H

#include "cpython.h"

#ifdef Py_GIL_DISABLED
enum { PMMI_CPY_FREE_THREADED = 1 };

static inline Py_ssize_t pmmi_cpy_count(PyObject *o) { return Py_REFCNT(o); }

static inline void pmmi_cpy_set_count(PyObject *o, Py_ssize_t count) {
  Py_SET_REFCNT(o, count);
}

static inline int pmmi_cpy_never_dies(PyObject *o) {
  return o->ob_ref_local == UINT32_MAX;
}
#else
enum { PMMI_CPY_FREE_THREADED = 0 };

static inline Py_ssize_t pmmi_cpy_count(PyObject *o) { return o->ob_refcnt; }

static inline void pmmi_cpy_set_count(PyObject *o, Py_ssize_t count) {
  o->ob_refcnt = count;
}

/** PEP 683: the sign bit of the lower 32 bits marks an immortal object. */
static inline int pmmi_cpy_never_dies(PyObject *o) {
  return (int32_t)(o->ob_refcnt & 0xffffffff) < 0;
}
#endif

#endif /* PMMI_CPYTHON_COUNTS_H */
