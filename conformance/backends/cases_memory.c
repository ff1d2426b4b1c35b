/* SPDX-License-Identifier: MIT */
/*
 * cases_memory.c - memory that was freed is used again, whatever the size and
 * whichever function made the block; a smaller block holds less.
 */
#include "backends/malloclike.h"
#include "blocks.h"
#include "measure.h"

enum { BURST = 20000, BURST_BYTES = 100, MOST_BLOCKS = 65536 };

static struct block burst[MOST_BLOCKS];

/* "Memory that was freed is used again: two hundred bursts hold less than a
 * quarter of what they asked for together." */
MUST(drain, "Two hundred bursts", REQ("ALLOC-020"),
     .needs = PMM_BACKEND_FREES, .refuses = PMM_BACKEND_ONE_BLOCK) {
  enum { ROUNDS = 200 };
  uint64_t start = measure_resident();
  for (size_t round = 0; round < ROUNDS; round++) {
    for (size_t i = 0; i < BURST; i++) {
      void *block = check->backend->alloc(check->heap, BURST_BYTES);
      TRY(block_take(check, "alloc", block, BURST_BYTES, 1, &burst[i]));
    }
    for (size_t i = 0; i < BURST; i++) {
      check->backend->free(check->heap, burst[i].at);
    }
  }
  TRY(measure_reused(check, start, (uint64_t)ROUNDS * BURST * BURST_BYTES, 4,
                     "bursts", BURST_BYTES));
}

/* What a block takes, its alignment of 1,020 bytes on average among it. */
static size_t cost_of(enum check_maker maker, size_t size) {
  return maker == BY_ALIGNED ? size + 1020 : size;
}

/* Bursts of one size, made by `maker` and freed, in rising, falling or mixed
 * order.  The first two show what the allocator keeps at hand. */
static int reuse(struct check *check, enum check_maker maker, size_t size,
                 uint64_t asked) {
  size_t cost = cost_of(maker, size);
  size_t count = size < 256 << 10 ? (1 << 20) / cost : 4;
  uint64_t bytes = (uint64_t)count * cost;
  uint64_t rounds = asked / bytes;
  uint64_t start = 0;
  for (uint64_t round = 0; round < rounds + 2; round++) {
    start = round == 2 ? measure_resident() : start;
    TRY_OR_RETURN(block_make_all(check, maker, size, burst, count));
    for (size_t i = 0; i < count; i++) {
      size_t at = round % 2 == 0 ? i : count - 1 - i;
      TRY_OR_RETURN(block_drop(check, &burst[at]));
    }
  }
  return measure_reused(check, start, rounds * bytes, 8,
                        block_maker_name(maker), size);
}

/* "In every class from 16 bytes to 4 MiB, and from every function that makes
 * blocks, memory that was freed is used again." */
MUST(drain_classes, "Bursts of one class, drained, from 16 bytes to 4 MiB",
     REQ("ALLOC-021"), .needs = PMM_BACKEND_FREES,
     .refuses = PMM_BACKEND_ONE_BLOCK) {
  if (!measure_applies(check)) {
    return;
  }
  for (size_t size = 16; size <= 512 << 10; size *= 2) {
    TRY(reuse(check, BY_ALLOC, size + size / 4, 32 << 20));
  }
  for (size_t size = 1 << 20; size <= 4 << 20; size *= 2) {
    TRY(reuse(check, BY_ALLOC, size, (uint64_t)32 * size));
  }
}

/* "In every class from 16 bytes to 4 MiB, and from every function that makes
 * blocks, memory that was freed is used again." */
MUST(drain_makers, "Bursts of zeroed, resized and aligned blocks, drained",
     REQ("ALLOC-021"), .needs = PMM_BACKEND_FREES,
     .refuses = PMM_BACKEND_ONE_BLOCK) {
  static const size_t sizes[] = {48, 3000, 150000, 1200000};
  if (!measure_applies(check)) {
    return;
  }
  for (int maker = BY_ZERO; maker < CHECK_MAKERS; maker++) {
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
      /* an eighth of it has to be more than a burst leaves between blocks */
      uint64_t asked = sizes[i] < 100000 ? 16 << 20 : 128 * (uint64_t)sizes[i];
      TRY(reuse(check, (enum check_maker)maker, sizes[i], asked));
    }
  }
}

/* "Blocks that come one after another in sizes that grow, shrink or change at
 * random hold little more than the largest of them." */
MUST(drift, "One block at a time, of sizes that change", REQ("ALLOC-043"),
     .needs = PMM_BACKEND_FREES, .refuses = PMM_BACKEND_ONE_BLOCK) {
  enum { STEP = 120000, STEPS = 60 };
  uint64_t asked = 0;
  if (!measure_applies(check)) {
    return;
  }
  uint64_t start = measure_resident();
  for (size_t i = 0; i < 2 * STEPS; i++) {
    struct block block;
    size_t size = STEP * (i < STEPS ? i + 1 : 2 * STEPS - i);
    TRY(block_make(check, BY_ALLOC, size, &block));
    TRY(block_drop(check, &block));
    asked += size;
  }
  TRY(measure_reused(check, start, asked, 6, "sizes that drift", STEP));
}

/* "Blocks that come one after another in sizes that grow, shrink or change at
 * random hold little more than the largest of them." */
MUST(drift_realloc, "One block, resized again and again", REQ("ALLOC-043"),
     .needs = PMM_BACKEND_FREES, .refuses = PMM_BACKEND_ONE_BLOCK) {
  if (!measure_applies(check)) {
    return;
  }
  for (size_t most = 2000; most <= 2000000; most *= 10) {
    struct block block;
    uint64_t asked = 0;
    TRY(block_make(check, BY_ALLOC, most, &block));
    uint64_t start = measure_resident();
    while (asked < 100 << 20) {
      size_t size = most / 2 + check_random(check, most / 2);
      TRY(block_resize(check, &block, size));
      asked += size;
    }
    TRY(block_drop(check, &block));
    TRY(measure_reused(check, start, asked, 4, "one block, resized", most));
  }
}

/* ---- shrinking ---------------------------------------------------------- */

enum { HELD = 48 << 20 };

/* Blocks of `size` shrink to `small`; then as many of `next` are made, which
 * may find room where they were.  *grown: what all of them hold. */
static int shrink_once(struct check *check, size_t size, size_t small,
                       size_t next, int64_t *grown) {
  size_t count = HELD / size;
  uint64_t start = measure_resident();
  TRY_OR_RETURN(block_make_all(check, BY_ALLOC, size, burst, count));
  for (size_t i = 0; i < count; i++) {
    TRY_OR_RETURN(block_resize(check, &burst[i], small));
  }
  TRY_OR_RETURN(block_make_all(check, BY_ALLOC, next, burst + count, count));
  *grown = measure_grown(start);
  return block_drop_all(check, burst, 2 * count);
}

/* What was given back serves blocks of half the size, or, where each class has
 * memory of its own, blocks of the same size in a second round. */
static int shrink(struct check *check, size_t size, size_t small) {
  int64_t half;
  int64_t same;
  TRY_OR_RETURN(shrink_once(check, size, small, size / 2 - 64, &half));
  if (half < HELD + HELD / 4) {
    return 0;
  }
  TRY_OR_RETURN(shrink_once(check, size, small, size, &same));
  REQUIRE(check, same < HELD / 4,
          "%zu blocks of %zu bytes, made %zu, and as many of half the size "
          "hold %lld bytes",
          HELD / size, size, small, (long long)half);
  return 0;
}

/* "A block made smaller by realloc gives back what it no longer asks for." */
MUST(shrinks, "Shrinking gives memory back", REQ("ALLOC-041"),
     .needs = PMM_BACKEND_FREES, .refuses = PMM_BACKEND_ONE_BLOCK) {
  if (!measure_applies(check)) {
    return;
  }
  TRY(shrink(check, 4 << 20, 16));
  TRY(shrink(check, 64 << 10, 16));
  TRY(shrink(check, 2 << 20, 100000));
  TRY(shrink(check, 20000, 16));
}

/* ---- giving back -------------------------------------------------------- */

static struct pmm_backend_stats read_stats(struct check *check) {
  struct pmm_backend_stats stats = {.struct_size = sizeof stats};
  check->backend->stats(check->heap, &stats);
  return stats;
}

/* "With PMM_BACKEND_RETURNS a drained heap gives at least half of its pages
 * back to the system." */
MUST(returns, "A drained heap gives pages back", REQ("ALLOC-022"),
     .needs = PMM_BACKEND_RETURNS | PMM_BACKEND_STATS) {
  uint64_t start = read_stats(check).mapped_bytes;
  TRY(block_make_all(check, BY_ALLOC, 512, burst, BURST));
  uint64_t full = read_stats(check).mapped_bytes;
  TRY(block_drop_all(check, burst, BURST));
  uint64_t drained = read_stats(check).mapped_bytes;
  EXPECT(check, full - start >= BURST * 512,
         "%llu bytes are said to hold a burst of %d",
         (unsigned long long)(full - start), BURST * 512);
  EXPECT(check, drained - start <= (full - start) / 2,
         "of %llu bytes %llu are still mapped",
         (unsigned long long)(full - start),
         (unsigned long long)(drained - start));
}

/* "trim gives back pages without live blocks and nothing else." */
MUST(trim, "trim gives back what nobody holds", REQ("ALLOC-023"),
     .needs = PMM_BACKEND_TRIM) {
  TRY(block_make_all(check, BY_ALLOC, BURST_BYTES, burst, BURST));
  for (size_t i = 0; i < BURST; i++) {
    if (i % 1000 != 0) {
      TRY(block_drop(check, &burst[i]));
    }
  }
  size_t bytes = check->backend->trim(check->heap);
  EXPECT(check, bytes > 0, "nothing was given back of a drained burst");
  TRY(block_drop_all(check, burst, BURST));
  (void)check->backend->trim(check->heap);
  EXPECT(check, check->backend->trim(check->heap) == 0,
         "a second trim finds something again");
}

/* "A library's malloc_trim leaves live blocks as they are, and the heap
 * usable." */
MUST(malloc_trim, "malloc_trim of a malloc library", REQ("ALLOC-048")) {
  const struct pmmi_malloclike *like = pmmi_malloclike_of(check->backend);
  if (like == NULL || like->trim == NULL) {
    check_skip(check, "malloc_trim");
    return;
  }
  for (size_t size = 60; size <= 600000; size *= 10) {
    size_t count = size < 1000 ? BURST : 200;
    TRY(block_make_all(check, BY_ALLOC, size, burst, count));
    for (size_t i = 0; i < count; i++) {
      if (i % 20 != 0) {
        TRY(block_drop(check, &burst[i]));
      }
    }
    (void)like->trim(0);
    TRY(block_all_intact(check, burst, count));
    for (size_t i = 0; i < count; i++) {
      if (burst[i].at == NULL) {
        TRY(block_make(check, BY_ZERO, size, &burst[i]));
      }
    }
    TRY(block_drop_all(check, burst, count));
  }
}
