// SPDX-License-Identifier: MIT
//
// bench.cc - options, context and witness of the benchmark programs (bench.h).

#include "bench.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <type_traits>

#include "backends/registry.h"
#include "backends/witness.h"
#include "subjects/select.h"

#ifndef PMMI_VALGRIND
#define PMMI_VALGRIND 0
#endif
#if PMMI_VALGRIND
#include <valgrind/callgrind.h>
#endif

namespace pmm_bench {
namespace {

// What the command line chose; set once before the first benchmark.
struct Choice {
  Level level = Level::backend;
  pmmi_selection selection{};
  int counted_iterations = 0;
  int layout = 0;
};

Choice choice;

// Exit codes of the programs of the suite.
enum : int { exit_tool = 1, exit_usage = 2, exit_misbehaved = 3 };

// True while the code that is measured may end the process, which is no
// success, whatever code it chose.
bool measuring = false;

// What is measured cannot be: that is a result, and no fault of the tool.
[[noreturn]] void give_up(const char *what) {
  std::fprintf(stderr, "pmm-bench: %s\n", what);
  measuring = false;
  std::exit(exit_misbehaved);
}

struct Measuring {
  Measuring() { measuring = true; }
  ~Measuring() { measuring = false; }
};

void refuse_early_exit() {
  if (measuring) {
    std::fflush(nullptr);
    std::fprintf(stderr, "pmm-bench: what is measured ended the process\n");
    _exit(exit_misbehaved);
  }
}

void print_help(const char *title) {
  std::printf(
      "%s\n\n"
      "  --backend SPEC   pool, libc, mimalloc, jemalloc, tcmalloc, a bound,\n"
      "                   /path/plugin.so or name=/path/lib.so,prefix=my_\n"
      "  --counted N      each benchmark N times, for callgrind to count\n"
      "  --layout N       shift stack and heap by N, up to 4096 bytes\n"
      "%s"
      "\nand the options of Google Benchmark, for example\n"
      "  --benchmark_filter=churn --benchmark_repetitions=5\n"
      "  --benchmark_out=FILE --benchmark_out_format=json\n"
      "\nExit codes: 0 ok, 1 nothing was measured, 2 usage, 3 what is measured\n"
      "failed a check or broke its contract.\n",
      title,
      choice.level == Level::backend
          ? ""
          : "  --subject NAME   reference, null or /path/subject.so\n"
            "  --mode MODE      a collector mode of the subject\n");
}

bool asks_for(int argc, char **argv, const char *option) {
  for (int i = 1; i < argc; i++) {
    if (std::strcmp(argv[i], option) == 0) {
      return true;
    }
  }
  return false;
}

// Take an option with a number out of the arguments; false: it is not from 1
// to `most`.
bool take_number(int *argc, char **argv, const char *option, int most,
                 int *number) {
  int kept = 1;
  for (int i = 1; i < *argc; i++) {
    if (std::strcmp(argv[i], option) != 0) {
      argv[kept++] = argv[i];
      continue;
    }
    *number = i + 1 < *argc ? std::atoi(argv[++i]) : 0;
    if (*number <= 0 || *number > most) {
      return false;
    }
  }
  *argc = kept;
  argv[kept] = nullptr;
  return true;
}

bool take_numbers(int *argc, char **argv) {
  constexpr int page = 4096;
  return take_number(argc, argv, "--counted", 1 << 30,
                     &choice.counted_iterations) &&
         take_number(argc, argv, "--layout", page, &choice.layout);
}

// Where a process puts its stack and its heap, below a page, is the same in
// each start of one program: luck that would pass for speed.  `here` is the
// caller's, and stays until it returns.
void shift_layout(void *here) {
  static void *kept;
  kept = std::malloc(static_cast<std::size_t>(choice.layout));
  benchmark::DoNotOptimize(kept);
  benchmark::DoNotOptimize(here);
}

int select_backend(const pmmi_names &names, char *message, std::size_t size) {
  const char *spec = names.backend != nullptr ? names.backend : "pool";
  choice.selection.backend = pmmi_backend_find(spec, message, size);
  if (choice.selection.backend != nullptr) {
    return 0;
  }
  return pmmi_backend_at_fault() ? exit_misbehaved : exit_usage;
}

int select_subject(const pmmi_names &names, const Program &program,
                   const pmm_subject *host, char *message, std::size_t size) {
  const int status =
      host != nullptr
          ? pmmi_select_for(host, &names, &choice.selection, message, size)
          : pmmi_select(&names, &choice.selection, message, size);
  if (status != 0) {
    return status;
  }
  for (const char *feature : program.needs) {
    if (!pmm_view_offers(&choice.selection.view, feature)) {
      std::snprintf(message, size, "subject %s does not offer %s",
                    choice.selection.subject->name, feature);
      return 2;
    }
  }
  return 0;
}

void add_context(const char *key, const char *value) {
  benchmark::AddCustomContext(key, value != nullptr ? value : "");
}

// Proof of who serves the memory, taken on a heap of its own.
void add_witness() {
  const pmm_backend *backend = choice.selection.backend;
  if (backend == nullptr) {
    return;
  }
  Heap heap;
  pmmi_witness witness;
  const bool holds = pmmi_backend_witness(backend, heap.handle, &witness) == 0;
  add_context("pmm_witness_object", witness.object);
  add_context("pmm_witness_ok", holds ? "true" : "false");
}

void describe() {
  const bool own = choice.selection.backend == nullptr;
  if (choice.level == Level::subject) {
    add_context("pmm_subject", choice.selection.subject->name);
    add_context("pmm_subject_version", choice.selection.subject->version);
    add_context("pmm_subject_build", choice.selection.subject->build);
    add_context("pmm_mode", choice.selection.mode);
  }
  if (!own) {
    add_context("pmm_backend", choice.selection.backend->name);
  }
  add_context("pmm_attach", own ? "own" : "vtable");
  add_witness();
}

// Why a run has no figure, NULL where it has one: up to 1.7 Google Benchmark calls
// that an error (Debian 12), from 1.8 on a way to be skipped (Ubuntu 24.04, Debian
// 13). The one that the library has is chosen by its overload.
template <typename Run>
auto failure_of(const Run &run, int)
    -> decltype(run.error_occurred, static_cast<const std::string *>(nullptr)) {
  return run.error_occurred ? &run.error_message : nullptr;
}

template <typename Run>
auto failure_of(const Run &run, long)
    -> decltype(run.skipped, static_cast<const std::string *>(nullptr)) {
  using Skipped = std::decay_t<decltype(run.skipped)>;
  return run.skipped == Skipped::SkippedWithError ? &run.skip_message : nullptr;
}

// Notices failed checks, which Google Benchmark reports without failing, and
// says each once on standard error.
class Judge : public benchmark::ConsoleReporter {
 public:
  Judge() : ConsoleReporter(isatty(1) ? OO_ColorTabular : OO_Tabular) {}
  void ReportRuns(const std::vector<Run> &runs) override {
    for (const Run &run : runs) {
      ran_ = true;
      if (const std::string *why = failure_of(run, 0)) {
        failures_.insert(run.run_name.str() + ": " + *why);
      }
    }
    ConsoleReporter::ReportRuns(runs);
  }
  int exit_code() const {
    for (const std::string &failure : failures_) {
      std::fprintf(stderr, "pmm-bench: %s\n", failure.c_str());
    }
    if (!ran_) {
      std::fprintf(stderr, "pmm-bench: no benchmark was run\n");
      return exit_tool;
    }
    return failures_.empty() ? 0 : exit_misbehaved;
  }

 private:
  bool ran_ = false;
  std::set<std::string> failures_;
};

}  // namespace

int run(int argc, char **argv, const Program &program,
        const pmm_subject *host) {
  choice.level = program.level;
  // Google Benchmark's own help would hide ours, so ours is asked for first.
  if (asks_for(argc, argv, "--help") || asks_for(argc, argv, "-h")) {
    print_help(program.title);
    return 0;
  }
  if (!take_numbers(&argc, argv)) {
    std::fprintf(stderr, "%s: --counted and --layout need a number (--help)\n",
                 argv[0]);
    return exit_usage;
  }
  if (choice.layout != 0) {
    shift_layout(__builtin_alloca(static_cast<std::size_t>(choice.layout)));
  }
  std::atexit(refuse_early_exit);
  const Measuring until_the_end;
  char message[512] = "";
  pmmi_names names{};
  int status = pmmi_select_take(&argc, argv, &names, message, sizeof message);
  if (status == 0) {
    status = program.level == Level::backend
                 ? select_backend(names, message, sizeof message)
                 : select_subject(names, program, host, message,
                                  sizeof message);
  }
  if (status != 0) {
    std::fprintf(stderr, "%s: %s\n", argv[0], message);
    return status;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  describe();
  program.registrar();
  Judge judge;
  benchmark::RunSpecifiedBenchmarks(&judge);
  benchmark::Shutdown();
  return judge.exit_code();
}

int counted_iterations() { return choice.counted_iterations; }

Counting::Counting() {
#if PMMI_VALGRIND
  CALLGRIND_ZERO_STATS;
#endif
}

Counting::~Counting() {
#if PMMI_VALGRIND
  CALLGRIND_DUMP_STATS_AT("pmm");
#endif
}

bool backend_is_bound() {
  return (choice.selection.backend->capabilities & PMM_BACKEND_MEASURES) != 0;
}

Heap::Heap() : backend(choice.selection.backend), handle(nullptr) {
  pmm_backend_config config{};
  config.struct_size = sizeof config;
  if (backend->init(&config, &handle) != 0) {
    give_up("no memory for a heap");
  }
}

Heap::~Heap() { backend->fini(handle); }

Runtime::Runtime(const pmm_host *host)
    : ops(&choice.selection.view.ops), handle(nullptr) {
  if (pmmi_selection_open(&choice.selection, host, 1, 0, &handle) != PMM_OK) {
    give_up("the subject did not open");
  }
}

Runtime::~Runtime() { ops->close(handle); }

pmm_obj *Runtime::list_of_ints(std::size_t n) const {
  pmm_obj *list = ops->list_new(handle, 0);
  for (std::size_t i = 0; list != nullptr && i < n; i++) {
    pmm_obj *item = ops->int_new(handle, 1000 + static_cast<std::int64_t>(i));
    if (item == nullptr || ops->list_append(handle, list, item) != PMM_OK) {
      ops->clear(handle, &list);
    }
    ops->xrelease(handle, item);
  }
  return list;
}

pmm_obj *Runtime::node_type() const {
  pmm_type_spec spec{};
  spec.struct_size = sizeof spec;
  spec.name = "node";
  spec.slots = 1;
  spec.flags = PMM_TYPE_GC;
  return ops->type_new(handle, &spec);
}

pmm_memory Runtime::memory() const {
  pmm_memory figures{};
  figures.struct_size = sizeof figures;
  ops->memory(handle, &figures);
  return figures;
}

std::uint64_t Runtime::live_blocks() const { return memory().live_blocks; }

std::uint64_t Runtime::untold_blocks() const {
  // The most that a CPython keeps of one size, twice.
  constexpr std::uint64_t most = 4096;
  return memory().cached_blocks == PMM_UNKNOWN ? most : 0;
}

bool Runtime::offers(const char *feature) const {
  return pmm_view_offers(&choice.selection.view, feature) != 0;
}

}  // namespace pmm_bench
