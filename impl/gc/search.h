/* SPDX-License-Identifier: MIT */
/*
 * search.h - old garbage, searched a slice at a time (the mode incremental).
 *
 *   1. Young generations are collected at once, as ever.  A collection of the
 *      old one is replaced by a search in slices, each of which does a bounded
 *      amount of work, after a young collection or between two.
 *   2. Enter: every old object becomes a member (S).  Count: each member's
 *      owners and references are counted once (walk.h).  Reach: from members
 *      with an owner outside, the others are reached.
 *   3. An object that is not reached is a suspect.  Suspects are then deduced
 *      exactly (mark.h) and disposed of: first some thousands of neighbours at
 *      a time, as most cycles were made at one time; then all that were spared
 *      at once, as a cycle may span the table.
 *
 * The program runs between slices and nothing tells the search what it changes:
 * there is no write barrier.  Why that is enough:
 *
 *   complete  An object that is garbage when a search begins is garbage to its
 *             end: the program cannot reach it, so its counts and references
 *             stay, its balance is 0, and it is not reached.  It becomes a
 *             suspect.
 *   sound     A live object may be miscounted, and become a suspect too.  The
 *             deduction over the suspects is exact: an owner that is none of
 *             them holds its object, whatever the search believed.
 *
 * So what the program changes costs time at most, and garbage that arises
 * during a search waits for the next one.
 *
 * A pause thus grows with what is found in one cycle of references, and with
 * one object of a type other than list, tuple and dict, whatever the budget.
 *
 * Invariant: a mark has S only in the range of a search under way, and nothing
 * but the search reads it.
 *
 * Source: the two passes are those of trial deletion (Bacon, Rajan: Concurrent
 * Cycle Collection in Reference Counted Systems, ECOOP 2001), whose tests
 * before freeing are replaced by a deduction over the suspects.
 */
#ifndef PMMI_GC_SEARCH_H
#define PMMI_GC_SEARCH_H

#include "core/tracked.h"
#include "gc/gc.h"

/** Pause that is aimed at unless the host says otherwise. */
#define PMMI_GC_BUDGET_NS UINT64_C(1000000)

/** Begin a search over the old generation; none is under way. */
void pmmi_gc_search_begin(pmm_rt *rt);

/** Do `work` objects and references of it, fewer when `deadline_ns` of the
 *  host's clock comes first; returns how many were done. */
uint64_t pmmi_gc_search_slice(pmm_rt *rt, uint64_t work, uint64_t deadline_ns);

/** Make candidates of the next suspects, as many as the budget allows, or of
 *  all that were spared before.  Returns the range they lie in; empty when
 *  there are none, or when the search was abandoned. */
struct pmmi_gc_range pmmi_gc_search_suspects(pmm_rt *rt);

/** End a search that is under way; marks are 0 then.  Who needs the marks, or
 *  empties the old generation, calls it first. */
void pmmi_gc_search_abandon(pmm_rt *rt);

/** Slots are about to move: what waits, waits in the table. */
void pmmi_gc_search_settle(pmm_rt *rt);

#endif /* PMMI_GC_SEARCH_H */
