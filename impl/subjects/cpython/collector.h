/* SPDX-License-Identifier: MIT */
/*
 * collector.h - which collector a CPython has.
 */
#ifndef PMMI_CPYTHON_COLLECTOR_H
#define PMMI_CPYTHON_COLLECTOR_H

/** The mode of the collector that a version ("3.14.2 (main, ...") has:
 *  "incremental" in 3.14.0 to 3.14.4, else "generational".  Cannot fail. */
const char *pmmi_cpy_collector_of(const char *version);

#endif /* PMMI_CPYTHON_COLLECTOR_H */
