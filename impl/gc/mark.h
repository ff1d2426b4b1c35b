/* SPDX-License-Identifier: MIT */
/*
 * mark.h - which of the candidates can be reached from outside of them.
 *
 * Candidates are the slots of a range whose mark has M (marks: walk.h).
 *
 *   1. Count.  One walk over the candidates adds each one's reference count
 *      to its own balance, and takes 1 from the balance of each candidate
 *      that it refers to.  So every object is read once, and no reference
 *      count is written.
 *   2. Compare.  An object whose balance is not 0 has an owner outside: it is
 *      held.  If all are, nothing is garbage, and no object is read again.
 *   3. Reach.  A finger walks the range; what a held object refers to is
 *      held.  Those in front of the finger wait for it, those behind it on a
 *      stack, so that most of the heap is read in the order of the table.
 *      It ends when all are held, or at the end of the range.
 *   4. Settle.  Objects that are not held keep M; survivors lose their mark,
 *      and those that hold nothing that could ever be tracked are untracked.
 *
 * Invariant: nothing here allocates, recurses, runs code or writes a
 * reference count.
 *
 * Source: CPython 3.11 Modules/gcmodule.c (deduce_unreachable), which keeps a
 * copy of the count in each head; the finger is that of heap-order marking
 * (Jones, Hosking, Moss: The Garbage Collection Handbook, 2nd ed., 2.6 and
 * 2.7), fetching ahead that of Cher, Hosking, Vitek: Software Prefetching for
 * Mark-Sweep (ASPLOS 2004).
 */
#ifndef PMMI_GC_MARK_H
#define PMMI_GC_MARK_H

#include "core/tracked.h"

/** What garbage may need, or-ed over all candidates. */
enum pmmi_gc_needs {
  PMMI_GC_NEEDS_KEEP = 1u << 0,     /* a legacy delete slot                 */
  PMMI_GC_NEEDS_WEAK = 1u << 1,     /* weak references                      */
  PMMI_GC_NEEDS_FINALIZE = 1u << 2  /* a finalizer                          */
};

/** What a deduction found. */
struct pmmi_gc_found {
  uint32_t candidates;  /* objects examined                                 */
  uint32_t unreachable; /* of them                                          */
  uint32_t mismatches;  /* objects whose owners visit them too often        */
  uint32_t needs;       /* enum pmmi_gc_needs of the types met              */
};

/** Make every object of the range a candidate (holes too, which harms
 *  nothing, until deduce). */
void pmmi_gc_candidates(struct pmmi_tracked *table, struct pmmi_gc_range range);

/** Take the mark from the reachable candidates, and from holes.  Reachable
 *  tuples that hold nothing the collector could ever track are untracked; in
 *  a full collection so are such dicts.  What is left can be deduced once
 *  more. */
struct pmmi_gc_found pmmi_gc_deduce(pmm_rt *rt, struct pmmi_gc_range range);

/** Take the mark from a candidate that was deduced unreachable and from all
 *  such that it reaches; returns how many lost it. */
uint32_t pmmi_gc_rescue(pmm_rt *rt, struct pmmi_gc_range range, pmm_obj *o);

/** Take the mark from all. */
void pmmi_gc_no_candidates(struct pmmi_tracked *table,
                           struct pmmi_gc_range range);

#endif /* PMMI_GC_MARK_H */
