/* SPDX-License-Identifier: MIT */
/*
 * lanes.h - one case of the runtime contract, in its lane.
 *
 *   1. A case that needs a feature that the subject does not offer is
 *      UNSUPPORTED; one that leaves the lane out is WAIVED.
 *   2. Else it is a plain attempt; in the out-of-memory lanes a sweep follows:
 *      points 1, 2, 3 ... until no allocation fails any more.
 */
#ifndef PMM_CONFORM_LANES_H
#define PMM_CONFORM_LANES_H

#include "attempt.h"
#include "judge.h"

/** Run and judge one case. */
void pmm_lanes_run(const struct pmm_course *course,
                   const struct pmm_setting *setting,
                   const struct pmm_case *test_case,
                   struct pmm_outcome *outcome);

#endif /* PMM_CONFORM_LANES_H */
