/* SPDX-License-Identifier: MIT */
/*
 * spend.h - a known amount of work, of which it is known what it takes.
 *
 * An addition and a multiplication are one instruction each; what needs the
 * result of the one before it waits one cycle for a sum and three for a product.
 * So more steps are more instructions, and other steps are only more time.
 */
#include <stdint.h>

static void spend(int sums, int products) {
  static uint64_t kept = 1;
  uint64_t value = kept;
  uint64_t other = 3;
  for (int i = 0; i < sums; i++) {
    value += other;
    __asm__ volatile("" : "+r"(value), "+r"(other));
  }
  for (int i = 0; i < products; i++) {
    value *= other;
    __asm__ volatile("" : "+r"(value), "+r"(other));
  }
  kept = value;
}
