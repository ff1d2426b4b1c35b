/* SPDX-License-Identifier: MIT */
/*
 * cases/gen.c - generations: who is examined when, what starts a collection,
 * and what it tells (requirements GEN-…).
 *
 * A case that waits for an automatic collection runs in the mode that has
 * one; explicit collections work in every mode.
 */
#include "case.h"

#define YOUNG_STRESS                                                          \
  STRESS_EXEMPT("a collection at every container leaves nothing young")

/* Collect one generation; what it counted as unreachable. */
static uint64_t collect_to(struct pmm_test *t, int generation) {
  uint64_t unreachable = 0;
  expect_ok(OPS->collect(RT, generation, &unreachable));
  return unreachable;
}

/* The generation that lists the object; -1: none does. */
static int generation_of(struct pmm_test *t, pmm_obj *o) {
  int found = -1;
  for (int generation = 0; generation < 3; generation++) {
    pmm_obj *all = NEW(OPS->gc_objects(RT, generation));
    for (size_t i = length_of(t, all); i > 0 && found < 0; i--) {
      if (OPS->same(RT, OPS->list_get(RT, all, i - 1), o)) {
        found = generation;
      }
    }
    DROP(all);
  }
  return found;
}

/* "A new container is listed in generation 0." */
MUST(gen, new_objects_are_young, "A new list is in generation 0",
     REQ("GEN-001"), NEEDS(gc_gen, list)) {
  quiet(t);
  expect_eq(generation_of(t, empty_list(t)), 0);
  expect_eq(generation_of(t, probe(t, 1)), 0);
}

/* "An object surviving a collection of generation g moves to g+1, and stays
 * in 2." */
MUST(gen, survivors_move_one_step, "Survivors go through 0, 1, 2 and stay",
     REQ("GEN-002"), NEEDS(gc_gen, gc, list)) {
  quiet(t);
  pmm_obj *list = empty_list(t);
  for (int generation = 0; generation < 3; generation++) {
    expect_eq(generation_of(t, list), generation);
    (void)collect_to(t, generation);
  }
  expect_eq(generation_of(t, list), 2);
}

/* "Garbage promoted to a generation above g is not freed by collect(g)." */
MUST(gen, old_garbage_waits, "A young collection leaves old garbage",
     REQ("GEN-003"), NEEDS(gc_gen, gc)) {
  quiet(t);
  pmm_obj *old = self_cycle(t, 2);
  (void)collect_to(t, 0);
  (void)collect_to(t, 1);
  pmm_obj *middle = self_cycle(t, 1);
  (void)collect_to(t, 0);
  DROP(old);
  DROP(middle);
  (void)collect_to(t, 0);
  expect_none(DEALLOCATED);
  (void)collect_to(t, 1);
  expect_log(DEALLOCATED, 1);
  (void)collect_to(t, 2);
  expect_log(DEALLOCATED, 1, 2);
}

/* "A young object referenced only from an old container survives a young
 * collection." */
MUST(gen, old_holders_keep_the_young, "An old list keeps what is young",
     REQ("GEN-004"), NEEDS(gc_gen, gc, list)) {
  quiet(t);
  pmm_obj *old = empty_list(t);
  (void)collect_to(t, 2);
  pmm_obj *young = self_cycle(t, 1);
  expect_ok(OPS->list_append(RT, old, young));
  DROP(young);
  (void)collect_to(t, 0);
  expect_none(DEALLOCATED);
  expect_eq(OPS->instance_cookie(RT, OPS->list_get(RT, old, 0)), 1);
}

/* "The default thresholds are (700,10,10) up to 3.12; the first is 2000 from
 * 3.13." */
MUST(gen, default_thresholds, "The thresholds are those of the profile",
     REQ("GEN-005"), NEEDS(gc_gen),
     STRESS_EXEMPT("a subject may stress itself by its thresholds")) {
  size_t n;
  const int64_t *declared = profile_ints(t, "gc_thresholds", &n);
  uint64_t thresholds[3];
  OPS->gc_thresholds(RT, thresholds);
  expect_eq(n, 3);
  for (size_t i = 0; i < n; i++) {
    expect_eq(thresholds[i], declared[i]);
  }
}

/* ---- automatic collections ---------------------------------------------- */

static enum pmm_status hear(void *ctx, pmm_rt *rt,
                            const struct pmm_gc_info *info) {
  (void)ctx;
  (void)rt;
  (void)info;
  return PMM_OK;
}

static void stop_hearing(struct pmm_test *t, void *unused) {
  (void)unused;
  (void)OPS->gc_callback_remove(RT, hear, NULL);
}

/* From here on collections are in the log. */
static void listen(struct pmm_test *t) {
  expect_ok(OPS->gc_callback_add(RT, hear, NULL));
  defer(t, stop_hearing, NULL);
}

static void restore_thresholds(struct pmm_test *t, void *subject) {
  (void)OPS->gc_set_thresholds(RT, subject);
}

/* Thresholds for the rest of the case. */
static void set_thresholds(struct pmm_test *t, uint64_t young, uint64_t middle,
                           uint64_t old) {
  uint64_t *before = SCRATCH_ARRAY(uint64_t, 3);
  OPS->gc_thresholds(RT, before);
  defer(t, restore_thresholds, before);
  expect_ok(OPS->gc_set_thresholds(RT, (uint64_t[]){young, middle, old}));
}

/* A full collection has just been, and automatic ones are on. */
static void start_afresh(struct pmm_test *t) {
  quiet(t);
  (void)collect(t);
  listen(t);
  log_clear(t);
  OPS->gc_enable(RT, 1);
}

/* Append new lists to `all` until a collection of the generation starts;
 * how many it took, at most `most`. */
static size_t keep_until(struct pmm_test *t, pmm_obj *all, int generation,
                         size_t most) {
  size_t made = 0;
  while (made < most && pmm_log_count(t, PMM_EVENT_GC_START, generation) == 0) {
    pmm_obj *list = OPS->list_new(RT, 0);
    expect(list != NULL);
    enum pmm_status status = OPS->list_append(RT, all, list);
    OPS->release(RT, list);
    expect_ok(status);
    made++;
  }
  return made;
}

/* "A young collection starts when net container allocations since the last
 * one exceed threshold 0, and not before." */
MUST(gen, automatic_trigger, "Threshold 0 starts a young collection",
     REQ("GEN-006"), NEEDS(gc_gen, gc_callbacks, gc, list), YOUNG_STRESS) {
  enum { THRESHOLD = 700 };
  needs_mode(t, "generational incremental");
  pmm_obj *all = empty_list(t);
  set_thresholds(t, THRESHOLD, 10, 10);
  start_afresh(t);
  size_t made = keep_until(t, all, 0, 2 * THRESHOLD);
  expect_ge(made, THRESHOLD - 10);
  expect_le(made, THRESHOLD + 2);
}

/* "Create-and-drop loops that leave no net growth trigger no collection." */
MUST(gen, only_net_growth_counts, "100000 transient lists collect nothing",
     REQ("GEN-007"), NEEDS(gc_gen, gc_callbacks, gc, list), YOUNG_STRESS) {
  start_afresh(t);
  for (int i = 0; i < 100000; i++) {
    pmm_obj *list = OPS->list_new(RT, 1);
    expect(list != NULL);
    OPS->release(RT, list);
  }
  expect_none(GC_START);
}

/* "Generation 1 is collected when more than threshold 1 young collections
 * have happened since its last collection." */
SHOULD(gen, middle_generation_frequency, "Every 11 young ones a middle one",
       REQ("GEN-008"), NEEDS(gc_gen, gc_callbacks, gc, list), YOUNG_STRESS) {
  needs_mode(t, "generational incremental");
  pmm_obj *all = empty_list(t);
  set_thresholds(t, 50, 10, 10);
  start_afresh(t);
  for (int round = 0; round < 3; round++) {
    (void)keep_until(t, all, 1, 5000);
    expect_eq(happened(GC_START, 0), 11);
    expect_eq(happened(GC_START, 1), 1);
    log_clear(t);
  }
}

/* "An automatic full collection is skipped until objects pending since the
 * last one exceed a quarter of the long-lived total." */
SHOULD(gen, full_collections_need_growth, "A full one waits for 25 percent",
       REQ("GEN-009"), NEEDS(gc_gen, gc_callbacks, gc, list)) {
  needs_mode(t, "generational");
  pmm_obj *all = empty_list(t);
  quiet(t);
  (void)keep_until(t, all, 2, 8000);
  set_thresholds(t, 10, 1, 1);
  start_afresh(t);
  pmm_obj *objects = NEW(OPS->gc_objects(RT, -1));
  size_t total = length_of(t, objects);
  DROP(objects);
  size_t fraction = total / (size_t)profile_int(t, "gc_full_fraction");
  size_t made = keep_until(t, all, 2, total);
  expect_gt(made, fraction - 100);
  expect_lt(made, fraction + 200);
}

/* "Setting threshold 0 to 0 stops automatic collection but explicit collection
 * works and the enabled flag is unaffected." */
MUST(gen, threshold_zero_disables, "Threshold 0 stops automatic collections",
     REQ("GEN-010"), NEEDS(gc_gen, gc_callbacks, gc, list), YOUNG_STRESS) {
  pmm_obj *all = empty_list(t);
  start_afresh(t);
  set_thresholds(t, 0, 10, 10);
  DROP(self_cycle(t, 1));
  expect_eq(keep_until(t, all, 0, 5000), 5000);
  expect_none(GC_START);
  expect_none(DEALLOCATED);
  expect_eq(OPS->gc_enabled(RT), 1);
  (void)collect(t);
  expect_log(DEALLOCATED, 1);
}

/* "Disabled: no automatic run, explicit collect works, reference counting
 * unaffected; ..." */
MUST(gen, disabled_means_no_automatic_run, "Disabling stops automatic runs",
     REQ("GEN-011"), NEEDS(gc_gen, gc_callbacks, gc, list)) {
  pmm_obj *all = empty_list(t);
  start_afresh(t);
  OPS->gc_enable(RT, 0);
  expect_eq(OPS->gc_enabled(RT), 0);
  expect_eq(keep_until(t, all, 0, 5000), 5000);
  expect_none(GC_START);
  DROP(probe(t, 1));
  expect_log(DEALLOCATED, 1);
  DROP(self_cycle(t, 2));
  (void)collect(t);
  expect_log(DEALLOCATED, 1, 2);
}

/* "... enable restores." */
MUST(gen, enabling_restores_automatic_runs, "Enabling starts them again",
     REQ("GEN-011"), NEEDS(gc_gen, gc_callbacks, gc, list), YOUNG_STRESS) {
  needs_mode(t, "generational incremental");
  pmm_obj *all = empty_list(t);
  start_afresh(t);
  OPS->gc_enable(RT, 0);
  OPS->gc_enable(RT, 1);
  expect_eq(OPS->gc_enabled(RT), 1);
  expect_lt(keep_until(t, all, 0, 5000), 5000);
}

/* ---- explicit collections ----------------------------------------------- */

/* "collect(0..2) runs that and younger generations; ..." */
MUST(gen, collect_takes_the_younger_too, "Collecting takes the younger too",
     REQ("GEN-012"), NEEDS(gc_gen, gc)) {
  quiet(t);
  for (int generation = 0; generation < 3; generation++) {
    pmm_obj *aged = self_cycle(t, 10 + generation);
    for (int i = 0; i < generation; i++) {
      (void)collect_to(t, i);
    }
    DROP(aged);
    DROP(self_cycle(t, 20 + generation));
    expect_eq(happened(DEALLOCATED, ANY), 2 * (size_t)generation);
    (void)collect_to(t, generation);
    expect_eq(happened(DEALLOCATED, 10 + generation), 1);
    expect_eq(happened(DEALLOCATED, 20 + generation), 1);
  }
}

/* "...; other numbers are an error without effect." */
MUST(gen, no_other_generations, "There is no generation 3 and none below 0",
     REQ("GEN-012"), NEEDS(gc_gen, gc_callbacks, gc)) {
  quiet(t);
  listen(t);
  DROP(self_cycle(t, 1));
  uint64_t unreachable = 0;
  expect_error(OPS->collect(RT, 3, &unreachable), PMM_VALUE);
  expect_error(OPS->collect(RT, -1, &unreachable), PMM_VALUE);
  expect_none(GC_START);
  expect_none(DEALLOCATED);
}

/* "After a full collection the three counters are 0; after a young one counter
 * 1 is up by one and counter 0 is 0." */
MUST(gen, counters_reset, "Collections reset the counters", REQ("GEN-013"),
     NEEDS(gc_gen, gc)) {
  quiet(t);
  uint64_t counts[3];
  (void)collect(t);
  OPS->gc_counts(RT, counts);
  expect_eq(counts[0], 0);
  expect_eq(counts[1], 0);
  expect_eq(counts[2], 0);
  for (uint64_t i = 1; i <= 3; i++) {
    (void)probe(t, (int64_t)i);
    (void)collect_to(t, 0);
    OPS->gc_counts(RT, counts);
    expect_eq(counts[0], 0);
    expect_eq(counts[1], i);
  }
  (void)collect_to(t, 1);
  OPS->gc_counts(RT, counts);
  expect_eq(counts[1], 0);
  expect_eq(counts[2], 1);
}

static struct pmm_gc_stats stats_of(struct pmm_test *t, int generation) {
  struct pmm_gc_stats stats = {.struct_size = sizeof stats};
  expect_ok(OPS->gc_stats(RT, generation, &stats));
  return stats;
}

/* "collections, collected and uncollectable rise by exactly the work done in
 * that generation." */
MUST(gen, statistics_per_generation, "Statistics count each generation's work",
     REQ("GEN-014"), NEEDS(gc_gen, gc, list)) {
  quiet(t);
  (void)collect(t);
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

/* "A young collection's work (objects visited) depends on the young set, not
 * on the number of old objects." */
MUST(gen, young_work_is_bounded, "A young collection visits the young alone",
     REQ("GEN-017"), NEEDS(gc_gen, gc, list)) {
  enum { OLD = 100000, NEW_ONES = 500 };
  quiet(t);
  pmm_obj *all = empty_list(t);
  (void)keep_until(t, all, 0, OLD);
  (void)collect(t);
  (void)keep_until(t, all, 0, NEW_ONES);
  uint64_t before = stats_of(t, 0).visited;
  if (before == PMM_UNKNOWN) {
    unsupported(t, "gc_stats.visited");
  }
  (void)collect_to(t, 0);
  uint64_t visited = stats_of(t, 0).visited - before;
  expect_ge(visited, NEW_ONES);
  expect_le(visited, NEW_ONES + 10);
}
