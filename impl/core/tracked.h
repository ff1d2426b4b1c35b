/* SPDX-License-Identifier: MIT */
/*
 * tracked.h - which objects a collector may look at: the head in front of each
 * collectable object, and the dense table of those that are tracked.
 *
 *   byte -16      -12     -8                 0
 *        +-------+-------+------------------+--------+--------+----
 *        | slot  | flags | next             | refcnt | type   | ...
 *        +-------+-------+------------------+--------+--------+----
 *                                           ^ handle
 *
 *    slot 0          frozen_end   old_end   middle_end        used
 *      |  permanent   | generation 2 |  gen. 1  | generation 0  |
 *      +--------------+--------------+----------+---------------+
 *    objects   o o . o o   o . o o o    o o        o o o . o       . hole
 *    marks     0 0 0 0 0   0 0 0 0 0    0 0        0 0 0 0 0
 *
 *   1. Tracking appends, so that the table is in order of tracking, and a
 *      generation is a range; promotion moves a boundary and no object.
 *   2. Untracking leaves a hole; holes at the end are popped.  A full table
 *      grows by a chunk, so growing never copies.  When a quarter is holes, the
 *      objects slide down, in order, some thousands each time it is full.
 *   3. Beside each slot lies its mark, 32 bits that only a collection uses.
 *      Passes over candidates thus walk dense memory; a linked list of heads
 *      would cost a cache miss an object (CPython's collector: 100 ns on a
 *      shuffled heap).
 *   4. The code that makes a collectable object reserves what tracking needs,
 *      so that tracking cannot fail; the code that ends one untracks it before
 *      it invalidates a field.
 *
 *   Memory per slot: 8 + 4 bytes, in chunks of PMMI_GC_CHUNK_SLOTS, beside
 *   the head of 16 bytes.
 *
 * Invariant: every tracked object is alive and its traverse is safe to call; a
 * head's slot is the index at which the table holds the object, or
 * PMMI_GC_UNTRACKED.  live <= room, so that every live object can be tracked
 * without memory; slots at or beyond `used` are holes; marks are 0 between
 * collections.  Slots do not move while a collection is under way.
 */
#ifndef PMMI_TRACKED_H
#define PMMI_TRACKED_H

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
  pmm_obj *next;  /* link of the walk's stack; unused between collections   */
};

static_assert(sizeof(struct pmmi_gc_head) == PMMI_GC_HEAD_BYTES,
              "the drawing above");
static_assert(offsetof(struct pmmi_gc_head, flags) == 4 &&
                  offsetof(struct pmmi_gc_head, next) == 8,
              "the drawing above");

/** Slots of a chunk; a power of two. */
#define PMMI_GC_CHUNK_SLOTS 2048u

struct pmmi_gc_chunk {
  uint32_t marks[PMMI_GC_CHUNK_SLOTS];   /* 0, or what gc/walk.h says       */
  pmm_obj *objects[PMMI_GC_CHUNK_SLOTS]; /* NULL: hole                      */
};

static_assert(sizeof(struct pmmi_gc_chunk) == 12 * PMMI_GC_CHUNK_SLOTS,
              "the figure above");

/** The bit of a mark that says: found to be garbage, or a candidate for it. */
#define PMMI_GC_CANDIDATE UINT32_C(1)

/** A range of slots. */
struct pmmi_gc_range {
  uint32_t from;
  uint32_t to; /* behind the last                                           */
};

/** Closing of holes that is under way: objects below `from` have moved to the
 *  slots below `to`, and the slots between are holes. */
struct pmmi_gc_slide {
  uint32_t from; /* 0: none is under way                                    */
  uint32_t to;
};

/** A walk over the table that stops and goes on later.  Meanwhile no hole is
 *  closed in passing; where all are, its slots move along. */
struct pmmi_gc_span {
  uint32_t phase; /* 0: none is under way; else the collector's business    */
  uint32_t from;  /* the range                                              */
  uint32_t to;    /* behind its last                                        */
  uint32_t at;    /* first slot that is not done                            */
  uint32_t again; /* first slot that waits for another sweep                */
};

/** The table of one runtime. */
struct pmmi_tracked {
  struct pmmi_gc_chunk **chunks;
  uint8_t *marked; /* beside each chunk, behind the pointers: 0: no slot of */
                   /* it is a candidate                                     */
  uint32_t chunk_count; /* chunks allocated                                 */
  uint32_t chunk_room;  /* chunks the directory has room for                */
  uint32_t used;        /* slots 0..used-1 hold objects or holes            */
  uint32_t count;       /* slots that hold objects                          */
  uint32_t live;        /* collectable objects, tracked or not              */
  struct pmmi_gc_slide slide;
  uint32_t hole_hint;   /* where the search for a hole starts               */
  /* Ends of the permanent set and of generations 2 and 1; generation 0 ends
   * at `used`.  frozen_end <= old_end <= middle_end <= used. */
  uint32_t frozen_end;
  uint32_t old_end;
  uint32_t middle_end;
  uint64_t counts[PMMI_GC_GENERATIONS]; /* 0: net new objects; 1, 2:        */
                                        /* collections                      */
  struct pmmi_gc_span walk;
  int collecting; /* 0: no; else 1 + the generation: no slot moves          */
};

static inline struct pmmi_gc_head *pmmi_gc_head_of(const pmm_obj *o) {
  assert(((uintptr_t)o & 7) == 0);
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

static inline pmm_obj **pmmi_gc_object_at(const struct pmmi_tracked *table,
                                          uint32_t slot) {
  return &table->chunks[slot / PMMI_GC_CHUNK_SLOTS]
              ->objects[slot % PMMI_GC_CHUNK_SLOTS];
}

static inline uint32_t *pmmi_gc_mark_at(const struct pmmi_tracked *table,
                                        uint32_t slot) {
  return &table->chunks[slot / PMMI_GC_CHUNK_SLOTS]
              ->marks[slot % PMMI_GC_CHUNK_SLOTS];
}

/** Slots that the chunks hold. */
static inline uint32_t pmmi_gc_room(const struct pmmi_tracked *table) {
  return table->chunk_count * PMMI_GC_CHUNK_SLOTS;
}

/** The slots of a generation; -1: of all three. */
struct pmmi_gc_range pmmi_gc_range_of(const struct pmmi_tracked *table,
                                      int generation);

/** 1 when a collection has marked the object: it is garbage, or may be. */
static inline int pmmi_gc_is_candidate(const struct pmmi_tracked *table,
                                       const pmm_obj *o) {
  if (!pmmi_gc_is_collectable(o)) {
    return 0;
  }
  uint32_t slot = pmmi_gc_head_of(o)->slot;
  return slot != PMMI_GC_UNTRACKED &&
         (*pmmi_gc_mark_at(table, slot) & PMMI_GC_CANDIDATE) != 0;
}

/** Let the collector see the object; untrack hides it.  Both cannot fail, may
 *  be called twice, and do nothing to an object without a header. */
void pmmi_gc_track(pmm_rt *rt, pmm_obj *o);
void pmmi_gc_untrack(pmm_rt *rt, pmm_obj *o);

/** 1 when the object is tracked; any object may be asked about. */
int pmmi_gc_is_tracked(pmm_rt *rt, pmm_obj *o);

/** Count `n` collectable objects less; their blocks are the caller's to give
 *  back. */
static inline void pmmi_gc_uncount(struct pmmi_tracked *table, uint32_t n) {
  assert(table->live >= n);
  table->live -= n;
  table->counts[0] -= table->counts[0] < n ? table->counts[0] : n;
}

/** Make room for one more live object.  0, or -1: no memory. */
int pmmi_gc_reserve(pmm_rt *rt);

/** Untrack a tracked object that dies, in haste: its head goes on naming the
 *  slot, `count` counts it, and holes at the end stay, until
 *  pmmi_gc_taken_out(). */
static inline void pmmi_gc_take_out(const struct pmmi_tracked *table,
                                    const pmm_obj *o) {
  uint32_t slot = pmmi_gc_head_of(o)->slot;
  assert(slot != PMMI_GC_UNTRACKED && slot < table->used);
  struct pmmi_gc_chunk *chunk = table->chunks[slot / PMMI_GC_CHUNK_SLOTS];
  assert(chunk->objects[slot % PMMI_GC_CHUNK_SLOTS] == o);
  chunk->objects[slot % PMMI_GC_CHUNK_SLOTS] = NULL;
  chunk->marks[slot % PMMI_GC_CHUNK_SLOTS] = 0;
}

/** So many objects were taken out; any time later, before others look. */
void pmmi_gc_taken_out(pmm_rt *rt, uint32_t count);

/** Close all holes, in order.  No collection is under way, and what a walk
 *  waits for is noted in the marks. */
void pmmi_gc_compact(struct pmmi_tracked *table);

/** Close all holes and give back chunks that hold nothing. */
void pmmi_gc_table_trim(pmm_rt *rt);

/** Close the holes among the next `slots` slots, in order, from where the last
 *  call stopped.  No collection and no walk is under way. */
void pmmi_gc_slide(struct pmmi_tracked *table, uint32_t slots);

/** Chunks that a free list of the table keeps beyond its need, as figures of
 *  struct pmm_memory. */
void pmmi_gc_table_figures(const struct pmmi_tracked *table, uint64_t *blocks,
                           uint64_t *bytes);

/** Check the table; NULL when its invariant holds, else which part does not.
 *  With `at_rest` no collection is under way and marks must be 0. */
const char *pmmi_gc_table_check(const struct pmmi_tracked *table, int at_rest);

/** Make an empty table with one chunk.  0, or -1: no memory. */
int pmmi_gc_table_init(pmm_rt *rt);
void pmmi_gc_table_fini(pmm_rt *rt);

#endif /* PMMI_TRACKED_H */
