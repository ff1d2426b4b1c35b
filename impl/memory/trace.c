/* SPDX-License-Identifier: MIT */
/*
 * trace.c - the tracer; idea and invariant: trace.h.
 *
 * A slot is made sure of before the block is requested, so that what has
 * been allocated can always be remembered (base/slots.h).
 */
#include "memory/trace.h"

#include <string.h>

#include "base/slots.h"
#include "memory/memory_state.h"

/** Slots and sites at first; they double. */
#define FIRST_BLOCKS 1024
#define FIRST_SITES 16

/* ---- memory of the tracer itself ---------------------------------------- */

/** Room for one more of `count` items; 0 when there is. */
static int make_room(pmm_rt *rt, void **items, size_t *room, size_t count,
                     size_t item_bytes) {
  assert(count <= *room && item_bytes > 0);
  if (count < *room) {
    return 0;
  }
  const struct pmmi_allocator *heap = &pmmi_holder_of(rt)->tables;
  size_t larger = *room > 0 ? 2 * *room : FIRST_SITES;
  void *moved =
      *items != NULL
          ? heap->realloc(heap->ctx, *items, *room * item_bytes,
                          larger * item_bytes)
          : heap->alloc(heap->ctx, larger * item_bytes);
  if (moved == NULL) {
    return -1;
  }
  *items = moved;
  *room = larger;
  return 0;
}

static void give_back(pmm_rt *rt, void *items, size_t bytes) {
  const struct pmmi_allocator *heap = &pmmi_holder_of(rt)->tables;
  if (items != NULL) {
    heap->free_sized(heap->ctx, items, bytes);
  }
}

/* ---- the table of blocks ------------------------------------------------ */

/** The block's slot, or the free one where it would be. */
static struct pmmi_trace_block *find(const struct pmmi_trace *t,
                                     uintptr_t address) {
  return &t->blocks[pmmi_slots_find(t->blocks, sizeof *t->blocks,
                                    t->block_room, address)];
}

/** Make sure of one more slot; 0 when there is. */
static int reserve(pmm_rt *rt) {
  struct pmmi_trace *t = pmmi_trace_of(rt);
  assert(2 * (t->block_count + t->block_promised) <= t->block_room);
  const struct pmmi_allocator *heap = &pmmi_holder_of(rt)->tables;
  if (2 * (t->block_count + t->block_promised + 1) <= t->block_room) {
    return 0;
  }
  size_t old_room = t->block_room;
  size_t room = old_room > 0 ? 2 * old_room : FIRST_BLOCKS;
  struct pmmi_trace_block *old = t->blocks;
  struct pmmi_trace_block *larger =
      heap->alloc_zero(heap->ctx, room, sizeof *larger);
  if (larger == NULL) {
    return -1;
  }
  t->blocks = larger;
  t->block_room = room;
  for (size_t i = 0; i < old_room; i++) {
    if (old[i].address != 0) {
      *find(t, old[i].address) = old[i];
    }
  }
  if (old != NULL) {
    heap->free_sized(heap->ctx, old, old_room * sizeof *old);
  }
  return 0;
}

/** Put a block into the table and the figures. */
static void insert_block(struct pmmi_trace *t,
                         const struct pmmi_trace_block *block) {
  assert(block->address != 0 && block->site < t->site_count);
  struct pmmi_trace_block *slot = find(t, block->address);
  assert(slot->address == 0);
  *slot = *block;
  t->block_count++;
  t->sites[block->site].live.blocks++;
  t->sites[block->site].live.bytes += block->size;
  t->current_bytes += block->size;
}

static void remember(const struct pmmi_trace_layer *layer, const void *block,
                     size_t size) {
  assert(block != NULL);
  struct pmmi_trace *t = pmmi_trace_of(layer->rt);
  int named = t->stack_count > 0 && pmmi_holds(layer->rt);
  const struct pmmi_trace_block entry = {
      .address = (uintptr_t)block,
      .size = size,
      .site = named ? t->stack[t->stack_count - 1] : 0,
      .domain = (uint32_t)(layer - t->layers)};
  insert_block(t, &entry);
}

static void peak_update(struct pmmi_trace *t) {
  if (t->current_bytes > t->peak_bytes) {
    t->peak_bytes = t->current_bytes;
  }
}

/** Forget a block, and tell what was known of it; the address is 0 when it is
 *  not in the table, as it is older than the trace or NULL. */
static struct pmmi_trace_block forget(struct pmmi_trace *t,
                                      const void *block) {
  if (block == NULL) {
    return (struct pmmi_trace_block){0};
  }
  struct pmmi_trace_block *slot = find(t, (uintptr_t)block);
  struct pmmi_trace_block known = *slot;
  if (slot->address == 0) {
    return known;
  }
  assert(t->current_bytes >= slot->size);
  t->sites[slot->site].live.blocks--;
  t->sites[slot->site].live.bytes -= slot->size;
  t->current_bytes -= slot->size;
  t->block_count--;
  pmmi_slots_remove(t->blocks, sizeof *t->blocks, t->block_room,
                    (size_t)(slot - t->blocks));
  return known;
}

/* ---- the layer ---------------------------------------------------------- */

/* A slot is promised before the request and the lock open during it, so that
 * hooks below may take as long as they like. */

/** 0 when a slot is promised. */
static int begin(pmm_rt *rt) {
  pmmi_lock(rt);
  int failed = reserve(rt);
  pmmi_trace_of(rt)->block_promised += failed == 0;
  pmmi_unlock(rt);
  return failed;
}

/** What the request brought; NULL: nothing. */
static void *end(const struct pmmi_trace_layer *layer, void *block,
                 size_t size) {
  struct pmmi_trace *t = pmmi_trace_of(layer->rt);
  pmmi_lock(layer->rt);
  assert(t->block_promised > 0);
  t->block_promised--;
  if (block != NULL) {
    remember(layer, block, size);
    peak_update(t);
  }
  pmmi_unlock(layer->rt);
  return block;
}

static void *traced_alloc(void *ctx, size_t size) {
  struct pmmi_trace_layer *layer = ctx;
  struct pmmi_allocator *below = &layer->below;
  return begin(layer->rt) == 0
             ? end(layer, below->alloc(below->ctx, size), size)
             : NULL;
}

static void *traced_alloc_zero(void *ctx, size_t n, size_t size) {
  struct pmmi_trace_layer *layer = ctx;
  struct pmmi_allocator *below = &layer->below;
  return begin(layer->rt) == 0
             ? end(layer, below->alloc_zero(below->ctx, n, size), n * size)
             : NULL;
}

static struct pmmi_trace_block forget_locked(pmm_rt *rt, const void *block) {
  pmmi_lock(rt);
  struct pmmi_trace_block known = forget(pmmi_trace_of(rt), block);
  pmmi_unlock(rt);
  return known;
}

/** A resize failed: the block is where it was. */
static void remember_again(pmm_rt *rt, const struct pmmi_trace_block *known) {
  pmmi_lock(rt);
  assert(pmmi_trace_of(rt)->block_promised > 0);
  pmmi_trace_of(rt)->block_promised--;
  if (known->address != 0) {
    insert_block(pmmi_trace_of(rt), known);
  }
  pmmi_unlock(rt);
}

/* The old address is forgotten first: once it is free, another thread may get
 * it at once. */
static void *traced_realloc(void *ctx, void *block, size_t old_size,
                            size_t new_size) {
  struct pmmi_trace_layer *layer = ctx;
  struct pmmi_allocator *below = &layer->below;
  if (begin(layer->rt) != 0) {
    return NULL;
  }
  struct pmmi_trace_block known = forget_locked(layer->rt, block);
  void *moved = below->realloc(below->ctx, block, old_size, new_size);
  if (moved == NULL) {
    remember_again(layer->rt, &known);
    return NULL;
  }
  return end(layer, moved, new_size);
}

static void traced_free_sized(void *ctx, void *block, size_t size) {
  struct pmmi_trace_layer *layer = ctx;
  struct pmmi_allocator *below = &layer->below;
  (void)forget_locked(layer->rt, block);
  below->free_sized(below->ctx, block, size);
}

/* ---- life --------------------------------------------------------------- */

void pmmi_trace_init(pmm_rt *rt) {
  *pmmi_trace_of(rt) = (struct pmmi_trace){.on = 0};
}

void pmmi_trace_fini(pmm_rt *rt) {
  struct pmmi_trace *t = pmmi_trace_of(rt);
  pmmi_trace_stop(rt);
  give_back(rt, t->sites, t->site_room * sizeof *t->sites);
  give_back(rt, t->stack, t->stack_room * sizeof *t->stack);
  pmmi_trace_init(rt);
}

uint64_t pmmi_trace_overhead(pmm_rt *rt) {
  const struct pmmi_trace *t = pmmi_trace_of(rt);
  pmmi_lock(rt);
  uint64_t bytes = t->block_room * sizeof *t->blocks +
                   t->site_room * sizeof *t->sites +
                   t->stack_room * sizeof *t->stack;
  pmmi_unlock(rt);
  return bytes;
}

void pmmi_trace_each(pmm_rt *rt, enum pmm_domain domain,
                     void (*visit)(void *ctx, void *block), void *ctx) {
  assert((int)domain < PMMI_DOMAINS && visit != NULL);
  const struct pmmi_trace *t = pmmi_trace_of(rt);
  pmmi_lock(rt);
  for (size_t i = 0; i < t->block_room; i++) {
    if (t->blocks[i].address != 0 && t->blocks[i].domain == domain) {
      visit(ctx, (void *)t->blocks[i].address);
    }
  }
  pmmi_unlock(rt);
}

int pmmi_trace_has(pmm_rt *rt, const void *block) {
  const struct pmmi_trace *t = pmmi_trace_of(rt);
  pmmi_lock(rt);
  int has = t->on && find(t, (uintptr_t)block)->address != 0;
  pmmi_unlock(rt);
  return has;
}

const char *pmmi_trace_site_of(pmm_rt *rt, const void *block) {
  const struct pmmi_trace *t = pmmi_trace_of(rt);
  const char *name = "";
  pmmi_lock(rt);
  if (t->on) {
    const struct pmmi_trace_block *slot = find(t, (uintptr_t)block);
    name = slot->address != 0 ? t->sites[slot->site].live.name : "";
  }
  pmmi_unlock(rt);
  return name;
}

/* ---- sites -------------------------------------------------------------- */

/** The site of a name, made when it is new; -1: no memory. */
static int64_t site_of(pmm_rt *rt, const char *name) {
  assert(name != NULL);
  struct pmmi_trace *t = pmmi_trace_of(rt);
  for (size_t i = 0; i < t->site_count; i++) {
    const char *known = t->sites[i].live.name;
    if (known == name || strcmp(known, name) == 0) {
      return (int64_t)i;
    }
  }
  void *sites = t->sites;
  if (make_room(rt, &sites, &t->site_room, t->site_count, sizeof *t->sites)) {
    return -1;
  }
  t->sites = sites;
  t->sites[t->site_count] = (struct pmmi_trace_site){.live = {.name = name}};
  return (int64_t)t->site_count++;
}

/** Push the site of a name; -1: no memory. */
static int push(pmm_rt *rt, const char *name) {
  struct pmmi_trace *t = pmmi_trace_of(rt);
  int64_t site = site_of(rt, "") >= 0 ? site_of(rt, name) : -1;
  void *stack = t->stack;
  if (site < 0 || make_room(rt, &stack, &t->stack_room, t->stack_count,
                            sizeof *t->stack) != 0) {
    return -1;
  }
  t->stack = stack;
  t->stack[t->stack_count++] = (uint32_t)site;
  return 0;
}

enum pmm_status pmmi_site_push(pmm_rt *rt, const char *name) {
  pmmi_lock(rt);
  int failed = push(rt, name);
  pmmi_unlock(rt);
  return failed ? pmmi_memory_fail(rt, PMM_NO_MEMORY, "no memory for a site")
                : PMM_OK;
}

void pmmi_site_pop(pmm_rt *rt) {
  pmmi_lock(rt);
  assert(pmmi_trace_of(rt)->stack_count > 0);
  pmmi_trace_of(rt)->stack_count--;
  pmmi_unlock(rt);
}

/* ---- operations --------------------------------------------------------- */

enum pmm_status pmmi_trace_start(pmm_rt *rt) {
  struct pmmi_trace *t = pmmi_trace_of(rt);
  if (t->on) {
    return PMM_OK;
  }
  if (site_of(rt, "") < 0 || reserve(rt) != 0) {
    return pmmi_memory_fail(rt, PMM_NO_MEMORY, "no memory to trace with");
  }
  pmmi_memory_state(rt)->above.keep(rt, 0);
  t->on = 1;
  for (int domain = 0; domain < PMMI_DOMAINS; domain++) {
    struct pmmi_trace_layer *layer = &t->layers[domain];
    struct pmmi_allocator *heap = &pmmi_memory_of(rt)->heap[domain];
    *layer = (struct pmmi_trace_layer){.rt = rt, .below = *heap};
    *heap = (struct pmmi_allocator){.ctx = layer,
                                    .alloc = traced_alloc,
                                    .alloc_zero = traced_alloc_zero,
                                    .realloc = traced_realloc,
                                    .free_sized = traced_free_sized};
  }
  return PMM_OK;
}

void pmmi_trace_stop(pmm_rt *rt) {
  struct pmmi_trace *t = pmmi_trace_of(rt);
  if (!t->on) {
    return;
  }
  for (int domain = 0; domain < PMMI_DOMAINS; domain++) {
    assert(pmmi_memory_of(rt)->heap[domain].ctx == &t->layers[domain]);
    pmmi_memory_of(rt)->heap[domain] = t->layers[domain].below;
  }
  t->on = 0;
  pmmi_memory_state(rt)->above.keep(rt, 1);
  give_back(rt, t->blocks, t->block_room * sizeof *t->blocks);
  t->blocks = NULL;
  t->block_room = 0;
  assert(t->block_promised == 0);
  t->block_count = 0;
  t->current_bytes = 0;
  t->peak_bytes = 0;
  t->kept = 0;
  for (size_t i = 0; i < t->site_count; i++) {
    const char *name = t->sites[i].live.name;
    t->sites[i] = (struct pmmi_trace_site){.live = {.name = name}};
  }
}

void pmmi_trace_get(pmm_rt *rt, uint64_t *current, uint64_t *peak) {
  assert(current != NULL && peak != NULL);
  pmmi_lock(rt);
  *current = pmmi_trace_of(rt)->current_bytes;
  *peak = pmmi_trace_of(rt)->peak_bytes;
  pmmi_unlock(rt);
}

void pmmi_trace_reset_peak(pmm_rt *rt) {
  pmmi_lock(rt);
  pmmi_trace_of(rt)->peak_bytes = pmmi_trace_of(rt)->current_bytes;
  pmmi_unlock(rt);
}

/** Put `site` into out[0..*used-1], largest first, at most `n`. */
static void insert(struct pmm_site *out, size_t n, size_t *used,
                   const struct pmm_site *site) {
  assert(*used <= n);
  size_t at = *used;
  while (at > 0 && out[at - 1].bytes < site->bytes) {
    if (at < n) {
      out[at] = out[at - 1];
    }
    at--;
  }
  if (at < n) {
    out[at] = *site;
    *used += *used < n;
  }
}

size_t pmmi_trace_snapshot(pmm_rt *rt, struct pmm_site *out, size_t n) {
  assert(n == 0 || out != NULL);
  const struct pmmi_trace *t = pmmi_trace_of(rt);
  if (!t->on) {
    pmmi_memory_fail(rt, PMM_RUNTIME, "nothing is traced");
    return SIZE_MAX;
  }
  size_t used = 0;
  size_t found = 0;
  pmmi_lock(rt);
  for (size_t i = 0; i < t->site_count; i++) {
    if (t->sites[i].live.blocks > 0) {
      found++;
      insert(out, n, &used, &t->sites[i].live);
    }
  }
  pmmi_unlock(rt);
  return found;
}
