/* SPDX-License-Identifier: MIT */
/*
 * errors.h - Python exceptions as statuses, and back.
 */
#ifndef PMMI_CPYTHON_ERRORS_H
#define PMMI_CPYTHON_ERRORS_H

#include "cpython.h"

/** An exception set aside, so that an "any time" operation may run. */
struct pmmi_cpy_saved {
  PyObject *type, *value, *traceback;
};
void pmmi_cpy_save(struct pmmi_cpy_saved *saved);
void pmmi_cpy_restore(struct pmmi_cpy_saved *saved);

/** Status of an exception class or instance. */
enum pmm_status pmmi_cpy_status_of(PyObject *exception);
/** The class that raises a status; borrowed. */
PyObject *pmmi_cpy_class_of(enum pmm_status status);
/** Status of the pending exception; notes errno.  PMM_OK: there is none. */
enum pmm_status pmmi_cpy_failure(pmm_rt *rt);
/** PMM_OK for a result that is not negative, else pmmi_cpy_failure. */
enum pmm_status pmmi_cpy_result(pmm_rt *rt, int result);
/** A new reference given up for a status: NULL is a failure. */
enum pmm_status pmmi_cpy_consume(pmm_rt *rt, PyObject *object);
/** The host said `status`: make sure that an exception is pending exactly
 *  when it is a failure.  Returns 1 when there is one. */
int pmmi_cpy_raised(pmm_rt *rt, enum pmm_status status);
/** Set an exception; returns NULL, or `status`. */
pmm_obj *pmmi_cpy_fail_null(enum pmm_status status, const char *message);
enum pmm_status pmmi_cpy_fail(enum pmm_status status, const char *message);

#endif /* PMMI_CPYTHON_ERRORS_H */
