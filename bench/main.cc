// SPDX-License-Identifier: MIT
//
// main.cc - a benchmark program by itself; the build says which one.

#include "backends/registry.h"
#include "base/ending.h"
#include "bench.h"

int main(int argc, char **argv) {
  pmmi_backend_prepare(argv);
  return pmmi_ending_own(
      pmm_bench::run(argc, argv, pmm_bench::PMM_BENCH_PROGRAM, nullptr));
}
