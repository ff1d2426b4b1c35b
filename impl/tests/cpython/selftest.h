/* SPDX-License-Identifier: MIT */
/*
 * selftest.h - the operations of the CPython subject, checked one by one.
 */
#ifndef PMMI_TESTS_CPYTHON_SELFTEST_H
#define PMMI_TESTS_CPYTHON_SELFTEST_H

#include "pmm/subject.h"

/** Print TAP to stdout.  Returns 0 when all is well, else 1. */
int pmmi_cpy_selftest(const struct pmm_subject *subject);

#endif /* PMMI_TESTS_CPYTHON_SELFTEST_H */
