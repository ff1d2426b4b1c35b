/* SPDX-License-Identifier: MIT */
/*
 * gc.c - making and freeing collectable objects, and when to collect.
 *
 *   generational  Net new objects above threshold 0 start a collection of
 *                 the oldest generation whose counter is above its
 *                 threshold; a full one waits until a quarter more objects
 *                 than survived the last have reached generation 2.
 *   full          Net new objects above threshold 0 and above a quarter of
 *                 the last survivors start a full collection, so that the
 *                 work per new object is bounded by a constant.
 *   incremental   As generational, but what would be a full collection is a
 *                 search in slices (gc/search.h), which begins when a sixth
 *                 has reached generation 2.  A slice ends with its part of the
 *                 budget, and the next follows after as many new objects as
 *                 it has worked for, with a young collection or between two:
 *                 a search ends before another sixteenth is new, however slow
 *                 the machine is.
 *   counting      Nothing starts a collection.
 *   proportional  When an eighth of what survived the last full collection is
 *                 new, the new ones are collected, and the survivors are old
 *                 at once; the second time everything is, so that a quarter
 *                 can wait.  Where that finds next to nothing, there are twice
 *                 as many of the first sort before the next.
 *
 * Source: CPython 3.11 Modules/gcmodule.c (_PyObject_GC_Link,
 * gc_collect_generations, PyObject_GC_Del).
 */
#include "gc/gc.h"

#include <string.h>

#include "core/tracked.h"
#include "gc/collect.h"
#include "gc/gc_state.h"
#include "gc/log.h"
#include "gc/search.h"
#include "gc/visit.h"
#include "host.h"

const char *const pmmi_gc_modes[] = {"generational", "full", "incremental",
                                     "counting", "proportional", NULL};

/** CPython 3.11's (700, 10, 10). */
static const uint64_t default_thresholds[PMMI_GC_GENERATIONS] = {700, 10, 10};

/* ---- when --------------------------------------------------------------- */

/** What survived the last search, in units of what has grown old before the
 *  next begins. */
#define SEARCHED_AGAIN 6u
/** Objects and references that a search walks for each new object.  It walks
 *  what lives twice, some four for each; a sixteenth may be new when it ends. */
#define WORK_PER_OBJECT 64u
/** Slices are no closer than so many new objects. */
#define CLOSEST 50u
/** Slots whose holes are closed in one pause, before a search begins. */
#define SLID_AT_ONCE 4096u

/** Time to examine a young object, and to drop it. */
#define YOUNG_NS 20u

/* 1 when enough has reached generation 2 since it was last examined: a part of
 * what lived then. */
static int is_old_due(pmm_rt *rt, unsigned parts) {
  const struct pmmi_gc *gc = pmmi_gc_of(rt);
  return pmmi_tracked_of(rt)->counts[2] > gc->thresholds[2] &&
         gc->long_lived_pending >= gc->long_lived_total / parts;
}

/* The young generation that is due. */
static int due_generation(pmm_rt *rt) {
  return pmmi_tracked_of(rt)->counts[1] > pmmi_gc_of(rt)->thresholds[1];
}

static void collect_generations(pmm_rt *rt) {
  (void)pmmi_gc_collect(rt, is_old_due(rt, 4) ? 2 : due_generation(rt));
}

/** What lives, in units of what is let be made; and of what may have come
 *  before everything is collected, which the second such part exceeds. */
#define PARTS 8u
#define BEFORE_ALL 3u / 16u
/** Times as much that may grow old while full collections find nothing: less
 *  than one in so many objects that they examine. */
#define PATIENCE_MOST 16u
#define NOTHING 64u

static void collect_everything(pmm_rt *rt) {
  struct pmmi_gc *gc = pmmi_gc_of(rt);
  const struct pmm_gc_stats *old = &gc->stats[PMMI_GC_GENERATIONS - 1];
  uint64_t collected = old->collected;
  uint64_t visited = old->visited;
  (void)pmmi_gc_collect(rt, PMMI_GC_GENERATIONS - 1);
  if (old->collected - collected > (old->visited - visited) / NOTHING) {
    gc->patience = 1;
  } else if (gc->patience < PATIENCE_MOST) {
    gc->patience *= 2;
  }
}

static void collect_by_parts(pmm_rt *rt) {
  struct pmmi_gc *gc = pmmi_gc_of(rt);
  assert(gc->mode == PMMI_GC_PROPORTIONAL && gc->patience > 0);
  uint64_t least = gc->thresholds[0] * gc->thresholds[1];
  uint64_t due = gc->long_lived_total * gc->patience * BEFORE_ALL;
  uint64_t come = gc->long_lived_pending + pmmi_tracked_of(rt)->counts[0];
  if (come >= (due > least ? due : least)) {
    collect_everything(rt);
  } else {
    (void)pmmi_gc_collect(rt, 1);
  }
  uint64_t part = gc->long_lived_total / PARTS;
  gc->spare = part > gc->thresholds[0] ? part - gc->thresholds[0] : 0;
}

/* Let the collector come again after so many new objects, and at threshold 0
 * at the latest. */
static void wait_for(pmm_rt *rt, uint64_t objects) {
  struct pmmi_gc *gc = pmmi_gc_of(rt);
  uint64_t at = pmmi_tracked_of(rt)->counts[0] +
                (objects > CLOSEST ? objects : CLOSEST);
  uint64_t ahead = at < gc->thresholds[0] ? gc->thresholds[0] - at : 0;
  gc->ahead = ahead < UINT32_MAX ? (uint32_t)ahead : 0;
}

/* One slice, of a pause that began before and may last half the budget; then
 * the next is as many objects away as this one has paid for. */
static void search_some(pmm_rt *rt, uint64_t began_ns) {
  assert(pmmi_tracked_of(rt)->walk.phase != PMMI_GC_SEARCH_IDLE);
  struct pmmi_gc *gc = pmmi_gc_of(rt);
  uint64_t walked = gc->search.walked;
  uint64_t start_ns = pmmi_host_clock_ns();
  uint64_t done = pmmi_gc_search_slice(rt, gc->thresholds[0] * WORK_PER_OBJECT,
                                       began_ns + gc->search.budget_ns / 2);
  wait_for(rt, done / WORK_PER_OBJECT);
  uint64_t pause_ns = pmmi_host_clock_ns() - start_ns;
  gc->stats[PMMI_GC_GENERATIONS - 1].pause_ns += pause_ns;
  pmmi_gc_log_slice(rt, start_ns, pause_ns, gc->search.walked - walked);
}

/* All that a young collection brings with it is one pause. */
static void note_pause(struct pmmi_gc *gc, uint64_t pause_ns) {
  uint64_t *longest = &gc->stats[PMMI_GC_GENERATIONS - 1].max_pause_ns;
  *longest = pause_ns > *longest ? pause_ns : *longest;
}

/* A young generation of more objects than the budget allows, which a host has
 * made with the collector off, goes to the old one unexamined. */
static int promote_unexamined(pmm_rt *rt, int generation) {
  assert(generation >= 0 && generation < PMMI_GC_GENERATIONS - 1);
  struct pmmi_gc *gc = pmmi_gc_of(rt);
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  struct pmmi_gc_range young = {pmmi_gc_range_of(table, generation).from,
                                table->used};
  if (young.to - young.from < gc->search.budget_ns / YOUNG_NS) {
    return 0;
  }
  table->middle_end = table->used;
  table->old_end = table->used;
  gc->long_lived_pending += young.to - young.from;
  table->counts[0] = 0;
  table->counts[1] = 0;
  table->counts[2]++;
  return 1;
}

static void collect_young(pmm_rt *rt) {
  int generation = due_generation(rt);
  if (!promote_unexamined(rt, generation)) {
    (void)pmmi_gc_collect(rt, generation);
  }
}

/* Begin a search, or hurry on with what has to be over before it begins. */
static void begin_search(pmm_rt *rt) {
  struct pmmi_gc *gc = pmmi_gc_of(rt);
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  if (table->slide.from != 0) {
    pmmi_gc_slide(table, SLID_AT_ONCE);
    wait_for(rt, CLOSEST);
    return;
  }
  gc->long_lived_pending = 0;
  table->counts[2] = 0;
  pmmi_gc_search_begin(rt);
}

static void collect_incrementally(pmm_rt *rt) {
  assert(pmmi_gc_of(rt)->mode == PMMI_GC_INCREMENTAL);
  struct pmmi_gc *gc = pmmi_gc_of(rt);
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  uint64_t start_ns = pmmi_host_clock_ns();
  gc->ahead = 0;
  if (table->counts[0] > gc->thresholds[0]) {
    collect_young(rt);
  }
  if (table->walk.phase == PMMI_GC_SEARCH_IDLE &&
      is_old_due(rt, SEARCHED_AGAIN)) {
    begin_search(rt);
  }
  if (table->walk.phase >= PMMI_GC_SEARCH_EXAMINE) {
    pmmi_gc_collect_suspects(rt);
    wait_for(rt, CLOSEST);
  } else if (table->walk.phase != PMMI_GC_SEARCH_IDLE) {
    search_some(rt, start_ns);
  }
  note_pause(gc, pmmi_host_clock_ns() - start_ns);
}

static void collect_automatically(pmm_rt *rt) {
  struct pmmi_gc *gc = pmmi_gc_of(rt);
  if (!gc->enabled || pmmi_tracked_of(rt)->collecting ||
      gc->mode == PMMI_GC_COUNTING || pmmi_error_pending(rt)) {
    return;
  }
  if (gc->stress && gc->mode != PMMI_GC_INCREMENTAL) {
    (void)pmmi_gc_collect(rt, 2);
  } else if (gc->thresholds[0] == 0) {
    return;
  } else if (gc->mode == PMMI_GC_GENERATIONAL) {
    collect_generations(rt);
  } else if (gc->mode == PMMI_GC_INCREMENTAL) {
    collect_incrementally(rt);
  } else if (gc->mode == PMMI_GC_PROPORTIONAL) {
    collect_by_parts(rt);
  } else if (pmmi_tracked_of(rt)->counts[0] > gc->long_lived_total / 4) {
    (void)pmmi_gc_collect(rt, 2);
  }
}

enum pmm_status pmmi_gc_set_budget(pmm_rt *rt, uint64_t nanoseconds) {
  pmmi_gc_of(rt)->search.budget_ns =
      nanoseconds != 0 ? nanoseconds : PMMI_GC_BUDGET_NS;
  return PMM_OK;
}

/* ---- objects ------------------------------------------------------------ */

/* Bytes of a collectable object with `n` items; 0 when they overflow. */
static size_t block_bytes(const struct pmmi_type *type, size_t n) {
  assert((type->flags & PMMI_TYPE_GC) != 0);
  size_t bytes = 0;
  return pmmi_size_fits(n, type->item_size,
                        PMMI_GC_HEAD_BYTES + type->basic_size, &bytes)
             ? bytes
             : 0;
}

static size_t items_of(const pmm_obj *o) {
  return o->type->item_size != 0 ? ((const struct pmmi_var *)o)->length : 0;
}

static struct pmmi_gc_head *new_block(pmm_rt *rt, size_t bytes) {
  if (bytes == 0 || pmmi_gc_reserve(rt) != 0) {
    return NULL;
  }
  return pmmi_alloc_zero(rt, bytes);
}

pmm_obj *pmmi_gc_new(pmm_rt *rt, const struct pmmi_type *type, size_t n) {
  assert((type->flags & PMMI_TYPE_ATOM) == 0 && type->traverse != NULL);
  const struct pmmi_gc *gc = pmmi_gc_of(rt);
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  table->counts[0]++;
  if (table->counts[0] + gc->ahead > gc->thresholds[0] + gc->spare ||
      gc->stress) {
    collect_automatically(rt);
  }
  struct pmmi_gc_head *head = new_block(rt, block_bytes(type, n));
  if (head == NULL) {
    table->counts[0] -= table->counts[0] > 0;
    return pmmi_fail_null(rt, PMM_NO_MEMORY, "no memory for an object");
  }
  pmm_obj *o = (pmm_obj *)(head + 1);
  head->slot = PMMI_GC_UNTRACKED;
  pmmi_object_init(rt, o, type);
  if (type->item_size != 0) {
    ((struct pmmi_var *)o)->length = n;
  }
  table->live++;
  return o;
}

pmm_obj *pmmi_gc_resize(pmm_rt *rt, pmm_obj *o, size_t n) {
  assert(pmmi_gc_is_collectable(o) && o->type->item_size != 0);
  const struct pmmi_type *type = o->type;
  assert(!pmmi_gc_is_tracked(rt, o) && o->refcnt == 1);
  size_t old_n = items_of(o);
  size_t old_bytes = block_bytes(type, old_n);
  size_t bytes = block_bytes(type, n);
  struct pmmi_gc_head *head =
      bytes == 0 ? NULL
                 : pmmi_realloc(rt, pmmi_gc_head_of(o), old_bytes, bytes);
  if (head == NULL) {
    return pmmi_fail_null(rt, PMM_NO_MEMORY, "no memory to resize an object");
  }
  if (bytes > old_bytes) {
    memset((char *)head + old_bytes, 0, bytes - old_bytes);
  }
  o = (pmm_obj *)(head + 1);
  ((struct pmmi_var *)o)->length = n;
  return o;
}

void pmmi_gc_revive(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_gc_is_collectable(o));
  struct pmmi_gc_head *head = pmmi_gc_head_of(o);
  assert(head->slot == PMMI_GC_UNTRACKED);
  (void)rt;
  head->flags = 0;
  o->refcnt = 1;
}

void pmmi_gc_free(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_gc_is_collectable(o));
  const struct pmmi_type *type = o->type;
  assert(!pmmi_gc_is_tracked(rt, o));
  pmmi_gc_uncount(pmmi_tracked_of(rt), 1);
  pmmi_memory_of(rt)->objects--;
  pmmi_free(rt, pmmi_gc_head_of(o), block_bytes(type, items_of(o)));
  if ((type->flags & PMMI_TYPE_HEAP) != 0) {
    pmmi_release(rt, (pmm_obj *)(uintptr_t)type);
  }
}

/* ---- life --------------------------------------------------------------- */

static int find_mode(const char *name, enum pmmi_gc_mode *mode) {
  assert(mode != NULL);
  for (int i = 0; pmmi_gc_modes[i] != NULL; i++) {
    if (name == NULL || strcmp(name, pmmi_gc_modes[i]) == 0) {
      *mode = (enum pmmi_gc_mode)i;
      return 0;
    }
  }
  return -1;
}

enum pmm_status pmmi_gc_init(pmm_rt *rt, const char *mode,
                             uint32_t open_flags) {
  assert(pmmi_tracked_of(rt)->chunks == NULL);
  struct pmmi_gc *gc = pmmi_gc_of(rt);
  memset(gc, 0, sizeof *gc);
  if (find_mode(mode, &gc->mode) != 0) {
    return PMM_VALUE;
  }
  memcpy(gc->thresholds, default_thresholds, sizeof gc->thresholds);
  gc->enabled = 1;
  gc->patience = 1;
  gc->search.budget_ns = PMMI_GC_BUDGET_NS;
  gc->stress = (open_flags & PMM_OPEN_GC_STRESS) != 0;
  return pmmi_gc_table_init(rt) == 0 ? PMM_OK : PMM_NO_MEMORY;
}

void pmmi_gc_opened(pmm_rt *rt) {
  assert(!pmmi_tracked_of(rt)->collecting);
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  for (uint32_t slot = 0; slot < table->used; slot++) {
    pmm_obj *o = *pmmi_gc_object_at(table, slot);
    if (o != NULL && pmmi_is_atomic(o)) {
      pmmi_gc_untrack(rt, o);
    }
  }
}

void pmmi_gc_figures(pmm_rt *rt, struct pmm_memory *out) {
  assert(out != NULL);
  uint64_t blocks = 0;
  uint64_t bytes = 0;
  pmmi_gc_table_figures(pmmi_tracked_of(rt), &blocks, &bytes);
  out->tracked = pmmi_tracked_of(rt)->count;
  out->cached_blocks += blocks;
  out->cached_bytes += bytes;
}

void pmmi_gc_trim(pmm_rt *rt) {
  if (!pmmi_tracked_of(rt)->collecting) {
    pmmi_gc_search_settle(rt);
    pmmi_gc_table_trim(rt);
  }
}

void pmmi_gc_fini(pmm_rt *rt) {
  assert(!pmmi_tracked_of(rt)->collecting);
  assert(pmmi_gc_of(rt)->garbage == NULL);
  pmmi_gc_table_fini(rt);
}
