/* SPDX-License-Identifier: MIT */
/*
 * gc.h - the cycle collector's interface to the object model.
 *
 *   1. pmmi_gc_new() makes an object that is not tracked yet, and reserves
 *      what tracking needs (core/tracked.h).
 *   2. When its fields are valid, its constructor tracks it.
 *   3. Its dealloc untracks it before it invalidates a field.
 *   4. pmmi_gc_free() gives it back.
 *   5. The collector knows types by their slots and flags alone.  What it needs
 *      of the floors above it is in `keep` and `check`.
 *
 * Source: CPython 3.11 Modules/gcmodule.c and InternalDocs/
 * garbage_collector.md for what a collection does; the dense table in place
 * of linked lists is explained in core/tracked.h.
 */
#ifndef PMMI_GC_H
#define PMMI_GC_H

#include "core/tracked.h"

/** Who starts collections. */
enum pmmi_gc_mode {
  PMMI_GC_GENERATIONAL, /* CPython's three counters and 25 % rule            */
  PMMI_GC_FULL,         /* always everything, when a quarter more lives      */
  PMMI_GC_INCREMENTAL,  /* generational, old garbage searched by and by      */
  PMMI_GC_COUNTING,     /* nobody; collect() works                           */
  PMMI_GC_PROPORTIONAL  /* by parts of what lives                            */
};

/** Slots of objects that an interrupted search goes on with. */
#define PMMI_GC_SEARCH_STACK 256

/** What a search for old garbage does next (gc/search.h). */
enum pmmi_gc_search_phase {
  PMMI_GC_SEARCH_IDLE,    /* none is under way: 0, as core/tracked.h says   */
  PMMI_GC_SEARCH_ENTER,   /* makes the old objects members                  */
  PMMI_GC_SEARCH_COUNT,   /* counts their references                        */
  PMMI_GC_SEARCH_REACH,   /* reaches from who is held                       */
  PMMI_GC_SEARCH_EXAMINE, /* deduces the suspects, some at a time           */
  PMMI_GC_SEARCH_SPARED   /* deduces at once those who were spared          */
};

/** A search for old garbage, between two of its slices.  Its phase and range
 *  are the table's `walk`. */
struct pmmi_gc_search {
  uint32_t sweeps;  /* as in struct pmmi_walk                             */
  uint32_t members; /* objects that entered                                 */
  uint64_t walked;  /* objects that its slices have counted or reached from */
  uint32_t depth;   /* of the stack                                         */
  size_t part;      /* references of the object at `at` walked already      */
  const pmm_obj *parted; /* that object                                     */
  uint64_t budget_ns;    /* longest pause that is aimed at                  */
  uint32_t stack[PMMI_GC_SEARCH_STACK]; /* slots: objects may die meanwhile */
};

/** State of the collector of one runtime. */
struct pmmi_gc {
  uint64_t thresholds[PMMI_GC_GENERATIONS]; /* 0 as the first: no automatic */
  uint64_t long_lived_total;   /* survivors of the last full collection     */
  uint64_t long_lived_pending; /* that reached generation 2 since           */
  uint64_t spare;    /* objects beyond threshold 0 before one starts        */
  unsigned patience; /* of the mode proportional: see gc.c                  */
  uint32_t ahead;    /* objects before threshold 0: a slice is due, in the  */
                     /* mode incremental                                    */
  struct pmm_gc_stats stats[PMMI_GC_GENERATIONS];
  struct pmmi_gc_search search; /* of the mode incremental                  */

  enum pmmi_gc_mode mode;
  int enabled;       /* automatic collections are allowed                   */
  int stress;        /* PMM_OPEN_GC_STRESS                                  */
  uint32_t debug;    /* enum pmm_gc_debug, or-ed                            */
  pmm_obj *garbage;  /* list of the kept; NULL until somebody needs it      */
  const char *fault; /* what a check between phases found; NULL: nothing    */
  /** Where garbage that is not dropped is kept; set before it is needed.  May
   *  fail: then the object merely stays alive. */
  enum pmm_status (*keep)(pmm_rt *rt, pmm_obj *o);
  /** What is wrong with the heap; NULL: nothing is checked between phases. */
  const char *(*check)(pmm_rt *rt);
};

/** Make the collector of a runtime.  `mode` is a name of pmmi_gc_modes or
 *  NULL; `open_flags` are enum pmm_open_flag.  PMM_NO_MEMORY; PMM_VALUE: no
 *  such mode. */
enum pmm_status pmmi_gc_init(pmm_rt *rt, const char *mode,
                             uint32_t open_flags);

/** Everything the runtime needs for itself has been made: what of it is atomic
 *  is not tracked. */
void pmmi_gc_opened(pmm_rt *rt);

/** Fill in tracked objects, and add the table's spare chunks to what is
 *  cached. */
void pmmi_gc_figures(pmm_rt *rt, struct pmm_memory *out);

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

/** Give back an untracked object's memory; drops the reference to a heap
 *  type.  Owned references must be gone already. */
void pmmi_gc_free(pmm_rt *rt, pmm_obj *o);

/** Give back chunks of the table that hold nothing. */
void pmmi_gc_trim(pmm_rt *rt);

/* ---- operations (contracts: pmm/subject.h) ------------------------------ */

enum pmm_status pmmi_gc_set_budget(pmm_rt *rt, uint64_t nanoseconds);

#endif /* PMMI_GC_H */
