// SPDX-License-Identifier: MIT
//
// churn.h - the steps of alloc/churn: which block goes, which size comes.
//
//   1. Random numbers are drawn from a counter that goes through a mixer
//      (SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number
//      generators", OOPSLA 2014).  It repeats after 2^64 draws, so no step
//      sequence is run twice, and a draw waits for no earlier one, so it
//      costs the same, about a nanosecond, before every allocator.
//   2. The upper half of a draw picks the slot, the lower half the size.
//   3. A half becomes a number below n by multiplying (Lemire, "Fast random
//      integer generation in an interval", 2019); the draw is repeated where
//      that would favour some numbers, so that every slot is as likely.
//
// Invariant: a step depends on the seed and on its place alone, never on the
// allocator, so that all of them are asked the same.

#ifndef PMM_BENCH_CHURN_H
#define PMM_BENCH_CHURN_H

#include <cstddef>
#include <cstdint>

namespace pmm_bench {

/// Random numbers of 64 bits, the same ones for the same seed.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

/// A size that a Python program asks for: 32, 48, 64 or 80 bytes in three
/// requests of four, else 16 to 512.  `random` is any number, each as likely.
inline std::uint32_t python_size(std::uint32_t random) {
  const std::uint32_t rest = random & 0x3FFFFFFFu;
  if (random >> 30 != 3) {
    return 32 + 16 * (rest >> 28);
  }
  return 16 + static_cast<std::uint32_t>(std::uint64_t{rest} * 497 >> 30);
}

/// One step: the block in `slot` is freed, `size` bytes are allocated.
struct Step {
  std::uint32_t slot;
  std::uint32_t size;
};

/// The steps over `live` blocks (1 to 2^32 - 1), drawn one by one.
class Steps {
 public:
  Steps(std::uint32_t live, std::uint64_t seed)
      : random_(seed), live_(live), least_((0u - live) % live) {}

  Step next() {
    for (;;) {
      const std::uint64_t drawn = random_.next();
      const std::uint64_t scaled = (drawn >> 32) * live_;
      if (static_cast<std::uint32_t>(scaled) >= least_) {
        return {static_cast<std::uint32_t>(scaled >> 32),
                python_size(static_cast<std::uint32_t>(drawn))};
      }
    }
  }

 private:
  Random random_;
  std::uint32_t live_;
  std::uint32_t least_;  // 2^32 modulo live: as many draws are one too many
};

}  // namespace pmm_bench

#endif  // PMM_BENCH_CHURN_H
