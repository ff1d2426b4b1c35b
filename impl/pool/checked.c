/* SPDX-License-Identifier: MIT */
/* checked.c - see checked.h. */
#include "pool/checked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "pool/arena.h"
#include "pool/figures.h"
#include "pool/invariant.h"
#include "sanitize.h"

#ifndef PMMI_CHECKED
#define PMMI_CHECKED 0
#endif

int pmmi_checked_is_wanted(void) {
  return PMMI_CHECKED || pmmi_sanitize_listens();
}

/* ---- the pool's hooks ---------------------------------------------------- */

/* Of all that the pool maps, arenas alone are aligned like arenas. */
static void *map_watched(void *ctx, size_t size, size_t align) {
  const struct pmmi_checked *checked = ctx;
  void *base = checked->os.map(checked->os.ctx, size, align);
  if (base != NULL && align == PMMI_POOL_ARENA_BYTES) {
    pmmi_sanitize_reserve(base, size);
  }
  return base;
}

static void unmap_watched(void *ctx, void *base, size_t size) {
  const struct pmmi_checked *checked = ctx;
  assert(base != NULL);
  pmmi_sanitize_release(base, size);
  checked->os.unmap(checked->os.ctx, base, size);
}

static void discard_watched(void *ctx, void *base, size_t size) {
  const struct pmmi_checked *checked = ctx;
  assert(base != NULL);
  checked->os.discard(checked->os.ctx, base, size);
}

/* ---- opening and closing ------------------------------------------------- */

struct pmmi_checked *pmmi_checked_open(
    const struct pmm_backend_config *config) {
  const struct pmm_os *os =
      config != NULL && config->os != NULL ? config->os : pmmi_host_os();
  size_t size = pmmi_host_page_round(sizeof(struct pmmi_checked));
  struct pmmi_checked *checked =
      os->map(os->ctx, size, pmmi_host_page_bytes());
  if (checked == NULL) {
    return NULL;
  }
  const struct pmm_os watched = {checked, map_watched, unmap_watched,
                                 discard_watched};
  checked->os = *os;
  checked->shadows.heap = &checked->heap;
  checked->quarantine.limit_bytes =
      config != NULL ? config->quarantine_bytes : 0;
  pmmi_pool_init(&checked->heap, &watched, size);
  checked->heap.large.spare_limit = 0;
  return checked;
}

/* In a checked build the heap is whole between its phases, or the run ends. */
static void check_invariant(const struct pmmi_checked *checked) {
#if PMMI_CHECKED
  const char *wrong = pmmi_checked_is_valid(checked);
  if (wrong != NULL) {
    fprintf(stderr, "pmm pool: does not hold: %s\n", wrong);
    abort();
  }
#else
  (void)checked;
#endif
}

/* What is live at the end leaked.  Leave it to be found by whoever looks:
 * ASan's and valgrind's malloc know its blocks, and valgrind ours too. */
static void leave_leaks(struct pmmi_heap *heap) {
  if (pmmi_sanitize_listens()) {
    pmmi_large_forget(heap);
  }
  for (uint32_t n = 0; pmmi_sanitize_memcheck() && n < heap->arena_limit;
       n++) {
    struct pmmi_arena *arena = &heap->arenas[n];
    if (arena->base != NULL && !pmmi_pool_arena_is_idle(heap, arena)) {
      arena->base = NULL;
    }
  }
}

void pmmi_checked_close(struct pmmi_checked *checked) {
  struct pmmi_heap *heap = &checked->heap;
  pmmi_quarantine_flush(&checked->quarantine, &checked->shadows);
  check_invariant(checked);
  leave_leaks(heap);
  pmmi_pool_table_close(heap, &checked->quarantine.table);
  pmmi_pool_table_close(heap, &checked->shadows.table);
  pmmi_pool_fini(heap);
  struct pmm_os os = checked->os;
  os.unmap(os.ctx, checked, pmmi_host_page_round(sizeof *checked));
}

/* ---- blocks -------------------------------------------------------------- */

/* A pool for `size` bytes that has its shadow; NULL: no memory. */
static struct pmmi_pool *find(struct pmmi_checked *checked, size_t size) {
  struct pmmi_pool *pool = pmmi_pool_find(&checked->heap, size);
  if (pool != NULL && pmmi_shadow_reserve(&checked->shadows, pool) != 0) {
    /* It comes from an arena just mapped, which may be one too many. */
    assert(pool->fresh == 0);
    pmmi_pool_emptied(&checked->heap, pool);
    return NULL;
  }
  return pool;
}

static void *alloc_small(struct pmmi_checked *checked, size_t size) {
  assert(size <= PMMI_POOL_SMALL_MAX);
  struct pmmi_pool *pool = find(checked, size);
  if (pool == NULL && checked->quarantine.count > 0) {
    pmmi_quarantine_flush(&checked->quarantine, &checked->shadows);
    pool = find(checked, size);
  }
  return pool != NULL ? pmmi_shadow_hand_out(&checked->shadows, pool, size)
                      : NULL;
}

void *pmmi_checked_alloc(struct pmmi_checked *checked, size_t size) {
  void *block =
      size <= PMMI_POOL_SMALL_MAX ? alloc_small(checked, size) : NULL;
  return block != NULL ? block : pmmi_large_alloc(&checked->heap, size, 0);
}

void *pmmi_checked_alloc_zero(struct pmmi_checked *checked, size_t n,
                              size_t size) {
  size_t total;
  if (__builtin_mul_overflow(n, size, &total)) {
    return NULL;
  }
  if (total > PMMI_POOL_SMALL_MAX) {
    return pmmi_large_alloc(&checked->heap, total, 1);
  }
  void *block = pmmi_checked_alloc(checked, total);
  if (block != NULL) {
    memset(block, 0, total);
  }
  return block;
}

void *pmmi_checked_alloc_aligned(struct pmmi_checked *checked, size_t align,
                                 size_t size) {
  assert(align > 0 && (align & (align - 1)) == 0);
  return align <= PMMI_POOL_STEP_BYTES
             ? pmmi_checked_alloc(checked, size)
             : pmmi_large_alloc_aligned(&checked->heap, align,
                                        size == 0 ? 1 : size);
}

/* Whether malloc, or the checker under it, is the one to complain. */
static int is_strange(const struct pmmi_heap *heap, const void *block) {
  int found;
  (void)pmmi_large_size(heap, block, &found);
  return !found && pmmi_sanitize_listens();
}

void pmmi_checked_free(struct pmmi_checked *checked, void *block) {
  struct pmmi_heap *heap = &checked->heap;
  struct pmmi_pool *pool = pmmi_pool_of(heap, block);
  if (pool == NULL) {
    if (is_strange(heap, block)) {
      free(block);
    } else {
      pmmi_large_free(heap, block);
    }
  } else if (pmmi_shadow_is_live(&checked->shadows, pool, block)) {
    pmmi_shadow_retire(&checked->shadows, pool, block);
    if (!pmmi_quarantine_push(&checked->quarantine, &checked->shadows, pool,
                              block)) {
      pmmi_shadow_take_back(&checked->shadows, pool, block);
    }
  } else if (pmmi_sanitize_memcheck()) {
    pmmi_sanitize_freed(block, 0);
  } else {
    fprintf(stderr, "pmm pool: free of %p, which is no live block\n", block);
    abort();
  }
}

void pmmi_checked_free_sized(struct pmmi_checked *checked, void *block,
                             size_t size) {
  const struct pmmi_pool *pool = pmmi_pool_of(&checked->heap, block);
  if (pool != NULL && pmmi_shadow_is_live(&checked->shadows, pool, block)) {
    size_t asked = pmmi_shadow_request(&checked->shadows, pool, block);
    if (asked != size) {
      fprintf(stderr, "pmm pool: sized free of %p says %zu bytes, not %zu\n",
              block, size, asked);
      abort();
    }
  }
  pmmi_checked_free(checked, block);
}

/* ---- resizing ------------------------------------------------------------ */

static void *move_block(struct pmmi_checked *checked, void *block,
                        size_t old_size, size_t new_size) {
  assert(block != NULL);
  void *moved = pmmi_checked_alloc(checked, new_size);
  if (moved != NULL) {
    memcpy(moved, block, old_size < new_size ? old_size : new_size);
    pmmi_checked_free(checked, block);
  }
  return moved;
}

static void *resize_small(struct pmmi_checked *checked,
                          struct pmmi_pool *pool, void *block,
                          size_t old_size, size_t new_size) {
  size_t reserved = pmmi_pool_block_size(pool);
  int fits = new_size <= reserved;
  if (!fits || pmmi_pool_is_loose(reserved, new_size)) {
    void *moved = move_block(checked, block, old_size, new_size);
    if (moved != NULL || !fits) {
      return moved;
    }
  }
  pmmi_shadow_resize(&checked->shadows, pool, block, new_size);
  return block;
}

static void *resize_large(struct pmmi_checked *checked, void *block,
                          size_t old_size, size_t new_size) {
  void *moved = new_size <= PMMI_POOL_SMALL_MAX
                    ? move_block(checked, block, old_size, new_size)
                    : NULL;
  return moved != NULL
             ? moved
             : pmmi_large_realloc(&checked->heap, block, new_size);
}

void *pmmi_checked_realloc(struct pmmi_checked *checked, void *block,
                           size_t old_size, size_t new_size) {
  if (block == NULL) {
    return pmmi_checked_alloc(checked, new_size);
  }
  if (new_size > PTRDIFF_MAX) {
    return NULL;
  }
  struct pmmi_pool *pool = pmmi_pool_of(&checked->heap, block);
  return pool != NULL
             ? resize_small(checked, pool, block, old_size, new_size)
             : resize_large(checked, block, old_size, new_size);
}

size_t pmmi_checked_usable_size(struct pmmi_checked *checked,
                                const void *block) {
  const struct pmmi_pool *pool = pmmi_pool_of(&checked->heap, block);
  int found;
  return pool != NULL ? pmmi_shadow_request(&checked->shadows, pool, block)
                      : pmmi_large_size(&checked->heap, block, &found);
}

size_t pmmi_checked_trim(struct pmmi_checked *checked) {
  check_invariant(checked);
  pmmi_quarantine_flush(&checked->quarantine, &checked->shadows);
  return pmmi_pool_trim(&checked->heap);
}

/* ---- figures ------------------------------------------------------------- */

void pmmi_checked_stats(struct pmmi_checked *checked,
                        struct pmm_backend_stats *out) {
  assert(out != NULL);
  const struct pmmi_quarantine *q = &checked->quarantine;
  struct pmm_backend_stats stats = {.struct_size = sizeof stats};
  pmmi_pool_stats(&checked->heap, &stats);
  assert(stats.live_blocks >= q->count && stats.live_bytes >= q->bytes);
  stats.struct_size = out->struct_size;
  stats.live_blocks -= q->count;
  stats.live_bytes -= q->bytes;
  memcpy(out, &stats,
         out->struct_size < sizeof stats ? out->struct_size : sizeof stats);
}

int pmmi_checked_class_stats(struct pmmi_checked *checked, size_t index,
                             struct pmm_class_stats *out) {
  assert(out != NULL);
  struct pmm_class_stats stats = {.struct_size = sizeof stats};
  if (pmmi_pool_class_stats(&checked->heap, index, &stats) != 0) {
    return -1;
  }
  assert(stats.blocks_used >= checked->quarantine.in_class[index + 1]);
  stats.struct_size = out->struct_size;
  stats.blocks_used -= checked->quarantine.in_class[index + 1];
  stats.blocks_free += checked->quarantine.in_class[index + 1];
  memcpy(out, &stats,
         out->struct_size < sizeof stats ? out->struct_size : sizeof stats);
  return 0;
}

struct visit {
  const struct pmmi_checked *checked;
  int (*fn)(void *ctx, const struct pmm_block *block);
  void *ctx;
};

/* The pool takes every block that it handed out for live, having no list. */
static int show(void *ctx, const struct pmm_block *block) {
  const struct visit *visit = ctx;
  const struct pmmi_checked *checked = visit->checked;
  const struct pmmi_pool *pool = pmmi_pool_of(&checked->heap, block->address);
  struct pmm_block seen = *block;
  if (pool != NULL) {
    seen.live = pmmi_shadow_is_live(&checked->shadows, pool, block->address);
  }
  return visit->fn(visit->ctx, &seen);
}

int pmmi_checked_visit(struct pmmi_checked *checked,
                       int (*fn)(void *ctx, const struct pmm_block *block),
                       void *ctx) {
  assert(fn != NULL);
  struct visit visit = {checked, fn, ctx};
  return pmmi_pool_visit(&checked->heap, show, &visit);
}

const char *pmmi_checked_is_valid(const struct pmmi_checked *checked) {
  const char *wrong = pmmi_pool_places_are_valid(&checked->heap);
  const struct pmmi_quarantine *q = &checked->quarantine;
  wrong = wrong != NULL ? wrong : pmmi_quarantine_check(q);
  return wrong != NULL ? wrong : pmmi_shadow_check(&checked->shadows, q->count);
}
