/* SPDX-License-Identifier: MIT */
/*
 * gc.h - the cycle collector's interface to the object model.
 *
 *   byte -16      -12     -8                 0
 *        +-------+-------+------------------+--------+--------+----
 *        | slot  | flags | next             | refcnt | type   | ...
 *        +-------+-------+------------------+--------+--------+----
 *                                           ^ handle
 *
 *   1. pmmi_gc_new() makes an object that is not tracked yet, and reserves
 *      what tracking needs, so that tracking cannot fail.
 *   2. When its fields are valid, its constructor tracks it: it gets a slot
 *      in the table of tracked objects (core/tracked.h).
 *   3. Its dealloc untracks it before it invalidates a field.
 *   4. pmmi_gc_free() gives it back.
 *
 * Invariant: every tracked object is alive and its traverse is safe to call;
 * a head's slot is the index at which the table holds the object, or
 * PMMI_GC_UNTRACKED.  Suspended nowhere.
 *
 * Source: CPython 3.11 Modules/gcmodule.c and InternalDocs/
 * garbage_collector.md for what a collection does; the dense table in place
 * of linked lists is explained in impl/core/tracked.h.
 */
#ifndef PMMI_GC_H
#define PMMI_GC_H

#include "core/object.h"

/** Bytes in front of every object of a PMMI_TYPE_GC type. */
#define PMMI_GC_HEAD_BYTES 16

/** `slot` of an object that is not tracked. */
#define PMMI_GC_UNTRACKED UINT32_MAX

/** Generations that collections move survivors through. */
#define PMMI_GC_GENERATIONS 3

enum pmmi_gc_flag {
  PMMI_GC_FINALIZED = 1u << 0 /* set before the finalizer runs; never cleared */
};

/** What stands in front of a collectable object. */
struct pmmi_gc_head {
  uint32_t slot;  /* index in the table, or PMMI_GC_UNTRACKED               */
  uint32_t flags; /* enum pmmi_gc_flag, or-ed                               */
  pmm_obj *next;  /* link of the marker's stack; unused between collections */
};

static_assert(sizeof(struct pmmi_gc_head) == PMMI_GC_HEAD_BYTES,
              "the drawing above");
static_assert(offsetof(struct pmmi_gc_head, next) == 8, "the drawing above");

/** Who starts collections. */
enum pmmi_gc_mode {
  PMMI_GC_GENERATIONAL, /* CPython's three counters and 25 % rule            */
  PMMI_GC_FULL,         /* always everything, when a quarter more lives      */
  PMMI_GC_INCREMENTAL,  /* generational, old garbage searched by and by      */
  PMMI_GC_COUNTING      /* nobody; collect() works                           */
};

struct pmmi_gc_chunk;

/** Slots of objects that an interrupted search goes on with. */
#define PMMI_GC_SEARCH_STACK 256

/** What a search for old garbage does next (gc/search.h). */
enum pmmi_gc_search_phase {
  PMMI_GC_SEARCH_IDLE,    /* none is under way                              */
  PMMI_GC_SEARCH_ENTER,   /* makes the old objects members                  */
  PMMI_GC_SEARCH_COUNT,   /* counts their references                        */
  PMMI_GC_SEARCH_REACH,   /* reaches from who is held                       */
  PMMI_GC_SEARCH_EXAMINE, /* deduces the suspects, some at a time           */
  PMMI_GC_SEARCH_SPARED   /* deduces at once those who were spared          */
};

/** A search for old garbage, between two of its slices. */
struct pmmi_gc_search {
  enum pmmi_gc_search_phase phase;
  uint32_t from;    /* the range                                            */
  uint32_t to;      /* behind its last                                      */
  uint32_t at;      /* first slot that is not done                          */
  uint32_t again;   /* as in struct pmmi_marker                             */
  uint32_t sweeps;  /* as in struct pmmi_marker                             */
  uint32_t members; /* objects that entered                                 */
  uint64_t walked;  /* objects that its slices have counted or reached from */
  uint32_t depth;   /* of the stack                                         */
  size_t part;      /* references of the object at `at` walked already      */
  const pmm_obj *parted; /* that object                                     */
  uint64_t budget_ns;    /* longest pause that is aimed at                  */
  uint32_t stack[PMMI_GC_SEARCH_STACK]; /* slots: objects may die meanwhile */
};

/** Closing of holes that is under way: objects below `from` have moved to the
 *  slots below `to`, and the slots between are holes. */
struct pmmi_gc_slide {
  uint32_t from; /* 0: none is under way                                    */
  uint32_t to;
};

/** State of the collector of one runtime. */
struct pmmi_gc {
  struct pmmi_gc_chunk **chunks; /* the table (core/tracked.h)              */
  uint8_t *marked; /* beside each chunk, behind the pointers: 0: no slot of   */
                   /* it is a candidate                                      */
  uint32_t chunk_count;          /* chunks allocated                        */
  uint32_t chunk_room;           /* chunks the directory has room for       */
  uint32_t used;      /* slots 0..used-1 hold objects or holes              */
  uint32_t tracked;   /* slots that hold objects                            */
  uint32_t live;      /* collectable objects, tracked or not                */
  struct pmmi_gc_slide slide;
  uint32_t hole_hint; /* where the search for a hole starts                 */
  /* Ends of the permanent set and of generations 2 and 1; generation 0 ends
   * at `used`.  frozen_end <= old_end <= middle_end <= used. */
  uint32_t frozen_end;
  uint32_t old_end;
  uint32_t middle_end;

  uint64_t thresholds[PMMI_GC_GENERATIONS]; /* 0 as the first: no automatic */
  uint64_t counts[PMMI_GC_GENERATIONS]; /* 0: net new; 1, 2: collections    */
  uint64_t long_lived_total;   /* survivors of the last full collection     */
  uint64_t long_lived_pending; /* that reached generation 2 since           */
  struct pmm_gc_stats stats[PMMI_GC_GENERATIONS];
  struct pmmi_gc_search search; /* of the mode incremental                  */

  enum pmmi_gc_mode mode;
  int enabled;       /* automatic collections are allowed                   */
  int collecting;    /* 0: no; else 1 + the generation: no second one, no  */
                     /* slot moves                                          */
  int stress;        /* PMM_OPEN_GC_STRESS                                  */
  int checked;       /* PMM_OPEN_CHECKED                                    */
  uint32_t debug;    /* enum pmm_gc_debug, or-ed                            */
  pmm_obj *garbage;  /* list of the kept; NULL until somebody needs it      */
  const char *fault; /* what a check between phases found; NULL: nothing    */
};

static inline struct pmmi_gc_head *pmmi_gc_head_of(const pmm_obj *o) {
  return (struct pmmi_gc_head *)((uintptr_t)o - PMMI_GC_HEAD_BYTES);
}

static inline int pmmi_gc_is_collectable(const pmm_obj *o) {
  return (o->type->flags & PMMI_TYPE_GC) != 0;
}

/** 1 when the object's finalizer was started; 0 for any object without a
 *  collector header. */
static inline int pmmi_gc_is_finalized(const pmm_obj *o) {
  return pmmi_gc_is_collectable(o) &&
         (pmmi_gc_head_of(o)->flags & PMMI_GC_FINALIZED) != 0;
}

/** Remember that the finalizer was started; nothing without a header. */
static inline void pmmi_gc_set_finalized(pmm_obj *o) {
  if (pmmi_gc_is_collectable(o)) {
    pmmi_gc_head_of(o)->flags |= PMMI_GC_FINALIZED;
  }
}

/** Make the collector of a runtime.  `mode` is a name of pmmi_gc_modes or
 *  NULL; `open_flags` are enum pmm_open_flag.  PMM_NO_MEMORY; PMM_VALUE: no
 *  such mode. */
enum pmm_status pmmi_gc_init(pmm_rt *rt, const char *mode,
                             uint32_t open_flags);

/** Everything the runtime needs for itself has been made: it is no leak, and
 *  its tuples of constants are not tracked. */
void pmmi_gc_opened(pmm_rt *rt);

/** Fill in tracked objects, and add the table's spare chunks to what is
 *  cached. */
void pmmi_gc_figures(pmm_rt *rt, struct pmm_memory *out);

/** Finalize and drop whatever is still tracked, whoever holds it.  Part of
 *  close(), before any module that an object needs to die is gone.  May run
 *  code. */
void pmmi_gc_teardown(pmm_rt *rt);

/** Give back the table.  Nothing is tracked. */
void pmmi_gc_fini(pmm_rt *rt);

/** Names of the modes, NULL-terminated, the default first. */
extern const char *const pmmi_gc_modes[];

/** A new, untracked object with `n` items, body zeroed, count 1.  May start a
 *  collection and so run code, before it allocates.  NULL: PMM_NO_MEMORY. */
pmm_obj *pmmi_gc_new(pmm_rt *rt, const struct pmmi_type *type, size_t n);

/** Resize an untracked, unshared object to `n` items, in place or not; new
 *  items are zero.  NULL: PMM_NO_MEMORY, and the object is unchanged. */
pmm_obj *pmmi_gc_resize(pmm_rt *rt, pmm_obj *o, size_t n);

/** Begin a second life: an untracked object that a free list kept is handed
 *  out again with count 1.  Nothing is allocated, nothing collected. */
void pmmi_gc_revive(pmm_rt *rt, pmm_obj *o);

/** Let the collector see the object; untrack hides it.  Both cannot fail, may
 *  be called twice, and do nothing to an object without a header. */
void pmmi_gc_track(pmm_rt *rt, pmm_obj *o);
void pmmi_gc_untrack(pmm_rt *rt, pmm_obj *o);

/** 1 when the object is tracked; any object may be asked about. */
int pmmi_gc_is_tracked(pmm_rt *rt, pmm_obj *o);

/** Give back an untracked object's memory; drops the reference to a heap
 *  type.  Owned references must be gone already. */
void pmmi_gc_free(pmm_rt *rt, pmm_obj *o);

/** End a search that is under way; marks are 0 then.  Who needs the marks, or
 *  empties the old generation, calls it first. */
void pmmi_gc_search_abandon(struct pmmi_gc *gc);

/** Count `n` collectable objects less; their blocks are the caller's to give
 *  back. */
static inline void pmmi_gc_uncount(struct pmmi_gc *gc, uint32_t n) {
  assert(gc->live >= n);
  gc->live -= n;
  gc->counts[0] -= gc->counts[0] < n ? gc->counts[0] : n;
}

/** Give back chunks of the table that hold nothing. */
void pmmi_gc_trim(pmm_rt *rt);

/* ---- operations (contracts: pmm/subject.h) ------------------------------ */

enum pmm_status pmmi_collect(pmm_rt *rt, int generation,
                             uint64_t *unreachable);
void pmmi_gc_enable(pmm_rt *rt, int enabled);
int pmmi_gc_enabled(pmm_rt *rt);
pmm_obj *pmmi_gc_referents(pmm_rt *rt, pmm_obj *o);
pmm_obj *pmmi_gc_referrers(pmm_rt *rt, pmm_obj *o);
int pmmi_gc_traverse(pmm_rt *rt, pmm_obj *o, pmm_visit visit, void *ctx);
enum pmm_status pmmi_gc_clear(pmm_rt *rt, pmm_obj *o);
const char *pmmi_heap_verify(pmm_rt *rt);
enum pmm_status pmmi_gc_debug_set(pmm_rt *rt, uint32_t flags);
pmm_obj *pmmi_gc_garbage(pmm_rt *rt);
enum pmm_status pmmi_gc_freeze(pmm_rt *rt);
enum pmm_status pmmi_gc_unfreeze(pmm_rt *rt);
uint64_t pmmi_gc_freeze_count(pmm_rt *rt);
pmm_obj *pmmi_gc_objects(pmm_rt *rt, int generation);
void pmmi_gc_thresholds(pmm_rt *rt, uint64_t thresholds[3]);
enum pmm_status pmmi_gc_set_thresholds(pmm_rt *rt, const uint64_t values[3]);
void pmmi_gc_counts(pmm_rt *rt, uint64_t counts[3]);
enum pmm_status pmmi_gc_stats(pmm_rt *rt, int generation,
                              struct pmm_gc_stats *out);
enum pmm_status pmmi_gc_set_budget(pmm_rt *rt, uint64_t nanoseconds);
int pmmi_is_finalized(pmm_rt *rt, pmm_obj *o);
enum pmm_status pmmi_leaks(pmm_rt *rt,
                           void (*report)(void *ctx,
                                          const struct pmm_leak *leak),
                           void *ctx);

#endif /* PMMI_GC_H */
