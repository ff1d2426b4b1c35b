/* SPDX-License-Identifier: MIT */
/*
 * test_exception.c - exceptions that clauses name, and the frames they keep.
 *
 * A probe (cookie 4) is the argument of each code; when it dies tells how long
 * its frame was kept.
 */
#include "tests/code/lab.h"

#include "code/exception.h"

#define CATCH(local) TRY, RAISE(PMM_USER), EXCEPT_AS(local, PMM_USER)

/** Run the code with a probe that nobody else holds. */
static pmm_obj *run_with_probe(pmm_rt *rt, const struct pmm_code *code) {
  pmm_obj *probe = lab_probe(rt, 4);
  pmm_obj *result = probe != NULL ? lab_run(rt, code, &probe, 1) : NULL;
  pmmi_xrelease(rt, probe);
  return result;
}

static void names_are_emptied(pmm_rt *rt) {
  struct pmm_code code = CODE(1, 2, CATCH(1), LOG(1), END);
  tap_ok(lab_drop(rt, run_with_probe(rt, &code)) && lab_saw("L1 D4"),
         "an exception that nobody keeps keeps no frame");
  tap_ok(lab_clean(rt), "and leaves nothing");
}

static void kept_is_a_cycle(pmm_rt *rt) {
  struct pmm_code code = CODE(1, 3, CATCH(1), MOVE(2, 1), END);
  tap_ok(lab_drop(rt, run_with_probe(rt, &code)) && lab_saw(""),
         "kept in its frame it waits for the collector");
  uint64_t found = 0;
  tap_ok(pmmi_collect(rt, 2, &found) == PMM_OK && found == 4,
         "which finds exception, list, frame and the local");
  tap_ok(lab_saw("D4") && lab_clean(rt), "and frees them");
  code = CODE(1, 4, CATCH(1), MOVE(2, 1), END, MOVE(3, 0), DEL(0));
  tap_ok(lab_drop(rt, run_with_probe(rt, &code)) && lab_saw(""),
         "what is stored after the clause is kept too");
  tap_ok(lab_clean(rt) && lab_saw("D4"), "and goes with it");
}

/** Of a captured local the frame keeps the cell. */
static void cells_are_kept(pmm_rt *rt) {
  struct pmm_code inner = CODE(0, 1, RETURN(0));
  const struct pmm_code *const inside[] = {&inner};
  struct pmm_code code =
      CODE(1, 4, {PMM_CLOSURE, 3, 0, 0}, CATCH(1), MOVE(2, 1), END);
  inner.captured = 1;
  code.captured = 5; /* the argument, and where the exception is kept       */
  code.codes = inside;
  code.code_count = 1;
  tap_ok(lab_drop(rt, run_with_probe(rt, &code)) && lab_saw(""),
         "a cell in a kept frame waits");
  tap_ok(lab_clean(rt) && lab_saw("D4"), "and is collected");
}

static void returned_keeps_the_frame(pmm_rt *rt) {
  struct pmm_code code = CODE(1, 2, CATCH(1), RETURN(1), END);
  pmm_obj *exception = run_with_probe(rt, &code);
  tap_ok(exception && exception->type == &pmmi_exception_type && lab_saw(""),
         "an exception that is returned keeps its frame");
  pmmi_xrelease(rt, exception);
  tap_ok(lab_saw("D4") && lab_clean(rt), "and drops it without a collection");
}

/* ---- errors that are raised again --------------------------------------- */

/** Frames in the traceback of a list's item. */
static size_t frames_of(pmm_rt *rt, pmm_obj *list, size_t index) {
  pmm_obj *o = pmmi_list_get(rt, list, index);
  size_t length = 0;
  if (o != NULL && o->type == &pmmi_exception_type) {
    struct pmmi_exception *e = (struct pmmi_exception *)(void *)o;
    (void)pmmi_length(rt, e->frames, &length);
  }
  return length;
}

static enum pmm_status call_function(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                     pmm_obj **result) {
  *result = pmmi_call(rt, ctx, &arg, 1);
  return pmmi_error(rt);
}

/** A code that catches, appends to its argument and raises again; one around
 *  it, through C, that catches and appends too.  The list, or NULL. */
static pmm_obj *catch_twice(pmm_rt *rt) {
  struct pmm_code inner =
      CODE(1, 2, CATCH(1), APPEND(0, 1), RERAISE, END);
  struct pmm_code outer = CODE(1, 2, TRY, CALL(-1, 0, 0),
                               EXCEPT_AS(1, PMM_USER), APPEND(0, 1), END);
  pmm_obj *function = pmmi_function_new(rt, &inner);
  pmm_obj *list = function != NULL ? pmmi_list_new(rt, 0) : NULL;
  if (list != NULL) {
    const struct pmm_code_call call = {call_function, function};
    outer.calls = &call;
    outer.call_count = 1;
    if (!lab_drop(rt, lab_run(rt, &outer, &list, 1))) {
      pmmi_clear(rt, &list);
    }
  }
  pmmi_xrelease(rt, function);
  return list;
}

static void raised_again_is_the_same(pmm_rt *rt) {
  pmm_obj *list = catch_twice(rt);
  tap_ok(list && pmmi_list_get(rt, list, 0) == pmmi_list_get(rt, list, 1),
         "an error that is raised again keeps its exception");
  tap_ok(list && frames_of(rt, list, 0) == 2,
         "each frame that named it is in its traceback");
  pmmi_xrelease(rt, list);
  tap_ok(lab_clean(rt), "both frames hold the list: collected");
  struct pmm_code code = CODE(1, 2, CATCH(1), RERAISE, END);
  tap_ok(run_with_probe(rt, &code) == NULL && lab_saw(""),
         "a pending error keeps the frame it was named in");
  tap_ok(lab_status(rt) == PMM_USER && lab_saw("D4") && lab_clean(rt),
         "until it is cleared");
}

/* ---- generators --------------------------------------------------------- */

/** A generator that yields the exception it handles. */
static pmm_obj *handling(pmm_rt *rt, pmm_obj *arg) {
  struct pmm_code code = CODE(1, 3, CATCH(1), YIELD(1), END, YIELD(0));
  return pmmi_generator_new(rt, &code, &arg, 1);
}

static void generators_hand_over(pmm_rt *rt) {
  pmm_obj *probe = lab_probe(rt, 4);
  pmm_obj *generator = handling(rt, probe);
  pmm_obj *exception = generator ? pmmi_next(rt, generator) : NULL;
  pmmi_xrelease(rt, probe);
  pmmi_xrelease(rt, generator);
  tap_ok(exception && lab_saw(""),
         "an exception keeps the frame of a generator that is gone");
  pmmi_xrelease(rt, exception);
  tap_ok(lab_saw("D4") && lab_clean(rt), "and drops it");
}

/** The list holds the generator, whose frame holds the list; the generator
 *  waits inside the clause, or behind it with the exception in a local. */
static void generators_are_collected(pmm_rt *rt) {
  struct pmm_code code =
      CODE(1, 3, CATCH(1), MOVE(2, 1), YIELD(1), END, YIELD(0));
  for (int rounds = 1; rounds <= 2; rounds++) {
    pmm_obj *list = pmmi_list_new(rt, 0);
    pmm_obj *generator = pmmi_generator_new(rt, &code, &list, 1);
    (void)pmmi_list_append(rt, list, generator);
    for (int i = 0; i < rounds; i++) {
      pmmi_xrelease(rt, pmmi_next(rt, generator));
    }
    pmmi_xrelease(rt, generator);
    pmmi_xrelease(rt, list);
    tap_ok(lab_clean(rt), "garbage that waits at yield %d is collected",
           rounds);
  }
}

/* ---- memory ------------------------------------------------------------- */

static void only_who_names_pays(pmm_rt *rt) {
  struct pmm_code named = CODE(0, 1, CATCH(0), END);
  struct pmm_code unnamed = CODE(0, 1, CATCH(-1), END);
  struct pmmi_code *a = pmmi_code_new(rt, &named);
  struct pmmi_code *b = pmmi_code_new(rt, &unnamed);
  tap_ok(a && b && a->frame_bytes == b->frame_bytes + 8,
         "a frame that names no error has no room for an object");
  pmmi_release(rt, &a->base);
  pmmi_release(rt, &b->base);
  pmm_obj *function = pmmi_function_new(rt, &unnamed);
  pmmi_inject_arm(rt, 1, 1);
  pmm_obj *result = pmmi_call(rt, function, NULL, 0);
  tap_ok(result != NULL && pmmi_inject_disarm(rt) == 0,
         "raising and catching without a name takes no memory");
  pmmi_xrelease(rt, result);
  pmmi_release(rt, function);
  tap_ok(lab_clean(rt), "and leaves nothing");
}

static void naming_may_fail(pmm_rt *rt) {
  struct pmm_code code =
      CODE(0, 1, CATCH(0), LOG(1), EXCEPT(PMM_NO_MEMORY), LOG(2), FINALLY,
           LOG(3), END);
  pmm_obj *function = pmmi_function_new(rt, &code);
  pmmi_inject_arm(rt, 1, 0);
  pmm_obj *result = pmmi_call(rt, function, NULL, 0);
  (void)pmmi_inject_disarm(rt);
  tap_ok(result == NULL && pmmi_error_context(rt) == PMM_USER,
         "an error that cannot be named is the context of that failure");
  tap_ok(lab_status(rt) == PMM_NO_MEMORY && lab_saw("L3"),
         "which leaves the clause, through finally");
  pmmi_release(rt, function);
  tap_ok(lab_clean(rt), "and leaves nothing");
}

static enum pmm_status keep_one(pmm_rt *rt) {
  struct pmm_code code = CODE(1, 3, CATCH(1), MOVE(2, 1), END);
  (void)lab_drop(rt, run_with_probe(rt, &code));
  return pmmi_error(rt);
}

static enum pmm_status keep_two(pmm_rt *rt) {
  (void)lab_drop(rt, catch_twice(rt));
  return pmmi_error(rt);
}

int main(int argc, char **argv) {
  tap_plan(0);
  pmm_rt *rt = lab_open(argc, argv);
  names_are_emptied(rt);
  kept_is_a_cycle(rt);
  cells_are_kept(rt);
  returned_keeps_the_frame(rt);
  raised_again_is_the_same(rt);
  generators_hand_over(rt);
  generators_are_collected(rt);
  only_who_names_pays(rt);
  naming_may_fail(rt);
  tap_ok(lab_sweep(rt, keep_one) > 10, "every allocation may fail");
  tap_ok(lab_sweep(rt, keep_two) > 10, "of a longer traceback too");
  pmmi_close(rt);
  return tap_done();
}
