/* SPDX-License-Identifier: MIT */
/*
 * cases/pool_arena.c - arenas: where pools come from, and when they go back
 * to the operating system (requirements POOL-003, 006, 017 to 021).
 *
 * Observed through a hook on the arena layer that passes everything on.
 */
#include "case.h"

#define MANY_BLOCKS "8 MiB of blocks take too long for a round a failure"


enum { ARENAS_MAX = 4096 };

/** What the hook saw: regions that are held, and calls. */
struct arenas {
  struct pmm_arena_allocator below;
  uintptr_t from[ARENAS_MAX];
  size_t size[ARENAS_MAX];
  size_t held; /* entries in from and size                                  */
  uint64_t taken, returned;
};

static void *take_arena(void *ctx, size_t size) {
  struct arenas *a = ctx;
  void *base = a->below.alloc(a->below.ctx, size);
  if (base != NULL && a->held < ARENAS_MAX) {
    a->from[a->held] = (uintptr_t)base;
    a->size[a->held++] = size;
    a->taken++;
  }
  return base;
}

static void return_arena(void *ctx, void *base, size_t size) {
  struct arenas *a = ctx;
  for (size_t i = 0; i < a->held; i++) {
    if (a->from[i] == (uintptr_t)base) {
      a->held--;
      a->from[i] = a->from[a->held];
      a->size[i] = a->size[a->held];
      a->returned++;
      break;
    }
  }
  a->below.free(a->below.ctx, base, size);
}

static void unhook(struct pmm_test *t, void *subject) {
  struct arenas *a = subject;
  (void)OPS->arena_set(RT, &a->below);
}

static struct arenas *hook(struct pmm_test *t) {
  struct arenas *a = SCRATCH(struct arenas);
  struct pmm_arena_allocator mine = {a, take_arena, return_arena};
  quiet(t);
  OPS->caches_flush(RT);
  OPS->arena_get(RT, &a->below);
  expect_ok(OPS->arena_set(RT, &mine));
  defer(t, unhook, a);
  return a;
}

static int lies_in_arena(const struct arenas *a, const void *block) {
  for (size_t i = 0; i < a->held; i++) {
    if ((uintptr_t)block - a->from[i] < a->size[i]) {
      return 1;
    }
  }
  return 0;
}

/** Many blocks of one size. */
struct burst {
  void **block;
  size_t count;
};

static void free_burst(struct pmm_test *t, void *subject) {
  struct burst *burst = subject;
  for (size_t i = 0; i < burst->count; i++) {
    OPS->domain_free(RT, PMM_DOMAIN_OBJ, burst->block[i]);
    burst->block[i] = NULL;
  }
}

static struct burst *burst(struct pmm_test *t, size_t size, size_t bytes) {
  struct burst *b = SCRATCH(struct burst);
  b->count = bytes / size;
  b->block = SCRATCH_ARRAY(void *, b->count);
  defer(t, free_burst, b);
  for (size_t i = 0; i < b->count; i++) {
    b->block[i] = BLOCK(OPS->domain_malloc(RT, PMM_DOMAIN_OBJ, size));
  }
  return b;
}

enum { BURST = 8 << 20 };

/* "A 512-byte request comes from a pool; 513 bytes goes to the raw
 * allocator." */
MUST(pool, the_threshold_is_the_profiles, "Larger blocks are not pooled",
     REQ("POOL-003"), NEEDS(pool, domains, arena_hook),
     OOM_EXEMPT(MANY_BLOCKS)) {
  size_t most = (size_t)profile_int(t, "pool_max_bytes");
  struct arenas *a = hook(t);
  struct burst *pooled = burst(t, most, BURST);
  uint64_t taken = a->taken;
  size_t inside = 0;
  for (size_t i = 0; i < pooled->count; i++) {
    inside += (size_t)lies_in_arena(a, pooled->block[i]);
  }
  expect_gt(inside, pooled->count / 2); /* the rest: arenas of before       */
  struct burst *large = burst(t, most + 1, BURST);
  expect_eq(a->taken, taken);
  for (size_t i = 0; i < large->count; i++) {
    expect(!lies_in_arena(a, large->block[i]));
  }
}

/* "Arenas are 1 MiB and requested from the OS layer one at a time (256 KiB
 * before 3.10)." */
SHOULD(pool, arenas_have_the_declared_size, "Arenas are the profile's size",
       REQ("POOL-006"), NEEDS(pool, domains, arena_hook)) {
  struct arenas *a = hook(t);
  (void)burst(t, 512, BURST);
  expect_gt(a->held, 0);
  for (size_t i = 0; i < a->held; i++) {
    expect_eq(a->size[i], profile_int(t, "arena_bytes"));
  }
}

/* "After freeing every block, each arena but at most one retained is released
 * to the OS layer." */
MUST(pool, empty_arenas_go_back, "Arenas without a block go back",
     REQ("POOL-017"), NEEDS(pool, domains, arena_hook),
     OOM_EXEMPT(MANY_BLOCKS)) {
  struct arenas *a = hook(t);
  struct burst *blocks = burst(t, 128, BURST);
  expect_ge(a->held, 2);
  free_burst(t, blocks);
  expect_le(a->held, profile_int(t, "arena_retained_max"));
  expect_eq(a->taken - a->returned, a->held);
}

/* "An arena with one live block is not released; it is released when that
 * block is freed." */
MUST(pool, one_block_pins_its_arena, "One live block keeps its arena",
     REQ("POOL-018"), NEEDS(pool, domains, arena_hook),
     OOM_EXEMPT(MANY_BLOCKS)) {
  struct arenas *a = hook(t);
  struct burst *blocks = burst(t, 512, BURST);
  size_t all = a->held;
  /* A few less than an arena has room for, so that each keeps one. */
  size_t each = (size_t)profile_int(t, "arena_bytes") / 512 * 15 / 16;
  for (size_t i = 0; i < blocks->count; i++) {
    if ((i + 1) % each != 0) {
      OPS->domain_free(RT, PMM_DOMAIN_OBJ, blocks->block[i]);
      blocks->block[i] = NULL;
    }
  }
  for (size_t i = each - 1; i < blocks->count; i += each) {
    memset(blocks->block[i], 0x5a, 512);
  }
  expect_ge(a->held, all / 2);
  free_burst(t, blocks);
  expect_le(a->held, profile_int(t, "arena_retained_max"));
}

/* "A pool that becomes empty serves another size class; a 64-byte burst fully
 * freed lets a 512-byte burst run without more arenas than its own need." */
MUST(pool, empty_pools_change_class, "An empty pool serves another class",
     REQ("POOL-020"), NEEDS(pool, domains, arena_hook),
     OOM_EXEMPT(MANY_BLOCKS)) {
  struct arenas *a = hook(t);
  struct burst *last = burst(t, 512, BURST);
  size_t own_need = a->held;
  free_burst(t, last);
  struct burst *small = burst(t, 64, BURST);
  free_burst(t, small);
  (void)burst(t, 512, BURST);
  expect_le(a->held, own_need + 1);
}

/* "Allocating and freeing one block 1e4 times requests and releases no
 * arena." */
MUST(pool, churn_of_one_block_is_quiet, "One block's churn moves no arena",
     REQ("POOL-021"), NEEDS(pool, domains, arena_hook)) {
  struct arenas *a = hook(t);
  void *block = BLOCK(OPS->domain_malloc(RT, PMM_DOMAIN_OBJ, 100));
  OPS->domain_free(RT, PMM_DOMAIN_OBJ, block);
  uint64_t before = a->taken + a->returned;
  for (int i = 0; i < 10000; i++) {
    block = BLOCK(OPS->domain_malloc(RT, PMM_DOMAIN_OBJ, 100));
    OPS->domain_free(RT, PMM_DOMAIN_OBJ, block);
  }
  expect_eq(a->taken + a->returned, before);
}

/* ---- which arena serves ------------------------------------------------- */

/* Free the blocks that lie in the first `bytes` of an arena. */
static void vacate(struct pmm_test *t, struct burst *b, uintptr_t from,
                   size_t bytes) {
  for (size_t i = 0; i < b->count; i++) {
    if ((uintptr_t)b->block[i] - from < bytes) {
      OPS->domain_free(RT, PMM_DOMAIN_OBJ, b->block[i]);
      b->block[i] = NULL;
    }
  }
}

/* Blocks of a burst that lie in an arena. */
static size_t blocks_in(const struct burst *b, uintptr_t from, size_t bytes) {
  size_t n = 0;
  for (size_t i = 0; i < b->count; i++) {
    n += (uintptr_t)b->block[i] - from < bytes;
  }
  return n;
}

/* "New pools come from the usable arena with the fewest free pools so that
 * emptier arenas can drain." */
SHOULD(pool, the_fullest_arena_serves, "New pools come from the fullest arena",
       REQ("POOL-019"), NEEDS(pool, domains, arena_hook),
     OOM_EXEMPT(MANY_BLOCKS)) {
  size_t bytes = (size_t)profile_int(t, "arena_bytes");
  struct arenas *a = hook(t);
  struct burst *blocks = burst(t, 512, 8 * bytes);
  expect_ge(a->held, 4);
  uintptr_t fuller = a->from[2], emptier = a->from[1];
  vacate(t, blocks, emptier, bytes / 10 * 9);
  vacate(t, blocks, fuller, bytes / 4);
  struct burst *other = burst(t, 400, bytes / 8);
  expect_gt(blocks_in(other, fuller, bytes), other->count / 2);
  expect_eq(blocks_in(other, emptier, bytes), 0);
}
