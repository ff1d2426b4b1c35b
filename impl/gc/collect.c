/* SPDX-License-Identifier: MIT */
/* collect.c - one collection, phase by phase; see collect.h. */
#include "gc/collect.h"

#include "core/weak_list.h"
#include "gc/gc_state.h"
#include "gc/log.h"
#include "gc/mark.h"
#include "gc/search.h"
#include "gc/walk.h"
#include "host.h"

/** A collection under way. */
struct run {
  pmm_rt *rt;
  struct pmmi_gc *gc;
  struct pmmi_tracked *table;
  int generation;
  struct pmmi_gc_range range; /* of the candidates                          */
  uint32_t visited;           /* candidates                                 */
  uint32_t unreachable;       /* candidates that are marked                 */
  uint32_t collected;         /* garbage that was dropped                   */
  uint32_t uncollectable;     /* garbage that is kept                       */
  uint32_t needs;             /* enum pmmi_gc_needs of the candidates       */
  int searched;               /* the range holds a search's suspects        */
  uint32_t left;              /* garbage that dropping did not free         */
  int ran_code;               /* a callback or a finalizer ran              */
  uint64_t start_ns;
};

/** Slots between fetching an object and looking at it. */
#define AHEAD 16u

/* The next marked object from *slot on, with its slot; NULL: there is none.
 * What comes later is fetched: garbage lies anywhere. */
static pmm_obj *next_garbage(const struct run *run, uint32_t *slot) {
  assert(*slot >= run->range.from);
  while (*slot < run->range.to) {
    struct pmmi_run at = pmmi_run_at(run->table, *slot, run->range.to);
    for (uint32_t i = 0; *at.marked && i < at.length; i++) {
      if ((at.marks[i] & PMMI_GC_CANDIDATE) == 0) {
        continue;
      }
      if (i + AHEAD < at.length) {
        __builtin_prefetch(at.objects[i + AHEAD], 1);
      }
      *slot += i + 1;
      return at.objects[i];
    }
    *slot += at.length;
  }
  return NULL;
}

/* ---- start and stop ----------------------------------------------------- */

/* The counters, and what is examined: a generation and all younger ones. */
static void choose_generation(struct run *run) {
  assert(run->generation >= 0 && run->generation < PMMI_GC_GENERATIONS);
  struct pmmi_tracked *table = run->table;
  if (run->generation + 1 < PMMI_GC_GENERATIONS) {
    table->counts[run->generation + 1]++;
  } else {
    pmmi_gc_search_abandon(run->rt);
  }
  for (int i = 0; i <= run->generation; i++) {
    table->counts[i] = 0;
  }
  run->range = (struct pmmi_gc_range){
      pmmi_gc_range_of(table, run->generation).from, table->used};
  pmmi_gc_candidates(table, run->range);
}

static void start(struct run *run) {
  assert(run->table->collecting == 1 + run->generation);
  pmmi_gc_log_started(run->rt, run->generation);
  run->start_ns = pmmi_host_clock_ns();
  if (!run->searched) {
    choose_generation(run);
  }
}

static void stop(struct run *run) {
  assert(run->range.from <= run->range.to);
  struct pmm_gc_stats *stats = &run->gc->stats[run->generation];
  uint64_t pause_ns = pmmi_host_clock_ns() - run->start_ns;
  assert(run->collected <= run->visited);
  stats->collections++;
  stats->collected += run->collected;
  stats->uncollectable += run->uncollectable;
  stats->visited += run->visited;
  stats->pause_ns += pause_ns;
  if (pause_ns > stats->max_pause_ns) {
    stats->max_pause_ns = pause_ns;
  }
  const struct pmm_gc_run noted = {.generation = (uint64_t)run->generation,
                                   .start_ns = run->start_ns,
                                   .pause_ns = pause_ns,
                                   .traversed = run->visited,
                                   .collected = run->collected,
                                   .uncollectable = run->uncollectable,
                                   .garbage_left =
                                       run->searched
                                           ? PMM_UNKNOWN
                                           : run->uncollectable + run->left};
  pmmi_gc_log_stopped(run->rt, &noted);
}

/* ---- the phases --------------------------------------------------------- */

static void find(struct run *run) {
  struct pmmi_gc_found found = pmmi_gc_deduce(run->rt, run->range);
  assert(found.unreachable <= found.candidates);
  run->visited = found.candidates;
  run->unreachable = found.unreachable;
  run->needs = found.needs;
  if (found.mismatches > 0) {
    pmmi_event(run->rt, PMM_EVENT_FAULT, 0, PMM_FAULT_COUNT_MISMATCH);
  }
}

static void promote(struct run *run) {
  assert(run->unreachable <= run->visited);
  struct pmmi_gc *gc = run->gc;
  uint64_t survivors = run->visited - run->unreachable;
  if (run->searched) {
    gc->search.members -= run->unreachable;
    gc->long_lived_total = gc->search.members;
    return;
  }
  run->table->middle_end = run->table->used;
  if (run->generation >= 1) {
    run->table->old_end = run->table->used;
  }
  if (run->generation == 1) {
    gc->long_lived_pending += survivors;
  } else if (run->generation == 2) {
    gc->long_lived_pending = 0;
    gc->long_lived_total = survivors;
  }
}

/* Keep garbage where the host finds it; that fails only for want of memory, and
 * then the object merely stays alive unlisted. */
static void list_garbage(struct run *run, pmm_obj *o) {
  assert(pmmi_gc_is_candidate(run->table, o));
  if (run->gc->keep(run->rt, o) != PMM_OK) {
    pmmi_error_clear(run->rt);
  }
}

static int has_legacy_delete(const pmm_obj *o) {
  return (o->type->flags & PMMI_TYPE_LEGACY_DEL) != 0;
}

/* All are listed before one is rescued: one may reach another. */
static void keep(struct run *run) {
  assert((run->needs & PMMI_GC_NEEDS_KEEP) != 0);
  pmm_obj *o;
  uint32_t slot = run->range.from;
  while ((o = next_garbage(run, &slot)) != NULL) {
    if (has_legacy_delete(o)) {
      list_garbage(run, o);
    }
  }
  slot = run->range.from;
  while ((o = next_garbage(run, &slot)) != NULL) {
    if (has_legacy_delete(o)) {
      run->uncollectable += pmmi_gc_rescue(run->rt, run->range, o);
    }
  }
  run->unreachable -= run->uncollectable;
  assert(run->uncollectable <= run->visited);
}

static void clear_weak(struct run *run) {
  struct pmmi_weakref_calls calls;
  pmm_obj *o;
  uint32_t slot = run->range.from;
  pmmi_weakref_calls_init(&calls);
  while ((o = next_garbage(run, &slot)) != NULL) {
    pmmi_weakref_clear_garbage(run->rt, o, &calls);
  }
  run->ran_code |= calls.first != NULL;
  pmmi_weakref_calls_run(run->rt, &calls);
}

static void finalize(struct run *run) {
  pmm_obj *o;
  uint32_t slot = run->range.from;
  while ((o = next_garbage(run, &slot)) != NULL) {
    if (o->type->finalize == NULL || pmmi_gc_is_finalized(o)) {
      continue;
    }
    run->ran_code = 1;
    pmmi_retain(run->rt, o);
    pmmi_object_finalize(run->rt, o);
    pmmi_release(run->rt, o);
  }
}

static void spare(struct run *run) {
  if (!run->ran_code) {
    return;
  }
  struct pmmi_gc_found found = pmmi_gc_deduce(run->rt, run->range);
  run->unreachable = found.unreachable;
  run->needs = found.needs;
  run->ran_code = 0;
}

/* References that code has made to garbage which stays garbage are cleared, so
 * that none gives out what is being taken apart.  Their callbacks are code, and
 * may save something in their turn. */
static void spare_again(struct run *run) {
  int ran_code = run->ran_code;
  spare(run);
  if (ran_code && run->unreachable > 0 &&
      (run->needs & PMMI_GC_NEEDS_WEAK) != 0) {
    clear_weak(run);
    spare(run);
  }
}

/* Count the objects that are still marked, and take their marks.  An object
 * that dies loses its mark; one that has it still was kept by code that ran, or
 * its type cannot clear it. */
static void count_left(struct run *run) {
  assert(run->left == 0);
  struct pmmi_run at;
  for (uint32_t slot = run->range.from; slot < run->range.to;
       slot += at.length) {
    at = pmmi_run_at(run->table, slot, run->range.to);
    for (uint32_t i = 0; *at.marked && i < at.length; i++) {
      run->left += at.marks[i] & PMMI_GC_CANDIDATE;
      at.marks[i] &= ~PMMI_GC_CANDIDATE; /* what a search noted stays        */
    }
    *at.marked = 0;
  }
}

static void let_go(struct run *run, pmm_obj *o) {
  assert(pmmi_is_alive(o));
  pmm_rt *rt = run->rt;
  if (o->type->clear != NULL) {
    pmmi_retain(rt, o);
    o->type->clear(rt, o);
    pmmi_release(rt, o);
  }
}

static void drop(struct run *run) {
  assert(run->collected == 0);
  int save = (run->gc->debug & PMM_GC_SAVEALL) != 0;
  pmm_obj *o;
  uint32_t slot = run->range.from;
  run->collected = run->unreachable;
  while ((o = next_garbage(run, &slot)) != NULL) {
    if (save) {
      list_garbage(run, o);
    } else {
      let_go(run, o);
    }
  }
  count_left(run);
}

static void dispose(struct run *run) {
  assert(run->unreachable > 0);
  if ((run->needs & PMMI_GC_NEEDS_KEEP) != 0) {
    keep(run);
  }
  pmmi_gc_validate(run->rt);
  if ((run->needs & PMMI_GC_NEEDS_WEAK) != 0) {
    clear_weak(run);
  }
  if ((run->needs & PMMI_GC_NEEDS_FINALIZE) != 0) {
    finalize(run);
  }
  pmmi_gc_validate(run->rt);
  spare_again(run);
  pmmi_gc_validate(run->rt);
  drop(run);
}

static uint64_t collect(pmm_rt *rt, int generation,
                        const struct pmmi_gc_range *suspects) {
  assert(generation >= 0 && generation < PMMI_GC_GENERATIONS);
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  struct run run = {.rt = rt,
                    .gc = pmmi_gc_of(rt),
                    .table = table,
                    .generation = generation};
  if (suspects != NULL) {
    run.searched = 1;
    run.range = *suspects;
  }
  struct pmmi_error saved;
  if (table->collecting) {
    return 0;
  }
  pmmi_error_save(rt, &saved);
  table->collecting = 1 + generation;
  start(&run);
  find(&run);
  promote(&run);
  if (run.unreachable > 0) {
    dispose(&run);
  }
  pmmi_gc_validate(rt);
  stop(&run);
  table->collecting = 0;
  if (generation == PMMI_GC_GENERATIONS - 1 && !run.searched) {
    pmmi_caches_empty(rt);
  }
  pmmi_error_restore(rt, &saved);
  return (uint64_t)run.collected + run.uncollectable;
}

void pmmi_gc_validate(pmm_rt *rt) {
  struct pmmi_gc *gc = pmmi_gc_of(rt);
  const char *wrong = gc->check != NULL ? gc->check(rt) : NULL;
  if (wrong != NULL) {
    gc->fault = wrong;
    pmmi_event(rt, PMM_EVENT_FAULT, 0, PMM_FAULT_COUNT_MISMATCH);
  }
}

uint64_t pmmi_gc_collect(pmm_rt *rt, int generation) {
  return collect(rt, generation, NULL);
}

void pmmi_gc_collect_suspects(pmm_rt *rt) {
  struct pmmi_gc_range suspects = {0, 0};
  if (!pmmi_tracked_of(rt)->collecting) {
    suspects = pmmi_gc_search_suspects(rt);
  }
  if (suspects.from < suspects.to) {
    (void)collect(rt, PMMI_GC_GENERATIONS - 1, &suspects);
  }
}
