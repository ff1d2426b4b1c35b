/* SPDX-License-Identifier: MIT */
/* test_generator.c - generators: stepping, cleanup, delegation, death. */
#include "tests/code/lab.h"

#include "code/call_on_stack.h"

/** Send None; 1 when this int comes. */
static int gives(pmm_rt *rt, pmm_obj *g, int64_t value) {
  return lab_int(rt, pmmi_generator_send(rt, g, NULL)) == value;
}

/** Send None; the status with which nothing comes. */
static enum pmm_status ends(pmm_rt *rt, pmm_obj *g) {
  pmm_obj *item = pmmi_generator_send(rt, g, NULL);
  pmmi_xrelease(rt, item);
  return item == NULL ? lab_status(rt) : PMM_OK;
}

/** A generator over the code. */
static pmm_obj *made(pmm_rt *rt, struct pmm_code code, pmm_obj *const *args) {
  pmm_obj *g = pmmi_generator_new(rt, &code, args, code.args);
  if (g == NULL) {
    printf("# no generator: %s\n", pmmi_error_message(rt));
  }
  return g;
}

static void steps_one_by_one(pmm_rt *rt) {
  pmm_obj *g = made(rt, CODE(0, 1, LOG(1), RANGE(0, 3), YIELD(0), LOG(2), END),
                    NULL);
  tap_ok(lab_saw(""), "creation runs nothing");
  tap_ok(gives(rt, g, 0) && lab_saw("L1"), "the first step runs to the yield");
  tap_ok(gives(rt, g, 1) && gives(rt, g, 2) && lab_saw("L2 L2"), "so do more");
  tap_ok(!pmmi_generator_finished(rt, g), "it waits");
  tap_ok(ends(rt, g) == PMM_STOP && pmmi_generator_finished(rt, g), "it ends");
  tap_ok(ends(rt, g) == PMM_STOP && lab_saw("L2"), "and stays at its end");
  tap_ok(pmmi_iter(rt, g) == g, "it is its own iterator");
  pmmi_release(rt, g);
  pmmi_release(rt, g);
  tap_ok(lab_clean(rt), "nothing stays");
}

static void values_are_sent(pmm_rt *rt) {
  pmm_obj *g = made(rt, CODE(0, 1, YIELD_TO(0, -1), YIELD_TO(0, 0)), NULL);
  pmm_obj *seven = pmmi_int_new(rt, 7000);
  pmm_obj *item = pmmi_generator_send(rt, g, seven);
  tap_ok(item == NULL && lab_status(rt) == PMM_TYPE,
         "a generator that has not started takes only None");
  pmmi_release(rt, pmmi_generator_send(rt, g, NULL));
  item = pmmi_generator_send(rt, g, seven);
  tap_ok(item == seven, "what is sent is the yield's value");
  pmmi_xrelease(rt, item);
  item = pmmi_generator_send(rt, seven, NULL);
  tap_ok(item == NULL && lab_status(rt) == PMM_TYPE, "an int is none");
  pmmi_release(rt, seven);
  pmmi_release(rt, g);
  tap_ok(lab_clean(rt), "nothing stays");
}

static void throwing_raises_there(pmm_rt *rt) {
  pmm_obj *g = made(rt,
                    CODE(0, 1, TRY, YIELD(-1), EXCEPT(PMM_KEY), LOG(1),
                         INT(0, 9), YIELD(0), END),
                    NULL);
  pmmi_release(rt, pmmi_generator_send(rt, g, NULL));
  tap_ok(lab_int(rt, pmmi_generator_throw(rt, g, PMM_KEY)) == 9 &&
             lab_saw("L1"),
         "an error is thrown where it waits");
  tap_ok(pmmi_generator_throw(rt, g, PMM_USER) == NULL &&
             lab_status(rt) == PMM_USER && pmmi_generator_finished(rt, g),
         "one that nobody catches ends it");
  tap_ok(pmmi_generator_throw(rt, g, PMM_USER) == NULL &&
             lab_status(rt) == PMM_USER,
         "and is raised by a finished one");
  tap_ok(pmmi_generator_throw(rt, g, PMM_OK) == NULL &&
             lab_status(rt) == PMM_VALUE,
         "PMM_OK is no error");
  pmmi_release(rt, g);
  g = made(rt, CODE(0, 1, LOG(1), YIELD(-1)), NULL);
  tap_ok(pmmi_generator_throw(rt, g, PMM_USER) == NULL &&
             lab_status(rt) == PMM_USER && lab_saw("") &&
             ends(rt, g) == PMM_STOP,
         "one that has not started runs nothing and is finished");
  pmmi_release(rt, g);
  g = made(rt, CODE(0, 1, YIELD(-1), RAISE(PMM_STOP)), NULL);
  pmmi_release(rt, pmmi_generator_send(rt, g, NULL));
  tap_ok(ends(rt, g) == PMM_RUNTIME, "STOP out of the body is RUNTIME");
  pmmi_release(rt, g);
  tap_ok(lab_clean(rt), "nothing stays");
}

/* ---- cleanup ------------------------------------------------------------ */

/** Waits in a try whose finally logs 5; argument 0 is a local of it. */
#define GUARDED \
  CODE(1, 1, LOG(1), TRY, YIELD(-1), LOG(9), FINALLY, LOG(5), END)

static void closing_cleans_up(pmm_rt *rt) {
  pmm_obj *probe = lab_probe(rt, 1);
  pmm_obj *g = made(rt, GUARDED, &probe);
  pmmi_release(rt, probe);
  pmmi_release(rt, pmmi_generator_send(rt, g, NULL));
  tap_ok(lab_saw("L1") && pmmi_generator_close(rt, g) == PMM_OK &&
             lab_saw("L5 D1"),
         "close runs finally and drops the locals");
  tap_ok(pmmi_generator_finished(rt, g) &&
             pmmi_generator_close(rt, g) == PMM_OK && lab_saw(""),
         "a second one does nothing");
  tap_ok(ends(rt, g) == PMM_STOP, "stepping is at the end");
  pmmi_release(rt, g);
  probe = lab_probe(rt, 2);
  g = made(rt, GUARDED, &probe);
  pmmi_release(rt, probe);
  tap_ok(pmmi_generator_close(rt, g) == PMM_OK && lab_saw("D2"),
         "one that has not started just drops them");
  pmmi_release(rt, g);
  tap_ok(lab_clean(rt), "nothing stays");
}

static void dropping_cleans_up(pmm_rt *rt) {
  pmm_obj *probe = lab_probe(rt, 1);
  pmm_obj *g = made(rt, GUARDED, &probe);
  pmmi_release(rt, pmmi_generator_send(rt, g, NULL));
  pmmi_release(rt, probe);
  pmmi_release(rt, g);
  tap_ok(lab_saw("L1 L5 D1"), "dropping it runs finally, then drops locals");
  probe = lab_probe(rt, 2);
  g = made(rt, GUARDED, &probe);
  pmmi_release(rt, probe);
  pmmi_release(rt, g);
  tap_ok(lab_saw("D2"), "one that has not started runs nothing");
  probe = lab_probe(rt, 3);
  g = made(rt, CODE(1, 2, RANGE(1, 3), YIELD(1), END, LOG(9)), &probe);
  pmmi_release(rt, pmmi_generator_send(rt, g, NULL));
  pmmi_release(rt, probe);
  pmmi_release(rt, g);
  tap_ok(lab_saw("D3"), "one without cleanup runs nothing either");
  tap_ok(lab_clean(rt), "nothing stays");
}

static void pending_error_survives(pmm_rt *rt) {
  pmm_obj *none = pmmi_none(rt);
  pmm_obj *g = made(rt, GUARDED, &none);
  pmmi_release(rt, pmmi_generator_send(rt, g, NULL));
  pmmi_fail(rt, PMM_BUFFER, "on its way");
  pmmi_release(rt, g);
  tap_ok(lab_saw("L1 L5") && lab_status(rt) == PMM_BUFFER,
         "a pending error survives the cleanup");
}

#define STUBBORN CODE(0, 0, TRY, YIELD(-1), EXCEPT(PMM_EXIT), YIELD(-1), END)

static void ignoring_exit_is_an_error(pmm_rt *rt) {
  pmm_obj *g = made(rt, STUBBORN, NULL);
  pmmi_release(rt, pmmi_generator_send(rt, g, NULL));
  tap_ok(pmmi_generator_close(rt, g) == PMM_RUNTIME &&
             lab_status(rt) == PMM_RUNTIME,
         "close says so");
  pmmi_release(rt, g);
  g = made(rt, STUBBORN, NULL);
  pmmi_release(rt, pmmi_generator_send(rt, g, NULL));
  lab_text[0] = '\0';
  pmmi_release(rt, g);
  tap_ok(lab_saw("U7"), "on drop it is unraisable");
  g = made(rt, CODE(0, 0, TRY, YIELD(-1), FINALLY, RAISE(PMM_KEY), END), NULL);
  pmmi_release(rt, pmmi_generator_send(rt, g, NULL));
  tap_ok(pmmi_generator_close(rt, g) == PMM_KEY && lab_status(rt) == PMM_KEY,
         "another error is raised by close");
  pmmi_release(rt, g);
  tap_ok(lab_clean(rt), "nothing stays");
}

static void ends_release_locals(pmm_rt *rt) {
  pmm_obj *probe = lab_probe(rt, 1);
  pmm_obj *g = made(rt, CODE(1, 1, YIELD(-1)), &probe);
  pmmi_release(rt, probe);
  pmmi_release(rt, pmmi_generator_send(rt, g, NULL));
  tap_ok(lab_saw("") && ends(rt, g) == PMM_STOP && lab_saw("D1"),
         "a normal end drops the locals at once");
  pmmi_release(rt, g);
  probe = lab_probe(rt, 2);
  g = made(rt, CODE(1, 1, RAISE(PMM_USER), YIELD(-1)), &probe);
  pmmi_release(rt, probe);
  tap_ok(ends(rt, g) == PMM_USER && lab_saw("D2"), "so does an error");
  pmmi_release(rt, g);
  tap_ok(lab_clean(rt), "nothing stays");
}

/* ---- re-entry ----------------------------------------------------------- */

static pmm_obj *current;

static enum pmm_status step_current(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                    pmm_obj **result) {
  (void)arg;
  if (*(int *)ctx == 0) {
    return pmmi_generator_close(rt, current);
  }
  *result = pmmi_generator_send(rt, current, NULL);
  return pmmi_error(rt);
}

static void reentry_is_refused(pmm_rt *rt) {
  for (int steps = 0; steps < 2; steps++) {
    struct pmm_code_call call[] = {{step_current, &steps}};
    struct pmm_code code = CODE(0, 1, CALL(0, 0, -1), YIELD(-1));
    code.calls = call;
    code.call_count = 1;
    current = made(rt, code, NULL);
    tap_ok(ends(rt, current) == PMM_VALUE, "%s a running generator",
           steps ? "stepping" : "closing");
    pmmi_release(rt, current);
  }
  tap_ok(lab_clean(rt), "nothing stays");
}

/* ---- delegation --------------------------------------------------------- */

/** Yields 10 and 20, returns 30; its finally logs 1. */
#define INNER                                                               \
  CODE(0, 1, TRY, INT(0, 10), YIELD(0), INT(0, 20), YIELD(0), INT(0, 30),   \
       RETURN(0), FINALLY, LOG(1), END)
/** Yields from its argument, then what that returned; its finally logs 2. */
#define OUTER CODE(1, 2, TRY, FROM(1, 0), YIELD(1), FINALLY, LOG(2), END)

static pmm_obj *outer_over(pmm_rt *rt, pmm_obj *inner) {
  pmm_obj *outer = made(rt, OUTER, &inner);
  pmmi_release(rt, inner);
  return outer;
}

static void delegation_passes_on(pmm_rt *rt) {
  pmm_obj *g = outer_over(rt, outer_over(rt, made(rt, INNER, NULL)));
  tap_ok(gives(rt, g, 10) && gives(rt, g, 20), "items come through");
  tap_ok(gives(rt, g, 30) && lab_saw("L1"), "the result is yield from's value");
  pmm_obj *item = pmmi_generator_send(rt, g, NULL);
  tap_ok(item == pmmi_none(rt) && lab_saw("L2"), "None where there is none");
  tap_ok(ends(rt, g) == PMM_STOP && lab_saw("L2"), "and it ends");
  pmmi_release(rt, g);
  pmm_obj *numbers[] = {pmmi_int_new(rt, 1), pmmi_int_new(rt, 2)};
  g = outer_over(rt, pmmi_list_from(rt, numbers, 2));
  tap_ok(gives(rt, g, 1) && gives(rt, g, 2), "a list can be delegated to");
  item = pmmi_generator_send(rt, g, NULL);
  tap_ok(item == pmmi_none(rt), "its result is None");
  pmmi_release(rt, g);
  g = outer_over(rt, pmmi_list_from(rt, numbers, 2));
  tap_ok(gives(rt, g, 1), "a list takes no values,");
  item = pmmi_generator_send(rt, g, numbers[1]);
  tap_ok(item == NULL && lab_status(rt) == PMM_TYPE, "so sending fails");
  pmmi_release(rt, g);
  lab_text[0] = '\0';
  tap_ok(lab_clean(rt), "nothing stays");
}

static void delegation_closes_inner_first(pmm_rt *rt) {
  pmm_obj *g = outer_over(rt, made(rt, INNER, NULL));
  pmmi_release(rt, pmmi_generator_send(rt, g, NULL));
  tap_ok(pmmi_generator_close(rt, g) == PMM_OK && lab_saw("L1 L2"),
         "closing the outer closes the inner first");
  pmmi_release(rt, g);
  g = outer_over(rt, made(rt, INNER, NULL));
  pmmi_release(rt, pmmi_generator_send(rt, g, NULL));
  pmmi_release(rt, g);
  tap_ok(lab_saw("L1 L2"), "so does dropping it");
  g = outer_over(rt, made(rt, INNER, NULL));
  pmmi_release(rt, pmmi_generator_send(rt, g, NULL));
  tap_ok(pmmi_generator_throw(rt, g, PMM_KEY) == NULL &&
             lab_status(rt) == PMM_KEY && lab_saw("L1 L2"),
         "an error is thrown into the inner");
  pmmi_release(rt, g);
  g = outer_over(rt, made(rt, STUBBORN, NULL));
  pmmi_release(rt, pmmi_generator_send(rt, g, NULL));
  tap_ok(pmmi_generator_close(rt, g) == PMM_RUNTIME &&
             lab_status(rt) == PMM_RUNTIME && lab_saw("L2"),
         "an inner one that ignores its exit is an error of the outer");
  pmmi_release(rt, g);
  tap_ok(lab_clean(rt), "nothing stays");
}

static void shared_inner_generators(pmm_rt *rt) {
  pmm_obj *inner = made(rt, INNER, NULL);
  pmmi_release(rt, pmmi_generator_send(rt, inner, NULL));
  tap_ok(pmmi_generator_close(rt, inner) == PMM_OK && lab_saw("L1"), "closed");
  pmmi_retain(rt, inner);
  pmm_obj *g = outer_over(rt, inner);
  pmm_obj *item = pmmi_generator_send(rt, g, NULL);
  tap_ok(item == pmmi_none(rt), "delegating to a finished one gives None");
  pmmi_release(rt, g);
  struct pmm_code code = CODE(1, 2, EACH(1, 0), LOG(9), END, LOG(3));
  pmm_obj *result = lab_run(rt, &code, &inner, 1);
  tap_ok(result == pmmi_none(rt) && lab_saw("L2 L3"),
         "a loop over a finished one ends at once");
  pmmi_release(rt, inner);
  tap_ok(lab_clean(rt), "nothing stays");
}

static void pipelines_are_lazy(pmm_rt *rt) {
  pmm_obj *source = made(
      rt, CODE(0, 1, RANGE(0, 9), LOG(1), YIELD(0), END), NULL);
  pmm_obj *odd = made(
      rt, CODE(1, 2, EACH(1, 0), IF(1), YIELD(1), END, END), &source);
  pmmi_release(rt, source);
  tap_ok(lab_saw(""), "a chain of generators starts nothing");
  tap_ok(gives(rt, odd, 1) && lab_saw("L1 L1"), "it pulls what it needs");
  pmmi_release(rt, odd);
  tap_ok(lab_clean(rt), "nothing stays");
}

static void breaking_a_loop_closes(pmm_rt *rt) {
  struct pmm_code code =
      CODE(1, 3, MOVE(1, 0), DEL(0), EACH(2, 1), LOG(2), BREAK, END, LOG(3),
           DEL(1), LOG(4));
  pmm_obj *g = made(rt, INNER, NULL);
  pmm_obj *function = pmmi_function_new(rt, &code);
  pmm_obj *result = pmmi_call(rt, function, &g, 1);
  pmmi_release(rt, g);
  pmmi_xrelease(rt, result);
  pmmi_release(rt, function);
  tap_ok(lab_saw("L2 L3 L4 L1"), "a loop's generator is closed when dropped");
  tap_ok(lab_clean(rt), "nothing stays");
}

static void recursive_generators(pmm_rt *rt) {
  struct pmm_code code =
      CODE(0, 1, AGAIN(0, -1), LOG(1), EACH(0, 0), LOG(9), END, YIELD(-1));
  pmm_obj *g = made(rt, code, NULL);
  lab_text[0] = '\0';
  tap_ok(ends(rt, g) == PMM_RECURSION, "nested loops are limited");
  lab_text[0] = '\0';
  pmmi_release(rt, g);
  tap_ok(lab_clean(rt), "nothing stays");
}

/* ---- memory ------------------------------------------------------------- */

static void size_is_constant(pmm_rt *rt) {
  size_t before = 0;
  size_t after = 0;
  size_t wider = 0;
  pmm_obj *g = made(rt, CODE(0, 1, RANGE(0, 100000), YIELD(0), END), NULL);
  pmmi_size_of(rt, g, &before);
  while (ends(rt, g) == PMM_OK) {
  }
  pmmi_size_of(rt, g, &after);
  tap_ok(before == after, "%zu bytes, before and after", before);
  pmmi_release(rt, g);
  g = made(rt, CODE(0, 2, RANGE(0, 10), YIELD(0), END), NULL);
  pmmi_size_of(rt, g, &wider);
  tap_ok(wider == before + 8, "8 bytes more for one more local");
  pmmi_release(rt, g);
  tap_ok(lab_clean(rt), "nothing stays");
}

static void weak_references_work(pmm_rt *rt) {
  pmm_obj *g = made(rt, CODE(0, 1, YIELD(-1)), NULL);
  pmm_obj *weak = pmmi_weakref_new(rt, g, NULL, NULL, 0);
  tap_ok(weak != NULL && pmmi_weakref_count(rt, g) == 1, "it has one");
  pmmi_release(rt, g);
  tap_ok(pmmi_weakref_get(rt, weak) == NULL && !pmmi_error_pending(rt),
         "which is dead with it");
  pmmi_release(rt, weak);
  tap_ok(lab_clean(rt), "nothing stays");
}

static void cycles_are_closed(pmm_rt *rt) {
  pmm_obj *probe = lab_probe(rt, 1);
  pmm_obj *g = made(rt, GUARDED, &probe);
  pmmi_slot_set(rt, probe, 0, g);
  pmmi_release(rt, probe);
  pmmi_release(rt, pmmi_generator_send(rt, g, NULL));
  pmmi_release(rt, g);
  tap_ok(lab_saw("L1"), "a generator in a cycle lives on");
  uint64_t found = 0;
  pmmi_collect(rt, 2, &found);
  tap_ok(lab_saw("L5 D1") && lab_clean(rt), "until a collection closes it");
}

/** Counts LOG events instead of keeping them. */
static int64_t logged;

static void count_event(void *ctx, enum pmm_event_kind kind, int64_t cookie,
                        int64_t detail) {
  (void)ctx;
  (void)cookie;
  (void)detail;
  logged += kind == PMM_EVENT_LOG;
}

static enum pmm_status drop_it(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)arg;
  pmmi_release(rt, ctx);
  return PMM_OK;
}

static void deep_chains_are_dropped(pmm_rt *rt) {
  struct pmm_code code = GUARDED;
  pmm_obj *chain = pmmi_none(rt);
  pmm_obj *function = pmmi_function_new(rt, &code);
  void (*event)(void *, enum pmm_event_kind, int64_t, int64_t) =
      pmmi_memory_state(rt)->host.event;
  pmmi_memory_state(rt)->host.event = count_event;
  for (int i = 0; i < 50000; i++) {
    pmm_obj *g = pmmi_call(rt, function, &chain, 1);
    pmmi_release(rt, pmmi_generator_send(rt, g, NULL));
    pmmi_release(rt, chain);
    chain = g;
  }
  logged = 0;
  tap_ok(pmmi_call_on_stack(rt, 256 * 1024, drop_it, chain) == PMM_OK &&
             logged == 50000,
         "50000 nested generators are closed on a small stack");
  pmmi_memory_state(rt)->host.event = event;
  pmmi_release(rt, function);
  tap_ok(lab_clean(rt), "nothing stays");
}

static void deep_delegation_is_closed(pmm_rt *rt) {
  pmm_obj *chain = made(rt, INNER, NULL);
  for (int i = 0; i < 900; i++) {
    chain = outer_over(rt, chain);
  }
  tap_ok(gives(rt, chain, 10), "900 generators delegate to one another");
  lab_text[0] = '\0';
  tap_ok(pmmi_call_on_stack(rt, 64 * 1024, drop_it, chain) == PMM_OK &&
             strncmp(lab_text, " L1 L2 L2", 9) == 0,
         "and are closed, innermost first, without C stack");
  lab_text[0] = '\0';
  tap_ok(lab_clean(rt), "nothing stays");
}

/* ---- failing allocations ------------------------------------------------ */

static enum pmm_status chunks_job(pmm_rt *rt) {
  struct pmm_code inner_code = INNER;
  struct pmm_code outer_code = OUTER;
  pmm_obj *inner = pmmi_generator_new(rt, &inner_code, NULL, 0);
  if (inner == NULL) {
    return pmmi_error(rt);
  }
  pmm_obj *outer = pmmi_generator_new(rt, &outer_code, &inner, 1);
  pmmi_release(rt, inner);
  pmm_obj *list = outer != NULL ? pmmi_list_convert(rt, outer) : NULL;
  pmmi_xrelease(rt, list);
  pmmi_xrelease(rt, outer);
  return pmmi_error(rt);
}

static enum pmm_status range_job(pmm_rt *rt) {
  struct pmm_code code = CODE(0, 1, RANGE(0, 400), YIELD(0), END);
  pmm_obj *g = pmmi_generator_new(rt, &code, NULL, 0);
  pmm_obj *list = g != NULL ? pmmi_list_convert(rt, g) : NULL;
  pmmi_xrelease(rt, list);
  pmmi_xrelease(rt, g);
  return pmmi_error(rt);
}

int main(int argc, char **argv) {
  tap_plan(0);
  pmm_rt *rt = lab_open(argc, argv);
  steps_one_by_one(rt);
  values_are_sent(rt);
  throwing_raises_there(rt);
  closing_cleans_up(rt);
  dropping_cleans_up(rt);
  pending_error_survives(rt);
  ignoring_exit_is_an_error(rt);
  ends_release_locals(rt);
  reentry_is_refused(rt);
  delegation_passes_on(rt);
  delegation_closes_inner_first(rt);
  shared_inner_generators(rt);
  pipelines_are_lazy(rt);
  breaking_a_loop_closes(rt);
  recursive_generators(rt);
  size_is_constant(rt);
  weak_references_work(rt);
  cycles_are_closed(rt);
  deep_chains_are_dropped(rt);
  deep_delegation_is_closed(rt);
  tap_ok(lab_sweep(rt, chunks_job) > 10, "every allocation may fail");
  tap_ok(lab_sweep(rt, range_job) > 100, "in the middle of a loop, too");
  pmmi_close(rt);
  return tap_done();
}
