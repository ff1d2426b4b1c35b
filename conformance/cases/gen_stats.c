/* SPDX-License-Identifier: MIT */
/*
 * cases/gen_stats.c - the statistics of generations: what they count, and that
 * young work is young (requirements GEN-014, GEN-017).
 */
#include "case.h"

/* Collect one generation; what it counted as unreachable. */
static uint64_t collect_to(struct pmm_test *t, int generation) {
  uint64_t unreachable = 0;
  expect_ok(OPS->collect(RT, generation, &unreachable));
  return unreachable;
}

static struct pmm_gc_stats stats_of(struct pmm_test *t, int generation) {
  struct pmm_gc_stats stats = {.struct_size = sizeof stats};
  expect_ok(OPS->gc_stats(RT, generation, &stats));
  return stats;
}

/* "In each generation the counters collections, collected and uncollectable
 * rise by exactly the work done in it." */
MUST(gen, statistics_per_generation, "Statistics count each generation's work",
     REQ("GEN-014"), NEEDS(gc_gen, gc, list)) {
  quiet(t);
  collect(t);
  for (int collected = 0; collected < 3; collected++) {
    struct pmm_gc_stats before[3];
    for (int i = 0; i < 3; i++) {
      before[i] = stats_of(t, i);
    }
    pmm_obj *list = empty_list(t);
    expect_ok(OPS->list_append(RT, list, list));
    DROP(list);
    (void)collect_to(t, collected);
    for (int i = 0; i < 3; i++) {
      struct pmm_gc_stats after = stats_of(t, i);
      uint64_t one = i == collected;
      expect_eq(after.collections - before[i].collections, one);
      expect_eq(after.collected - before[i].collected, one);
      expect_eq(after.uncollectable - before[i].uncollectable, 0);
    }
  }
}

static void append_new(struct pmm_test *t, pmm_obj *list, int n) {
  for (int i = 0; i < n; i++) {
    pmm_obj *item = empty_list(t);
    expect_ok(OPS->list_append(RT, list, item));
    DROP(item);
  }
}

/* "A young collection's work (objects visited) depends on the young set, not
 * on the number of old objects." */
MUST(gen, young_work_is_bounded, "A young collection visits only young objects",
     REQ("GEN-017"), NEEDS(gc_gen, gc, list)) {
  enum { OLD = 100000, NEW_ONES = 500 };
  quiet(t);
  pmm_obj *all = empty_list(t);
  append_new(t, all, OLD);
  collect(t);
  append_new(t, all, NEW_ONES);
  uint64_t before = stats_of(t, 0).visited;
  if (before == PMM_UNKNOWN) {
    unsupported(t, "gc_stats.visited");
  }
  (void)collect_to(t, 0);
  uint64_t visited = stats_of(t, 0).visited - before;
  expect_ge(visited, NEW_ONES);
  expect_le(visited, NEW_ONES + 10);
}

/* "In each generation the counters collections, collected and uncollectable
 * rise by exactly the work done in it." So they add up. */
MUST(gen, statistics_add_up, "The statistics of collections add up",
     REQ("GEN-014"), NEEDS(gc_gen, gc)) {
  quiet(t);
  collect(t);
  for (int generation = 0; generation < 3; generation++) {
    uint64_t before = stats_of(t, generation).collected;
    for (uint64_t round = 1; round <= 3; round++) {
      uint64_t unreachable = 0;
      DROP(self_cycle(t, 1));
      expect_ok(OPS->collect(RT, generation, &unreachable));
      expect_eq(stats_of(t, generation).collected,
                before + round * unreachable);
    }
  }
}
