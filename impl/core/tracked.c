/* SPDX-License-Identifier: MIT */
/* tracked.c - the dense table of tracked objects; see tracked.h. */
#include "core/tracked.h"

#include <string.h>

#include "gc/search.h"
#include "runtime/runtime.h"

/** Slots that are looked at in one go when holes are closed: as long a pause as
 *  a slice of a search, and enough to come to the end before the table has
 *  grown by an eighth. */
#define SLIDE_SLOTS (8u * PMMI_GC_CHUNK_SLOTS)

/** Chunks that are given back in one go, as that may take long too. */
#define DROPPED_AT_ONCE 4u

/** Chunks the directory has room for at first, and at least. */
#define DIRECTORY_ROOM 8u

/* A pointer and a flag for each chunk. */
static size_t directory_bytes(uint32_t room) {
  return room * (sizeof(struct pmmi_gc_chunk *) + sizeof(uint8_t));
}

static uint8_t *flags_of(struct pmmi_gc_chunk **chunks, uint32_t room) {
  return (uint8_t *)(chunks + room);
}

struct pmmi_gc_range pmmi_gc_range_of(const struct pmmi_gc *gc,
                                      int generation) {
  switch (generation) {
  case 0:
    return (struct pmmi_gc_range){gc->middle_end, gc->used};
  case 1:
    return (struct pmmi_gc_range){gc->old_end, gc->middle_end};
  case 2:
    return (struct pmmi_gc_range){gc->frozen_end, gc->old_end};
  default:
    return (struct pmmi_gc_range){gc->frozen_end, gc->used};
  }
}

/* ---- growing and shrinking ---------------------------------------------- */

static int grow_directory(pmm_rt *rt) {
  struct pmmi_gc *gc = &rt->gc;
  uint32_t room = gc->chunk_room == 0 ? DIRECTORY_ROOM : gc->chunk_room * 2;
  void *grown =
      pmmi_mem_realloc(rt, gc->chunks, directory_bytes(gc->chunk_room),
                       directory_bytes(room));
  if (grown == NULL) {
    return -1;
  }
  gc->chunks = grown;
  gc->marked = flags_of(gc->chunks, room);
  memmove(gc->marked, flags_of(gc->chunks, gc->chunk_room), gc->chunk_room);
  memset(gc->marked + gc->chunk_room, 0, room - gc->chunk_room);
  gc->chunk_room = room;
  return 0;
}

static int add_chunk(pmm_rt *rt) {
  struct pmmi_gc *gc = &rt->gc;
  /* Slots are 32 bits wide, and the last of them means "untracked". */
  if (gc->chunk_count >= UINT32_MAX / PMMI_GC_CHUNK_SLOTS) {
    return -1;
  }
  if (gc->chunk_count == gc->chunk_room && grow_directory(rt) != 0) {
    return -1;
  }
  struct pmmi_gc_chunk *chunk = pmmi_mem_alloc_zero(rt, sizeof *chunk);
  if (chunk == NULL) {
    return -1;
  }
  gc->chunks[gc->chunk_count++] = chunk;
  return 0;
}

static uint32_t chunks_needed(const struct pmmi_gc *gc) {
  uint32_t slots = gc->used > gc->live ? gc->used : gc->live;
  uint32_t chunks =
      (slots + (PMMI_GC_CHUNK_SLOTS - 1)) / PMMI_GC_CHUNK_SLOTS;
  return chunks > 0 ? chunks : 1;
}

static void drop_chunks(pmm_rt *rt, uint32_t keep) {
  struct pmmi_gc *gc = &rt->gc;
  while (gc->chunk_count > keep) {
    pmmi_mem_free(rt, gc->chunks[--gc->chunk_count],
                  sizeof(struct pmmi_gc_chunk));
  }
}

/* Keep one chunk to spare, so that a program which goes to and fro over a
 * boundary does not allocate each time. */
static void drop_spare_chunks(pmm_rt *rt) {
  uint32_t count = rt->gc.chunk_count;
  uint32_t keep = chunks_needed(&rt->gc) + 1;
  if (count > keep && !rt->gc.collecting) {
    drop_chunks(rt, count - keep > DROPPED_AT_ONCE ? count - DROPPED_AT_ONCE
                                                   : keep);
  }
}

/* Small directories are left: only a shrinking by half or more pays. */
static void shrink_directory(pmm_rt *rt) {
  struct pmmi_gc *gc = &rt->gc;
  uint32_t room = gc->chunk_room;
  while (room > DIRECTORY_ROOM && room / 2 >= gc->chunk_count) {
    room /= 2;
  }
  if (room == gc->chunk_room) {
    return;
  }
  /* No collection is under way, so no flag is needed. */
  void *shrunk =
      pmmi_mem_realloc(rt, gc->chunks, directory_bytes(gc->chunk_room),
                       directory_bytes(room));
  if (shrunk != NULL) {
    gc->chunks = shrunk;
    gc->chunk_room = room;
  }
  gc->marked = flags_of(gc->chunks, gc->chunk_room);
  memset(gc->marked, 0, gc->chunk_room);
}

void pmmi_gc_trim(pmm_rt *rt) {
  if (rt->gc.collecting) {
    return;
  }
  pmmi_gc_compact(&rt->gc);
  drop_chunks(rt, chunks_needed(&rt->gc));
  shrink_directory(rt);
}

void pmmi_gc_table_figures(const struct pmmi_gc *gc, uint64_t *blocks,
                           uint64_t *bytes) {
  uint32_t needed = chunks_needed(gc);
  assert(gc->chunk_count >= needed);
  *blocks = gc->chunk_count - needed;
  *bytes = *blocks * sizeof(struct pmmi_gc_chunk);
}

/* Room for the live objects that are not tracked, behind the last. */
static int has_room(const struct pmmi_gc *gc) {
  return gc->used + (gc->live - gc->tracked) < pmmi_gc_room(gc);
}

/* Close some holes, when there are many or it was begun.  A search needs the
 * slots where they are. */
static void close_some_holes(pmm_rt *rt) {
  struct pmmi_gc *gc = &rt->gc;
  uint32_t holes = gc->used - gc->tracked;
  if (!gc->collecting && gc->search.phase == PMMI_GC_SEARCH_IDLE &&
      (gc->slide.from > 0 || holes >= gc->used / 4)) {
    pmmi_gc_slide(gc, SLIDE_SLOTS);
    drop_spare_chunks(rt);
  }
}

int pmmi_gc_reserve(pmm_rt *rt) {
  struct pmmi_gc *gc = &rt->gc;
  assert(gc->live <= pmmi_gc_room(gc));
  if (has_room(gc)) {
    return 0;
  }
  close_some_holes(rt);
  if (has_room(gc) || add_chunk(rt) == 0) {
    return 0;
  }
  /* Tracking falls back to holes, of which there are enough. */
  return gc->live < pmmi_gc_room(gc) ? 0 : -1;
}

/* ---- compaction --------------------------------------------------------- */

/** Ends of ranges that move with the objects in front of them. */
#define ENDS 7

static void list_ends(struct pmmi_gc *gc, uint32_t *ends[ENDS]) {
  ends[0] = &gc->frozen_end;
  ends[1] = &gc->old_end;
  ends[2] = &gc->middle_end;
  ends[3] = &gc->search.from;
  ends[4] = &gc->search.to;
  ends[5] = &gc->search.at;
  ends[6] = &gc->search.again;
}

/* The slots below `from` have become those below `to`. */
static void move_ends(uint32_t *const ends[ENDS], uint32_t from,
                      uint32_t to) {
  for (int i = 0; i < ENDS; i++) {
    if (*ends[i] == from) {
      *ends[i] = to;
    }
  }
}

static void move_slot(struct pmmi_gc *gc, uint32_t from, uint32_t to) {
  pmm_obj **source = pmmi_gc_object_at(gc, from);
  uint32_t *mark = pmmi_gc_mark_at(gc, from);
  pmmi_gc_head_of(*source)->slot = to;
  *pmmi_gc_object_at(gc, to) = *source;
  *pmmi_gc_mark_at(gc, to) = *mark;
  *source = NULL;
  *mark = 0;
}

/* The nearest end behind `from`, or `stop`. */
static uint32_t next_end(uint32_t *const ends[ENDS], uint32_t from,
                         uint32_t stop) {
  for (int i = 0; i < ENDS; i++) {
    if (*ends[i] > from && *ends[i] < stop) {
      stop = *ends[i];
    }
  }
  return stop;
}

static void slide_objects(struct pmmi_gc *gc, uint32_t stop) {
  struct pmmi_gc_slide *slide = &gc->slide;
  for (; slide->from < stop; slide->from++) {
    if (*pmmi_gc_object_at(gc, slide->from) == NULL) {
      continue;
    }
    if (slide->to != slide->from) {
      move_slot(gc, slide->from, slide->to);
    }
    slide->to++;
  }
}

static void end_slide(struct pmmi_gc *gc, uint32_t *const ends[ENDS]) {
  move_ends(ends, gc->slide.from, gc->slide.to);
  gc->used = gc->slide.to;
  gc->hole_hint = 0;
  gc->slide = (struct pmmi_gc_slide){.from = 0};
}

void pmmi_gc_slide(struct pmmi_gc *gc, uint32_t slots) {
  struct pmmi_gc_slide *slide = &gc->slide;
  uint32_t *ends[ENDS];
  assert(!gc->collecting);
  list_ends(gc, ends);
  uint32_t stop =
      gc->used - slide->from > slots ? slide->from + slots : gc->used;
  while (slide->from < stop) {
    move_ends(ends, slide->from, slide->to);
    slide_objects(gc, next_end(ends, slide->from, stop));
  }
  if (slide->from == gc->used) {
    end_slide(gc, ends);
  }
}

void pmmi_gc_compact(struct pmmi_gc *gc) {
  pmmi_gc_search_settle(gc);
  gc->slide = (struct pmmi_gc_slide){.from = 0};
  if (gc->used > gc->tracked) {
    pmmi_gc_slide(gc, UINT32_MAX);
  }
  assert(gc->used == gc->tracked);
}

/* ---- tracking ----------------------------------------------------------- */

/* The reservation promises a hole when the table is full. */
static uint32_t take_hole(struct pmmi_gc *gc) {
  assert(gc->tracked < gc->used);
  uint32_t slot = gc->hole_hint;
  while (*pmmi_gc_object_at(gc, slot) != NULL) {
    slot = slot + 1 == gc->used ? 0 : slot + 1;
  }
  gc->hole_hint = slot;
  gc->slide = (struct pmmi_gc_slide){.from = 0}; /* it may lie in the gap     */
  return slot;
}

void pmmi_gc_track(pmm_rt *rt, pmm_obj *o) {
  struct pmmi_gc *gc = &rt->gc;
  if (!pmmi_gc_is_collectable(o) ||
      pmmi_gc_head_of(o)->slot != PMMI_GC_UNTRACKED) {
    return;
  }
  assert(gc->tracked < gc->live);
  uint32_t slot = gc->used < pmmi_gc_room(gc) ? gc->used++ : take_hole(gc);
  *pmmi_gc_object_at(gc, slot) = o;
  pmmi_gc_head_of(o)->slot = slot;
  gc->tracked++;
}

/* Boundaries never lie behind the end. */
static void clamp_boundaries(struct pmmi_gc *gc) {
  if (gc->middle_end > gc->used) {
    gc->middle_end = gc->used;
    if (gc->old_end > gc->used) {
      gc->old_end = gc->used;
      if (gc->frozen_end > gc->used) {
        gc->frozen_end = gc->used;
      }
    }
  }
}

/* The end of what is left when the holes behind it are popped. */
static uint32_t end_of_objects(const struct pmmi_gc *gc) {
  uint32_t used = gc->used;
  while (used > 0) {
    const struct pmmi_gc_chunk *chunk =
        gc->chunks[(used - 1) / PMMI_GC_CHUNK_SLOTS];
    uint32_t n = (used - 1) % PMMI_GC_CHUNK_SLOTS + 1;
    used -= n;
    while (n > 0 && chunk->objects[n - 1] == NULL) {
      n--;
    }
    if (n > 0) {
      return used + n;
    }
  }
  return 0;
}

static void pop_holes(pmm_rt *rt) {
  struct pmmi_gc *gc = &rt->gc;
  uint32_t before = gc->used;
  uint32_t used = end_of_objects(gc);
  gc->used = used;
  if (gc->hole_hint >= used) {
    gc->hole_hint = 0;
  }
  if (gc->middle_end > used) {
    clamp_boundaries(gc);
    pmmi_gc_search_clamp(&gc->search, used);
  }
  if (gc->slide.from > used) {
    gc->slide = (struct pmmi_gc_slide){.from = 0};
  }
  if (used / PMMI_GC_CHUNK_SLOTS != before / PMMI_GC_CHUNK_SLOTS) {
    drop_spare_chunks(rt);
  }
}

void pmmi_gc_untrack(pmm_rt *rt, pmm_obj *o) {
  struct pmmi_gc *gc = &rt->gc;
  if (!pmmi_gc_is_collectable(o) ||
      pmmi_gc_head_of(o)->slot == PMMI_GC_UNTRACKED) {
    return;
  }
  uint32_t slot = pmmi_gc_head_of(o)->slot;
  pmmi_gc_take_out(gc, o);
  pmmi_gc_head_of(o)->slot = PMMI_GC_UNTRACKED;
  gc->tracked--;
  if (slot + 1 == gc->used) {
    pop_holes(rt);
  }
}

void pmmi_gc_taken_out(pmm_rt *rt, uint32_t count) {
  assert(rt->gc.tracked >= count);
  rt->gc.tracked -= count;
  pop_holes(rt);
}

int pmmi_gc_is_tracked(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  return pmmi_gc_is_collectable(o) &&
         pmmi_gc_head_of(o)->slot != PMMI_GC_UNTRACKED;
}

/* ---- checking ----------------------------------------------------------- */

static int is_searched(const struct pmmi_gc *gc, uint32_t slot) {
  return gc->search.phase != PMMI_GC_SEARCH_IDLE &&
         slot >= gc->search.from && slot < gc->search.to;
}

static const char *check_slot(const struct pmmi_gc *gc, uint32_t slot,
                              int at_rest) {
  const pmm_obj *o = *pmmi_gc_object_at(gc, slot);
  if (at_rest && *pmmi_gc_mark_at(gc, slot) != 0 && !is_searched(gc, slot)) {
    return "a mark is set between collections";
  }
  if (o == NULL) {
    return *pmmi_gc_mark_at(gc, slot) == 0 ? NULL : "a hole is marked";
  }
  if (!pmmi_gc_is_collectable(o)) {
    return "a tracked object has no collector header";
  }
  if (pmmi_gc_head_of(o)->slot != slot) {
    return "a tracked object's head names another slot";
  }
  if (!pmmi_is_alive(o) && at_rest) {
    return "a tracked object has no reference";
  }
  return NULL;
}

const char *pmmi_gc_table_check(const struct pmmi_gc *gc, int at_rest) {
  if (gc->frozen_end > gc->old_end || gc->old_end > gc->middle_end ||
      gc->middle_end > gc->used) {
    return "the generations' boundaries are out of order";
  }
  if (gc->used > pmmi_gc_room(gc) || gc->live > pmmi_gc_room(gc)) {
    return "the table has less room than live objects";
  }
  uint32_t tracked = 0;
  for (uint32_t slot = 0; slot < pmmi_gc_room(gc); slot++) {
    const char *wrong = check_slot(gc, slot, at_rest);
    if (wrong != NULL) {
      return wrong;
    }
    if (*pmmi_gc_object_at(gc, slot) != NULL) {
      tracked++;
      if (slot >= gc->used) {
        return "an object lies behind the end of the table";
      }
    }
  }
  return tracked == gc->tracked ? NULL : "the count of tracked is wrong";
}

/* ---- life --------------------------------------------------------------- */

int pmmi_gc_table_init(pmm_rt *rt) {
  if (add_chunk(rt) != 0) {
    pmmi_gc_table_fini(rt);
    return -1;
  }
  return 0;
}

void pmmi_gc_table_fini(pmm_rt *rt) {
  struct pmmi_gc *gc = &rt->gc;
  assert(gc->tracked == 0);
  drop_chunks(rt, 0);
  pmmi_mem_free(rt, gc->chunks, directory_bytes(gc->chunk_room));
  gc->chunks = NULL;
  gc->marked = NULL;
  gc->chunk_room = 0;
}
