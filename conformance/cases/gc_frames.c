/* SPDX-License-Identifier: MIT */
/*
 * cases/gc_frames.c - what frames hold: a cycle whose one outside reference is
 * a local (GC-004), garbage that an exception leaves, which keeps the frame
 * that it was caught in (GC-022), and what a loop that waits walks over
 * (GC-023).
 */
#include "codes.h"

#define END {PMM_END, 0, 0, 0}

/* ---- a local is an outside reference ------------------------------------ */

/* Makes a garbage cycle, but for its caller.  Scratch memory. */
struct maker {
  struct pmm_test *t;
  pmm_obj *type;  /* borrowed                                               */
  size_t freed;   /* probes that the collection in the frame freed          */
  int collected;  /* collections in the frame                               */
};

static enum pmm_status make_cycle(void *ctx, pmm_rt *rt, pmm_obj *unused,
                                  pmm_obj **result) {
  struct maker *maker = ctx;
  struct pmm_test *t = maker->t;
  pmm_obj *o = OPS->instance_new(rt, maker->type, 1);
  (void)unused;
  if (o == NULL) {
    return OPS->error(rt);
  }
  *result = o;
  return OPS->slot_set(rt, o, 0, o);
}

static enum pmm_status collect_in_frame(void *ctx, pmm_rt *rt, pmm_obj *unused,
                                        pmm_obj **result) {
  struct maker *maker = ctx;
  struct pmm_test *t = maker->t;
  uint64_t unreachable;
  (void)unused;
  *result = NULL;
  maker->collected++;
  enum pmm_status status = OPS->collect(rt, 2, &unreachable);
  maker->freed += happened(DEALLOCATED, ANY);
  return status;
}

static struct maker *new_maker(struct pmm_test *t) {
  struct maker *maker = SCRATCH(struct maker);
  maker->t = t;
  maker->type = probe_type(t, "member", 1, PMM_TYPE_GC, NULL, NULL);
  return maker;
}

/* A function over the code, whose call 0 makes a cycle and call 1 collects. */
static pmm_obj *function_with(struct pmm_test *t, struct pmm_code code,
                              struct maker *maker) {
  const struct pmm_code_call calls[] = {{make_cycle, maker},
                                        {collect_in_frame, maker}};
  code.calls = calls;
  code.call_count = 2;
  return NEW(OPS->function_new(RT, &code));
}

/* "A cycle with one reference from outside the candidate set (... frame) is
 * not touched." */
MUST(gc, cycle_held_by_a_local_survives,
     "A local of a frame keeps a cycle alive",
     REQ("GC-004"), NEEDS(gc, frame)) {
  const struct pmm_code code =
      CODE("holding", 0, 1, {PMM_CALL, 0, 0, -1}, {PMM_CALL, -1, 1, -1},
           {PMM_CALL, -1, 1, -1});
  quiet(t);
  struct maker *maker = new_maker(t);
  pmm_obj *function = function_with(t, code, maker);
  DROP(NEW(OPS->call(RT, function, NULL, 0)));
  expect_eq(maker->collected, 2);
  expect_eq(maker->freed, 0);
  expect_none(DEALLOCATED);
  collect(t);
  expect_log(DEALLOCATED, 1);
}

/* "A cycle with one reference from outside the candidate set (... frame) is
 * not touched." */
MUST(gc, cycle_held_by_a_generator_survives,
     "A local of a suspended generator keeps a cycle alive", REQ("GC-004"),
     NEEDS(gc, frame, generator)) {
  const struct pmm_code code =
      CODE("waiting", 0, 1, {PMM_CALL, 0, 0, -1}, {PMM_YIELD, -1, -1, 0});
  quiet(t);
  pmm_obj *function = function_with(t, code, new_maker(t));
  pmm_obj *generator = NEW(OPS->call(RT, function, NULL, 0));
  step(t, generator);
  collect(t);
  collect(t);
  expect_none(DEALLOCATED);
  DROP(generator);
  expect_none(DEALLOCATED);
  collect(t);
  expect_log(DEALLOCATED, 1);
}

/* ---- exceptions --------------------------------------------------------- */

/* Call the code, which catches an error, with a probe of cookie 1; then
 * nobody but its frame could hold that. */
static void call_with_probe(struct pmm_test *t, const struct pmm_code *code) {
  quiet(t);
  collect(t);
  pmm_obj *argument = probe(t, 1);
  DROP(NEW(run_code(t, code, argument)));
  DROP(argument);
}

/* "An exception kept in a local of the frame its traceback names forms a cycle
 * that only the collector frees." */
SHOULD(gc, kept_exception_is_a_cycle,
       "An exception kept in its own frame is freed by the collector",
       REQ("GC-022"), NEEDS(gc, frame)) {
  const struct pmm_code code =
      CODE("keeping", 1, 3, {PMM_TRY, 0, 0, 0}, {PMM_RAISE, 0, PMM_USER, 0},
           {PMM_EXCEPT, 1, PMM_USER, 0}, {PMM_MOVE, 2, 1, 0}, END);
  call_with_probe(t, &code);
  expect_none(DEALLOCATED);
  expect_ge(collect_and_count(t, 2), 1);
  expect_log(DEALLOCATED, 1);
  expect_eq(collect_and_count(t, 2), 0);
}

/* "An exception kept in a local of the frame its traceback names forms a cycle
 * ...": one that the clause alone named is in none, as the name is empty when
 * the clause ends. */
SHOULD(gc, named_exception_is_no_cycle,
       "An exception that nobody keeps is freed with its clause", REQ("GC-022"),
       NEEDS(gc, frame)) {
  const struct pmm_code code =
      CODE("naming", 1, 2, {PMM_TRY, 0, 0, 0}, {PMM_RAISE, 0, PMM_USER, 0},
           {PMM_EXCEPT, 1, PMM_USER, 0}, {PMM_LOG, 0, 1, 0}, END);
  call_with_probe(t, &code);
  expect_log(LOG, 1);
  expect_log(DEALLOCATED, 1);
  expect_eq(collect_and_count(t, 2), 0);
}

/* ---- a loop that waits -------------------------------------------------- */

/* for x in argument: yield x   - the loop alone holds the argument then */
static const struct pmm_code looping =
    CODE("looping", 1, 2, {PMM_FOR_EACH, 1, 0, 0}, {PMM_DEL, 0, 0, 0},
         {PMM_YIELD, -1, -1, 0}, END);

/* try: return argument  finally: yield   - it is a result that waits then */
static const struct pmm_code returning =
    CODE("returning", 1, 1, {PMM_TRY, 0, 0, 0}, {PMM_RETURN, 0, 0, 0},
         {PMM_FINALLY, 0, 0, 0}, {PMM_DEL, 0, 0, 0}, {PMM_YIELD, -1, -1, 0},
         END);

/* A generator in a list that nobody but its frame holds. */
static void wait_in_a_cycle(struct pmm_test *t, const struct pmm_code *code) {
  quiet(t);
  pmm_obj *list = empty_list(t);
  pmm_obj *mark = probe(t, 1);
  expect_ok(OPS->list_append(RT, list, mark));
  pmm_obj *generator = generator_with(t, code, list);
  expect_ok(OPS->list_append(RT, list, generator));
  step(t, generator);
  DROP_ALL();
  expect_none(DEALLOCATED);
  collect(t);
  expect_log(DEALLOCATED, 1);
}

/* "Values referenced from a suspended generator's frame are visited, so a
 * generator in a cycle is collected and its cleanup runs." */
MUST(gc, loops_that_wait_are_visited,
     "What a suspended loop iterates over is traversed", REQ("GC-023"),
     NEEDS(gc, generator, list)) {
  wait_in_a_cycle(t, &looping);
}

/* try: yield  finally: for x in argument: log */
static const struct pmm_code cleaning =
    CODE("cleaning", 1, 2, {PMM_TRY, 0, 0, 0}, {PMM_YIELD, -1, -1, 0},
         {PMM_FINALLY, 0, 0, 0}, {PMM_FOR_EACH, 1, 0, 0}, {PMM_LOG, 0, 7, 0},
         END, END);

/* "Values referenced from a suspended generator's frame are visited, so a
 * generator in a cycle is collected and its cleanup runs."  It runs before
 * anything is cleared: the list has both its items. */
MUST(gc, cleanup_of_garbage_runs,
     "The cleanup of a suspended generator runs when it is garbage",
     REQ("GC-023"), NEEDS(gc, generator, list)) {
  wait_in_a_cycle(t, &cleaning);
  expect_eq(happened(LOG, 7), 2);
}

/* "Values referenced from a suspended generator's frame are visited, so a
 * generator in a cycle is collected and its cleanup runs." */
MUST(gc, results_that_wait_are_visited,
     "A result that waits behind a finally clause is traversed", REQ("GC-023"),
     NEEDS(gc, generator, list)) {
  wait_in_a_cycle(t, &returning);
}

/* Raises what the function raises, which keeps the argument. */
static enum pmm_status raise_inside(void *ctx, pmm_rt *rt, pmm_obj *argument,
                                    pmm_obj **result) {
  struct maker *raiser = ctx;
  struct pmm_test *t = raiser->t;
  *result = OPS->call(rt, raiser->type, &argument, 1);
  return OPS->error(rt);
}

/* try: raise  except as e: raise again   - so that the error names the frame */
static const struct pmm_code raising =
    CODE("raising", 1, 2, {PMM_TRY, 0, 0, 0}, {PMM_RAISE, 0, PMM_USER, 0},
         {PMM_EXCEPT, 1, PMM_USER, 0}, {PMM_RERAISE, 0, 0, 0}, END);

/* try: call(argument)  except: del argument; yield */
static const struct pmm_code handling =
    CODE("handling", 1, 1, {PMM_TRY, 0, 0, 0}, {PMM_CALL, -1, 0, 0},
         {PMM_EXCEPT, -1, PMM_USER, 0}, {PMM_DEL, 0, 0, 0},
         {PMM_YIELD, -1, -1, 0}, END);

/* "Values referenced from a suspended generator's frame are visited, so a
 * generator in a cycle is collected ..." */
MUST(gc, errors_that_are_handled_are_visited,
     "What an error holds is traversed while it is handled", REQ("GC-023"),
     NEEDS(gc, generator, list, frame)) {
  struct maker *raiser = SCRATCH(struct maker);
  const struct pmm_code_call call = {raise_inside, raiser};
  struct pmm_code code = handling;
  raiser->t = t;
  raiser->type = NEW(OPS->function_new(RT, &raising));
  code.calls = &call;
  code.call_count = 1;
  wait_in_a_cycle(t, &code);
}
