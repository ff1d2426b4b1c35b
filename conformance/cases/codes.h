/* SPDX-License-Identifier: MIT */
/*
 * codes.h - codes as cases write them: functions and generators in a line
 * per instruction (struct pmm_code in pmm/types.h).
 *
 *   struct pmm_code code = CODE("count", 0, 1, {PMM_FOR_RANGE, 0, 3, 0},
 *                               {PMM_YIELD, -1, 0, 0}, {PMM_END, 0, 0, 0});
 */
#ifndef PMM_CONFORM_CODES_H
#define PMM_CONFORM_CODES_H

#include "case.h"

#define PMM_INSTRUCTIONS(...) ((const struct pmm_instruction[]){__VA_ARGS__})

/** A code without constants and calls; lives as long as its block. */
#define CODE(name_text, arg_count, local_count, ...)                          \
  {                                                                           \
    .struct_size = sizeof(struct pmm_code), .name = name_text,                \
    .args = arg_count, .locals = local_count,                                 \
    .instructions = PMM_INSTRUCTIONS(__VA_ARGS__),                            \
    .instruction_count = sizeof PMM_INSTRUCTIONS(__VA_ARGS__) /               \
                         sizeof(struct pmm_instruction)                       \
  }

/** A generator over the code with no argument, or with one. */
static inline pmm_obj *generator_of(struct pmm_test *t,
                                    const struct pmm_code *code) {
  return NEW(OPS->generator_new(RT, code, NULL, 0));
}

static inline pmm_obj *generator_with(struct pmm_test *t,
                                      const struct pmm_code *code,
                                      pmm_obj *argument) {
  return NEW(OPS->generator_new(RT, code, &argument, 1));
}

/** Take one item, which must be there, and drop it. */
static inline void step(struct pmm_test *t, pmm_obj *generator) {
  DROP(NEW(OPS->next(RT, generator)));
}

/** Call a function of the code with one argument; its result, owned by the
 *  case; NULL with the error pending when it raised. */
static inline pmm_obj *run_code(struct pmm_test *t, const struct pmm_code *code,
                                pmm_obj *argument) {
  pmm_obj *function = NEW(OPS->function_new(RT, code));
  return OPS->call(RT, function, &argument, 1);
}

/** A callback of a code or a callable, whose result is None. */
static inline enum pmm_status do_nothing(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                         pmm_obj **result) {
  (void)ctx;
  (void)rt;
  (void)arg;
  *result = NULL;
  return PMM_OK;
}

/** return v0, which is the outer code's. */
static const struct pmm_code return_captured = {
    .struct_size = sizeof(struct pmm_code),
    .name = "reading",
    .locals = 1,
    .instructions = PMM_INSTRUCTIONS({PMM_RETURN, 0, 0, 0}),
    .instruction_count = 1,
    .captured = 1};

/** del v0, which is the outer code's. */
static const struct pmm_code emptying = {
    .struct_size = sizeof(struct pmm_code),
    .name = "emptying",
    .locals = 1,
    .instructions = PMM_INSTRUCTIONS({PMM_DEL, 0, 0, 0}),
    .instruction_count = 1,
    .captured = 1};

#endif /* PMM_CONFORM_CODES_H */
