/* SPDX-License-Identifier: MIT */
/*
 * cases/genr.c - generators: nothing runs before it is asked for, nothing is
 * kept, and what is pending runs when the generator goes (requirements
 * GENR-…; PEP 255, 342, 380, 442).
 */
#include "codes.h"
#include "stack.h"

/* log 1; yield None; log 2 */
static const struct pmm_code logging =
    CODE("logging", 0, 1, {PMM_LOG, 0, 1, 0}, {PMM_YIELD, -1, -1, 0},
         {PMM_LOG, 0, 2, 0});

/* try: yield None  finally: log 5   - its argument is a local */
static const struct pmm_code guarded =
    CODE("guarded", 1, 1, {PMM_TRY, 0, 0, 0}, {PMM_YIELD, -1, -1, 0},
         {PMM_FINALLY, 0, 0, 0}, {PMM_LOG, 0, 5, 0}, {PMM_END, 0, 0, 0});

/* try: yield None  except GeneratorExit: log 4; raise  finally: log 5 */
static const struct pmm_code told =
    CODE("told", 1, 1, {PMM_TRY, 0, 0, 0}, {PMM_YIELD, -1, -1, 0},
         {PMM_EXCEPT, -1, PMM_EXIT, 0}, {PMM_LOG, 0, 4, 0},
         {PMM_RERAISE, 0, 0, 0}, {PMM_FINALLY, 0, 0, 0}, {PMM_LOG, 0, 5, 0},
         {PMM_END, 0, 0, 0});

/* for i in range(1000000): yield i */
static const struct pmm_code million =
    CODE("million", 0, 1, {PMM_FOR_RANGE, 0, 1000000, 0},
         {PMM_YIELD, -1, 0, 0}, {PMM_END, 0, 0, 0});

/* while being closed it yields once more */
static const struct pmm_code stubborn =
    CODE("stubborn", 0, 0, {PMM_TRY, 0, 0, 0}, {PMM_YIELD, -1, -1, 0},
         {PMM_EXCEPT, -1, PMM_EXIT, 0}, {PMM_YIELD, -1, -1, 0},
         {PMM_END, 0, 0, 0});

/* "Creating a generator executes nothing of its body; the first step does." */
MUST(genr, creation_runs_nothing, "Creating a generator runs no body code",
     REQ("GENR-001"), NEEDS(generator)) {
  pmm_obj *generator = generator_of(t, &logging);
  expect_none(LOG);
  step(t, generator);
  expect_log(LOG, 1);
}

static uint64_t peak_of_million(struct pmm_test *t, pmm_obj *generator,
                                int64_t *sum) {
  uint64_t current;
  uint64_t start;
  uint64_t peak;
  OPS->trace_get(RT, &start, &peak);
  OPS->trace_reset_peak(RT);
  for (int i = 0; i < 1000000; i++) {
    pmm_obj *item = OPS->next(RT, generator);
    int64_t value = -1;
    expect(item != NULL);
    enum pmm_status status = OPS->int_value(RT, item, &value);
    OPS->release(RT, item);
    expect_ok(status);
    *sum += value;
  }
  OPS->trace_get(RT, &current, &peak);
  return peak - start;
}

static void stop_tracing(struct pmm_test *t, void *unused) {
  (void)unused;
  OPS->trace_stop(RT);
}

/* "Iterating a generator over n items keeps peak traced memory below 2 KiB
 * above the start for n=1e6 when items are dropped." */
MUST(genr, memory_is_constant,
     "A generator over a million items needs less than 2 KiB",
     REQ("GENR-002"), NEEDS(generator, trace),
     OOM_EXEMPT("a million items take too long for a round a failure")) {
  int64_t sum = 0;
  pmm_obj *generator = generator_of(t, &million);
  step(t, generator);
  DROP(generator);
  expect_ok(OPS->trace_start(RT));
  defer(t, stop_tracing, NULL);
  generator = generator_of(t, &million);
  expect_lt(peak_of_million(t, generator, &sum), 2048);
  expect_eq(sum, INT64_C(499999500000));
}

/* "The same 1e6 integers as an append-built list retain at least 8,000,000
 * bytes of slots plus the integer objects; ..." */
MUST(genr, list_retains_what_a_generator_does_not,
     "A list of a million integers keeps 8,000,000 bytes and more",
     REQ("GENR-003"), NEEDS(generator, list, trace),
     OOM_EXEMPT("a million items take too long for a round a failure")) {
  enum { N = 1000000 };
  uint64_t integers = (N - 1 - (uint64_t)profile_int(t, "small_int_max")) *
                      (uint64_t)profile_int(t, "int_bytes");
  uint64_t before;
  uint64_t current;
  uint64_t peak;
  expect_ok(OPS->trace_start(RT));
  defer(t, stop_tracing, NULL);
  OPS->trace_get(RT, &before, &peak);
  pmm_obj *list = empty_list(t);
  for (int64_t i = 0; i < N; i++) {
    pmm_obj *item = integer(t, i);
    expect_ok(OPS->list_append(RT, list, item));
    DROP(item);
  }
  OPS->trace_get(RT, &current, &peak);
  uint64_t retained = current - before;
  expect_ge(retained, UINT64_C(8000000) + integers);
  DROP(list);
  OPS->trace_get(RT, &current, &peak);
  expect_lt(current - before, retained / 1000); /* it was the list's         */
}

/* "The size of a generator object does not grow with iterations; it grows 8
 * bytes per local slot." */
MUST(genr, size_is_constant, "A generator's size depends on its locals alone",
     REQ("GENR-004"), NEEDS(generator, sizeof)) {
  const struct pmm_code narrow =
      CODE("narrow", 0, 2, {PMM_FOR_RANGE, 0, 1000, 0}, {PMM_MOVE, 1, 0, 0},
           {PMM_YIELD, -1, 0, 0}, {PMM_END, 0, 0, 0});
  const struct pmm_code wide =
      CODE("wide", 0, 5, {PMM_FOR_RANGE, 0, 1000, 0}, {PMM_MOVE, 1, 0, 0},
           {PMM_MOVE, 2, 0, 0}, {PMM_MOVE, 3, 0, 0}, {PMM_MOVE, 4, 0, 0},
           {PMM_YIELD, -1, 0, 0}, {PMM_END, 0, 0, 0});
  pmm_obj *generator = generator_of(t, &narrow);
  size_t size = size_of(t, generator);
  expect_eq(size, profile_int(t, "generator_bytes"));
  for (int i = 0; i < 1000; i++) {
    step(t, generator);
    expect_eq(size_of(t, generator), size);
  }
  expect_eq(size_of(t, generator_of(t, &wide)),
            size + 3 * (size_t)profile_int(t, "generator_local_bytes"));
}

/* "Dropping the last reference to a suspended generator raises generator-exit
 * at the yield, runs finally blocks and frees locals at once." */
MUST(genr, drop_runs_pending_cleanup, "Dropping a generator runs its finally",
     REQ("GENR-005"), NEEDS(generator)) {
  pmm_obj *local = probe(t, 1);
  pmm_obj *generator = generator_with(t, &told, local);
  DROP(local);
  step(t, generator);
  expect_none(LOG);
  expect_none(DEALLOCATED);
  DROP(generator);
  expect_log(LOG, 4, 5);
  expect_log(DEALLOCATED, 1);
  expect_none(UNRAISABLE);
}

/* "Dropping or closing a generator that never started runs no body code." */
MUST(genr, unstarted_needs_no_cleanup, "An unstarted generator runs nothing",
     REQ("GENR-006"), NEEDS(generator)) {
  pmm_obj *local = probe(t, 1);
  pmm_obj *dropped = generator_with(t, &guarded, local);
  pmm_obj *closed = generator_with(t, &guarded, integer(t, 0));
  DROP(local);
  DROP(dropped);
  expect_log(DEALLOCATED, 1);
  expect_ok(OPS->generator_close(RT, closed));
  expect_none(LOG);
  expect_null(OPS->next(RT, closed), PMM_STOP);
}

/* "Closing twice, closing a finished one, and stepping after close behave as
 * no-op, no-op and exhaustion." */
MUST(genr, close_is_idempotent, "A second close does nothing",
     REQ("GENR-007"), NEEDS(generator)) {
  pmm_obj *generator = generator_with(t, &guarded, integer(t, 0));
  step(t, generator);
  expect_ok(OPS->generator_close(RT, generator));
  expect_ok(OPS->generator_close(RT, generator));
  expect_log(LOG, 5);
  expect_null(OPS->next(RT, generator), PMM_STOP);
  pmm_obj *finished = generator_of(t, &logging);
  step(t, finished);
  expect_null(OPS->next(RT, finished), PMM_STOP);
  expect_ok(OPS->generator_close(RT, finished));
  expect_log(LOG, 5, 1, 2);
}

/* "A generator that yields after generator-exit makes close report an error;
 * on drop the error is reported as unraisable." */
MUST(genr, ignoring_exit_is_an_error,
     "A generator that yields in close is an error",
     REQ("GENR-008"), NEEDS(generator, diag)) {
  pmm_obj *closed = generator_of(t, &stubborn);
  step(t, closed);
  expect_error(OPS->generator_close(RT, closed), PMM_RUNTIME);
  pmm_obj *dropped = generator_of(t, &stubborn);
  step(t, dropped);
  expect_none(UNRAISABLE);
  DROP(dropped);
  expect_eq(OPS->error(RT), PMM_OK);
  expect_eq(happened(UNRAISABLE, ANY), 1);
  expect_eq(logged(t, (size_t)when(UNRAISABLE, ANY))->detail, PMM_RUNTIME);
}

/* "On normal end or error the frame and its locals are released although the
 * generator object lives." */
MUST(genr, exhaustion_releases_the_frame, "An ended generator keeps no locals",
     REQ("GENR-009"), NEEDS(generator)) {
  const struct pmm_code raising =
      CODE("raising", 1, 1, {PMM_YIELD, -1, -1, 0},
           {PMM_RAISE, 0, PMM_USER, 0});
  const struct pmm_code *codes[] = {&guarded, &raising};
  const enum pmm_status ends[] = {PMM_STOP, PMM_USER};
  for (int64_t i = 0; i < 2; i++) {
    pmm_obj *local = probe(t, i);
    pmm_obj *generator = generator_with(t, codes[i], local);
    DROP(local);
    step(t, generator);
    expect_eq(OPS->generator_finished(RT, generator), 0);
    expect_null(OPS->next(RT, generator), ends[i]);
    expect_eq(OPS->generator_finished(RT, generator), 1);
    expect_eq(happened(DEALLOCATED, i), 1);
  }
}

/* "Throwing into a suspended generator raises there; into an unstarted one
 * raises without running the body and finishes it." */
MUST(genr, throw_raises_where_it_waits, "A thrown error is raised at the yield",
     REQ("GENR-010"), NEEDS(generator)) {
  const struct pmm_code catching =
      CODE("catching", 0, 0, {PMM_TRY, 0, 0, 0}, {PMM_YIELD, -1, -1, 0},
           {PMM_EXCEPT, -1, PMM_USER, 0}, {PMM_LOG, 0, 6, 0},
           {PMM_END, 0, 0, 0}, {PMM_YIELD, -1, -1, 0});
  pmm_obj *suspended = generator_of(t, &catching);
  step(t, suspended);
  DROP(NEW(OPS->generator_throw(RT, suspended, PMM_USER)));
  expect_log(LOG, 6);
  pmm_obj *unstarted = generator_of(t, &logging);
  expect_null(OPS->generator_throw(RT, unstarted, PMM_USER), PMM_USER);
  expect_eq(OPS->generator_finished(RT, unstarted), 1);
  expect_log(LOG, 6);
  expect_null(OPS->next(RT, unstarted), PMM_STOP);
}

struct reentry {
  struct pmm_test *t;
  pmm_obj *generator; /* borrowed */
  enum pmm_status got;
};

static enum pmm_status step_itself(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                   pmm_obj **result) {
  struct reentry *reentry = ctx;
  struct pmm_test *t = reentry->t;
  (void)arg;
  *result = NULL;
  pmm_obj *item = OPS->next(rt, reentry->generator);
  reentry->got = OPS->error(rt);
  OPS->xrelease(rt, item);
  if (reentry->got == PMM_NO_MEMORY) {
    return PMM_NO_MEMORY;
  }
  OPS->error_clear(rt);
  return PMM_OK;
}

/* "Stepping a generator while it runs is an error." */
MUST(genr, reentry_is_refused, "A running generator cannot be stepped",
     REQ("GENR-011"), NEEDS(generator)) {
  struct reentry *reentry = SCRATCH(struct reentry);
  reentry->t = t;
  struct pmm_code_call call = {step_itself, reentry};
  struct pmm_code code = CODE("reentering", 0, 1, {PMM_CALL, 0, 0, -1},
                              {PMM_YIELD, -1, -1, 0});
  code.calls = &call;
  code.call_count = 1;
  reentry->generator = generator_of(t, &code);
  step(t, reentry->generator);
  expect_eq(reentry->got, PMM_VALUE);
}

/* try: yield from the argument  finally: log 8 */
static const struct pmm_code delegating =
    CODE("delegating", 1, 1, {PMM_TRY, 0, 0, 0}, {PMM_YIELD_FROM, -1, 0, 0},
         {PMM_FINALLY, 0, 0, 0}, {PMM_LOG, 0, 8, 0}, {PMM_END, 0, 0, 0});

/* "Closing an outer generator closes the delegated inner one, inner cleanup
 * first." */
MUST(genr, delegation_closes_inner_first, "The inner generator closes first",
     REQ("GENR-012"), NEEDS(generator)) {
  pmm_obj *inner = generator_with(t, &guarded, integer(t, 0));
  pmm_obj *outer = generator_with(t, &delegating, inner);
  step(t, outer);
  expect_ok(OPS->generator_close(RT, outer));
  expect_log(LOG, 5, 8);
  expect_eq(OPS->generator_finished(RT, inner), 1);
}

/* "A chain of generators pulls from the source only what is needed for the
 * items taken." */
MUST(genr, pipelines_are_lazy, "A pipeline pulls no more than it needs",
     REQ("GENR-013"), NEEDS(generator)) {
  const struct pmm_code source =
      CODE("source", 0, 1, {PMM_FOR_RANGE, 0, 100, 0}, {PMM_LOG, 0, 3, 0},
           {PMM_YIELD, -1, 0, 0}, {PMM_END, 0, 0, 0});
  const struct pmm_code stage =
      CODE("stage", 1, 2, {PMM_FOR_EACH, 1, 0, 0}, {PMM_YIELD, -1, 1, 0},
           {PMM_END, 0, 0, 0});
  pmm_obj *chain = generator_of(t, &source);
  for (int i = 0; i < 3; i++) {
    chain = generator_with(t, &stage, chain);
  }
  expect_none(LOG);
  step(t, chain);
  expect_int(NEW(OPS->next(RT, chain)), 1);
  expect_eq(happened(LOG, 3), 2);
}

/* "A suspended generator that is part of garbage has its cleanup run by the
 * collection." "Values referenced from a suspended generator's frame are
 * visited, so a generator in a cycle is collected and its cleanup runs." */
MUST(genr, garbage_generators_are_closed,
     "The collector closes a generator in a cycle",
     REQ("GENR-014", "GC-023"), NEEDS(generator, gc)) {
  quiet(t);
  pmm_obj *holder = probe(t, 1);
  pmm_obj *generator = generator_with(t, &guarded, holder);
  step(t, generator);
  expect_ok(OPS->slot_set(RT, holder, 0, generator));
  DROP_ALL();
  expect_none(LOG);
  collect(t);
  expect_log(LOG, 5);
  expect_log(DEALLOCATED, 1);
}

/* "Dropping 50000 nested suspended generators runs every pending cleanup
 * without overflowing the profile's small stack." */
MUST(genr, deep_chains_are_released_safely,
     "50000 nested generators need no deep stack", REQ("GENR-015"),
     NEEDS(generator, trashcan),
     OOM_EXEMPT("50000 generators take too long for a round a failure")) {
  enum { N = 50000 };
  size_t stack = small_stack(t);
  quiet(t);
  pmm_obj *inner = integer(t, 4000);
  for (int i = 0; i < N; i++) {
    pmm_obj *outer = generator_with(t, &guarded, inner);
    DROP(inner);
    step(t, outer);
    inner = outer;
  }
  release_on_stack(t, inner, stack);
  expect_eq(happened(LOG, 5), N);
}
