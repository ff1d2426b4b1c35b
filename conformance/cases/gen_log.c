/* SPDX-License-Identifier: MIT */
/*
 * cases/gen_log.c - who hears of a collection, and what its log tells
 * (requirements GEN-015, GEN-016, GEN-018, GEN-019).
 */
#include "case.h"

#define YOUNG_STRESS                                                          \
  STRESS_EXEMPT("a collection at every container leaves nothing young")

static void collect_to(struct pmm_test *t, int generation) {
  uint64_t unreachable = 0;
  expect_ok(OPS->collect(RT, generation, &unreachable));
}

/* A quiet heap without garbage. */
static void start_clean(struct pmm_test *t) {
  quiet(t);
  collect(t);
}

/* ---- callbacks ---------------------------------------------------------- */

/* What one callback was told.  Scratch memory. */
struct heard {
  struct pmm_test *t;
  int calls[2];            /* at start, at stop                             */
  int last;                /* when it was called last, of all callbacks     */
  struct pmm_gc_info info; /* of the last call                              */
  enum pmm_status raises;
  int *clock;              /* calls of all callbacks of the case            */
};

static enum pmm_status note(void *ctx, pmm_rt *rt,
                            const struct pmm_gc_info *info) {
  struct heard *heard = ctx;
  struct pmm_test *t = heard->t;
  (void)rt;
  check(info->stop == (heard->calls[0] > heard->calls[1]));
  check(!info->stop || info->generation == heard->info.generation);
  heard->calls[info->stop != 0]++;
  heard->info = *info;
  heard->last = ++*heard->clock;
  return heard->raises;
}

static void remove_note(struct pmm_test *t, void *heard) {
  if (OPS->gc_callback_remove(RT, note, heard) != PMM_OK) {
    OPS->error_clear(RT);
  }
}

static struct heard *add_note(struct pmm_test *t, int *clock,
                              enum pmm_status raises) {
  struct heard *heard = SCRATCH(struct heard);
  *heard = (struct heard){.t = t, .raises = raises, .clock = clock};
  expect_ok(OPS->gc_callback_add(RT, note, heard));
  defer(t, remove_note, heard);
  return heard;
}

/* "Each collection calls every callback with start then stop, with the
 * generation, and in stop the collected ... numbers." */
MUST(gen, callbacks_bracket_collections,
     "Callbacks get start, then stop with the numbers",
     REQ("GEN-015"), NEEDS(gc_gen, gc_callbacks, gc, list), YOUNG_STRESS) {
  start_clean(t);
  struct heard *heard = add_note(t, SCRATCH(int), PMM_OK);
  for (int generation = 0; generation < 3; generation++) {
    pmm_obj *list = empty_list(t);
    expect_ok(OPS->list_append(RT, list, list));
    DROP(list);
    log_clear(t);
    collect_to(t, generation);
    expect_eq(heard->calls[0], generation + 1);
    expect_eq(heard->calls[1], generation + 1);
    expect_eq(heard->info.generation, generation);
    expect_eq(heard->info.collected, 1);
    expect_eq(heard->info.uncollectable, 0);
    expect_log(GC_START, generation);
    expect_log(GC_STOP, generation);
    expect_lt(when(GC_START, ANY), when(GC_STOP, ANY));
    expect_eq(logged(t, (size_t)when(GC_STOP, ANY))->detail, 1);
  }
}

/* "Each collection calls every callback with start then stop ..." */
MUST(gen, every_callback_is_called,
     "All callbacks are called in the order they were added",
     REQ("GEN-015"), NEEDS(gc_callbacks, gc), YOUNG_STRESS) {
  start_clean(t);
  int *clock = SCRATCH(int);
  struct heard *a = add_note(t, clock, PMM_OK);
  struct heard *b = add_note(t, clock, PMM_OK);
  struct heard *c = add_note(t, clock, PMM_OK);
  log_clear(t);
  collect(t);
  expect_eq(*clock, 6);
  expect_eq(a->last, 4);
  expect_eq(b->last, 5);
  expect_eq(c->last, 6);
  expect_ok(OPS->gc_callback_remove(RT, note, a));
  expect_error(OPS->gc_callback_remove(RT, note, a), PMM_VALUE);
  collect(t);
  expect_eq(a->last, 4);
  expect_eq(b->last, 9);
  expect_eq(c->last, 10);
  expect_log(GC_START, 2, 2);
  expect_log(GC_STOP, 2, 2);
}

static enum pmm_status idle(void *ctx, pmm_rt *rt, pmm_obj *dying) {
  (void)ctx;
  (void)rt;
  (void)dying;
  return PMM_OK;
}

/* A probe in a cycle that no collection takes.  Scratch memory. */
struct kept {
  pmm_obj *o; /* owned by the garbage list                                  */
};

static void free_kept(struct pmm_test *t, void *subject) {
  struct kept *kept = subject;
  if (kept->o != NULL) {
    (void)OPS->slot_set(RT, kept->o, 0, NULL);
    (void)OPS->list_clear(RT, OPS->gc_garbage(RT));
  }
}

/* Collect a cycle of one with a delete slot from before PEP 442. */
static void keep_legacy(struct pmm_test *t) {
  struct kept *kept = SCRATCH(struct kept);
  pmm_obj *type = probe_type(t, "legacy", 1,
                             PMM_TYPE_GC | PMM_TYPE_LEGACY_DEL, idle, NULL);
  pmm_obj *o = probe_of(t, type, 1);
  expect(OPS->gc_garbage(RT) != NULL);
  expect_ok(OPS->slot_set(RT, o, 0, o));
  defer(t, free_kept, kept);
  kept->o = o;
  DROP(o);
  collect(t);
}

/* "... and in stop the collected and uncollectable numbers." */
MUST(gen, stop_tells_the_uncollectable,
     "The stop callback reports uncollectable objects",
     REQ("GEN-015"), NEEDS(gc_callbacks, gc, gc_debug, list, finalizer),
     YOUNG_STRESS) {
  start_clean(t);
  struct heard *heard = add_note(t, SCRATCH(int), PMM_OK);
  DROP(self_cycle(t, 2));
  keep_legacy(t);
  expect_eq(heard->info.collected, 1);
  expect_eq(heard->info.uncollectable, 1);
}

/* "In each generation the counters collections, collected and uncollectable
 * rise by exactly the work done in it." */
MUST(gen, statistics_count_the_uncollectable,
     "Statistics count uncollectable objects", REQ("GEN-014"),
     NEEDS(gc_gen, gc, gc_debug, list, finalizer), YOUNG_STRESS) {
  start_clean(t);
  struct pmm_gc_stats before[3];
  struct pmm_gc_stats after[3];
  for (int i = 0; i < 3; i++) {
    before[i].struct_size = after[i].struct_size = sizeof *after;
    expect_ok(OPS->gc_stats(RT, i, &before[i]));
  }
  DROP(self_cycle(t, 2));
  keep_legacy(t);
  for (int i = 0; i < 3; i++) {
    uint64_t one = i == 2;
    expect_ok(OPS->gc_stats(RT, i, &after[i]));
    expect_eq(after[i].collections - before[i].collections, one);
    expect_eq(after[i].collected - before[i].collected, one);
    expect_eq(after[i].uncollectable - before[i].uncollectable, one);
  }
}

/* "An exception in a callback is reported as unraisable and the collection
 * proceeds; both phases are still called." */
MUST(gen, callback_errors_are_contained,
     "An error in a collector callback stops nothing",
     REQ("GEN-016"), NEEDS(gc_callbacks, diag, gc), YOUNG_STRESS) {
  start_clean(t);
  int *clock = SCRATCH(int);
  struct heard *failing = add_note(t, clock, PMM_USER);
  struct heard *next = add_note(t, clock, PMM_OK);
  DROP(self_cycle(t, 1));
  expect_eq(collect_and_count(t, 2), 1);
  expect_eq(failing->calls[0], 1);
  expect_eq(failing->calls[1], 1);
  expect_eq(next->calls[0], 1);
  expect_eq(next->calls[1], 1);
  expect_eq(next->info.collected, 1);
  expect_eq(happened(UNRAISABLE, ANY), 2);
  expect_log(DEALLOCATED, 1);
}

/* ---- the log ------------------------------------------------------------ */

static void stop_log(struct pmm_test *t, void *unused) {
  (void)unused;
  OPS->gc_log_stop(RT);
}

static void start_log(struct pmm_test *t) {
  expect_ok(OPS->gc_log_start(RT));
  defer(t, stop_log, NULL);
}

/* The latest run, which is number `number` since the start. */
static struct pmm_gc_run run(struct pmm_test *t, uint64_t number) {
  struct pmm_gc_run latest = {0};
  expect_eq(OPS->gc_log_read(RT, &latest, 1), number);
  expect_eq(latest.number, number);
  return latest;
}

/* A figure that the subject may not know. */
static void expect_known(struct pmm_test *t, uint64_t value, uint64_t wanted) {
  if (value != PMM_UNKNOWN) {
    expect_eq(value, wanted);
  }
}

/* "Each collection adds a log entry with its generation, reason and pause
 * and the numbers of objects it examined, reclaimed and could not ..." */
MUST(gen, log_tells_what_a_run_did, "The log tells what each collection did",
     REQ("GEN-018"), NEEDS(gc_log, gc), YOUNG_STRESS) {
  enum { CYCLES = 5 };
  start_clean(t);
  start_log(t);
  for (int i = 0; i < CYCLES; i++) {
    DROP(self_cycle(t, i));
  }
  collect(t);
  struct pmm_gc_run full = run(t, 1);
  expect_eq(full.generation, 2);
  expect_known(t, full.reason, PMM_GC_EXPLICIT);
  expect_ge(full.pause_ns, 1);
  expect_eq(full.collected, CYCLES);
  expect_eq(full.uncollectable, 0);
  expect_known(t, full.freed, CYCLES);
  expect(full.traversed >= CYCLES);
  collect(t);
  struct pmm_gc_run again = run(t, 2);
  expect_eq(again.collected, 0);
  expect_known(t, again.freed, 0);
  expect_ge(again.start_ns, full.start_ns + full.pause_ns);
}

static void restore_thresholds(struct pmm_test *t, void *before) {
  (void)OPS->gc_set_thresholds(RT, before);
}

/* The last automatic run, number `number`, is one by threshold. */
static void expect_automatic(struct pmm_test *t, uint64_t number) {
  struct pmm_gc_run automatic = run(t, number);
  int youngest = in_mode(t, "proportional") ? 1 : 0; /* both young ones      */
  expect_eq(automatic.generation, in_mode(t, "full") ? 2 : youngest);
  expect_known(t, automatic.reason, PMM_GC_THRESHOLD);
}

/* "Each collection adds a log entry with its generation, reason and pause
 * and the numbers of objects it examined, reclaimed and could not ..." A
 * mode that starts none by itself leaves none. */
MUST(gen, log_tells_why,
     "The log tells automatic and requested collections apart",
     REQ("GEN-018"), NEEDS(gc_log, gc_gen, gc, list), YOUNG_STRESS) {
  start_clean(t);
  uint64_t *before = SCRATCH_ARRAY(uint64_t, 3);
  OPS->gc_thresholds(RT, before);
  defer(t, restore_thresholds, before);
  expect_ok(OPS->gc_set_thresholds(RT, (uint64_t[]){20, 1000, 1000}));
  start_log(t);
  OPS->gc_enable(RT, 1);
  for (int i = 0; i < 40; i++) {
    (void)empty_list(t);
  }
  OPS->gc_enable(RT, 0);
  uint64_t runs = OPS->gc_log_read(RT, NULL, 0);
  expect_eq(runs > 0, !in_mode(t, "counting"));
  if (runs > 0) {
    expect_automatic(t, runs);
  }
  collect_to(t, 1);
  struct pmm_gc_run asked = run(t, runs + 1);
  expect_eq(asked.generation, 1);
  expect_known(t, asked.reason, PMM_GC_EXPLICIT);
}

/* "Each collection adds a log entry with its generation, reason and pause
 * and the numbers of objects it examined, reclaimed and could not ..." */
MUST(gen, log_keeps_the_last_runs,
     "The log keeps the last collections, latest first",
     REQ("GEN-018"), NEEDS(gc_log, gc_gen, gc), YOUNG_STRESS) {
  enum { RUNS = PMM_GC_LOG_RUNS + 6, ROOM = PMM_GC_LOG_RUNS + 1 };
  start_clean(t);
  start_log(t);
  for (int i = 0; i < RUNS; i++) {
    collect_to(t, i % 2);
  }
  struct pmm_gc_run *runs = SCRATCH_ARRAY(struct pmm_gc_run, ROOM);
  expect_eq(OPS->gc_log_read(RT, runs, ROOM), RUNS);
  for (uint64_t i = 0; i < PMM_GC_LOG_RUNS; i++) {
    expect_eq(runs[i].number, RUNS - i);
    expect_eq(runs[i].generation, (RUNS - i - 1) % 2);
  }
  expect_eq(runs[PMM_GC_LOG_RUNS].number, 0);
  OPS->gc_log_stop(RT);
  collect_to(t, 0);
  expect_eq(OPS->gc_log_read(RT, runs, 1), RUNS);
  expect_ok(OPS->gc_log_start(RT));
  expect_eq(OPS->gc_log_read(RT, runs, 1), 0);
}

/* "The garbage that a collection left behind is reported as an exact number
 * when every object was examined, and otherwise as unknown, never as 0." */
MUST(gen, log_knows_what_is_left, "Remaining garbage is a number or unknown",
     REQ("GEN-019"), NEEDS(gc_log, gc, gc_gen, gc_debug, list, finalizer),
     YOUNG_STRESS) {
  start_clean(t);
  start_log(t);
  pmm_obj *old = self_cycle(t, 1);
  collect_to(t, 0);
  DROP(old);
  collect_to(t, 0);
  expect(run(t, 2).garbage_left == PMM_UNKNOWN); /* it left one            */
  collect(t);
  uint64_t left = run(t, 3).garbage_left;
  if (left == PMM_UNKNOWN) {
    unsupported(t, "gc_log.garbage_left");
  }
  expect_eq(left, 0);
  keep_legacy(t);
  expect_eq(run(t, 4).collected, 0);
  expect_eq(run(t, 4).uncollectable, 1);
  expect_eq(run(t, 4).garbage_left, 1);
}
