/* SPDX-License-Identifier: MIT */
/*
 * census.h - all live objects, by type.
 *
 *   1. What was made while tracing is found by its block: every block of the
 *      object domain is an object's, save those that the host asked for
 *      itself (they are in the sizes of memory/domain.h) and those of
 *      objects that are dying (dealloc.h).  Free lists hold none then.
 *   2. What is older is found where the runtime lists it: in the collector's
 *      table, among the instances without a collector head, in the list of
 *      open files.
 *   3. The runtime counts its objects; those that neither way shows are older
 *      than the trace and in no list.  They make a line of their own.
 *
 * Nothing is kept for a census, so it costs nothing but its own time.
 *
 * Invariant: the counts of all lines add up to pmm_memory.objects.
 */
#ifndef PMMI_CENSUS_H
#define PMMI_CENSUS_H

#include "pmm/types.h"

/** Operation census (contract: pmm/subject.h).  PMM_NO_MEMORY: no room for
 *  the lines, which come from the backend itself. */
enum pmm_status pmmi_census(pmm_rt *rt,
                            void (*report)(void *ctx,
                                           const struct pmm_census *row),
                            void *ctx);

#endif /* PMMI_CENSUS_H */
