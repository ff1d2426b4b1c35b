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
 *                 search in slices (gc/search.h), one after each young
 *                 collection, of so much work that it ends before another
 *                 eighth has reached generation 2.
 *   counting      Nothing starts a collection.
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
                                     "counting", NULL};

/** CPython 3.11's (700, 10, 10). */
static const uint64_t default_thresholds[PMMI_GC_GENERATIONS] = {700, 10, 10};

/* ---- when --------------------------------------------------------------- */

/** Objects and references that a slice walks for each new object.  A search
 *  walks what lives twice; an eighth of it may be new when it ends. */
#define WORK_PER_OBJECT 32

/** Time to examine a young object, and to drop it. */
#define YOUNG_NS 20u

/* 1 when enough has reached generation 2 since it was last examined. */
static int is_old_due(pmm_rt *rt) {
  const struct pmmi_gc *gc = pmmi_gc_of(rt);
  return pmmi_tracked_of(rt)->counts[2] > gc->thresholds[2] &&
         gc->long_lived_pending >= gc->long_lived_total / 4;
}

/* The young generation that is due. */
static int due_generation(pmm_rt *rt) {
  return pmmi_tracked_of(rt)->counts[1] > pmmi_gc_of(rt)->thresholds[1];
}

static void collect_generations(pmm_rt *rt) {
  (void)pmmi_gc_collect(rt, is_old_due(rt) ? 2 : due_generation(rt));
}

static void search_some(pmm_rt *rt) {
  assert(pmmi_tracked_of(rt)->walk.phase != PMMI_GC_SEARCH_IDLE);
  struct pmmi_gc *gc = pmmi_gc_of(rt);
  uint64_t walked = gc->search.walked;
  uint64_t start_ns = pmmi_host_clock_ns();
  pmmi_gc_search_slice(rt, gc->thresholds[0] * WORK_PER_OBJECT,
                       start_ns + gc->search.budget_ns / 2);
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

static void collect_incrementally(pmm_rt *rt) {
  assert(pmmi_gc_of(rt)->mode == PMMI_GC_INCREMENTAL);
  struct pmmi_gc *gc = pmmi_gc_of(rt);
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  uint64_t start_ns = pmmi_host_clock_ns();
  int generation = due_generation(rt);
  if (!promote_unexamined(rt, generation)) {
    (void)pmmi_gc_collect(rt, generation);
  }
  if (table->walk.phase == PMMI_GC_SEARCH_IDLE && table->slide.from == 0 &&
      is_old_due(rt)) {
    gc->long_lived_pending = 0;
    table->counts[2] = 0;
    pmmi_gc_search_begin(rt);
  }
  if (table->walk.phase >= PMMI_GC_SEARCH_EXAMINE) {
    pmmi_gc_collect_suspects(rt);
  } else if (table->walk.phase != PMMI_GC_SEARCH_IDLE) {
    search_some(rt);
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
  if (table->counts[0] > gc->thresholds[0] || gc->stress) {
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
