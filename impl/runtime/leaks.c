/* SPDX-License-Identifier: MIT */
/*
 * leaks.c - what is alive beyond the runtime's own objects, and why.
 *
 * Asked when the host has given back all it knows of, so that whatever lives
 * is left over:
 *
 *   1. Each object the collector knows gets a kind in its mark: CYCLE when a
 *      collection would find it; REFERENCE when it has more owners than the
 *      objects, the register of finalizers and the runtime account for; else
 *      none, as something above is to blame for it.
 *   2. Instances without a collector header are counted by what refers to
 *      them, one after the other.
 *   3. Equal kind, type and site make one report.
 *   4. Open files have a list of their own.  Atoms are in no table: those that
 *      no container can own are reported by their number.  Blocks that belong
 *      to no object are in the domains' size tables.
 *   5. What is held but not lost is told apart: by free lists, and by arenas
 *      beside their live blocks.
 *
 * Nothing is allocated and no code runs; the heap is as before, save that
 * tuples of atoms may have been untracked.  Cost: the heap, times the number
 * of reports.
 */
#include "runtime/leaks.h"

#include <string.h>

#include "code/file.h"
#include "gc/mark.h"
#include "gc/search.h"
#include "gc/visit.h"
#include "memory/size_classes.h"
#include "memory/trace.h"
#include "runtime/runtime.h"
#include "types/instance.h"

/* Marks of this file; they never meet those of mark.h. */
#define KIND_SHIFT 28 /* below: owners found so far                         */
#define KIND_OF(mark) ((enum pmm_leak_kind)((mark) >> KIND_SHIFT))
#define MARK_OF(kind) ((uint32_t)(kind) << KIND_SHIFT)

/** A walk for leaks. */
struct search {
  pmm_rt *rt;
  struct pmmi_tracked *table;
  void (*report)(void *ctx, const struct pmm_leak *leak);
  void *ctx;
  uint64_t objects; /* seen by the walk                                     */
  uint64_t atoms;   /* references to what the walk does not see             */
};

/** A search for the owners of one object. */
struct owners {
  const pmm_obj *of;
  uint64_t count;
};

/* Where the object's block was allocated; "" when that was not traced. */
static const char *site_of(pmm_rt *rt, const pmm_obj *o) {
  const void *block = pmmi_gc_is_collectable(o)
                          ? (const void *)pmmi_gc_head_of(o)
                          : (const void *)o;
  return pmmi_trace_site_of(rt, block);
}

static uint64_t bytes_of(pmm_rt *rt, pmm_obj *o) {
  size_t bytes = 0;
  return pmmi_size_of(rt, o, &bytes) == PMM_OK ? bytes : 0;
}

/* ---- 1. kinds ----------------------------------------------------------- */

static void mark_cycles(struct search *s) {
  assert(!s->table->collecting);
  struct pmmi_gc_range all = {0, s->table->used};
  s->table->collecting = 1; /* slots stay where they are */
  pmmi_gc_candidates(s->table, all);
  (void)pmmi_gc_deduce(s->rt, all);
  s->table->collecting = 0;
  for (uint32_t slot = 0; slot < all.to; slot++) {
    uint32_t *mark = pmmi_gc_mark_at(s->table, slot);
    *mark = (*mark & PMMI_GC_CANDIDATE) != 0 ? MARK_OF(PMM_LEAK_CYCLE) : 0;
  }
}

static int is_seen(const pmm_obj *o) {
  return (pmmi_gc_is_collectable(o) &&
          pmmi_gc_head_of(o)->slot != PMMI_GC_UNTRACKED) ||
         (pmmi_is_instance(o) && !pmmi_gc_is_collectable(o));
}

static int visit_count(void *ctx, pmm_obj *o) {
  struct search *s = ctx;
  if (!is_seen(o)) {
    s->atoms += o->refcnt != PMMI_IMMORTAL;
  } else if (pmmi_gc_is_collectable(o)) {
  assert(pmmi_gc_head_of(o)->slot < s->table->used);
    uint32_t *mark = pmmi_gc_mark_at(s->table, pmmi_gc_head_of(o)->slot);
    *mark += *mark < MARK_OF(1) - 1; /* a kind, or full: stays            */
  }
  return 0;
}

static void count_owner(struct search *s, pmm_obj *o) {
  if (o != NULL) {
    (void)visit_count(s, o);
  }
}

/* What the runtime itself owns is nobody's leak. */
static void count_known_owners(struct search *s) {
  pmm_rt *rt = s->rt;
  count_owner(s, pmmi_gc_of(rt)->garbage);
  count_owner(s, pmmi_errors_of(rt)->pending.value);
  struct pmmi_finalizer *f = pmmi_finalizers_of(rt)->newest;
  for (; f != NULL; f = f->older) {
    count_owner(s, &f->ref.base);
  }
}

static void see(struct search *s, pmm_obj *o) {
  assert(pmmi_is_alive(o));
  s->objects++;
  s->atoms += (o->type->flags & PMMI_TYPE_HEAP) != 0; /* it owns its type   */
  (void)pmmi_visit(o, visit_count, s);
}

static void count_owners(struct search *s) {
  for (uint32_t slot = 0; slot < s->table->used; slot++) {
    pmm_obj *o = *pmmi_gc_object_at(s->table, slot);
    if (o != NULL) {
      see(s, o);
    }
  }
  struct pmmi_instance *i = pmmi_instance_first(s->rt);
  for (; i != NULL; i = pmmi_instance_next(i)) {
    see(s, &i->base);
  }
  count_known_owners(s);
}

static void mark_references(struct search *s) {
  assert(!s->table->collecting);
  for (uint32_t slot = 0; slot < s->table->used; slot++) {
    pmm_obj *o = *pmmi_gc_object_at(s->table, slot);
    uint32_t *mark = pmmi_gc_mark_at(s->table, slot);
    if (o == NULL || KIND_OF(*mark) == PMM_LEAK_CYCLE) {
      continue;
    }
    *mark = o->refcnt > *mark ? MARK_OF(PMM_LEAK_REFERENCE) : 0;
  }
}

/* ---- 3. reports --------------------------------------------------------- */

static void add(struct search *s, struct pmm_leak *leak, pmm_obj *o) {
  assert(leak->kind != 0);
  leak->count++;
  leak->bytes += bytes_of(s->rt, o);
}

static int belongs(struct search *s, const struct pmm_leak *leak,
                   pmm_obj *o) {
  return strcmp(leak->type, o->type->name) == 0 &&
         strcmp(leak->site, site_of(s->rt, o)) == 0;
}

/* Report the object in a slot with all like it, and take their marks. */
static void report_like(struct search *s, uint32_t from) {
  assert(from < s->table->used);
  pmm_obj *first = *pmmi_gc_object_at(s->table, from);
  uint32_t kind = *pmmi_gc_mark_at(s->table, from);
  assert(first != NULL); /* a hole has no mark                              */
  struct pmm_leak leak = {.kind = KIND_OF(kind),
                          .type = first->type->name,
                          .site = site_of(s->rt, first)};
  for (uint32_t slot = from; slot < s->table->used; slot++) {
    pmm_obj *o = *pmmi_gc_object_at(s->table, slot);
    uint32_t *mark = pmmi_gc_mark_at(s->table, slot);
    if (o != NULL && *mark == kind && belongs(s, &leak, o)) {
      add(s, &leak, o);
      *mark = 0;
    }
  }
  s->report(s->ctx, &leak);
}

static void report_tracked(struct search *s) {
  for (uint32_t slot = 0; slot < s->table->used; slot++) {
    if (*pmmi_gc_mark_at(s->table, slot) != 0) {
      report_like(s, slot);
    }
  }
}

/* ---- 2. instances without a collector header ---------------------------- */

static int visit_owner(void *ctx, pmm_obj *o) {
  struct owners *owners = ctx;
  owners->count += o == owners->of;
  return 0;
}

static int is_lost(struct search *s, const pmm_obj *o) {
  assert(pmmi_is_instance(o) && !pmmi_gc_is_collectable(o));
  struct owners owners = {.of = o};
  for (uint32_t slot = 0; slot < s->table->used; slot++) {
    pmm_obj *owner = *pmmi_gc_object_at(s->table, slot);
    if (owner != NULL) {
      (void)pmmi_visit(owner, visit_owner, &owners);
    }
  }
  struct pmmi_instance *i = pmmi_instance_first(s->rt);
  for (; i != NULL; i = pmmi_instance_next(i)) {
    (void)pmmi_visit(&i->base, visit_owner, &owners);
  }
  return o->refcnt > owners.count;
}

static void report_linked(struct search *s) {
  struct pmmi_instance *i = pmmi_instance_first(s->rt);
  for (; i != NULL; i = pmmi_instance_next(i)) {
    if (is_lost(s, &i->base)) {
      struct pmm_leak leak = {.kind = PMM_LEAK_REFERENCE,
                              .type = i->base.type->name,
                              .site = site_of(s->rt, &i->base)};
      add(s, &leak, &i->base);
      s->report(s->ctx, &leak);
    }
  }
}

/* ---- 4. what is in no table --------------------------------------------- */

static void report_files(struct search *s) {
  struct pmmi_file_link *link = pmmi_files_of(s->rt)->open;
  for (; link != NULL; link = link->next) {
    struct pmmi_file *file = pmmi_file_of(link);
    struct pmm_leak leak = {.kind = PMM_LEAK_FILE,
                            .type = file->base.type->name,
                            .site = site_of(s->rt, &file->base)};
    add(s, &leak, &file->base);
    s->atoms++;
    s->report(s->ctx, &leak);
  }
}

static void report_atoms(struct search *s) {
  uint64_t known = s->rt->own_objects + s->objects + s->atoms;
  uint64_t live = pmmi_memory_of(s->rt)->objects;
  if (live > known) {
    struct pmm_leak leak = {.kind = PMM_LEAK_REFERENCE,
                            .type = "untracked",
                            .site = "",
                            .count = live - known};
    s->report(s->ctx, &leak);
  }
}

static void report_cached(struct search *s) {
  struct pmm_memory figures = {.struct_size = sizeof figures};
  pmmi_memory(s->rt, &figures);
  if (figures.cached_blocks > 0) {
    struct pmm_leak leak = {.kind = PMM_LEAK_CACHED,
                            .type = "",
                            .site = "",
                            .count = figures.cached_blocks,
                            .bytes = figures.cached_bytes};
    s->report(s->ctx, &leak);
  }
}

/* The i-th slot; 0: there are no more.  The raw domain's may move meanwhile. */
static int block_at(pmm_rt *rt, const struct pmmi_size_table *blocks, size_t i,
                    struct pmmi_size_table_entry *entry) {
  assert(entry != NULL);
  pmmi_lock(rt);
  int there = i < blocks->room;
  if (there) {
    *entry = blocks->entries[i];
  }
  pmmi_unlock(rt);
  return there;
}

static void add_blocks_of(struct search *s,
                          const struct pmmi_size_table *blocks,
                          struct pmm_leak *leak) {
  struct pmmi_size_table_entry entry;
  for (size_t i = 0; block_at(s->rt, blocks, i, &entry); i++) {
    if (entry.address != 0 &&
        strcmp(pmmi_trace_site_of(s->rt, (const void *)entry.address),
               leak->site) == 0) {
      leak->count++;
      leak->bytes += entry.size;
    }
  }
}

/* What operations of the domains handed out belongs to no object. */
static void report_blocks_of(struct search *s, const char *site) {
  assert(site != NULL);
  struct pmm_leak leak = {
      .kind = PMM_LEAK_BLOCK, .type = "block", .site = site};
  add_blocks_of(s, &pmmi_domains_of(s->rt)->sizes, &leak);
  add_blocks_of(s, &pmmi_raw_of(s->rt)->sizes, &leak);
  if (leak.count > 0) {
    s->report(s->ctx, &leak);
  }
}

/* Site 0 is "", where untraced blocks are, too. */
static void report_blocks(struct search *s) {
  const struct pmmi_trace *trace = pmmi_trace_of(s->rt);
  report_blocks_of(s, "");
  for (size_t i = 1; trace->on && i < trace->site_count; i++) {
    report_blocks_of(s, trace->sites[i].live.name);
  }
}

static void report_arenas(struct search *s) {
  struct pmm_arena_stats arena = {.struct_size = sizeof arena};
  struct pmm_leak leak = {.kind = PMM_LEAK_ARENA, .type = "", .site = ""};
  for (size_t i = 0; pmmi_arena_stats(s->rt, i, &arena) == 0; i++) {
    if (arena.blocks_used > 0) {
      leak.count++;
      leak.bytes += arena.bytes - arena.bytes_used;
    }
    arena.struct_size = sizeof arena;
  }
  if (leak.count > 0) {
    s->report(s->ctx, &leak);
  }
}

enum pmm_status pmmi_leaks(pmm_rt *rt,
                           void (*report)(void *ctx,
                                          const struct pmm_leak *leak),
                           void *ctx) {
  assert(report != NULL);
  struct search s = {
      .rt = rt, .table = pmmi_tracked_of(rt), .report = report, .ctx = ctx};
  if (pmmi_tracked_of(rt)->collecting) {
    return pmmi_fail(rt, PMM_RUNTIME, "a collection is under way");
  }
  pmmi_gc_search_abandon(rt);
  mark_cycles(&s);
  count_owners(&s);
  mark_references(&s);
  report_tracked(&s);
  report_linked(&s);
  report_files(&s);
  report_atoms(&s);
  report_blocks(&s);
  report_cached(&s);
  report_arenas(&s);
  return PMM_OK;
}
