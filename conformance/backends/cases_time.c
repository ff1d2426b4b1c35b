/* SPDX-License-Identifier: MIT */
/*
 * cases_time.c - work that does not grow with the square of what is asked.
 *
 * Time is processor time of the thread, of n steps against 4 n: linear work
 * takes 4 times as long, n log n less than 5, a square 16.  A ratio counts
 * only when the longer run took long enough to be measured and stays above
 * the limit in each of three tries.
 */
#include "blocks.h"
#include "measure.h"

enum { TRIES = 3, LIMIT = 10, LEAST_NS = 60000000 };

/* Work of `n` steps; 0 when all is well. */
typedef int (*work_fn)(struct check *check, size_t n);

static int timed(struct check *check, work_fn work, size_t n, uint64_t *ns) {
  uint64_t start = measure_cpu_ns();
  int result = work(check, n);
  *ns = measure_cpu_ns() - start;
  return result;
}

static int grows_little(struct check *check, work_fn work, size_t n,
                        const char *what) {
  uint64_t few = 0;
  uint64_t many = 0;
  for (size_t i = 0; i < TRIES; i++) {
    TRY_OR_RETURN(timed(check, work, n, &few));
    TRY_OR_RETURN(timed(check, work, 4 * n, &many));
    if (many < LEAST_NS || many < LIMIT * few) {
      return 0;
    }
  }
  check_fail(check, __LINE__,
             "%s: %zu steps take %llu us, four times as many %llu us", what, n,
             (unsigned long long)(few / 1000),
             (unsigned long long)(many / 1000));
  return -1;
}

/* ---- growth -------------------------------------------------------------- */

enum { GROWTH_STEP = 8, GROWTH_STEPS = 8192 };

static int grow(struct check *check, size_t n) {
  const struct pmm_backend *b = check->backend;
  char *at = NULL;
  for (size_t i = 0; i < n; i++) {
    char *moved = b->realloc(check->heap, at, i * GROWTH_STEP,
                             (i + 1) * GROWTH_STEP);
    REQUIRE(check, moved != NULL, "no memory for %zu bytes",
            (i + 1) * GROWTH_STEP);
    at = moved;
    at[i * GROWTH_STEP] = (char)i;
  }
  b->free(check->heap, at);
  return 0;
}

/* Bytes that moved from place to place while a block grew to n steps. */
static uint64_t bytes_moved(struct check *check, size_t n) {
  const struct pmm_backend *b = check->backend;
  uint64_t moved = 0;
  void *at = NULL;
  for (size_t i = 0; i < n; i++) {
    uintptr_t before = (uintptr_t)at;
    at = b->realloc(check->heap, at, i * GROWTH_STEP, (i + 1) * GROWTH_STEP);
    moved += (uintptr_t)at != before ? i * GROWTH_STEP : 0;
  }
  b->free(check->heap, at);
  return moved;
}

/* "A block that grows by a few bytes at a time costs no more than n log n: it
 * is not moved as a whole each time." */
MUST(growth, "Growth by 8 bytes is not quadratic", REQ("ALLOC-040"),
     .needs = PMM_BACKEND_FREES, .refuses = PMM_BACKEND_ONE_BLOCK) {
  /* Four times log2(n): size classes an eighth apart move 9 n bytes in all. */
  uint64_t allowed = (uint64_t)GROWTH_STEPS * GROWTH_STEP * 4 * 13;
  uint64_t moved = bytes_moved(check, GROWTH_STEPS);
  EXPECT(check, moved <= allowed,
         "growing to %d bytes by %d moved %llu bytes", GROWTH_STEPS * GROWTH_STEP,
         GROWTH_STEP, (unsigned long long)moved);
  if (!measure_applies(check)) {
    return;
  }
  TRY(grows_little(check, grow, GROWTH_STEPS, "growth by 8 bytes"));
}

/* ---- crowds -------------------------------------------------------------- */

enum { CROWD = 10000 };

static struct block crowd[4 * CROWD];

static int make_crowd(struct check *check, size_t n) {
  for (size_t i = 0; i < n; i++) {
    size_t size = 16 + check_random(check, 200);
    TRY_OR_RETURN(block_make(check, BY_ALLOC, size, &crowd[i]));
  }
  return 0;
}

static int first_in_first_out(struct check *check, size_t n) {
  TRY_OR_RETURN(make_crowd(check, n));
  return block_drop_all(check, crowd, n);
}

static int at_random(struct check *check, size_t n) {
  TRY_OR_RETURN(make_crowd(check, n));
  for (size_t i = 0; i < 2 * n; i++) {
    struct block *block = &crowd[check_random(check, n)];
    TRY_OR_RETURN(block_drop(check, block));
    TRY_OR_RETURN(
        block_make(check, BY_ALLOC, 16 + check_random(check, 200), block));
  }
  for (size_t i = n; i > 0; i--) {
    TRY_OR_RETURN(block_drop(check, &crowd[i - 1]));
  }
  return 0;
}

/* Every second block is freed, and none of the holes is large enough. */
static int between_holes(struct check *check, size_t n) {
  TRY_OR_RETURN(block_make_all(check, BY_ALLOC, 600, crowd, n));
  for (size_t i = 0; i < n; i += 2) {
    TRY_OR_RETURN(block_drop(check, &crowd[i]));
  }
  for (size_t i = 0; i < n; i += 2) {
    TRY_OR_RETURN(block_make(check, BY_ALLOC, 2500, &crowd[i]));
  }
  return block_drop_all(check, crowd, n);
}

/* "The time of a request or a free does not grow with the number of blocks that
 * are live or were freed." */
MUST(crowd, "Many blocks do not make each slower", REQ("ALLOC-042"),
     .needs = PMM_BACKEND_FREES, .refuses = PMM_BACKEND_ONE_BLOCK) {
  if (!measure_applies(check)) {
    return;
  }
  TRY(grows_little(check, first_in_first_out, CROWD, "first in, first out"));
  TRY(grows_little(check, at_random, CROWD, "at random"));
  TRY(grows_little(check, between_holes, CROWD, "between holes"));
}
