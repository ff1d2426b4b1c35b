// SPDX-License-Identifier: MIT
//
// bench.h - what the benchmark programs share.
//
//   1. run() takes pmm's own options (--subject, --backend, --mode), hands
//      the rest to Google Benchmark, and registers one program's benchmarks.
//   2. A Heap is a fresh heap of the backend; a Runtime is a fresh runtime of
//      the subject over the backend.  Each benchmark makes its own, so that
//      no benchmark inherits another's memory.
//   3. The witness is taken after the runs and written into the context, so
//      that no figure stands without the proof of who served the memory.
//
// One process measures one backend; the runner compares processes.

#ifndef PMM_BENCH_H
#define PMM_BENCH_H

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <initializer_list>

#include "pmm/backend.h"
#include "pmm/subject.h"

namespace pmm_bench {

/// What a program measures: a backend by itself, or a subject over it.
enum class Level { backend, subject };

/// One benchmark program.
struct Program {
  const char *title;
  Level level;
  void (*registrar)();
  /// Features of the subject without which there is nothing to measure.
  std::initializer_list<const char *> needs;
};

/// Parse options, register, run, report.  Returns the exit code: 0 ok, 1 a
/// benchmark failed or nothing ran, 2 usage.
int run(int argc, char **argv, const Program &program);

/// True when the chosen backend is a bound and not an allocator.
bool backend_is_bound();

/// A heap of the chosen backend, destroyed at the end of the scope.
class Heap {
 public:
  Heap();
  ~Heap();
  Heap(const Heap &) = delete;
  Heap &operator=(const Heap &) = delete;

  const pmm_backend *backend;
  void *handle;
};

/// A runtime of the chosen subject, closed at the end of the scope.
class Runtime {
 public:
  Runtime();
  ~Runtime();
  Runtime(const Runtime &) = delete;
  Runtime &operator=(const Runtime &) = delete;

  /// A list of n fresh ints above the small cache; NULL: no memory.
  pmm_obj *list_of_ints(std::size_t n) const;
  /// Live blocks as the runtime counts them.
  std::uint64_t live_blocks() const;

  const pmm_ops *ops;
  pmm_rt *handle;
};

/// CPU seconds of this thread since it was made: what the operation cost, and
/// not what the machine did meanwhile.
class Stopwatch {
 public:
  double seconds() const { return now() - start_; }

 private:
  static double now() {
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
  }
  double start_ = now();
};

}  // namespace pmm_bench

#endif  // PMM_BENCH_H
