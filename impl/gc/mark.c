/* SPDX-License-Identifier: MIT */
/* mark.c - reachability of candidates; idea and source: mark.h. */
#include "gc/mark.h"

#include "gc/visit.h"
#include "object/runtime.h"

#define REACHED (UINT32_C(1) << 30)
#define COUNT (REACHED - 1)

/** References that wait for their target's memory; a power of two. */
#define RING 16u

/** A deduction under way. */
struct marker {
  pmm_rt *rt;
  struct pmmi_gc *gc;
  uint32_t from;         /* the range                                       */
  uint32_t span;         /* its length                                      */
  uint32_t finger;       /* slots up to it have been passed                 */
  pmm_obj *stack;        /* reached behind the finger, not traversed        */
  uint32_t reached;      /* candidates that lost their mark                 */
  uint32_t mismatches;   /* see struct pmmi_gc_found                        */
  unsigned at;           /* oldest entry of the ring                        */
  pmm_obj *ring[RING];   /* NULL: none                                      */
};

static void marker_init(struct marker *m, pmm_rt *rt,
                        struct pmmi_gc_range range) {
  *m = (struct marker){.rt = rt,
                       .gc = &rt->gc,
                       .from = range.from,
                       .span = range.to - range.from};
}

/* Put `o` into the ring; returns the one that has waited longest. */
static inline pmm_obj *ring_swap(struct marker *m, pmm_obj *o) {
  __builtin_prefetch(pmmi_gc_head_of(o));
  __builtin_prefetch(o);
  pmm_obj *oldest = m->ring[m->at];
  m->ring[m->at] = o;
  m->at = (m->at + 1) % RING;
  return oldest;
}

static inline pmm_obj *ring_take(struct marker *m) {
  pmm_obj *oldest = m->ring[m->at];
  m->ring[m->at] = NULL;
  m->at = (m->at + 1) % RING;
  return oldest;
}

/* The mark of a referent in the range, or NULL. */
static inline uint32_t *mark_of(const struct marker *m, const pmm_obj *o) {
  if (!pmmi_gc_is_collectable(o)) {
    return NULL;
  }
  uint32_t slot = pmmi_gc_head_of(o)->slot;
  if (slot - m->from >= m->span) { /* also PMMI_GC_UNTRACKED                 */
    return NULL;
  }
  return pmmi_gc_mark_at(m->gc, slot);
}

/* ---- 1. count ------------------------------------------------------------------- */

static inline void count_one(const struct marker *m, const pmm_obj *o) {
  uint32_t *mark = mark_of(m, o);
  if (mark != NULL && (*mark & PMMI_GC_CANDIDATE) != 0 &&
      (*mark & COUNT) != COUNT) {
    (*mark)++;
  }
}

static int visit_count(void *ctx, pmm_obj *o) {
  struct marker *m = ctx;
  pmm_obj *oldest = ring_swap(m, o);
  if (oldest != NULL) {
    count_one(m, oldest);
  }
  return 0;
}

static uint32_t count_references(struct marker *m) {
  uint32_t candidates = 0;
  for (uint32_t i = 0; i < m->span; i++) {
    uint32_t slot = m->from + i;
    if ((*pmmi_gc_mark_at(m->gc, slot) & PMMI_GC_CANDIDATE) != 0) {
      candidates++;
      pmmi_visit(*pmmi_gc_object_at(m->gc, slot), visit_count, m);
    }
  }
  for (unsigned i = 0; i < RING; i++) {
    pmm_obj *o = ring_take(m);
    if (o != NULL) {
      count_one(m, o);
    }
  }
  return candidates;
}

/* ---- 2. compare and mark ----------------------------------------------------------- */

static inline void reach_one(struct marker *m, pmm_obj *o) {
  uint32_t *mark = mark_of(m, o);
  if (mark == NULL || (*mark & PMMI_GC_CANDIDATE) == 0) {
    return;
  }
  m->reached++;
  struct pmmi_gc_head *head = pmmi_gc_head_of(o);
  if (head->slot > m->finger) {
    *mark = REACHED;
  } else {
    *mark = 0;
    head->next = m->stack;
    m->stack = o;
  }
}

static int visit_reach(void *ctx, pmm_obj *o) {
  struct marker *m = ctx;
  pmm_obj *oldest = ring_swap(m, o);
  if (oldest != NULL) {
    reach_one(m, oldest);
  }
  return 0;
}

/* A reachable object: mark what it refers to, or see that it refers to
 * nothing that matters now or later. */
static inline void traverse_reached(struct marker *m, pmm_obj *o) {
  if (pmmi_is_atomic_tuple(o)) {
    pmmi_gc_untrack(m->rt, o);
  } else {
    pmmi_visit(o, visit_reach, m);
  }
}

static void drain_stack(struct marker *m) {
  while (m->stack != NULL) {
    pmm_obj *o = m->stack;
    m->stack = pmmi_gc_head_of(o)->next;
    traverse_reached(m, o);
  }
}

static void drain_ring(struct marker *m) {
  do {
    drain_stack(m);
    for (unsigned i = 0; i < RING; i++) {
      pmm_obj *o = ring_take(m);
      if (o != NULL) {
        reach_one(m, o);
      }
    }
  } while (m->stack != NULL);
}

/* 1 when somebody outside of the candidates owns a reference. */
static int is_held(struct marker *m, const pmm_obj *o, uint32_t mark) {
  uint64_t found = mark & COUNT;
  if (found > o->refcnt) {
    m->mismatches++;
  }
  return found != o->refcnt || found == COUNT;
}

static void pass_slot(struct marker *m, uint32_t slot) {
  uint32_t *mark = pmmi_gc_mark_at(m->gc, slot);
  if (*mark == 0) {
    return;
  }
  pmm_obj *o = *pmmi_gc_object_at(m->gc, slot);
  if ((*mark & REACHED) == 0) {
    if (!is_held(m, o, *mark)) {
      return;
    }
    m->reached++;
  }
  *mark = 0;
  traverse_reached(m, o);
}

static void mark_reachable(struct marker *m) {
  for (uint32_t i = 0; i < m->span; i++) {
    m->finger = m->from + i;
    pass_slot(m, m->finger);
    drain_stack(m);
  }
  /* What the ring still holds may lie anywhere, and all of it is passed. */
  drain_ring(m);
}

/* ---- the deduction -------------------------------------------------------------------- */

struct pmmi_gc_found pmmi_gc_deduce(pmm_rt *rt, struct pmmi_gc_range range) {
  struct marker m;
  marker_init(&m, rt, range);
  uint32_t candidates = count_references(&m);
  mark_reachable(&m);
  return (struct pmmi_gc_found){.candidates = candidates,
                                .unreachable = candidates - m.reached,
                                .mismatches = m.mismatches};
}

uint32_t pmmi_gc_rescue(pmm_rt *rt, struct pmmi_gc_range range, pmm_obj *o) {
  struct marker m;
  marker_init(&m, rt, range);
  m.finger = range.to; /* nothing waits for it                              */
  reach_one(&m, o);
  drain_ring(&m);
  return m.reached;
}

void pmmi_gc_candidates(struct pmmi_gc *gc, struct pmmi_gc_range range) {
  for (uint32_t slot = range.from; slot < range.to; slot++) {
    *pmmi_gc_mark_at(gc, slot) =
        *pmmi_gc_object_at(gc, slot) != NULL ? PMMI_GC_CANDIDATE : 0;
  }
}

void pmmi_gc_candidates_again(struct pmmi_gc *gc,
                              struct pmmi_gc_range range) {
  for (uint32_t slot = range.from; slot < range.to; slot++) {
    *pmmi_gc_mark_at(gc, slot) &= PMMI_GC_CANDIDATE;
  }
}

void pmmi_gc_no_candidates(struct pmmi_gc *gc, struct pmmi_gc_range range) {
  for (uint32_t slot = range.from; slot < range.to; slot++) {
    *pmmi_gc_mark_at(gc, slot) = 0;
  }
}
