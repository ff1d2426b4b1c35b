/* SPDX-License-Identifier: MIT */
/* test_closure.c - closures: what they share, what they keep, what is refused.
 */
#include "tests/code/lab.h"

#define CLOSURE(local, n) {PMM_CLOSURE, local, n, 0}

/** `code` with `inner` inside it and `captured` locals. */
static struct pmm_code around(struct pmm_code code,
                              const struct pmm_code *const *inner, size_t n,
                              uint64_t captured) {
  code.codes = inner;
  code.code_count = n;
  code.captured = captured;
  return code;
}

/** Call a borrowed function without arguments; the int it returns. */
static int64_t call_int(pmm_rt *rt, pmm_obj *function) {
  return lab_int(rt, pmmi_call(rt, function, NULL, 0));
}

/** A list of two closures: one sets v0 to 5, one returns it; v0 was 3. */
static pmm_obj *setter_and_getter(pmm_rt *rt) {
  struct pmm_code set = around(CODE(0, 1, INT(0, 5)), NULL, 0, 1);
  struct pmm_code get = around(CODE(0, 1, RETURN(0)), NULL, 0, 1);
  const struct pmm_code *inside[] = {&set, &get};
  struct pmm_code code = around(
      CODE(1, 3, MOVE(1, 0), INT(0, 3), CLOSURE(2, 0), APPEND(1, 2),
           CLOSURE(2, 1), APPEND(1, 2)),
      inside, 2, 1);
  pmm_obj *list = pmmi_list_new(rt, 0);
  if (list != NULL && !lab_drop(rt, lab_run(rt, &code, &list, 1))) {
    pmmi_clear(rt, &list);
  }
  return list;
}

static void variables_are_shared(pmm_rt *rt) {
  pmm_obj *list = setter_and_getter(rt);
  pmm_obj *get = pmmi_list_get(rt, list, 1);
  tap_ok(call_int(rt, get) == 3, "a closure reads the variable");
  lab_drop(rt, pmmi_call(rt, pmmi_list_get(rt, list, 0), NULL, 0));
  tap_ok(call_int(rt, get) == 5, "and what another one stored in it");
  pmmi_release(rt, list);
  tap_ok(lab_clean(rt), "closures leave nothing");
}

/** v0 = 1, v1 = 2; the closures take an argument as v0 of their own and
 *  store it in v1, which is shared; return v0; return v1. */
static void own_locals_stay_own(pmm_rt *rt) {
  struct pmm_code set =
      around(CODE(1, 3, MOVE(1, 0), INT(2, 9)), NULL, 0, 7);
  struct pmm_code get0 = around(CODE(0, 1, RETURN(0)), NULL, 0, 1);
  struct pmm_code get1 = around(CODE(0, 2, RETURN(1)), NULL, 0, 2);
  const struct pmm_code *inside[] = {&set, &get0, &get1};
  struct pmm_code code = around(
      CODE(1, 4, MOVE(2, 0), INT(0, 1), INT(1, 2), CLOSURE(3, 0), APPEND(2, 3),
           CLOSURE(3, 1), APPEND(2, 3), CLOSURE(3, 2), APPEND(2, 3)),
      inside, 3, 3);
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmm_obj *arg = pmmi_int_new(rt, 7);
  (void)lab_drop(rt, lab_run(rt, &code, &list, 1));
  (void)lab_drop(rt, pmmi_call(rt, pmmi_list_get(rt, list, 0), &arg, 1));
  tap_ok(call_int(rt, pmmi_list_get(rt, list, 1)) == 1,
         "an argument is the closure's own");
  tap_ok(call_int(rt, pmmi_list_get(rt, list, 2)) == 7,
         "a variable of both is one");
  pmmi_release(rt, arg);
  pmmi_release(rt, list);
  tap_ok(lab_clean(rt), "own and shared variables go");
}

static void closures_pass_variables_on(pmm_rt *rt) {
  struct pmm_code innermost = around(CODE(0, 1, RETURN(0)), NULL, 0, 1);
  const struct pmm_code *in_middle[] = {&innermost};
  struct pmm_code middle =
      around(CODE(0, 2, CLOSURE(1, 0), RETURN(1)), in_middle, 1, 1);
  const struct pmm_code *inside[] = {&middle};
  struct pmm_code code =
      around(CODE(0, 2, INT(0, 8), CLOSURE(1, 0), RETURN(1)), inside, 1, 1);
  pmm_obj *outer = lab_run(rt, &code, NULL, 0);
  pmm_obj *inner = outer ? pmmi_call(rt, outer, NULL, 0) : NULL;
  pmmi_xrelease(rt, outer);
  tap_ok(inner && call_int(rt, inner) == 8, "a variable passes two levels");
  pmmi_xrelease(rt, inner);
  tap_ok(lab_clean(rt), "and leaves nothing");
}

static void generators_share_too(pmm_rt *rt) {
  struct pmm_code inner =
      around(CODE(0, 1, YIELD(0), DEL(0), YIELD(0)), NULL, 0, 1);
  const struct pmm_code *inside[] = {&inner};
  struct pmm_code code =
      around(CODE(0, 2, INT(0, 6), CLOSURE(1, 0), RETURN(1)), inside, 1, 1);
  pmm_obj *closure = lab_run(rt, &code, NULL, 0);
  pmm_obj *generator = closure ? pmmi_call(rt, closure, NULL, 0) : NULL;
  tap_ok(generator && lab_int(rt, pmmi_next(rt, generator)) == 6,
         "a generator yields the variable");
  tap_ok(pmmi_next(rt, generator) == NULL && lab_status(rt) == PMM_RUNTIME,
         "an emptied variable cannot be read");
  pmmi_xrelease(rt, generator);
  pmmi_xrelease(rt, closure);
  tap_ok(lab_clean(rt), "and leaves nothing");
}

/** v0 = probe; v1 = closure over v0 and v1 itself: a cycle. */
static void cycles_are_collected(pmm_rt *rt) {
  struct pmm_code inner = around(CODE(0, 2, RETURN(1)), NULL, 0, 3);
  const struct pmm_code *inside[] = {&inner};
  pmm_obj *probe = lab_probe(rt, 4);
  struct pmm_code code =
      around(CODE(1, 2, CLOSURE(1, 0)), inside, 1, 3);
  tap_ok(lab_drop(rt, lab_run(rt, &code, &probe, 1)), "a closure of itself");
  pmmi_release(rt, probe);
  tap_ok(lab_saw(""), "waits for the collector");
  tap_ok(lab_clean(rt) && lab_saw("D4"), "which frees what it captured");
}

static int refused(pmm_rt *rt, const struct pmm_code *code) {
  pmm_obj *function = pmmi_function_new(rt, code);
  enum pmm_status status = lab_status(rt);
  pmmi_xrelease(rt, function);
  return function == NULL && status == PMM_VALUE && lab_clean(rt);
}

static void codes_inside_are_checked(pmm_rt *rt) {
  struct pmm_code code = CODE(0, 1, CLOSURE(0, 0));
  tap_ok(refused(rt, &code), "refused: a code that is not there");
  struct pmm_code inner = CODE(0, 1, AGAIN(0, -1));
  const struct pmm_code *inside[PMMI_CODE_CODES + 1] = {&inner};
  code = around(code, inside, 1, 0);
  tap_ok(refused(rt, &code), "refused: a code inside one that calls itself");
  inner = CODE(0, 1, END);
  tap_ok(refused(rt, &code), "refused: a malformed one inside a sound one");
  inside[0] = NULL;
  tap_ok(refused(rt, &code), "refused: a code inside that is NULL");
  inside[0] = &code;
  tap_ok(refused(rt, &code), "refused: a code inside itself");
  code = around(code, inside, PMMI_CODE_CODES + 1, 0);
  tap_ok(refused(rt, &code), "refused: too many codes");
  code = CODE(0, 1, INT(0, 1));
  code.struct_size = offsetof(struct pmm_code, codes);
  code.code_count = 99;
  pmm_obj *function = pmmi_function_new(rt, &code);
  tap_ok(lab_drop(rt, function), "an older host's code holds no codes");
}

static enum pmm_status make_and_use(pmm_rt *rt) {
  pmm_obj *list = setter_and_getter(rt);
  if (list != NULL) {
    (void)lab_drop(rt, pmmi_call(rt, pmmi_list_get(rt, list, 1), NULL, 0));
    pmmi_release(rt, list);
  }
  return pmmi_error(rt);
}

int main(int argc, char **argv) {
  tap_plan(0);
  pmm_rt *rt = lab_open(argc, argv);
  variables_are_shared(rt);
  own_locals_stay_own(rt);
  closures_pass_variables_on(rt);
  generators_share_too(rt);
  cycles_are_collected(rt);
  codes_inside_are_checked(rt);
  tap_ok(lab_sweep(rt, make_and_use) > 10, "every allocation may fail");
  pmmi_close(rt);
  return tap_done();
}
