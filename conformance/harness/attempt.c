/* SPDX-License-Identifier: MIT */
/*
 * attempt.c - setup, body, teardown (attempt.h), and when growth is a leak.
 *
 *   exact counters   (profile: exact_counters = 1)  any growth is a leak, and
 *                    so is a count below the level
 *   other counters   what an interpreter keeps from a first run is no leak:
 *                    the body runs again, up to RUNS times in all; a leak is
 *                    what grew in every one, so that a run in which nothing
 *                    grew is the last
 */
#include "attempt.h"

#include <stdio.h>
#include <time.h>

#include "answers.h"
#include "descriptors.h"
#include "state.h"

enum { WARM_UP_RUNS = 2, RUNS = 5, SETTLE_COLLECTIONS = 3 };

/** One case over one open runtime. */
struct attempt {
  struct pmm_test test;
  struct pmm_state state;
  const struct pmm_setting *setting;
  struct pmm_progress *progress;
  struct pmm_record *record;
  struct pmm_memory level; /* before the body, settled                      */
  int64_t descriptors;     /* that were open then                           */
};

int pmm_lane_is_oom(enum pmm_lane lane) {
  return lane == PMM_LANE_OOM_ONCE || lane == PMM_LANE_OOM_PERSIST;
}

static uint64_t now_ns(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void enter(struct attempt *a, enum pmm_phase phase) {
  a->progress->phase = (uint32_t)phase;
  if (a->record->class == PMM_CLASS_PASS) {
    a->record->phase = (uint32_t)phase;
  }
}

static struct pmm_memory read_memory(struct pmm_test *t) {
  struct pmm_memory memory;
  memset(&memory, 0xff, sizeof memory); /* unread fields are PMM_UNKNOWN */
  memory.struct_size = sizeof memory;
  OPS->memory(RT, &memory);
  return memory;
}

static uint64_t count_collections(struct pmm_test *t) {
  uint64_t sum = 0;
  for (int generation = 0; generation < 3; generation++) {
    struct pmm_gc_stats stats = {.struct_size = sizeof stats};
    if (t->view->ops.gc_stats == NULL ||
        t->view->ops.gc_stats(RT, generation, &stats) != PMM_OK) {
      return PMM_UNKNOWN;
    }
    sum += stats.collections;
  }
  return sum;
}

/* ---- setup -------------------------------------------------------------- */

static uint32_t open_flags(const struct attempt *a) {
  const struct pmm_case *test_case = a->state.test_case;
  uint32_t flags = test_case != NULL ? test_case->open_flags : 0;
  if (a->setting->lane == PMM_LANE_GC_STRESS) {
    flags |= PMM_OPEN_GC_STRESS;
  } else if (a->setting->lane == PMM_LANE_DEBUG) {
    flags |= PMM_OPEN_DEBUG;
  }
  return flags;
}

/* 1 when a runtime is open; else the record says why not. */
static int setup(struct attempt *a) {
  struct pmm_host host = {.struct_size = sizeof host,
                          .ctx = &a->state,
                          .event = pmm_state_event};
  struct pmm_open_config config = {.struct_size = sizeof config,
                                   .backend = a->setting->backend,
                                   .mode = a->setting->mode,
                                   .host = &host,
                                   .seed = a->setting->seed,
                                   .flags = open_flags(a)};
  struct pmm_test *t = &a->test;
  enter(a, PMM_PHASE_SETUP);
  *t = (struct pmm_test){.ops = pmm_answers_of(a->setting->view, &a->state),
                         .view = a->setting->view,
                         .state = &a->state,
                         .mode = a->setting->mode};
  enum pmm_status status = OPS->open(&config, &t->rt);
  if (status == PMM_OK && t->rt != NULL) {
    return 1;
  }
  if (status == PMM_UNSUPPORTED) {
    pmm_record_set(a->record, PMM_CLASS_UNSUPPORTED,
                   "open() refuses this backend or these flags");
    (void)snprintf(a->record->feature, sizeof a->record->feature,
                   config.flags != 0 ? "open.flags" : "open.backend");
  } else {
    pmm_record_set(a->record, PMM_CLASS_FAIL, "open() failed: %s",
                   pmm_status_name(status));
  }
  return 0;
}

/* Bring the runtime to the state in which readings are comparable.  Where it
 * cannot collect when asked, growth means nothing. */
static void settle(struct pmm_test *t) {
  OPS->error_clear(RT);
  const struct pmm_ops *ops = &t->view->ops;
  for (int i = 0; ops->collect != NULL && i < SETTLE_COLLECTIONS; i++) {
    uint64_t unreachable = 0;
    enum pmm_status status = ops->collect(RT, 2, &unreachable);
    t->state->unsettled |= status == PMM_UNSUPPORTED;
    if (status != PMM_OK || unreachable == 0) {
      OPS->error_clear(RT);
      break;
    }
  }
  OPS->caches_flush(RT);
}

static void read_level(struct attempt *a) {
  a->level = read_memory(&a->test);
  a->descriptors = pmm_descriptors_open();
}

/* The state before the body: readings start here, and so does the log.  What
 * the runtime makes on first use and keeps is made now. */
static void make_level(struct attempt *a) {
  struct pmm_test *t = &a->test;
  if (t->view->ops.gc_garbage != NULL) {
    (void)t->view->ops.gc_garbage(RT);
  }
  settle(t);
  read_level(a);
  pmm_state_reset(&a->state);
}

/* ---- body --------------------------------------------------------------- */

static void run_body(struct attempt *a, uint64_t point) {
  struct pmm_test *t = &a->test;
  enter(a, PMM_PHASE_BODY);
  a->progress->point = point;
  a->progress->place[0] = '\0';
  if (point > 0) {
    a->state.injecting = 1;
    OPS->inject_arm(RT, point, a->setting->lane == PMM_LANE_OOM_PERSIST);
  }
  if (setjmp(a->state.stop) == 0) {
    a->state.running = 1;
    a->state.test_case->body(t);
  }
  a->state.running = 0;
  pmm_state_disarm(t);
}

static void measured_body(struct attempt *a, uint64_t point) {
  struct pmm_test *t = &a->test;
  struct pmm_counters *counters = &a->record->counters;
  OPS->memory_reset_peak(RT);
  struct pmm_memory before = read_memory(t);
  uint64_t collections = count_collections(t);
  uint64_t start = now_ns();
  run_body(a, point);
  a->record->elapsed_ns = now_ns() - start;
  struct pmm_memory after = read_memory(t);
  uint64_t collections_after = count_collections(t);
#define DIFFERENCE(field) \
  (after.field == PMM_UNKNOWN ? PMM_UNKNOWN : after.field - before.field)
  counters->allocations = DIFFERENCE(allocations);
  counters->frees = DIFFERENCE(frees);
  counters->requested_bytes = DIFFERENCE(requested_bytes);
#undef DIFFERENCE
  if (after.peak_bytes != PMM_UNKNOWN && before.live_bytes != PMM_UNKNOWN) {
    counters->peak_bytes = after.peak_bytes > before.live_bytes
                               ? after.peak_bytes - before.live_bytes
                               : 0;
  }
  if (collections != PMM_UNKNOWN && collections_after != PMM_UNKNOWN) {
    counters->collections = collections_after - collections;
  }
}

/* ---- verdict ------------------------------------------------------------ */

static enum pmm_class class_of_failure(const struct attempt *a) {
  return a->state.test_case->entry.level == PMM_LEVEL_MUST ? PMM_CLASS_FAIL
                                                     : PMM_CLASS_WARN;
}

/* Put the body's verdict in the record; 1 when it came to a good end. */
static int judge_body(struct attempt *a, const char *what) {
  const struct pmm_verdict *verdict = &a->state.verdict;
  struct pmm_record *record = a->record;
  enum pmm_class value = PMM_CLASS_PASS;
  switch (verdict->kind) {
  case PMM_VERDICT_PASS:
  case PMM_VERDICT_REPORTED:
    return 1;
  case PMM_VERDICT_WARN:
    value = PMM_CLASS_WARN;
    break;
  case PMM_VERDICT_UNSUPPORTED:
    value = PMM_CLASS_UNSUPPORTED;
    break;
  case PMM_VERDICT_FAIL:
    value = class_of_failure(a);
    break;
  }
  pmm_record_set(record, value, "%s%s", what, verdict->message);
  memcpy(record->feature, verdict->feature, sizeof record->feature);
  record->line = verdict->line;
  record->phase = PMM_PHASE_BODY;
  if (verdict->file != NULL) {
    (void)snprintf(record->file, sizeof record->file, "%s", verdict->file);
  }
  return value == PMM_CLASS_WARN;
}

/* ---- leaks -------------------------------------------------------------- */

/** How much more is alive, and open; unknown figures are 0. */
struct growth {
  int64_t blocks;
  int64_t bytes;
  int64_t objects;
  int64_t descriptors;
};

static int64_t grown(uint64_t before, uint64_t after) {
  return before == PMM_UNKNOWN || after == PMM_UNKNOWN
             ? 0
             : (int64_t)(after - before);
}

static struct growth growth_since(const struct attempt *a,
                                  struct pmm_test *t) {
  const struct pmm_memory *level = &a->level;
  struct pmm_memory memory = read_memory(t);
  return (struct growth){grown(level->live_blocks, memory.live_blocks),
                         grown(level->live_bytes, memory.live_bytes),
                         grown(level->objects, memory.objects),
                         pmm_descriptors_open() - a->descriptors};
}

static int is_growth(struct growth g) {
  return g.blocks > 0 || g.bytes > 0 || g.objects > 0 || g.descriptors > 0;
}

static int is_shrink(struct growth g) {
  return g.blocks < 0 || g.bytes < 0 || g.objects < 0 || g.descriptors < 0;
}

/* Release what the body left and say how much stays alive all the same.  Where
 * memory is out for good it is out for the releases, too (OOM-009). */
static struct growth clean_up(struct attempt *a, int without_memory) {
  struct pmm_test *t = &a->test;
  enter(a, PMM_PHASE_TEARDOWN);
  OPS->error_clear(RT);
  if (without_memory) {
    a->state.injecting = 1;
    OPS->inject_arm(RT, 1, 1);
  }
  pmm_state_release(t);
  pmm_state_disarm(t);
  settle(t);
  return growth_since(a, t);
}

/* Run the body again and say by how much one run more makes it grow. */
static struct growth again(struct attempt *a, uint64_t point) {
  read_level(a);
  pmm_state_reset(&a->state);
  run_body(a, point);
  return clean_up(a, 0);
}

/* The least growth of RUNS runs, `first` being that of the first. */
static struct growth repeated_growth(struct attempt *a, uint64_t point,
                                     struct growth first) {
  struct growth least = first;
  for (int run = 1; run < RUNS && is_growth(least); run++) {
    struct growth g = again(a, point);
    least.blocks = g.blocks < least.blocks ? g.blocks : least.blocks;
    least.bytes = g.bytes < least.bytes ? g.bytes : least.bytes;
    least.objects = g.objects < least.objects ? g.objects : least.objects;
    least.descriptors = g.descriptors < least.descriptors ? g.descriptors
                                                          : least.descriptors;
  }
  return least;
}

static int counts_exactly(struct attempt *a) {
  const struct pmm_profile_entry *entry =
      pmm_profile_get(a->state.profile, "exact_counters");
  return entry != NULL && entry->count == 1 && entry->values[0] == 1;
}

static void judge_growth(struct attempt *a, uint64_t point, struct growth g) {
  int exact = counts_exactly(a);
  if (a->state.test_case->leak_exempt != NULL || a->state.unsettled) {
    return;
  }
  if (!exact && is_growth(g)) {
    g = repeated_growth(a, point, g);
  }
  if (is_growth(g) || (exact && is_shrink(g))) {
    char what[64] = "";
    if (point > 0) {
      (void)snprintf(what, sizeof what, "allocation %llu failed: ",
                     (unsigned long long)point);
    }
    pmm_record_set(a->record, point > 0 ? PMM_CLASS_OOM_UNSAFE : PMM_CLASS_LEAK,
                   "%sleft over after the case: %+lld blocks, "
                   "%+lld bytes, %+lld objects, %+lld descriptors", what,
                   (long long)g.blocks, (long long)g.bytes,
                   (long long)g.objects, (long long)g.descriptors);
    a->record->phase = PMM_PHASE_TEARDOWN;
  }
}

static void judge_heap(struct attempt *a) {
  struct pmm_test *t = &a->test;
  const struct pmm_ops *ops = &t->view->ops;
  const char *wrong = ops->heap_verify != NULL ? ops->heap_verify(RT) : NULL;
  if (wrong == NULL) {
    OPS->error_clear(RT); /* it may say that it cannot tell                  */
  } else {
    pmm_record_set(a->record, PMM_CLASS_FAIL, "heap_verify: %s", wrong);
    a->record->phase = PMM_PHASE_TEARDOWN;
  }
}

/* ---- the two attempts --------------------------------------------------- */

static void attempt_plain(struct attempt *a) {
  measured_body(a, 0);
  struct growth g = clean_up(a, 0);
  if (judge_body(a, "")) {
    judge_growth(a, 0, g);
    judge_heap(a);
  }
}

static void mark_unsafe(struct attempt *a) {
  if (a->record->class == PMM_CLASS_FAIL ||
      a->record->class == PMM_CLASS_WARN) {
    a->record->class = PMM_CLASS_OOM_UNSAFE;
  }
}

/* One point of a sweep: fail, be whole, do it again without the failure. */
static void attempt_point(struct attempt *a, uint64_t point) {
  if (!counts_exactly(a)) {
    for (int run = 0; run < WARM_UP_RUNS; run++) {
      (void)again(a, 0);
    }
    pmm_state_reset(&a->state);
    read_level(a);
  }
  measured_body(a, point);
  a->record->fired = a->state.fired;
  a->record->point = point;
  struct growth g =
      clean_up(a, a->setting->lane == PMM_LANE_OOM_PERSIST);
  char what[64];
  (void)snprintf(what, sizeof what, "allocation %llu failed: ",
                 (unsigned long long)point);
  if (judge_body(a, what)) {
    judge_growth(a, point, g);
    judge_heap(a);
  }
  if (a->record->fired > 0 && a->record->class == PMM_CLASS_PASS) {
    pmm_state_reset(&a->state);
    run_body(a, 0);
    (void)clean_up(a, 0);
    (void)snprintf(what, sizeof what, "repeated after allocation %llu failed: ",
                   (unsigned long long)point);
    (void)judge_body(a, what);
  }
  mark_unsafe(a);
}

static void start(struct attempt *a, const struct pmm_setting *setting,
                  const struct pmm_case *test_case,
                  struct pmm_progress *progress, struct pmm_record *record) {
  pmm_record_init(record);
  progress->point = 0;
  a->setting = setting;
  a->progress = progress;
  a->record = record;
  pmm_state_init(&a->state, test_case, setting->profile);
  a->state.progress = progress;
}

static void finish(struct attempt *a) {
  enter(a, PMM_PHASE_TEARDOWN);
  a->test.ops->close(a->test.rt);
  pmm_state_fini(&a->state);
  enter(a, PMM_PHASE_DONE);
}

void pmm_attempt(const struct pmm_setting *setting,
                 const struct pmm_case *test_case, uint64_t point,
                 struct pmm_progress *progress, struct pmm_record *record) {
  struct attempt a;
  start(&a, setting, test_case, progress, record);
  if (!setup(&a)) {
    pmm_state_fini(&a.state);
    enter(&a, PMM_PHASE_DONE);
    return;
  }
  make_level(&a);
  if (point > 0) {
    attempt_point(&a, point);
  } else {
    attempt_plain(&a);
  }
  finish(&a);
}

void pmm_attempt_open(const struct pmm_setting *setting,
                      struct pmm_progress *progress,
                      struct pmm_record *record) {
  struct attempt a;
  start(&a, setting, NULL, progress, record);
  if (setup(&a)) {
    settle(&a.test);
    finish(&a);
  } else {
    pmm_state_fini(&a.state);
    progress->phase = PMM_PHASE_DONE;
  }
}
