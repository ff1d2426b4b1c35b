/* SPDX-License-Identifier: MIT */
/* mark.c - reachability of candidates; idea and source: mark.h. */
#include "gc/mark.h"

#include <string.h>

#include "gc/visit.h"
#include "object/dict.h"
#include "object/runtime.h"

#define REACHED (UINT32_C(1) << 30)
#define COUNT (REACHED - 1)

/** References that wait in each stage of the ring; a power of two. */
#define RING 16u

/** Slots between the fetches of an object, of its items and the finger. */
#define AHEAD 8u

/** Objects on the short stack. */
#define STACK 256u

/** Sweeps that overflow may cost, so that the work stays linear. */
#define SWEEPS 8u

/** A deduction under way. */
struct marker {
  pmm_rt *rt;
  struct pmmi_gc *gc;
  uint32_t from;           /* the range                                     */
  uint32_t span;           /* its length                                    */
  uint32_t finger;         /* slots up to it have been passed               */
  pmm_obj *stack[STACK];   /* reached behind the finger, not traversed      */
  unsigned depth;          /* of the stack                                  */
  unsigned sweeps;         /* begun                                         */
  uint32_t again;          /* first slot that waits for another sweep       */
  pmm_obj *chain;          /* the same as the stack, linked, without limit  */
  uint32_t reached;        /* candidates that lost their mark               */
  uint32_t mismatches;     /* see struct pmmi_gc_found                      */
  unsigned at;             /* oldest entry of both stages                   */
  int full;                /* 1: dicts may be untracked                     */
  pmm_obj *heads[RING];    /* wait for their head; NULL: none               */
  pmm_obj *marks[RING];    /* in the range, wait for their mark; NULL: none */
};

static void marker_init(struct marker *m, pmm_rt *rt,
                        struct pmmi_gc_range range) {
  memset(m, 0, sizeof *m);
  m->rt = rt;
  m->gc = &rt->gc;
  m->from = range.from;
  m->span = range.to - range.from;
  m->full = rt->gc.collecting == PMMI_GC_GENERATIONS;
}

/* ---- fetching ahead ----------------------------------------------------- */

/* The mark of an object in the range, or NULL. */
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

/* Put `o` (NULL: nothing) into the ring; returns the one that has passed both
 * stages, or NULL. */
static inline pmm_obj *ring_swap(struct marker *m, pmm_obj *o) {
  unsigned at = m->at;
  pmm_obj *has_head = m->heads[at];
  pmm_obj *has_mark = m->marks[at];
  m->at = (at + 1) % RING;
  m->heads[at] = o;
  m->marks[at] = NULL;
  if (o != NULL) {
    __builtin_prefetch(pmmi_gc_head_of(o));
    __builtin_prefetch(o);
  }
  if (has_head != NULL) {
    uint32_t *mark = mark_of(m, has_head);
    if (mark != NULL) {
      __builtin_prefetch(mark, 1);
      m->marks[at] = has_head;
    }
  }
  return has_mark;
}

/* The object at a distance in front of the finger, or NULL. */
static inline pmm_obj *object_ahead(const struct marker *m, uint32_t i,
                                    uint32_t distance) {
  return i + distance < m->span
             ? *pmmi_gc_object_at(m->gc, m->from + i + distance)
             : NULL;
}

/* The finger is at the i-th slot: fetch what it will need soon. */
static inline void fetch_ahead(const struct marker *m, uint32_t i) {
  const pmm_obj *far = object_ahead(m, i, 2 * AHEAD);
  const pmm_obj *near = object_ahead(m, i, AHEAD);
  if (far != NULL) {
    __builtin_prefetch(far);
  }
  if (near != NULL && near->type == &pmmi_list_type) {
    __builtin_prefetch(((const struct pmmi_list *)near)->items);
  }
}

/* ---- 1. count ----------------------------------------------------------- */

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
    fetch_ahead(m, i);
    if ((*pmmi_gc_mark_at(m->gc, slot) & PMMI_GC_CANDIDATE) != 0) {
      candidates++;
      pmmi_visit(*pmmi_gc_object_at(m->gc, slot), visit_count, m);
    }
  }
  for (unsigned i = 0; i < 2 * RING; i++) {
    pmm_obj *o = ring_swap(m, NULL);
    if (o != NULL) {
      count_one(m, o);
    }
  }
  return candidates;
}

/* ---- 2. compare and mark ------------------------------------------------ */

/* Reached behind the finger.  When the stack is full the table remembers it:
 * a sweep over marks is cheaper than a chain through cold heads. */
static void reach_behind(struct marker *m, pmm_obj *o, uint32_t *mark) {
  uint32_t slot = pmmi_gc_head_of(o)->slot;
  if (m->depth < STACK) {
    *mark = 0;
    m->stack[m->depth++] = o;
  } else if (m->sweeps < SWEEPS) {
    *mark = REACHED;
    m->again = slot < m->again ? slot : m->again;
  } else {
    *mark = 0;
    pmmi_gc_head_of(o)->next = m->chain;
    m->chain = o;
  }
}

static inline void reach_one(struct marker *m, pmm_obj *o) {
  uint32_t *mark = mark_of(m, o);
  if (mark == NULL || (*mark & PMMI_GC_CANDIDATE) == 0) {
    return;
  }
  m->reached++;
  if (pmmi_gc_head_of(o)->slot > m->finger) {
    *mark = REACHED;
  } else {
    reach_behind(m, o, mark);
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

/* 1 for an object that refers to nothing that matters now or later.  A dict
 * may yet change, so it is only asked when it has seen some collections. */
static inline int is_atomic(const struct marker *m, pmm_obj *o) {
  return pmmi_is_atomic_tuple(o) ||
         (m->full && pmmi_is_dict(o) &&
          pmmi_dict_is_atomic((struct pmmi_dict *)o));
}

/* A reachable object: mark what it refers to, or see that it refers to
 * nothing that matters now or later. */
static inline void traverse_reached(struct marker *m, pmm_obj *o) {
  if (is_atomic(m, o)) {
    pmmi_gc_untrack(m->rt, o);
  } else {
    pmmi_visit(o, visit_reach, m);
  }
}

/* An object that waits, or NULL. */
static inline pmm_obj *pop(struct marker *m) {
  if (m->depth > 0) {
    return m->stack[--m->depth];
  }
  pmm_obj *o = m->chain;
  if (o != NULL) {
    m->chain = pmmi_gc_head_of(o)->next;
  }
  return o;
}

static void drain_stack(struct marker *m) {
  pmm_obj *o;
  while ((o = pop(m)) != NULL) {
    traverse_reached(m, o);
  }
}

static void drain_ring(struct marker *m) {
  do {
    drain_stack(m);
    for (unsigned i = 0; i < 2 * RING; i++) {
      pmm_obj *o = ring_swap(m, NULL);
      if (o != NULL) {
        reach_one(m, o);
      }
    }
  } while (m->depth > 0 || m->chain != NULL);
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

static void first_sweep(struct marker *m) {
  for (uint32_t i = 0; i < m->span; i++) {
    m->finger = m->from + i;
    fetch_ahead(m, i);
    pass_slot(m, m->finger);
    drain_stack(m);
  }
  /* What the ring still holds may lie anywhere, and all of it is passed. */
  drain_ring(m);
}

/* Pass what the table remembers; whoever is held has been passed before. */
static void sweep_again(struct marker *m) {
  uint32_t to = m->from + m->span;
  uint32_t slot = m->again;
  m->again = to;
  for (; slot < to; slot++) {
    m->finger = slot;
    if ((*pmmi_gc_mark_at(m->gc, slot) & REACHED) != 0) {
      fetch_ahead(m, slot - m->from);
      pass_slot(m, slot);
      drain_stack(m);
    }
  }
  drain_ring(m);
}

static void mark_reachable(struct marker *m) {
  m->again = m->from + m->span;
  m->sweeps = 1;
  first_sweep(m);
  while (m->again != m->from + m->span) {
    m->sweeps++;
    sweep_again(m);
  }
}

/* ---- the deduction ------------------------------------------------------ */

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
  m.finger = range.to; /* nothing waits for it,                             */
  m.sweeps = SWEEPS;   /* nor for another sweep                             */
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
