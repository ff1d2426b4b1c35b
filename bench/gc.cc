// SPDX-License-Identifier: MIT
//
// gc.cc - what collecting cycles costs.
//
//   full_live/N      a full collection over N live lists, nothing to free,
//                    in the order in which they were allocated.
//   full_shuffled/N  the same; each list refers to a random other one, and
//                    the host holds every list.
//   full_rooted/N    the same; one big list holds every list and the host
//                    holds that one: all else is reached through references.
//   garbage_pairs/N  a full collection that frees N two-list cycles.
//   garbage_instances/N   the same with two instances of one slot each.
//   build_on/N, build_off/N   building N small lists with automatic
//                    collection on and off.
//
// Only the collection is timed (building, in build_*).  Live graphs are
// collected once before: every subject has then seen them.
// Verified: what collect() returned, and that live lists kept their counts.

#include <vector>

#include "bench.h"

namespace {

using pmm_bench::Meter;
using pmm_bench::Runtime;
using pmm_bench::Stopwatch;

enum class Edges { next, random };

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
                Edges edges) {
  std::uint64_t random = 88172645463325252u;
  for (std::size_t i = 0; i < lists.size(); i++) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    const std::size_t to =
        (edges == Edges::random ? random : i + 1) % lists.size();
    if (rt.ops->list_append(rt.handle, lists[i], lists[to]) != PMM_OK) {
      return false;
    }
  }
  return true;
}

// Sum of the lists' counts, which no collection of live lists may move.
std::uint64_t all_counts(const Runtime &rt,
                         const std::vector<pmm_obj *> &lists) {
  std::uint64_t sum = 0;
  for (pmm_obj *list : lists) {
    sum += rt.ops->refcount(rt.handle, list);
  }
  return sum;
}

// Time collections of a graph that is alive as a whole.
void collect_live(benchmark::State &state, const Runtime &rt) {
  Meter meter(state);
  std::uint64_t unreachable = 0;
  rt.ops->collect(rt.handle, 2, &unreachable);
  for (auto _ : state) {
    Stopwatch watch;
    const pmm_status status = rt.ops->collect(rt.handle, 2, &unreachable);
    meter.took(watch.seconds());
    if (status != PMM_OK || unreachable != 0) {
      state.SkipWithError("a live list was collected");
      break;
    }
  }
  meter.objects(state.range(0));
}

void full_live(benchmark::State &state, Edges edges) {
  Runtime rt;
  rt.ops->gc_enable(rt.handle, 0);
  const std::size_t n = static_cast<std::size_t>(state.range(0));
  const std::vector<pmm_obj *> lists = make_lists(rt, n);
  if (lists.size() != n || !link_lists(rt, lists, edges)) {
    state.SkipWithError("no memory");
    return;
  }
  collect_live(state, rt);
  if (all_counts(rt, lists) != 2 * n) {
    state.SkipWithError("a count moved");
  }
  release_all(rt, lists);
}

void full_rooted(benchmark::State &state) {
  Runtime rt;
  rt.ops->gc_enable(rt.handle, 0);
  const std::size_t n = static_cast<std::size_t>(state.range(0));
  const std::vector<pmm_obj *> lists = make_lists(rt, n);
  pmm_obj *root = lists.size() == n && link_lists(rt, lists, Edges::random)
                      ? rt.ops->list_from(rt.handle, lists.data(), n)
                      : nullptr;
  release_all(rt, lists);
  if (root == nullptr) {
    state.SkipWithError("no memory");
    return;
  }
  collect_live(state, rt);
  if (all_counts(rt, lists) != 2 * n) {
    state.SkipWithError("a count moved");
  }
  rt.ops->release(rt.handle, root);
}

bool make_list_pair(const Runtime &rt, pmm_obj *) {
  pmm_obj *a = rt.ops->list_new(rt.handle, 0);
  pmm_obj *b = rt.ops->list_new(rt.handle, 0);
  const bool made = a != nullptr && b != nullptr &&
                    rt.ops->list_append(rt.handle, a, b) == PMM_OK &&
                    rt.ops->list_append(rt.handle, b, a) == PMM_OK;
  rt.ops->xrelease(rt.handle, a);
  rt.ops->xrelease(rt.handle, b);
  return made;
}

bool make_instance_pair(const Runtime &rt, pmm_obj *type) {
  pmm_obj *a = rt.ops->instance_new(rt.handle, type, 0);
  pmm_obj *b = rt.ops->instance_new(rt.handle, type, 0);
  const bool made = a != nullptr && b != nullptr &&
                    rt.ops->slot_set(rt.handle, a, 0, b) == PMM_OK &&
                    rt.ops->slot_set(rt.handle, b, 0, a) == PMM_OK;
  rt.ops->xrelease(rt.handle, a);
  rt.ops->xrelease(rt.handle, b);
  return made;
}

using PairMaker = bool (*)(const Runtime &rt, pmm_obj *type);

void garbage(benchmark::State &state, PairMaker make) {
  Runtime rt;
  Meter meter(state);
  rt.ops->gc_enable(rt.handle, 0);
  pmm_obj *type = rt.node_type();
  for (auto _ : state) {
    bool made = type != nullptr;
    for (std::int64_t i = 0; made && i < state.range(0); i++) {
      made = make(rt, type);
    }
    std::uint64_t unreachable = 0;
    Stopwatch watch;
    rt.ops->collect(rt.handle, 2, &unreachable);
    meter.took(watch.seconds());
    if (!made ||
        unreachable != 2 * static_cast<std::uint64_t>(state.range(0))) {
      state.SkipWithError("not every cycle was found");
      break;
    }
  }
  meter.objects(2 * state.range(0));
  rt.ops->xrelease(rt.handle, type);
}

void build(benchmark::State &state, int collector_on) {
  Runtime rt;
  Meter meter(state);
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
    meter.took(watch.seconds());
    std::size_t length = 0;
    made = made && rt.ops->length(rt.handle, all, &length) == PMM_OK;
    rt.ops->xrelease(rt.handle, all);
    if (!made || length != n) {
      state.SkipWithError("no memory, or lists are missing");
      break;
    }
  }
  meter.objects(state.range(0));
}

void register_all() {
  const auto add = [](const char *name, int iterations, auto function) {
    pmm_bench::add_sized(name, function, iterations);
  };
  using State = benchmark::State;
  add("gc/full_live", 5, [](State &s) { full_live(s, Edges::next); });
  add("gc/full_shuffled", 5, [](State &s) { full_live(s, Edges::random); });
  add("gc/full_rooted", 5, full_rooted);
  add("gc/garbage_pairs", 1, [](State &s) { garbage(s, make_list_pair); });
  add("gc/garbage_instances", 1,
      [](State &s) { garbage(s, make_instance_pair); });
  add("gc/build_on", 3, [](State &s) { build(s, 1); });
  add("gc/build_off", 3, [](State &s) { build(s, 0); });
}

}  // namespace

const pmm_bench::Program pmm_bench::gc_program = {
    "gc", "pmm-bench-gc: what collecting cycles costs",
    pmm_bench::Level::subject, register_all, {"gc", "list", "refcount"}};
