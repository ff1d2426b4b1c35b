/* SPDX-License-Identifier: MIT */
/*
 * test_toy.c - the collector with types that it has never seen.
 *
 * This program is linked against memory, core and gc alone: there is no list,
 * no tuple and no runtime above.  What the collector needs of a type stands in
 * its slots and flags, what it needs of the floors above in `keep` and `check`,
 * and both are the test's own.
 */
#include <stdlib.h>
#include <string.h>

#include "backends/registry.h"
#include "core/weak_list.h"
#include "gc/collect.h"
#include "gc/gc_state.h"
#include "gc/search.h"
#include "tests/tap.h"

#define ITEMS 5000u /* more than are visited in one go                      */

/** Two references, and what it takes to be watched and finalized. */
struct toy {
  struct pmm_obj base;
  pmm_obj *refs[2];
  struct pmmi_weakref *weak;
  int finalized;
};

/** Many references. */
struct row {
  struct pmm_obj base;
  pmm_obj *items[ITEMS];
};

static pmm_obj *saved;      /* what a finalizer held on to                  */
static int saves;           /* 1: finalizers do                             */
static unsigned dead;       /* toys that were freed                         */
static unsigned parts;      /* of rows that were visited in parts           */
static unsigned flushed;    /* times that the cache was emptied             */
static unsigned checked;    /* times that the heap was checked              */
static unsigned called;     /* references whose target died                 */
static pmm_obj *kept[2];    /* what the collector did not drop              */
static unsigned keeps;      /* how many of these                            */

/* ---- the types ---------------------------------------------------------- */

static void toy_clear(pmm_rt *rt, pmm_obj *o) {
  struct toy *toy = (struct toy *)o;
  pmmi_clear(rt, &toy->refs[0]);
  pmmi_clear(rt, &toy->refs[1]);
}

static void toy_dealloc(pmm_rt *rt, pmm_obj *o) {
  pmmi_gc_untrack(rt, o);
  toy_clear(rt, o);
  dead++;
  pmmi_gc_free(rt, o);
}

static int toy_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  const struct toy *toy = (const struct toy *)o;
  int result = toy->refs[0] != NULL ? visit(ctx, toy->refs[0]) : 0;
  return result == 0 && toy->refs[1] != NULL ? visit(ctx, toy->refs[1])
                                             : result;
}

static void toy_finalize(pmm_rt *rt, pmm_obj *o) {
  ((struct toy *)o)->finalized++;
  if (saves && saved == NULL) {
    saved = pmmi_new_reference(rt, o);
  }
}

static const struct pmmi_type toy_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "toy",
    .basic_size = sizeof(struct toy),
    .flags = PMMI_TYPE_GC,
    .weak_offset = offsetof(struct toy, weak),
    .dealloc = toy_dealloc,
    .traverse = toy_traverse,
    .clear = toy_clear,
    .finalize = toy_finalize,
};

static const struct pmmi_type legacy_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "toy with a delete slot",
    .basic_size = sizeof(struct toy),
    .flags = PMMI_TYPE_GC | PMMI_TYPE_LEGACY_DEL,
    .dealloc = toy_dealloc,
    .traverse = toy_traverse,
    .clear = toy_clear,
};

static void row_clear(pmm_rt *rt, pmm_obj *o) {
  for (size_t i = 0; i < ITEMS; i++) {
    pmmi_clear(rt, &((struct row *)o)->items[i]);
  }
}

static void row_dealloc(pmm_rt *rt, pmm_obj *o) {
  pmmi_gc_untrack(rt, o);
  row_clear(rt, o);
  pmmi_gc_free(rt, o);
}

static size_t visit_some(const struct row *row, size_t at, size_t end,
                         pmm_visit visit, void *ctx) {
  for (; at < end; at++) {
    if (row->items[at] != NULL && visit(ctx, row->items[at]) != 0) {
      break;
    }
  }
  return at;
}

static int row_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  return visit_some((struct row *)o, 0, ITEMS, visit, ctx) < ITEMS;
}

static size_t row_visit_part(pmm_obj *o, size_t at, size_t most,
                             pmm_visit visit, void *ctx) {
  size_t end = ITEMS - at > most ? at + most : ITEMS;
  parts++;
  (void)visit_some((struct row *)o, at, end, visit, ctx);
  return end < ITEMS ? end : 0;
}

static size_t row_length(pmm_obj *o) {
  (void)o;
  return ITEMS;
}

static int row_is_atomic(pmm_obj *o) {
  const struct row *row = (const struct row *)o;
  for (size_t i = 0; i < ITEMS; i++) {
    if (row->items[i] != NULL) {
      return 0;
    }
  }
  return 1;
}

static const struct pmmi_type row_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "row",
    .basic_size = sizeof(struct row),
    .flags = PMMI_TYPE_GC,
    .dealloc = row_dealloc,
    .traverse = row_traverse,
    .visit_part = row_visit_part,
    .is_atomic = row_is_atomic,
    .clear = row_clear,
    .length = row_length,
};

static void ref_dealloc(pmm_rt *rt, pmm_obj *o) {
  pmmi_gc_untrack(rt, o);
  pmmi_weakref_leave((struct pmmi_weakref *)o);
  pmmi_gc_free(rt, o);
}

static int ref_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  (void)o, (void)visit, (void)ctx;
  return 0;
}

static const struct pmmi_type ref_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "reference to a toy",
    .basic_size = sizeof(struct pmmi_weakref),
    .flags = PMMI_TYPE_GC | PMMI_TYPE_WEAK,
    .dealloc = ref_dealloc,
    .traverse = ref_traverse,
};

/* ---- what stands in for the floors above -------------------------------- */

static void flush(pmm_rt *rt) {
  (void)rt;
  flushed++;
}

static void keep_on(pmm_rt *rt, int on) { (void)rt, (void)on; }

static void figures(pmm_rt *rt, struct pmm_memory *out) {
  (void)rt, (void)out;
}

static const struct pmmi_cache cache = {flush, keep_on, figures};

static enum pmm_status keep(pmm_rt *rt, pmm_obj *o) {
  tap_need(keeps < 2);
  kept[keeps++] = pmmi_new_reference(rt, o);
  return PMM_OK;
}

static const char *check(pmm_rt *rt) {
  checked++;
  return pmmi_gc_table_check(pmmi_tracked_of(rt), 0);
}

static void target_died(pmm_rt *rt, struct pmmi_weakref *ref) {
  (void)rt;
  called += ref->target == NULL;
}

static pmm_rt *open_with(const struct pmm_backend *backend, const char *mode) {
  struct pmm_backend_config config = {.struct_size = sizeof config};
  void *heap = NULL;
  tap_need(backend->init(&config, &heap) == 0);
  struct pmmi_gc_state *state = calloc(1, sizeof *state);
  pmm_rt *rt = (pmm_rt *)state;
  tap_need(rt != NULL);
  pmmi_memory_init(pmmi_memory_of(rt), backend, heap);
  pmmi_core_init(rt);
  pmmi_holder_init(rt);
  pmmi_domains_init(rt);
  pmmi_trace_init(rt);
  tap_need(pmmi_gc_init(rt, mode, 0) == PMM_OK);
  pmmi_gc_of(rt)->keep = keep;
  pmmi_gc_of(rt)->check = check;
  pmmi_caches_add(rt, &cache);
  dead = parts = flushed = checked = called = 0;
  return rt;
}

static void close_it(pmm_rt *rt, const char *name) {
  const struct pmm_backend *backend = pmmi_memory_of(rt)->backend;
  void *heap = pmmi_memory_of(rt)->backend_heap;
  tap_ok(pmmi_memory_of(rt)->objects == 0, "%s: every object is gone", name);
  pmmi_gc_fini(rt);
  tap_ok(pmmi_memory_of(rt)->live_bytes == 0, "%s: so is every byte", name);
  pmmi_domains_fini(rt);
  pmmi_holder_fini(rt);
  free(rt);
  backend->fini(heap);
}

static struct toy *toy_of(pmm_rt *rt, const struct pmmi_type *type) {
  pmm_obj *o = pmmi_gc_new(rt, type, 0);
  tap_need(o != NULL);
  pmmi_gc_track(rt, o);
  return (struct toy *)o;
}

/* Two toys that refer to each other; the caller owns the first. */
static struct toy *pair_of(pmm_rt *rt, const struct pmmi_type *type) {
  struct toy *a = toy_of(rt, type);
  struct toy *b = toy_of(rt, type);
  a->refs[0] = &b->base; /* takes over the reference                        */
  b->refs[0] = pmmi_new_reference(rt, &a->base);
  return a;
}

/* ---- the tests ---------------------------------------------------------- */

static void test_cycle(const struct pmm_backend *backend) {
  pmm_rt *rt = open_with(backend, "generational");
  struct toy *a = pair_of(rt, &toy_type);
  tap_ok(pmmi_gc_collect(rt, 2) == 0 && dead == 0, "who is held lives");
  pmmi_release(rt, &a->base);
  tap_ok(dead == 0 && pmmi_gc_collect(rt, 0) == 0, "an old pair is not young");
  tap_ok(pmmi_gc_collect(rt, 2) == 2 && dead == 2, "a dropped pair dies");
  tap_ok(flushed == 2, "a full collection empties the caches");
  tap_ok(checked > 0 && pmmi_gc_of(rt)->fault == NULL,
         "the heap is checked between phases");
  close_it(rt, "cycle");
}

static void test_finalize(const struct pmm_backend *backend) {
  pmm_rt *rt = open_with(backend, "generational");
  struct toy *a = pair_of(rt, &toy_type);
  pmm_obj *o = &a->base;
  saves = 1;
  pmmi_release(rt, o);
  tap_ok(pmmi_gc_collect(rt, 2) == 0 && saved != NULL && dead == 0,
         "a finalizer saves the pair");
  tap_ok(pmmi_gc_is_finalized(o) && a->finalized == 1, "it ran once");
  saves = 0;
  pmmi_clear(rt, &saved);
  tap_ok(pmmi_gc_collect(rt, 2) == 2 && dead == 2, "it does not run again");
  close_it(rt, "finalize");
}

static void test_weak(const struct pmm_backend *backend) {
  pmm_rt *rt = open_with(backend, "full");
  struct toy *a = pair_of(rt, &toy_type);
  pmm_obj *o = pmmi_gc_new(rt, &ref_type, 0);
  tap_need(o != NULL);
  struct pmmi_weakref *ref = (struct pmmi_weakref *)o;
  ref->act = target_died;
  pmmi_weakref_enter(ref, &a->base);
  pmmi_gc_track(rt, o);
  tap_ok(pmmi_weakref_check(&a->base) == NULL, "the list of a toy is whole");
  pmmi_release(rt, &a->base);
  tap_ok(pmmi_gc_collect(rt, 2) == 2 && called == 1 && ref->target == NULL,
         "a reference to garbage is cleared and called");
  struct toy *b = toy_of(rt, &toy_type);
  ref->act = target_died;
  pmmi_weakref_enter(ref, &b->base);
  pmmi_release(rt, &b->base);
  tap_ok(called == 2 && dead == 3, "and so it is on death by count");
  pmmi_release(rt, o);
  close_it(rt, "weak");
}

static void test_keep(const struct pmm_backend *backend) {
  pmm_rt *rt = open_with(backend, "full");
  struct toy *a = pair_of(rt, &legacy_type);
  pmmi_release(rt, &a->base);
  tap_ok(pmmi_gc_collect(rt, 2) == 2 && keeps == 2 && dead == 0,
         "what has a delete slot is kept");
  toy_clear(rt, &a->base);
  pmmi_clear(rt, &kept[0]);
  pmmi_clear(rt, &kept[1]);
  tap_ok(dead == 2, "until the host takes the cycle apart");
  close_it(rt, "keep");
}

static void test_large(const struct pmm_backend *backend) {
  pmm_rt *rt = open_with(backend, "incremental");
  pmm_obj *row = pmmi_gc_new(rt, &row_type, 0);
  tap_need(row != NULL);
  pmmi_gc_track(rt, row);
  (void)pmmi_gc_collect(rt, 2);
  tap_ok(!pmmi_gc_is_tracked(rt, row), "what can hold no cycle is untracked");
  pmmi_gc_track(rt, row);
  for (size_t i = 0; i < ITEMS; i++) {
    struct toy *toy = toy_of(rt, &toy_type);
    toy->refs[0] = pmmi_new_reference(rt, row);
    ((struct row *)row)->items[i] = &toy->base;
  }
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  table->middle_end = table->used;
  table->old_end = table->used;
  pmmi_release(rt, row);
  pmmi_gc_search_begin(rt);
  while (table->walk.phase != PMMI_GC_SEARCH_IDLE &&
         table->walk.phase < PMMI_GC_SEARCH_EXAMINE) {
    pmmi_gc_search_slice(rt, 500, UINT64_MAX);
  }
  tap_ok(parts > 2, "a large object is walked in parts: %u", parts);
  while (table->walk.phase != PMMI_GC_SEARCH_IDLE) {
    pmmi_gc_collect_suspects(rt);
  }
  tap_ok(dead == ITEMS, "a search finds the cycles through it");
  close_it(rt, "large");
}

int main(int argc, char **argv) {
  char message[200];
  pmmi_backend_prepare(argv);
  const struct pmm_backend *backend =
      pmmi_backend_find(argc > 1 ? argv[1] : "pool", message, sizeof message);
  tap_plan(0);
  tap_need(backend != NULL);
  test_cycle(backend);
  test_finalize(backend);
  test_weak(backend);
  test_keep(backend);
  test_large(backend);
  return tap_done();
}
