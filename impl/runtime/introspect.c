/* SPDX-License-Identifier: MIT */
/*
 * introspect.c - questions of a host; source: introspect.h.
 *
 * Listing objects appends to a list, which takes memory but makes no
 * collectable object, so slots do not move meanwhile.
 */
#include "runtime/introspect.h"

#include <string.h>

#include "core/tracked.h"
#include "gc/collect.h"
#include "gc/log.h"
#include "gc/search.h"
#include "gc/visit.h"
#include "runtime/runtime.h"

static int is_generation(int generation) {
  return generation >= 0 && generation < PMMI_GC_GENERATIONS;
}

static enum pmm_status no_generation(pmm_rt *rt) {
  return pmmi_fail(rt, PMM_VALUE, "there is no such generation");
}

/* ---- collecting --------------------------------------------------------- */

enum pmm_status pmmi_collect(pmm_rt *rt, int generation,
                             uint64_t *unreachable) {
  assert(unreachable != NULL);
  *unreachable = 0;
  if (!is_generation(generation)) {
    return no_generation(rt);
  }
  pmmi_gc_log_because(rt, PMM_GC_EXPLICIT);
  *unreachable = pmmi_gc_collect(rt, generation);
  pmmi_gc_log_because(rt, 0);
  return PMM_OK;
}

void pmmi_gc_enable(pmm_rt *rt, int enabled) {
  pmmi_gc_of(rt)->enabled = enabled != 0;
}

int pmmi_gc_enabled(pmm_rt *rt) { return pmmi_gc_of(rt)->enabled; }

/* ---- who refers to whom ------------------------------------------------- */

/** A list being filled by visits. */
struct listing {
  pmm_rt *rt;
  pmm_obj *list;
};

static int visit_list(void *ctx, pmm_obj *o) {
  struct listing *listing = ctx;
  assert(pmmi_is_list(((struct listing *)ctx)->list));
  return pmmi_list_append(listing->rt, listing->list, o) != PMM_OK;
}

/* The list, or NULL when appending failed. */
static pmm_obj *finish_list(pmm_rt *rt, pmm_obj *list, int failed) {
  assert(list != NULL);
  if (failed) {
    pmmi_release(rt, list);
    return NULL;
  }
  return list;
}

pmm_obj *pmmi_gc_referents(pmm_rt *rt, pmm_obj *o) {
  struct listing listing = {rt, pmmi_list_new(rt, 0)};
  if (listing.list == NULL || o->type->traverse == NULL) {
    return listing.list;
  }
  return finish_list(rt, listing.list, pmmi_visit(o, visit_list, &listing));
}

static int visit_find(void *ctx, pmm_obj *o) { return o == ctx; }

pmm_obj *pmmi_gc_referrers(pmm_rt *rt, pmm_obj *o) {
  const struct pmmi_tracked *table = pmmi_tracked_of(rt);
  pmm_obj *list = pmmi_list_new(rt, 0);
  int failed = 0;
  for (uint32_t slot = 0; list != NULL && !failed && slot < table->used;
       slot++) {
    pmm_obj *holder = *pmmi_gc_object_at(table, slot);
    if (holder != NULL && holder != list &&
        pmmi_visit(holder, visit_find, o)) {
      failed = pmmi_list_append(rt, list, holder) != PMM_OK;
    }
  }
  return list == NULL ? NULL : finish_list(rt, list, failed);
}

pmm_obj *pmmi_gc_objects(pmm_rt *rt, int generation) {
  if (generation != -1 && !is_generation(generation)) {
    (void)no_generation(rt);
    return NULL;
  }
  pmm_obj *list = pmmi_list_new(rt, 0);
  if (list == NULL) {
    return NULL;
  }
  struct pmmi_gc_range range =
      pmmi_gc_range_of(pmmi_tracked_of(rt), generation);
  int failed = 0;
  for (uint32_t slot = range.from; !failed && slot < range.to; slot++) {
    pmm_obj *o = *pmmi_gc_object_at(pmmi_tracked_of(rt), slot);
    if (o != NULL && o != list) {
      failed = pmmi_list_append(rt, list, o) != PMM_OK;
    }
  }
  return finish_list(rt, list, failed);
}

int pmmi_gc_traverse(pmm_rt *rt, pmm_obj *o, pmm_visit visit, void *ctx) {
  assert(visit != NULL);
  (void)rt;
  return o->type->traverse != NULL ? o->type->traverse(o, visit, ctx) : 0;
}

enum pmm_status pmmi_gc_clear(pmm_rt *rt, pmm_obj *o) {
  if (o->type->clear != NULL) {
    pmmi_retain(rt, o);
    o->type->clear(rt, o);
    pmmi_release(rt, o);
  }
  return PMM_OK;
}

int pmmi_is_finalized(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  return pmmi_gc_is_finalized(o);
}

/* ---- debugging ---------------------------------------------------------- */

enum pmm_status pmmi_gc_debug_set(pmm_rt *rt, uint32_t flags) {
  if ((flags & ~(uint32_t)PMM_GC_SAVEALL) != 0) {
    return pmmi_fail(rt, PMM_VALUE, "there is no such debug flag");
  }
  pmmi_gc_of(rt)->debug = flags;
  return PMM_OK;
}

pmm_obj *pmmi_gc_garbage(pmm_rt *rt) {
  struct pmmi_gc *gc = pmmi_gc_of(rt);
  if (gc->garbage == NULL) {
    gc->garbage = pmmi_list_new(rt, 0);
  }
  return gc->garbage;
}

enum pmm_status pmmi_gc_keep_garbage(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_tracked_of(rt)->collecting);
  pmm_obj *list = pmmi_gc_garbage(rt);
  return list != NULL ? pmmi_list_append(rt, list, o) : pmmi_error(rt);
}

/* ---- the permanent set -------------------------------------------------- */

enum pmm_status pmmi_gc_freeze(pmm_rt *rt) {
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  pmmi_gc_search_abandon(rt);
  table->frozen_end = table->used;
  table->old_end = table->used;
  table->middle_end = table->used;
  memset(table->counts, 0, sizeof table->counts);
  return PMM_OK;
}

enum pmm_status pmmi_gc_unfreeze(pmm_rt *rt) {
  pmmi_tracked_of(rt)->frozen_end = 0;
  return PMM_OK;
}

uint64_t pmmi_gc_freeze_count(pmm_rt *rt) {
  uint64_t count = 0;
  for (uint32_t slot = 0; slot < pmmi_tracked_of(rt)->frozen_end; slot++) {
    count += *pmmi_gc_object_at(pmmi_tracked_of(rt), slot) != NULL;
  }
  return count;
}

/* ---- generations -------------------------------------------------------- */

void pmmi_gc_thresholds(pmm_rt *rt, uint64_t thresholds[3]) {
  memcpy(thresholds, pmmi_gc_of(rt)->thresholds,
         sizeof pmmi_gc_of(rt)->thresholds);
}

enum pmm_status pmmi_gc_set_thresholds(pmm_rt *rt, const uint64_t values[3]) {
  struct pmmi_gc *gc = pmmi_gc_of(rt);
  memcpy(gc->thresholds, values, sizeof gc->thresholds);
  gc->ahead = 0;
  gc->spare = 0;
  return PMM_OK;
}

void pmmi_gc_counts(pmm_rt *rt, uint64_t counts[3]) {
  memcpy(counts, pmmi_tracked_of(rt)->counts,
         sizeof pmmi_tracked_of(rt)->counts);
}

enum pmm_status pmmi_gc_stats(pmm_rt *rt, int generation,
                              struct pmm_gc_stats *out) {
  assert(out != NULL);
  if (!is_generation(generation)) {
    return no_generation(rt);
  }
  struct pmm_gc_stats stats = pmmi_gc_of(rt)->stats[generation];
  size_t size = out->struct_size;
  stats.struct_size = size;
  memcpy(out, &stats, size < sizeof stats ? size : sizeof stats);
  return PMM_OK;
}
