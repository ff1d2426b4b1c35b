/* SPDX-License-Identifier: MIT */
/*
 * bump.c - a bound: the least an allocator can do.  Never frees.
 *
 *   region  0      16                      next       end
 *           +------+-----------------------+----------+
 *           | head | blocks, side by side  | unused   |
 *           +------+-----------------------+----------+
 *
 *   1. A request moves `next` up by its size, rounded to 16.
 *   2. A region that is too short is followed by a new one, of 1 MiB or of
 *      what the request needs.
 *   3. free() does nothing; fini() gives all regions back.
 *
 * What it measures: allocation without search and without reuse.  It wins
 * where memory is never asked for twice, and loses to the cache elsewhere, so
 * it is shown beside the ranking and not in it.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "backends/source.h"
#include "host.h"

enum { ALIGN_BYTES = 16, REGION_BYTES = 1 << 20 };

struct region {
  struct region *older; /* NULL: the first                                  */
  size_t size;          /* mapped bytes                                     */
};

static_assert(sizeof(struct region) == 16, "the drawing above");

struct bump {
  char *next;            /* first unused byte                               */
  char *end;             /* behind the region                               */
  struct region *newest; /* NULL: none yet                                  */
  struct pmm_os os;      /* where regions come from                         */
  uint64_t regions;      /* mapped                                          */
  uint64_t mapped_bytes; /* of regions                                      */
  uint64_t closed_bytes; /* handed out from all regions but the newest      */
};

static size_t round_up(size_t size, size_t to) {
  assert(to > 0 && (to & (to - 1)) == 0);
  return (size + to - 1) & ~(to - 1);
}

static int bump_init(const struct pmm_backend_config *config, void **heap) {
  assert(heap != NULL);
  const struct pmm_os *os =
      config != NULL && config->os != NULL ? config->os : pmmi_host_os();
  struct bump *bump = os->map(os->ctx, pmmi_host_page_round(sizeof *bump),
                              pmmi_host_page_bytes());
  *heap = bump;
  if (bump == NULL) {
    return -1;
  }
  bump->os = *os;
  return 0;
}

static void bump_fini(void *heap) {
  struct bump *bump = heap;
  struct pmm_os os = bump->os;
  while (bump->newest != NULL) {
    struct region *region = bump->newest;
    bump->newest = region->older;
    os.unmap(os.ctx, region, region->size);
  }
  os.unmap(os.ctx, bump, pmmi_host_page_round(sizeof *bump));
}

static uint64_t handed_out(const struct bump *bump) {
  assert(bump->next <= bump->end);
  return bump->newest == NULL
             ? 0
             : (uint64_t)(bump->next - (char *)(bump->newest + 1));
}

static int add_region(struct bump *bump, size_t size) {
  assert(size % ALIGN_BYTES == 0);
  size_t bytes = REGION_BYTES;
  if (size > REGION_BYTES - sizeof(struct region)) {
    bytes = pmmi_host_page_round(size + sizeof(struct region));
  }
  struct region *region =
      bump->os.map(bump->os.ctx, bytes, pmmi_host_page_bytes());
  if (region == NULL) {
    return -1;
  }
  bump->closed_bytes += handed_out(bump);
  *region = (struct region){.older = bump->newest, .size = bytes};
  bump->newest = region;
  bump->next = (char *)(region + 1);
  bump->end = (char *)region + bytes;
  bump->regions++;
  bump->mapped_bytes += bytes;
  return 0;
}

static void *alloc_slow(struct bump *bump, size_t size) {
  assert((size_t)(bump->end - bump->next) < size);
  if (size > PTRDIFF_MAX - REGION_BYTES || add_region(bump, size) != 0) {
    return NULL;
  }
  char *block = bump->next;
  assert((size_t)(bump->end - block) >= size);
  bump->next += size;
  return block;
}

static void *bump_alloc(void *heap, size_t size) {
  assert(heap != NULL);
  struct bump *bump = heap;
  if (size > PTRDIFF_MAX) {
    return NULL;
  }
  size_t bytes = round_up(size + (size == 0), ALIGN_BYTES);
  if ((size_t)(bump->end - bump->next) < bytes) {
    return alloc_slow(bump, bytes);
  }
  char *block = bump->next;
  bump->next += bytes;
  return block;
}

/* Fresh pages read as zero and no block is used twice. */
static void *bump_alloc_zero(void *heap, size_t n, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(n, size, &total)) {
    return NULL;
  }
  return bump_alloc(heap, total);
}

static void *bump_alloc_aligned(void *heap, size_t align, size_t size) {
  assert(align > 0 && (align & (align - 1)) == 0);
  if (align <= ALIGN_BYTES) {
    return bump_alloc(heap, size);
  }
  if (size > PTRDIFF_MAX - align) {
    return NULL;
  }
  char *wide = bump_alloc(heap, size + align);
  return wide == NULL
             ? NULL
             : wide + (round_up((uintptr_t)wide, align) - (uintptr_t)wide);
}

static void *bump_realloc(void *heap, void *block, size_t old_size,
                          size_t new_size) {
  assert(block != NULL || old_size == 0);
  if (block != NULL && new_size <= old_size) {
    return block;
  }
  void *moved = bump_alloc(heap, new_size);
  if (moved != NULL && block != NULL) {
    memcpy(moved, block, old_size);
  }
  return moved;
}

static void bump_free(void *heap, void *block) {
  (void)heap;
  (void)block;
}

static void bump_free_sized(void *heap, void *block, size_t size) {
  (void)heap;
  (void)block;
  (void)size;
}

static int bump_owns(void *heap, const void *address) {
  const struct bump *bump = heap;
  for (const struct region *r = bump->newest; r != NULL; r = r->older) {
    if ((uintptr_t)address - (uintptr_t)r < r->size) {
      return 1;
    }
  }
  return 0;
}

static void bump_stats(void *heap, struct pmm_backend_stats *out) {
  assert(out != NULL);
  const struct bump *bump = heap;
  struct pmm_backend_stats stats;
  memset(&stats, 0xff, sizeof stats); /* every figure is PMM_UNKNOWN */
  stats.struct_size = out->struct_size;
  stats.live_bytes = bump->closed_bytes + handed_out(bump);
  stats.mapped_bytes = bump->mapped_bytes;
  stats.peak_mapped_bytes = bump->mapped_bytes;
  stats.arenas = bump->regions;
  stats.arenas_mapped = bump->regions;
  stats.arenas_unmapped = 0;
  memcpy(out, &stats,
         out->struct_size < sizeof stats ? out->struct_size : sizeof stats);
}

static const void *bump_witness(void) {
  return (const void *)(uintptr_t)bump_alloc;
}

static const struct pmm_backend backend = {
    .abi_version = PMM_BACKEND_ABI,
    .capabilities = PMM_BACKEND_ZERO_UNIQUE | PMM_BACKEND_OWNS |
                    PMM_BACKEND_STATS | PMM_BACKEND_OS_HOOKS |
                    PMM_BACKEND_HEAPS | PMM_BACKEND_MEASURES |
                    PMM_BACKEND_ALIGNED,
    .struct_size = sizeof(struct pmm_backend),
    .name = "bump",
    .version = PMM_VERSION,
    .summary = "a bound: allocates and never frees",
    .init = bump_init,
    .fini = bump_fini,
    .alloc = bump_alloc,
    .alloc_zero = bump_alloc_zero,
    .alloc_aligned = bump_alloc_aligned,
    .realloc = bump_realloc,
    .free = bump_free,
    .free_sized = bump_free_sized,
    .owns = bump_owns,
    .stats = bump_stats,
    .witness_symbol = bump_witness};

static const struct pmm_backend *get(char *reason, size_t size) {
  (void)reason;
  (void)size;
  return &backend;
}

const struct pmmi_backend_source pmmi_backend_source_bump = {
    .name = "bump",
    .summary = "a bound: allocates and never frees",
    .get = get};
