/* SPDX-License-Identifier: MIT */
/* census.c - counting live objects by type; idea and invariant: census.h. */
#include "runtime/census.h"

#include <stdlib.h>

#include "core/tracked.h"
#include "runtime/runtime.h"

#define FIRST_LINES 32 /* doubles                                           */

/** One type. */
struct line {
  const struct pmmi_type *type;
  uint64_t count;
  uint64_t bytes;
};

/** A census under way. */
struct counting {
  pmm_rt *rt;
  struct line *lines; /* from the backend itself                            */
  size_t count;
  size_t room;
  uint64_t seen;      /* objects so far                                     */
  int failed;         /* 1: no memory for a line                            */
};

/* ---- lines -------------------------------------------------------------- */

static int grow(struct counting *c) {
  assert(c->count == c->room);
  const struct pmmi_allocator *heap = &pmmi_memory_of(c->rt)->bottom;
  size_t room = c->room > 0 ? 2 * c->room : FIRST_LINES;
  struct line *lines =
      c->lines == NULL
          ? heap->alloc(heap->ctx, room * sizeof *lines)
          : heap->realloc(heap->ctx, c->lines, c->room * sizeof *lines,
                          room * sizeof *lines);
  if (lines == NULL) {
    c->failed = 1;
    return -1;
  }
  c->lines = lines;
  c->room = room;
  return 0;
}

/* The type's line, made when it is new; NULL: no memory.  Neighbours are
 * mostly of one type, whose line was moved to the front. */
static struct line *line_of(struct counting *c, const struct pmmi_type *type) {
  assert(type != NULL);
  size_t i = 0;
  while (i < c->count && c->lines[i].type != type) {
    i++;
  }
  if (i == c->count) {
    if (c->count == c->room && grow(c) != 0) {
      return NULL;
    }
    c->lines[c->count++] = (struct line){.type = type};
  }
  struct line found = c->lines[i];
  c->lines[i] = c->lines[0];
  c->lines[0] = found;
  return &c->lines[0];
}

static void count(struct counting *c, pmm_obj *o) {
  assert(pmmi_is_alive(o));
  struct line *line = c->failed ? NULL : line_of(c, o->type);
  size_t bytes = 0;
  if (line != NULL) {
    (void)pmmi_size_of(c->rt, o, &bytes);
    line->count++;
    line->bytes += bytes;
    c->seen++;
  }
}

/* ---- 1. by block -------------------------------------------------------- */

/* 1 when the block begins with a collector head: its slot is the object's in
 * the table, or says that there is none.  Where an object without a head has
 * its count, that would read as one near a multiple of 2^32. */
static int has_head(pmm_rt *rt, void *block) {
  assert(block != NULL);
  const struct pmmi_gc_head *head = block;
  const pmm_obj *o = (const pmm_obj *)(head + 1);
  if (head->slot == PMMI_GC_UNTRACKED) {
    return ((const pmm_obj *)block)->refcnt != PMMI_IMMORTAL;
  }
  return head->slot < pmmi_tracked_of(rt)->used &&
         *pmmi_gc_object_at(pmmi_tracked_of(rt), head->slot) == o;
}

static void count_block(void *ctx, void *block) {
  struct counting *c = ctx;
  size_t size;
  if (pmmi_size_table_find(&pmmi_domains_of(c->rt)->sizes, block, &size)) {
    return;
  }
  pmm_obj *o = has_head(c->rt, block)
                   ? (pmm_obj *)((struct pmmi_gc_head *)block + 1)
                   : (pmm_obj *)block;
  if (pmmi_is_alive(o)) {
    count(c, o);
  }
}

/* ---- 2. by list --------------------------------------------------------- */

static void count_older(struct counting *c, pmm_obj *o) {
  const void *block = pmmi_gc_is_collectable(o)
                          ? (const void *)pmmi_gc_head_of(o)
                          : (const void *)o;
  if (!pmmi_trace_has(c->rt, block)) {
    count(c, o);
  }
}

static void count_listed(struct counting *c) {
  pmm_rt *rt = c->rt;
  for (uint32_t slot = 0; slot < pmmi_tracked_of(rt)->used; slot++) {
    pmm_obj *o = *pmmi_gc_object_at(pmmi_tracked_of(rt), slot);
    if (o != NULL) {
      count_older(c, o);
    }
  }
  struct pmmi_instance *i = pmmi_instance_first(rt);
  for (; i != NULL; i = pmmi_instance_next(i)) {
    count_older(c, &i->base);
  }
  struct pmmi_file_link *link = pmmi_files_of(rt)->open;
  for (; link != NULL; link = link->next) {
    if (!pmmi_gc_is_tracked(rt, &pmmi_file_of(link)->base)) {
      count_older(c, &pmmi_file_of(link)->base);
    }
  }
}

/* ---- report ------------------------------------------------------------- */

static int by_bytes(const void *a, const void *b) {
  const struct line *left = a;
  const struct line *right = b;
  if (left->bytes != right->bytes) {
    return left->bytes < right->bytes ? 1 : -1;
  }
  return (left->count < right->count) - (left->count > right->count);
}

static void report_all(struct counting *c,
                       void (*report)(void *ctx, const struct pmm_census *row),
                       void *ctx) {
  assert(report != NULL && !c->failed);
  uint64_t live = pmmi_memory_of(c->rt)->objects;
  if (c->count > 0) {
    qsort(c->lines, c->count, sizeof *c->lines, by_bytes);
  }
  for (size_t i = 0; i < c->count; i++) {
    const struct pmm_census row = {.type = c->lines[i].type->name,
                                   .count = c->lines[i].count,
                                   .bytes = c->lines[i].bytes};
    report(ctx, &row);
  }
  assert(live >= c->seen);
  if (live > c->seen) {
    const struct pmm_census rest = {
        .type = "", .count = live - c->seen, .bytes = PMM_UNKNOWN};
    report(ctx, &rest);
  }
}

enum pmm_status pmmi_census(pmm_rt *rt,
                            void (*report)(void *ctx,
                                           const struct pmm_census *row),
                            void *ctx) {
  const struct pmmi_allocator *heap = &pmmi_memory_of(rt)->bottom;
  struct counting c = {.rt = rt};
  pmmi_trace_each(rt, PMM_DOMAIN_OBJ, count_block, &c);
  count_listed(&c);
  if (!c.failed) {
    report_all(&c, report, ctx);
  }
  if (c.lines != NULL) {
    heap->free_sized(heap->ctx, c.lines, c.room * sizeof *c.lines);
  }
  return c.failed ? pmmi_fail(rt, PMM_NO_MEMORY, "no memory for a census")
                  : PMM_OK;
}
