/* SPDX-License-Identifier: MIT */
/* test_log.c - who hears of collections, and what the log says of each. */
#include "gc/log.h"
#include "tests/gc/lab.h"

static struct lab lab;

/** What callbacks heard, as a text: letter of the callback, 0 or 1. */
struct heard {
  char text[64];
  uint64_t stops;
  struct pmm_gc_info last;
  struct pmm_gc_run run; /* the log's latest, as seen at a stop             */
  uint64_t runs;
  enum pmm_status raises;
};

static struct heard heard;

static enum pmm_status hear(char name, pmm_rt *rt,
                            const struct pmm_gc_info *info) {
  char word[3] = {name, info->stop ? '1' : '0', 0};
  if (strlen(heard.text) + sizeof word < sizeof heard.text) {
    strcat(heard.text, word);
  }
  heard.last = *info;
  if (info->stop) {
    heard.stops++;
    heard.runs = pmmi_gc_log_read(rt, &heard.run, 1);
  }
  return heard.raises;
}

static enum pmm_status hear_a(void *ctx, pmm_rt *rt,
                              const struct pmm_gc_info *info) {
  (void)ctx;
  return hear('a', rt, info);
}

static enum pmm_status hear_named(void *ctx, pmm_rt *rt,
                                  const struct pmm_gc_info *info) {
  return hear(*(const char *)ctx, rt, info);
}

/** Hears once, then leaves. */
static enum pmm_status hear_once(void *ctx, pmm_rt *rt,
                                 const struct pmm_gc_info *info) {
  (void)pmmi_gc_callback_remove(rt, hear_once, ctx);
  return hear('o', rt, info);
}

static void forget(void) { memset(&heard, 0, sizeof heard); }

static int was(const char *text) {
  int same = strcmp(heard.text, text) == 0;
  if (!same) {
    printf("# heard \"%s\", not \"%s\"\n", heard.text, text);
  }
  return same;
}

static enum pmm_status status_of(pmm_rt *rt) {
  enum pmm_status status = pmmi_error(rt);
  pmmi_error_clear(rt);
  return status;
}

/** Garbage: a list that holds itself. */
static void drop_ring(pmm_rt *rt) {
  pmm_obj *list = pmmi_list_new(rt, 0);
  (void)pmmi_list_append(rt, list, list);
  pmmi_release(rt, list);
}

static void append_list(pmm_rt *rt, pmm_obj *keeper) {
  pmm_obj *list = pmmi_list_new(rt, 0);
  (void)pmmi_list_append(rt, keeper, list);
  pmmi_release(rt, list);
}

/* ---- callbacks ---------------------------------------------------------- */

static void test_order(void) {
  static char names[] = "bcdefg";
  pmm_rt *rt = lab_open(&lab, "generational", 0);
  (void)pmmi_gc_callback_add(rt, hear_a, NULL);
  for (int i = 0; i < 6; i++) { /* more than the first room                 */
    (void)pmmi_gc_callback_add(rt, hear_named, &names[i]);
  }
  forget();
  (void)lab_collect(rt);
  tap_ok(was("a0b0c0d0e0f0g0a1b1c1d1e1f1g1"), "called in the order added");
  (void)pmmi_gc_callback_remove(rt, hear_named, &names[1]);
  tap_ok(pmmi_gc_callback_remove(rt, hear_named, &names[1]) == PMM_VALUE &&
             status_of(rt) == PMM_VALUE,
         "one that is gone cannot be removed");
  forget();
  (void)lab_collect(rt);
  tap_ok(was("a0b0d0e0f0g0a1b1d1e1f1g1"), "the others stay in order");
  (void)pmmi_gc_callback_remove(rt, hear_a, NULL);
  for (int i = 0; i < 6; i++) {
    (void)pmmi_gc_callback_remove(rt, hear_named, &names[i]);
  }
  (void)status_of(rt);
  forget();
  (void)lab_collect(rt);
  tap_ok(was(""), "removed ones are silent");
  lab_end(&lab, "order");
}

static void test_one_that_leaves(void) {
  pmm_rt *rt = lab_open(&lab, "generational", 0);
  (void)pmmi_gc_callback_add(rt, hear_a, NULL);
  (void)pmmi_gc_callback_add(rt, hear_once, NULL);
  (void)pmmi_gc_callback_add(rt, hear_a, NULL);
  forget();
  (void)lab_collect(rt);
  tap_ok(was("a0o0a1a1"), "one may leave while it is called");
  (void)pmmi_gc_callback_remove(rt, hear_a, NULL);
  forget();
  (void)lab_collect(rt);
  tap_ok(was("a0a1"), "a pair that is there twice is removed once");
  (void)pmmi_gc_callback_remove(rt, hear_a, NULL);
  lab_end(&lab, "one that leaves");
}

static void test_numbers_and_errors(void) {
  pmm_rt *rt = lab_open(&lab, "generational", 0);
  (void)pmmi_gc_callback_add(rt, hear_a, NULL);
  drop_ring(rt);
  forget();
  heard.raises = PMM_USER;
  lab.count = 0;
  uint64_t found = 0;
  (void)pmmi_collect(rt, 1, &found);
  tap_ok(found == 1 && was("a0a1"), "a failing callback stops nothing");
  tap_ok(lab_times(&lab, PMM_EVENT_UNRAISABLE, -1) == 2, "errors reported");
  tap_ok(heard.last.stop == 1 && heard.last.generation == 1 &&
             heard.last.collected == 1 && heard.last.uncollectable == 0,
         "the stop tells generation and numbers");
  size_t stop = lab_when(&lab, PMM_EVENT_GC_STOP, 1);
  tap_ok(lab_times(&lab, PMM_EVENT_GC_START, 1) == 1 && stop < LAB_LOG &&
             lab.log[stop].detail == 1,
         "so do the events");
  heard.raises = PMM_OK;
  (void)pmmi_gc_callback_remove(rt, hear_a, NULL);
  lab_end(&lab, "numbers");
}

/* The array of callbacks is made at the first and grows at the fifth. */
static void test_adding_fails(void) {
  pmm_rt *rt = lab_open(&lab, "generational", 0);
  for (int i = 0; i < 5; i++) {
    if (i == 0 || i == 4) {
      pmmi_inject_arm(rt, 1, 0);
      tap_ok(pmmi_gc_callback_add(rt, hear_a, NULL) == PMM_NO_MEMORY &&
                 status_of(rt) == PMM_NO_MEMORY,
             "no memory for callback %d", i);
      (void)pmmi_inject_disarm(rt);
    }
    (void)pmmi_gc_callback_add(rt, hear_a, NULL);
  }
  forget();
  (void)lab_collect(rt);
  tap_ok(was("a0a0a0a0a0a1a1a1a1a1"), "those that were there stay");
  for (int i = 0; i < 5; i++) {
    (void)pmmi_gc_callback_remove(rt, hear_a, NULL);
  }
  lab_end(&lab, "adding fails");
}

/* ---- the log ------------------------------------------------------------ */

static struct pmm_gc_run latest(pmm_rt *rt) {
  struct pmm_gc_run run;
  memset(&run, 0, sizeof run);
  (void)pmmi_gc_log_read(rt, &run, 1);
  return run;
}

static void test_full_run(void) {
  pmm_rt *rt = lab_open(&lab, "generational", 0);
  (void)lab_collect(rt);
  tap_ok(pmmi_gc_log_read(rt, NULL, 0) == 0, "off, nothing is noted");
  (void)pmmi_gc_log_start(rt);
  for (int i = 0; i < 3; i++) {
    drop_ring(rt);
  }
  uint64_t tracked = pmmi_tracked_of(rt)->count;
  (void)lab_collect(rt);
  struct pmm_gc_run run = latest(rt);
  tap_ok(run.number == 1 && run.generation == 2 &&
             run.reason == PMM_GC_EXPLICIT,
         "what ran, and why");
  tap_ok(run.traversed == tracked && run.collected == 3 && run.freed == 3 &&
             run.uncollectable == 0 && run.garbage_left == 0,
         "every object is accounted for");
  tap_ok(run.start_ns > 0 && run.pause_ns > 0, "and the time");
  drop_ring(rt);
  uint64_t found = 0;
  (void)pmmi_collect(rt, 0, &found);
  run = latest(rt);
  tap_ok(run.number == 2 && run.collected == 1 &&
             run.garbage_left == PMM_UNKNOWN,
         "a young run does not know what is left");
  pmm_obj *frozen = pmmi_list_new(rt, 0);
  (void)pmmi_gc_freeze(rt);
  (void)lab_collect(rt);
  tap_ok(latest(rt).garbage_left == PMM_UNKNOWN, "nor does one with frozen");
  (void)pmmi_gc_unfreeze(rt);
  pmmi_release(rt, frozen);
  pmmi_gc_log_stop(rt);
  (void)lab_collect(rt);
  tap_ok(latest(rt).number == 3, "stopped, it stays as it is");
  (void)pmmi_gc_log_start(rt);
  tap_ok(pmmi_gc_log_read(rt, NULL, 0) == 0, "a start forgets");
  lab_end(&lab, "full run");
}

static void test_atoms_are_freed_too(void) {
  pmm_rt *rt = lab_open(&lab, "generational", 0);
  (void)pmmi_gc_log_start(rt);
  pmm_obj *list = pmmi_list_new(rt, 0);
  (void)pmmi_list_append(rt, list, list);
  for (int64_t i = 0; i < 10; i++) {
    pmm_obj *item = pmmi_int_new(rt, 1000 + i);
    (void)pmmi_list_append(rt, list, item);
    pmmi_release(rt, item);
  }
  pmmi_release(rt, list);
  (void)lab_collect(rt);
  tap_ok(latest(rt).collected == 1 && latest(rt).freed == 11,
         "freed counts the atoms that garbage held");
  lab_end(&lab, "atoms");
}

/* A tuple that holds itself has nothing it could let go of. */
static void test_left(void) {
  pmm_rt *rt = lab_open(&lab, "generational", 0);
  (void)pmmi_gc_log_start(rt);
  (void)pmmi_gc_debug_set(rt, PMM_GC_SAVEALL);
  drop_ring(rt);
  drop_ring(rt);
  (void)lab_collect(rt);
  tap_ok(latest(rt).collected == 2 && latest(rt).garbage_left == 2 &&
             latest(rt).freed == 0,
         "saved garbage is left");
  (void)pmmi_gc_debug_set(rt, 0);
  (void)pmmi_list_clear(rt, pmmi_gc_garbage(rt));
  pmmi_clear(rt, &pmmi_gc_of(rt)->garbage);
  (void)lab_collect(rt);
  pmm_obj *tuple = pmmi_tuple_new(rt, 1);
  (void)pmmi_tuple_set_steal(rt, tuple, 0, tuple); /* owns itself          */
  (void)lab_collect(rt);
  tap_ok(latest(rt).collected == 1 && latest(rt).garbage_left == 1,
         "so is what cannot be cleared");
  ((struct pmmi_tuple *)tuple)->items[0] = NULL; /* we own it again         */
  pmmi_release(rt, tuple);
  lab_end(&lab, "left");
}

static enum pmm_status idle(void *ctx, pmm_rt *rt, pmm_obj *o) {
  (void)ctx;
  (void)rt;
  (void)o;
  return PMM_OK;
}

static void test_uncollectable(void) {
  pmm_rt *rt = lab_open(&lab, "generational", 0);
  (void)pmmi_gc_log_start(rt);
  (void)pmmi_gc_callback_add(rt, hear_a, NULL);
  forget();
  pmm_obj *type = lab_type(rt, LAB_NODE | PMM_TYPE_LEGACY_DEL, idle, NULL);
  pmm_obj *o = pmmi_instance_new(rt, type, 1);
  (void)pmmi_slot_set(rt, o, 0, o);
  pmmi_release(rt, o);
  (void)lab_collect(rt);
  tap_ok(latest(rt).collected == 0 && latest(rt).uncollectable == 1 &&
             latest(rt).garbage_left == 1,
         "what is kept is left");
  tap_ok(heard.last.collected == 0 && heard.last.uncollectable == 1,
         "callbacks hear of it");
  (void)pmmi_gc_callback_remove(rt, hear_a, NULL);
  (void)pmmi_slot_set(rt, o, 0, NULL);
  pmmi_clear(rt, &pmmi_gc_of(rt)->garbage);
  pmmi_release(rt, type);
  lab_end(&lab, "uncollectable");
}

static void test_reasons(void) {
  static pmm_obj *kept[800];
  pmm_rt *rt = lab_open(&lab, "generational", 0);
  (void)pmmi_gc_log_start(rt);
  for (int i = 0; i < 800; i++) {
    kept[i] = pmmi_tuple_new(rt, 1);
  }
  tap_ok(latest(rt).number == 1 && latest(rt).reason == PMM_GC_THRESHOLD &&
             latest(rt).generation == 0,
         "a counter above its threshold");
  for (int i = 0; i < 800; i++) {
    pmmi_release(rt, kept[i]);
  }
  lab_end(&lab, "threshold");
  rt = lab_open(&lab, "generational", PMM_OPEN_GC_STRESS);
  (void)pmmi_gc_log_start(rt);
  pmmi_release(rt, pmmi_tuple_new(rt, 1));
  tap_ok(latest(rt).reason == PMM_GC_STRESS, "stress");
  lab_end(&lab, "stress");
  rt = lab_open(&lab, "generational", 0);
  (void)pmmi_gc_log_start(rt);
  (void)pmmi_gc_callback_add(rt, hear_a, NULL);
  drop_ring(rt);
  forget();
  pmmi_close(rt);
  tap_ok(heard.runs == 1 && heard.run.reason == PMM_GC_SHUTDOWN &&
             heard.run.collected == 1,
         "the end: a callback reads it at the stop");
}

/* A search of the old generation: its slices walk each object that it counts,
 * and each that it reaches from; then come the suspects. */
static void test_slices(void) {
  enum { OLD = 40000, YOUNG = 200000 };
  struct pmm_gc_run run = {0};
  uint64_t seen = 0;
  uint64_t walked = 0;
  uint64_t slices = 0;
  int plain = 1;
  pmm_rt *rt = lab_open(&lab, "incremental", 0);
  pmm_obj *keeper = pmmi_list_new(rt, 0);
  for (int i = 0; i < OLD; i++) {
    append_list(rt, keeper);
  }
  (void)lab_collect(rt);
  (void)pmmi_gc_log_start(rt);
  (void)pmmi_gc_callback_add(rt, hear_a, NULL);
  forget();
  for (int i = 0; i < YOUNG; i++) {
    append_list(rt, keeper);
    if (pmmi_gc_log_read(rt, &run, 1) > seen && run.reason == PMM_GC_SLICE) {
      slices++;
      walked += run.traversed;
      plain &= run.generation == 2 && run.pause_ns > 0 && run.collected == 0 &&
               run.freed == 0 && run.garbage_left == PMM_UNKNOWN;
    }
    seen = run.number;
  }
  tap_ok(slices > 1 && plain, "%d slices leave an entry", (int)slices);
  tap_ok(walked >= OLD, "of the objects that they walked");
  tap_ok(heard.stops + slices == seen, "and nobody hears of them");
  (void)pmmi_gc_callback_remove(rt, hear_a, NULL);
  pmmi_release(rt, keeper);
  lab_end(&lab, "slices");
}

static void test_ring(void) {
  static struct pmm_gc_run runs[PMM_GC_LOG_RUNS + 1];
  pmm_rt *rt = lab_open(&lab, "generational", 0);
  (void)pmmi_gc_log_start(rt);
  uint64_t most = PMM_GC_LOG_RUNS + 10;
  pmmi_inject_arm(rt, 1, 1); /* noting needs no memory                      */
  for (uint64_t i = 0; i < most; i++) {
    (void)lab_collect(rt);
  }
  (void)pmmi_inject_disarm(rt);
  runs[PMM_GC_LOG_RUNS].number = 12345;
  uint64_t count = pmmi_gc_log_read(rt, runs, PMM_GC_LOG_RUNS + 1);
  int in_order = 1;
  for (uint64_t i = 0; i < PMM_GC_LOG_RUNS; i++) {
    in_order &= runs[i].number == most - i;
  }
  tap_ok(count == most && in_order, "the last runs, latest first");
  tap_ok(runs[PMM_GC_LOG_RUNS].number == 12345, "no more than the ring has");
  lab_end(&lab, "ring");
}

int main(int argc, char **argv) {
  lab_start(argc, argv);
  test_order();
  test_one_that_leaves();
  test_numbers_and_errors();
  test_adding_fails();
  test_full_run();
  test_atoms_are_freed_too();
  test_left();
  test_uncollectable();
  test_reasons();
  test_slices();
  test_ring();
  return tap_done();
}
