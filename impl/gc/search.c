/* SPDX-License-Identifier: MIT */
/* search.c - old garbage, searched by and by; see search.h. */
#include "gc/search.h"

#include "gc/gc_state.h"
#include "gc/walk.h"
#include "host.h"

static_assert(PMMI_GC_SEARCH_STACK == PMMI_WALK_STACK, "copied as a whole");

/** Work between two looks at the clock: some 20 microseconds. */
#define STEP 2048u

/** Time to examine a suspect and to drop it, at worst, and as much again for the
 *  young collection before it. */
#define EXAMINED_NS 500u

/** Slots that are looked through for suspects in one pause. */
#define LOOKED_AT (UINT32_C(1) << 18)

/** Slots that entering counts as one object: it reads the table alone. */
#define ENTERED_AT_ONCE 16u

void pmmi_gc_search_begin(pmm_rt *rt) {
  struct pmmi_gc_search *s = &pmmi_gc_of(rt)->search;
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  struct pmmi_gc_span *w = &table->walk;
  assert(w->phase == PMMI_GC_SEARCH_IDLE);
  w->phase = PMMI_GC_SEARCH_ENTER;
  w->from = table->frozen_end;
  w->to = table->old_end;
  w->at = w->from;
  s->members = 0;
  s->walked = 0;
  s->part = 0;
  s->depth = 0;
}

/* ---- a step of each phase ----------------------------------------------- */

static void begin_phase(pmm_rt *rt, enum pmmi_gc_search_phase phase) {
  assert(phase > PMMI_GC_SEARCH_ENTER);
  struct pmmi_gc_span *w = &pmmi_tracked_of(rt)->walk;
  w->phase = phase;
  w->at = w->from;
  w->again = w->to;
  pmmi_gc_of(rt)->search.sweeps = 1;
}

static uint64_t enter_some(pmm_rt *rt, uint64_t work) {
  assert(work > 0 && pmmi_tracked_of(rt)->walk.phase == PMMI_GC_SEARCH_ENTER);
  struct pmmi_gc_search *s = &pmmi_gc_of(rt)->search;
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  struct pmmi_gc_span *w = &table->walk;
  uint64_t slots = work * ENTERED_AT_ONCE;
  uint32_t to = w->to - w->at > slots ? w->at + (uint32_t)slots : w->to;
  uint32_t before = w->at;
  struct pmmi_run run;
  for (; w->at < to; w->at += run.length) {
    run = pmmi_run_at(table, w->at, to);
    for (uint32_t i = 0; i < run.length; i++) {
      uint32_t mark = run.objects[i] != NULL ? PMMI_MARK_SEARCHED : 0;
      run.marks[i] = mark;
      s->members += mark != 0;
    }
  }
  if (w->at >= w->to) {
    begin_phase(rt, PMMI_GC_SEARCH_COUNT);
  }
  return (to - before) / ENTERED_AT_ONCE + 1;
}

/* Go on where the last slice stopped; who has died since has lost S. */
static void resume(struct pmmi_walk *m, pmm_rt *rt, uint64_t work) {
  assert(work > 0);
  struct pmmi_gc_search *s = &pmmi_gc_of(rt)->search;
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  struct pmmi_gc_span *w = &table->walk;
  pmmi_walk_init(m, rt, (struct pmmi_gc_range){w->from, w->to},
                 PMMI_MARK_SEARCHED);
  m->limit = work;
  m->left = UINT32_MAX;
  m->sweeps = s->sweeps;
  m->again = w->again;
  m->finger = w->at;
  if (w->at < w->to && *pmmi_gc_object_at(table, w->at) == s->parted &&
      (*pmmi_gc_mark_at(table, w->at) & PMMI_MARK_SEARCHED) != 0) {
    m->part = s->part;
  }
  for (uint32_t i = 0; i < s->depth; i++) {
    if (s->stack[i] < w->to &&
        (*pmmi_gc_mark_at(table, s->stack[i]) & PMMI_MARK_SEARCHED) != 0) {
      m->stack[m->depth++] = *pmmi_gc_object_at(table, s->stack[i]);
    }
  }
}

static void suspend(const struct pmmi_walk *m, pmm_rt *rt, uint32_t at) {
  assert(m->waiting == 0 && m->depth <= PMMI_GC_SEARCH_STACK);
  struct pmmi_gc_search *s = &pmmi_gc_of(rt)->search;
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  struct pmmi_gc_span *w = &table->walk;
  w->at = at;
  s->walked += m->objects;
  w->again = m->again;
  s->sweeps = m->sweeps;
  s->part = m->part;
  s->parted = m->part != 0 ? *pmmi_gc_object_at(table, at) : NULL;
  s->depth = m->depth;
  for (uint32_t i = 0; i < m->depth; i++) {
    s->stack[i] = pmmi_gc_head_of(m->stack[i])->slot;
  }
}

static uint64_t count_some(pmm_rt *rt, uint64_t work) {
  assert(pmmi_tracked_of(rt)->walk.phase == PMMI_GC_SEARCH_COUNT);
  struct pmmi_gc_span *w = &pmmi_tracked_of(rt)->walk;
  struct pmmi_walk m;
  resume(&m, rt, work);
  suspend(&m, rt, pmmi_walk_count(&m, w->at, w->to));
  if (w->at >= w->to) {
    begin_phase(rt, PMMI_GC_SEARCH_REACH);
  }
  return m.work + 1;
}

static uint64_t reach_some(pmm_rt *rt, uint64_t work) {
  assert(pmmi_tracked_of(rt)->walk.phase == PMMI_GC_SEARCH_REACH);
  struct pmmi_gc_search *s = &pmmi_gc_of(rt)->search;
  struct pmmi_gc_span *w = &pmmi_tracked_of(rt)->walk;
  struct pmmi_walk m;
  resume(&m, rt, work);
  pmmi_walk_drain(&m);
  suspend(&m, rt,
          m.work < work ? pmmi_walk_reach(&m, w->at, w->to) : w->at);
  if (w->at >= w->to && s->depth == 0) {
    if (w->again >= w->to) {
      begin_phase(rt, PMMI_GC_SEARCH_EXAMINE);
      pmmi_gc_of(rt)->long_lived_total = s->members;
    } else {
      w->at = w->again;
      w->again = w->to;
      s->sweeps++;
    }
  }
  return m.work + 1;
}

uint64_t pmmi_gc_search_slice(pmm_rt *rt, uint64_t work, uint64_t deadline_ns) {
  assert(!pmmi_tracked_of(rt)->collecting);
  struct pmmi_gc_span *w = &pmmi_tracked_of(rt)->walk;
  uint64_t done = 0;
  while (done < work) {
    uint64_t step = work - done < STEP ? work - done : STEP;
    switch (w->phase) {
    case PMMI_GC_SEARCH_ENTER:
      done += enter_some(rt, step);
      break;
    case PMMI_GC_SEARCH_COUNT:
      done += count_some(rt, step);
      break;
    case PMMI_GC_SEARCH_REACH:
      done += reach_some(rt, step);
      break;
    default:
      return done;
    }
    if (pmmi_host_clock_ns() >= deadline_ns) {
      return done;
    }
  }
  return done;
}

/* ---- its end ------------------------------------------------------------ */

/** How a stretch of suspects is taken. */
struct taking {
  uint64_t most;              /* suspects                                   */
  uint32_t mark_as;           /* the mark each gets                         */
  uint64_t taken;             /* suspects so far                            */
  struct pmmi_gc_range range; /* that they lie in                           */
};

/* How many slots behind the i-th can be passed over; most have no mark, so
 * eight are looked at together. */
static uint32_t unmarked_behind(const struct pmmi_run *run, uint32_t i) {
  assert(i < run->length && run->marks[i] == 0);
  uint32_t passed = 0;
  while (i + passed + 8 < run->length) {
    const uint32_t *marks = run->marks + i + passed + 1;
    if ((marks[0] | marks[1] | marks[2] | marks[3] | marks[4] | marks[5] |
         marks[6] | marks[7]) != 0) {
      break;
    }
    passed += 8;
  }
  return passed;
}

/* Nobody but a suspect keeps a mark.  Returns how many slots are done. */
static uint32_t take_from_run(struct taking *taking, struct pmmi_run run,
                              uint32_t slot) {
  assert(taking->taken < taking->most);
  for (uint32_t i = 0; i < run.length; i++) {
    uint32_t mark = run.marks[i];
    if (mark == 0) {
      i += unmarked_behind(&run, i);
      continue;
    }
    if (!pmmi_mark_is_unheld(mark, PMMI_MARK_SEARCHED)) {
      run.marks[i] = 0;
      continue;
    }
    run.marks[i] = taking->mark_as;
    *run.marked = 1;
    if (taking->taken == 0) {
      taking->range.from = slot + i;
    }
    taking->range.to = slot + i + 1;
    taking->taken++;
    if (taking->taken >= taking->most) {
      return i + 1;
    }
  }
  return run.length;
}

static struct pmmi_gc_range take_suspects(pmm_rt *rt, uint32_t to,
                                          uint64_t most, uint32_t mark_as) {
  assert(most > 0 && (mark_as & PMMI_MARK_MEMBER) != 0);
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  struct pmmi_gc_span *w = &table->walk;
  struct taking taking = {.most = most, .mark_as = mark_as};
  while (w->at < to && taking.taken < most) {
    w->at += take_from_run(&taking, pmmi_run_at(table, w->at, to), w->at);
  }
  return taking.range;
}

/* In the first round a suspect keeps S, so that the second knows whom the
 * first has spared. */
struct pmmi_gc_range pmmi_gc_search_suspects(pmm_rt *rt) {
  struct pmmi_gc_search *s = &pmmi_gc_of(rt)->search;
  struct pmmi_gc_span *w = &pmmi_tracked_of(rt)->walk;
  struct pmmi_gc_range range = {0, 0};
  if (w->phase == PMMI_GC_SEARCH_EXAMINE) {
    uint32_t to = w->to - w->at > LOOKED_AT ? w->at + LOOKED_AT : w->to;
    range = take_suspects(rt, to, s->budget_ns / EXAMINED_NS + 1,
                          PMMI_MARK_MEMBER | PMMI_MARK_SEARCHED);
    if (w->at >= w->to) {
      begin_phase(rt, PMMI_GC_SEARCH_SPARED);
    }
  } else if (w->phase == PMMI_GC_SEARCH_SPARED) {
    range = take_suspects(rt, w->to, UINT64_MAX, PMMI_MARK_MEMBER);
    w->phase = PMMI_GC_SEARCH_IDLE;
  }
  return range;
}

void pmmi_gc_search_settle(pmm_rt *rt) {
  assert(pmmi_gc_of(rt)->search.depth <= PMMI_GC_SEARCH_STACK);
  struct pmmi_gc_search *s = &pmmi_gc_of(rt)->search;
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  struct pmmi_gc_span *w = &table->walk;
  for (uint32_t i = 0; i < s->depth; i++) {
    uint32_t slot = s->stack[i];
    if (slot < w->to &&
        (*pmmi_gc_mark_at(table, slot) & PMMI_MARK_SEARCHED) != 0) {
      *pmmi_gc_mark_at(table, slot) |= PMMI_MARK_WAITS;
      w->again = slot < w->again ? slot : w->again;
    }
  }
  s->depth = 0;
}

void pmmi_gc_search_abandon(pmm_rt *rt) {
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  struct pmmi_gc_span *w = &table->walk;
  struct pmmi_run run;
  assert(w->from <= w->to);
  if (w->phase == PMMI_GC_SEARCH_IDLE) {
    return;
  }
  for (uint32_t slot = w->from; slot < w->to; slot += run.length) {
    run = pmmi_run_at(table, slot, w->to);
    for (uint32_t i = 0; i < run.length; i++) {
      run.marks[i] &= PMMI_MARK_MEMBER;
    }
  }
  w->phase = PMMI_GC_SEARCH_IDLE;
}
