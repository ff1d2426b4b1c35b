/* SPDX-License-Identifier: MIT */
/*
 * null.c - prices the harness: every request gets the same block.
 *
 * A measurement over it is what loop, call and touch cost without an
 * allocator; subtracted, what remains is the allocator's.  The claim
 * PMM_BACKEND_ONE_BLOCK keeps programs away: live "blocks" overlap.  Nobody
 * writes outside the one block, because a request that is larger is refused.
 */
#include <assert.h>
#include <string.h>

#include "backends/source.h"
#include "host.h"

enum { BLOCK_BYTES = 1 << 16 };

struct null_heap {
  struct pmm_os os;  /* where the block came from                           */
};

/* The heap is its own block's last page: one map, one address. */
static struct null_heap *head_of(void *heap) {
  assert(heap != NULL);
  return (struct null_heap *)(void *)((char *)heap + BLOCK_BYTES);
}

static int null_init(const struct pmm_backend_config *config, void **heap) {
  assert(heap != NULL);
  const struct pmm_os *os =
      config != NULL && config->os != NULL ? config->os : pmmi_host_os();
  *heap = os->map(os->ctx, BLOCK_BYTES + pmmi_host_page_bytes(),
                  pmmi_host_page_bytes());
  if (*heap == NULL) {
    return -1;
  }
  head_of(*heap)->os = *os;
  return 0;
}

static void null_fini(void *heap) {
  struct pmm_os os = head_of(heap)->os;
  os.unmap(os.ctx, heap, BLOCK_BYTES + pmmi_host_page_bytes());
}

static void *null_alloc(void *heap, size_t size) {
  return size <= BLOCK_BYTES ? heap : NULL;
}

static void *null_alloc_zero(void *heap, size_t n, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(n, size, &total) || total > BLOCK_BYTES) {
    return NULL;
  }
  return memset(heap, 0, total);
}

static void *null_alloc_aligned(void *heap, size_t align, size_t size) {
  assert(align > 0 && (align & (align - 1)) == 0);
  return align <= 4096 ? null_alloc(heap, size) : NULL;
}

static void *null_realloc(void *heap, void *block, size_t old_size,
                          size_t new_size) {
  (void)block;
  (void)old_size;
  return null_alloc(heap, new_size);
}

static void null_free(void *heap, void *block) {
  (void)heap;
  (void)block;
}

static void null_free_sized(void *heap, void *block, size_t size) {
  (void)heap;
  (void)block;
  (void)size;
}

static int null_owns(void *heap, const void *address) {
  return (uintptr_t)address - (uintptr_t)heap < BLOCK_BYTES;
}

static const void *null_witness(void) {
  return (const void *)(uintptr_t)null_alloc;
}

static const struct pmm_backend backend = {
    .abi_version = PMM_BACKEND_ABI,
    .capabilities = PMM_BACKEND_FREES | PMM_BACKEND_OWNS |
                    PMM_BACKEND_OS_HOOKS | PMM_BACKEND_HEAPS |
                    PMM_BACKEND_MEASURES | PMM_BACKEND_ALIGNED |
                    PMM_BACKEND_ONE_BLOCK,
    .struct_size = sizeof(struct pmm_backend),
    .name = "null",
    .version = PMM_VERSION,
    .summary = "a bound: one block for all requests, measures the harness",
    .init = null_init,
    .fini = null_fini,
    .alloc = null_alloc,
    .alloc_zero = null_alloc_zero,
    .alloc_aligned = null_alloc_aligned,
    .realloc = null_realloc,
    .free = null_free,
    .free_sized = null_free_sized,
    .owns = null_owns,
    .witness_symbol = null_witness};

static const struct pmm_backend *get(char *reason, size_t size) {
  (void)reason;
  (void)size;
  return &backend;
}

const struct pmmi_backend_source pmmi_backend_source_null = {
    .name = "null",
    .summary = "a bound: one block for all requests, measures the harness",
    .get = get};
