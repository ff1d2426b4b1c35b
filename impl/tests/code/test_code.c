/* SPDX-License-Identifier: MIT */
/* test_code.c - which codes are accepted, and what becomes of the rest. */
#include "tests/code/lab.h"

/** 1 when the code is refused with `wanted`, and nothing stays behind. */
static int refused(pmm_rt *rt, const struct pmm_code *code,
                   enum pmm_status wanted) {
  pmm_obj *function = pmmi_function_new(rt, code);
  enum pmm_status status = lab_status(rt);
  pmmi_xrelease(rt, function);
  return function == NULL && status == wanted && lab_clean(rt);
}

#define REFUSED(why, args, locals, ...)                          \
  do {                                                           \
    struct pmm_code code_ = CODE(args, locals, __VA_ARGS__);     \
    tap_ok(refused(rt, &code_, PMM_VALUE), "refused: %s", why);  \
  } while (0)

static void structure_is_checked(pmm_rt *rt) {
  REFUSED("an END that ends nothing", 0, 1, END);
  REFUSED("a loop without END", 0, 1, RANGE(0, 3));
  REFUSED("a try without a clause", 0, 1, TRY, LOG(1), END);
  REFUSED("an except outside a try", 0, 1, EXCEPT(0), END);
  REFUSED("a finally in a loop", 0, 1, RANGE(0, 3), FINALLY, END);
  REFUSED("an except behind finally", 0, 1, TRY, FINALLY, EXCEPT(0), END);
  REFUSED("two finally", 0, 1, TRY, FINALLY, FINALLY, END);
  REFUSED("a break in no loop", 0, 1, BREAK);
  REFUSED("a continue in no loop", 0, 1, TRY, CONTINUE, FINALLY, END);
  REFUSED("a reraise in a try", 0, 1, TRY, RERAISE, EXCEPT(0), END);
  REFUSED("a reraise behind the handler", 0, 1, TRY, EXCEPT(0), END, RERAISE);
}

static void operands_are_checked(pmm_rt *rt) {
  REFUSED("a local beyond the last", 0, 1, INT(1, 5));
  REFUSED("a negative local", 0, 1, INT(-1, 5));
  REFUSED("a constant that is not there", 0, 1, CONST(0, 0));
  REFUSED("a constant below the first", 0, 1, CONST(0, -1));
  REFUSED("a call that is not there", 0, 1, CALL(0, 0, -1));
  REFUSED("a call below the first", 0, 1, CALL(0, -1, -1));
  REFUSED("a code that is not there", 0, 1, {PMM_CLOSURE, 0, 0, 0});
  REFUSED("a code below the first", 0, 1, {PMM_CLOSURE, 0, -1, 0});
  REFUSED("an except beyond the last", 0, 1, TRY, EXCEPT(99), END);
  REFUSED("an argument beyond the last local", 1, 1, AGAIN(0, 1));
  REFUSED("an error that is none", 0, 1, RAISE(0));
  REFUSED("an error beyond the last", 0, 1, RAISE(99));
  REFUSED("an except of no status", 0, 1, TRY, EXCEPT(-1), END);
  REFUSED("an unknown instruction", 0, 1,
          {(enum pmm_instruction_op)77, 0, 0, 0});
  REFUSED("a call of itself with an argument it does not take", 0, 1,
          AGAIN(0, 0));
  REFUSED("a call of itself without its argument", 1, 1, AGAIN(0, -1));
}

static void counts_are_checked(pmm_rt *rt) {
  struct pmm_code code = CODE(0, 65, LOG(1));
  tap_ok(refused(rt, &code, PMM_VALUE), "refused: 65 locals");
  code = CODE(2, 1, LOG(1));
  tap_ok(refused(rt, &code, PMM_VALUE), "refused: more arguments than locals");
  code = CODE(0, 1, LOG(1));
  code.struct_size = 8;
  tap_ok(refused(rt, &code, PMM_VALUE), "refused: a torn structure");
  code = CODE(0, 1, LOG(1));
  code.constant_count = 1;
  tap_ok(refused(rt, &code, PMM_VALUE), "refused: constants that are NULL");
  pmm_obj *missing = NULL;
  code.constants = &missing;
  tap_ok(refused(rt, &code, PMM_VALUE), "refused: a constant that is NULL");
  code = CODE(0, 1, LOG(1));
  struct pmm_code_call none = {NULL, NULL};
  code.calls = &none;
  code.call_count = 1;
  tap_ok(refused(rt, &code, PMM_VALUE), "refused: a call that is NULL");
  code = CODE(0, 1, LOG(1));
  code.instruction_count = (size_t)1 << 40;
  tap_ok(refused(rt, &code, PMM_VALUE), "refused: a code that is too long");
  code = CODE(0, 1, LOG(1));
  code.captured = 2;
  tap_ok(refused(rt, &code, PMM_VALUE), "refused: a captured local too many");
  code = CODE(0, PMMI_CODE_LOCALS, LOG(1));
  code.captured = UINT64_MAX;
  tap_ok(!refused(rt, &code, PMM_VALUE), "all locals may be captured");
}

static void missing_parts_are_seen(pmm_rt *rt) {
  struct pmm_code code = CODE(0, 1, LOG(1));
  code.instructions = NULL;
  tap_ok(refused(rt, &code, PMM_VALUE), "refused: no instructions");
  code = CODE(0, 1, LOG(1));
  code.call_count = 1;
  tap_ok(refused(rt, &code, PMM_VALUE), "refused: no calls");
  code.call_count = (size_t)1 << 40;
  tap_ok(refused(rt, &code, PMM_VALUE), "refused: too many calls");
  code = CODE(0, 1, LOG(1));
  code.constant_count = (size_t)1 << 40;
  tap_ok(refused(rt, &code, PMM_VALUE), "refused: too many constants");
  code = CODE(0, 1, LOG(1));
  code.code_count = 1;
  tap_ok(refused(rt, &code, PMM_VALUE), "refused: no codes");
  const struct pmm_code *const nobody[] = {NULL};
  code.codes = nobody;
  tap_ok(refused(rt, &code, PMM_VALUE), "refused: a code that is NULL");
  code = CODE(0, 1, LOG(1));
  code.name = NULL;
  tap_ok(!refused(rt, &code, PMM_VALUE), "a name may be missing");
}

static void nesting_is_bounded(pmm_rt *rt) {
  struct pmm_instruction in[4 * (PMMI_CODE_BLOCKS + 1)];
  size_t depth = PMMI_CODE_BLOCKS + 1;
  for (size_t i = 0; i < depth; i++) {
    in[i] = (struct pmm_instruction)RANGE(0, 1);
    in[depth + i] = (struct pmm_instruction)END;
  }
  struct pmm_code code = lab_code(0, 1, in, 2 * depth);
  tap_ok(refused(rt, &code, PMM_VALUE), "refused: 21 loops in one another");
  code = lab_code(0, 1, in + 1, 2 * (depth - 1));
  pmm_obj *result = lab_run(rt, &code, NULL, 0);
  tap_ok(lab_drop(rt, result), "20 loops in one another run");
  depth = 2 * PMMI_CODE_BLOCKS + 1;
  for (size_t i = 0; i < depth; i++) {
    in[i] = (struct pmm_instruction)IF(0);
    in[depth + i] = (struct pmm_instruction)END;
  }
  code = lab_code(0, 1, in, 2 * depth);
  tap_ok(refused(rt, &code, PMM_VALUE), "refused: 41 conditions likewise");
}

static void constants_are_owned(pmm_rt *rt) {
  pmm_obj *probe = lab_probe(rt, 1);
  struct pmm_code code = CODE(0, 1, CONST(0, 0), RETURN(0));
  code.constants = &probe;
  code.constant_count = 1;
  pmm_obj *function = pmmi_function_new(rt, &code);
  pmmi_release(rt, probe);
  tap_ok(lab_saw(""), "a code keeps its constants alive");
  pmm_obj *result = pmmi_call(rt, function, NULL, 0);
  tap_ok(result == probe, "and gives them");
  pmmi_release(rt, result);
  pmmi_release(rt, function);
  tap_ok(lab_saw("D1") && lab_clean(rt), "they die with the function");
}

static void cycle_is_collected(pmm_rt *rt) {
  pmm_obj *probe = lab_probe(rt, 2);
  struct pmm_code code = CODE(0, 1, CONST(0, 0), RETURN(0));
  code.constants = &probe;
  code.constant_count = 1;
  pmm_obj *function = pmmi_function_new(rt, &code);
  pmmi_slot_set(rt, probe, 0, function);
  pmmi_release(rt, function);
  pmmi_release(rt, probe);
  tap_ok(lab_saw(""), "a function in a cycle through its constant lives on");
  uint64_t found = 0;
  pmmi_collect(rt, 2, &found);
  tap_ok(found == 3 && lab_saw("D2") && lab_clean(rt),
         "until the cycle is collected");
}

static enum pmm_status make_function(pmm_rt *rt) {
  pmm_obj *constant = pmmi_none(rt);
  struct pmm_code code = CODE(0, 1, CONST(0, 0), RETURN(0));
  code.constants = &constant;
  code.constant_count = 1;
  pmm_obj *function = pmmi_function_new(rt, &code);
  pmmi_xrelease(rt, function);
  return function != NULL ? PMM_OK : pmmi_error(rt);
}

int main(int argc, char **argv) {
  tap_plan(0);
  pmm_rt *rt = lab_open(argc, argv);
  structure_is_checked(rt);
  operands_are_checked(rt);
  counts_are_checked(rt);
  missing_parts_are_seen(rt);
  nesting_is_bounded(rt);
  constants_are_owned(rt);
  cycle_is_collected(rt);
  tap_ok(lab_sweep(rt, make_function) >= 6, "every allocation may fail");
  pmmi_close(rt);
  return tap_done();
}
