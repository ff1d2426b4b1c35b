/* SPDX-License-Identifier: MIT */
/* pool.c - see pool.h: the contract's table over pool/pool.h. */
#include "backends/pool.h"

#include <assert.h>

#include "backends/pool_checked.h"
#include "pool/checked.h"
#include "pool/figures.h"
#include "pool/pool.h"

static int pool_init(const struct pmm_backend_config *config, void **heap) {
  assert(heap != NULL);
  *heap = pmmi_pool_open(config);
  return *heap != NULL ? 0 : -1;
}

static void pool_fini(void *heap) { pmmi_pool_close(heap); }

static void *pool_alloc(void *heap, size_t size) {
  return pmmi_pool_alloc(heap, size);
}

static void *pool_alloc_zero(void *heap, size_t n, size_t size) {
  return pmmi_pool_alloc_zero(heap, n, size);
}

static void *pool_alloc_aligned(void *heap, size_t align, size_t size) {
  assert(align > 0 && (align & (align - 1)) == 0);
  return pmmi_pool_alloc_aligned(heap, align, size);
}

static void *pool_realloc(void *heap, void *block, size_t old_size,
                          size_t new_size) {
  return pmmi_pool_realloc(heap, block, old_size, new_size);
}

static void pool_free(void *heap, void *block) { pmmi_pool_free(heap, block); }

static void pool_free_sized(void *heap, void *block, size_t size) {
  pmmi_pool_free_sized(heap, block, size);
}

static size_t pool_usable_size(void *heap, const void *block) {
  return pmmi_pool_usable_size(heap, block);
}

static int pool_owns(void *heap, const void *address) {
  return pmmi_pool_owns(heap, address);
}

static size_t pool_alloc_batch(void *heap, size_t size, size_t count,
                               void **out) {
  assert(count == 0 || out != NULL);
  for (size_t i = 0; i < count; i++) {
    out[i] = pmmi_pool_alloc(heap, size);
    if (out[i] == NULL) {
      return i;
    }
  }
  return count;
}

static void pool_free_batch(void *heap, size_t size, size_t count,
                            void **blocks) {
  assert(count == 0 || blocks != NULL);
  pmmi_pool_free_batch(heap, size, count, blocks);
}

static size_t pool_trim(void *heap) { return pmmi_pool_trim(heap); }

static void pool_stats(void *heap, struct pmm_backend_stats *out) {
  assert(out != NULL);
  pmmi_pool_stats(heap, out);
}

static int pool_class_stats(void *heap, size_t index,
                            struct pmm_class_stats *out) {
  return pmmi_pool_class_stats(heap, index, out);
}

static int pool_arena_stats(void *heap, size_t index,
                            struct pmm_arena_stats *out) {
  return pmmi_pool_arena_stats(heap, index, out);
}

static int pool_visit(void *heap,
                      int (*fn)(void *ctx, const struct pmm_block *block),
                      void *ctx) {
  assert(fn != NULL);
  return pmmi_pool_visit(heap, fn, ctx);
}

static const void *pool_witness(void) {
  return (const void *)(uintptr_t)pool_alloc;
}

const struct pmm_backend pmmi_backend_pool = {
    .abi_version = PMM_BACKEND_ABI,
    .capabilities = PMMI_POOL_CAPABILITIES,
    .struct_size = sizeof(struct pmm_backend),
    .name = "pool",
    .version = PMM_VERSION,
    .summary = PMMI_POOL_SUMMARY,
    .init = pool_init,
    .fini = pool_fini,
    .alloc = pool_alloc,
    .alloc_zero = pool_alloc_zero,
    .alloc_aligned = pool_alloc_aligned,
    .realloc = pool_realloc,
    .free = pool_free,
    .free_sized = pool_free_sized,
    .usable_size = pool_usable_size,
    .owns = pool_owns,
    .alloc_batch = pool_alloc_batch,
    .free_batch = pool_free_batch,
    .trim = pool_trim,
    .stats = pool_stats,
    .class_stats = pool_class_stats,
    .arena_stats = pool_arena_stats,
    .visit = pool_visit,
    .witness_symbol = pool_witness};

static const struct pmm_backend *get(char *reason, size_t size) {
  (void)reason;
  (void)size;
  return pmmi_checked_is_wanted() ? &pmmi_backend_pool_checked
                                  : &pmmi_backend_pool;
}

const struct pmmi_backend_source pmmi_backend_source_pool = {
    .name = "pool",
    .summary = PMMI_POOL_SUMMARY,
    .get = get};
