/* SPDX-License-Identifier: MIT */
/*
 * host.c - the same inside an interpreter: the module that its extension loads
 * as it loads the benchmarks (bench_host.h).
 */
#include "bench_host.h"

#include "lockstep.h"

__attribute__((visibility("default"))) int pmm_bench_host(
    const struct pmm_subject *subject, int argc, char **argv);

int pmm_bench_host(const struct pmm_subject *subject, int argc, char **argv) {
  return pmm_lockstep_main(subject, argc, argv);
}
