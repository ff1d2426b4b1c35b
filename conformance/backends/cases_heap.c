/* SPDX-License-Identifier: MIT */
/*
 * cases_heap.c - the rules about a heap: what it can tell, what it gives
 * back.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "host.h"

enum { BURST = 20000, BURST_BYTES = 100 };

static void *burst[BURST];

static int fill_burst(struct check *check, size_t size) {
  for (size_t i = 0; i < BURST; i++) {
    burst[i] = check->backend->alloc(check->heap, size);
    REQUIRE(check, burst[i] != NULL, "no memory for block %zu of %zu", i,
            size);
    memset(burst[i], (int)(i & 0x7f), size);
  }
  return 0;
}

static void drain_burst(struct check *check, size_t step) {
  for (size_t i = 0; i < BURST; i += step) {
    check->backend->free(check->heap, burst[i]);
    burst[i] = NULL;
  }
}

static struct pmm_backend_stats read_stats(struct check *check) {
  struct pmm_backend_stats stats = {.struct_size = sizeof stats};
  check->backend->stats(check->heap, &stats);
  return stats;
}

CHECK(usable_size, "usable_size is at least the request, and all of it "
                   "belongs to the owner.",
      .needs = PMM_BACKEND_USABLE_SIZE) {
  const struct pmm_backend *b = check->backend;
  for (size_t size = 1; size <= 3000; size += size < 600 ? 1 : 97) {
    char *first = b->alloc(check->heap, size);
    char *second = b->alloc(check->heap, size);
    EXPECT(check, first != NULL && second != NULL, "no memory for %zu", size);
    size_t usable = b->usable_size(check->heap, first);
    EXPECT(check, usable >= size, "%zu bytes of %zu are usable", usable,
           size);
    check_fill(second, size, size);
    memset(first, 0x5a, usable);
    EXPECT(check, check_damage(second, size, size) == size,
           "writing %zu usable bytes changed another block", usable);
    b->free(check->heap, second);
    b->free(check->heap, first);
  }
}

CHECK(owns, "owns tells addresses of the heap from all others and reads "
            "nothing at them.",
      .needs = PMM_BACKEND_OWNS) {
  const struct pmm_backend *b = check->backend;
  static int elsewhere;
  int local = 0;
  for (size_t size = 1; size <= 4096; size += 53) {
    char *block = b->alloc(check->heap, size);
    EXPECT(check, block != NULL, "no memory for %zu", size);
    EXPECT(check, b->owns(check->heap, block) == 1,
           "it disowns its block of %zu bytes", size);
    b->free(check->heap, block);
  }
  EXPECT(check, b->owns(check->heap, &local) == 0, "it owns the stack");
  EXPECT(check, b->owns(check->heap, &elsewhere) == 0, "it owns static data");
  EXPECT(check, b->owns(check->heap, NULL) == 0, "it owns NULL");
  EXPECT(check, b->owns(check->heap, (void *)(uintptr_t)64) == 0,
         "it owns page 0");
  EXPECT(check, b->owns(check->heap, (void *)~(uintptr_t)4095) == 0,
         "it owns the last page");
}

/* Live blocks; PMM_UNKNOWN from a backend that cannot tell. */
static uint64_t counted_blocks(struct check *check) {
  return (check->backend->capabilities & PMM_BACKEND_STATS) != 0
             ? read_stats(check).live_blocks
             : PMM_UNKNOWN;
}

CHECK(batch, "alloc_batch makes blocks of one size, each of its own, and "
             "free_batch takes them back.",
      .needs = PMM_BACKEND_BATCH) {
  const struct pmm_backend *b = check->backend;
  uint64_t before = counted_blocks(check);
  for (size_t round = 0; round < 20; round++) {
    size_t size = 1 + check_random(check, 700);
    void *blocks[100];
    size_t made = b->alloc_batch(check->heap, size, 100, blocks);
    EXPECT(check, made == 100, "%zu of 100 blocks of %zu", made, size);
    for (size_t i = 0; i < made; i++) {
      check_fill(blocks[i], size, i);
    }
    for (size_t i = 0; i < made; i++) {
      EXPECT(check, check_damage(blocks[i], size, i) == size,
             "block %zu of a batch shares bytes", i);
    }
    b->free_batch(check->heap, size, made, blocks);
    EXPECT(check, counted_blocks(check) == before,
           "after a batch of %zu other blocks are live", made);
  }
}

/* ---- giving back --------------------------------------------------------- */

CHECK(drain, "Memory that was freed is used again: two hundred bursts hold "
             "less than a quarter of what they asked for together.",
      .needs = PMM_BACKEND_FREES, .refuses = PMM_BACKEND_ONE_BLOCK) {
  enum { ROUNDS = 200 };
  uint64_t before = pmmi_host_rss_bytes();
  for (size_t round = 0; round < ROUNDS; round++) {
    if (fill_burst(check, BURST_BYTES) != 0) {
      return;
    }
    drain_burst(check, 1);
  }
  uint64_t held = pmmi_host_rss_bytes() - before;
  uint64_t asked = (uint64_t)ROUNDS * BURST * BURST_BYTES;
  EXPECT(check, (int64_t)held < (int64_t)(asked / 4),
         "%llu bytes are held of %llu asked for and freed",
         (unsigned long long)held, (unsigned long long)asked);
}

CHECK(returns, "A drained heap gives at least half of its pages back to the "
               "system.",
      .needs = PMM_BACKEND_RETURNS | PMM_BACKEND_STATS) {
  uint64_t start = read_stats(check).mapped_bytes;
  if (fill_burst(check, 512) != 0) {
    return;
  }
  uint64_t full = read_stats(check).mapped_bytes;
  drain_burst(check, 1);
  uint64_t drained = read_stats(check).mapped_bytes;
  EXPECT(check, full - start >= BURST * 512,
         "%llu bytes are said to hold a burst of %d",
         (unsigned long long)(full - start), BURST * 512);
  EXPECT(check, drained - start <= (full - start) / 2,
         "of %llu bytes %llu are still mapped",
         (unsigned long long)(full - start),
         (unsigned long long)(drained - start));
}

CHECK(trim, "trim gives back pages without live blocks and nothing else.",
      .needs = PMM_BACKEND_TRIM) {
  if (fill_burst(check, BURST_BYTES) != 0) {
    return;
  }
  for (size_t i = 0; i < BURST; i += 1000) {
    check_fill(burst[i], BURST_BYTES, i);
  }
  for (size_t i = 0; i < BURST; i++) {
    if (i % 1000 != 0) {
      check->backend->free(check->heap, burst[i]);
    }
  }
  size_t bytes = check->backend->trim(check->heap);
  EXPECT(check, bytes > 0, "nothing was given back of a drained burst");
  for (size_t i = 0; i < BURST; i += 1000) {
    EXPECT(check, check_damage(burst[i], BURST_BYTES, i) == BURST_BYTES,
           "live block %zu changed", i);
    check->backend->free(check->heap, burst[i]);
  }
  (void)check->backend->trim(check->heap);
  EXPECT(check, check->backend->trim(check->heap) == 0,
         "a second trim finds something again");
}

/* ---- telling ------------------------------------------------------------- */

static int known_and_differs(uint64_t figure, uint64_t expected) {
  return figure != PMM_UNKNOWN && figure != expected;
}

CHECK(stats, "Statistics count live blocks and bytes, and return to where "
             "they were.",
      .needs = PMM_BACKEND_STATS, .refuses = PMM_BACKEND_ONE_BLOCK) {
  static const size_t sizes[] = {1, 16, 100, 512, 513, 1024, 9000};
  enum { N = sizeof sizes / sizeof sizes[0] };
  void *blocks[N];
  struct pmm_backend_stats before = read_stats(check);
  size_t requested = 0;
  for (size_t i = 0; i < N; i++) {
    blocks[i] = check->backend->alloc(check->heap, sizes[i]);
    EXPECT(check, blocks[i] != NULL, "no memory for %zu", sizes[i]);
    requested += sizes[i];
    struct pmm_backend_stats now = read_stats(check);
    EXPECT(check,
           now.live_blocks == PMM_UNKNOWN ||
               now.live_blocks - before.live_blocks == i + 1,
           "%zu blocks more are counted as %lld", i + 1,
           (long long)(now.live_blocks - before.live_blocks));
    EXPECT(check,
           now.live_bytes == PMM_UNKNOWN ||
               now.live_bytes - before.live_bytes >= requested,
           "%zu bytes more are counted as %lld", requested,
           (long long)(now.live_bytes - before.live_bytes));
  }
  for (size_t i = 0; i < N; i++) {
    check->backend->free(check->heap, blocks[i]);
  }
  struct pmm_backend_stats after = read_stats(check);
  EXPECT(check, !known_and_differs(after.live_blocks, before.live_blocks),
         "live blocks do not return to %llu",
         (unsigned long long)before.live_blocks);
  EXPECT(check,
         !(check->backend->capabilities & PMM_BACKEND_FREES) ||
             !known_and_differs(after.live_bytes, before.live_bytes),
         "live bytes do not return to %llu",
         (unsigned long long)before.live_bytes);
  EXPECT(check,
         after.allocated_blocks == PMM_UNKNOWN ||
             after.allocated_blocks - before.allocated_blocks == N,
         "%d requests are counted as %lld", N,
         (long long)(after.allocated_blocks - before.allocated_blocks));
}

CHECK(classes, "Of every class, blocks in use and blocks free are what its "
               "pools have room for.",
      .needs = PMM_BACKEND_CLASSES | PMM_BACKEND_STATS) {
  if (fill_burst(check, 1 + check_random(check, 400)) != 0) {
    return;
  }
  drain_burst(check, 3);
  uint64_t used = 0;
  for (size_t i = 0;; i++) {
    struct pmm_class_stats c = {.struct_size = sizeof c};
    if (check->backend->class_stats(check->heap, i, &c) != 0) {
      break;
    }
    EXPECT(check,
           c.blocks_used + c.blocks_free == c.pools * c.blocks_per_pool,
           "class %llu: %llu used + %llu free in %llu pools of %llu",
           (unsigned long long)c.block_size,
           (unsigned long long)c.blocks_used,
           (unsigned long long)c.blocks_free, (unsigned long long)c.pools,
           (unsigned long long)c.blocks_per_pool);
    used += c.blocks_used;
  }
  struct pmm_backend_stats stats = read_stats(check);
  EXPECT(check, used + stats.large_blocks == stats.live_blocks,
         "classes and large blocks make %llu, the heap says %llu",
         (unsigned long long)(used + stats.large_blocks),
         (unsigned long long)stats.live_blocks);
  drain_burst(check, 1);
}

/* ---- visiting ------------------------------------------------------------ */

struct visit {
  size_t live;     /* live blocks seen                                      */
  size_t ours;     /* of these, in `burst`                                  */
  int short_block; /* 1: one is smaller than its request                    */
};

static int compare(const void *a, const void *b) {
  uintptr_t first = (uintptr_t) * (void *const *)a;
  uintptr_t second = (uintptr_t) * (void *const *)b;
  return (first > second) - (first < second);
}

static int count_block(void *ctx, const struct pmm_block *block) {
  struct visit *visit = ctx;
  if (block->live) {
    const void *key = block->address;
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

CHECK(visit, "visit reports each live block once and stops when told.",
      .needs = PMM_BACKEND_VISIT) {
  if (fill_burst(check, BURST_BYTES) != 0) {
    return;
  }
  drain_burst(check, 2);
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
  drain_burst(check, 1);
}
