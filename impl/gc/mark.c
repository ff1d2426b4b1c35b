/* SPDX-License-Identifier: MIT */
/* mark.c - reachability of candidates; idea and source: mark.h. */
#include "gc/mark.h"

#include <string.h>

#include "gc/visit.h"
#include "object/dict.h"
#include "object/runtime.h"

#define MARKED PMMI_GC_CANDIDATE
#define WAITS (UINT32_C(1) << 1)
#define ATOMIC (UINT32_C(1) << 2)
#define HELD (UINT32_C(1) << 3)
#define ONE (UINT32_C(1) << 4) /* of the balance                            */
#define BALANCE (~(ONE - 1))
#define NEGATIVE (UINT32_C(1) << 31)

/** Owners from which on an object counts as held. */
#define MANY (UINT64_C(1) << 27)

/** References that wait together. */
#define BATCH 64u

/** Slots between fetching an object, its items, and reading it. */
#define AHEAD 8u

/** Objects on the stack. */
#define STACK 256u

/** Sweeps that overflow may cost, so that the work stays linear. */
#define SWEEPS 8u

/** A deduction under way. */
struct marker {
  pmm_rt *rt;
  struct pmmi_gc *gc;
  uint32_t from;         /* the range                                       */
  uint32_t span;         /* its length                                      */
  uint32_t finger;       /* slots up to it have been passed                 */
  uint32_t left;         /* candidates that nobody holds, as far as known   */
  uint32_t again;        /* first slot that waits for another sweep         */
  unsigned sweeps;       /* begun                                           */
  unsigned depth;        /* of the stack                                    */
  unsigned waiting;      /* in the batch                                    */
  int full;              /* 1: dicts may be untracked                       */
  uint32_t atomics;      /* marks with A                                    */
  struct pmmi_gc_found found;
  pmm_obj *chain;        /* the same as the stack, linked, without limit    */
  pmm_obj *batch[BATCH]; /* found references                                */
  pmm_obj *stack[STACK]; /* reached behind the finger, not traversed        */
};

static void marker_init(struct marker *m, pmm_rt *rt,
                        struct pmmi_gc_range range) {
  memset(m, 0, offsetof(struct marker, batch));
  m->rt = rt;
  m->gc = &rt->gc;
  m->from = range.from;
  m->span = range.to - range.from;
  m->full = rt->gc.collecting == PMMI_GC_GENERATIONS;
}

/* ---- walking ------------------------------------------------------------ */

/** Neighbouring slots of one chunk. */
struct run {
  pmm_obj **objects;
  uint32_t *marks;
  uint32_t length;
};

/* Those from `slot` on, up to `to` or the end of the chunk. */
static inline struct run run_at(const struct pmmi_gc *gc, uint32_t slot,
                                uint32_t to) {
  uint32_t room = PMMI_GC_CHUNK_SLOTS - slot % PMMI_GC_CHUNK_SLOTS;
  return (struct run){pmmi_gc_object_at(gc, slot), pmmi_gc_mark_at(gc, slot),
                      to - slot < room ? to - slot : room};
}

static inline void fetch(const pmm_obj *o) {
  __builtin_prefetch(pmmi_gc_head_of(o));
  __builtin_prefetch(o);
}

/* The walk is at the i-th object: fetch what it will need soon. */
static inline void fetch_ahead(const struct run *run, uint32_t i) {
  if (i + 2 * AHEAD >= run->length) {
    return;
  }
  const pmm_obj *far = run->objects[i + 2 * AHEAD];
  const pmm_obj *near = run->objects[i + AHEAD];
  if (far != NULL) {
    fetch(far);
  }
  if (near != NULL && near->type == &pmmi_list_type) {
    __builtin_prefetch(((const struct pmmi_list *)near)->items);
  }
}

/* The marks of the batch's objects, as far as they lie in the range: to be
 * read later, as they are being fetched.  Empties the batch. */
static inline unsigned marks_of_batch(struct marker *m,
                                      uint32_t *marks[BATCH]) {
  unsigned n = 0;
  for (unsigned i = 0; i < m->waiting; i++) {
    const pmm_obj *o = m->batch[i];
    if (!pmmi_gc_is_collectable(o)) {
      continue;
    }
    uint32_t slot = pmmi_gc_head_of(o)->slot;
    if (slot - m->from < m->span) { /* PMMI_GC_UNTRACKED never is            */
      marks[n] = pmmi_gc_mark_at(m->gc, slot);
      __builtin_prefetch(marks[n], 1);
      m->batch[n++] = m->batch[i];
    }
  }
  m->waiting = 0;
  return n;
}

/* ---- 1. count ----------------------------------------------------------- */

static void count_batch(struct marker *m) {
  uint32_t *marks[BATCH];
  unsigned n = marks_of_batch(m, marks);
  for (unsigned i = 0; i < n; i++) {
    *marks[i] -= (*marks[i] & MARKED) * ONE;
  }
}

static inline void count_later(struct marker *m, pmm_obj *o) {
  fetch(o);
  m->batch[m->waiting++] = o;
  if (m->waiting == BATCH) {
    count_batch(m);
  }
}

static int visit_count(void *ctx, pmm_obj *o) {
  count_later(ctx, o);
  return 0;
}

static inline void count_items(struct marker *m, pmm_obj *const *items,
                               size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (items[i] != NULL) {
      count_later(m, items[i]);
    }
  }
}

static uint32_t needs_of(const struct pmmi_type *type) {
  return ((type->flags & PMMI_TYPE_LEGACY_DEL) ? PMMI_GC_NEEDS_KEEP : 0u) |
         (type->weak_offset != 0 ? PMMI_GC_NEEDS_WEAK : 0u) |
         (type->finalize != NULL ? PMMI_GC_NEEDS_FINALIZE : 0u);
}

static void count_any(struct marker *m, pmm_obj *o, uint32_t *mark) {
  const struct pmmi_type *type = o->type;
  m->found.needs |= needs_of(type);
  if (m->full && pmmi_is_dict(o) &&
      pmmi_dict_is_atomic((struct pmmi_dict *)o)) {
    *mark |= ATOMIC;
    m->atomics++;
  } else {
    type->traverse(o, visit_count, m);
  }
}

/* The candidate's own balance, and its referents'. */
static inline void count_object(struct marker *m, pmm_obj *o,
                                uint32_t *mark) {
  const struct pmmi_type *type = o->type;
  *mark += o->refcnt < MANY ? (uint32_t)o->refcnt * ONE : 0;
  *mark |= o->refcnt < MANY ? 0 : HELD;
  m->found.candidates++;
  if (type == &pmmi_list_type) {
    struct pmmi_list *list = (struct pmmi_list *)o;
    count_items(m, list->items, list->var.length);
  } else if (type != &pmmi_tuple_type) {
    count_any(m, o, mark);
  } else if (pmmi_is_atomic_tuple(o)) {
    *mark |= ATOMIC;
    m->atomics++;
  } else {
    struct pmmi_tuple *tuple = (struct pmmi_tuple *)o;
    count_items(m, tuple->items, tuple->var.length);
  }
}

static void count_references(struct marker *m) {
  uint32_t to = m->from + m->span;
  struct run run;
  for (uint32_t slot = m->from; slot < to; slot += run.length) {
    run = run_at(m->gc, slot, to);
    for (uint32_t i = 0; i < run.length; i++) {
      fetch_ahead(&run, i);
      if (run.objects[i] == NULL) {
        run.marks[i] = 0;
      } else if ((run.marks[i] & MARKED) != 0) {
        count_object(m, run.objects[i], &run.marks[i]);
      }
    }
  }
  count_batch(m);
}

/* ---- 2. compare --------------------------------------------------------- */

/* A candidate that nobody holds, as far as known. */
static inline int is_unheld(uint32_t mark) {
  return (mark & (MARKED | HELD | BALANCE)) == MARKED;
}

static void compare(struct marker *m) {
  uint32_t to = m->from + m->span;
  struct run run;
  for (uint32_t slot = m->from; slot < to; slot += run.length) {
    uint32_t unheld = 0;
    uint32_t negative = 0;
    run = run_at(m->gc, slot, to);
    for (uint32_t i = 0; i < run.length; i++) {
      unheld += (run.marks[i] & (MARKED | HELD | BALANCE)) == MARKED;
      negative += (run.marks[i] & (NEGATIVE | HELD)) == NEGATIVE;
    }
    m->left += unheld;
    m->found.mismatches += negative;
  }
}

/* ---- 3. reach ----------------------------------------------------------- */

/* Held now, behind the finger.  When the stack is full the table remembers
 * it: a sweep over marks is cheaper than a chain through cold heads. */
static void reach_behind(struct marker *m, pmm_obj *o, uint32_t *mark) {
  uint32_t slot = pmmi_gc_head_of(o)->slot;
  if (m->depth < STACK) {
    m->stack[m->depth++] = o;
  } else if (m->sweeps < SWEEPS) {
    *mark |= WAITS;
    m->again = slot < m->again ? slot : m->again;
  } else {
    pmmi_gc_head_of(o)->next = m->chain;
    m->chain = o;
  }
}

static inline void reach_one(struct marker *m, pmm_obj *o, uint32_t *mark) {
  if (!is_unheld(*mark)) {
    return;
  }
  *mark |= HELD;
  m->left--;
  if (pmmi_gc_head_of(o)->slot <= m->finger) {
    reach_behind(m, o, mark);
  } else if (m->sweeps > 1) {
    *mark |= WAITS;
  }
}

static void reach_batch(struct marker *m) {
  uint32_t *marks[BATCH];
  unsigned n = marks_of_batch(m, marks);
  for (unsigned i = 0; i < n; i++) {
    reach_one(m, m->batch[i], marks[i]);
  }
}

static int visit_reach(void *ctx, pmm_obj *o) {
  struct marker *m = ctx;
  fetch(o);
  m->batch[m->waiting++] = o;
  if (m->waiting == BATCH) {
    reach_batch(m);
  }
  return 0;
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

/* All that can be reached from what waits behind the finger. */
static void drain(struct marker *m) {
  do {
    pmm_obj *o;
    while (m->left > 0 && (o = pop(m)) != NULL) {
      pmmi_visit(o, visit_reach, m);
    }
    reach_batch(m);
  } while (m->left > 0 && (m->depth > 0 || m->chain != NULL));
}

/* Pass the held slots from `slot` on; later sweeps, those that wait. */
static void sweep(struct marker *m, uint32_t slot) {
  uint32_t to = m->from + m->span;
  uint32_t wanted = m->sweeps == 1 ? HELD | BALANCE : WAITS;
  struct run run;
  for (; slot < to && m->left > 0; slot += run.length) {
    run = run_at(m->gc, slot, to);
    for (uint32_t i = 0; i < run.length; i++) {
      uint32_t mark = run.marks[i];
      if ((mark & MARKED) == 0 || (mark & wanted) == 0) {
        continue;
      }
      fetch_ahead(&run, i);
      m->finger = slot + i;
      run.marks[i] &= ~WAITS;
      pmmi_visit(run.objects[i], visit_reach, m);
      while (m->depth > 0 || m->chain != NULL) {
        pmmi_visit(pop(m), visit_reach, m);
      }
    }
  }
  m->finger = to;
  drain(m);
}

static void reach(struct marker *m) {
  uint32_t end = m->from + m->span;
  uint32_t slot = m->from;
  m->finger = m->from;
  do {
    m->sweeps++;
    m->again = end;
    sweep(m, slot);
    slot = m->again;
  } while (m->left > 0 && slot != end);
}

/* ---- 4. settle ---------------------------------------------------------- */

static void settle(struct marker *m) {
  uint32_t to = m->from + m->span;
  struct run run;
  for (uint32_t slot = m->from; slot < to; slot += run.length) {
    run = run_at(m->gc, slot, to);
    for (uint32_t i = 0; i < run.length; i++) {
      uint32_t mark = run.marks[i];
      run.marks[i] = is_unheld(mark) ? MARKED : 0;
      if ((mark & ATOMIC) != 0 && run.marks[i] == 0) {
        pmmi_gc_untrack(m->rt, run.objects[i]);
      }
    }
  }
}

/* ---- the deduction ------------------------------------------------------ */

struct pmmi_gc_found pmmi_gc_deduce(pmm_rt *rt, struct pmmi_gc_range range) {
  struct marker m;
  marker_init(&m, rt, range);
  count_references(&m);
  compare(&m);
  if (m.left > 0) {
    reach(&m);
  }
  if (m.left > 0 || m.atomics > 0) {
    settle(&m);
  } else {
    pmmi_gc_no_candidates(&rt->gc, range);
  }
  m.found.unreachable = m.left;
  return m.found;
}

uint32_t pmmi_gc_rescue(pmm_rt *rt, struct pmmi_gc_range range, pmm_obj *o) {
  struct marker m;
  marker_init(&m, rt, range);
  m.finger = range.to; /* nothing waits for it,                             */
  m.sweeps = SWEEPS;   /* nor for another sweep                             */
  m.left = UINT32_MAX;
  (void)visit_reach(&m, o);
  drain(&m);
  uint32_t left = m.left;
  settle(&m);
  return UINT32_MAX - left;
}

void pmmi_gc_candidates(struct pmmi_gc *gc, struct pmmi_gc_range range) {
  struct run run;
  for (uint32_t slot = range.from; slot < range.to; slot += run.length) {
    run = run_at(gc, slot, range.to);
    for (uint32_t i = 0; i < run.length; i++) {
      run.marks[i] = MARKED;
    }
  }
}

void pmmi_gc_no_candidates(struct pmmi_gc *gc, struct pmmi_gc_range range) {
  struct run run;
  for (uint32_t slot = range.from; slot < range.to; slot += run.length) {
    run = run_at(gc, slot, range.to);
    memset(run.marks, 0, run.length * sizeof *run.marks);
  }
}
