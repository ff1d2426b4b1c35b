/* SPDX-License-Identifier: MIT */
/*
 * test_extremes.c - every backend that is to be had, at the ends of its range.
 *
 * pmm-backend-check judges a backend by the contract; here is only what the
 * backends do by themselves about sizes that overflow, blocks of no bytes,
 * alignments of every kind, and a host that has no pages.
 */
#include "backends/registry.h"
#include "lab.h"

static void *no_pages(void *ctx, size_t size, size_t align) {
  (void)ctx;
  (void)size;
  (void)align;
  return NULL;
}

static void keeps_pages(void *ctx, void *base, size_t size) {
  (void)ctx;
  (void)base;
  (void)size;
}

static void opens(const struct pmm_backend *b) {
  const struct pmm_os empty = {
      .map = no_pages, .unmap = keeps_pages, .discard = keeps_pages};
  struct pmm_backend_config config = {.struct_size = sizeof config};
  void *heap = NULL;
  tap_ok(b->init(NULL, &heap) == 0, "%s opens without a configuration",
         b->name);
  b->fini(heap);
  tap_ok(b->init(&config, &heap) == 0, "and with an empty one");
  b->fini(heap);
  config.os = &empty;
  /* A library brings its pages along. */
  if (b->init(&config, &heap) == 0) {
    tap_ok(strcmp(b->name, "libc") == 0 || strstr(b->name, "malloc") != NULL,
           "%s needs no pages of the host", b->name);
    b->fini(heap);
  } else {
    tap_ok(1, "%s says that there are no pages", b->name);
  }
}

static void overflows(const struct pmm_backend *b, void *heap) {
  volatile size_t huge = PTRDIFF_MAX; /* or the compiler warns of malloc()   */
  tap_ok(b->alloc(heap, huge) == NULL &&
             b->alloc_zero(heap, huge, 4) == NULL &&
             b->alloc_zero(heap, 1, huge) == NULL &&
             b->alloc_aligned(heap, 64, huge) == NULL &&
             b->alloc_aligned(heap, 4096, huge - 5000) == NULL,
         "%s has no block that large", b->name);
}

/* Blocks of few bytes in alignments that are larger than they are. */
static void aligns(const struct pmm_backend *b, void *heap) {
  int good = 1;
  for (size_t align = 1; align <= 4096; align *= 2) {
    for (size_t size = 0; size <= 2048; size = size * 2 + 1) {
      char *block = b->alloc_aligned(heap, align, size);
      good = good && block != NULL && (uintptr_t)block % align == 0;
      if (block != NULL && size > 0) {
        block[0] = 1;
        block[size - 1] = 1;
      }
      b->free(heap, block);
      block = b->alloc_aligned(heap, align, align);
      good = good && block != NULL && (uintptr_t)block % align == 0;
      b->free_sized(heap, block, align);
    }
  }
  char *odd = b->alloc_aligned(heap, 32, 96);
  good = good && odd != NULL && (uintptr_t)odd % 32 == 0;
  b->free(heap, odd);
  tap_ok(good, "%s aligns small blocks", b->name);
}

static void empties(const struct pmm_backend *b, void *heap) {
  int good = 1;
  for (size_t size = 0; size <= 4000; size += 1000) {
    char *block = b->alloc(heap, size);
    good = good && (block != NULL || size == 0);
    block = b->realloc(heap, block, size, 0);
    good = good && block != NULL;
    block = b->realloc(heap, block, 0, 700);
    good = good && block != NULL;
    b->free_sized(heap, block, 700);
  }
  b->free_sized(heap, b->alloc(heap, 0), 0);
  b->free(heap, NULL);
  b->free_sized(heap, NULL, 8);
  b->free_sized(heap, NULL, 8000);
  tap_ok(good, "%s resizes to nothing and back", b->name);
}

static void counts(const struct pmm_backend *b, void *heap) {
  struct pmm_backend_stats stats = {.struct_size = sizeof stats};
  struct pmm_backend_stats old = {.struct_size = sizeof stats.struct_size};
  if (b->stats == NULL) {
    tap_skip("no statistics");
    return;
  }
  b->stats(heap, &stats);
  b->stats(heap, &old);
  struct pmm_backend_stats untouched = {.struct_size = sizeof(size_t)};
  tap_ok(stats.struct_size == sizeof stats &&
             memcmp(&old, &untouched, sizeof old) == 0,
         "%s fills as much of its figures as the caller knows", b->name);
}

int main(int argc, char **argv) {
  (void)argc;
  pmmi_backend_prepare(argv);
  tap_plan(0);
  for (size_t i = 0; i < pmmi_backend_count(); i++) {
    const struct pmmi_backend_entry *entry = pmmi_backend_at(i);
    const struct pmm_backend *b = entry->backend;
    void *heap = NULL;
    if (!entry->available) {
      tap_skip(entry->reason);
      continue;
    }
    opens(b);
    tap_need(b->init(NULL, &heap) == 0);
    overflows(b, heap);
    aligns(b, heap);
    empties(b, heap);
    counts(b, heap);
    b->fini(heap);
  }
  return tap_done();
}
