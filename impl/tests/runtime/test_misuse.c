/* SPDX-License-Identifier: MIT */
/*
 * test_misuse.c - what a code and a generator refuse while they run.
 *
 * A code is checked when it is made; what its locals hold is known only when
 * it runs.  Each misuse raises, unwinds, and leaves nothing behind.
 */
#include "tests/code/lab.h"

#include "types/list.h"

/* 1 when the code raises an error of its own and nothing is left. */
static int raises(pmm_rt *rt, struct pmm_code code, pmm_obj *arg) {
  static const struct pmm_code_call call = {answer_none, NULL};
  code.calls = &call;
  code.call_count = 1;
  pmm_obj *result = lab_run(rt, &code, &arg, code.args);
  enum pmm_status status = lab_status(rt);
  pmmi_xrelease(rt, result);
  return result == NULL && status != PMM_OK && status != PMM_NO_MEMORY;
}

/* Local 1 holds nothing; local 0 the argument. */
static void empty_locals(pmm_rt *rt) {
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmm_obj *number = pmmi_int_new(rt, 3);
  tap_ok(raises(rt, CODE(1, 2, APPEND(1, 0)), number), "append to nothing");
  tap_ok(raises(rt, CODE(1, 2, APPEND(0, 1)), list), "append nothing");
  tap_ok(raises(rt, CODE(1, 2, APPEND(0, 0)), number), "append to a number");
  tap_ok(raises(rt, CODE(1, 2, CALL(0, 0, 1)), number), "call with nothing");
  tap_ok(raises(rt, CODE(1, 2, AGAIN(0, 1)), number),
         "call oneself with nothing");
  tap_ok(raises(rt, CODE(1, 2, IF(1), END), number), "test nothing");
  tap_ok(raises(rt, CODE(1, 2, EACH(0, 1), END), number),
         "iterate over nothing");
  tap_ok(raises(rt, CODE(1, 2, EACH(1, 0), END), number),
         "iterate over a number");
  tap_ok(raises(rt, CODE(1, 2, WITH(0, 1), END), number),
         "enter nothing");
  tap_ok(raises(rt, CODE(1, 2, WITH(1, 0), END), number), "enter a number");
  tap_ok(raises(rt, CODE(1, 2, RETURN(1)), number), "return nothing");
  tap_ok(raises(rt, CODE(1, 2, DEL(1)), number), "delete nothing");
  tap_ok(raises(rt, CODE(1, 2, MOVE(0, 1)), number), "move nothing");
  size_t length = 1;
  tap_ok(pmmi_length(rt, list, &length) == PMM_OK && length == 0,
         "the list is as it was");
  pmmi_release(rt, number);
  pmmi_release(rt, list);
  tap_ok(lab_clean(rt), "nothing is left");
}

static pmm_obj *generator_of(pmm_rt *rt, struct pmm_code code, pmm_obj *arg) {
  return pmmi_generator_new(rt, &code, &arg, code.args);
}

static void delegation(pmm_rt *rt) {
  pmm_obj *number = pmmi_int_new(rt, 3);
  pmm_obj *g = generator_of(rt, CODE(1, 2, FROM(1, 0)), number);
  tap_ok(pmmi_next(rt, g) == NULL && lab_status(rt) == PMM_TYPE,
         "a generator cannot delegate to a number");
  pmmi_release(rt, g);
  pmm_obj *list = pmmi_list_from(rt, &number, 1);
  g = generator_of(rt, CODE(1, 2, FROM(1, 0)), list);
  pmmi_xrelease(rt, pmmi_next(rt, g));
  pmm_obj *sent = pmmi_generator_send(rt, g, number);
  tap_ok(sent == NULL && lab_status(rt) == PMM_TYPE,
         "what is sent to a list is refused");
  pmmi_release(rt, g);
  pmmi_release(rt, list);
  pmmi_release(rt, number);
  tap_ok(lab_clean(rt), "nothing is left");
}

static void generators(pmm_rt *rt) {
  pmm_obj *number = pmmi_int_new(rt, 3);
  struct pmm_code code = CODE(1, 1, YIELD(0));
  tap_ok(pmmi_generator_new(rt, &code, NULL, 0) == NULL &&
             lab_status(rt) == PMM_TYPE,
         "a generator wants its arguments");
  pmm_obj *g = pmmi_generator_new(rt, &code, &number, 1);
  tap_ok(pmmi_generator_send(rt, g, number) == NULL &&
             lab_status(rt) == PMM_TYPE,
         "one that has not started takes no value");
  tap_ok(pmmi_generator_throw(rt, g, PMM_OK) == NULL &&
             lab_status(rt) == PMM_VALUE &&
             pmmi_generator_throw(rt, g, (enum pmm_status)99) == NULL &&
             lab_status(rt) == PMM_VALUE,
         "what is thrown must be an error");
  pmm_obj *first = pmmi_generator_send(rt, g, pmmi_none(rt));
  tap_ok(lab_int(rt, first) == 3, "None starts it");
  tap_ok(pmmi_generator_send(rt, g, NULL) == NULL &&
             lab_status(rt) == PMM_STOP && pmmi_next(rt, g) == NULL &&
             lab_status(rt) == PMM_STOP,
         "it ends, and stays at its end");
  tap_ok(pmmi_generator_throw(rt, g, PMM_USER) == NULL &&
             lab_status(rt) == PMM_USER &&
             pmmi_generator_close(rt, g) == PMM_OK,
         "what is thrown behind the end comes back");
  pmmi_release(rt, g);
  pmmi_release(rt, number);
  tap_ok(lab_clean(rt), "nothing is left");
}

int main(int argc, char **argv) {
  pmm_rt *rt = lab_open(argc, argv);
  tap_plan(0);
  empty_locals(rt);
  delegation(rt);
  generators(rt);
  pmmi_close(rt);
  return tap_done();
}
