/* SPDX-License-Identifier: MIT */
/*
 * cases/gen.c - generations: who is examined when, what starts a collection,
 * and what it tells (requirements GEN-…).
 *
 * A case that waits for an automatic collection runs in the mode that has
 * one; explicit collections work in every mode.
 */
#include <limits.h>

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
MUST(gen, new_objects_are_young, "New containers are in generation 0",
     REQ("GEN-001"), NEEDS(gc_gen, list, tuple, set, weakref)) {
  quiet(t);
  pmm_obj *young = probe(t, 1);
  pmm_obj *made[] = {young,
                     empty_list(t),
                     TUPLE(young),
                     NEW(OPS->set_new(RT, NULL)),
                     NEW(OPS->weakref_new(RT, young, NULL, NULL, 0))};
  for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
    now_at(t, "object %zu of the table", i);
    expect_eq(generation_of(t, made[i]), 0);
  }
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
  for (int generation = 0; generation < 3; generation++) {
    pmm_obj *other = empty_list(t);
    (void)collect_to(t, generation);
    expect_eq(generation_of(t, other), generation < 2 ? generation + 1 : 2);
    expect_eq(generation_of(t, list), 2);
  }
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
MUST(gen, old_holders_keep_the_young, "An old list keeps young items alive",
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
 * 3.13; ..." */
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
  collect(t);
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

/* The youngest generation that is collected automatically: a collector may
 * know no young collections. */
static int youngest(struct pmm_test *t) {
  needs_mode(t, "generational incremental full");
  return in_mode(t, "full") ? 2 : 0;
}

/* "A young collection starts when net container allocations since the last
 * one exceed threshold 0, and not before." */
MUST(gen, automatic_trigger, "Exceeding threshold 0 starts a young collection",
     REQ("GEN-006"), NEEDS(gc_gen, gc_callbacks, gc, list), YOUNG_STRESS) {
  enum { THRESHOLD = 700 };
  const int generation = youngest(t);
  pmm_obj *all = empty_list(t);
  set_thresholds(t, THRESHOLD, 10, 10);
  start_afresh(t);
  for (int round = 0; round < 3; round++) {
    size_t made = keep_until(t, all, generation, 2 * THRESHOLD);
    expect_ge(made, THRESHOLD - 10);
    expect_le(made, THRESHOLD + 2);
    expect_eq(happened(GC_START, ANY), 1);
    log_clear(t);
  }
}

/* "A young collection starts when net container allocations since the last
 * one exceed threshold 0, and not before."  What died again does not count. */
MUST(gen, trigger_counts_net_allocations,
     "Freed containers are not counted towards the threshold",
     REQ("GEN-006"), NEEDS(gc_gen, gc_callbacks, gc, list), YOUNG_STRESS) {
  enum { THRESHOLD = 700, KEPT = 500 };
  const int generation = youngest(t);
  pmm_obj *all = empty_list(t);
  pmm_obj *some = empty_list(t);
  set_thresholds(t, THRESHOLD, 10, 10);
  start_afresh(t);
  for (int round = 0; round < 3; round++) {
    expect_eq(keep_until(t, some, generation, KEPT), KEPT);
    expect_ok(OPS->list_clear(RT, some));
  }
  expect_none(GC_START);
  expect_eq(keep_until(t, some, generation, KEPT), KEPT);
  size_t made = keep_until(t, all, generation, THRESHOLD);
  expect_ge(made, THRESHOLD - KEPT - 10);
  expect_le(made, THRESHOLD - KEPT + 2);
}

/* "Create-and-drop loops that leave no net growth trigger no collection." */
MUST(gen, only_net_growth_counts, "100000 transient lists collect nothing",
     REQ("GEN-007"), NEEDS(gc_gen, gc_callbacks, gc, list), YOUNG_STRESS) {
  start_afresh(t);
  pmm_obj *type = probe_type(t, "transient", 1, PMM_TYPE_GC, NULL, NULL);
  for (int i = 0; i < 100000; i++) {
    pmm_obj *list = OPS->list_new(RT, 1);
    expect(list != NULL);
    pmm_obj *o = i % 10 == 0 ? OPS->instance_new(RT, type, i) : NULL;
    OPS->release(RT, list);
    OPS->xrelease(RT, o);
  }
  expect_eq(happened(DEALLOCATED, ANY), 10000);
  expect_none(GC_START);
}

/* "Create-and-drop loops that leave no net growth trigger no collection." */
MUST(gen, transient_instances_collect_nothing,
     "3000 transient instances collect nothing", REQ("GEN-007"),
     NEEDS(gc_gen, gc_callbacks, gc), YOUNG_STRESS) {
  quiet(t);
  DROP(probe(t, 1)); /* its type is made                                    */
  collect(t);
  log_clear(t);
  OPS->gc_enable(RT, 1);
  for (int64_t i = 0; i < 3000; i++) {
    DROP(probe(t, i));
  }
  quiet(t);
  expect_none(GC_START);
}

/* "Generation 1 is collected when more than threshold 1 young collections
 * have happened since its last collection." */
SHOULD(gen, middle_generation_frequency,
       "Every 11th young collection is a middle one",
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

/* Objects that the collector sees. */
static size_t count_tracked(struct pmm_test *t) {
  pmm_obj *objects = NEW(OPS->gc_objects(RT, -1));
  size_t tracked = length_of(t, objects);
  DROP(objects);
  return tracked;
}

static enum pmm_status keep_nothing(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)ctx;
  (void)rt;
  (void)arg;
  return PMM_OK;
}

/* Append new lists to `all` until the probe with the cookie has died. */
static size_t keep_until_dead(struct pmm_test *t, pmm_obj *all, int64_t cookie,
                              size_t most) {
  size_t made = 0;
  while (made < most && happened(DEALLOCATED, cookie) == 0) {
    made += keep_until(t, all, -1, 1);
  }
  return made;
}

/* "An automatic full collection is skipped until objects pending since the
 * last one exceed a quarter of the long-lived total."  Old garbage stays until
 * then; a collector in slices begins when its profile says, and may take it when
 * a quarter more has come. */
SHOULD(gen, full_collections_need_growth,
       "An automatic full collection waits for 25 percent growth",
       REQ("GEN-009"), NEEDS(gc_gen, gc_callbacks, gc, list),
       STRESS_EXEMPT("a subject may stress itself by its thresholds")) {
  needs_mode(t, "generational incremental full");
  pmm_obj *all = empty_list(t);
  pmm_obj *cycle = self_cycle(t, 1);
  quiet(t);
  (void)keep_until(t, all, -1, 8000);
  set_thresholds(t, 10, 1, 1);
  start_afresh(t);
  DROP(cycle);
  size_t total = count_tracked(t);
  size_t fraction = total / (size_t)profile_int(t, "gc_full_fraction");
  size_t made = keep_until_dead(t, all, 1, total);
  size_t slices = in_mode(t, "incremental") ? fraction : 0;
  size_t least = in_mode(t, "incremental")
                     ? total / (size_t)profile_int(t, "gc_search_fraction")
                     : fraction;
  expect_ge(happened(GC_START, 2), 1);
  expect_gt(made, least - 100);
  expect_lt(made, fraction + slices + 200);
}

/* "An automatic full collection is skipped until objects pending since the
 * last one exceed a quarter of the long-lived total."  What a collection took
 * is not of that total, whatever code ran. */
SHOULD(gen, finalized_garbage_is_not_long_lived,
       "Garbage that was finalized does not put off the next full collection",
       REQ("GEN-009"), NEEDS(gc_gen, gc_callbacks, gc, list, finalizer),
       STRESS_EXEMPT("a subject may stress itself by its thresholds"),
       OOM_EXEMPT("the objects take too long for a round a failure")) {
  enum { GARBAGE = 8000 };
  needs_mode(t, "generational incremental full");
  pmm_obj *all = empty_list(t);
  pmm_obj *cycle = self_cycle(t, 1);
  pmm_obj *type = probe_type(t, "final", 1, PMM_TYPE_GC, keep_nothing, NULL);
  quiet(t);
  (void)keep_until(t, all, -1, 1500);
  for (int i = 0; i < GARBAGE; i++) {
    pmm_obj *o = probe_of(t, type, 2);
    expect_ok(OPS->slot_set(RT, o, 0, o));
    DROP(o);
  }
  set_thresholds(t, 10, 1, 1);
  start_afresh(t);
  DROP(cycle);
  size_t fraction = (size_t)profile_int(t, "gc_full_fraction");
  size_t quarter = count_tracked(t) / fraction;
  expect_lt(keep_until_dead(t, all, 1, GARBAGE), quarter + GARBAGE / 8);
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
  collect(t);
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
  collect(t);
  expect_log(DEALLOCATED, 1, 2);
}

/* Automatic runs while so many lists are made and kept in a new list. */
static size_t runs_while_making(struct pmm_test *t, size_t lists) {
  pmm_obj *all = empty_list(t);
  log_clear(t);
  (void)keep_until(t, all, -1, lists);
  size_t runs = happened(GC_START, ANY);
  DROP(all);
  collect(t);
  return runs;
}

/* "Disabled: no automatic run, ...; enable restores."  What a collector does
 * of itself it does again, be it nothing. */
MUST(gen, enabling_restores_automatic_runs,
     "Enabling restarts automatic collections",
     REQ("GEN-011"), NEEDS(gc_gen, gc_callbacks, gc, list), YOUNG_STRESS) {
  enum { LISTS = 5000 };
  start_afresh(t);
  size_t before = runs_while_making(t, LISTS);
  expect(before > 0 || in_mode(t, "counting"));
  OPS->gc_enable(RT, 0);
  expect_eq(OPS->gc_enabled(RT), 0);
  expect_eq(runs_while_making(t, LISTS), 0);
  OPS->gc_enable(RT, 1);
  expect_eq(OPS->gc_enabled(RT), 1);
  size_t after = runs_while_making(t, LISTS);
  expect_le(before, 2 * after);
  expect_le(after, 2 * before);
}

/* ---- explicit collections ----------------------------------------------- */

/* "collect(0..2) runs that and younger generations; ..." */
MUST(gen, collect_takes_the_younger_too,
     "Collecting a generation collects the younger ones too",
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
  const int wrong[] = {3, -1, 100, INT_MAX, INT_MIN};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    now_at(t, "generation %d", wrong[i]);
    expect_error(OPS->collect(RT, wrong[i], &unreachable), PMM_VALUE);
  }
  expect_none(GC_START);
  expect_none(DEALLOCATED);
}

static void expect_counts(struct pmm_test *t, uint64_t young, uint64_t middle,
                          uint64_t old) {
  uint64_t counts[3];
  OPS->gc_counts(RT, counts);
  expect_eq(counts[0], young);
  expect_eq(counts[1], middle);
  expect_eq(counts[2], old);
}

/* "After a full collection the three counters are 0; after a young one counter
 * 1 is up by one and counter 0 is 0." */
MUST(gen, counters_reset, "Collections reset the counters", REQ("GEN-013"),
     NEEDS(gc_gen, gc)) {
  quiet(t);
  uint64_t counts[3];
  for (int round = 0; round < 2; round++) {
    collect(t);
    expect_counts(t, 0, 0, 0);
    for (uint64_t i = 1; i <= 3; i++) {
      (void)probe(t, (int64_t)i);
      OPS->gc_counts(RT, counts);
      expect_gt(counts[0], 0);
      (void)collect_to(t, 0);
      expect_counts(t, 0, i, 0);
    }
    (void)collect_to(t, 1);
    expect_counts(t, 0, 0, 1);
    (void)probe(t, 4);
    (void)collect_to(t, 0);
    expect_counts(t, 0, 1, 1);
  }
}
