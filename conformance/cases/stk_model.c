/* SPDX-License-Identifier: MIT */
/*
 * cases/stk_model.c - locals of deep and nested frames, each what it was
 * (requirements STK-032, FIN-031).
 */
#include "codes.h"
#include "rent.h"

/* ---- clauses within clauses --------------------------------------------- */

enum { LOCALS = 4, FILLED = 8 };

/* What a code calls to look at its locals.  Scratch memory. */
struct look {
  struct pmm_test *t;
  int seen;
  int wrong;
};

/* The looks go through the locals in their order. */
static enum pmm_status expect_local(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                    pmm_obj **result) {
  struct look *look = ctx;
  struct pmm_test *t = look->t;
  (void)rt;
  *result = NULL;
  look->wrong += OPS->instance_cookie(RT, arg) != look->seen % LOCALS;
  look->seen++;
  return PMM_OK;
}

#define LOOK(i)                                                               \
  { PMM_CALL, -1, 0, i }
#define LOOK_AT_ALL LOOK(0), LOOK(1), LOOK(2), LOOK(3)

/* try: raise  except: for: try: raise  except: look; yield  finally: with m:
 * look  ; look  finally: for: try: look  finally: look; yield */
#define NESTED(yield)                                                         \
  {PMM_TRY, 0, 0, 0}, {PMM_RAISE, 0, PMM_USER, 0},                            \
      {PMM_EXCEPT, -1, PMM_USER, 0}, {PMM_FOR_RANGE, 5, 2, 0},                \
      {PMM_TRY, 0, 0, 0}, {PMM_RAISE, 0, PMM_KEY, 0},                         \
      {PMM_EXCEPT, 6, PMM_KEY, 0}, LOOK_AT_ALL, yield, {PMM_FINALLY, 0, 0, 0}, \
      {PMM_WITH, -1, 4, 0}, LOOK_AT_ALL, yield, {PMM_END, 0, 0, 0},           \
      {PMM_END, 0, 0, 0}, {PMM_END, 0, 0, 0}, LOOK_AT_ALL,                    \
      {PMM_FINALLY, 0, 0, 0}, {PMM_FOR_RANGE, 5, 2, 0}, {PMM_TRY, 0, 0, 0},   \
      LOOK_AT_ALL, {PMM_FINALLY, 0, 0, 0}, {PMM_FOR_RANGE, 6, 2, 0},          \
      {PMM_TRY, 0, 0, 0}, {PMM_RAISE, 0, PMM_KEY, 0},                         \
      {PMM_EXCEPT, -1, PMM_KEY, 0}, LOOK_AT_ALL, yield, {PMM_END, 0, 0, 0},   \
      {PMM_END, 0, 0, 0}, {PMM_END, 0, 0, 0}, {PMM_END, 0, 0, 0},             \
      {PMM_END, 0, 0, 0}, LOOK_AT_ALL

static const struct pmm_code nested_call =
    CODE("nested", 5, 7, NESTED(LOOK_AT_ALL));
#define YIELD                                                                 \
  { PMM_YIELD, -1, -1, 0 }
static const struct pmm_code nested_generator =
    CODE("nested", 5, 7, NESTED(YIELD));

static enum pmm_status pass(void *ctx, pmm_rt *rt, enum pmm_status error,
                            int *suppress) {
  (void)ctx;
  (void)rt;
  (void)error;
  *suppress = 0;
  return PMM_OK;
}

/* Runs the code over four probes that it alone owns; stops after `steps`. */
static void run_nested(struct pmm_test *t, const struct pmm_code *shape,
                       int steps) {
  struct look *look = SCRATCH(struct look);
  const struct pmm_code_call call = {expect_local, look};
  struct pmm_code code = *shape;
  pmm_obj *args[LOCALS + 1];
  look->t = t;
  code.calls = &call;
  code.call_count = 1;
  for (int i = 0; i < LOCALS; i++) {
    args[i] = probe(t, i);
  }
  args[LOCALS] = NEW(OPS->manager_new(RT, NULL, pass, NULL, 9));
  pmm_obj *o = steps < 0 ? NEW(OPS->function_new(RT, &code))
                         : NEW(OPS->generator_new(RT, &code, args, LOCALS + 1));
  if (steps < 0) {
    DROP(NEW(OPS->call(RT, o, args, LOCALS + 1)));
  }
  for (int i = 0; i < LOCALS; i++) {
    DROP(args[i]);
  }
  for (int i = 0; i < steps; i++) {
    step(t, o);
    collect(t);
  }
  DROP(o);
  collect(t); /* errors may be in cycles with the frames they left      */
  if (look->wrong != 0 || look->seen == 0 || look->seen % LOCALS != 0) {
    fail("of %d looks at locals %d saw another (%d steps)", look->seen,
         look->wrong, steps);
  }
  for (int i = 0; i < LOCALS; i++) {
    expect_eq(happened(DEALLOCATED, i), 1);
  }
  log_clear(t);
}

/* "A local holds the object that was stored in it, however clauses, loops,
 * blocks and calls are nested and at whatever depth, also after each of
 * them has ended or failed; the object dies once." */
MUST(stk, clauses_leave_locals_alone,
     "Nested clauses leave the locals intact",
     REQ("STK-032"), NEEDS(context, frame, gc, generator)) {
  quiet(t);
  run_nested(t, &nested_call, -1);
  for (int steps = 1; steps <= 8; steps++) {
    run_nested(t, &nested_generator, steps);
  }
}

/* ---- depth -------------------------------------------------------------- */

/* A function that calls itself through the host.  Scratch memory. */
struct descent {
  struct pmm_test *t;
  pmm_obj *function; /* borrowed                                              */
  pmm_obj *type;     /* borrowed                                              */
  int depth;
  int deepest;
  int made;
};

static enum pmm_status make_one(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                pmm_obj **result) {
  struct descent *descent = ctx;
  struct pmm_test *t = descent->t;
  (void)arg;
  *result = OPS->instance_new(rt, descent->type, descent->made++);
  return OPS->error(rt);
}

/* One level down, or an error at the deepest. */
static enum pmm_status descend(void *ctx, pmm_rt *rt, pmm_obj *arg,
                               pmm_obj **result) {
  struct descent *descent = ctx;
  struct pmm_test *t = descent->t;
  *result = NULL;
  if (descent->depth == descent->deepest) {
    OPS->error_set(rt, PMM_USER, "deepest");
    return PMM_USER;
  }
  descent->depth++;
  *result = OPS->call(rt, descent->function, &arg, 1);
  descent->depth--;
  return OPS->error(rt);
}

/* Each local is FILLED consecutive numbers of this level. */
static enum pmm_status expect_row(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                  pmm_obj **result) {
  struct descent *descent = ctx;
  struct pmm_test *t = descent->t;
  *result = NULL;
  check(OPS->instance_cookie(rt, arg) / FILLED == descent->depth);
  return PMM_OK;
}

#define MAKE(i)                                                               \
  { PMM_CALL, i, 0, -1 }
#define LOOK_BACK(i)                                                          \
  { PMM_CALL, -1, 2, i }

/* eight locals made; down; the same eight are there */
static const struct pmm_code descending =
    CODE("descending", 1, 10, MAKE(1), MAKE(2), MAKE(3), MAKE(4), MAKE(5),
         MAKE(6), MAKE(7), MAKE(8), {PMM_TRY, 0, 0, 0}, {PMM_CALL, 9, 1, 0},
         {PMM_EXCEPT, -1, PMM_USER, 0}, {PMM_END, 0, 0, 0}, LOOK_BACK(1),
         LOOK_BACK(4), LOOK_BACK(8), {PMM_RETURN, 0, 0, 0});

/* "A local holds the object that was stored in it, however clauses, loops,
 * blocks and calls are nested and at whatever depth, also after each of
 * them has ended or failed; the object dies once." */
MUST(stk, deep_calls_leave_locals_alone,
     "Each of many nested calls through the host keeps its locals",
     REQ("STK-032"), NEEDS(frame),
     OOM_EXEMPT("thousands of locals take too long a round a failure")) {
  struct descent *descent = SCRATCH(struct descent);
  const struct pmm_code_call calls[] = {
      {make_one, descent}, {descend, descent}, {expect_row, descent}};
  struct pmm_code code = descending;
  code.calls = calls;
  code.call_count = 3;
  quiet(t);
  size_t limit = OPS->recursion_limit(RT);
  *descent = (struct descent){
      .t = t,
      .function = NEW(OPS->function_new(RT, &code)),
      .type = probe_type(t, "local", 0, PMM_TYPE_GC, NULL, NULL),
      .deepest = limit / 4 < 200 ? (int)(limit / 4) : 200};
  pmm_obj *o = integer(t, 1);
  expect_same(NEW(OPS->call(RT, descent->function, &o, 1)), o);
  expect_eq(descent->made, (descent->deepest + 1) * FILLED);
  expect_eq(happened(DEALLOCATED, ANY), descent->made);
  expect_eq(happened(DEALLOCATED, 0), 1);
}

/* "A local holds the object that was stored in it, however clauses, loops,
 * blocks and calls are nested and at whatever depth, also after each of
 * them has ended or failed; the object dies once." */
MUST(stk, deep_codes_leave_locals_alone,
     "Each of many recursive calls keeps its locals",
     REQ("STK-032"), NEEDS(frame),
     OOM_EXEMPT("thousands of locals take too long a round a failure")) {
  struct descent *descent = SCRATCH(struct descent);
  const struct pmm_code_call calls[] = {
      {make_one, descent}, {descend, descent}, {expect_row, descent}};
  struct pmm_code code =
      CODE("itself", 1, 3, MAKE(1), {PMM_TRY, 0, 0, 0},
           {PMM_CALL_CODE, 2, 0, 1}, {PMM_EXCEPT, -1, PMM_OK, 0},
           {PMM_END, 0, 0, 0}, {PMM_MOVE, 2, 1, 0}, {PMM_RETURN, 2, 0, 0});
  code.calls = calls;
  code.call_count = 3;
  quiet(t);
  *descent = (struct descent){
      .t = t, .type = probe_type(t, "local", 0, PMM_TYPE_GC, NULL, NULL)};
  pmm_obj *function = NEW(OPS->function_new(RT, &code));
  pmm_obj *o = integer(t, 1);
  pmm_obj *result = NEW(OPS->call(RT, function, &o, 1));
  expect_eq(OPS->instance_cookie(RT, result), 0);
  DROP(result);
  expect_ge(descent->made, 100);
  expect_eq(happened(DEALLOCATED, ANY), descent->made);
}

/* ---- errors that hold the dying ----------------------------------------- */

/* A finalizer or callback that calls a function which raises with its argument
 * among its locals, and keeps the error.  Scratch memory. */
struct raiser {
  struct pmm_test *t;
  pmm_obj *function; /* borrowed                                              */
  pmm_obj *kept;
  int keeps;
  int calls;
};

static enum pmm_status keep_error(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                  pmm_obj **result) {
  struct raiser *raiser = ctx;
  struct pmm_test *t = raiser->t;
  *result = NULL;
  if (raiser->keeps && raiser->kept == NULL) {
    OPS->retain(rt, arg);
    raiser->kept = arg;
  }
  return PMM_OK;
}

static enum pmm_status raise_with(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  struct raiser *raiser = ctx;
  struct pmm_test *t = raiser->t;
  raiser->calls++;
  pmm_obj *result = OPS->call(rt, raiser->function, &arg, 1);
  OPS->xrelease(rt, result);
  return OPS->error(rt);
}

/* v1 = v0; try: raise  except as v2: call(v2); raise again */
static const struct pmm_code raising =
    CODE("raising", 1, 3, {PMM_MOVE, 1, 0, 0}, {PMM_TRY, 0, 0, 0},
         {PMM_RAISE, 0, PMM_USER, 0}, {PMM_EXCEPT, 2, PMM_USER, 0},
         {PMM_CALL, -1, 0, 2}, {PMM_RERAISE, 0, 0, 0}, {PMM_END, 0, 0, 0});

static void forget_error(struct pmm_test *t, void *subject) {
  OPS->clear(RT, &((struct raiser *)subject)->kept);
}

static void die_raising(struct pmm_test *t, int keeps, int in_cycle,
                        int by_callback) {
  struct raiser *raiser = SCRATCH(struct raiser);
  const struct pmm_code_call call = {keep_error, raiser};
  struct pmm_code code = raising;
  code.calls = &call;
  code.call_count = 1;
  *raiser = (struct raiser){t, NEW(OPS->function_new(RT, &code)), NULL, keeps,
                            0};
  defer(t, forget_error, raiser);
  pmm_obj *type = probe_type(t, "raising", 1, PMM_TYPE_GC | PMM_TYPE_WEAKREF,
                             by_callback ? NULL : raise_with, raiser);
  pmm_obj *o = probe_of(t, type, 1);
  if (by_callback) {
    (void)NEW(OPS->weakref_new(RT, o, raise_with, raiser, 2));
  }
  if (in_cycle) {
    expect_ok(OPS->slot_set(RT, o, 0, o));
  }
  DROP(o);
  collect(t);
  int died = (int)happened(DEALLOCATED, 1);
  verify(t, "an error that holds the dying object");
  forget_error(t, raiser);
  collect(t);
  if (raiser->calls != 1 || happened(UNRAISABLE, ANY) != 1 ||
      died != (by_callback || !keeps) || happened(DEALLOCATED, 1) != 1) {
    fail("a %s that raises%s%s: %d calls, %d unraisable, died %d times, %d in "
         "all", by_callback ? "callback" : "finalizer",
         keeps ? ", its error kept" : "", in_cycle ? ", in a cycle" : "",
         raiser->calls, (int)happened(UNRAISABLE, ANY), died,
         (int)happened(DEALLOCATED, 1));
  }
  DROP_ALL();
  log_clear(t);
}

/* "An error raised in a finalizer or callback releases the dying object
 * once the error has been reported; while anybody holds the error, the
 * object lives." */
MUST(fin, reported_errors_hold_nobody,
     "A reported error releases the object that died",
     REQ("FIN-031"), NEEDS(diag, finalizer, frame, gc, weakref,
                           finalizer_alive, weakref_cb),
     OOM_EXEMPT("its errors are reported as those for want of memory are")) {
  quiet(t);
  for (int how = 0; how < 8; how++) {
    die_raising(t, how & 1, (how & 2) != 0, (how & 4) != 0);
  }
}
