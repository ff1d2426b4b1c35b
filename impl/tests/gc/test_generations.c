/* SPDX-License-Identifier: MIT */
/* test_generations.c - generations, thresholds, callbacks, freezing. */
#include "tests/gc/lab.h"

static struct lab lab;

static int is_in(pmm_rt *rt, pmm_obj *o, int generation) {
  pmm_obj *list = pmmi_gc_objects(rt, generation);
  size_t n = 0;
  int found = 0;
  (void)pmmi_length(rt, list, &n);
  for (size_t i = 0; i < n; i++) {
    found |= pmmi_list_get(rt, list, i) == o;
  }
  pmmi_release(rt, list);
  return found;
}

static uint64_t collect(pmm_rt *rt, int generation) {
  uint64_t found = 99;
  (void)pmmi_collect(rt, generation, &found);
  return found;
}

static void test_promotion(void) {
  pmm_rt *rt = lab_open(&lab, "generational", 0);
  pmm_obj *list = pmmi_list_new(rt, 0);
  tap_ok(is_in(rt, list, 0), "a new container is in generation 0");
  (void)collect(rt, 0);
  tap_ok(is_in(rt, list, 1) && !is_in(rt, list, 0), "survives into 1");
  (void)pmmi_list_append(rt, list, list);
  (void)collect(rt, 1);
  tap_ok(is_in(rt, list, 2), "and into 2");
  pmmi_release(rt, list);
  tap_ok(collect(rt, 0) == 0 && collect(rt, 1) == 0,
         "old garbage is not found by young collections");
  tap_ok(collect(rt, 2) == 1, "but by a full one");
  uint64_t found = 99;
  tap_ok(pmmi_collect(rt, 3, &found) == PMM_VALUE &&
             pmmi_collect(rt, -1, &found) == PMM_VALUE,
         "other generations are refused");
  pmmi_error_clear(rt);
  lab_end(&lab, "promotion");
}

static void test_old_holder(void) {
  pmm_rt *rt = lab_open(&lab, "generational", 0);
  pmm_obj *old = pmmi_list_new(rt, 0);
  (void)collect(rt, 2);
  pmm_obj *young = pmmi_list_new(rt, 0);
  (void)pmmi_list_append(rt, old, young);
  pmmi_release(rt, young);
  tap_ok(collect(rt, 0) == 0 && is_in(rt, young, 1),
         "an old holder keeps a young object");
  pmmi_release(rt, old);
  lab_end(&lab, "old holder");
}

static size_t collections_of(int64_t generation) {
  return lab_times(&lab, PMM_EVENT_GC_START, generation);
}

static void test_threshold(void) {
  static pmm_obj *kept[2000];
  pmm_rt *rt = lab_open(&lab, "generational", 0);
  const uint64_t thresholds[3] = {100, 10, 10};
  (void)pmmi_gc_set_thresholds(rt, thresholds);
  (void)collect(rt, 2);
  lab.count = 0;
  for (int i = 0; i < 100; i++) {
    kept[i] = pmmi_tuple_new(rt, 30);
  }
  tap_ok(collections_of(-1) == 0, "no collection at the threshold");
  kept[100] = pmmi_tuple_new(rt, 30);
  tap_ok(collections_of(0) == 1, "one just above");
  uint64_t counts[3];
  pmmi_gc_counts(rt, counts);
  tap_ok(counts[0] == 0 && counts[1] == 1, "it starts the count again");
  for (int i = 101; i < 2000; i++) {
    kept[i] = pmmi_tuple_new(rt, 30);
  }
  tap_ok(collections_of(1) == 1, "generation 1 after ten young ones");
  lab.count = 0;
  for (int i = 0; i < 5000; i++) {
    pmmi_release(rt, pmmi_tuple_new(rt, 30));
  }
  tap_ok(collections_of(-1) == 0, "no net growth, no collection");
  for (int i = 0; i < 2000; i++) {
    pmmi_clear(rt, &kept[i]);
  }
  lab_end(&lab, "threshold");
}

static void test_off(void) {
  static pmm_obj *kept[2000];
  const uint64_t off[3] = {0, 10, 10};
  pmm_rt *rt = lab_open(&lab, "generational", 0);
  pmmi_gc_enable(rt, 0);
  lab.count = 0;
  for (int i = 0; i < 2000; i++) {
    kept[i] = pmmi_list_new(rt, 0);
  }
  tap_ok(collections_of(-1) == 0 && !pmmi_gc_enabled(rt), "disabled");
  pmmi_gc_enable(rt, 1);
  (void)pmmi_gc_set_thresholds(rt, off);
  for (int i = 0; i < 2000; i++) {
    pmmi_clear(rt, &kept[i]);
    kept[i] = pmmi_list_new(rt, 0);
  }
  tap_ok(collections_of(-1) == 0 && pmmi_gc_enabled(rt),
         "threshold 0 at 0 stops automatic collection");
  for (int i = 0; i < 2000; i++) {
    pmmi_clear(rt, &kept[i]);
  }
  lab_end(&lab, "off");
}

static void test_young_work(void) {
  enum { OLD = 50000, YOUNG = 100 };
  static pmm_obj *kept[OLD + YOUNG];
  struct pmm_gc_stats before = {.struct_size = sizeof before};
  struct pmm_gc_stats after = {.struct_size = sizeof after};
  pmm_rt *rt = lab_open(&lab, "counting", 0);
  for (int i = 0; i < OLD; i++) {
    kept[i] = pmmi_list_new(rt, 0);
  }
  (void)collect(rt, 2);
  for (int i = OLD; i < OLD + YOUNG; i++) {
    kept[i] = pmmi_list_new(rt, 0);
  }
  (void)pmmi_gc_stats(rt, 0, &before);
  (void)collect(rt, 0);
  (void)pmmi_gc_stats(rt, 0, &after);
  tap_ok(after.visited - before.visited == YOUNG &&
             after.collections == before.collections + 1,
         "a young collection visits the young");
  for (int i = 0; i < OLD + YOUNG; i++) {
    pmmi_clear(rt, &kept[i]);
  }
  lab_end(&lab, "young work");
}

static void test_freeze(void) {
  pmm_rt *rt = lab_open(&lab, "generational", 0);
  pmm_obj *list = pmmi_list_new(rt, 0);
  (void)pmmi_list_append(rt, list, list);
  uint64_t tracked = pmmi_tracked_of(rt)->count;
  (void)pmmi_gc_freeze(rt);
  tap_ok(pmmi_gc_freeze_count(rt) == tracked, "all tracked are frozen");
  pmmi_release(rt, list);
  tap_ok(collect(rt, 2) == 0, "frozen garbage is not collected");
  (void)pmmi_gc_unfreeze(rt);
  tap_ok(pmmi_gc_freeze_count(rt) == 0 && is_in(rt, list, 2),
         "unfrozen it is in the oldest generation");
  tap_ok(collect(rt, 2) == 1, "and collectable");
  lab_end(&lab, "freeze");
}

static void test_full_mode(void) {
  static pmm_obj *kept[20000];
  pmm_rt *rt = lab_open(&lab, "full", 0);
  for (int i = 0; i < 20000; i++) {
    kept[i] = pmmi_tuple_new(rt, 30);
  }
  size_t full = collections_of(2);
  tap_ok(full > 2 && full < 30 && collections_of(0) == 0,
         "full mode collects everything, ever more rarely (%zu)", full);
  for (int i = 0; i < 20000; i++) {
    pmmi_clear(rt, &kept[i]);
  }
  lab_end(&lab, "full mode");
}

/* Cycles of one list; the last KEPT of them are held.  The most that waited. */
static uint64_t most_waiting(pmm_rt *rt, size_t made) {
  enum { KEPT = 20000 };
  static pmm_obj *kept[KEPT];
  uint64_t most = 0;
  uint64_t before = pmmi_tracked_of(rt)->live;
  for (size_t i = 0; i < made; i++) {
    pmm_obj *one = pmmi_list_new(rt, 0);
    (void)pmmi_list_append(rt, one, one);
    pmmi_xrelease(rt, kept[i % KEPT]);
    kept[i % KEPT] = one;
    uint64_t there = pmmi_tracked_of(rt)->live - before;
    most = i >= KEPT && there - KEPT > most ? there - KEPT : most;
  }
  for (size_t i = 0; i < KEPT; i++) {
    pmmi_xrelease(rt, kept[i]);
    kept[i] = NULL;
  }
  (void)collect(rt, 2);
  return most;
}

static void test_proportional_mode(void) {
  static pmm_obj *kept[60000];
  pmm_rt *rt = lab_open(&lab, "proportional", 0);
  for (int i = 0; i < 60000; i++) {
    kept[i] = pmmi_tuple_new(rt, 30);
  }
  size_t full = collections_of(2);
  size_t young = collections_of(1);
  tap_ok(full > 1 && full < 6 && young > full && collections_of(0) == 0,
         "a heap that only grows is collected rarely (%zu, %zu)", full, young);
  for (int i = 0; i < 60000; i++) {
    pmmi_clear(rt, &kept[i]);
  }
  (void)collect(rt, 2);
  (void)most_waiting(rt, 100000);
  uint64_t most = most_waiting(rt, 200000);
  tap_ok(most > 700 && most < 8000,
         "of old garbage little more than its least waits (%u of 20000)",
         (unsigned)most);
  lab_end(&lab, "proportional mode");
}

int main(int argc, char **argv) {
  lab_start(argc, argv);
  test_promotion();
  test_old_holder();
  test_threshold();
  test_off();
  test_young_work();
  test_freeze();
  test_full_mode();
  test_proportional_mode();
  return tap_done();
}
