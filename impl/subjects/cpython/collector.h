/* SPDX-License-Identifier: MIT */
/*
 * collector.h - which collector a CPython has, and its figures.
 */
#ifndef PMMI_CPYTHON_COLLECTOR_H
#define PMMI_CPYTHON_COLLECTOR_H

#include <stdint.h>

/** The mode of the collector that a version ("3.14.2 (main, ...") has:
 *  "incremental" in 3.14.0 to 3.14.4, else "generational"; "full" in a
 *  free-threaded build, which knows no generations.  Cannot fail. */
const char *pmmi_cpy_collector_of(const char *version);
/** gc.get_stats(): collections, collected, uncollectable by generation.  0, or
 *  -1 with an exception. */
int pmmi_cpy_stats_read(uint64_t out[3][3]);

#endif /* PMMI_CPYTHON_COLLECTOR_H */
