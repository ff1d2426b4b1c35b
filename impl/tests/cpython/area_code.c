/* SPDX-License-Identifier: MIT */
/*
 * area_code.c - generators, closures, codes that are refused, another stack.
 */
#include "areas.h"

/** for v0 in range(3): log(5); yield v0; with a finally around it. */
int pmmi_area_generators(pmm_rt *rt) {
  static const struct pmm_instruction body[] = {
      {PMM_TRY, 0, 0, 0},      {PMM_FOR_RANGE, 0, 3, 0},
      {PMM_YIELD, -1, 0, 0},   {PMM_END, 0, 0, 0},
      {PMM_FINALLY, 0, 0, 0},  {PMM_LOG, 0, 5, 0},
      {PMM_END, 0, 0, 0}};
  const struct pmm_code code = {.struct_size = sizeof code,
                                .name = "three",
                                .locals = 1,
                                .instructions = body,
                                .instruction_count =
                                    sizeof body / sizeof body[0]};
  pmm_obj *generator = pmmi_ops->generator_new(rt, &code, NULL, 0);
  pmm_obj *item = pmmi_ops->next(rt, generator);
  HOLDS(item != NULL && !pmmi_ops->generator_finished(rt, generator));
  pmmi_ops->release(rt, item);
  HOLDS(pmmi_ops->generator_close(rt, generator) == PMM_OK);
  HOLDS(pmmi_ear.cookie[PMM_EVENT_LOG] == 5);
  HOLDS(pmmi_ops->generator_finished(rt, generator));
  HOLDS(pmmi_ops->next(rt, generator) == NULL);
  HOLDS(pmmi_ops->error(rt) == PMM_STOP);
  pmmi_ops->error_clear(rt);
  pmmi_ops->release(rt, generator);
  return 1;
}

/** A code that is not well formed is refused. */
int pmmi_area_bad_codes(pmm_rt *rt) {
  static const struct pmm_instruction bad[][2] = {
      {{PMM_END, 0, 0, 0}, {PMM_LOG, 0, 1, 0}},
      {{PMM_TRY, 0, 0, 0}, {PMM_END, 0, 0, 0}},
      {{PMM_BREAK, 0, 0, 0}, {PMM_LOG, 0, 1, 0}},
      {{PMM_CONST, 0, 0, 0}, {PMM_LOG, 0, 1, 0}},
      {{PMM_INT, 9, 1, 0}, {PMM_LOG, 0, 1, 0}},
      {{PMM_RERAISE, 0, 0, 0}, {PMM_LOG, 0, 1, 0}},
      {{PMM_IF, 0, 0, 0}, {PMM_LOG, 0, 1, 0}}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    const struct pmm_code code = {.struct_size = sizeof code,
                                  .name = "bad",
                                  .locals = 1,
                                  .instructions = bad[i],
                                  .instruction_count = 2};
    HOLDS(pmmi_ops->function_new(rt, &code) == NULL);
    HOLDS(pmmi_ops->error(rt) == PMM_VALUE);
    pmmi_ops->error_clear(rt);
  }
  return 1;
}

/** A closure in a closure reads a constant of its own and a local of the
 *  outermost code; a code inside itself is refused. */
int pmmi_area_closures(pmm_rt *rt) {
  static const struct pmm_instruction inner_body[] = {
      {PMM_CONST, 1, 0, 0}, {PMM_APPEND, 0, 1, 0}, {PMM_RETURN, 0, 0, 0}};
  static const struct pmm_instruction body[] = {{PMM_CLOSURE, 1, 0, 0},
                                                {PMM_RETURN, 1, 0, 0}};
  pmm_obj *constant = pmmi_ops->boolean(rt, 1);
  pmm_obj *list = pmmi_ops->list_new(rt, 0);
  struct pmm_code code[3];
  const struct pmm_code *inside[] = {&code[1], &code[2]};
  for (size_t i = 0; i < 3; i++) {
    code[i] = (struct pmm_code){.struct_size = sizeof code[i],
                                .args = i == 0,
                                .locals = 2,
                                .instructions = i < 2 ? body : inner_body,
                                .instruction_count = i < 2 ? 2 : 3,
                                .captured = 1,
                                .codes = &inside[i < 2 ? i : 0],
                                .code_count = i < 2};
  }
  code[2].constants = &constant;
  code[2].constant_count = 1;
  pmm_obj *outer = pmmi_ops->function_new(rt, &code[0]);
  pmm_obj *middle = pmmi_ops->call(rt, outer, &list, 1);
  pmm_obj *inner = pmmi_ops->call(rt, middle, NULL, 0);
  pmm_obj *read = pmmi_ops->call(rt, inner, NULL, 0);
  HOLDS(read != NULL && pmmi_ops->same(rt, read, list));
  HOLDS(pmmi_ops->same(rt, pmmi_ops->list_get(rt, list, 0), constant));
  pmmi_ops->release(rt, read);
  pmmi_ops->release(rt, inner);
  pmmi_ops->release(rt, middle);
  pmmi_ops->release(rt, outer);
  HOLDS(pmmi_ops->refcount(rt, list) == 1);
  pmmi_ops->release(rt, list);
  pmmi_ops->release(rt, constant);
  inside[1] = &code[1];
  HOLDS(pmmi_ops->function_new(rt, &code[0]) == NULL);
  HOLDS(pmmi_ops->error(rt) == PMM_VALUE);
  pmmi_ops->error_clear(rt);
  return 1;
}

/** The call runs on its own stack, and its error comes back. */
int pmmi_area_other_stack(pmm_rt *rt) {
  static int calls;
  calls = 0;
  HOLDS(pmmi_ops->call_on_stack(rt, 1 << 20, pmmi_note, &calls) == PMM_OK);
  HOLDS(pmmi_ops->call_on_stack(rt, 1 << 20, pmmi_refuse, &calls) == PMM_USER);
  HOLDS(calls == 2 && pmmi_ops->error(rt) == PMM_USER);
  pmmi_ops->error_clear(rt);
  return 1;
}
