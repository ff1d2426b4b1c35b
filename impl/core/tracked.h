/* SPDX-License-Identifier: MIT */
/*
 * tracked.h - the dense table of tracked objects.
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
 *
 *   Memory per slot: 8 + 4 bytes, in chunks of PMMI_GC_CHUNK_SLOTS, beside
 *   the head of 16 bytes (gc.h).
 *
 * Invariant: live <= room, so that every live object can be tracked without
 * memory; slots at or beyond `used` are holes; marks are 0 between
 * collections.  Slots do not move while a collection is under way.
 */
#ifndef PMMI_TRACKED_H
#define PMMI_TRACKED_H

#include "gc/gc.h"

/** Slots of a chunk; a power of two. */
#define PMMI_GC_CHUNK_SLOTS 2048u

struct pmmi_gc_chunk {
  uint32_t marks[PMMI_GC_CHUNK_SLOTS];   /* see gc/mark.h                   */
  pmm_obj *objects[PMMI_GC_CHUNK_SLOTS]; /* NULL: hole                      */
};

static_assert(sizeof(struct pmmi_gc_chunk) == 12 * PMMI_GC_CHUNK_SLOTS,
              "the figure above");

/** A range of slots. */
struct pmmi_gc_range {
  uint32_t from;
  uint32_t to; /* behind the last                                           */
};

static inline pmm_obj **pmmi_gc_object_at(const struct pmmi_gc *gc,
                                          uint32_t slot) {
  return &gc->chunks[slot / PMMI_GC_CHUNK_SLOTS]
              ->objects[slot % PMMI_GC_CHUNK_SLOTS];
}

static inline uint32_t *pmmi_gc_mark_at(const struct pmmi_gc *gc,
                                        uint32_t slot) {
  return &gc->chunks[slot / PMMI_GC_CHUNK_SLOTS]
              ->marks[slot % PMMI_GC_CHUNK_SLOTS];
}

/** Slots that the chunks hold. */
static inline uint32_t pmmi_gc_room(const struct pmmi_gc *gc) {
  return gc->chunk_count * PMMI_GC_CHUNK_SLOTS;
}

/** The slots of a generation; -1: of all three. */
struct pmmi_gc_range pmmi_gc_range_of(const struct pmmi_gc *gc,
                                      int generation);

/** Make room for one more live object.  0, or -1: no memory. */
int pmmi_gc_reserve(pmm_rt *rt);

/** Untrack a tracked object that dies, in haste: its head goes on naming the
 *  slot, `tracked` counts it, and holes at the end stay, until
 *  pmmi_gc_taken_out(). */
static inline void pmmi_gc_take_out(const struct pmmi_gc *gc,
                                    const pmm_obj *o) {
  uint32_t slot = pmmi_gc_head_of(o)->slot;
  struct pmmi_gc_chunk *chunk = gc->chunks[slot / PMMI_GC_CHUNK_SLOTS];
  assert(chunk->objects[slot % PMMI_GC_CHUNK_SLOTS] == o);
  chunk->objects[slot % PMMI_GC_CHUNK_SLOTS] = NULL;
  chunk->marks[slot % PMMI_GC_CHUNK_SLOTS] = 0;
}

/** So many objects were taken out; any time later, before others look. */
void pmmi_gc_taken_out(pmm_rt *rt, uint32_t count);

/** Close all holes, in order.  No collection is under way. */
void pmmi_gc_compact(struct pmmi_gc *gc);

/** Close the holes among the next `slots` slots, in order, from where the last
 *  call stopped.  No collection and no search is under way. */
void pmmi_gc_slide(struct pmmi_gc *gc, uint32_t slots);

/** Chunks that a free list of the table keeps beyond its need, as figures of
 *  struct pmm_memory. */
void pmmi_gc_table_figures(const struct pmmi_gc *gc, uint64_t *blocks,
                           uint64_t *bytes);

/** Check the table; NULL when its invariant holds, else which part does not.
 *  With `at_rest` no collection is under way and marks must be 0. */
const char *pmmi_gc_table_check(const struct pmmi_gc *gc, int at_rest);

/** Make an empty table with one chunk.  0, or -1: no memory. */
int pmmi_gc_table_init(pmm_rt *rt);
void pmmi_gc_table_fini(pmm_rt *rt);

#endif /* PMMI_TRACKED_H */
