/* SPDX-License-Identifier: MIT */
/*
 * bench_host.h - the benchmark programs inside an interpreter.
 *
 *   1. The interpreter's extension loads the module with dlopen(); nothing
 *      here knows Python.
 *   2. It looks PMM_BENCH_HOST up and calls it with its subject and the
 *      arguments, of which the second names the program: "gc", "list", ...
 *
 * The code is that of the programs: what differs between the two hosts is the
 * table of operations and nothing else.
 */
#ifndef PMM_BENCH_HOST_H
#define PMM_BENCH_HOST_H

#include "pmm/subject.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Name of the function that the module exports. */
#define PMM_BENCH_HOST "pmm_bench_host"

/** Run the program argv[1] on `subject` with the arguments behind it.
 *  Returns the exit code: 0 ok; 1 nothing ran; 2 usage; 3 a check failed. */
typedef int (*pmm_bench_host_fn)(const struct pmm_subject *subject, int argc,
                                 char **argv);

#ifdef __cplusplus
}
#endif

#endif /* PMM_BENCH_HOST_H */
