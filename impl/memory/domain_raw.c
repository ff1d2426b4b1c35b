/* SPDX-License-Identifier: MIT */
/* domain_raw.c - the raw domain; idea and invariant: domain_raw.h. */
#include "memory/domain_raw.h"

#include <stdlib.h>

#include "memory/memory_state.h"

/* ---- the base: the C library --------------------------------------------- */

static void *base_malloc(void *ctx, size_t size) {
  assert(size <= PTRDIFF_MAX);
  (void)ctx;
  return malloc(pmmi_at_least_one(size));
}

static void *base_calloc(void *ctx, size_t n, size_t size) {
  (void)ctx;
  int empty = n == 0 || size == 0;
  return calloc(empty ? 1 : n, empty ? 1 : size);
}

static void *base_realloc(void *ctx, void *block, size_t size) {
  (void)ctx;
  return realloc(block, pmmi_at_least_one(size));
}

static void base_free(void *ctx, void *block) {
  (void)ctx;
  free(block);
}

static void *base_resize(void *ctx, void *block, size_t old_size,
                         size_t new_size) {
  (void)old_size;
  return base_realloc(ctx, block, new_size);
}

static void base_free_sized(void *ctx, void *block, size_t size) {
  (void)ctx;
  (void)size;
  free(block);
}

const struct pmmi_allocator pmmi_raw_allocator = {
    .ctx = NULL,
    .alloc = base_malloc,
    .alloc_zero = base_calloc,
    .realloc = base_resize,
    .free_sized = base_free_sized};

const struct pmm_domain_allocator pmmi_raw_base = {
    NULL, base_malloc, base_calloc, base_realloc, base_free};

/* ---- figures ------------------------------------------------------------- */

/** Note what was live at most until now.  The holder, with the lock. */
static void join_peaks(pmm_rt *rt) {
  assert(pmmi_holds(rt));
  struct pmmi_memory *m = pmmi_memory_of(rt);
  struct pmmi_raw *raw = pmmi_raw_of(rt);
  uint64_t most = m->peak_bytes + raw->most_bytes;
  assert(m->peak_bytes >= m->live_bytes);
  if (most > m->joint_peak_bytes) {
    m->joint_peak_bytes = most;
  }
  m->peak_bytes = m->live_bytes;
  raw->most_bytes = raw->figures.live_bytes;
}

/** Take the lock to change what is live. */
static void enter(pmm_rt *rt) {
  pmmi_lock(rt);
  if (pmmi_holds(rt)) {
    join_peaks(rt);
  }
}

static void leave(pmm_rt *rt) {
  struct pmmi_raw *raw = pmmi_raw_of(rt);
  if (pmmi_holds(rt) || raw->figures.live_bytes > raw->most_bytes) {
    raw->most_bytes = raw->figures.live_bytes;
  }
  pmmi_unlock(rt);
}

struct pmmi_raw_figures pmmi_raw_figures(pmm_rt *rt) {
  enter(rt);
  struct pmmi_raw_figures figures = pmmi_raw_of(rt)->figures;
  leave(rt);
  return figures;
}

void pmmi_raw_reset_peak(pmm_rt *rt) {
  enter(rt);
  pmmi_memory_of(rt)->joint_peak_bytes = 0;
  leave(rt);
}

void pmmi_raw_fini(pmm_rt *rt) {
  assert(pmmi_raw_of(rt)->sizes.promised == 0);
  pmmi_size_table_fini(&pmmi_raw_of(rt)->sizes, &pmmi_holder_of(rt)->tables);
}

/* ---- requests ------------------------------------------------------------ */

/** 1 when this attempt is one that was told to fail. */
static int is_injected(pmm_rt *rt) {
  struct pmmi_memory *m = pmmi_memory_of(rt);
  if (!pmmi_holds(rt)) {
    return 0;
  }
  if (m->attempts++ >= m->fail_at) {
    pmmi_memory_refuse(m);
    return 1;
  }
  m->elsewhere++;
  return 0;
}

/** 1 when the attempt may be made, and its block be remembered. */
static int may_attempt(pmm_rt *rt) {
  if (is_injected(rt)) {
    return 0;
  }
  pmmi_lock(rt);
  int failed = pmmi_size_table_promise(&pmmi_raw_of(rt)->sizes,
                                       &pmmi_holder_of(rt)->tables);
  pmmi_unlock(rt);
  return failed == 0;
}

/** Remember and count what the attempt brought. */
static void *attempted(pmm_rt *rt, void *block, size_t size) {
  assert(size <= PTRDIFF_MAX);
  struct pmmi_raw_figures *figures = &pmmi_raw_of(rt)->figures;
  size_t bytes = pmmi_at_least_one(size);
  enter(rt);
  pmmi_size_table_fulfil(&pmmi_raw_of(rt)->sizes, block, bytes);
  if (block != NULL) {
    figures->live_bytes += bytes;
    figures->live_blocks++;
    figures->allocations++;
    figures->requested_bytes += bytes;
  }
  leave(rt);
  return block;
}

void *pmmi_raw_malloc(pmm_rt *rt, size_t size) {
  struct pmmi_allocator *heap = &pmmi_memory_of(rt)->heap[PMM_DOMAIN_RAW];
  if (size > PTRDIFF_MAX || !may_attempt(rt)) {
    return NULL;
  }
  void *block =
      heap->alloc(heap->ctx, pmmi_domain_asked(rt, PMM_DOMAIN_RAW, size));
  return attempted(rt, block, size);
}

void *pmmi_raw_calloc(pmm_rt *rt, size_t n, size_t size) {
  struct pmmi_allocator *heap = &pmmi_memory_of(rt)->heap[PMM_DOMAIN_RAW];
  size_t bytes;
  if (!pmmi_size_fits(n, size, 0, &bytes) || !may_attempt(rt)) {
    return NULL;
  }
  int plain = pmmi_domain_asked(rt, PMM_DOMAIN_RAW, bytes) == bytes;
  void *block = heap->alloc_zero(heap->ctx, plain ? n : 1, plain ? size : 1);
  return attempted(rt, block, bytes);
}

/* ---- resizes and frees --------------------------------------------------- */

/** What begin_resize() found. */
enum found { STRANGER, REFUSED, LENT };

/** Lend a block that operations handed out, so that its address is nobody's
 *  while it is resized. */
static enum found begin_resize(pmm_rt *rt, const void *block, size_t new_size,
                               size_t *old_size) {
  assert(block != NULL && new_size > 0);
  struct pmmi_size_table *sizes = &pmmi_raw_of(rt)->sizes;
  enum found found = STRANGER;
  pmmi_lock(rt);
  if (pmmi_size_table_find(sizes, block, old_size)) {
    found = new_size > *old_size && is_injected(rt) ? REFUSED : LENT;
  }
  if (found == LENT) {
    (void)pmmi_size_table_lend(sizes, block);
  }
  pmmi_unlock(rt);
  return found;
}

/** It lies at `moved` with its new size; NULL: at `block`, with its old. */
static void end_resize(pmm_rt *rt, const void *block, size_t old_size,
                       const void *moved, size_t new_size) {
  assert(block != NULL && old_size > 0 && new_size > 0);
  struct pmmi_raw *raw = pmmi_raw_of(rt);
  enter(rt);
  if (moved == NULL) {
    pmmi_size_table_fulfil(&raw->sizes, block, old_size);
  } else {
    pmmi_size_table_fulfil(&raw->sizes, moved, new_size);
    raw->figures.live_bytes += new_size - old_size;
    raw->figures.requested_bytes += new_size;
    raw->figures.resizes++;
  }
  leave(rt);
}

void *pmmi_raw_realloc(pmm_rt *rt, void *block, size_t size) {
  struct pmmi_allocator *heap = &pmmi_memory_of(rt)->heap[PMM_DOMAIN_RAW];
  struct pmm_domain_allocator *current =
      &pmmi_domains_of(rt)->current[PMM_DOMAIN_RAW];
  size_t asked = pmmi_domain_asked(rt, PMM_DOMAIN_RAW, size);
  size_t new_size = pmmi_at_least_one(size);
  size_t old_size = 0;
  if (size > PTRDIFF_MAX) {
    return NULL;
  }
  if (block == NULL) {
    return may_attempt(rt)
               ? attempted(rt, heap->realloc(heap->ctx, NULL, 0, asked), size)
               : NULL;
  }
  enum found found = begin_resize(rt, block, new_size, &old_size);
  if (found == STRANGER) {
    return current->realloc(current->ctx, block, size);
  }
  if (found == REFUSED) {
    return NULL;
  }
  void *moved = heap->realloc(heap->ctx, block, old_size, asked);
  end_resize(rt, block, old_size, moved, new_size);
  return moved;
}

void pmmi_raw_free(pmm_rt *rt, void *block) {
  struct pmmi_allocator *heap = &pmmi_memory_of(rt)->heap[PMM_DOMAIN_RAW];
  struct pmmi_raw *raw = pmmi_raw_of(rt);
  size_t size;
  enter(rt);
  int known = pmmi_size_table_take(&raw->sizes, block, &size);
  if (known) {
  assert(raw->figures.live_bytes >= size && raw->figures.live_blocks > 0);
    raw->figures.live_bytes -= size;
    raw->figures.live_blocks--;
    raw->figures.frees++;
  }
  leave(rt);
  if (known) {
    heap->free_sized(heap->ctx, block, size);
  } else {
    struct pmm_domain_allocator *current =
        &pmmi_domains_of(rt)->current[PMM_DOMAIN_RAW];
    current->free(current->ctx, block);
  }
}
