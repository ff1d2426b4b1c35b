// SPDX-License-Identifier: MIT
//
// pause.cc - how long a program waits for the collector, and what that saves.
//
//   churn/N   N live instances in N/2 cycles of two.  Each of N steps makes a
//             new cycle and lets go of a random live one, so that garbage is
//             of every age and only the collector can free it.
//
// Four figures belong together: a collector that pauses less may take longer,
// or let more garbage wait.
//
//   longest_step_ns    the longest that one step took: what the program
//                      notices, whoever causes it and whatever it is called.
//   longest_pause_ns   the longest from start to stop of a collection.
//   told_pause_ns      the longest that the runtime tells of, by its clock
//                      and since it was opened; 0: it does not tell.
//   collector_ns       the collector's time in all: of the steps in which it
//                      told of a collection, so that what it does before its
//                      start or after its stop counts too; and of those that
//                      took a millisecond, which nothing else in a step does.
//   most_garbage       the most dead objects that waited to be freed.
//   rss_growth_bytes   resident memory at its peak, above where it started.
//
// Times are CPU times of the thread.  Run it in a process of its own: memory
// that an earlier benchmark gave back is not seen to grow.
// Verified: every object dies exactly once.

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <vector>

#include "bench.h"

namespace {

using pmm_bench::Meter;
using pmm_bench::Runtime;
using pmm_bench::Stopwatch;

constexpr std::int64_t no_cookie = 0;
constexpr double long_step_seconds = 1e-3;

// What is heard of a runtime: deaths, and the collections' beginnings and
// ends.
class Listener {
 public:
  Listener() : host_{} {
    host_.struct_size = sizeof host_;
    host_.ctx = this;
    host_.event = heard;
  }
  const pmm_host *host() const { return &host_; }
  // Callback of the collector.
  static pmm_status collecting(void *ctx, pmm_rt *, const pmm_gc_info *info) {
    Listener &self = *static_cast<Listener *>(ctx);
    if (info->stop == 0) {
      self.watch_ = Stopwatch();
      return PMM_OK;
    }
    const double seconds = self.watch_.seconds();
    self.collections++;
    self.longest = std::max(self.longest, seconds);
    return PMM_OK;
  }

  std::uint64_t dead = 0;
  std::uint64_t collections = 0;
  double longest = 0;

 private:
  static void heard(void *ctx, pmm_event_kind kind, std::int64_t,
                    std::int64_t) {
    static_cast<Listener *>(ctx)->dead += kind == PMM_EVENT_DEALLOCATED;
  }

  pmm_host host_;
  Stopwatch watch_;
};

// A field of /proc/self/status in bytes; 0: the kernel does not tell.
double status_bytes(const char *field) {
  std::FILE *file = std::fopen("/proc/self/status", "r");
  char line[256];
  double bytes = 0;
  while (file != nullptr && std::fgets(line, sizeof line, file) != nullptr) {
    const std::size_t length = std::strlen(field);
    unsigned long kib = 0;
    if (std::strncmp(line, field, length) == 0 &&
        std::sscanf(line + length, ": %lu", &kib) == 1) {
      bytes = 1024.0 * static_cast<double>(kib);
    }
  }
  if (file != nullptr) {
    std::fclose(file);
  }
  return bytes;
}

// Let the peak of the resident memory start from here.
void reset_peak() {
  std::FILE *file = std::fopen("/proc/self/clear_refs", "w");
  if (file != nullptr) {
    std::fputs("5", file);
    std::fclose(file);
  }
}

// Live cycles of two, each held by one reference to one of its members.
class Graph {
 public:
  Graph(const Runtime &rt, std::size_t pairs)
      : rt_(rt), type_(rt.node_type()), held_(pairs, nullptr) {}

  // Every pair anew; false: no memory.
  bool fill() {
    bool made = type_ != nullptr;
    for (std::size_t i = 0; made && i < held_.size(); i++) {
      held_[i] = pair();
      made = held_[i] != nullptr;
    }
    return made;
  }
  // A new pair in the place of a random one; false: no memory.
  bool replace() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    pmm_obj *made = pair();
    std::swap(made, held_[random_ % held_.size()]);
    rt_.ops->xrelease(rt_.handle, made);
    return made != nullptr;
  }
  void drop() {
    for (pmm_obj *&one : held_) {
      rt_.ops->xrelease(rt_.handle, one);
      one = nullptr;
    }
    rt_.ops->xrelease(rt_.handle, type_);
    type_ = nullptr;
  }
  std::uint64_t made() const { return made_; }

 private:
  pmm_obj *pair() {
    pmm_obj *a = rt_.ops->instance_new(rt_.handle, type_, no_cookie);
    pmm_obj *b = rt_.ops->instance_new(rt_.handle, type_, no_cookie);
    const bool linked = a != nullptr && b != nullptr &&
                        rt_.ops->slot_set(rt_.handle, a, 0, b) == PMM_OK &&
                        rt_.ops->slot_set(rt_.handle, b, 0, a) == PMM_OK;
    rt_.ops->xrelease(rt_.handle, b);
    made_ += 2;
    if (!linked) {
      rt_.ops->xrelease(rt_.handle, a);
      a = nullptr;
    }
    return a;
  }

  const Runtime &rt_;
  pmm_obj *type_;
  std::vector<pmm_obj *> held_;
  std::uint64_t made_ = 0;
  std::uint64_t random_ = 88172645463325252u;
};

// What the steps showed.
struct Course {
  double seconds = 0;
  double longest_step = 0;
  double collecting = 0;  // of the steps in which the collector was at work
  std::uint64_t most_garbage = 0;
  bool whole = true;
};

Course churn_steps(Graph &graph, const Listener &listener, std::int64_t n) {
  Course course;
  const std::uint64_t live = graph.made() - listener.dead;
  const Stopwatch watch;
  double before = 0;
  for (std::int64_t i = 0; course.whole && i < n; i++) {
    const std::uint64_t collections = listener.collections;
    course.whole = graph.replace();
    const double now = watch.seconds();
    const bool collected = listener.collections != collections ||
                           now - before > long_step_seconds;
    course.collecting += collected ? now - before : 0;
    course.longest_step = std::max(course.longest_step, now - before);
    before = now;
    const std::uint64_t garbage = graph.made() - listener.dead - live;
    course.most_garbage = std::max(course.most_garbage, garbage);
  }
  course.seconds = before;
  return course;
}

// The longest pause by the runtime's word; 0: it does not tell.
double told_seconds(const Runtime &rt) {
  double longest = 0;
  for (int generation = 0; generation < 3; generation++) {
    pmm_gc_stats stats{};
    stats.struct_size = sizeof stats;
    if (rt.offers("gc_gen") &&
        rt.ops->gc_stats(rt.handle, generation, &stats) == PMM_OK &&
        stats.max_pause_ns != PMM_UNKNOWN) {
      longest =
          std::max(longest, 1e-9 * static_cast<double>(stats.max_pause_ns));
    }
  }
  return longest;
}

void publish(benchmark::State &state, const Course &course,
             const Listener &listener, double told, double growth) {
  auto &counters = state.counters;
  counters["longest_step_ns"] = 1e9 * course.longest_step;
  counters["longest_pause_ns"] = 1e9 * listener.longest;
  counters["told_pause_ns"] = 1e9 * told;
  counters["collector_ns"] = 1e9 * course.collecting;
  counters["collections"] = static_cast<double>(listener.collections);
  counters["most_garbage"] = static_cast<double>(course.most_garbage);
  counters["rss_growth_bytes"] = growth;
}

void churn(benchmark::State &state) {
  Listener listener;
  reset_peak();
  const double start_bytes = status_bytes("VmRSS");
  Runtime rt(listener.host());
  Meter meter(state);
  rt.ops->gc_enable(rt.handle, 0);
  for (auto _ : state) {
    Graph graph(rt, static_cast<std::size_t>(state.range(0)) / 2);
    std::uint64_t unreachable = 0;
    const std::uint64_t dead = listener.dead;
    Course course;
    course.whole = graph.fill() && rt.ops->collect(rt.handle, 2,
                                                   &unreachable) == PMM_OK;
    rt.ops->gc_callback_add(rt.handle, Listener::collecting, &listener);
    rt.ops->gc_enable(rt.handle, 1);
    if (course.whole) {
      course = churn_steps(graph, listener, state.range(0));
    }
    rt.ops->gc_enable(rt.handle, 0);
    rt.ops->gc_callback_remove(rt.handle, Listener::collecting, &listener);
    publish(state, course, listener, told_seconds(rt),
            status_bytes("VmHWM") - start_bytes);
    meter.took(course.seconds);
    graph.drop();
    rt.ops->collect(rt.handle, 2, &unreachable);
    if (!course.whole || listener.dead - dead != graph.made()) {
      state.SkipWithError("no memory, or an object did not die exactly once");
      break;
    }
  }
  meter.objects(2 * state.range(0));
}

void register_all() {
  for (const int n : {10000, 1000000}) {
    benchmark::RegisterBenchmark("pause/churn", churn)
        ->Arg(n)->Iterations(1)->UseManualTime();
  }
}

}  // namespace

const pmm_bench::Program pmm_bench::pause_program = {
    "pause", "pmm-bench-pause: how long a program waits for the collector",
    pmm_bench::Level::subject, register_all, {"gc", "gc_callbacks"}};
