// SPDX-License-Identifier: MIT
//
// tuple.cc - making tuples against sharing them.
//
//   create/N     make a tuple of N live ints and drop it.
//   keep/N       make 1000 of them, then drop all: without the free list's
//                immediate reuse.
//   share/N      execute code that names a constant tuple of N ints: what
//                sharing costs instead of creating.
//
// Verified: the items' counts return to where they were; a shared tuple is one
// object every time.

#include <array>

#include "bench.h"

namespace {

using pmm_bench::Runtime;

constexpr std::size_t most_items = 32;

// Ints above the small cache, so that a tuple owns real references.
std::array<pmm_obj *, most_items> make_items(const Runtime &rt) {
  std::array<pmm_obj *, most_items> items{};
  for (std::size_t i = 0; i < most_items; i++) {
    items[i] = rt.ops->int_new(rt.handle, 1000 + static_cast<std::int64_t>(i));
  }
  return items;
}

void drop_items(const Runtime &rt,
                const std::array<pmm_obj *, most_items> &items) {
  for (pmm_obj *item : items) {
    rt.ops->release(rt.handle, item);
  }
}

void create(benchmark::State &state) {
  Runtime rt;
  const auto items = make_items(rt);
  const std::size_t n = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    pmm_obj *tuple = rt.ops->tuple_from(rt.handle, items.data(), n);
    if (tuple == nullptr) {
      state.SkipWithError("no memory");
      break;
    }
    rt.ops->release(rt.handle, tuple);
  }
  if (rt.ops->refcount(rt.handle, items[0]) != 1) {
    state.SkipWithError("an item's count moved");
  }
  drop_items(rt, items);
  state.SetItemsProcessed(state.iterations());
}

void keep(benchmark::State &state) {
  constexpr std::size_t kept = 1000;
  Runtime rt;
  const auto items = make_items(rt);
  const std::size_t n = static_cast<std::size_t>(state.range(0));
  std::array<pmm_obj *, kept> tuples{};
  for (auto _ : state) {
    for (pmm_obj *&tuple : tuples) {
      tuple = rt.ops->tuple_from(rt.handle, items.data(), n);
      if (tuple == nullptr) {
        state.SkipWithError("no memory");
        return;
      }
    }
    for (pmm_obj *tuple : tuples) {
      rt.ops->release(rt.handle, tuple);
    }
  }
  if (rt.ops->refcount(rt.handle, items[0]) != 1) {
    state.SkipWithError("an item's count moved");
  }
  drop_items(rt, items);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kept));
}

void share(benchmark::State &state) {
  Runtime rt;
  const unsigned site = static_cast<unsigned>(state.range(0)) - 1;
  pmm_obj *first = rt.ops->tuple_constant(rt.handle, site);
  bool same = first != nullptr;
  for (auto _ : state) {
    pmm_obj *tuple = rt.ops->tuple_constant(rt.handle, site);
    same &= tuple == first;
    rt.ops->release(rt.handle, tuple);
  }
  if (!same) {
    state.SkipWithError("the constant was built again");
  }
  rt.ops->xrelease(rt.handle, first);
  state.SetItemsProcessed(state.iterations());
}

void register_all() {
  benchmark::RegisterBenchmark("tuple/create", create)
      ->Arg(1)->Arg(3)->Arg(8)->Arg(20)->Arg(32);
  benchmark::RegisterBenchmark("tuple/keep", keep)->Arg(2)->Arg(8);
  benchmark::RegisterBenchmark("tuple/share", share)->Arg(3)->Arg(8);
}

}  // namespace

const pmm_bench::Program pmm_bench::tuple_program = {
    "tuple", "pmm-bench-tuple: making tuples against sharing them",
    pmm_bench::Level::subject, register_all, {"refcount", "tuple"}};
