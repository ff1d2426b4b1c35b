// SPDX-License-Identifier: MIT
//
// test_churn.cc - the steps of alloc/churn are what METHODOLOGY.md says: no
// step repeats, every live block is reached, sizes are drawn afresh.

#include "churn.h"

#include <cmath>
#include <cstdio>
#include <unordered_set>
#include <vector>

namespace {

using pmm_bench::Random;
using pmm_bench::Step;
using pmm_bench::Steps;

int count = 0;
int failures = 0;

void ok(bool good, const char *what, double figure) {
  failures += !good;
  std::printf("%s %d - %s: %g\n", good ? "ok" : "not ok", ++count, what,
              figure);
}

constexpr std::uint32_t live = 10007;
constexpr std::size_t drawn = std::size_t{1} << 19;

std::vector<Step> draw(std::uint32_t slots, std::uint64_t seed) {
  Steps steps(slots, seed);
  std::vector<Step> out(drawn);
  for (Step &step : out) {
    step = steps.next();
  }
  return out;
}

// Four steps together carry more than 80 random bits: none comes back.
void no_lap(const std::vector<Step> &steps) {
  std::unordered_set<std::uint64_t> seen;
  std::size_t again = 0;
  for (std::size_t i = 0; i + 4 <= steps.size(); i++) {
    std::uint64_t mixed = 0;
    for (std::size_t k = i; k < i + 4; k++) {
      const std::uint64_t one = std::uint64_t{steps[k].slot} << 32;
      mixed = Random(mixed ^ one ^ steps[k].size).next();
    }
    again += !seen.insert(mixed).second;
  }
  ok(again == 0, "windows of four steps that come twice",
     static_cast<double>(again));
}

// Coupon collector: after n (ln n + 12) draws each of n slots was drawn, but
// for a chance of e^-12.
void all_slots(const std::vector<Step> &steps) {
  const double n = live;
  const auto bound = static_cast<std::size_t>(n * (std::log(n) + 12));
  std::vector<bool> met(live);
  std::size_t left = live;
  std::size_t at = 0;
  for (; left != 0 && at < steps.size(); at++) {
    left -= !met[steps[at].slot];
    met[steps[at].slot] = true;
  }
  ok(left == 0 && at <= bound, "steps until each slot was met",
     static_cast<double>(at));
}

// Chi square, as a normal deviate.
void even_slots(const std::vector<Step> &steps) {
  std::vector<double> met(live);
  for (const Step &step : steps) {
    met[step.slot] += 1;
  }
  const double each = static_cast<double>(steps.size()) / live;
  double chi = 0;
  for (const double n : met) {
    chi += (n - each) * (n - each) / each;
  }
  const double off = (chi - (live - 1)) / std::sqrt(2.0 * (live - 1));
  ok(std::fabs(off) < 5, "deviates from equal shares, in standard errors",
     off);
}

// The chance that a step asks for the size that it has just freed.
double chance(const std::vector<Step> &steps) {
  std::vector<double> share(513);
  for (const Step &step : steps) {
    share[step.size] += 1.0 / static_cast<double>(steps.size());
  }
  double sum = 0;
  for (const double one : share) {
    sum += one * one;
  }
  return sum;
}

void same_size(const std::vector<Step> &steps) {
  std::vector<std::uint32_t> held(live);
  double same = 0;
  double freed = 0;
  for (const Step &step : steps) {
    freed += held[step.slot] != 0;
    same += held[step.slot] == step.size;
    held[step.slot] = step.size;
  }
  const double expected = chance(steps);
  const double error = std::sqrt(expected * (1 - expected) / freed);
  ok(std::fabs(same / freed - expected) < 5 * error && expected < 0.2,
     "share that frees a size and asks for the same", same / freed);
}

void sizes(const std::vector<Step> &steps) {
  double common = 0;
  bool inside = true;
  for (const Step &step : steps) {
    common += step.size == 32 || step.size == 48 || step.size == 64 ||
              step.size == 80;
    inside = inside && step.size >= 16 && step.size <= 512;
  }
  common /= static_cast<double>(steps.size());
  ok(inside && std::fabs(common - 0.752) < 0.002,
     "share of the four common sizes", common);
}

void edges() {
  const std::vector<Step> one = draw(1, 1);
  bool zero = true;
  for (const Step &step : one) {
    zero = zero && step.slot == 0;
  }
  ok(zero, "one live block is the one that is met", 1);
  const std::uint32_t most = 3u << 30;  // a quarter of the draws are refused
  double low = 0;
  bool inside = true;
  for (const Step &step : draw(most, 1)) {
    inside = inside && step.slot < most;
    low += step.slot < most / 3;
  }
  low /= static_cast<double>(drawn);
  ok(inside && std::fabs(low - 1.0 / 3) < 0.002,
     "share of the first third of very many slots", low);
}

}  // namespace

int main() {
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{88172645}}) {
    const std::vector<Step> steps = draw(live, seed);
    no_lap(steps);
    all_slots(steps);
    even_slots(steps);
    same_size(steps);
    sizes(steps);
  }
  edges();
  std::printf("1..%d\n", count);
  return failures != 0;
}
