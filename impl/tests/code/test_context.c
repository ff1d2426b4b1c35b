/* SPDX-License-Identifier: MIT */
/* test_context.c - with blocks, managers from generators, exit stacks. */
#include "tests/code/lab.h"

/** What an exit is to do. */
struct plan {
  int suppress;
  enum pmm_status raise;
  enum pmm_status seen; /* what left the block                              */
};

static enum pmm_status planned_exit(void *ctx, pmm_rt *rt,
                                    enum pmm_status error, int *suppress) {
  struct plan *plan = ctx;
  plan->seen = pmmi_error_pending(rt) ? PMM_SYSTEM : error;
  *suppress = plan->suppress;
  return plan->raise;
}

static enum pmm_status failing_enter(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                     pmm_obj **result) {
  (void)ctx;
  (void)rt;
  (void)arg;
  (void)result;
  return PMM_KEY;
}

static enum pmm_status seven_enter(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                   pmm_obj **result) {
  (void)ctx;
  (void)arg;
  *result = pmmi_int_new(rt, 7777);
  return *result != NULL ? PMM_OK : pmmi_error(rt);
}

/** Run a code with managers as arguments; its status, nothing pending. */
static enum pmm_status run(pmm_rt *rt, struct pmm_code code,
                           pmm_obj *const *managers) {
  pmm_obj *result = lab_run(rt, &code, managers, code.args);
  enum pmm_status status = lab_status(rt);
  pmmi_xrelease(rt, result);
  return status;
}

static void exit_runs_on_every_way(pmm_rt *rt) {
  struct plan plan = {0, PMM_OK, PMM_OK};
  pmm_obj *m = pmmi_manager_new(rt, NULL, planned_exit, &plan, 3);
  tap_ok(run(rt, CODE(1, 2, WITH(-1, 0), LOG(1), END, LOG(2)), &m) == PMM_OK &&
             lab_saw("N3 L1 X3:0 L2"),
         "at the end");
  tap_ok(run(rt, CODE(1, 2, WITH(-1, 0), RETURN(-1), END, LOG(2)), &m) ==
                 PMM_OK &&
             lab_saw("N3 X3:0"),
         "on return");
  tap_ok(run(rt, CODE(1, 2, RANGE(1, 3), WITH(-1, 0), BREAK, END, END, LOG(2)),
             &m) == PMM_OK &&
             lab_saw("N3 X3:0 L2"),
         "on break");
  tap_ok(run(rt, CODE(1, 2, RANGE(1, 2), WITH(-1, 0), CONTINUE, END, END),
             &m) == PMM_OK &&
             lab_saw("N3 X3:0 N3 X3:0"),
         "on continue");
  tap_ok(run(rt, CODE(1, 2, WITH(-1, 0), RAISE(PMM_USER), END, LOG(2)), &m) ==
                 PMM_USER &&
             lab_saw("N3 X3:14") && plan.seen == PMM_USER,
         "on an error, which it is told while none is pending");
  pmmi_release(rt, m);
  tap_ok(lab_clean(rt), "nothing stays");
}

static void exit_decides(pmm_rt *rt) {
  struct plan plan = {1, PMM_OK, PMM_OK};
  struct pmm_code code = CODE(1, 2, WITH(-1, 0), RAISE(PMM_USER), END, LOG(2));
  pmm_obj *m = pmmi_manager_new(rt, NULL, planned_exit, &plan, 3);
  tap_ok(run(rt, code, &m) == PMM_OK && lab_saw("N3 X3:14 L2"),
         "it may swallow the error");
  plan = (struct plan){0, PMM_KEY, PMM_OK};
  pmm_obj *result = lab_run(rt, &code, &m, 1);
  tap_ok(result == NULL && pmmi_error_context(rt) == PMM_USER &&
             lab_status(rt) == PMM_KEY,
         "its own error replaces it and keeps it as context");
  lab_text[0] = '\0';
  tap_ok(run(rt, CODE(1, 2, WITH(-1, 0), RETURN(0), END), &m) == PMM_KEY,
         "or replaces what is returned");
  pmmi_release(rt, m);
  lab_text[0] = '\0';
  m = pmmi_manager_new(rt, failing_enter, planned_exit, &plan, 4);
  tap_ok(run(rt, code, &m) == PMM_KEY && lab_saw("N4"),
         "a failed enter is not exited");
  pmmi_release(rt, m);
  m = pmmi_int_new(rt, 5);
  tap_ok(run(rt, code, &m) == PMM_TYPE, "an int is no manager");
  m = pmmi_manager_new(rt, NULL, NULL, NULL, 0);
  tap_ok(m == NULL && lab_status(rt) == PMM_VALUE, "a manager has an exit");
  tap_ok(lab_clean(rt), "nothing stays");
}

static void enter_gives_a_value(pmm_rt *rt) {
  struct plan plan = {0, PMM_OK, PMM_OK};
  struct pmm_code code = CODE(1, 2, WITH(1, 0), END, RETURN(1));
  pmm_obj *m = pmmi_manager_new(rt, seven_enter, planned_exit, &plan, 1);
  tap_ok(lab_int(rt, lab_run(rt, &code, &m, 1)) == 7777, "the host's");
  pmmi_release(rt, m);
  m = pmmi_manager_new(rt, NULL, planned_exit, &plan, 1);
  tap_need(m != NULL);
  pmm_obj *result = lab_run(rt, &code, &m, 1);
  tap_ok(result == m, "the manager itself where there is no enter");
  pmmi_xrelease(rt, result);
  pmmi_release(rt, m);
  lab_text[0] = '\0';
  tap_ok(lab_clean(rt), "nothing stays");
}

static void nesting_unwinds_in_reverse(pmm_rt *rt) {
  struct plan plan = {0, PMM_OK, PMM_OK};
  pmm_obj *m[] = {pmmi_manager_new(rt, NULL, planned_exit, &plan, 1),
                  pmmi_manager_new(rt, NULL, planned_exit, &plan, 2),
                  pmmi_manager_new(rt, failing_enter, planned_exit, &plan, 3)};
  tap_ok(run(rt, CODE(3, 3, WITH(-1, 0), WITH(-1, 1), LOG(5), END, END), m) ==
                 PMM_OK &&
             lab_saw("N1 N2 L5 X2:0 X1:0"),
         "two in one another");
  tap_ok(run(rt,
             CODE(3, 3, WITH(-1, 0), WITH(-1, 1), WITH(-1, 2), END, END, END),
             m) == PMM_KEY &&
             lab_saw("N1 N2 N3 X2:5 X1:5"),
         "a later enter that fails exits the earlier ones");
  tap_ok(run(rt, CODE(3, 3, WITH(-1, 0), TRY, RAISE(PMM_USER), FINALLY,
                      LOG(1), END, END),
             m) == PMM_USER &&
             lab_saw("N1 L1 X1:14"),
         "finally inside comes first");
  for (size_t i = 0; i < COUNT(m); i++) {
    pmmi_release(rt, m[i]);
  }
  tap_ok(lab_clean(rt), "nothing stays");
}

static void generators_hold_managers(pmm_rt *rt) {
  struct plan plan = {0, PMM_OK, PMM_OK};
  pmm_obj *m = pmmi_manager_new(rt, NULL, planned_exit, &plan, 1);
  struct pmm_code code = CODE(1, 1, WITH(-1, 0), YIELD(-1), END);
  pmm_obj *g = pmmi_generator_new(rt, &code, &m, 1);
  pmmi_release(rt, pmmi_next(rt, g));
  pmmi_release(rt, g);
  tap_ok(lab_saw("N1 X1:10"), "a dropped generator exits with EXIT");
  pmmi_release(rt, m);
  tap_ok(lab_clean(rt), "nothing stays");
}

/* ---- managers from generators ------------------------------------------- */

/** A manager over the code; the code makes a generator. */
static pmm_obj *manager_over(pmm_rt *rt, struct pmm_code code) {
  pmm_obj *function = pmmi_function_new(rt, &code);
  pmm_obj *m = function ? pmmi_manager_from_generator(rt, function) : NULL;
  pmmi_xrelease(rt, function);
  return m;
}

#define FAILS CODE(1, 2, WITH(1, 0), LOG(5), RAISE(PMM_USER), END, LOG(6))
#define PASSES CODE(1, 2, WITH(1, 0), LOG(5), END, LOG(6))

/** Run `code` in a with block of a manager over `managing`. */
static enum pmm_status within(pmm_rt *rt, struct pmm_code managing,
                              struct pmm_code code) {
  pmm_obj *m = manager_over(rt, managing);
  enum pmm_status status = m != NULL ? run(rt, code, &m) : lab_status(rt);
  pmmi_xrelease(rt, m);
  return status;
}

static void generators_manage(pmm_rt *rt) {
  tap_ok(within(rt, CODE(0, 1, LOG(1), TRY, YIELD(-1), FINALLY, LOG(2), END),
                PASSES) == PMM_OK &&
             lab_saw("L1 L5 L2 L6"),
         "its parts run before and after the block");
  tap_ok(within(rt, CODE(0, 1, LOG(1), TRY, YIELD(-1), FINALLY, LOG(2), END),
                FAILS) == PMM_USER &&
             lab_saw("L1 L5 L2"),
         "its cleanup runs on an error, which goes on");
  tap_ok(within(rt, CODE(0, 1, TRY, YIELD(-1), EXCEPT(PMM_USER), LOG(2), END),
                FAILS) == PMM_OK &&
             lab_saw("L5 L2 L6"),
         "catching it swallows it");
  tap_ok(within(rt, CODE(0, 1, TRY, YIELD(-1), EXCEPT(0), RAISE(PMM_KEY), END),
                FAILS) == PMM_KEY,
         "another error replaces it");
  lab_text[0] = '\0';
  tap_ok(within(rt, CODE(0, 1, YIELD(-1), YIELD(-1)), PASSES) == PMM_RUNTIME,
         "yielding twice is an error");
  tap_ok(within(rt, CODE(0, 1, TRY, YIELD(-1), EXCEPT(0), YIELD(-1), END),
                FAILS) == PMM_RUNTIME,
         "after an error, too");
  tap_ok(within(rt, CODE(0, 1, RETURN(-1), YIELD(-1)), PASSES) == PMM_RUNTIME,
         "so is not yielding at all");
  tap_ok(within(rt, CODE(0, 1, RAISE(PMM_KEY), YIELD(-1)), PASSES) == PMM_KEY,
         "an error before the yield is enter's");
  tap_ok(within(rt, CODE(0, 1, YIELD(-1)),
                CODE(1, 2, WITH(1, 0), RAISE(PMM_STOP), END)) == PMM_STOP,
         "STOP comes back as what it was");
  tap_ok(within(rt, CODE(0, 1, RETURN(-1)), PASSES) == PMM_TYPE,
         "a function that makes no generator is refused");
  lab_text[0] = '\0';
  tap_ok(lab_clean(rt), "nothing stays");
}

static void manager_is_used_once(pmm_rt *rt) {
  pmm_obj *m = manager_over(rt, CODE(0, 1, LOG(1), YIELD(-1)));
  tap_ok(run(rt, PASSES, &m) == PMM_OK && run(rt, PASSES, &m) == PMM_RUNTIME,
         "a manager from a generator is used once");
  pmmi_release(rt, m);
  lab_text[0] = '\0';
  tap_ok(lab_clean(rt), "nothing stays");
}

/* ---- exit stacks -------------------------------------------------------- */

/** Logs its number; raises when the number is odd. */
static enum pmm_status log_number(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)arg;
  int number = *(int *)ctx;
  pmmi_event(rt, PMM_EVENT_LOG, number, 0);
  return number % 2 == 0 ? PMM_OK : PMM_KEY;
}

static void stacks_unwind(pmm_rt *rt) {
  int numbers[] = {0, 2, 4, 1, 3};
  pmm_obj *stack = pmmi_exit_stack_new(rt);
  for (int i = 0; i < 3; i++) {
    pmmi_exit_stack_push(rt, stack, log_number, &numbers[i]);
  }
  tap_ok(pmmi_exit_stack_close(rt, stack) == PMM_OK && lab_saw("L4 L2 L0"),
         "last in, first out");
  tap_ok(pmmi_exit_stack_close(rt, stack) == PMM_OK && lab_saw(""), "once");
  for (int i = 0; i < 5; i++) {
    pmmi_exit_stack_push(rt, stack, log_number, &numbers[i]);
  }
  tap_ok(pmmi_exit_stack_close(rt, stack) == PMM_KEY &&
             pmmi_error_context(rt) == PMM_KEY &&
             lab_saw("L3 L1 L4 L2 L0"),
         "it goes on after one that raises");
  pmmi_error_clear(rt);
  for (int i = 0; i < 20; i++) {
    pmmi_exit_stack_push(rt, stack, log_number, &numbers[i % 3]);
  }
  tap_ok(run(rt, CODE(1, 2, WITH(1, 0), RAISE(PMM_USER), END), &stack) ==
             PMM_USER,
         "it is a manager and lets the error pass");
  lab_text[0] = '\0';
  pmmi_exit_stack_push(rt, stack, log_number, &numbers[0]);
  pmmi_release(rt, stack);
  tap_ok(lab_saw(""), "a dropped stack calls nothing");
  pmm_obj *none = pmmi_none(rt);
  tap_ok(pmmi_exit_stack_close(rt, none) == PMM_TYPE &&
             lab_status(rt) == PMM_TYPE &&
             pmmi_exit_stack_push(rt, none, log_number, NULL) == PMM_TYPE &&
             lab_status(rt) == PMM_TYPE,
         "None is no stack");
  tap_ok(lab_clean(rt), "nothing stays");
}

/* ---- failing allocations ------------------------------------------------ */

static enum pmm_status manager_job(pmm_rt *rt) {
  struct plan plan = {0, PMM_OK, PMM_OK};
  pmm_obj *m = pmmi_manager_new(rt, seven_enter, planned_exit, &plan, 1);
  if (m == NULL) {
    return pmmi_error(rt);
  }
  struct pmm_code code = CODE(1, 2, WITH(1, 0), INT(1, 8888), END, RETURN(1));
  pmm_obj *result = lab_run(rt, &code, &m, 1);
  pmmi_xrelease(rt, result);
  pmmi_release(rt, m);
  return pmmi_error(rt);
}

static enum pmm_status generator_job(pmm_rt *rt) {
  pmm_obj *m = manager_over(
      rt, CODE(0, 1, INT(0, 8888), TRY, YIELD(0), FINALLY, INT(0, 9999), END));
  if (m == NULL) {
    return pmmi_error(rt);
  }
  struct pmm_code code = CODE(1, 2, WITH(1, 0), INT(1, 8888), END);
  pmm_obj *result = lab_run(rt, &code, &m, 1);
  pmmi_xrelease(rt, result);
  pmmi_release(rt, m);
  return pmmi_error(rt);
}

static enum pmm_status stack_job(pmm_rt *rt) {
  int number = 2;
  pmm_obj *stack = pmmi_exit_stack_new(rt);
  enum pmm_status status = pmmi_error(rt);
  for (int i = 0; i < 20 && status == PMM_OK; i++) {
    status = pmmi_exit_stack_push(rt, stack, log_number, &number);
  }
  pmmi_xrelease(rt, stack);
  return status;
}

int main(int argc, char **argv) {
  tap_plan(0);
  pmm_rt *rt = lab_open(argc, argv);
  exit_runs_on_every_way(rt);
  exit_decides(rt);
  enter_gives_a_value(rt);
  nesting_unwinds_in_reverse(rt);
  generators_hold_managers(rt);
  generators_manage(rt);
  manager_is_used_once(rt);
  stacks_unwind(rt);
  tap_ok(lab_sweep(rt, manager_job) > 5, "every allocation may fail");
  tap_ok(lab_sweep(rt, generator_job) > 5, "with a generator, too");
  tap_ok(lab_sweep(rt, stack_job) == 8, "and on a stack");
  pmmi_close(rt);
  return tap_done();
}
