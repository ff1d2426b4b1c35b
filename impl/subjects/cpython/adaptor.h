/* SPDX-License-Identifier: MIT */
/*
 * adaptor.h - what a host of the CPython subject needs.
 *
 *   1. pmmi_cpy_load() once, when the extension is imported.
 *   2. pmmi_cpy_subject() is the subject, as pmm/subject.h has it.
 *   3. What runs on it is called by pmmi_cpy_enter(); around a fork() stand
 *      the three functions that keep the child a sane interpreter.
 *
 * The hosts of an interpreter stand above (hosts/cpython/): nothing here knows
 * cases, workloads or benchmarks.
 */
#ifndef PMMI_CPYTHON_ADAPTOR_H
#define PMMI_CPYTHON_ADAPTOR_H

#include <Python.h>

#include "pmm/subject.h"

/** Build what the operations call.  0, or -1 with an exception. */
int pmmi_cpy_load(void);
/** The subject, filled for this interpreter. */
const struct pmm_subject *pmmi_cpy_subject(void);
/** Call `function` on `argument` under the frame that names sites; what it
 *  returned, or NULL with an exception. */
PyObject *pmmi_cpy_enter(PyObject *function, PyObject *argument);
/** Name of the interpreter's allocator as it was before anything of ours lay
 *  over it; NULL: it does not say. */
const char *pmmi_cpy_allocator_name(void);
/** Whether the interpreter was built with optimisations: a new bool, or NULL
 *  with an exception. */
PyObject *pmmi_cpy_optimised(void);

/** Around each fork(); the context is not used. */
void pmmi_cpy_before_fork(void *ctx);
void pmmi_cpy_after_fork_parent(void *ctx);
void pmmi_cpy_after_fork_child(void *ctx);

#endif /* PMMI_CPYTHON_ADAPTOR_H */
