/* SPDX-License-Identifier: MIT */
/*
 * probe_instance.h - what instances of probe types hold.
 */
#ifndef PMMI_CPYTHON_PROBE_INSTANCE_H
#define PMMI_CPYTHON_PROBE_INSTANCE_H

#include "cpython.h"

/** Slots of an instance of a probe type. */
size_t pmmi_cpy_probe_slots(PyObject *instance);

#endif /* PMMI_CPYTHON_PROBE_INSTANCE_H */
