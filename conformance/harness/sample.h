/* SPDX-License-Identifier: MIT */
/*
 * sample.h - some cases of each area, instead of all.
 *
 * A sweep of failing allocations takes minutes.  One case in N of each area
 * (the part of an id before the first dot), every N-th in the order of ids,
 * says early what is wrong; where to begin comes from the seed.  No area is
 * left without a case, and N seeds in a row take every case.
 */
#ifndef PMM_CONFORM_SAMPLE_H
#define PMM_CONFORM_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "entry.h"

/** Keep one in `every` cases of each area, at the front of `cases`, which is
 * in the order of ids.  Returns how many are kept.  Cannot fail. */
size_t pmm_sample(const struct pmm_entry **cases, size_t count, uint64_t every,
                  uint64_t seed);

#endif /* PMM_CONFORM_SAMPLE_H */
