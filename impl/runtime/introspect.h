/* SPDX-License-Identifier: MIT */
/*
 * introspect.h - what a host may ask of the collector and set in it.
 *
 * Source: CPython 3.11 Modules/gcmodule.c (gc_get_referrers, gc_freeze, ...).
 */
#ifndef PMMI_INTROSPECT_H
#define PMMI_INTROSPECT_H

#include "pmm/types.h"

/** Put garbage that is not dropped into the list that the host sees: for
 *  `keep` of struct pmmi_gc.  PMM_NO_MEMORY. */
enum pmm_status pmmi_gc_keep_garbage(pmm_rt *rt, pmm_obj *o);

/* ---- operations (contracts: pmm/subject.h) ------------------------------ */

enum pmm_status pmmi_collect(pmm_rt *rt, int generation,
                             uint64_t *unreachable);
void pmmi_gc_enable(pmm_rt *rt, int enabled);
int pmmi_gc_enabled(pmm_rt *rt);
pmm_obj *pmmi_gc_referents(pmm_rt *rt, pmm_obj *o);
pmm_obj *pmmi_gc_referrers(pmm_rt *rt, pmm_obj *o);
int pmmi_gc_traverse(pmm_rt *rt, pmm_obj *o, pmm_visit visit, void *ctx);
enum pmm_status pmmi_gc_clear(pmm_rt *rt, pmm_obj *o);
enum pmm_status pmmi_gc_debug_set(pmm_rt *rt, uint32_t flags);
pmm_obj *pmmi_gc_garbage(pmm_rt *rt);
enum pmm_status pmmi_gc_freeze(pmm_rt *rt);
enum pmm_status pmmi_gc_unfreeze(pmm_rt *rt);
uint64_t pmmi_gc_freeze_count(pmm_rt *rt);
pmm_obj *pmmi_gc_objects(pmm_rt *rt, int generation);
void pmmi_gc_thresholds(pmm_rt *rt, uint64_t thresholds[3]);
enum pmm_status pmmi_gc_set_thresholds(pmm_rt *rt, const uint64_t values[3]);
void pmmi_gc_counts(pmm_rt *rt, uint64_t counts[3]);
enum pmm_status pmmi_gc_stats(pmm_rt *rt, int generation,
                              struct pmm_gc_stats *out);
int pmmi_is_finalized(pmm_rt *rt, pmm_obj *o);

#endif /* PMMI_INTROSPECT_H */
