/* SPDX-License-Identifier: MIT */
/* tracked.c - the dense table of tracked objects; see tracked.h. */
#include "core/tracked.h"

#include <string.h>

#include "core/core_state.h"

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
  assert(chunks != NULL);
  return (uint8_t *)(chunks + room);
}

struct pmmi_gc_range pmmi_gc_range_of(const struct pmmi_tracked *table,
                                      int generation) {
  assert(generation >= -1 && generation < PMMI_GC_GENERATIONS);
  assert(table->frozen_end <= table->old_end);
  switch (generation) {
  case 0:
    return (struct pmmi_gc_range){table->middle_end, table->used};
  case 1:
    return (struct pmmi_gc_range){table->old_end, table->middle_end};
  case 2:
    return (struct pmmi_gc_range){table->frozen_end, table->old_end};
  default:
    return (struct pmmi_gc_range){table->frozen_end, table->used};
  }
}

/* ---- growing and shrinking ---------------------------------------------- */

static int grow_directory(pmm_rt *rt) {
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  assert(table->chunk_count == table->chunk_room);
  uint32_t room =
      table->chunk_room == 0 ? DIRECTORY_ROOM : table->chunk_room * 2;
  void *grown =
      pmmi_mem_realloc(rt, table->chunks, directory_bytes(table->chunk_room),
                       directory_bytes(room));
  if (grown == NULL) {
    return -1;
  }
  table->chunks = grown;
  table->marked = flags_of(table->chunks, room);
  memmove(table->marked, flags_of(table->chunks, table->chunk_room),
          table->chunk_room);
  memset(table->marked + table->chunk_room, 0, room - table->chunk_room);
  table->chunk_room = room;
  return 0;
}

static int add_chunk(pmm_rt *rt) {
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  assert(table->chunk_count <= table->chunk_room);
  /* Slots are 32 bits wide, and the last of them means "untracked". */
  if (table->chunk_count >= UINT32_MAX / PMMI_GC_CHUNK_SLOTS) {
    return -1;
  }
  if (table->chunk_count == table->chunk_room && grow_directory(rt) != 0) {
    return -1;
  }
  struct pmmi_gc_chunk *chunk = pmmi_mem_alloc_zero(rt, sizeof *chunk);
  if (chunk == NULL) {
    return -1;
  }
  table->chunks[table->chunk_count++] = chunk;
  return 0;
}

static uint32_t chunks_needed(const struct pmmi_tracked *table) {
  uint32_t slots = table->used > table->live ? table->used : table->live;
  uint32_t chunks =
      (slots + (PMMI_GC_CHUNK_SLOTS - 1)) / PMMI_GC_CHUNK_SLOTS;
  return chunks > 0 ? chunks : 1;
}

static void drop_chunks(pmm_rt *rt, uint32_t keep) {
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  while (table->chunk_count > keep) {
    pmmi_mem_free(rt, table->chunks[--table->chunk_count],
                  sizeof(struct pmmi_gc_chunk));
  }
}

/* Keep one chunk to spare, so that a program which goes to and fro over a
 * boundary does not allocate each time. */
static void drop_spare_chunks(pmm_rt *rt) {
  uint32_t count = pmmi_tracked_of(rt)->chunk_count;
  uint32_t keep = chunks_needed(pmmi_tracked_of(rt)) + 1;
  if (count > keep && !pmmi_tracked_of(rt)->collecting) {
    drop_chunks(rt, count - keep > DROPPED_AT_ONCE ? count - DROPPED_AT_ONCE
                                                   : keep);
  }
}

/* Small directories are left: only a shrinking by half or more pays. */
static void shrink_directory(pmm_rt *rt) {
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  assert(!table->collecting);
  uint32_t room = table->chunk_room;
  while (room > DIRECTORY_ROOM && room / 2 >= table->chunk_count) {
    room /= 2;
  }
  if (room == table->chunk_room) {
    return;
  }
  /* No collection is under way, so no flag is needed. */
  void *shrunk =
      pmmi_mem_realloc(rt, table->chunks, directory_bytes(table->chunk_room),
                       directory_bytes(room));
  if (shrunk != NULL) {
    table->chunks = shrunk;
    table->chunk_room = room;
  }
  table->marked = flags_of(table->chunks, table->chunk_room);
  memset(table->marked, 0, table->chunk_room);
}

void pmmi_gc_table_trim(pmm_rt *rt) {
  assert(!pmmi_tracked_of(rt)->collecting);
  pmmi_gc_compact(pmmi_tracked_of(rt));
  drop_chunks(rt, chunks_needed(pmmi_tracked_of(rt)));
  shrink_directory(rt);
}

void pmmi_gc_table_figures(const struct pmmi_tracked *table, uint64_t *blocks,
                           uint64_t *bytes) {
  assert(blocks != NULL && bytes != NULL);
  uint32_t needed = chunks_needed(table);
  assert(table->chunk_count >= needed);
  *blocks = table->chunk_count - needed;
  *bytes = *blocks * sizeof(struct pmmi_gc_chunk);
}

/* Room for the live objects that are not tracked, behind the last. */
static int has_room(const struct pmmi_tracked *table) {
  assert(table->live >= table->count);
  return table->used + (table->live - table->count) < pmmi_gc_room(table);
}

/* Close some holes, when there are many or it was begun.  A search needs the
 * slots where they are. */
static void close_some_holes(pmm_rt *rt) {
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  assert(table->used >= table->count);
  uint32_t holes = table->used - table->count;
  if (!table->collecting && table->walk.phase == 0 &&
      (table->slide.from > 0 || holes >= table->used / 4)) {
    pmmi_gc_slide(table, SLIDE_SLOTS);
    drop_spare_chunks(rt);
  }
}

int pmmi_gc_reserve(pmm_rt *rt) {
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  assert(table->live <= pmmi_gc_room(table));
  if (has_room(table)) {
    return 0;
  }
  close_some_holes(rt);
  if (has_room(table) || add_chunk(rt) == 0) {
    return 0;
  }
  /* Tracking falls back to holes, of which there are enough. */
  return table->live < pmmi_gc_room(table) ? 0 : -1;
}

/* ---- compaction --------------------------------------------------------- */

/** Ends of ranges that move with the objects in front of them. */
#define ENDS 7

static void list_ends(struct pmmi_tracked *table, uint32_t *ends[ENDS]) {
  ends[0] = &table->frozen_end;
  ends[1] = &table->old_end;
  ends[2] = &table->middle_end;
  ends[3] = &table->walk.from;
  ends[4] = &table->walk.to;
  ends[5] = &table->walk.at;
  ends[6] = &table->walk.again;
}

/* The slots below `from` have become those below `to`. */
static void move_ends(uint32_t *const ends[ENDS], uint32_t from,
                      uint32_t to) {
  assert(to <= from);
  for (int i = 0; i < ENDS; i++) {
    if (*ends[i] == from) {
      *ends[i] = to;
    }
  }
}

static void move_slot(struct pmmi_tracked *table, uint32_t from, uint32_t to) {
  assert(to < from && *pmmi_gc_object_at(table, from) != NULL);
  pmm_obj **source = pmmi_gc_object_at(table, from);
  assert(*pmmi_gc_object_at(table, to) == NULL);
  uint32_t *mark = pmmi_gc_mark_at(table, from);
  pmmi_gc_head_of(*source)->slot = to;
  *pmmi_gc_object_at(table, to) = *source;
  *pmmi_gc_mark_at(table, to) = *mark;
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

static void slide_objects(struct pmmi_tracked *table, uint32_t stop) {
  assert(table->slide.to <= table->slide.from && stop <= table->used);
  struct pmmi_gc_slide *slide = &table->slide;
  for (; slide->from < stop; slide->from++) {
    if (*pmmi_gc_object_at(table, slide->from) == NULL) {
      continue;
    }
    if (slide->to != slide->from) {
      move_slot(table, slide->from, slide->to);
    }
    slide->to++;
  }
}

static void end_slide(struct pmmi_tracked *table, uint32_t *const ends[ENDS]) {
  assert(table->slide.from == table->used);
  move_ends(ends, table->slide.from, table->slide.to);
  table->used = table->slide.to;
  table->hole_hint = 0;
  table->slide = (struct pmmi_gc_slide){.from = 0};
}

void pmmi_gc_slide(struct pmmi_tracked *table, uint32_t slots) {
  struct pmmi_gc_slide *slide = &table->slide;
  uint32_t *ends[ENDS];
  assert(!table->collecting);
  list_ends(table, ends);
  uint32_t stop =
      table->used - slide->from > slots ? slide->from + slots : table->used;
  while (slide->from < stop) {
    move_ends(ends, slide->from, slide->to);
    slide_objects(table, next_end(ends, slide->from, stop));
  }
  if (slide->from == table->used) {
    end_slide(table, ends);
  }
}

void pmmi_gc_compact(struct pmmi_tracked *table) {
  assert(!table->collecting);
  table->slide = (struct pmmi_gc_slide){.from = 0};
  if (table->used > table->count) {
    pmmi_gc_slide(table, UINT32_MAX);
  }
  assert(table->used == table->count);
}

/* ---- tracking ----------------------------------------------------------- */

/* The reservation promises a hole when the table is full. */
static uint32_t take_hole(struct pmmi_tracked *table) {
  assert(table->used == pmmi_gc_room(table));
  assert(table->count < table->used);
  uint32_t slot = table->hole_hint;
  while (*pmmi_gc_object_at(table, slot) != NULL) {
    slot = slot + 1 == table->used ? 0 : slot + 1;
  }
  table->hole_hint = slot;
  table->slide = (struct pmmi_gc_slide){.from = 0}; /* it may lie in the gap */
  return slot;
}

void pmmi_gc_track(pmm_rt *rt, pmm_obj *o) {
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  if (!pmmi_gc_is_collectable(o) ||
      pmmi_gc_head_of(o)->slot != PMMI_GC_UNTRACKED) {
    return;
  }
  assert(table->count < table->live);
  uint32_t slot =
      table->used < pmmi_gc_room(table) ? table->used++ : take_hole(table);
  *pmmi_gc_object_at(table, slot) = o;
  pmmi_gc_head_of(o)->slot = slot;
  table->count++;
}

static void clamp_walk(struct pmmi_gc_span *walk, uint32_t used) {
  assert(walk->from <= walk->to);
  walk->to = walk->to < used ? walk->to : used;
  walk->from = walk->from < walk->to ? walk->from : walk->to;
  walk->at = walk->at < walk->to ? walk->at : walk->to;
}

/* Boundaries never lie behind the end. */
static void clamp_boundaries(struct pmmi_tracked *table) {
  if (table->middle_end > table->used) {
    table->middle_end = table->used;
    if (table->old_end > table->used) {
      table->old_end = table->used;
      if (table->frozen_end > table->used) {
        table->frozen_end = table->used;
      }
    }
  }
}

/* The end of what is left when the holes behind it are popped. */
static uint32_t end_of_objects(const struct pmmi_tracked *table) {
  assert(table->used <= pmmi_gc_room(table));
  uint32_t used = table->used;
  while (used > 0) {
    const struct pmmi_gc_chunk *chunk =
        table->chunks[(used - 1) / PMMI_GC_CHUNK_SLOTS];
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
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  uint32_t before = table->used;
  uint32_t used = end_of_objects(table);
  assert(used <= before && used >= table->count);
  table->used = used;
  if (table->hole_hint >= used) {
    table->hole_hint = 0;
  }
  if (table->middle_end > used) {
    clamp_boundaries(table);
    clamp_walk(&table->walk, used);
  }
  if (table->slide.from > used) {
    table->slide = (struct pmmi_gc_slide){.from = 0};
  }
  if (used / PMMI_GC_CHUNK_SLOTS != before / PMMI_GC_CHUNK_SLOTS) {
    drop_spare_chunks(rt);
  }
}

void pmmi_gc_untrack(pmm_rt *rt, pmm_obj *o) {
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  if (!pmmi_gc_is_collectable(o) ||
      pmmi_gc_head_of(o)->slot == PMMI_GC_UNTRACKED) {
    return;
  }
  uint32_t slot = pmmi_gc_head_of(o)->slot;
  pmmi_gc_take_out(table, o);
  assert(table->count > 0);
  pmmi_gc_head_of(o)->slot = PMMI_GC_UNTRACKED;
  table->count--;
  if (slot + 1 == table->used) {
    pop_holes(rt);
  }
}

void pmmi_gc_taken_out(pmm_rt *rt, uint32_t count) {
  assert(pmmi_tracked_of(rt)->count >= count);
  pmmi_tracked_of(rt)->count -= count;
  pop_holes(rt);
}

int pmmi_gc_is_tracked(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  return pmmi_gc_is_collectable(o) &&
         pmmi_gc_head_of(o)->slot != PMMI_GC_UNTRACKED;
}

/* ---- checking ----------------------------------------------------------- */

static int is_searched(const struct pmmi_tracked *table, uint32_t slot) {
  return table->walk.phase != 0 &&
         slot >= table->walk.from && slot < table->walk.to;
}

static const char *check_slot(const struct pmmi_tracked *table, uint32_t slot,
                              int at_rest) {
  assert(slot < pmmi_gc_room(table));
  const pmm_obj *o = *pmmi_gc_object_at(table, slot);
  if (at_rest && *pmmi_gc_mark_at(table, slot) != 0 &&
      !is_searched(table, slot)) {
    return "a mark is set between collections";
  }
  if (o == NULL) {
    return *pmmi_gc_mark_at(table, slot) == 0 ? NULL : "a hole is marked";
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

const char *pmmi_gc_table_check(const struct pmmi_tracked *table, int at_rest) {
  if (table->frozen_end > table->old_end ||
      table->old_end > table->middle_end || table->middle_end > table->used) {
    return "the generations' boundaries are out of order";
  }
  if (table->used > pmmi_gc_room(table) || table->live > pmmi_gc_room(table)) {
    return "the table has less room than live objects";
  }
  uint32_t tracked = 0;
  for (uint32_t slot = 0; slot < pmmi_gc_room(table); slot++) {
    const char *wrong = check_slot(table, slot, at_rest);
    if (wrong != NULL) {
      return wrong;
    }
    if (*pmmi_gc_object_at(table, slot) != NULL) {
      tracked++;
      if (slot >= table->used) {
        return "an object lies behind the end of the table";
      }
    }
  }
  return tracked == table->count ? NULL : "the count of tracked is wrong";
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
  assert(pmmi_tracked_of(rt)->count == 0);
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  assert(table->count == 0);
  drop_chunks(rt, 0);
  pmmi_mem_free(rt, table->chunks, directory_bytes(table->chunk_room));
  table->chunks = NULL;
  table->marked = NULL;
  table->chunk_room = 0;
}
