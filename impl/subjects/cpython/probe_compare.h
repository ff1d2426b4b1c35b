/* SPDX-License-Identifier: MIT */
/*
 * probe_compare.h - types whose instances run code of the host.
 */
#ifndef PMMI_CPYTHON_PROBE_COMPARE_H
#define PMMI_CPYTHON_PROBE_COMPARE_H

#include "cpython.h"

/** Add the slots of a type whose instances run code of the host when they are
 *  compared, hashed or printed; returns what comes next. */
PyType_Slot *pmmi_cpy_code_slots(PyType_Slot *slots,
                                 const struct pmm_compare_code *code);

#endif /* PMMI_CPYTHON_PROBE_COMPARE_H */
