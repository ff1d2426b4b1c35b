/* SPDX-License-Identifier: MIT */
/*
 * manager.h - context managers over functions of the host.
 */
#ifndef PMMI_CPYTHON_MANAGER_H
#define PMMI_CPYTHON_MANAGER_H

#include "cpython.h"

/** Make the heap type of managers.  0, or -1 with an exception. */
int pmmi_cpy_manager_load(void);

#endif /* PMMI_CPYTHON_MANAGER_H */
