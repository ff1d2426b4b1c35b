/* SPDX-License-Identifier: MIT */
/*
 * code.c - copies a code of the host and owns what it needs.
 *
 *   1. The counts are checked before anything is read through a pointer.
 *   2. One block takes instructions, constants, calls, codes and name, in
 *      that order, so that a code costs two allocations whatever it holds.
 *   3. The codes inside it are copied in the same way.
 *   4. code_check.c checks the copy; the host's memory is not looked at again.
 *
 * Invariant: `constants` and `codes` are owned from the moment they are in
 * the block.
 */
#include "code/code.h"

#include <string.h>

#include "code/code_check.h"
#include "code/frame.h"
#include "gc/gc.h"
#include "memory/memory.h"

static struct pmmi_code *as_code(pmm_obj *o) {
  assert(o->type == &pmmi_code_type);
  return (struct pmmi_code *)o;
}

static void code_drop(pmm_rt *rt, struct pmmi_code *code) {
  assert(code->instructions != NULL || code->code_count == 0);
  for (uint32_t i = 0; i < code->constant_count; i++) {
    pmmi_clear(rt, &code->constants[i]);
  }
  while (code->code_count > 0) {
    pmmi_release(rt, &code->codes[--code->code_count]->base);
  }
  if (code->instructions != NULL) {
    pmmi_mem_free(rt, code->instructions, code->block_bytes);
    code->instructions = NULL;
  }
}

static void code_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  pmmi_gc_untrack(rt, o);
  code_drop(rt, as_code(o));
  pmmi_gc_free(rt, o);
}

static int code_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  assert(visit != NULL);
  struct pmmi_code *code = as_code(o);
  for (uint32_t i = 0; i < code->constant_count; i++) {
    int result = code->constants[i] ? visit(ctx, code->constants[i]) : 0;
    if (result != 0) {
      return result;
    }
  }
  for (uint32_t i = 0; i < code->code_count; i++) {
    int result = visit(ctx, &code->codes[i]->base);
    if (result != 0) {
      return result;
    }
  }
  return 0;
}

/** No clear: a code is immutable, and what refers to it breaks the cycle. */
static size_t code_owned_bytes(pmm_obj *o) {
  assert(o->type == &pmmi_code_type);
  const struct pmmi_code *code = (const struct pmmi_code *)(const void *)o;
  return code->block_bytes;
}

const struct pmmi_type pmmi_code_type = {
    .base = {PMMI_IMMORTAL, NULL},
    .name = "code",
    .basic_size = sizeof(struct pmmi_code),
    .flags = PMMI_TYPE_GC,
    .dealloc = code_dealloc,
    .traverse = code_traverse,
    .owned_bytes = code_owned_bytes,
};

/** Codes inside the host's code; a host that was compiled before there were
 *  any has a shorter structure. */
static size_t count_codes(const struct pmm_code *spec) {
  return spec->struct_size < sizeof(struct pmm_code) ? 0 : spec->code_count;
}

/** What is wrong with the codes inside and with what they may share. */
static const char *check_codes(const struct pmm_code *spec, uint32_t depth) {
  assert(depth <= PMMI_CODE_DEPTH);
  size_t n = count_codes(spec);
  if (spec->locals < PMMI_CODE_LOCALS && spec->captured >> spec->locals != 0) {
    return "a code captures a local that it does not have";
  }
  if (n > PMMI_CODE_CODES || (n > 0 && depth == PMMI_CODE_DEPTH)) {
    return "a code contains too many nested codes";
  }
  for (size_t i = 0; i < n; i++) {
    if (spec->codes == NULL || spec->codes[i] == NULL) {
      return "a nested code is missing";
    }
  }
  return NULL;
}

static const char *check_counts(const struct pmm_code *spec) {
  if (spec->struct_size < offsetof(struct pmm_code, codes)) {
    return "a code has the wrong struct_size";
  }
  if (spec->locals > PMMI_CODE_LOCALS || spec->args > spec->locals) {
    return "a code has too many locals";
  }
  if (spec->instruction_count > PMMI_CODE_INSTRUCTIONS ||
      spec->constant_count > PMMI_CODE_INSTRUCTIONS ||
      spec->call_count > PMMI_CODE_INSTRUCTIONS) {
    return "a code is too long";
  }
  if ((spec->instruction_count > 0 && spec->instructions == NULL) ||
      (spec->constant_count > 0 && spec->constants == NULL) ||
      (spec->call_count > 0 && spec->calls == NULL)) {
    return "a code has a count without an array";
  }
  for (size_t i = 0; i < spec->constant_count; i++) {
    if (spec->constants[i] == NULL) {
      return "a constant of a code is missing";
    }
  }
  for (size_t i = 0; i < spec->call_count; i++) {
    if (spec->calls[i].call == NULL) {
      return "a call of a code is missing";
    }
  }
  return NULL;
}

/** Take the block and copy all but the constants' references. */
static int copy_block(pmm_rt *rt, struct pmmi_code *code,
                      const struct pmm_code *spec) {
  assert(code->instructions == NULL && code->block_bytes == 0);
  const char *name = spec->name != NULL ? spec->name : "";
  size_t instructions =
      (spec->instruction_count + 1) * sizeof(struct pmmi_instruction);
  size_t constants = spec->constant_count * sizeof(pmm_obj *);
  size_t calls = spec->call_count * sizeof(struct pmm_code_call);
  size_t codes = count_codes(spec) * sizeof(struct pmmi_code *);
  size_t named = strlen(name) + 1;
  size_t bytes = instructions + constants + calls + codes + named;
  char *block = pmmi_mem_alloc_zero(rt, bytes);
  if (block == NULL) {
    return -1;
  }
  code->block_bytes = bytes;
  code->instructions = (struct pmmi_instruction *)(void *)block;
  code->constants = (pmm_obj **)(void *)(block + instructions);
  code->calls =
      (struct pmm_code_call *)(void *)(block + instructions + constants);
  code->codes = (struct pmmi_code **)(void *)(block + instructions +
                                              constants + calls);
  code->name = block + instructions + constants + calls + codes;
  for (size_t i = 0; i < spec->instruction_count; i++) {
    const struct pmm_instruction *in = &spec->instructions[i];
    code->instructions[i] = (struct pmmi_instruction){
        .op = (uint32_t)in->op, .a = in->a, .b = in->b, .c = in->c};
  }
  if (calls > 0) {
    memcpy(code->calls, spec->calls, calls);
  }
  memcpy(code->name, name, named);
  return 0;
}

static struct pmmi_code *new_code(pmm_rt *rt, const struct pmm_code *spec,
                                  const struct pmmi_code *outer);

/** Locals of an inner code that are variables of the code around it. */
static uint64_t shared_with(const struct pmmi_code *outer,
                            const struct pmm_code *spec) {
  assert(outer == NULL || outer->depth < PMMI_CODE_DEPTH);
  uint64_t arguments = spec->args < PMMI_CODE_LOCALS
                           ? (UINT64_C(1) << spec->args) - 1
                           : UINT64_MAX;
  return outer != NULL ? outer->captured & spec->captured & ~arguments : 0;
}

/** Fill the block: 0, or -1 with an error pending. */
static int fill(pmm_rt *rt, struct pmmi_code *code,
                const struct pmm_code *spec) {
  assert(code->constant_count == 0 && code->code_count == 0);
  const char *why = NULL;
  if (copy_block(rt, code, spec) != 0) {
    pmmi_fail(rt, PMM_NO_MEMORY, "no memory for a code");
    return -1;
  }
  for (size_t i = 0; i < spec->constant_count; i++) {
    code->constants[i] = pmmi_new_reference(rt, spec->constants[i]);
    code->constant_count++;
  }
  for (size_t i = 0; i < count_codes(spec); i++) {
    code->codes[i] = new_code(rt, spec->codes[i], code);
    if (code->codes[i] == NULL) {
      return -1;
    }
    code->code_count++;
  }
  if (pmmi_code_check(code, (uint32_t)spec->call_count, &why) != PMM_OK) {
    pmmi_fail(rt, PMM_VALUE, why);
    return -1;
  }
  code->frame_bytes = (uint32_t)pmmi_frame_bytes(code);
  return 0;
}

static struct pmmi_code *new_code(pmm_rt *rt, const struct pmm_code *spec,
                                  const struct pmmi_code *outer) {
  assert(outer == NULL || outer->depth < PMMI_CODE_DEPTH);
  uint32_t depth = outer != NULL ? outer->depth + 1 : 0;
  const char *why = check_counts(spec);
  if (why == NULL) {
    why = check_codes(spec, depth);
  }
  if (why != NULL) {
    pmmi_fail(rt, PMM_VALUE, why);
    return NULL;
  }
  struct pmmi_code *code =
      (struct pmmi_code *)(void *)pmmi_gc_new(rt, &pmmi_code_type, 0);
  if (code == NULL) {
    return NULL;
  }
  code->instruction_count = (uint32_t)spec->instruction_count;
  code->args = spec->args;
  code->locals = spec->locals;
  code->depth = depth;
  code->captured = spec->captured;
  code->shared = shared_with(outer, spec);
  if (fill(rt, code, spec) != 0) {
    pmmi_release(rt, &code->base);
    return NULL;
  }
  pmmi_gc_track(rt, &code->base);
  return code;
}

struct pmmi_code *pmmi_code_new(pmm_rt *rt, const struct pmm_code *spec) {
  assert(spec != NULL);
  return new_code(rt, spec, NULL);
}
