/* SPDX-License-Identifier: MIT */
/*
 * backend.c - a whole allocator, small enough to read: the start of your own.
 *
 *   cc -shared -fPIC -O2 -Iimpl/include -o mine.so \
 *      conformance/example/backend.c
 *   pmm rank --backend ./mine.so
 *
 *   1. A block has 16 bytes in front that hold its size.  Blocks of up to 512
 *      bytes are of the next multiple of 16; larger ones are malloc's.
 *   2. Each of the 32 sizes has a list of free blocks.  An empty list is
 *      filled from a chunk of 64 KiB, which the heap keeps until its end.
 *
 * It claims nothing but that freed memory is used again, so its check asks
 * for no more.  Invariant: a block is live or on one list, never both.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmm/backend.h"

enum { UNIT = 16, CLASSES = 32, CHUNK_BYTES = 64 * 1024 };

/* In front of every block; the block is aligned as this is. */
struct head {
  _Alignas(UNIT) size_t size; /* bytes of the block, a multiple of UNIT     */
  struct head *next;          /* on a free list; else unspecified           */
};

/* In front of a chunk's blocks. */
struct chunk {
  _Alignas(UNIT) struct chunk *next; /* of the heap                         */
};

struct heap {
  struct head *lists[CLASSES]; /* [i] has blocks of (i + 1) * UNIT bytes    */
  struct chunk *chunks;
};

static int heap_init(const struct pmm_backend_config *config, void **heap) {
  (void)config;
  *heap = calloc(1, sizeof(struct heap));
  return *heap != NULL ? 0 : -1;
}

static void heap_fini(void *heap) {
  struct heap *h = heap;
  while (h->chunks != NULL) {
    struct chunk *next = h->chunks->next;
    free(h->chunks);
    h->chunks = next;
  }
  free(h);
}

/* Put a chunk's blocks of `size` bytes on their list.  -1: no memory. */
static int fill(struct heap *h, size_t size) {
  struct chunk *chunk = malloc(CHUNK_BYTES);
  if (chunk == NULL) {
    return -1;
  }
  chunk->next = h->chunks;
  h->chunks = chunk;
  size_t step = sizeof(struct head) + size;
  struct head **list = &h->lists[size / UNIT - 1];
  for (size_t at = sizeof *chunk; at + step <= CHUNK_BYTES; at += step) {
    struct head *head = (struct head *)(void *)((char *)chunk + at);
    head->size = size;
    head->next = *list;
    *list = head;
  }
  return 0;
}

static void *heap_alloc(void *heap, size_t size) {
  struct heap *h = heap;
  if (size > PTRDIFF_MAX - sizeof(struct head) - UNIT) {
    return NULL;
  }
  size = size == 0 ? UNIT : (size + UNIT - 1) / UNIT * UNIT;
  struct head *head;
  if (size > CLASSES * UNIT) {
    head = malloc(sizeof *head + size);
    if (head == NULL) {
      return NULL;
    }
    head->size = size;
    return head + 1;
  }
  struct head **list = &h->lists[size / UNIT - 1];
  if (*list == NULL && fill(h, size) != 0) {
    return NULL;
  }
  head = *list;
  *list = head->next;
  return head + 1;
}

static void *heap_alloc_zero(void *heap, size_t n, size_t size) {
  if (size != 0 && n > PTRDIFF_MAX / size) {
    return NULL;
  }
  void *block = heap_alloc(heap, n * size);
  return block != NULL ? memset(block, 0, n * size) : NULL;
}

/* Without the claim PMM_BACKEND_ALIGNED more than 16 may be refused. */
static void *heap_alloc_aligned(void *heap, size_t align, size_t size) {
  return align <= UNIT ? heap_alloc(heap, size) : NULL;
}

static void heap_free(void *heap, void *block) {
  struct heap *h = heap;
  if (block == NULL) {
    return;
  }
  struct head *head = (struct head *)block - 1;
  if (head->size > CLASSES * UNIT) {
    free(head);
    return;
  }
  head->next = h->lists[head->size / UNIT - 1];
  h->lists[head->size / UNIT - 1] = head;
}

static void heap_free_sized(void *heap, void *block, size_t size) {
  (void)size;
  heap_free(heap, block);
}

/* A block stays where half of it is used; one that grows gets an eighth more,
 * so that growth by little does not move it each time. */
static void *heap_realloc(void *heap, void *block, size_t old_size,
                          size_t new_size) {
  size_t room = block != NULL ? ((struct head *)block - 1)->size : 0;
  if (new_size > PTRDIFF_MAX) {
    return NULL;
  }
  if (new_size <= room && new_size > room / 2) {
    return block;
  }
  size_t spare = room > 0 && new_size > room ? new_size / 8 : 0;
  void *moved = heap_alloc(heap, new_size + spare);
  if (moved != NULL && block != NULL) {
    memcpy(moved, block, old_size < new_size ? old_size : new_size);
    heap_free(heap, block);
  }
  return moved;
}

static const void *heap_witness(void) {
  return (const void *)(uintptr_t)heap_alloc;
}

static const struct pmm_backend backend = {
    .abi_version = PMM_BACKEND_ABI,
    .capabilities = PMM_BACKEND_FREES,
    .struct_size = sizeof(struct pmm_backend),
    .name = "example",
    .version = "1.0",
    .summary = "free lists over malloc, the example of conformance/example",
    .init = heap_init,
    .fini = heap_fini,
    .alloc = heap_alloc,
    .alloc_zero = heap_alloc_zero,
    .alloc_aligned = heap_alloc_aligned,
    .realloc = heap_realloc,
    .free = heap_free,
    .free_sized = heap_free_sized,
    .witness_symbol = heap_witness};

__attribute__((visibility("default"))) const struct pmm_backend *
pmm_backend_get(uint32_t host_abi);
const struct pmm_backend *pmm_backend_get(uint32_t host_abi) {
  return host_abi == PMM_BACKEND_ABI ? &backend : NULL;
}
