/* SPDX-License-Identifier: MIT */
/*
 * runtime.h - the one runtime of the process.
 */
#ifndef PMMI_CPYTHON_RUNTIME_H
#define PMMI_CPYTHON_RUNTIME_H

#include "cpython.h"

/** The one runtime, open or not. */
pmm_rt *pmmi_cpy_runtime(void);

#endif /* PMMI_CPYTHON_RUNTIME_H */
