/* SPDX-License-Identifier: MIT */
/*
 * cases/spa.c - sparse data in dictionaries (requirements SPA-…).
 */
#include "case.h"

/* A map of `count` positions, `step` apart, each with the value None. */
static pmm_obj *sparse_map(struct pmm_test *t, int64_t count, int64_t step) {
  pmm_obj *map = NEW(OPS->dict_new(RT));
  for (int64_t i = 0; i < count; i++) {
    pmm_obj *position = integer(t, i * step);
    expect_ok(OPS->dict_set(RT, map, position, NEW(OPS->none(RT))));
    DROP(position);
  }
  return map;
}

/* "A map of k stored entries of n positions needs memory proportional to k:
 * 1000 of 1e6 entries stay below 1 percent of the dense list." */
MUST(spa, cost_follows_stored_entries, "A sparse map costs what it stores",
     REQ("SPA-001"), NEEDS(dict, list, sizeof),
     OOM_EXEMPT("a thousand positions take too long for a round a failure")) {
  pmm_obj *dense = NEW(OPS->list_new(RT, 1000000));
  pmm_obj *none = NEW(OPS->none(RT));
  for (size_t i = 0; i < 1000000; i++) {
    expect_ok(OPS->list_set_steal(RT, dense, i, GIVE(KEEP(none))));
  }
  pmm_obj *sparse = sparse_map(t, 1000, 1000);
  expect_eq(length_of(t, sparse), 1000);
  expect_lt(size_of(t, sparse), size_of(t, dense) / 100);
  /* as much for as many, however far apart they are */
  expect_eq(size_of(t, sparse_map(t, 1000, 1)), size_of(t, sparse));
  expect_eq(size_of(t, sparse_map(t, 1000, 1 << 30)), size_of(t, sparse));
}

/* "A map of k stored entries of n positions needs memory proportional to k:
 * 1000 of 1e6 entries stay below 1 percent of the dense list." */
MUST(spa, cost_grows_in_proportion, "Twice the entries cost about twice",
     REQ("SPA-001"), NEEDS(dict, list, sizeof)) {
  for (int64_t count = 125; count <= 2000; count *= 2) {
    size_t once = size_of(t, sparse_map(t, count, 1000));
    size_t twice = size_of(t, sparse_map(t, 2 * count, 1000));
    expect_le(once, 100 * count);
    expect_gt(twice, once);
    expect_lt(twice, 3 * once);
  }
}

/* "Reading an absent position returns the default and adds no entry." */
MUST(spa, absent_positions_are_not_stored, "Reading the absent adds nothing",
     REQ("SPA-002"), NEEDS(dict)) {
  quiet(t);
  pmm_obj *sparse = sparse_map(t, 5, 1000);
  pmm_obj *absent[] = {integer(t, 1), integer(t, 999), integer(t, 1000001)};
  OPS->caches_flush(RT);
  uint64_t blocks = live_blocks(t);
  for (size_t i = 0; i < 3; i++) {
    expect_null(OPS->dict_get(RT, sparse, absent[i]), PMM_OK);
    expect_null(OPS->dict_get_strong(RT, sparse, absent[i]), PMM_OK);
  }
  expect_eq(length_of(t, sparse), 5);
  expect_eq(live_blocks(t), blocks);
}
