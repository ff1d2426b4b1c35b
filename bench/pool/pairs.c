/* SPDX-License-Identifier: MIT */
/*
 * pairs.c - pmm-pool-pairs: nanoseconds of a block that comes and goes.
 *
 *   pmm-pool-pairs inlined SIZE     the reference pool, compiled into the loop
 *   pmm-pool-pairs empty SIZE       the loop alone: the price of `inlined`
 *   pmm-pool-pairs BACKEND SIZE     through the backend's table; `null` is the
 *                                   price of the others
 *
 * Each line of the answer is one way to use blocks and its figure, the least of
 * some batches: what disturbs a batch makes it slower, never faster.
 *
 *   pair    one block, given back at once
 *   stack   32 blocks, given back in reverse
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backends/registry.h"
#include "pool/pool.h"

enum { BATCHES = 25, PAIRS = 1 << 15, DEPTH = 32 };

/** What one kind of pair is made of. */
struct arm {
  const struct pmm_backend *backend; /* NULL: the pool itself, or nothing   */
  void *handle;
  struct pmmi_heap *heap;            /* the pool itself; NULL: nothing      */
};

static double now_ns(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Keep the compiler from knowing what a block is. */
static inline void *seen(void *block) {
  __asm__ volatile("" : "+r"(block) : : "memory");
  return block;
}

static inline void *take(const struct arm *arm, size_t size) {
  static char none[64];
  return arm->backend != NULL ? arm->backend->alloc(arm->handle, size)
         : arm->heap != NULL  ? pmmi_pool_alloc(arm->heap, size)
                              : none;
}

static inline void give(const struct arm *arm, void *block, size_t size) {
  if (arm->backend != NULL) {
    arm->backend->free_sized(arm->handle, block, size);
  } else if (arm->heap != NULL) {
    pmmi_pool_free_sized(arm->heap, block, size);
  }
}

static inline void pairs(const struct arm *arm, size_t size) {
  for (int i = 0; i < PAIRS; i++) {
    char *block = seen(take(arm, size));
    *(volatile char *)block = 1;
    give(arm, block, size);
  }
}

static inline void stacks(const struct arm *arm, size_t size) {
  void *stack[DEPTH];
  for (int i = 0; i < PAIRS / DEPTH; i++) {
    for (int n = 0; n < DEPTH; n++) {
      stack[n] = seen(take(arm, size));
      *(volatile char *)stack[n] = 1;
    }
    for (int n = DEPTH; n-- > 0;) {
      give(arm, stack[n], size);
    }
  }
}

/* Each arm has its own copy of the loops, so that none tests which it is. */
static void batch(const struct arm *arm, size_t size, int stacked) {
  const struct arm through = {.backend = arm->backend, .handle = arm->handle};
  const struct arm inside = {.heap = arm->heap};
  const struct arm nothing = {.heap = NULL};
  if (arm->backend != NULL) {
    stacked ? stacks(&through, size) : pairs(&through, size);
  } else if (arm->heap != NULL) {
    stacked ? stacks(&inside, size) : pairs(&inside, size);
  } else {
    stacked ? stacks(&nothing, size) : pairs(&nothing, size);
  }
}

static void measure(const struct arm *arm, size_t size, int stacked) {
  double least = 0;
  for (int i = 0; i < BATCHES; i++) {
    double start = now_ns();
    batch(arm, size, stacked);
    double taken = (now_ns() - start) / PAIRS;
    least = i == 0 || taken < least ? taken : least;
  }
  printf("%s %.4f\n", stacked ? "stack" : "pair", least);
}

static int open_arm(struct arm *arm, const char *name) {
  struct pmm_backend_config config = {.struct_size = sizeof config, .seed = 1};
  char message[640];
  if (strcmp(name, "empty") == 0) {
    return 0;
  }
  if (strcmp(name, "inlined") == 0) {
    arm->heap = pmmi_pool_open(&config);
    return arm->heap != NULL ? 0 : -1;
  }
  arm->backend = pmmi_backend_find(name, message, sizeof message);
  if (arm->backend == NULL) {
    (void)fprintf(stderr, "pmm-pool-pairs: %s\n", message);
    return -1;
  }
  return arm->backend->init(&config, &arm->handle);
}

int main(int argc, char **argv) {
  struct arm arm = {.backend = NULL};
  pmmi_backend_prepare(argv);
  long size = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
  if (size < 1 || size > 1 << 20) {
    (void)fputs("usage: pmm-pool-pairs inlined|empty|BACKEND SIZE\n", stderr);
    return 2;
  }
  if (open_arm(&arm, argv[1]) != 0) {
    return 2;
  }
  measure(&arm, (size_t)size, 0);
  measure(&arm, (size_t)size, 1);
  return 0;
}
