// SPDX-License-Identifier: MIT
//
// heap.cc - what collecting the heaps of real programs costs.
//
//   heap/NAME/N   a full collection of the snapshot NAME (workloads/heaps),
//                 with nothing to free: garbage that the program had goes
//                 before.  There are so many copies of it that N / 5 objects
//                 are tracked, and at least one: with 10000 a small heap is
//                 in the cache, with 1000000 it is not.
//
// The snapshots are the files of the folder PMM_HEAPS, or that one file; else
// those of the source tree.  Only the collection is timed; the figure is per
// object that the program's own collector tracked.
// Verified: that all is alive, and that no garbage is found twice.

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench.h"
#include "graph_load.h"
#include "graph_read.h"

namespace {

using pmm_bench::Meter;
using pmm_bench::Runtime;
using pmm_bench::Stopwatch;

constexpr const char *suffix = ".pmmg";
constexpr std::uint32_t copies_divisor = 5;

// A snapshot out of a file; `why` is empty when it was read.
class Snapshot {
 public:
  explicit Snapshot(const std::string &path) : graph_{} {
    trace_fault fault{};
    if (graph_read_file(path.c_str(), &graph_, &fault) != 0) {
      why = path + ": offset " + std::to_string(fault.offset) + ": " +
            fault.message;
    }
  }
  ~Snapshot() { graph_free(&graph_); }
  Snapshot(const Snapshot &) = delete;
  Snapshot &operator=(const Snapshot &) = delete;

  const graph *get() const { return &graph_; }
  std::string why;

 private:
  graph graph_;
};

// So many copies of a snapshot in one runtime.
class Copies {
 public:
  Copies(const Runtime &rt, const graph *graph, std::size_t wanted) : rt_(rt) {
    char message[256] = "";
    while (why.empty() && held_.size() < wanted) {
      graph_loaded loaded{};
      if (graph_load(rt.ops, rt.handle, graph, &loaded, message,
                     sizeof message) != 0) {
        why = message;
      } else {
        held_.push_back(loaded);
      }
    }
  }
  ~Copies() {
    for (graph_loaded &one : held_) {
      graph_unload(rt_.ops, rt_.handle, &one);
    }
  }
  Copies(const Copies &) = delete;
  Copies &operator=(const Copies &) = delete;

  std::string why;

 private:
  const Runtime &rt_;
  std::vector<graph_loaded> held_;
};

void full(benchmark::State &state, const std::string &path) {
  const Snapshot snapshot(path);
  if (!snapshot.why.empty()) {
    state.SkipWithError(snapshot.why.c_str());
    return;
  }
  const std::uint32_t tracked = std::max(snapshot.get()->tracked, 1u);
  const auto wanted = static_cast<std::uint32_t>(state.range(0));
  const std::size_t copies =
      std::max(1u, (wanted / copies_divisor + tracked - 1) / tracked);
  Runtime rt;
  rt.ops->gc_enable(rt.handle, 0);
  const Copies held(rt, snapshot.get(), copies);
  if (!held.why.empty()) {
    state.SkipWithError(held.why.c_str());
    return;
  }
  Meter meter(state);
  std::uint64_t garbage = 0;
  std::uint64_t again = 0;
  rt.ops->collect(rt.handle, 2, &garbage);
  rt.ops->collect(rt.handle, 2, &again);
  for (auto _ : state) {
    Stopwatch watch;
    const pmm_status status = rt.ops->collect(rt.handle, 2, &again);
    meter.took(watch.seconds());
    if (status != PMM_OK || again != 0) {
      state.SkipWithError("what lives was collected");
      break;
    }
  }
  meter.objects(static_cast<std::int64_t>(copies) * tracked);
  state.counters["garbage"] =
      static_cast<double>(garbage) / static_cast<double>(copies);
}

bool is_folder(const std::string &path) {
  struct stat about{};
  return stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
}

// The snapshots, by name; what is named and is no folder is one.
std::vector<std::string> snapshots() {
  const char *said = std::getenv("PMM_HEAPS");
  const std::string place = said != nullptr ? said : PMM_HEAP_FOLDER;
  if (!is_folder(place)) {
    return {place};
  }
  std::vector<std::string> found;
  DIR *folder = opendir(place.c_str());
  while (const dirent *entry = folder != nullptr ? readdir(folder) : nullptr) {
    const std::string name = entry->d_name;
    if (name.size() > 5 && name.substr(name.size() - 5) == suffix) {
      found.push_back(place + "/" + name);
    }
  }
  if (folder != nullptr) {
    closedir(folder);
  }
  std::sort(found.begin(), found.end());
  return found;
}

void register_all() {
  for (const std::string &path : snapshots()) {
    const std::string file = path.substr(path.rfind('/') + 1);
    const std::string name = file.substr(0, file.rfind(suffix));
    pmm_bench::add_sized(
        "heap/" + name,
        [path](benchmark::State &state) { full(state, path); }, 5);
  }
}

}  // namespace

const pmm_bench::Program pmm_bench::heap_program = {
    "heap", "pmm-bench-heap: what collecting the heaps of real programs costs",
    pmm_bench::Level::subject, register_all,
    {"gc", "list", "tuple", "dict", "set", "frozenset", "str"}};
