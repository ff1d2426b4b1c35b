// SPDX-License-Identifier: MIT
//
// list.cc - building, emptying and dropping lists.
//
//   append/N         build a list of N fresh ints by append.
//   append_shared/N  the same with one shared item: growth alone.
//   pop/N            empty it from the end: shrinking.
//   drop/N           drop a list that solely owns N ints.
//   drop_tuples/N, drop_lists/N   the same, its items 2-tuples or lists.
//
// Dropping is timed by itself: building the next list is not in the figure.
// Verified: length, the last item, and live blocks after the drop.

#include "bench.h"

namespace {

using pmm_bench::Meter;
using pmm_bench::Runtime;
using pmm_bench::Stopwatch;

bool has_length(const Runtime &rt, pmm_obj *list, std::size_t n) {
  std::size_t length = 0;
  return list != nullptr &&
         rt.ops->length(rt.handle, list, &length) == PMM_OK && length == n;
}

void append(benchmark::State &state) {
  Runtime rt;
  Meter meter(state);
  const std::size_t n = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    Stopwatch watch;
    pmm_obj *list = rt.list_of_ints(n);
    meter.took(watch.seconds());
    if (!has_length(rt, list, n)) {
      state.SkipWithError("the list is not as long as what was appended");
      break;
    }
    rt.ops->release(rt.handle, list);
  }
  meter.objects(state.range(0));
}

void append_shared(benchmark::State &state) {
  Runtime rt;
  Meter meter(state);
  const std::size_t n = static_cast<std::size_t>(state.range(0));
  pmm_obj *item = rt.ops->int_new(rt.handle, 1 << 20);
  for (auto _ : state) {
    Stopwatch watch;
    pmm_obj *list = rt.ops->list_new(rt.handle, 0);
    for (std::size_t i = 0; i < n; i++) {
      rt.ops->list_append(rt.handle, list, item);
    }
    meter.took(watch.seconds());
    if (!has_length(rt, list, n) ||
        rt.ops->refcount(rt.handle, item) != n + 1) {
      state.SkipWithError("the list or its item's count is wrong");
      break;
    }
    rt.ops->release(rt.handle, list);
  }
  rt.ops->release(rt.handle, item);
  meter.objects(state.range(0));
}

void pop(benchmark::State &state) {
  Runtime rt;
  Meter meter(state);
  const std::size_t n = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    pmm_obj *list = rt.list_of_ints(n);
    Stopwatch watch;
    for (std::size_t i = 0; i < n; i++) {
      rt.ops->xrelease(rt.handle,
                       rt.ops->list_pop(rt.handle, list, SIZE_MAX));
    }
    meter.took(watch.seconds());
    if (!has_length(rt, list, 0)) {
      state.SkipWithError("the list is not empty");
      break;
    }
    rt.ops->release(rt.handle, list);
  }
  meter.objects(state.range(0));
}

using Maker = pmm_obj *(*)(const Runtime &rt, std::int64_t i);

pmm_obj *make_int(const Runtime &rt, std::int64_t i) {
  return rt.ops->int_new(rt.handle, 1000 + i);
}

pmm_obj *make_pair(const Runtime &rt, std::int64_t) {
  pmm_obj *none = rt.ops->none(rt.handle);
  pmm_obj *items[2] = {none, none};
  pmm_obj *tuple = rt.ops->tuple_from(rt.handle, items, 2);
  rt.ops->release(rt.handle, none);
  return tuple;
}

pmm_obj *make_list(const Runtime &rt, std::int64_t) {
  return rt.ops->list_new(rt.handle, 0);
}

// A list of n objects that nobody else owns; the collector sleeps meanwhile.
pmm_obj *owned(const Runtime &rt, std::size_t n, Maker make) {
  pmm_obj *list = rt.ops->list_new(rt.handle, 0);
  for (std::size_t i = 0; list != nullptr && i < n; i++) {
    pmm_obj *item = make(rt, static_cast<std::int64_t>(i));
    if (item == nullptr ||
        rt.ops->list_append(rt.handle, list, item) != PMM_OK) {
      rt.ops->clear(rt.handle, &list);
    }
    rt.ops->xrelease(rt.handle, item);
  }
  return list;
}

void drop(benchmark::State &state, Maker make) {
  Runtime rt;
  Meter meter(state);
  const std::size_t n = static_cast<std::size_t>(state.range(0));
  if (rt.ops->gc_enable != nullptr) {
    rt.ops->gc_enable(rt.handle, 0);
  }
  const std::uint64_t before = rt.live_blocks();
  for (auto _ : state) {
    pmm_obj *list = owned(rt, n, make);
    if (list == nullptr) {
      state.SkipWithError("no memory");
      return;
    }
    Stopwatch watch;
    rt.ops->release(rt.handle, list);
    meter.took(watch.seconds());
  }
  rt.ops->caches_flush(rt.handle);
  const std::uint64_t after = rt.live_blocks();
  const std::uint64_t slack = rt.untold_blocks();
  if (after + slack < before || after > before + slack) {
    state.SkipWithError("blocks are left");
  }
  meter.objects(state.range(0));
}

void register_all() {
  const auto add = [](const char *name, auto function) {
    pmm_bench::add_sized(name, function, 3);
  };
  using State = benchmark::State;
  add("list/append", append);
  add("list/append_shared", append_shared);
  add("list/pop", pop);
  add("list/drop", [](State &s) { drop(s, make_int); });
  add("list/drop_tuples", [](State &s) { drop(s, make_pair); });
  add("list/drop_lists", [](State &s) { drop(s, make_list); });
}

}  // namespace

const pmm_bench::Program pmm_bench::list_program = {
    "list", "pmm-bench-list: building, emptying, dropping lists",
    pmm_bench::Level::subject, register_all, {"refcount", "list", "tuple"}};
