/* SPDX-License-Identifier: MIT */
/* walk.c - walking objects and keeping their balances; see walk.h. */
#include "gc/walk.h"

#include <string.h>

#include "gc/gc_state.h"
#include "gc/mark.h"
#include "gc/visit.h"

/** Slots between fetching an object, its items, and reading it. */
#define AHEAD 8u

void pmmi_walk_init(struct pmmi_walk *m, pmm_rt *rt, struct pmmi_gc_range range,
                    uint32_t member) {
  assert(range.from <= range.to);
  assert(member == PMMI_MARK_MEMBER || member == PMMI_MARK_SEARCHED);
  memset(m, 0, offsetof(struct pmmi_walk, batch));
  m->rt = rt;
  m->table = pmmi_tracked_of(rt);
  m->member = member;
  m->from = range.from;
  m->span = range.to - range.from;
  m->finger = range.from;
  m->limit = UINT64_MAX;
}

/* ---- fetching ahead ----------------------------------------------------- */

static inline void fetch(const pmm_obj *o) {
  __builtin_prefetch(pmmi_gc_head_of(o));
  __builtin_prefetch(o);
}

/* The walk is at the i-th object: fetch what it will need soon. */
static inline void fetch_ahead(const struct pmmi_run *run, uint32_t i) {
  if (i + 2 * AHEAD >= run->length) {
    return;
  }
  const pmm_obj *near = run->objects[i + AHEAD];
  __builtin_prefetch(run->objects[i + 2 * AHEAD]); /* NULL does no harm      */
  if (near != NULL && near->type->apart_offset != 0) {
    const char *place = (const char *)near + near->type->apart_offset;
    __builtin_prefetch(*(const void *const *)(const void *)place);
  }
}

/* The marks of the batch's objects, as far as they lie in the range: to be
 * read later, as they are being fetched.  Empties the batch. */
static inline unsigned marks_of_batch(struct pmmi_walk *m,
                                      uint32_t *marks[PMMI_WALK_BATCH]) {
  unsigned n = 0;
  m->work += m->waiting;
  for (unsigned i = 0; i < m->waiting; i++) {
    pmm_obj *o = m->batch[i];
    if (!pmmi_gc_is_collectable(o)) {
      continue;
    }
    uint32_t slot = pmmi_gc_head_of(o)->slot;
    if (slot - m->from < m->span) { /* PMMI_GC_UNTRACKED never is            */
      marks[n] = pmmi_gc_mark_at(m->table, slot);
      __builtin_prefetch(marks[n], 1);
      m->batch[n++] = o;
    }
  }
  m->waiting = 0;
  return n;
}

/* ---- large objects in parts --------------------------------------------- */

static size_t visit_part_of_items(pmm_obj *const *items, size_t n, size_t at,
                                  pmm_visit visit, void *ctx) {
  assert(n == 0 || items != NULL);
  size_t end = at + PMMI_WALK_PART < n ? at + PMMI_WALK_PART : n;
  if (at < end) { /* else it has shrunk meanwhile                            */
    (void)pmmi_visit_items(items + at, end - at, visit, ctx);
  }
  return end < n ? end : 0;
}

/* Visit some references, from `at` on; returns where to go on, 0: all are
 * done. */
static size_t visit_part(pmm_obj *o, size_t at, pmm_visit visit, void *ctx) {
  const uint32_t flags = o->type->flags;
  if ((flags & PMMI_TYPE_BEHIND) != 0) {
    struct pmmi_behind *list = (struct pmmi_behind *)o;
    return visit_part_of_items(list->items, list->var.length, at, visit, ctx);
  }
  if ((flags & PMMI_TYPE_INLINE) != 0) {
    struct pmmi_inline *tuple = (struct pmmi_inline *)o;
    return visit_part_of_items(tuple->items, tuple->var.length, at, visit,
                               ctx);
  }
  if (o->type->visit_part != NULL) {
    return o->type->visit_part(o, at, PMMI_WALK_PART, visit, ctx);
  }
  (void)o->type->traverse(o, visit, ctx);
  return 0;
}

/* An item of a type with a function for parts may be two references. */
static int is_large(pmm_obj *o) {
  const struct pmmi_type *type = o->type;
  return (type->flags & (PMMI_TYPE_BEHIND | PMMI_TYPE_INLINE)) != 0
             ? ((const struct pmmi_var *)o)->length > PMMI_WALK_PART
             : type->visit_part != NULL && type->length(o) > PMMI_WALK_PART / 2;
}

/* ---- counting ----------------------------------------------------------- */

static void count_batch(struct pmmi_walk *m) {
  uint32_t *marks[PMMI_WALK_BATCH];
  unsigned n = marks_of_batch(m, marks);
  for (unsigned i = 0; i < n; i++) {
    *marks[i] -= (*marks[i] & m->member) != 0 ? PMMI_MARK_ONE : 0;
  }
}

static int visit_count(void *ctx, pmm_obj *o) {
  struct pmmi_walk *m = ctx;
  fetch(o);
  m->batch[m->waiting++] = o;
  if (m->waiting == PMMI_WALK_BATCH) {
    count_batch(m);
  }
  return 0;
}

/* The same for many, with the batch's length in a register. */
static inline void count_items(struct pmmi_walk *m, pmm_obj *const *items,
                               size_t n) {
  unsigned waiting = m->waiting;
  for (size_t i = 0; i < n; i++) {
    if (items[i] == NULL) {
      continue;
    }
    fetch(items[i]);
    m->batch[waiting++] = items[i];
    if (waiting == PMMI_WALK_BATCH) {
      m->waiting = waiting;
      count_batch(m);
      waiting = 0;
    }
  }
  m->waiting = waiting;
}

static uint32_t needs_of(const struct pmmi_type *type) {
  return ((type->flags & PMMI_TYPE_LEGACY_DEL) ? PMMI_GC_NEEDS_KEEP : 0u) |
         (type->weak_offset != 0 ? PMMI_GC_NEEDS_WEAK : 0u) |
         (type->finalize != NULL ? PMMI_GC_NEEDS_FINALIZE : 0u);
}

static void note_atomic(struct pmmi_walk *m, uint32_t *mark) {
  assert((*mark & PMMI_MARK_ATOMIC) == 0);
  *mark |= PMMI_MARK_ATOMIC;
  m->atomics++;
}

static void count_any(struct pmmi_walk *m, pmm_obj *o, uint32_t *mark) {
  const struct pmmi_type *type = o->type;
  m->needs |= needs_of(type);
  if (m->full && type->is_atomic != NULL && type->is_atomic(o)) {
    note_atomic(m, mark);
  } else {
    (void)pmmi_visit_collectable(o, visit_count, m);
  }
}

static inline void count_referents(struct pmmi_walk *m, pmm_obj *o,
                                   uint32_t *mark) {
  const uint32_t flags = o->type->flags;
  if ((flags & PMMI_TYPE_BEHIND) != 0) {
    struct pmmi_behind *list = (struct pmmi_behind *)o;
    count_items(m, list->items, list->var.length);
  } else if ((flags & PMMI_TYPE_INLINE) == 0) {
    count_any(m, o, mark);
  } else if (pmmi_is_atomic(o)) {
    note_atomic(m, mark);
  } else {
    struct pmmi_inline *tuple = (struct pmmi_inline *)o;
    count_items(m, tuple->items, tuple->var.length);
  }
}

static inline void count_owners(const pmm_obj *o, uint32_t *mark) {
  if (o->refcnt < PMMI_MARK_MANY) {
    *mark += (uint32_t)o->refcnt * PMMI_MARK_ONE;
  } else {
    *mark |= PMMI_MARK_HELD;
  }
}

/* Count the members of a run; the limit does not matter. */
static void count_run(struct pmmi_walk *m, struct pmmi_run run) {
  const uint32_t member = m->member;
  for (uint32_t i = 0; i < run.length; i++) {
    pmm_obj *o = run.objects[i];
    fetch_ahead(&run, i);
    if (o == NULL) {
      run.marks[i] = 0;
    } else if ((run.marks[i] & member) != 0) {
      count_owners(o, &run.marks[i]);
      count_referents(m, o, &run.marks[i]);
    }
  }
}

/* 1 when the object is done, 0 when more of its references are left. */
static int count_part(struct pmmi_walk *m, pmm_obj *o, uint32_t *mark) {
  assert(m->limit != UINT64_MAX);
  m->objects += m->part == 0;
  m->work++;
  if (m->part == 0) {
    count_owners(o, mark);
  }
  if (!is_large(o)) {
    count_referents(m, o, mark);
    return 1;
  }
  m->part = visit_part(o, m->part, visit_count, m);
  return m->part == 0;
}

/* The same with a limit; returns how many slots are done. */
static uint32_t count_some(struct pmmi_walk *m, struct pmmi_run run) {
  assert(m->limit != UINT64_MAX);
  for (uint32_t i = 0; i < run.length; i++) {
    fetch_ahead(&run, i);
    if ((run.marks[i] & m->member) != 0) {
      uint32_t done = (uint32_t)count_part(m, run.objects[i], &run.marks[i]);
      if (m->work >= m->limit || !done) {
        return i + done;
      }
    }
  }
  return run.length;
}

uint32_t pmmi_walk_count(struct pmmi_walk *m, uint32_t slot, uint32_t to) {
  assert(slot >= m->from && to <= m->from + m->span);
  int stopped = 0;
  while (slot < to && !stopped) {
    struct pmmi_run run = pmmi_run_at(m->table, slot, to);
    uint32_t done = run.length;
    if (m->limit == UINT64_MAX) {
      if (*run.marked) {
        count_run(m, run);
      }
    } else {
      done = count_some(m, run);
      stopped = done < run.length || m->work >= m->limit;
    }
    slot += done;
  }
  count_batch(m);
  return slot;
}

/* ---- reaching ----------------------------------------------------------- */

/* Held now, behind the finger.  When the stack is full the table remembers
 * it: a sweep over marks is cheaper than a chain through cold heads. */
static void reach_behind(struct pmmi_walk *m, pmm_obj *o, uint32_t *mark) {
  assert((*mark & PMMI_MARK_HELD) != 0);
  uint32_t slot = pmmi_gc_head_of(o)->slot;
  if (m->depth < PMMI_WALK_STACK && (m->limit == UINT64_MAX || !is_large(o))) {
    m->stack[m->depth++] = o;
  } else if (!m->chains || m->sweeps < PMMI_WALK_SWEEPS) {
    *mark |= PMMI_MARK_WAITS;
    m->again = slot < m->again ? slot : m->again;
  } else {
    pmmi_gc_head_of(o)->next = m->chain;
    m->chain = o;
  }
}

static inline void reach_one(struct pmmi_walk *m, pmm_obj *o, uint32_t *mark) {
  if (!pmmi_mark_is_unheld(*mark, m->member)) {
    return;
  }
  *mark |= PMMI_MARK_HELD;
  m->left--;
  if (pmmi_gc_head_of(o)->slot <= m->finger) {
    reach_behind(m, o, mark);
  } else if (m->sweeps > 1) {
    *mark |= PMMI_MARK_WAITS;
  }
}

static void reach_batch(struct pmmi_walk *m) {
  uint32_t *marks[PMMI_WALK_BATCH];
  unsigned n = marks_of_batch(m, marks);
  for (unsigned i = 0; i < n; i++) {
    reach_one(m, m->batch[i], marks[i]);
  }
}

static int visit_reach(void *ctx, pmm_obj *o) {
  struct pmmi_walk *m = ctx;
  fetch(o);
  m->batch[m->waiting++] = o;
  if (m->waiting == PMMI_WALK_BATCH) {
    reach_batch(m);
  }
  return 0;
}

/* An object that waits behind the finger, or NULL. */
static inline pmm_obj *pop(struct pmmi_walk *m) {
  if (m->depth > 0) {
    return m->stack[--m->depth];
  }
  pmm_obj *o = m->chain;
  if (o != NULL) {
    m->chain = pmmi_gc_head_of(o)->next;
  }
  return o;
}

void pmmi_walk_reach_from(struct pmmi_walk *m, pmm_obj *o) {
  assert(m->waiting < PMMI_WALK_BATCH);
  (void)visit_reach(m, o);
}

void pmmi_walk_drain(struct pmmi_walk *m) {
  assert(m->depth <= PMMI_WALK_STACK);
  do {
    pmm_obj *o;
    while (m->left > 0 && m->work < m->limit && (o = pop(m)) != NULL) {
      m->objects++;
      m->work++;
      (void)pmmi_visit_collectable(o, visit_reach, m);
    }
    reach_batch(m);
  } while (m->left > 0 && m->work < m->limit &&
           (m->depth > 0 || m->chain != NULL));
}

/* 1 when the object is done, 0 when more of its references are left. */
static inline int reach_object(struct pmmi_walk *m, pmm_obj *o) {
  m->objects += m->part == 0;
  m->work++;
  if (m->limit == UINT64_MAX || !is_large(o)) {
    (void)pmmi_visit_collectable(o, visit_reach, m);
    return 1;
  }
  m->part = visit_part(o, m->part, visit_reach, m);
  return m->part == 0;
}

/* What waits goes on before the finger does. */
static inline void reach_waiting(struct pmmi_walk *m) {
  pmm_obj *o;
  while (m->work < m->limit && (o = pop(m)) != NULL) {
    m->objects++;
    m->work++;
    (void)pmmi_visit_collectable(o, visit_reach, m);
  }
}

uint32_t pmmi_walk_reach(struct pmmi_walk *m, uint32_t slot, uint32_t to) {
  assert(m->sweeps > 0 && to <= m->from + m->span);
  uint32_t wanted = m->sweeps == 1 ? PMMI_MARK_HELD | PMMI_MARK_BALANCE
                                   : PMMI_MARK_WAITS;
  struct pmmi_run run;
  for (; slot < to && m->left > 0; slot += run.length) {
    run = pmmi_run_at(m->table, slot, to);
    if (m->limit == UINT64_MAX && !*run.marked) {
      continue;
    }
    for (uint32_t i = 0; i < run.length; i++) {
      uint32_t mark = run.marks[i];
      if ((mark & m->member) == 0 || (mark & wanted) == 0) {
        continue;
      }
      fetch_ahead(&run, i);
      m->finger = slot + i;
      run.marks[i] &= ~PMMI_MARK_WAITS;
      int done = reach_object(m, run.objects[i]);
      reach_waiting(m);
      if (!done) {
        run.marks[i] |= PMMI_MARK_WAITS & wanted;
      }
      if (m->work >= m->limit || !done) {
        pmmi_walk_drain(m);
        return slot + i + (uint32_t)done;
      }
    }
  }
  if (slot >= to) {
    m->finger = to;
  }
  pmmi_walk_drain(m);
  return slot;
}
