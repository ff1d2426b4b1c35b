/* SPDX-License-Identifier: MIT */
/*
 * cases/pool_arena.c - arenas: where pools come from, and when they go back
 * to the operating system (requirements POOL-003, 006, 017 to 021).
 *
 * Observed through the hook of arenas.h.
 */
#include "arenas.h"
#include "layout.h"

/* "A 512-byte request comes from a pool; 513 bytes goes to the raw
 * allocator." */
MUST(pool, the_threshold_is_the_profiles, "Larger blocks are not pooled",
     REQ("POOL-003"), NEEDS(pool, domains, arena_hook),
     OOM_EXEMPT(MANY_BLOCKS), OWN_LAYOUT) {
  size_t most = (size_t)profile_int(t, "pool_max_bytes");
  struct arenas *a = hook_arenas(t);
  struct burst *pooled = burst(t, PMM_DOMAIN_OBJ, most, BURST_BYTES);
  uint64_t taken = a->taken;
  size_t inside = 0;
  for (size_t i = 0; i < pooled->count; i++) {
    inside += (size_t)lies_in_arena(a, pooled->block[i]);
  }
  expect_gt(inside, pooled->count / 2); /* the rest: arenas of before       */
  struct burst *large = burst(t, PMM_DOMAIN_OBJ, most + 1, BURST_BYTES);
  expect_eq(a->taken, taken);
  for (size_t i = 0; i < large->count; i++) {
    expect(!lies_in_arena(a, large->block[i]));
  }
}

/* "Arenas are 1 MiB and requested from the OS layer one at a time (256 KiB
 * before 3.10)." */
SHOULD(pool, arenas_have_the_declared_size, "Arenas are the profile's size",
       REQ("POOL-006"), NEEDS(pool, domains, arena_hook), OWN_LAYOUT) {
  struct arenas *a = hook_arenas(t);
  for (int i = 0; i < BURST_BYTES / 4096; i++) {
    uint64_t taken = a->taken;
    const struct burst *page = burst(t, PMM_DOMAIN_OBJ, 512, 4096);
    expect_le(a->taken, taken + 1); /* one at a time, and for need          */
    expect(a->taken == taken || lies_in_arena(a, page->block[7]));
  }
  expect_gt(a->held, 0);
  for (size_t i = 0; i < a->held; i++) {
    expect_eq(a->size[i], profile_int(t, "arena_bytes"));
  }
}

/* "After freeing every block, each arena but at most one retained is released
 * to the OS layer." */
MUST(pool, empty_arenas_go_back, "Arenas without a block go back",
     REQ("POOL-017"), NEEDS(pool, domains, arena_hook),
     OOM_EXEMPT(MANY_BLOCKS), OWN_LAYOUT) {
  struct arenas *a = hook_arenas(t);
  struct burst *blocks = burst(t, PMM_DOMAIN_OBJ, 128, BURST_BYTES);
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
  struct arenas *a = hook_arenas(t);
  struct burst *blocks = burst(t, PMM_DOMAIN_OBJ, 512, BURST_BYTES);
  size_t all = a->held;
  /* A few less than an arena has room for, so that each keeps one. */
  size_t each = (size_t)profile_int(t, "arena_bytes") / 512 * 15 / 16;
  for (size_t i = 0; i < blocks->count; i++) {
    if ((i + 1) % each != 0) {
      free_in_burst(t, blocks, i);
    }
  }
  size_t inside = 0;
  for (size_t i = each - 1; i < blocks->count; i += each) {
    memset(blocks->block[i], 0x5a, 512);
    inside += (size_t)lies_in_arena(a, blocks->block[i]);
  }
  expect_ge(a->held, all / 2);
  expect_ge(inside, all / 2); /* the rest: arenas of before the hook        */
  free_burst(t, blocks);
  expect_le(a->held, profile_int(t, "arena_retained_max"));
}

/* "A pool that becomes empty serves another size class; a 64-byte burst fully
 * freed lets a 512-byte burst run without more arenas than its own need." */
MUST(pool, empty_pools_change_class, "An empty pool serves another class",
     REQ("POOL-020"), NEEDS(pool, domains, arena_hook),
     OOM_EXEMPT(MANY_BLOCKS), OWN_LAYOUT) {
  struct arenas *a = hook_arenas(t);
  struct burst *last = burst(t, PMM_DOMAIN_OBJ, 512, BURST_BYTES);
  size_t own_need = a->held;
  free_burst(t, last);
  struct burst *small = burst(t, PMM_DOMAIN_OBJ, 64, BURST_BYTES);
  free_burst(t, small);
  (void)burst(t, PMM_DOMAIN_OBJ, 512, BURST_BYTES);
  expect_le(a->held, own_need + 1);
}

/* "A pool that becomes empty serves another size class; ..."  Blocks that stay
 * keep the arenas from going back. */
MUST(pool, empty_pools_of_a_held_arena_serve,
     "Empty pools serve others while their arena stays", REQ("POOL-020"),
     NEEDS(pool, domains, arena_hook), OOM_EXEMPT(MANY_BLOCKS)) {
  size_t each = (size_t)profile_int(t, "arena_bytes") / 64 * 15 / 16;
  struct arenas *a = hook_arenas(t);
  struct burst *small = burst(t, PMM_DOMAIN_OBJ, 64, BURST_BYTES);
  size_t all = a->held;
  expect_ge(all, 4);
  for (size_t i = 0; i < small->count; i++) {
    if (i % each != 0) {
      free_in_burst(t, small, i);
    }
  }
  expect_ge(a->held, all / 2);
  (void)burst(t, PMM_DOMAIN_OBJ, 512, BURST_BYTES / 4 * 3);
  expect_le(a->held, all + 1);
}

/* "Allocating and freeing one block 1e4 times requests and releases no
 * arena." */
MUST(pool, churn_of_one_block_is_quiet,
     "Churn of one block requests and releases no arena",
     REQ("POOL-021"), NEEDS(pool, domains, arena_hook), OWN_LAYOUT) {
  struct arenas *a = hook_arenas(t);
  void *block = BLOCK(OPS->domain_malloc(RT, PMM_DOMAIN_OBJ, 100));
  OPS->domain_free(RT, PMM_DOMAIN_OBJ, block);
  uint64_t before = a->taken + a->returned;
  for (int i = 0; i < 10000; i++) {
    block = BLOCK(OPS->domain_malloc(RT, PMM_DOMAIN_OBJ, 100));
    OPS->domain_free(RT, PMM_DOMAIN_OBJ, block);
  }
  expect_eq(a->taken + a->returned, before);
}

/* "Allocating and freeing one block 1e4 times requests and releases no
 * arena."  Nor where that block is the first of an arena. */
MUST(pool, churn_at_the_edge_is_quiet,
     "Churn of one block at the edge of an arena moves no arena",
     REQ("POOL-021"), NEEDS(pool, domains, arena_hook),
     OOM_EXEMPT(MANY_BLOCKS), OWN_LAYOUT) {
  struct arenas *a = hook_arenas(t);
  size_t limit = 4 * (size_t)profile_int(t, "arena_bytes") / 512;
  struct burst *last = NULL;
  for (size_t i = 0; i < limit && a->taken < 2; i++) {
    last = burst(t, PMM_DOMAIN_OBJ, 512, 512);
  }
  expect(last != NULL);
  expect_eq(a->taken, 2);
  free_burst(t, last);
  uint64_t before = a->taken + a->returned;
  for (int i = 0; i < 10000; i++) {
    void *block = BLOCK(OPS->domain_malloc(RT, PMM_DOMAIN_OBJ, 512));
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
      free_in_burst(t, b, i);
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
     OOM_EXEMPT(MANY_BLOCKS), OWN_LAYOUT) {
  size_t bytes = (size_t)profile_int(t, "arena_bytes");
  struct arenas *a = hook_arenas(t);
  struct burst *blocks = burst(t, PMM_DOMAIN_OBJ, 512, 8 * bytes);
  expect_ge(a->held, 4);
  uintptr_t fuller = a->from[2], emptier = a->from[1];
  vacate(t, blocks, emptier, bytes / 10 * 9);
  vacate(t, blocks, fuller, bytes / 4);
  struct burst *other = burst(t, PMM_DOMAIN_OBJ, 400, bytes / 8);
  expect_gt(blocks_in(other, fuller, bytes), other->count / 2);
  expect_eq(blocks_in(other, emptier, bytes), 0);
}
