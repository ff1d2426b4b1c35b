/* SPDX-License-Identifier: MIT */
/* search.c - old garbage, searched by and by; see search.h. */
#include "gc/search.h"

#include "gc/walk.h"
#include "host.h"
#include "runtime/runtime.h"

static_assert(PMMI_GC_SEARCH_STACK == PMMI_MARKER_STACK, "copied as a whole");

/** Work between two looks at the clock: some 20 microseconds. */
#define STEP 2048u

/** Time to examine a suspect and to drop it, and as much again for the young
 *  collection before it. */
#define EXAMINED_NS 250u

/** Slots that are looked through for suspects in one pause. */
#define LOOKED_AT (UINT32_C(1) << 18)

/** Slots that entering counts as one object: it reads the table alone. */
#define ENTERED_AT_ONCE 16u

void pmmi_gc_search_begin(struct pmmi_gc *gc) {
  struct pmmi_gc_search *s = &gc->search;
  assert(s->phase == PMMI_GC_SEARCH_IDLE);
  s->phase = PMMI_GC_SEARCH_ENTER;
  s->from = gc->frozen_end;
  s->to = gc->old_end;
  s->at = s->from;
  s->members = 0;
  s->walked = 0;
  s->part = 0;
  s->depth = 0;
}

/* ---- a step of each phase ----------------------------------------------- */

static void begin_phase(struct pmmi_gc_search *s,
                        enum pmmi_gc_search_phase phase) {
  s->phase = phase;
  s->at = s->from;
  s->again = s->to;
  s->sweeps = 1;
}

static uint64_t enter_some(struct pmmi_gc *gc, uint64_t work) {
  struct pmmi_gc_search *s = &gc->search;
  uint64_t slots = work * ENTERED_AT_ONCE;
  uint32_t to = s->to - s->at > slots ? s->at + (uint32_t)slots : s->to;
  uint32_t before = s->at;
  struct pmmi_run run;
  for (; s->at < to; s->at += run.length) {
    run = pmmi_run_at(gc, s->at, to);
    for (uint32_t i = 0; i < run.length; i++) {
      uint32_t mark = run.objects[i] != NULL ? PMMI_MARK_SEARCHED : 0;
      run.marks[i] = mark;
      s->members += mark != 0;
    }
  }
  if (s->at >= s->to) {
    begin_phase(s, PMMI_GC_SEARCH_COUNT);
  }
  return (to - before) / ENTERED_AT_ONCE + 1;
}

/* Go on where the last slice stopped; who has died since has lost S. */
static void resume(struct pmmi_marker *m, pmm_rt *rt, uint64_t work) {
  struct pmmi_gc *gc = &rt->gc;
  struct pmmi_gc_search *s = &gc->search;
  pmmi_marker_init(m, rt, (struct pmmi_gc_range){s->from, s->to},
                   PMMI_MARK_SEARCHED);
  m->limit = work;
  m->left = UINT32_MAX;
  m->sweeps = s->sweeps;
  m->again = s->again;
  m->finger = s->at;
  if (s->at < s->to && *pmmi_gc_object_at(gc, s->at) == s->parted &&
      (*pmmi_gc_mark_at(gc, s->at) & PMMI_MARK_SEARCHED) != 0) {
    m->part = s->part;
  }
  for (uint32_t i = 0; i < s->depth; i++) {
    if (s->stack[i] < s->to &&
        (*pmmi_gc_mark_at(gc, s->stack[i]) & PMMI_MARK_SEARCHED) != 0) {
      m->stack[m->depth++] = *pmmi_gc_object_at(gc, s->stack[i]);
    }
  }
}

static void suspend(const struct pmmi_marker *m, struct pmmi_gc *gc,
                    uint32_t at) {
  struct pmmi_gc_search *s = &gc->search;
  s->at = at;
  s->walked += m->objects;
  s->again = m->again;
  s->sweeps = m->sweeps;
  s->part = m->part;
  s->parted = m->part != 0 ? *pmmi_gc_object_at(gc, at) : NULL;
  s->depth = m->depth;
  for (uint32_t i = 0; i < m->depth; i++) {
    s->stack[i] = pmmi_gc_head_of(m->stack[i])->slot;
  }
}

static uint64_t count_some(pmm_rt *rt, uint64_t work) {
  struct pmmi_gc_search *s = &rt->gc.search;
  struct pmmi_marker m;
  resume(&m, rt, work);
  suspend(&m, &rt->gc, pmmi_marker_count(&m, s->at, s->to));
  if (s->at >= s->to) {
    begin_phase(s, PMMI_GC_SEARCH_REACH);
  }
  return m.work + 1;
}

static uint64_t reach_some(pmm_rt *rt, uint64_t work) {
  struct pmmi_gc_search *s = &rt->gc.search;
  struct pmmi_marker m;
  resume(&m, rt, work);
  pmmi_marker_drain(&m);
  suspend(&m, &rt->gc,
          m.work < work ? pmmi_marker_reach(&m, s->at, s->to) : s->at);
  if (s->at >= s->to && s->depth == 0) {
    if (s->again >= s->to) {
      begin_phase(s, PMMI_GC_SEARCH_EXAMINE);
      rt->gc.long_lived_total = s->members;
    } else {
      s->at = s->again;
      s->again = s->to;
      s->sweeps++;
    }
  }
  return m.work + 1;
}

void pmmi_gc_search_slice(pmm_rt *rt, uint64_t work, uint64_t deadline_ns) {
  struct pmmi_gc_search *s = &rt->gc.search;
  uint64_t done = 0;
  while (done < work) {
    uint64_t step = work - done < STEP ? work - done : STEP;
    switch (s->phase) {
    case PMMI_GC_SEARCH_ENTER:
      done += enter_some(&rt->gc, step);
      break;
    case PMMI_GC_SEARCH_COUNT:
      done += count_some(rt, step);
      break;
    case PMMI_GC_SEARCH_REACH:
      done += reach_some(rt, step);
      break;
    default:
      return;
    }
    if (pmmi_host_clock_ns() >= deadline_ns) {
      return;
    }
  }
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

static struct pmmi_gc_range take_suspects(struct pmmi_gc *gc, uint32_t to,
                                          uint64_t most, uint32_t mark_as) {
  struct pmmi_gc_search *s = &gc->search;
  struct taking taking = {.most = most, .mark_as = mark_as};
  while (s->at < to && taking.taken < most) {
    s->at += take_from_run(&taking, pmmi_run_at(gc, s->at, to), s->at);
  }
  return taking.range;
}

/* In the first round a suspect keeps S, so that the second knows whom the
 * first has spared. */
struct pmmi_gc_range pmmi_gc_search_suspects(struct pmmi_gc *gc) {
  struct pmmi_gc_search *s = &gc->search;
  struct pmmi_gc_range range = {0, 0};
  if (s->phase == PMMI_GC_SEARCH_EXAMINE) {
    uint32_t to = s->to - s->at > LOOKED_AT ? s->at + LOOKED_AT : s->to;
    range = take_suspects(gc, to, s->budget_ns / EXAMINED_NS + 1,
                          PMMI_MARK_MEMBER | PMMI_MARK_SEARCHED);
    if (s->at >= s->to) {
      begin_phase(s, PMMI_GC_SEARCH_SPARED);
    }
  } else if (s->phase == PMMI_GC_SEARCH_SPARED) {
    range = take_suspects(gc, s->to, UINT64_MAX, PMMI_MARK_MEMBER);
    s->phase = PMMI_GC_SEARCH_IDLE;
  }
  return range;
}

void pmmi_gc_search_settle(struct pmmi_gc *gc) {
  struct pmmi_gc_search *s = &gc->search;
  for (uint32_t i = 0; i < s->depth; i++) {
    uint32_t slot = s->stack[i];
    if (slot < s->to &&
        (*pmmi_gc_mark_at(gc, slot) & PMMI_MARK_SEARCHED) != 0) {
      *pmmi_gc_mark_at(gc, slot) |= PMMI_MARK_WAITS;
      s->again = slot < s->again ? slot : s->again;
    }
  }
  s->depth = 0;
}

void pmmi_gc_search_clamp(struct pmmi_gc_search *s, uint32_t used) {
  s->to = s->to < used ? s->to : used;
  s->from = s->from < s->to ? s->from : s->to;
  s->at = s->at < s->to ? s->at : s->to;
}

void pmmi_gc_search_abandon(struct pmmi_gc *gc) {
  struct pmmi_gc_search *s = &gc->search;
  struct pmmi_run run;
  if (s->phase == PMMI_GC_SEARCH_IDLE) {
    return;
  }
  for (uint32_t slot = s->from; slot < s->to; slot += run.length) {
    run = pmmi_run_at(gc, slot, s->to);
    for (uint32_t i = 0; i < run.length; i++) {
      run.marks[i] &= PMMI_MARK_MEMBER;
    }
  }
  s->phase = PMMI_GC_SEARCH_IDLE;
}
