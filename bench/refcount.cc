// SPDX-License-Identifier: MIT
//
// refcount.cc - what counting references costs.
//
//   call             an operation that does nothing (same): the price of a
//                    call through the table, which is in every figure.
//   retain_release   one more and one fewer reference to one live list.
//   spread/N         the same over N objects, one reference each: the count
//                    is in the object, so every step touches another line.
//   item_read/N      a strong read of a list's item and its release.
//
// Verified: the exact count is the same before and after.

#include <vector>

#include "bench.h"

namespace {

using pmm_bench::Runtime;

void call(benchmark::State &state) {
  Runtime rt;
  pmm_obj *list = rt.ops->list_new(rt.handle, 0);
  bool same = true;
  for (auto _ : state) {
    same = same && rt.ops->same(rt.handle, list, list) != 0;
  }
  if (!same) {
    state.SkipWithError("an object is not identical to itself");
  }
  rt.ops->release(rt.handle, list);
  state.SetItemsProcessed(state.iterations());
}

void retain_release(benchmark::State &state) {
  Runtime rt;
  pmm_obj *list = rt.ops->list_new(rt.handle, 0);
  for (auto _ : state) {
    rt.ops->retain(rt.handle, list);
    rt.ops->release(rt.handle, list);
  }
  if (rt.ops->refcount(rt.handle, list) != 1) {
    state.SkipWithError("the count moved");
  }
  rt.ops->release(rt.handle, list);
  state.SetItemsProcessed(state.iterations());
}

void spread(benchmark::State &state) {
  Runtime rt;
  std::vector<pmm_obj *> objects;
  for (std::int64_t i = 0; i < state.range(0); i++) {
    objects.push_back(rt.ops->list_new(rt.handle, 0));
  }
  for (auto _ : state) {
    for (pmm_obj *o : objects) {
      rt.ops->retain(rt.handle, o);
    }
    for (pmm_obj *o : objects) {
      rt.ops->release(rt.handle, o);
    }
  }
  bool sound = true;
  for (pmm_obj *o : objects) {
    sound = sound && rt.ops->refcount(rt.handle, o) == 1;
    rt.ops->release(rt.handle, o);
  }
  if (!sound) {
    state.SkipWithError("a count moved");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void item_read(benchmark::State &state) {
  Runtime rt;
  const std::size_t n = static_cast<std::size_t>(state.range(0));
  pmm_obj *list = rt.list_of_ints(n);
  std::size_t at = 0;
  for (auto _ : state) {
    pmm_obj *item = rt.ops->list_get_strong(rt.handle, list, at);
    rt.ops->release(rt.handle, item);
    at = at + 1 < n ? at + 1 : 0;
  }
  pmm_obj *last = rt.ops->list_get(rt.handle, list, n - 1);
  if (last == nullptr || rt.ops->refcount(rt.handle, last) != 1) {
    state.SkipWithError("a count moved");
  }
  rt.ops->release(rt.handle, list);
  state.SetItemsProcessed(state.iterations());
}

void register_all() {
  benchmark::RegisterBenchmark("refcount/call", call);
  benchmark::RegisterBenchmark("refcount/retain_release", retain_release);
  benchmark::RegisterBenchmark("refcount/spread", spread)
      ->Arg(1000)->Arg(100000);
  benchmark::RegisterBenchmark("refcount/item_read", item_read)->Arg(100000);
}

}  // namespace

const pmm_bench::Program pmm_bench::refcount_program = {
    "refcount", "pmm-bench-refcount: what counting references costs",
    pmm_bench::Level::subject, register_all, {"refcount", "list"}};
