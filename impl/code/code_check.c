/* SPDX-License-Identifier: MIT */
/*
 * code_check.c - checks a copied code and gives its instructions their targets.
 *
 *   1. Operands: a table tells for each instruction what a, b and c name;
 *      each must be in range.
 *   2. Structure: one pass with a stack of open constructs.  A construct is
 *      pushed by its head and popped by its END, which learns what it ends;
 *      BREAK and CONTINUE look down the stack for their loop.
 *   3. The clauses of a TRY are chained: the TRY and each EXCEPT point to
 *      the next clause; when the END comes, all of them learn where FINALLY
 *      is (the END itself where there is none).
 *
 * Source: CPython 3.11 Python/compile.c (compiler_push_fblock), Grammar
 * (try_stmt).
 */
#include "code/code_check.h"

#include "code/code.h"

/** What an operand names. */
enum operand {
  ANY = 0,      /* a number, or nothing                                     */
  LOCAL,        /* a local                                                  */
  MAYBE_LOCAL,  /* a local, or none when negative                           */
  CONSTANT,     /* index of a constant                                      */
  CALL,         /* index of a call                                          */
  CODE,         /* index of a code inside this one                          */
  STATUS,       /* an error                                                 */
  MAYBE_STATUS, /* an error or PMM_OK                                       */
  ARGUMENT      /* a local when the code takes one argument, else negative  */
};

/** Operands a, b and c of each instruction. */
static const unsigned char operands[][3] = {
    [PMM_END] = {ANY, ANY, ANY},
    [PMM_LOG] = {ANY, ANY, ANY},
    [PMM_CONST] = {LOCAL, CONSTANT, ANY},
    [PMM_INT] = {LOCAL, ANY, ANY},
    [PMM_MOVE] = {LOCAL, LOCAL, ANY},
    [PMM_DEL] = {LOCAL, ANY, ANY},
    [PMM_CALL] = {MAYBE_LOCAL, CALL, MAYBE_LOCAL},
    [PMM_CALL_CODE] = {MAYBE_LOCAL, ANY, ARGUMENT},
    [PMM_YIELD] = {MAYBE_LOCAL, MAYBE_LOCAL, ANY},
    [PMM_YIELD_FROM] = {MAYBE_LOCAL, LOCAL, ANY},
    [PMM_RETURN] = {MAYBE_LOCAL, ANY, ANY},
    [PMM_RAISE] = {ANY, STATUS, ANY},
    [PMM_RERAISE] = {ANY, ANY, ANY},
    [PMM_FOR_RANGE] = {LOCAL, ANY, ANY},
    [PMM_FOR_EACH] = {LOCAL, LOCAL, ANY},
    [PMM_IF] = {LOCAL, ANY, ANY},
    [PMM_BREAK] = {ANY, ANY, ANY},
    [PMM_CONTINUE] = {ANY, ANY, ANY},
    [PMM_TRY] = {ANY, ANY, ANY},
    [PMM_EXCEPT] = {MAYBE_LOCAL, MAYBE_STATUS, ANY},
    [PMM_FINALLY] = {ANY, ANY, ANY},
    [PMM_WITH] = {MAYBE_LOCAL, LOCAL, ANY},
    [PMM_APPEND] = {LOCAL, LOCAL, ANY},
    [PMM_CLOSURE] = {LOCAL, CODE, ANY},
};

/** A construct whose END has not come. */
struct open {
  uint32_t head;     /* index of its first instruction                      */
  uint32_t clause;   /* of a TRY: its latest TRY, EXCEPT or FINALLY          */
  uint32_t handlers; /* of a TRY: EXCEPT clauses so far                     */
  uint32_t final;    /* of a TRY: 1 once FINALLY has come                   */
};

/** The pass. */
struct linker {
  struct pmmi_code *code;
  uint32_t call_count;
  uint32_t nested;   /* open constructs                                     */
  uint32_t blocks;   /* those of them that need a block in the frame        */
  uint32_t tries;    /* those of them that are a TRY                        */
  uint32_t handling; /* open EXCEPT clauses                                 */
  struct open open[2 * PMMI_CODE_BLOCKS];
};

/** Why a code is refused; NULL: it is not. */
typedef const char *verdict;

static int operand_in_range(const struct linker *l, unsigned char kind,
                            int64_t value) {
  assert(kind <= ARGUMENT);
  const struct pmmi_code *code = l->code;
  switch ((enum operand)kind) {
  case ANY:
    return 1;
  case LOCAL:
    return value >= 0 && value < (int64_t)code->locals;
  case MAYBE_LOCAL:
    return value < (int64_t)code->locals;
  case CONSTANT:
    return value >= 0 && value < (int64_t)code->constant_count;
  case CALL:
    return value >= 0 && value < (int64_t)l->call_count;
  case CODE:
    return value >= 0 && value < (int64_t)code->code_count;
  case STATUS:
    return value > PMM_OK && value <= PMM_UNSUPPORTED;
  case MAYBE_STATUS:
    return value >= PMM_OK && value <= PMM_UNSUPPORTED;
  case ARGUMENT:
    return value < 0 ? code->args == 0
                     : code->args == 1 && value < (int64_t)code->locals;
  }
  return 0;
}

static verdict check_operands(const struct linker *l,
                              const struct pmmi_instruction *in) {
  if (in->op > PMM_CLOSURE) {
    return "a code has an unknown instruction";
  }
  const unsigned char *kinds = operands[in->op];
  if (!operand_in_range(l, kinds[0], in->a) ||
      !operand_in_range(l, kinds[1], in->b) ||
      !operand_in_range(l, kinds[2], in->c)) {
    return "an operand of a code is out of range";
  }
  return NULL;
}

static void raise_to(uint32_t *most, uint32_t value) {
  assert(most != NULL);
  *most = value > *most ? value : *most;
}

static verdict push(struct linker *l, uint32_t index) {
  assert(index < l->code->instruction_count);
  uint32_t op = l->code->instructions[index].op;
  uint32_t needs_block = op != PMM_IF;
  if (l->nested == 2 * PMMI_CODE_BLOCKS ||
      l->blocks + needs_block > PMMI_CODE_BLOCKS) {
    return "the blocks of a code are nested too deeply";
  }
  l->open[l->nested++] = (struct open){.head = index, .clause = index};
  l->blocks += needs_block;
  l->tries += op == PMM_TRY;
  raise_to(&l->code->block_depth, l->blocks);
  raise_to(&l->code->try_depth, l->tries);
  return NULL;
}

/** EXCEPT or FINALLY at `index`. */
static verdict link_clause(struct linker *l, uint32_t index) {
  assert(index < l->code->instruction_count);
  struct pmmi_instruction *all = l->code->instructions;
  struct open *open = l->nested > 0 ? &l->open[l->nested - 1] : NULL;
  if (open == NULL || all[open->head].op != PMM_TRY || open->final) {
    return "a clause of a code belongs to no try";
  }
  if (all[open->clause].op == PMM_EXCEPT) {
    l->handling--;
  }
  if (all[index].op == PMM_FINALLY) {
    open->final = 1;
  } else {
    open->handlers++;
    l->handling++;
    l->code->binds |= all[index].a >= 0;
  }
  all[open->clause].target = index;
  open->clause = index;
  return NULL;
}

/** Tell every clause of the TRY that ends at `end` where FINALLY is. */
static verdict link_try_end(struct linker *l, const struct open *open,
                            uint32_t end) {
  assert(open->head < end && open->clause < end);
  struct pmmi_instruction *all = l->code->instructions;
  if (open->handlers == 0 && !open->final) {
    return "a try of a code has neither except nor finally";
  }
  if (all[open->clause].op == PMM_EXCEPT) {
    l->handling--;
  }
  all[open->clause].target = end;
  uint32_t leave = open->final ? open->clause : end;
  for (uint32_t i = open->head; i != leave; i = all[i].target) {
    all[i].c = (int32_t)leave;
  }
  all[end].op = PMMI_END_TRY;
  return NULL;
}

static verdict link_end(struct linker *l, uint32_t index) {
  assert(index < l->code->instruction_count);
  struct pmmi_instruction *all = l->code->instructions;
  if (l->nested == 0) {
    return "an END of a code has no block";
  }
  const struct open *open = &l->open[--l->nested];
  struct pmmi_instruction *head = &all[open->head];
  struct pmmi_instruction *end = &all[index];
  l->blocks -= head->op != PMM_IF;
  l->tries -= head->op == PMM_TRY;
  if (head->op == PMM_TRY) {
    return link_try_end(l, open, index);
  }
  head->target = index + 1;
  end->target = open->head;
  end->op = head->op == PMM_FOR_RANGE  ? PMMI_END_RANGE
            : head->op == PMM_FOR_EACH ? PMMI_END_EACH
            : head->op == PMM_IF       ? PMMI_END_IF
                                       : PMMI_END_WITH;
  return NULL;
}

/** BREAK or CONTINUE at `index`. */
static verdict link_jump(struct linker *l, uint32_t index) {
  assert(l->nested <= 2 * PMMI_CODE_BLOCKS);
  struct pmmi_instruction *all = l->code->instructions;
  for (uint32_t i = l->nested; i > 0; i--) {
    uint32_t head = l->open[i - 1].head;
    if (all[head].op == PMM_FOR_RANGE || all[head].op == PMM_FOR_EACH) {
      all[index].target = head;
      return NULL;
    }
  }
  return "a BREAK or CONTINUE of a code is in no loop";
}

static verdict link_one(struct linker *l, uint32_t index) {
  assert(l->blocks <= l->nested && l->tries <= l->blocks);
  switch (l->code->instructions[index].op) {
  case PMM_END:
    return link_end(l, index);
  case PMM_FOR_RANGE:
  case PMM_FOR_EACH:
  case PMM_IF:
  case PMM_TRY:
  case PMM_WITH:
    return push(l, index);
  case PMM_EXCEPT:
  case PMM_FINALLY:
    return link_clause(l, index);
  case PMM_BREAK:
  case PMM_CONTINUE:
    return link_jump(l, index);
  case PMM_CALL_CODE:
    return l->code->depth == 0 ? NULL : "a nested code calls itself";
  case PMM_RERAISE:
    return l->handling > 0 ? NULL : "a RERAISE of a code is in no EXCEPT";
  case PMM_YIELD_FROM: /* holds the iterator it delegates to in a block */
    raise_to(&l->code->block_depth, l->blocks + 1);
    l->code->yields = 1;
    return NULL;
  case PMM_YIELD:
    l->code->yields = 1;
    return NULL;
  default:
    return NULL;
  }
}

enum pmm_status pmmi_code_check(struct pmmi_code *code, uint32_t call_count,
                               const char **why) {
  assert(code->instructions != NULL && why != NULL);
  struct linker l = {.code = code, .call_count = call_count};
  for (uint32_t i = 0; i < code->instruction_count; i++) {
    verdict v = check_operands(&l, &code->instructions[i]);
    if (v == NULL) {
      v = link_one(&l, i);
    }
    if (v != NULL) {
      *why = v;
      return PMM_VALUE;
    }
  }
  if (l.nested != 0) {
    *why = "a block of a code has no END";
    return PMM_VALUE;
  }
  code->instructions[code->instruction_count].op = PMMI_END_CODE;
  return PMM_OK;
}
