// SPDX-License-Identifier: MIT
//
// alloc.cc - what an allocator costs, without a runtime above it.
//
//   pair/N      allocate N bytes, touch them, free them: the hot path.
//   lifo/N      a stack of 64 blocks of N bytes, built and unwound.
//   churn/L     L live blocks; each step frees one at random and allocates
//               another of a Python-shaped size: caches and queues.  The
//               steps never repeat (churn.h).
//   calloc/N    the pair with zeroed memory.
//   grow/N      one block grown as list.append grows it, to N bytes.
//
// All but churn go round in a fixed order over blocks that are still in the
// cache: the best case of an allocator, and of a LIFO free list above all.
// Verified: in all but the pair, which has one block at a time, blocks carry a
// tag that is read back before a block is freed; a mismatch fails the run.

#include <sys/mman.h>

#include <cstdint>
#include <cstring>

#include "bench.h"
#include "churn.h"

namespace {

using pmm_bench::Heap;
using pmm_bench::Step;
using pmm_bench::Steps;

void touch(void *block, std::uint64_t tag) {
  std::memcpy(block, &tag, sizeof tag);
}

bool carries(const void *block, std::uint64_t tag) {
  std::uint64_t found;
  std::memcpy(&found, block, sizeof found);
  return found == tag;
}

void pair(benchmark::State &state) {
  Heap heap;
  const pmm_backend *b = heap.backend;
  const std::size_t size = static_cast<std::size_t>(state.range(0));
  std::uint64_t tag = 0;
  for (auto _ : state) {
    void *block = b->alloc(heap.handle, size);
    if (block == nullptr) {
      state.SkipWithError("no memory");
      break;
    }
    touch(block, ++tag);
    benchmark::DoNotOptimize(block);
    b->free_sized(heap.handle, block, size);
  }
  state.SetItemsProcessed(state.iterations());
}

void zeroed_pair(benchmark::State &state) {
  Heap heap;
  const pmm_backend *b = heap.backend;
  const std::size_t size = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    void *block = b->alloc_zero(heap.handle, 1, size);
    if (block == nullptr || !carries(block, 0)) {
      state.SkipWithError("no memory, or it was not zeroed");
      break;
    }
    touch(block, UINT64_MAX);
    b->free_sized(heap.handle, block, size);
  }
  state.SetItemsProcessed(state.iterations());
}

void lifo(benchmark::State &state) {
  constexpr std::size_t depth = 64;
  Heap heap;
  const pmm_backend *b = heap.backend;
  const std::size_t size = static_cast<std::size_t>(state.range(0));
  void *stack[depth];
  for (auto _ : state) {
    for (std::size_t i = 0; i < depth; i++) {
      stack[i] = b->alloc(heap.handle, size);
      if (stack[i] == nullptr) {
        state.SkipWithError("no memory");
        return;
      }
      touch(stack[i], i);
    }
    for (std::size_t i = depth; i-- > 0;) {
      if (!carries(stack[i], i)) {
        state.SkipWithError("a live block was overwritten");
        return;
      }
      b->free_sized(heap.handle, stack[i], size);
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(depth));
}

struct Live {
  void *block;
  std::size_t size;
};

// The live blocks of a churn, in pages of their own: a large vector comes from
// libc's malloc, and freeing it moves the size from which libc maps blocks.
class LiveTable {
 public:
  explicit LiveTable(std::size_t count)
      : count_(count),
        pages_(mmap(nullptr, count * sizeof(Live), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {}
  ~LiveTable() {
    if (good()) {
      munmap(pages_, count_ * sizeof(Live));
    }
  }
  LiveTable(const LiveTable &) = delete;
  LiveTable &operator=(const LiveTable &) = delete;

  bool good() const { return pages_ != MAP_FAILED; }
  Live &operator[](std::size_t i) { return static_cast<Live *>(pages_)[i]; }

 private:
  std::size_t count_;
  void *pages_;
};

bool churn_step(const Heap &heap, Live &live, std::size_t slot,
                std::size_t size) {
  const pmm_backend *b = heap.backend;
  if (live.block != nullptr) {
    if (!carries(live.block, slot)) {
      return false;
    }
    b->free_sized(heap.handle, live.block, live.size);
  }
  live.block = b->alloc(heap.handle, size);
  live.size = size;
  if (live.block == nullptr) {
    return false;
  }
  touch(live.block, slot);
  return true;
}

// Before the clock runs, each block is replaced this often in the mean: what
// is measured is a heap in use, whose blocks lie where the allocator put them
// one by one, and not the order of the first fill.
constexpr std::size_t aged = 4;

void churn(benchmark::State &state) {
  Heap heap;
  const std::size_t count = static_cast<std::size_t>(state.range(0));
  Steps steps(static_cast<std::uint32_t>(count), 88172645463325252u);
  LiveTable live(count);
  bool sound = live.good();
  for (std::size_t i = 0; i < count && sound; i++) {
    sound = churn_step(heap, live[i], i, steps.next().size);
  }
  for (std::size_t i = 0; i < aged * count && sound; i++) {
    const Step step = steps.next();
    sound = churn_step(heap, live[step.slot], step.slot, step.size);
  }
  for (auto _ : state) {
    const Step step = steps.next();
    sound &= churn_step(heap, live[step.slot], step.slot, step.size);
  }
  for (std::size_t i = 0; i < count && live.good(); i++) {
    sound = sound && carries(live[i].block, i);
    heap.backend->free_sized(heap.handle, live[i].block, live[i].size);
  }
  if (!sound) {
    state.SkipWithError("no memory, or a live block was overwritten");
  }
  state.SetItemsProcessed(state.iterations());
}

void grow(benchmark::State &state) {
  Heap heap;
  const pmm_backend *b = heap.backend;
  const std::size_t target = static_cast<std::size_t>(state.range(0)) / 8;
  std::int64_t resizes = 0;
  for (auto _ : state) {
    void *block = nullptr;
    std::size_t capacity = 0;
    while (capacity < target) {
      const std::size_t items = capacity + 1;
      const std::size_t wanted = (items + (items >> 3) + 6) & ~std::size_t{3};
      block = b->realloc(heap.handle, block, capacity * 8, wanted * 8);
      if (block == nullptr || (capacity != 0 && !carries(block, 7))) {
        state.SkipWithError("no memory, or realloc lost the contents");
        return;
      }
      touch(block, 7);
      capacity = wanted;
      resizes++;
    }
    b->free_sized(heap.handle, block, capacity * 8);
  }
  state.SetItemsProcessed(resizes);
}

// A bound may hand out one block for ever, or never take one back: it runs the
// pair alone, a fixed number of times.
void register_bound() {
  benchmark::RegisterBenchmark("alloc/pair", pair)
      ->Arg(48)->Arg(512)->Iterations(1 << 17);
}

void register_all() {
  if (pmm_bench::backend_is_bound()) {
    register_bound();
    return;
  }
  pmm_bench::add("alloc/pair", pair)
      ->Arg(16)->Arg(48)->Arg(64)->Arg(256)->Arg(512)->Arg(513)->Arg(4096);
  pmm_bench::add("alloc/calloc", zeroed_pair)->Arg(48)->Arg(512);
  pmm_bench::add("alloc/lifo", lifo)->Arg(48)->Arg(512);
  // An allocator that maps and unmaps on the way takes a hundred times as long
  // as one that grows in place, also from one repetition to the next.
  auto *growing = pmm_bench::add("alloc/grow", grow, 1 << 8)->Arg(1 << 20);
  if (pmm_bench::counted_iterations() == 0) {
    growing->Iterations(1 << 9);
  }
  pmm_bench::add("alloc/churn", churn)->Arg(1000)->Arg(100000);
}

}  // namespace

const pmm_bench::Program pmm_bench::alloc_program = {
    "alloc", "pmm-bench-alloc: what an allocator costs by itself",
    pmm_bench::Level::backend, register_all, {}};
