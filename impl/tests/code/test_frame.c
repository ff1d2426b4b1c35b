/* SPDX-License-Identifier: MIT */
/* test_frame.c - what codes do: locals, loops, errors, recursion. */
#include "tests/code/lab.h"

/** Run; 1 when it ended with `wanted` after exactly these events. */
static int runs(pmm_rt *rt, const struct pmm_code *code,
                enum pmm_status wanted, const char *words) {
  pmm_obj *result = lab_run(rt, code, NULL, 0);
  int ended = (result != NULL) == (wanted == PMM_OK);
  enum pmm_status status = lab_status(rt);
  pmmi_xrelease(rt, result);
  int same = lab_saw(words);
  if (status != wanted) {
    printf("# status %d, not %d\n", (int)status, (int)wanted);
  }
  return ended && status == wanted && same && lab_clean(rt);
}

#define RUNS(what, wanted, words, ...)                      \
  do {                                                      \
    struct pmm_code code_ = CODE(0, 6, __VA_ARGS__);        \
    tap_ok(runs(rt, &code_, wanted, words), "%s", what);    \
  } while (0)

/* ---- calls of the host -------------------------------------------------- */

/** A new probe; its cookie is the argument. */
static enum pmm_status make_probe(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                  pmm_obj **result) {
  (void)ctx;
  int64_t cookie = 0;
  if (pmmi_int_value(rt, arg, &cookie) != PMM_OK) {
    pmmi_error_clear(rt);
  }
  *result = lab_probe(rt, cookie);
  return *result != NULL ? PMM_OK : pmmi_error(rt);
}

static enum pmm_status raise_user(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                  pmm_obj **result) {
  (void)ctx;
  (void)rt;
  (void)arg;
  (void)result;
  return PMM_USER;
}

static enum pmm_status count_call(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                  pmm_obj **result) {
  (void)rt;
  (void)arg;
  (void)result;
  ++*(int *)ctx;
  return PMM_OK;
}

static const struct pmm_code_call calls[] = {{make_probe, NULL},
                                             {raise_user, NULL}};

static struct pmm_code with_calls(struct pmm_code code) {
  code.calls = calls;
  code.call_count = COUNT(calls);
  return code;
}

/* ---- values ------------------------------------------------------------- */

static void values_are_returned(pmm_rt *rt) {
  struct pmm_code code = CODE(2, 2, MOVE(0, 1), RETURN(0));
  pmm_obj *args[] = {pmmi_int_new(rt, 1000), pmmi_int_new(rt, 2000)};
  tap_ok(lab_int(rt, lab_run(rt, &code, args, 2)) == 2000,
         "arguments are locals, and a local is returned");
  pmm_obj *none = lab_run(rt, &code, args, 1);
  tap_ok(none == NULL && lab_status(rt) == PMM_TYPE,
         "a wrong number of arguments is refused");
  pmmi_release(rt, args[0]);
  pmmi_release(rt, args[1]);
  code = CODE(0, 0, LOG(1));
  pmm_obj *result = lab_run(rt, &code, NULL, 0);
  tap_ok(result == pmmi_none(rt) && lab_saw("L1"), "None by default");
  tap_ok(lab_clean(rt), "nothing stays");
}

static void empty_locals_are_errors(pmm_rt *rt) {
  RUNS("reading an empty local", PMM_RUNTIME, "", MOVE(0, 1));
  RUNS("deleting an empty local", PMM_RUNTIME, "", DEL(0));
  RUNS("deleting twice", PMM_RUNTIME, "L1", INT(0, 5), DEL(0), LOG(1), DEL(0));
  RUNS("returning an empty local", PMM_RUNTIME, "", RETURN(3));
  RUNS("appending to what is no list", PMM_TYPE, "", INT(0, 1), INT(1, 2),
       APPEND(0, 1));
  RUNS("a loop over what is no iterable", PMM_TYPE, "", INT(0, 1), EACH(1, 0),
       END);
}

static void locals_die_with_the_frame(pmm_rt *rt) {
  struct pmm_code code =
      with_calls(CODE(0, 2, INT(0, 3), CALL(1, 0, 0), LOG(1)));
  tap_ok(runs(rt, &code, PMM_OK, "L1 D3"), "a local dies at the end");
  code = with_calls(
      CODE(0, 2, INT(0, 3), CALL(1, 0, 0), DEL(1), LOG(1)));
  tap_ok(runs(rt, &code, PMM_OK, "D3 L1"), "or when it is deleted");
  code = with_calls(
      CODE(0, 2, INT(0, 3), CALL(1, 0, 0), MOVE(0, 1), DEL(1), LOG(1)));
  tap_ok(runs(rt, &code, PMM_OK, "L1 D3"), "an alias keeps it");
  code = with_calls(CODE(0, 2, INT(0, 3), CALL(1, 0, 0), RAISE(PMM_USER)));
  tap_ok(runs(rt, &code, PMM_USER, "D3"), "it dies when the frame fails");
  code = with_calls(CODE(0, 2, INT(0, 3), CALL(1, 0, 0), CALL(1, 0, 0)));
  tap_ok(runs(rt, &code, PMM_OK, "D3 D3"), "a store drops what was there");
  code = with_calls(CODE(0, 2, INT(0, 3), CALL(1, 0, 0), RETURN(1)));
  pmm_obj *kept = lab_run(rt, &code, NULL, 0);
  tap_ok(lab_saw("") && kept != NULL, "a returned object outlives the frame");
  pmmi_xrelease(rt, kept);
  tap_ok(lab_saw("D3") && lab_clean(rt), "and is the caller's");
}

/* ---- loops -------------------------------------------------------------- */

static void loops_repeat(pmm_rt *rt) {
  RUNS("range", PMM_OK, "L1 L1 L1", RANGE(0, 3), LOG(1), END);
  RUNS("an empty range", PMM_OK, "L2", RANGE(0, 0), LOG(1), END, LOG(2));
  RUNS("a negative range", PMM_OK, "", RANGE(0, -3), LOG(1), END);
  RUNS("break", PMM_OK, "L1 L2", RANGE(0, 3), LOG(1), BREAK, END, LOG(2));
  RUNS("continue", PMM_OK, "L1 L1", RANGE(0, 2), LOG(1), CONTINUE, LOG(9),
       END);
  RUNS("break leaves one loop", PMM_OK, "L1 L2 L1 L2", RANGE(0, 2),
       RANGE(1, 5), LOG(1), BREAK, END, LOG(2), END);
  RUNS("continue of the outer loop", PMM_OK, "L1 L2 L1 L2", RANGE(0, 2),
       RANGE(1, 1), LOG(1), END, LOG(2), CONTINUE, LOG(9), END);
  RUNS("if", PMM_OK, "L2 L3", INT(0, 0), INT(1, 5), IF(0), LOG(1), END, IF(1),
       LOG(2), END, LOG(3));
  RUNS("if in a loop", PMM_OK, "L7", RANGE(0, 3), IF(0), LOG(7), BREAK, END,
       END);
}

static void lists_are_filled_and_walked(pmm_rt *rt) {
  struct pmm_code code =
      CODE(1, 3, RANGE(1, 4), APPEND(0, 1), END, EACH(2, 0), LOG(1), IF(2),
           LOG(2), END, END, RETURN(0));
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmm_obj *result = lab_run(rt, &code, &list, 1);
  size_t length = 0;
  pmmi_length(rt, list, &length);
  tap_ok(result == list && length == 4, "a code appends to a list");
  tap_ok(lab_saw("L1 L1 L2 L1 L2 L1 L2"), "and walks it");
  pmmi_xrelease(rt, result);
  pmmi_release(rt, list);
  tap_ok(lab_clean(rt), "nothing stays");
}

/* ---- errors ------------------------------------------------------------- */

static void errors_are_handled(pmm_rt *rt) {
  RUNS("an error leaves the code", PMM_USER, "L1", LOG(1), RAISE(PMM_USER),
       LOG(2));
  RUNS("an except catches it", PMM_OK, "L1 L2", TRY, RAISE(PMM_USER),
       EXCEPT(PMM_USER), LOG(1), END, LOG(2));
  RUNS("an except of another status does not", PMM_USER, "", TRY,
       RAISE(PMM_USER), EXCEPT(PMM_KEY), LOG(1), END, LOG(2));
  RUNS("the first that wants it", PMM_OK, "L2", TRY, RAISE(PMM_USER),
       EXCEPT(PMM_KEY), LOG(1), EXCEPT(PMM_USER), LOG(2), EXCEPT(PMM_OK),
       LOG(3), END);
  RUNS("PMM_OK wants all, exits too", PMM_OK, "L1", TRY, RAISE(PMM_EXIT),
       EXCEPT(PMM_OK), LOG(1), END);
  RUNS("without an error no handler runs", PMM_OK, "L1 L3", TRY, LOG(1),
       EXCEPT(PMM_OK), LOG(2), END, LOG(3));
  RUNS("a handler's error is not its own to catch", PMM_KEY, "", TRY,
       RAISE(PMM_USER), EXCEPT(PMM_OK), RAISE(PMM_KEY), EXCEPT(PMM_KEY),
       LOG(1), END);
  RUNS("reraise", PMM_USER, "L1", TRY, RAISE(PMM_USER), EXCEPT(PMM_OK), LOG(1),
       RERAISE, END);
  RUNS("reraise the outer error behind an inner handler", PMM_USER, "L1", TRY,
       RAISE(PMM_USER), EXCEPT(PMM_OK), TRY, RAISE(PMM_KEY), EXCEPT(PMM_OK),
       LOG(1), END, RERAISE, END);
  RUNS("caught again after a reraise", PMM_OK, "L1 L2", TRY, TRY,
       RAISE(PMM_USER), EXCEPT(PMM_OK), LOG(1), RERAISE, END,
       EXCEPT(PMM_USER), LOG(2), END);
  RUNS("the error's name is empty after its handler", PMM_RUNTIME, "L1", TRY,
       RAISE(PMM_USER), EXCEPT_AS(0, PMM_OK), MOVE(1, 0), LOG(1), END,
       MOVE(2, 0));
}

static void finally_always_runs(pmm_rt *rt) {
  RUNS("at the end", PMM_OK, "L1 L2 L3", TRY, LOG(1), FINALLY, LOG(2), END,
       LOG(3));
  RUNS("on an error", PMM_USER, "L2", TRY, RAISE(PMM_USER), FINALLY, LOG(2),
       END, LOG(3));
  RUNS("on return", PMM_OK, "L2", TRY, RETURN(-1), FINALLY, LOG(2), END,
       LOG(3));
  RUNS("on break", PMM_OK, "L2 L3", RANGE(0, 3), TRY, BREAK, FINALLY, LOG(2),
       END, LOG(9), END, LOG(3));
  RUNS("on continue", PMM_OK, "L2 L2", RANGE(0, 2), TRY, CONTINUE, FINALLY,
       LOG(2), END, LOG(9), END);
  RUNS("behind a handler", PMM_OK, "L1 L2", TRY, RAISE(PMM_USER),
       EXCEPT(PMM_OK), LOG(1), FINALLY, LOG(2), END);
  RUNS("behind a handler that fails", PMM_KEY, "L2", TRY, RAISE(PMM_USER),
       EXCEPT(PMM_OK), RAISE(PMM_KEY), FINALLY, LOG(2), END);
  RUNS("behind a handler that returns", PMM_OK, "L2", TRY, RAISE(PMM_USER),
       EXCEPT(PMM_OK), RETURN(-1), FINALLY, LOG(2), END, LOG(9));
  RUNS("inner before outer", PMM_USER, "L1 L2", TRY, TRY, RAISE(PMM_USER),
       FINALLY, LOG(1), END, FINALLY, LOG(2), END);
  RUNS("return in finally swallows the error", PMM_OK, "L1", TRY,
       RAISE(PMM_USER), FINALLY, LOG(1), RETURN(-1), END);
  RUNS("break in finally swallows the error", PMM_OK, "L1 L3", RANGE(0, 3),
       TRY, RAISE(PMM_USER), FINALLY, LOG(1), BREAK, END, END, LOG(3));
  RUNS("an error in finally replaces the return", PMM_KEY, "", TRY, RETURN(-1),
       FINALLY, RAISE(PMM_KEY), END);
}

static void return_values_survive_finally(pmm_rt *rt) {
  struct pmm_code code = with_calls(CODE(
      0, 3, INT(0, 4), INT(1, 5), TRY, RETURN(0), FINALLY, INT(0, 6), END));
  tap_ok(lab_int(rt, lab_run(rt, &code, NULL, 0)) == 4,
         "what is returned is settled before finally");
  code = CODE(0, 3, INT(0, 4), INT(1, 5), TRY, RETURN(0), FINALLY, RETURN(1),
              END);
  tap_ok(lab_int(rt, lab_run(rt, &code, NULL, 0)) == 5,
         "a return in finally replaces it");
  code = with_calls(CODE(0, 3, INT(0, 4), CALL(0, 0, 0), TRY, RETURN(0),
                         FINALLY, RAISE(PMM_KEY), END));
  tap_ok(runs(rt, &code, PMM_KEY, "D4"), "what is replaced is dropped");
}

/** Status of the context of the error the code ends with. */
static enum pmm_status context_of(pmm_rt *rt, const struct pmm_code *code) {
  pmm_obj *result = lab_run(rt, code, NULL, 0);
  enum pmm_status context = pmmi_error_context(rt);
  pmmi_xrelease(rt, result);
  pmmi_error_clear(rt);
  lab_text[0] = '\0';
  return context;
}

static void errors_have_contexts(pmm_rt *rt) {
  struct pmm_code code = CODE(0, 1, RAISE(PMM_USER));
  tap_ok(context_of(rt, &code) == PMM_OK, "an error by itself has none");
  code = CODE(0, 1, TRY, RAISE(PMM_USER), EXCEPT(PMM_OK), RAISE(PMM_KEY), END);
  tap_ok(context_of(rt, &code) == PMM_USER, "in a handler: what it handles");
  code = CODE(0, 1, TRY, RAISE(PMM_USER), FINALLY, RAISE(PMM_KEY), END);
  tap_ok(context_of(rt, &code) == PMM_USER, "in finally: what is on its way");
  code = CODE(0, 1, TRY, RAISE(PMM_USER), EXCEPT(PMM_OK), RERAISE, END);
  tap_ok(context_of(rt, &code) == PMM_OK, "raised again: what it had");
  code = CODE(0, 1, TRY, RAISE(PMM_USER), EXCEPT(PMM_OK), LOG(1), END,
              RAISE(PMM_KEY));
  tap_ok(context_of(rt, &code) == PMM_OK, "behind a handler: none");
}

static void host_errors_arrive(pmm_rt *rt) {
  struct pmm_code code =
      with_calls(CODE(0, 2, TRY, CALL(0, 1, -1), EXCEPT(PMM_USER), LOG(1), END,
                      CALL(0, 1, -1)));
  tap_ok(runs(rt, &code, PMM_USER, "L1"), "the host may raise");
  pmm_obj *callable = pmmi_callable_new(rt, raise_user, NULL);
  pmm_obj *result = pmmi_call(rt, callable, NULL, 0);
  tap_ok(result == NULL && lab_status(rt) == PMM_USER,
         "through a callable too");
  pmmi_release(rt, callable);
  callable = pmmi_callable_new(rt, make_probe, NULL);
  pmm_obj *cookie = pmmi_int_new(rt, 8);
  result = pmmi_call(rt, callable, &cookie, 1);
  tap_ok(lab_drop(rt, result) && lab_saw("D8"), "a callable gives a result");
  result = pmmi_call(rt, cookie, NULL, 0);
  tap_ok(result == NULL && lab_status(rt) == PMM_TYPE, "an int is no callable");
  pmmi_release(rt, cookie);
  pmmi_release(rt, callable);
  tap_ok(lab_clean(rt), "nothing stays");
}

/* ---- recursion ---------------------------------------------------------- */

static void recursion_is_limited(pmm_rt *rt) {
  int depth = 0;
  struct pmm_code_call count[] = {{count_call, &depth}};
  struct pmm_code code =
      CODE(0, 1, CALL(-1, 0, -1), AGAIN(-1, -1), LOG(9));
  code.calls = count;
  code.call_count = 1;
  tap_ok(runs(rt, &code, PMM_RECURSION, ""), "a code that calls itself fails");
  tap_ok(depth == 1000 && pmmi_recursion_limit(rt) == 1000,
         "after %d calls", depth);
  depth = 0;
  tap_ok(runs(rt, &code, PMM_RECURSION, "") && depth == 1000,
         "the next call goes as deep");
}

/** Every frame down to the limit has a handler; the last one runs. */
static void deep_calls_return(pmm_rt *rt) {
  struct pmm_code code = CODE(1, 2, LOG(1), TRY, AGAIN(1, 0),
                              EXCEPT(PMM_RECURSION), LOG(2), END, RETURN(0));
  pmm_obj *arg = pmmi_int_new(rt, 77777);
  tap_need(arg != NULL);
  pmm_obj *result = lab_run(rt, &code, &arg, 1);
  tap_ok(result == arg, "the deepest handler goes on, and all return");
  pmmi_xrelease(rt, result);
  pmmi_release(rt, arg);
  lab_text[0] = '\0';
  tap_ok(lab_clean(rt), "the stack's memory is back");
}

/* ---- failing allocations ------------------------------------------------ */

static enum pmm_status busy_code(pmm_rt *rt) {
  struct pmm_code code = with_calls(
      CODE(0, 4, INT(0, 7000), CALL(1, 0, 0), TRY, RANGE(2, 300), END, TRY,
           RAISE(PMM_USER), EXCEPT(PMM_USER), CALL(3, 0, 2), END, FINALLY,
           CALL(3, 0, 0), END, RETURN(3)));
  pmm_obj *result = lab_run(rt, &code, NULL, 0);
  lab_text[0] = '\0';
  pmmi_xrelease(rt, result);
  return pmmi_error(rt);
}

static enum pmm_status deep_code(pmm_rt *rt) {
  struct pmm_code code =
      CODE(0, 40, TRY, AGAIN(-1, -1), EXCEPT(PMM_RECURSION), LOG(1), END);
  pmm_obj *result = lab_run(rt, &code, NULL, 0);
  lab_text[0] = '\0';
  pmmi_xrelease(rt, result);
  return pmmi_error(rt);
}

int main(int argc, char **argv) {
  tap_plan(0);
  pmm_rt *rt = lab_open(argc, argv);
  values_are_returned(rt);
  empty_locals_are_errors(rt);
  locals_die_with_the_frame(rt);
  loops_repeat(rt);
  lists_are_filled_and_walked(rt);
  errors_are_handled(rt);
  finally_always_runs(rt);
  return_values_survive_finally(rt);
  errors_have_contexts(rt);
  host_errors_arrive(rt);
  recursion_is_limited(rt);
  deep_calls_return(rt);
  tap_ok(lab_sweep(rt, busy_code) > 10, "every allocation may fail");
  tap_ok(lab_sweep(rt, deep_code) > 10, "on the way down, too");
  pmmi_close(rt);
  return tap_done();
}
