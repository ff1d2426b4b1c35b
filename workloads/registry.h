/* SPDX-License-Identifier: MIT */
/*
 * registry.h - all workloads, by name.
 */
#ifndef PMM_WORK_REGISTRY_H
#define PMM_WORK_REGISTRY_H

#include "workload.h"

/** The workloads, up to a NULL. */
extern const struct pmm_workload *const pmm_workloads[];

/** The workload of that name, or NULL. */
const struct pmm_workload *pmm_workload_find(const char *name);

/** The variant of that name, or NULL. */
const struct pmm_work_variant *
pmm_workload_variant(const struct pmm_workload *workload, const char *name);

#endif /* PMM_WORK_REGISTRY_H */
