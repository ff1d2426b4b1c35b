/* SPDX-License-Identifier: MIT */
/*
 * diagnose.h - unraisable errors and warnings as events.
 */
#ifndef PMMI_CPYTHON_DIAGNOSE_H
#define PMMI_CPYTHON_DIAGNOSE_H

#include "cpython.h"

/** Hooks of an open runtime on unraisable errors and warnings. */
int pmmi_cpy_diagnose_start(pmm_rt *rt);
void pmmi_cpy_diagnose_stop(pmm_rt *rt);

#endif /* PMMI_CPYTHON_DIAGNOSE_H */
