/* SPDX-License-Identifier: MIT */
/*
 * plan.h - which cases run, and in which order.
 *
 *   all  ->  --case, --requirement  ->  by id  ->  --sample  ->  shuffled
 */
#ifndef PMM_CONFORM_PLAN_H
#define PMM_CONFORM_PLAN_H

#include "entry.h"
#include "options.h"

struct pmm_plan {
  const struct pmm_entry **cases;
  size_t count;
};

/** Choose.  0; 2 after a message: nothing matches; 1 likewise: no memory. */
int pmm_plan_make(struct pmm_plan *plan, const struct pmm_options *options);

/** Another order, the same for a seed everywhere. */
void pmm_plan_shuffle(struct pmm_plan *plan, uint64_t seed);

void pmm_plan_free(struct pmm_plan *plan);

/** The chosen cases as text.  0, or -1 when it could not be written. */
int pmm_plan_list(FILE *out, const struct pmm_plan *plan);

#endif /* PMM_CONFORM_PLAN_H */
