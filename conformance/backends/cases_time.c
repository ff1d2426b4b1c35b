/* SPDX-License-Identifier: MIT */
/*
 * cases_time.c - work that does not grow with the square of what is asked.
 *
 * Time is processor time of the thread, of n steps against 8 n: linear work
 * takes 8 times as long, n log n less than 10, a square 64.  A ratio counts
 * only when the longer run took long enough to be measured, and it is that of
 * the shortest of two tries each.
 */
#include "blocks.h"
#include "measure.h"

enum { TRIES = 2, LIMIT = 20, LEAST_NS = 60000000 };

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
  uint64_t least_few = UINT64_MAX;
  uint64_t least_many = UINT64_MAX;
  for (size_t i = 0; i < TRIES; i++) {
    uint64_t few;
    uint64_t many;
    TRY_OR_RETURN(timed(check, work, n, &few));
    TRY_OR_RETURN(timed(check, work, 8 * n, &many));
    least_few = few < least_few ? few : least_few;
    least_many = many < least_many ? many : least_many;
    if (least_many < LEAST_NS || least_many < LIMIT * least_few) {
      return 0;
    }
  }
  check_fail(check, CHECK_HERE,
             "%s: %zu steps take %llu us, eight times as many %llu us", what, n,
             (unsigned long long)(least_few / 1000),
             (unsigned long long)(least_many / 1000));
  return -1;
}

/* ---- growth ------------------------------------------------------------- */

enum { LITTLE = 8, LITTLE_STEPS = 4096, PAGE = 4096, PAGE_STEPS = 2048 };

static int grow(struct check *check, size_t n) {
  const struct pmm_backend *b = check->backend;
  char *at = NULL;
  for (size_t i = 0; i < n; i++) {
    at = b->realloc(check->heap, at, i * LITTLE, (i + 1) * LITTLE);
    REQUIRE(check, at != NULL, "no memory for %zu bytes", (i + 1) * LITTLE);
    at[i * LITTLE] = (char)i;
  }
  b->free(check->heap, at);
  return 0;
}

/* A block that grows to n steps moves less than `share` times its last size in
 * all; a block that moves each time moves n / 2 times that. */
static int moves_little(struct check *check, size_t step, size_t n,
                        uint64_t share) {
  const struct pmm_backend *b = check->backend;
  uint64_t moved = 0;
  void *at = NULL;
  for (size_t i = 0; i < n && moved <= share * n * step; i++) {
    uintptr_t before = (uintptr_t)at;
    at = b->realloc(check->heap, at, i * step, (i + 1) * step);
    REQUIRE(check, at != NULL, "no memory for %zu bytes", (i + 1) * step);
    moved += (uintptr_t)at != before ? i * step : 0;
  }
  b->free(check->heap, at);
  REQUIRE(check, moved <= share * n * step,
          "growing to %zu bytes by %zu moved more than %llu bytes", n * step,
          step, (unsigned long long)moved);
  return 0;
}

/* "A block that grows by a few bytes at a time costs no more than n log n: it
 * is not moved as a whole each time." */
MUST(growth, "Growth by little is not quadratic", REQ("ALLOC-040"),
     .needs = PMM_BACKEND_FREES, .refuses = PMM_BACKEND_ONE_BLOCK) {
  if (!measure_applies(check)) {
    return;
  }
  /* 4 log2(n), 8 log2(n): classes an eighth apart move 9 times the size. */
  TRY(moves_little(check, LITTLE, LITTLE_STEPS, 48));
  TRY(moves_little(check, PAGE, PAGE_STEPS, 88));
  TRY(grows_little(check, grow, LITTLE_STEPS / 2, "growth by 8 bytes"));
}

/* ---- crowds ------------------------------------------------------------- */

enum { CROWD = 3000 };

static struct block crowd[8 * CROWD];

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
