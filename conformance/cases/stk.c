/* SPDX-License-Identifier: MIT */
/*
 * cases/stk.c - frames: how long locals live, what keeps them, and how deep
 * calls may nest (requirements STK-…).
 */
#include "codes.h"

#define END {PMM_END, 0, 0, 0}

/* Makes probes with cookies 1, 2, 3 ...  Scratch memory. */
struct maker {
  struct pmm_test *t;
  pmm_obj *type;    /* owned by the case                                    */
  pmm_obj *callee;  /* owned by the case: what `call_it` calls              */
  int64_t made;
};

static enum pmm_status make_probe(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                  pmm_obj **result) {
  struct maker *maker = ctx;
  struct pmm_test *t = maker->t;
  (void)arg;
  *result = OPS->instance_new(rt, maker->type, maker->made + 1);
  maker->made += *result != NULL;
  return OPS->error(rt);
}

static enum pmm_status call_it(void *ctx, pmm_rt *rt, pmm_obj *arg,
                               pmm_obj **result) {
  struct maker *maker = ctx;
  struct pmm_test *t = maker->t;
  (void)arg;
  *result = OPS->call(rt, maker->callee, NULL, 0);
  return OPS->error(rt);
}

static struct maker *new_maker(struct pmm_test *t) {
  struct maker *maker = SCRATCH(struct maker);
  maker->t = t;
  maker->type = probe_type(t, "local", 1, PMM_TYPE_GC | PMM_TYPE_WEAKREF, NULL,
                           NULL);
  return maker;
}

/* A function of the code; its calls are 0: make_probe, 1: call_it. */
static pmm_obj *function_of(struct pmm_test *t, struct pmm_code code,
                            struct maker *maker) {
  const struct pmm_code_call calls[] = {{make_probe, maker},
                                        {call_it, maker}};
  code.calls = calls;
  code.call_count = 2;
  return NEW(OPS->function_new(RT, &code));
}

#define NEW_PROBE(local) {PMM_CALL, local, 0, -1}
#define CALL_IT(local) {PMM_CALL, local, 1, -1}

/* "A function's locals are released when it returns or fails, before the
 * caller's next statement." */
MUST(stk, locals_die_at_return,
     "Locals are released before the caller's next statement",
     REQ("STK-001"), NEEDS(frame)) {
  quiet(t);
  struct maker *maker = new_maker(t);
  struct pmm_code callee =
      CODE("callee", 0, 2, NEW_PROBE(0), NEW_PROBE(1), {PMM_RETURN, -1, 0, 0});
  struct pmm_code caller =
      CODE("caller", 0, 1, CALL_IT(0), {PMM_LOG, 0, 9, 0});
  maker->callee = function_of(t, callee, maker);
  pmm_obj *function = function_of(t, caller, maker);
  DROP(NEW(OPS->call(RT, function, NULL, 0)));
  expect_eq(happened(DEALLOCATED, ANY), 2);
  expect_lt(when(DEALLOCATED, 1), when(LOG, 9));
  expect_lt(when(DEALLOCATED, 2), when(LOG, 9));
}

/* "A function's locals are released when it ... fails, before the caller's
 * next statement." "When the handled error is dropped, all frames it kept are
 * released." */
MUST(stk, locals_die_with_the_error, "A handled error releases its frames",
     REQ("STK-001", "STK-007"), NEEDS(frame)) {
  quiet(t);
  struct maker *maker = new_maker(t);
  struct pmm_code callee =
      CODE("callee", 0, 1, NEW_PROBE(0), {PMM_RAISE, 0, PMM_USER, 0});
  struct pmm_code caller =
      CODE("caller", 0, 1, {PMM_TRY, 0, 0, 0}, CALL_IT(0),
           {PMM_EXCEPT, 0, PMM_USER, 0}, {PMM_LOG, 0, 8, 0}, END,
           {PMM_LOG, 0, 9, 0});
  maker->callee = function_of(t, callee, maker);
  pmm_obj *function = function_of(t, caller, maker);
  DROP(NEW(OPS->call(RT, function, NULL, 0)));
  expect_log(LOG, 8, 9);
  expect_log(DEALLOCATED, 1);
  expect_lt(when(DEALLOCATED, 1), when(LOG, 9));
}

/* "When the handled error is dropped, all frames it kept are released." */
MUST(stk, clearing_an_error_releases_frames,
     "An error cleared by the host leaves no frame", REQ("STK-007"),
     NEEDS(frame)) {
  quiet(t);
  struct maker *maker = new_maker(t);
  struct pmm_code callee =
      CODE("callee", 0, 1, NEW_PROBE(0), {PMM_RAISE, 0, PMM_USER, 0});
  struct pmm_code caller = CODE("caller", 0, 2, NEW_PROBE(0), CALL_IT(1));
  maker->callee = function_of(t, callee, maker);
  pmm_obj *function = function_of(t, caller, maker);
  expect_null(OPS->call(RT, function, NULL, 0), PMM_USER);
  expect_eq(happened(DEALLOCATED, ANY), 2);
}

/* "An object returned from a frame or stored elsewhere outlives the frame." */
MUST(stk, objects_outlive_their_frame,
     "An object that is returned or stored outlives its frame",
     REQ("STK-002"), NEEDS(frame, refcount, list)) {
  quiet(t);
  struct maker *maker = new_maker(t);
  struct pmm_code code =
      CODE("giving", 1, 3, NEW_PROBE(1), {PMM_APPEND, 0, 1, 0}, NEW_PROBE(2),
           {PMM_RETURN, 2, 0, 0});
  pmm_obj *function = function_of(t, code, maker);
  pmm_obj *list = empty_list(t);
  pmm_obj *returned = NEW(OPS->call(RT, function, &list, 1));
  expect_none(DEALLOCATED);
  expect_eq(OPS->instance_cookie(RT, returned), 2);
  expect_eq(OPS->refcount(RT, returned), 1);
  expect_eq(OPS->refcount(RT, OPS->list_get(RT, list, 0)), 1);
  DROP(returned);
  DROP(list);
  expect_log(DEALLOCATED, 2, 1);
}

/* "Holding the frame object ... keeps referenced locals alive; clearing the
 * frame releases them." */
MUST(stk, a_kept_frame_keeps_its_locals, "A waiting frame keeps its locals",
     REQ("STK-003"), NEEDS(frame, generator)) {
  quiet(t);
  struct pmm_code code = CODE("waiting", 1, 1, {PMM_YIELD, -1, -1, 0});
  pmm_obj *local = probe(t, 1);
  pmm_obj *generator = generator_with(t, &code, local);
  DROP(local);
  step(t, generator);
  if (OFFERED(gc)) {
    collect(t);
  }
  expect_none(DEALLOCATED);
  expect_ok(OPS->generator_close(RT, generator));
  expect_log(DEALLOCATED, 1);
}

/* ---- closures ----------------------------------------------------------- */

/* return v1, which is the outer code's */
static const struct pmm_code return_second = {
    .struct_size = sizeof(struct pmm_code),
    .name = "return_second",
    .locals = 2,
    .instructions = PMM_INSTRUCTIONS({PMM_RETURN, 1, 0, 0}),
    .instruction_count = 1,
    .captured = 2};

/* v0, v1 = probes; append closures that share v0 to the argument, v2 */
static pmm_obj *closures(struct pmm_test *t, struct maker *maker) {
  static const struct pmm_code *const inside[] = {&return_captured, &emptying};
  struct pmm_code code =
      CODE("making", 1, 4, {PMM_MOVE, 2, 0, 0}, NEW_PROBE(0), NEW_PROBE(1),
           {PMM_CLOSURE, 3, 0, 0}, {PMM_APPEND, 2, 3, 0},
           {PMM_CLOSURE, 3, 1, 0}, {PMM_APPEND, 2, 3, 0});
  code.codes = inside;
  code.code_count = 2;
  code.captured = 1;
  pmm_obj *list = empty_list(t);
  pmm_obj *function = function_of(t, code, maker);
  DROP(NEW(OPS->call(RT, function, &list, 1)));
  DROP(function);
  return list;
}

/* "A closure keeps the captured cell's value alive and frees it when the
 * closure dies; uncaptured locals die at return." */
MUST(stk, closures_keep_what_they_capture,
     "A closure keeps only the variables it captures", REQ("STK-004"),
     NEEDS(frame, list)) {
  quiet(t);
  pmm_obj *list = closures(t, new_maker(t));
  expect_log(DEALLOCATED, 2);
  pmm_obj *closure = KEEP(OPS->list_get(RT, list, 0));
  DROP(list);
  pmm_obj *value = NEW(OPS->call(RT, closure, NULL, 0));
  expect_eq(OPS->instance_cookie(RT, value), 1);
  DROP(value);
  expect_log(DEALLOCATED, 2);
  DROP(closure);
  expect_log(DEALLOCATED, 2, 1);
}

/* "A closure keeps the captured cell's value alive and frees it when the
 * closure dies; uncaptured locals die at return."  Whichever local that is. */
MUST(stk, closures_keep_any_local, "A closure keeps the second local alone",
     REQ("STK-004"), NEEDS(frame, list)) {
  static const struct pmm_code *const inside[] = {&return_second};
  quiet(t);
  struct pmm_code code =
      CODE("making", 1, 4, {PMM_MOVE, 2, 0, 0}, NEW_PROBE(0), NEW_PROBE(1),
           {PMM_CLOSURE, 3, 0, 0}, {PMM_APPEND, 2, 3, 0});
  code.codes = inside;
  code.code_count = 1;
  code.captured = 2;
  pmm_obj *list = empty_list(t);
  pmm_obj *function = function_of(t, code, new_maker(t));
  DROP(NEW(OPS->call(RT, function, &list, 1)));
  DROP(function);
  expect_log(DEALLOCATED, 1);
  pmm_obj *closure = OPS->list_get(RT, list, 0);
  pmm_obj *value = NEW(OPS->call(RT, closure, NULL, 0));
  expect_eq(OPS->instance_cookie(RT, value), 2);
  DROP(value);
  DROP(list);
  expect_log(DEALLOCATED, 1, 2);
}

/* "Holding ... a closure cell ... keeps referenced locals alive; clearing the
 * frame releases them." */
MUST(stk, a_kept_cell_keeps_its_variable, "Closures share a variable's cell",
     REQ("STK-003"), NEEDS(frame, list)) {
  quiet(t);
  pmm_obj *list = closures(t, new_maker(t));
  pmm_obj *read = OPS->list_get(RT, list, 0);
  pmm_obj *empty = OPS->list_get(RT, list, 1);
  DROP(NEW(OPS->call(RT, read, NULL, 0)));
  expect_log(DEALLOCATED, 2);
  DROP(NEW(OPS->call(RT, empty, NULL, 0)));
  expect_log(DEALLOCATED, 2, 1);
  expect_null(OPS->call(RT, read, NULL, 0), PMM_RUNTIME);
}

/* "Holding ... a traceback keeps referenced locals alive; clearing the frame
 * releases them." */
MUST(stk, a_kept_error_keeps_its_locals, "A kept error keeps its locals",
     REQ("STK-003"), NEEDS(frame, list)) {
  quiet(t);
  struct maker *maker = new_maker(t);
  struct pmm_code code =
      CODE("catching", 1, 3, NEW_PROBE(1), {PMM_TRY, 0, 0, 0},
           {PMM_RAISE, 0, PMM_USER, 0}, {PMM_EXCEPT, 2, PMM_USER, 0},
           {PMM_APPEND, 0, 2, 0}, END);
  pmm_obj *function = function_of(t, code, maker);
  pmm_obj *list = empty_list(t);
  DROP(NEW(OPS->call(RT, function, &list, 1)));
  expect_none(DEALLOCATED);
  expect_eq(length_of(t, list), 1);
  expect_ok(OPS->list_clear(RT, list));
  if (OFFERED(gc)) { /* the frame's argument leads back to the error         */
    collect(t);
  }
  expect_log(DEALLOCATED, 1);
}

/* ---- depth -------------------------------------------------------------- */

/* log 1; f() */
static const struct pmm_code endless =
    CODE("endless", 0, 0, {PMM_LOG, 0, 1, 0}, {PMM_CALL_CODE, -1, 0, -1});

/* "Exceeding the limit (default 1000) gives a recursion error at a depth of
 * about the limit, and the runtime is usable after it." */
MUST(stk, recursion_is_limited, "Calls nest up to about the recursion limit",
     REQ("STK-006"), NEEDS(frame)) {
  quiet(t);
  int64_t limit = profile_int(t, "recursion_limit");
  expect_eq(OPS->recursion_limit(RT), limit);
  pmm_obj *function = NEW(OPS->function_new(RT, &endless));
  for (int round = 0; round < 2; round++) {
    log_clear(t);
    expect_null(OPS->call(RT, function, NULL, 0), PMM_RECURSION);
    expect_ge(happened(LOG, 1), limit - 20);
    expect_le(happened(LOG, 1), limit);
  }
  struct pmm_code shallow = CODE("shallow", 0, 1, {PMM_INT, 0, 1000, 0},
                                 {PMM_RETURN, 0, 0, 0});
  pmm_obj *next = NEW(OPS->function_new(RT, &shallow));
  expect_int(NEW(OPS->call(RT, next, NULL, 0)), 1000);
}

static void stop_tracing(struct pmm_test *t, void *unused) {
  (void)unused;
  OPS->trace_stop(RT);
}

/* "After 3000 nested calls return, frame storage is reused and net traced
 * growth is zero." - three times to the limit of 1000 */
SHOULD(stk, frame_memory_is_returned, "Deep calls leave no frame memory",
       REQ("STK-005"), NEEDS(frame, trace)) {
  quiet(t);
  pmm_obj *function = NEW(OPS->function_new(RT, &endless));
  expect_ok(OPS->trace_start(RT));
  defer(t, stop_tracing, NULL);
  uint64_t start, end, peak, first = 0;
  OPS->trace_get(RT, &start, &peak);
  for (int round = 0; round < 3; round++) {
    OPS->trace_reset_peak(RT);
    expect_null(OPS->call(RT, function, NULL, 0), PMM_RECURSION);
    OPS->trace_get(RT, &end, &peak);
    first = round == 0 ? peak : first;
    expect_gt(peak, start + 10000);
    expect_le(peak, first + 4096); /* reused, not taken once more           */
  }
  expect_le(end, start + 4096);
}

/* "Deleting a variable releases one reference at once; the object dies only if
 * it was the last." */
MUST(stk, deleting_drops_one_reference, "Deleting a name drops one reference",
     REQ("STK-008"), NEEDS(frame, refcount)) {
  quiet(t);
  struct maker *maker = new_maker(t);
  struct pmm_code code =
      CODE("deleting", 1, 3, NEW_PROBE(1), {PMM_MOVE, 2, 1, 0},
           {PMM_DEL, 1, 0, 0}, {PMM_LOG, 0, 7, 0}, {PMM_DEL, 2, 0, 0},
           {PMM_LOG, 0, 8, 0}, {PMM_DEL, 0, 0, 0}, {PMM_LOG, 0, 9, 0});
  pmm_obj *argument = probe(t, 100);
  uint64_t count = OPS->refcount(RT, argument);
  pmm_obj *function = function_of(t, code, maker);
  DROP(NEW(OPS->call(RT, function, &argument, 1)));
  expect_log(LOG, 7, 8, 9);
  expect_log(DEALLOCATED, 1);
  expect_lt(when(LOG, 7), when(DEALLOCATED, 1));
  expect_lt(when(DEALLOCATED, 1), when(LOG, 8));
  expect_eq(OPS->refcount(RT, argument), count);
}
