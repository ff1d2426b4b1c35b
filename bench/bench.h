// SPDX-License-Identifier: MIT
//
// bench.h - what the benchmark programs share.
//
//   1. run() takes pmm's own options (--subject, --backend, --mode), hands
//      the rest to Google Benchmark, and registers one program's benchmarks.
//   2. A Heap is a fresh heap of the backend; a Runtime is a fresh runtime of
//      the subject over the backend.  Each benchmark makes its own, so that
//      no benchmark inherits another's memory.
//   3. The witness is taken before the runs and written into the context, so
//      that no figure stands without the proof of who served the memory.
//   4. The same code runs in two hosts: a program of its own (main.cc), and a
//      CPython, whose extension brings the subject (host.cc).
//
// One process measures one backend; the runner compares processes.

#ifndef PMM_BENCH_H
#define PMM_BENCH_H

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include "pmm/backend.h"
#include "pmm/view.h"

namespace pmm_bench {

/// What a program measures: a backend by itself, or a subject over it.
enum class Level { backend, subject };

/// One benchmark program.
struct Program {
  const char *name;
  const char *title;
  Level level;
  void (*registrar)();
  /// Features of the subject without which there is nothing to measure.
  std::vector<const char *> needs;
};

extern const Program alloc_program;
extern const Program gc_program;
extern const Program heap_program;
extern const Program list_program;
extern const Program pause_program;
extern const Program refcount_program;
extern const Program tuple_program;

/// Parse options, register, run, report.  `host` is the subject that this
/// process is, NULL where the command line names one.  Returns the exit code:
/// 0 ok, 1 nothing ran, 2 usage, 3 what is measured failed a check.
int run(int argc, char **argv, const Program &program,
        const pmm_subject *host);

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
  explicit Runtime(const pmm_host *host = nullptr);
  ~Runtime();
  Runtime(const Runtime &) = delete;
  Runtime &operator=(const Runtime &) = delete;

  /// A list of n fresh ints above the small cache; NULL: no memory.
  pmm_obj *list_of_ints(std::size_t n) const;
  /// A collectable type of one slot: what a small class's instances are.
  /// NULL: no memory.
  pmm_obj *node_type() const;
  /// Live blocks as the runtime counts them.
  std::uint64_t live_blocks() const;
  /// Blocks that free lists may hold besides: 0 where the runtime tells them
  /// apart.
  std::uint64_t untold_blocks() const;
  /// True when the subject claims the feature.
  bool offers(const char *feature) const;

  const pmm_ops *ops;
  pmm_rt *handle;

 private:
  pmm_memory memory() const;
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

/// Times one operation an iteration and says what it cost an object.
class Meter {
 public:
  explicit Meter(benchmark::State &state) : state_(state) {}
  /// The iteration took that long.
  void took(double seconds) {
    state_.SetIterationTime(seconds);
    total_ += seconds;
  }
  /// Each iteration was about that many objects.
  void objects(std::int64_t n) {
    const double all = static_cast<double>(state_.iterations()) *
                       static_cast<double>(n);
    state_.SetItemsProcessed(state_.iterations() * n);
    state_.counters["per_object_ns"] = all > 0 ? 1e9 * total_ / all : 0;
  }

 private:
  benchmark::State &state_;
  double total_ = 0;
};

/// Iterations of each benchmark where a run is counted and not timed; 0: it is
/// timed.
int counted_iterations();

/// While one lives, instructions are counted: valgrind's callgrind writes what
/// it counted since the last one, once for each run of a benchmark.
class Counting {
 public:
  Counting();
  ~Counting();
  Counting(const Counting &) = delete;
  Counting &operator=(const Counting &) = delete;
};

/// Register a benchmark.  Where a run is counted it has the counted iterations,
/// or that part of them.
template <typename Function>
benchmark::internal::Benchmark *add(const std::string &name, Function function,
                                    int part = 1) {
  benchmark::internal::Benchmark *made = benchmark::RegisterBenchmark(
      name.c_str(), [function](benchmark::State &state) {
        const Counting counting;
        function(state);
      });
  const int counted = counted_iterations();
  return counted == 0 ? made : made->Iterations(counted / part + 1);
}

/// Register a benchmark that times itself, with ten thousand and with a
/// million objects.  It runs a fixed number of times, the same on every
/// subject; `iterations` with a million.
template <typename Function>
void add_sized(const std::string &name, Function function, int iterations) {
  constexpr int part = 512;
  const auto sized = [&](int objects, int times) {
    auto *made = add(name, function, part)->Arg(objects)->UseManualTime();
    if (counted_iterations() == 0) {
      made->Iterations(times);
    }
  };
  sized(10000, 20);
  sized(1000000, iterations);
}

}  // namespace pmm_bench

#endif  // PMM_BENCH_H
