/* SPDX-License-Identifier: MIT */
/*
 * cases/pool_stats.c - what a pool tells of itself, and whether it is so:
 * statistics that add up, and blocks where the geometry says (requirements
 * POOL-005, POOL-023).
 */
#include "layout.h"

/* "Per-class statistics satisfy blocks in use + available = pools x
 * blocks-per-pool and bytes sum to arena bytes." */
SHOULD(pool, statistics_add_up, "Statistics of each class add up",
       REQ("POOL-023"), NEEDS(pool, pool_stats, list)) {
  struct pmm_class_stats stats = {.struct_size = sizeof stats};
  size_t classes = 0;
  (void)list_of_ints(t, 5000);
  while (OPS->class_stats(RT, classes, &stats) == 0) {
    expect_eq(stats.blocks_used + stats.blocks_free,
              stats.pools * stats.blocks_per_pool);
    stats.struct_size = sizeof stats;
    classes++;
  }
  expect_gt(classes, 0);
}

/* "... and bytes sum to arena bytes." */
SHOULD(pool, arenas_hold_what_classes_hold, "Arena and class statistics agree",
       REQ("POOL-023"), NEEDS(pool, pool_stats, arena_stats, list)) {
  struct pmm_class_stats class = {.struct_size = sizeof class};
  struct pmm_arena_stats arena = {.struct_size = sizeof arena};
  uint64_t in_classes = 0, in_arenas = 0, pools = 0;
  uint64_t pool_bytes = (uint64_t)profile_int(t, "pool_bytes");
  (void)list_of_ints(t, 5000);
  for (size_t i = 0; OPS->class_stats(RT, i, &class) == 0; i++) {
    in_classes += class.blocks_used * class.block_size;
    pools += class.pools;
    expect_le(class.blocks_per_pool * class.block_size, pool_bytes);
  }
  for (size_t i = 0; OPS->arena_stats(RT, i, &arena) == 0; i++) {
    in_arenas += arena.bytes_used;
    expect_eq(arena.pools * pool_bytes, arena.bytes);
    expect_le(arena.pools_vacant, arena.pools);
    pools -= arena.pools - arena.pools_vacant;
  }
  expect_gt(in_arenas, 0);
  expect_eq(in_arenas, in_classes);
  expect_eq(pools, 0); /* each pool of an arena is of one class, or vacant    */
}

/* "With large pools, a 16 KiB pool holds (16384-48)/class blocks: 1021 of 16,
 * 340 of 48, 63 of 256, 31 of 512 bytes, first at offset 48." */
MAY(pool, pools_have_the_declared_geometry, "Blocks per pool are the profile's",
    REQ("POOL-005"), NEEDS(pool, pool_stats)) {
  size_t n = 0;
  const int64_t *sizes = profile_ints(t, "pool_class_bytes", &n);
  int64_t room =
      profile_int(t, "pool_bytes") - profile_int(t, "pool_header_bytes");
  for (size_t i = 0; i < n; i++) {
    struct pmm_class_stats stats = {.struct_size = sizeof stats};
    expect_eq(OPS->class_stats(RT, i, &stats), 0);
    expect_eq(stats.block_size, sizes[i]);
    expect_eq(stats.blocks_per_pool, room / sizes[i]);
  }
}

static void free_cell(struct pmm_test *t, void *cell) {
  OPS->domain_free(RT, PMM_DOMAIN_OBJ, *(void **)cell);
}

/* Address of a block that is freed with the case. */
static uintptr_t take(struct pmm_test *t, size_t size) {
  void **cell = SCRATCH(void *);
  *cell = BLOCK(OPS->domain_malloc(RT, PMM_DOMAIN_OBJ, size));
  defer(t, free_cell, cell);
  return (uintptr_t)*cell;
}

/* "With large pools, a 16 KiB pool holds (16384-48)/class blocks: 1021 of 16,
 * 340 of 48, 63 of 256, 31 of 512 bytes, first at offset 48."  Seen from
 * outside: of many blocks, none lies elsewhere, and some lie first and last. */
MAY(pool, blocks_lie_behind_the_header, "Blocks lie where the profile says",
    REQ("POOL-005"), NEEDS(pool, domains),
    OOM_EXEMPT("128 KiB of each class take too long for a round a failure"),
    OWN_LAYOUT) {
  static const int64_t classes[] = {16, 48, 256, 512};
  uintptr_t pool = (uintptr_t)profile_int(t, "pool_bytes");
  int64_t header = profile_int(t, "pool_header_bytes");
  for (int i = 0; i < 4; i++) {
    int64_t size = classes[i];
    int64_t room = ((int64_t)pool - header) / size;
    int64_t lowest = INT64_MAX, highest = 0;
    for (int64_t k = 0; k < 8 * room; k++) {
      int64_t at = (int64_t)(take(t, (size_t)size) % pool);
      expect_eq((at - header) % size, 0);
      lowest = at < lowest ? at : lowest;
      highest = at > highest ? at : highest;
    }
    expect_eq(lowest, header);
    expect_eq(highest, header + (room - 1) * size);
    DROP_ALL();
  }
}
