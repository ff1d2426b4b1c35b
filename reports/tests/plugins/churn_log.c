/* SPDX-License-Identifier: MIT */
/*
 * churn_log.c - an allocator that writes down what a benchmark asks of it.
 *
 * For each step, a free and the allocation after it, LOG gets a line: how many
 * allocations ago the block was made, the size freed, the size asked for.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmm/backend.h"

struct head {
  _Alignas(16) size_t size;
  size_t born;
};

static size_t made;      /* allocations so far                              */
static size_t freed;     /* size of the block just freed; 0: none           */
static size_t lifetime;  /* of that block, in allocations                   */
static FILE *out;

static int log_init(const struct pmm_backend_config *config, void **heap) {
  (void)config;
  *heap = &made;
  made = freed = 0;
  out = fopen(LOG, "w"); /* each heap begins anew */
  return out != NULL ? 0 : -1;
}

static void log_fini(void *heap) {
  (void)heap;
  fclose(out);
}

static void *log_alloc(void *heap, size_t size) {
  (void)heap;
  if (size > PTRDIFF_MAX - sizeof(struct head)) {
    return NULL;
  }
  struct head *head = malloc(sizeof *head + size);
  if (head == NULL) {
    return NULL;
  }
  *head = (struct head){.size = size, .born = made++};
  if (freed != 0) {
    fprintf(out, "%zu %zu %zu\n", lifetime, freed, size);
    freed = 0;
  }
  return head + 1;
}

static void log_free(void *heap, void *block) {
  (void)heap;
  if (block != NULL) {
    struct head *head = (struct head *)block - 1;
    freed = head->size;
    lifetime = made - head->born;
    free(head);
  }
}

static void log_free_sized(void *heap, void *block, size_t size) {
  (void)size;
  log_free(heap, block);
}

static void *log_alloc_zero(void *heap, size_t n, size_t size) {
  void *block = log_alloc(heap, n * size);
  return block != NULL ? memset(block, 0, n * size) : NULL;
}

static void *log_alloc_aligned(void *heap, size_t align, size_t size) {
  return align <= 16 ? log_alloc(heap, size) : NULL;
}

static void *log_realloc(void *heap, void *block, size_t old, size_t size) {
  void *grown = log_alloc(heap, size);
  if (grown != NULL && block != NULL) {
    memcpy(grown, block, old < size ? old : size);
    log_free(heap, block);
  }
  return grown;
}

static const void *log_witness(void) {
  return (const void *)(uintptr_t)log_alloc;
}

static const struct pmm_backend backend = {
    .abi_version = PMM_BACKEND_ABI,
    .capabilities = PMM_BACKEND_FREES,
    .struct_size = sizeof(struct pmm_backend),
    .name = "churn_log",
    .version = "1",
    .summary = "writes down what it is asked for",
    .init = log_init,
    .fini = log_fini,
    .alloc = log_alloc,
    .alloc_zero = log_alloc_zero,
    .alloc_aligned = log_alloc_aligned,
    .realloc = log_realloc,
    .free = log_free,
    .free_sized = log_free_sized,
    .witness_symbol = log_witness};

const struct pmm_backend *pmm_backend_get(uint32_t host_abi);
const struct pmm_backend *pmm_backend_get(uint32_t host_abi) {
  return host_abi == PMM_BACKEND_ABI ? &backend : NULL;
}
