/* SPDX-License-Identifier: MIT */
/*
 * mark.h - which of the candidates can be reached from outside of them.
 *
 * Candidates are the marked slots of a range of the table.  A mark is
 *
 *     31   30   29                                        0
 *    +----+----+-------------------------------------------+
 *    | M  | R  | references found so far from candidates   |
 *    +----+----+-------------------------------------------+
 *
 *      M     R   set by                  cleared by
 *      0     0   track; pmmi_gc_deduce   -                 no candidate
 *      1     0   pmmi_gc_candidates      deduce, untrack   candidate
 *      0     1   deduce: it is reachable deduce, untrack   waits for the finger
 *
 *   1. Count.  Each candidate's references to candidates are counted up in
 *      the marks.  Reference counts are only read.
 *   2. Compare.  A finger walks the range.  A candidate that owns more
 *      references than were found is held from outside: it is reachable, and
 *      so is what it refers to.  Those before the finger wait on a stack that
 *      is linked through their heads; those behind it wait for the finger,
 *      so that most of the heap is read in the order of the table.
 *   3. What still has M is unreachable.
 *
 * References pass through a short ring in which their target's memory is
 * fetched ahead (the targets of a shuffled heap are cache misses).
 *
 * Invariant: nothing here allocates, recurses, runs code or writes a
 * reference count; a count that would overflow its field stays full, which
 * makes its object reachable.
 *
 * Source: CPython 3.11 Modules/gcmodule.c (deduce_unreachable); the finger is
 * that of heap-order marking (Jones, Hosking, Moss: The Garbage Collection
 * Handbook, 2nd ed., 2.6 and 2.7), the ring that of Cher, Hosking, Vitek:
 * Software Prefetching for Mark-Sweep (ASPLOS 2004).
 */
#ifndef PMMI_GC_MARK_H
#define PMMI_GC_MARK_H

#include "gc/table.h"

/** M: the slot's object is a candidate; after deduce: it is unreachable. */
#define PMMI_GC_CANDIDATE (UINT32_C(1) << 31)

/** What a deduction found. */
struct pmmi_gc_found {
  uint32_t candidates;  /* objects examined                                 */
  uint32_t unreachable; /* of them                                          */
  uint32_t mismatches;  /* objects whose owners visit them too often        */
};

static inline int pmmi_gc_is_candidate(const struct pmmi_gc *gc,
                                       const pmm_obj *o) {
  if (!pmmi_gc_is_collectable(o)) {
    return 0;
  }
  uint32_t slot = pmmi_gc_head_of(o)->slot;
  return slot != PMMI_GC_UNTRACKED &&
         (*pmmi_gc_mark_at(gc, slot) & PMMI_GC_CANDIDATE) != 0;
}

/** Make every object of the range a candidate. */
void pmmi_gc_candidates(struct pmmi_gc *gc, struct pmmi_gc_range range);

/** Forget the counts, so that the candidates that are left can be deduced
 *  once more. */
void pmmi_gc_candidates_again(struct pmmi_gc *gc, struct pmmi_gc_range range);

/** Take the mark from the reachable candidates.  Reachable tuples that hold
 *  nothing the collector could ever track are untracked; in a full
 *  collection so are such dicts. */
struct pmmi_gc_found pmmi_gc_deduce(pmm_rt *rt, struct pmmi_gc_range range);

/** Take the mark from a candidate and from all that it reaches; returns how
 *  many lost it. */
uint32_t pmmi_gc_rescue(pmm_rt *rt, struct pmmi_gc_range range, pmm_obj *o);

/** Take the mark from all. */
void pmmi_gc_no_candidates(struct pmmi_gc *gc, struct pmmi_gc_range range);

#endif /* PMMI_GC_MARK_H */
