/* SPDX-License-Identifier: MIT */
/*
 * probe_copy.h - how probe types are copied.
 */
#ifndef PMMI_CPYTHON_PROBE_COPY_H
#define PMMI_CPYTHON_PROBE_COPY_H

#include "cpython.h"

/** The methods of a probe type that can be copied, and those of one whose
 *  copy is code of the host. */
extern PyMethodDef pmmi_cpy_probe_methods[];
extern PyMethodDef pmmi_cpy_own_copy_methods[];

#endif /* PMMI_CPYTHON_PROBE_COPY_H */
