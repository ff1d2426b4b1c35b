/* SPDX-License-Identifier: MIT */
/*
 * cases_tell.c - what a heap tells of itself: its addresses, its figures, its
 * blocks; batches, and heaps beside each other.
 */
#include <stdlib.h>
#include <string.h>

#include "blocks.h"

enum { BURST = 20000, BURST_BYTES = 100 };

static struct block burst[BURST];

static struct pmm_backend_stats read_stats(struct check *check) {
  struct pmm_backend_stats stats = {.struct_size = sizeof stats};
  check->backend->stats(check->heap, &stats);
  return stats;
}

static int drop_every(struct check *check, size_t step) {
  for (size_t i = 0; i < BURST; i += step) {
    TRY_OR_RETURN(block_drop(check, &burst[i]));
  }
  return 0;
}

/* "owns tells addresses of the heap from all others and reads nothing at
 * them." */
MUST(owns, "owns tells addresses apart", REQ("ALLOC-018"),
     .needs = PMM_BACKEND_OWNS) {
  const struct pmm_backend *b = check->backend;
  static int elsewhere;
  int local = 0;
  for (size_t size = 1; size <= 4096; size += 53) {
    struct block block;
    TRY(block_make(check, BY_ALLOC, size, &block));
    EXPECT(check, b->owns(check->heap, block.at) == 1,
           "it disowns its block of %zu bytes", size);
    TRY(block_drop(check, &block));
  }
  EXPECT(check, b->owns(check->heap, &local) == 0, "it owns the stack");
  EXPECT(check, b->owns(check->heap, &elsewhere) == 0, "it owns static data");
  EXPECT(check, b->owns(check->heap, NULL) == 0, "it owns NULL");
  EXPECT(check, b->owns(check->heap, (void *)(uintptr_t)64) == 0,
         "it owns page 0");
  EXPECT(check, b->owns(check->heap, (void *)~(uintptr_t)4095) == 0,
         "it owns the last page");
}

/* "owns tells addresses of the heap from all others and reads nothing at
 * them."  Of all addresses in one upper bit from a block's. */
MUST(owns_far, "owns looks at the whole address", REQ("ALLOC-018"),
     .needs = PMM_BACKEND_OWNS) {
  enum { LOWEST = 44 }; /* no heap of a case is that large                   */
  for (size_t size = 16; size <= (size_t)1 << 20; size *= 16) {
    struct block block;
    TRY(block_make(check, BY_ALLOC, size, &block));
    for (unsigned bit = LOWEST; bit < 64; bit++) {
      uintptr_t far = (uintptr_t)block.at ^ (uintptr_t)1 << bit;
      EXPECT(check, check->backend->owns(check->heap, (void *)far) == 0,
             "of %zu bytes: it owns an address that differs in bit %u", size,
             bit);
    }
    TRY(block_drop(check, &block));
  }
}

/* Live blocks; PMM_UNKNOWN from a backend that cannot tell. */
static uint64_t counted_blocks(struct check *check) {
  return (check->backend->capabilities & PMM_BACKEND_STATS) != 0
             ? read_stats(check).live_blocks
             : PMM_UNKNOWN;
}

/* "alloc_batch makes blocks of one size, each of its own, and free_batch takes
 * them back." */
MUST(batch, "Batches", REQ("ALLOC-019"), .needs = PMM_BACKEND_BATCH) {
  const struct pmm_backend *b = check->backend;
  uint64_t before = counted_blocks(check);
  for (size_t round = 0; round < 20; round++) {
    size_t size = 1 + check_random(check, 700);
    struct block taken[100];
    void *blocks[100];
    size_t made = b->alloc_batch(check->heap, size, 100, blocks);
    EXPECT(check, made == 100, "%zu of 100 blocks of %zu", made, size);
    for (size_t i = 0; i < made; i++) {
      TRY(block_take(check, "alloc_batch", blocks[i], size, 1, &taken[i]));
    }
    TRY(block_all_intact(check, taken, made));
    b->free_batch(check->heap, size, made, blocks);
    EXPECT(check, counted_blocks(check) == before,
           "after a batch of %zu other blocks are live", made);
  }
}

/* ---- figures ------------------------------------------------------------ */

static int known_and_differs(uint64_t figure, uint64_t expected) {
  return figure != PMM_UNKNOWN && figure != expected;
}

/* `made` blocks of `requested` bytes in all are what a heap says it has more
 * than `before`. */
static int counts_more(struct check *check,
                       const struct pmm_backend_stats *before, size_t made,
                       size_t requested) {
  struct pmm_backend_stats now = read_stats(check);
  REQUIRE(check,
          !known_and_differs(now.live_blocks, before->live_blocks + made),
          "%zu blocks more are counted as %lld", made,
          (long long)(now.live_blocks - before->live_blocks));
  REQUIRE(check,
          now.live_bytes == PMM_UNKNOWN ||
              now.live_bytes - before->live_bytes >= requested,
          "%zu bytes more are counted as %lld", requested,
          (long long)(now.live_bytes - before->live_bytes));
  return 0;
}

/* "Statistics count live blocks and bytes, and return to where they were." */
MUST(stats, "Statistics", REQ("ALLOC-024"), .needs = PMM_BACKEND_STATS,
     .refuses = PMM_BACKEND_ONE_BLOCK) {
  static const size_t sizes[] = {1, 16, 100, 512, 513, 1024, 9000};
  enum { N = sizeof sizes / sizeof sizes[0] };
  struct block blocks[N];
  struct pmm_backend_stats before = read_stats(check);
  size_t requested = 0;
  for (size_t i = 0; i < N; i++) {
    TRY(block_make(check, BY_ALLOC, sizes[i], &blocks[i]));
    requested += sizes[i];
    TRY(counts_more(check, &before, i + 1, requested));
  }
  TRY(block_drop_all(check, blocks, N));
  struct pmm_backend_stats after = read_stats(check);
  EXPECT(check, !known_and_differs(after.live_blocks, before.live_blocks),
         "live blocks do not return to %llu",
         (unsigned long long)before.live_blocks);
  EXPECT(check,
         !(check->backend->capabilities & PMM_BACKEND_FREES) ||
             !known_and_differs(after.live_bytes, before.live_bytes),
         "live bytes do not return to %llu",
         (unsigned long long)before.live_bytes);
  uint64_t all = before.allocated_blocks + N;
  EXPECT(check, !known_and_differs(after.allocated_blocks, all),
         "%d requests are counted as %lld", N,
         (long long)(after.allocated_blocks - before.allocated_blocks));
}

/* Blocks in use of all classes; each class's figures add up. */
static int add_classes(struct check *check, uint64_t *blocks) {
  for (size_t i = 0;; i++) {
    struct pmm_class_stats c = {.struct_size = sizeof c};
    if (check->backend->class_stats(check->heap, i, &c) != 0) {
      return 0;
    }
    REQUIRE(check,
            c.blocks_used + c.blocks_free == c.pools * c.blocks_per_pool,
            "class %llu: %llu used + %llu free in %llu pools of %llu",
            (unsigned long long)c.block_size,
            (unsigned long long)c.blocks_used,
            (unsigned long long)c.blocks_free, (unsigned long long)c.pools,
            (unsigned long long)c.blocks_per_pool);
    *blocks += c.blocks_used;
  }
}

/* "Of every class, blocks in use and blocks free are what its pools have room
 * for." */
MUST(classes, "Figures of classes", REQ("ALLOC-025"),
     .needs = PMM_BACKEND_CLASSES | PMM_BACKEND_STATS) {
  TRY(block_make_all(check, BY_ALLOC, 1 + check_random(check, 400), burst,
                     BURST));
  TRY(drop_every(check, 3));
  uint64_t blocks = 0;
  TRY(add_classes(check, &blocks));
  struct pmm_backend_stats stats = read_stats(check);
  EXPECT(check, blocks + stats.large_blocks == stats.live_blocks,
         "classes and large blocks make %llu, the heap says %llu",
         (unsigned long long)(blocks + stats.large_blocks),
         (unsigned long long)stats.live_blocks);
  TRY(drop_every(check, 1));
}

/* ---- visiting ----------------------------------------------------------- */

struct visit {
  size_t live;     /* live blocks seen                                      */
  size_t ours;     /* of these, in `burst`                                  */
  int short_block; /* 1: one is smaller than its request                    */
};

static int compare(const void *a, const void *b) {
  uintptr_t first = (uintptr_t)((const struct block *)a)->at;
  uintptr_t second = (uintptr_t)((const struct block *)b)->at;
  return (first > second) - (first < second);
}

static int count_block(void *ctx, const struct pmm_block *block) {
  struct visit *visit = ctx;
  if (block->live) {
    const struct block key = {.at = (char *)(uintptr_t)block->address};
    visit->live++;
    visit->short_block |= block->size < BURST_BYTES;
    visit->ours += bsearch(&key, burst, BURST, sizeof burst[0], compare) !=
                   NULL;
  }
  return 0;
}

static int stop_at_once(void *ctx, const struct pmm_block *block) {
  (void)ctx;
  (void)block;
  return 42;
}

/* "visit reports each live block once and stops when told." */
MUST(visit, "visit reports live blocks", REQ("ALLOC-026"),
     .needs = PMM_BACKEND_VISIT) {
  TRY(block_make_all(check, BY_ALLOC, BURST_BYTES, burst, BURST));
  TRY(drop_every(check, 2));
  qsort(burst, BURST, sizeof burst[0], compare);
  struct visit visit = {0};
  int result = check->backend->visit(check->heap, count_block, &visit);
  EXPECT(check, result == 0, "it returned %d, the function 0", result);
  EXPECT(check, visit.live == BURST / 2 && visit.ours == BURST / 2,
         "it saw %zu live blocks, %zu of ours, of %d", visit.live, visit.ours,
         BURST / 2);
  EXPECT(check, !visit.short_block, "a block is smaller than its request");
  result = check->backend->visit(check->heap, stop_at_once, NULL);
  EXPECT(check, result == 42, "it returned %d, the function 42", result);
  TRY(drop_every(check, 1));
}

/* A walk that ends at its nth live block. */
struct stopping {
  size_t left; /* live blocks still to pass                                 */
  size_t seen; /* after the end, too                                        */
};

static int stop_later(void *ctx, const struct pmm_block *block) {
  struct stopping *stopping = ctx;
  if (!block->live) {
    return 0;
  }
  stopping->seen++;
  return stopping->left-- > 1 ? 0 : 42;
}

/* "visit reports each live block once and stops when told." */
MUST(visit_stops, "visit stops at any block", REQ("ALLOC-026"),
     .needs = PMM_BACKEND_VISIT) {
  enum { SIZES = 8 };
  struct block blocks[SIZES];
  for (size_t i = 0; i < SIZES; i++) {
    TRY(block_make(check, BY_ALLOC, (size_t)48 << (2 * i), &blocks[i]));
  }
  for (size_t n = 1; n <= SIZES; n++) {
    struct stopping stopping = {.left = n};
    int result = check->backend->visit(check->heap, stop_later, &stopping);
    EXPECT(check, result == 42 && stopping.seen == n,
           "told to stop at live block %zu it returned %d after %zu", n, result,
           stopping.seen);
  }
  TRY(block_drop_all(check, blocks, SIZES));
}

/* ---- heaps -------------------------------------------------------------- */

static int fill_heaps(struct check *check, void **heaps,
                      struct block (*blocks)[100]) {
  const struct pmm_backend *b = check->backend;
  for (size_t i = 0; i < 200; i++) {
    struct block *block = &blocks[i % 2][i / 2];
    check->heap = heaps[i % 2];
    TRY_OR_RETURN(block_make(check, BY_ALLOC, 80, block));
    REQUIRE(check,
            b->owns == NULL || b->owns(heaps[1 - i % 2], block->at) == 0,
            "a heap owns another's block");
  }
  return 0;
}

/* "Several heaps at once are apart: ending one leaves the others." */
MUST(heaps, "Several heaps", REQ("ALLOC-027"), .needs = PMM_BACKEND_HEAPS,
     .refuses = PMM_BACKEND_ONE_BLOCK, .opens = 1) {
  const struct pmm_backend *b = check->backend;
  void *heaps[2];
  struct block blocks[2][100];
  for (size_t h = 0; h < 2; h++) {
    EXPECT(check, check_open(check, &heaps[h]) == 0, "no memory for a heap");
  }
  TRY(fill_heaps(check, heaps, blocks));
  for (size_t h = 0; h < 2; h++) {
    check->heap = heaps[h];
    TRY(block_drop_all(check, blocks[h], 100));
    b->fini(heaps[h]);
    TRY(h == 0 ? block_all_intact(check, blocks[1], 100) : 0);
  }
}
