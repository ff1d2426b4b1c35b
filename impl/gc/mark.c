/* SPDX-License-Identifier: MIT */
/* mark.c - reachability of candidates; idea and source: mark.h. */
#include "gc/mark.h"

#include <string.h>

#include "gc/gc_state.h"
#include "gc/walk.h"

static_assert(PMMI_GC_CANDIDATE == PMMI_MARK_MEMBER, "the same bit");

/* How many candidates there are, and how many of them have no owner outside as
 * far as known. */
static void compare(struct pmmi_walk *m, struct pmmi_gc_found *found) {
  const uint32_t unheld_mask =
      PMMI_GC_CANDIDATE | PMMI_MARK_HELD | PMMI_MARK_BALANCE;
  const uint32_t negative_mask = PMMI_MARK_NEGATIVE | PMMI_MARK_HELD;
  uint32_t to = m->from + m->span;
  struct pmmi_run run;
  for (uint32_t slot = m->from; slot < to; slot += run.length) {
    uint32_t candidates = 0;
    uint32_t unheld = 0;
    uint32_t negative = 0;
    run = pmmi_run_at(m->table, slot, to);
    if (!*run.marked) {
      continue;
    }
    for (uint32_t i = 0; i < run.length; i++) {
      candidates += run.marks[i] & PMMI_GC_CANDIDATE;
      unheld += (run.marks[i] & unheld_mask) == PMMI_GC_CANDIDATE;
      negative += (run.marks[i] & negative_mask) == PMMI_MARK_NEGATIVE;
    }
    m->left += unheld;
    found->candidates += candidates;
    found->mismatches += negative;
  }
}

static void reach(struct pmmi_walk *m) {
  assert(m->left > 0 && m->sweeps == 0);
  uint32_t end = m->from + m->span;
  uint32_t slot = m->from;
  m->chains = 1;
  do {
    m->sweeps++;
    m->again = end;
    (void)pmmi_walk_reach(m, slot, end);
    slot = m->again;
  } while (m->left > 0 && slot != end);
}

static void settle(struct pmmi_walk *m) {
  assert(m->waiting == 0);
  uint32_t to = m->from + m->span;
  struct pmmi_run run;
  for (uint32_t slot = m->from; slot < to; slot += run.length) {
    uint8_t any = 0;
    run = pmmi_run_at(m->table, slot, to);
    if (!*run.marked) {
      continue;
    }
    for (uint32_t i = 0; i < run.length; i++) {
      uint32_t mark = run.marks[i];
      int garbage = pmmi_mark_is_unheld(mark, PMMI_GC_CANDIDATE);
      any |= (uint8_t)garbage;
      run.marks[i] = (mark & PMMI_MARK_SEARCHED) |
                     (garbage ? PMMI_GC_CANDIDATE : 0);
      if ((mark & PMMI_MARK_ATOMIC) != 0 && !garbage) {
        pmmi_gc_untrack(m->rt, run.objects[i]);
      }
    }
    *run.marked = any;
  }
}

struct pmmi_gc_found pmmi_gc_deduce(pmm_rt *rt, struct pmmi_gc_range range) {
  assert(range.from <= range.to);
  struct pmmi_walk m;
  assert(pmmi_tracked_of(rt)->collecting);
  struct pmmi_gc_found found = {.mismatches = 0};
  pmmi_walk_init(&m, rt, range, PMMI_GC_CANDIDATE);
  m.full = pmmi_tracked_of(rt)->collecting == PMMI_GC_GENERATIONS;
  (void)pmmi_walk_count(&m, range.from, range.to);
  compare(&m, &found);
  assert(m.waiting == 0 && m.left <= found.candidates);
  if (m.left > 0) {
    reach(&m);
  }
  if (m.left > 0 || m.atomics > 0 ||
      pmmi_tracked_of(rt)->walk.phase >= PMMI_GC_SEARCH_EXAMINE) {
    settle(&m);
  } else {
    pmmi_gc_no_candidates(pmmi_tracked_of(rt), range);
  }
  found.unreachable = m.left;
  found.needs = m.needs;
  return found;
}

uint32_t pmmi_gc_rescue(pmm_rt *rt, struct pmmi_gc_range range, pmm_obj *o) {
  assert(pmmi_gc_is_candidate(pmmi_tracked_of(rt), o));
  struct pmmi_walk m;
  pmmi_walk_init(&m, rt, range, PMMI_GC_CANDIDATE);
  m.finger = range.to;            /* nothing waits for it,                  */
  m.sweeps = PMMI_WALK_SWEEPS;    /* nor for another sweep                   */
  m.chains = 1;
  m.left = UINT32_MAX;
  pmmi_walk_reach_from(&m, o);
  pmmi_walk_drain(&m);
  settle(&m);
  return UINT32_MAX - m.left;
}

void pmmi_gc_candidates(struct pmmi_tracked *table,
                        struct pmmi_gc_range range) {
  assert(range.from <= range.to && range.to <= table->used);
  struct pmmi_run run;
  for (uint32_t slot = range.from; slot < range.to; slot += run.length) {
    run = pmmi_run_at(table, slot, range.to);
    *run.marked = 1;
    for (uint32_t i = 0; i < run.length; i++) {
      run.marks[i] = PMMI_GC_CANDIDATE;
    }
  }
}

void pmmi_gc_no_candidates(struct pmmi_tracked *table,
                           struct pmmi_gc_range range) {
  assert(range.from <= range.to);
  struct pmmi_run run;
  for (uint32_t slot = range.from; slot < range.to; slot += run.length) {
    run = pmmi_run_at(table, slot, range.to);
    *run.marked = 0;
    memset(run.marks, 0, run.length * sizeof *run.marks);
  }
}
