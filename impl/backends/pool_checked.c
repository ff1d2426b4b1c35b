/* SPDX-License-Identifier: MIT */
/* pool_checked.c - the contract's table over pool/checked.h. */
#include "backends/pool_checked.h"

#include <assert.h>

#include "backends/pool.h"
#include "pool/checked.h"
#include "pool/figures.h"

static int checked_init(const struct pmm_backend_config *config, void **heap) {
  assert(heap != NULL);
  *heap = pmmi_checked_open(config);
  return *heap != NULL ? 0 : -1;
}

static void checked_fini(void *heap) { pmmi_checked_close(heap); }

static void *checked_alloc(void *heap, size_t size) {
  return pmmi_checked_alloc(heap, size);
}

static void *checked_alloc_zero(void *heap, size_t n, size_t size) {
  return pmmi_checked_alloc_zero(heap, n, size);
}

static void *checked_alloc_aligned(void *heap, size_t align, size_t size) {
  assert(align > 0 && (align & (align - 1)) == 0);
  return pmmi_checked_alloc_aligned(heap, align, size);
}

static void *checked_realloc(void *heap, void *block, size_t old_size,
                             size_t new_size) {
  return pmmi_checked_realloc(heap, block, old_size, new_size);
}

static void checked_free(void *heap, void *block) {
  pmmi_checked_free(heap, block);
}

static void checked_free_sized(void *heap, void *block, size_t size) {
  pmmi_checked_free_sized(heap, block, size);
}

static size_t checked_usable_size(void *heap, const void *block) {
  return pmmi_checked_usable_size(heap, block);
}

static int checked_owns(void *heap, const void *address) {
  return pmmi_pool_owns(&((struct pmmi_checked *)heap)->heap, address);
}

static size_t checked_alloc_batch(void *heap, size_t size, size_t count,
                                  void **out) {
  assert(count == 0 || out != NULL);
  for (size_t i = 0; i < count; i++) {
    out[i] = pmmi_checked_alloc(heap, size);
    if (out[i] == NULL) {
      return i;
    }
  }
  return count;
}

static void checked_free_batch(void *heap, size_t size, size_t count,
                               void **blocks) {
  assert(count == 0 || blocks != NULL);
  for (size_t i = 0; i < count; i++) {
    pmmi_checked_free_sized(heap, blocks[i], size);
  }
}

static size_t checked_trim(void *heap) { return pmmi_checked_trim(heap); }

static void checked_stats(void *heap, struct pmm_backend_stats *out) {
  assert(out != NULL);
  pmmi_checked_stats(heap, out);
}

static int checked_class_stats(void *heap, size_t index,
                               struct pmm_class_stats *out) {
  return pmmi_checked_class_stats(heap, index, out);
}

static int checked_arena_stats(void *heap, size_t index,
                               struct pmm_arena_stats *out) {
  return pmmi_pool_arena_stats(&((struct pmmi_checked *)heap)->heap, index,
                               out);
}

static int checked_visit(void *heap,
                         int (*fn)(void *ctx, const struct pmm_block *block),
                         void *ctx) {
  assert(fn != NULL);
  return pmmi_checked_visit(heap, fn, ctx);
}

static const void *checked_witness(void) {
  return (const void *)(uintptr_t)checked_alloc;
}

const struct pmm_backend pmmi_backend_pool_checked = {
    .abi_version = PMM_BACKEND_ABI,
    .capabilities = PMMI_POOL_CAPABILITIES,
    .struct_size = sizeof(struct pmm_backend),
    .name = "pool",
    .version = PMM_VERSION,
    .summary = PMMI_POOL_SUMMARY,
    .init = checked_init,
    .fini = checked_fini,
    .alloc = checked_alloc,
    .alloc_zero = checked_alloc_zero,
    .alloc_aligned = checked_alloc_aligned,
    .realloc = checked_realloc,
    .free = checked_free,
    .free_sized = checked_free_sized,
    .usable_size = checked_usable_size,
    .owns = checked_owns,
    .alloc_batch = checked_alloc_batch,
    .free_batch = checked_free_batch,
    .trim = checked_trim,
    .stats = checked_stats,
    .class_stats = checked_class_stats,
    .arena_stats = checked_arena_stats,
    .visit = checked_visit,
    .witness_symbol = checked_witness};
