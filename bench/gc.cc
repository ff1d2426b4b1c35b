// SPDX-License-Identifier: MIT
//
// gc.cc - what collecting cycles costs.
//
//   full_live/N      a full collection over N live lists, nothing to free,
//                    in the order in which they were allocated.
//   full_shuffled/N  the same; each list refers to a random other one.
//   garbage_pairs/N  a full collection that frees N two-list cycles.
//   build_on/N, build_off/N   building N small lists with automatic
//                    collection on and off.
//
// Verified: what collect() returned, and that live lists kept their counts.

#include <vector>

#include "bench.h"

namespace {

using pmm_bench::Runtime;
using pmm_bench::Stopwatch;

std::vector<pmm_obj *> make_lists(const Runtime &rt, std::size_t n) {
  std::vector<pmm_obj *> lists;
  lists.reserve(n);
  for (std::size_t i = 0; i < n; i++) {
    pmm_obj *list = rt.ops->list_new(rt.handle, 0);
    if (list == nullptr) {
      break;
    }
    lists.push_back(list);
  }
  return lists;
}

void release_all(const Runtime &rt, const std::vector<pmm_obj *> &objects) {
  for (pmm_obj *o : objects) {
    rt.ops->release(rt.handle, o);
  }
}

// Each list refers to one other: the next, or a random one.
bool link_lists(const Runtime &rt, const std::vector<pmm_obj *> &lists,
                bool shuffled) {
  std::uint64_t random = 88172645463325252u;
  for (std::size_t i = 0; i < lists.size(); i++) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    const std::size_t to = (shuffled ? random : i + 1) % lists.size();
    if (rt.ops->list_append(rt.handle, lists[i], lists[to]) != PMM_OK) {
      return false;
    }
  }
  return true;
}

void full_live(benchmark::State &state, bool shuffled) {
  Runtime rt;
  rt.ops->gc_enable(rt.handle, 0);
  const std::size_t n = static_cast<std::size_t>(state.range(0));
  const std::vector<pmm_obj *> lists = make_lists(rt, n);
  bool sound = lists.size() == n && link_lists(rt, lists, shuffled);
  for (auto _ : state) {
    std::uint64_t unreachable = 1;
    Stopwatch watch;
    rt.ops->collect(rt.handle, 2, &unreachable);
    state.SetIterationTime(watch.seconds());
    sound &= unreachable == 0;
  }
  if (!sound) {
    state.SkipWithError("no memory, or a live list was collected");
  }
  release_all(rt, lists);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

bool make_garbage_pair(const Runtime &rt) {
  pmm_obj *a = rt.ops->list_new(rt.handle, 0);
  pmm_obj *b = rt.ops->list_new(rt.handle, 0);
  const bool made = a != nullptr && b != nullptr &&
                    rt.ops->list_append(rt.handle, a, b) == PMM_OK &&
                    rt.ops->list_append(rt.handle, b, a) == PMM_OK;
  rt.ops->xrelease(rt.handle, a);
  rt.ops->xrelease(rt.handle, b);
  return made;
}

void garbage_pairs(benchmark::State &state) {
  Runtime rt;
  rt.ops->gc_enable(rt.handle, 0);
  for (auto _ : state) {
    bool made = true;
    for (std::int64_t i = 0; i < state.range(0); i++) {
      made &= make_garbage_pair(rt);
    }
    std::uint64_t unreachable = 0;
    Stopwatch watch;
    rt.ops->collect(rt.handle, 2, &unreachable);
    state.SetIterationTime(watch.seconds());
    if (!made ||
        unreachable != 2 * static_cast<std::uint64_t>(state.range(0))) {
      state.SkipWithError("not every cycle was found");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations() * 2 * state.range(0));
}

void build(benchmark::State &state, int collector_on) {
  Runtime rt;
  rt.ops->gc_enable(rt.handle, collector_on);
  const std::size_t n = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    pmm_obj *all = rt.ops->list_new(rt.handle, 0);
    bool made = all != nullptr;
    Stopwatch watch;
    for (std::size_t i = 0; i < n && made; i++) {
      pmm_obj *item = rt.ops->list_new(rt.handle, 0);
      made = item != nullptr &&
             rt.ops->list_append(rt.handle, all, item) == PMM_OK;
      rt.ops->xrelease(rt.handle, item);
    }
    state.SetIterationTime(watch.seconds());
    rt.ops->xrelease(rt.handle, all);
    if (!made) {
      state.SkipWithError("no memory");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void register_all() {
  const auto sized = [](const char *name, auto function) {
    benchmark::RegisterBenchmark(name, function)
        ->Arg(10000)->Arg(1000000)->UseManualTime();
  };
  sized("gc/full_live", [](benchmark::State &s) { full_live(s, false); });
  sized("gc/full_shuffled", [](benchmark::State &s) { full_live(s, true); });
  sized("gc/garbage_pairs", garbage_pairs);
  sized("gc/build_on", [](benchmark::State &s) { build(s, 1); });
  sized("gc/build_off", [](benchmark::State &s) { build(s, 0); });
}

}  // namespace

int main(int argc, char **argv) {
  return pmm_bench::run(argc, argv,
                        {"pmm-bench-gc: what collecting cycles costs",
                         pmm_bench::Level::subject, register_all, {"gc", "list"}});
}
