// SPDX-License-Identifier: MIT
//
// host.cc - the benchmark programs inside an interpreter (bench_host.h).

#include "bench_host.h"

#include <cstdio>
#include <cstring>

#include "bench.h"

namespace {

using pmm_bench::Program;

// Those over a subject: an interpreter brings its own allocator.
const Program *const programs[] = {
    &pmm_bench::gc_program,       &pmm_bench::heap_program,
    &pmm_bench::list_program,     &pmm_bench::pause_program,
    &pmm_bench::refcount_program, &pmm_bench::tuple_program,
};

const Program *find(const char *name) {
  for (const Program *program : programs) {
    if (std::strcmp(program->name, name) == 0) {
      return program;
    }
  }
  return nullptr;
}

int list_programs(std::FILE *file) {
  for (const Program *program : programs) {
    std::fprintf(file, "%s\n", program->title);
  }
  return file == stdout ? 0 : 2;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int pmm_bench_host(
    const pmm_subject *subject, int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "--help";
  if (std::strcmp(name, "--help") == 0 || std::strcmp(name, "-h") == 0) {
    std::printf("bench PROGRAM [--mode MODE] [--benchmark_...]\n\n");
    return list_programs(stdout);
  }
  const Program *program = find(name);
  if (program == nullptr) {
    std::fprintf(stderr, "%s: no program \"%s\"; available:\n", argv[0], name);
    return list_programs(stderr);
  }
  return pmm_bench::run(argc - 1, argv + 1, *program, subject);
}
