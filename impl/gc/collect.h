/* SPDX-License-Identifier: MIT */
/*
 * collect.h - one collection.
 *
 * The phases, in the order in which pmmi_gc_collect() names them:
 *
 *   find      which candidates are unreachable (gc/mark.h)
 *   promote   move the generation's boundary; nothing is copied
 *   keep      objects with a legacy delete slot, and what they reach, are
 *             uncollectable and go to the garbage list
 *   weak      references to garbage are cleared, all of them; then the
 *             callbacks of those references run that are not garbage
 *   finalize  every finalizer that has not run (PEP 442)
 *   spare     what the code that ran has made reachable again; references
 *             that it made to what is not are cleared as in weak
 *   drop      clear each object that is left; counts fall to 0
 *
 * Code of the host runs in weak, finalize, spare and drop only.  It may untrack
 * and track objects, but slots do not move, and an object that dies takes its
 * mark with it; so each phase walks the range and takes what is marked.
 *
 * Invariant: between phases a slot is marked exactly when its object is alive
 * and unreachable.  Reference counts are only written by dropping.
 *
 * Source: CPython 3.11 Modules/gcmodule.c (gc_collect_main, handle_weakrefs,
 * finalize_garbage, handle_resurrected_objects, delete_garbage), PEP 442.
 */
#ifndef PMMI_GC_COLLECT_H
#define PMMI_GC_COLLECT_H

#include "gc/gc.h"

/** Collect `generation` and the younger ones; returns how many unreachable
 *  objects were found, resurrected ones not among them.  Returns 0 at once
 *  when a collection is under way.  A pending error is kept.  May run code. */
uint64_t pmmi_gc_collect(pmm_rt *rt, int generation);

/** Examine some of what a search has found (gc/search.h), as a collection of
 *  the oldest generation that looks at suspects alone.  May run code. */
void pmmi_gc_collect_suspects(pmm_rt *rt);

/** In a runtime that checks itself (struct pmmi_gc, `check`), check the heap:
 *  what is wrong is told by pmmi_heap_verify() and as an event. */
void pmmi_gc_validate(pmm_rt *rt);

#endif /* PMMI_GC_COLLECT_H */
