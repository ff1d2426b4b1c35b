/* SPDX-License-Identifier: MIT */
/*
 * runner.h - one case of the allocator contract.
 *
 *   1. What a backend does not claim is not asked: UNSUPPORTED.
 *   2. Else the case runs over a heap of its own and is judged (judge.h).
 */
#ifndef PMM_BACKENDS_RUNNER_H
#define PMM_BACKENDS_RUNNER_H

#include "check.h"
#include "judge.h"

/** Name of one capability bit: "OWNS"; NULL when unknown. */
const char *check_capability_name(uint32_t bit);

/** Run a case on a backend and judge it. */
void check_run(const struct pmm_course *course, const struct check_case *test,
               const struct pmm_backend *backend, struct pmm_outcome *outcome);

#endif /* PMM_BACKENDS_RUNNER_H */
