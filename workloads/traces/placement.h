/* SPDX-License-Identifier: MIT */
/*
 * placement.h - where live blocks lie.
 *
 * Counted exactly from addresses, so that no other program disturbs it: the
 * fewer pages, lines and huge regions hold the same blocks, the fewer of them
 * a program has to bring in.  A look at each block, in the order of their birth
 * and in a random one, says what that costs here.
 */
#ifndef PMM_TRACE_PLACEMENT_H
#define PMM_TRACE_PLACEMENT_H

#include "passes.h"

/** A block, by address. */
struct place {
  uintptr_t address;
  uint64_t size;
  uint64_t birth; /* the word that made it                                  */
};

/** How many units of so many bytes hold a byte of the blocks, which are in the
 *  order of their addresses.  A unit is a power of two. */
uint64_t placement_units(const struct place *places, size_t count,
                         uint64_t unit);

/** Map the same blocks: bytes in each stretch of addresses that holds some, of
 *  64 KiB or as much more as it takes to have room for all. */
void placement_map(const struct place *places, size_t count,
                   struct pass_places *out);

/** Count what is live after the words up to `end`, at the peak or at the end.
 *  0, or -1: no memory. */
int placement_count(const struct replay *replay, size_t end, int at_peak,
                    struct pass_placement *out);

#endif /* PMM_TRACE_PLACEMENT_H */
