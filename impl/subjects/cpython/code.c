/* SPDX-License-Identifier: MIT */
/*
 * code.c - translate a pmm code to Python source.
 *
 *   { {PMM_FOR_RANGE, 0, 9, 0}, {PMM_YIELD, -1, 0, 0}, {PMM_END, 0, 0, 0} }
 *
 *   def f():
 *    if 0: v0 = None
 *    for v0 in range(9):
 *     pass
 *     yield v0
 *
 *   1. One instruction is one line; blocks indent by one blank.
 *   2. A closure is a def at the place where it is made; `nonlocal` names
 *      what it shares.
 *   3. The dead first line makes every declared local one of the function's,
 *      used or not, so that a frame has as many as the code says.
 *   4. Numbers of locals, constants and calls are checked here; the rest of
 *      what Python's own grammar refuses, its compiler refuses.
 */
#include "code.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define DEPTH_MAX 40

enum block { PLAIN, LOOP, TRY, EXCEPT, FINALLY };

struct translation {
  const struct pmm_code *code;
  const struct translation *outer; /* the code around it; NULL: none         */
  unsigned long number;            /* of the code                            */
  int levels;                      /* codes around it                        */
  int indent;                      /* blanks in front of its def             */
  struct pmmi_cpy_source *out;
  FILE *stream;
  enum block blocks[DEPTH_MAX];
  int depth;       /* blocks that are open                                   */
  const char *bad; /* what is wrong with the code, or NULL                   */
};

static void complain(struct translation *t, const char *what) {
  assert(what != NULL);
  if (t->bad == NULL) {
    t->bad = what;
  }
}

__attribute__((format(printf, 2, 3))) static void line(struct translation *t,
                                                       const char *format,
                                                       ...) {
  va_list arguments;
  fprintf(t->stream, "%*s", t->indent + t->depth + 1, "");
  va_start(arguments, format);
  vfprintf(t->stream, format, arguments);
  va_end(arguments);
  fputc('\n', t->stream);
}

static int64_t local(struct translation *t, int64_t number) {
  if (number < 0 || number >= t->code->locals) {
    complain(t, "no such local");
  }
  return number;
}

static void open_block(struct translation *t, enum block block) {
  if (t->depth + 1 >= DEPTH_MAX) {
    complain(t, "blocks nest too deep");
    return;
  }
  t->blocks[t->depth++] = block;
  line(t, "pass");
}

/** The innermost block, or PLAIN. */
static enum block innermost(const struct translation *t) {
  return t->depth > 0 ? t->blocks[t->depth - 1] : PLAIN;
}

static int inside(const struct translation *t, enum block block) {
  for (int i = 0; i < t->depth; i++) {
    if (t->blocks[i] == block) {
      return 1;
    }
  }
  return 0;
}

static void end_block(struct translation *t) {
  if (t->depth == 0) {
    complain(t, "an end without a block");
  } else if (innermost(t) == TRY) {
    complain(t, "a try with neither except nor finally");
  } else {
    t->depth--;
  }
}

/** Close the clause of a try statement that is open. */
static void end_clause(struct translation *t, const char *what) {
  assert(what != NULL);
  if (innermost(t) != TRY && innermost(t) != EXCEPT) {
    complain(t, what);
  } else {
    t->depth--;
  }
}

/** "v3 = " or nothing. */
static const char *target(struct translation *t,
                          const struct pmm_instruction *i, char text[24]) {
  text[0] = '\0';
  if (i->a >= 0) {
    snprintf(text, 24, "v%" PRId64 " = ", local(t, i->a));
  }
  return text;
}

/** "v3", or "None" for a number below 0. */
static const char *operand(struct translation *t, int64_t number,
                           char text[24]) {
  if (number < 0) {
    return "None";
  }
  snprintf(text, 24, "v%" PRId64, local(t, number));
  return text;
}

static void call_host(struct translation *t,
                      const struct pmm_instruction *i) {
  char left[24];
  char right[24];
  if (i->b < 0 || (uint64_t)i->b >= t->code->call_count) {
    complain(t, "no such call");
  }
  line(t, "%sc%lx_%" PRId64 "(%s)", target(t, i, left), t->number, i->b,
       operand(t, i->c, right));
}

static void call_code(struct translation *t,
                      const struct pmm_instruction *i) {
  char left[24];
  char right[24];
  t->out->recursive = 1;
  if (t->outer != NULL) {
    complain(t, "a nested code calls itself");
  }
  if (t->code->args != (i->c < 0 ? 0u : 1u)) {
    complain(t, "a code that calls itself with other arguments");
  }
  line(t, "%sme(%s)", target(t, i, left),
       i->c < 0 ? "" : operand(t, i->c, right));
}

static void except(struct translation *t, const struct pmm_instruction *i) {
  end_clause(t, "an except without a try");
  if (i->b < PMM_OK || i->b > PMM_UNSUPPORTED) {
    complain(t, "no such status");
  }
  if (i->a >= 0) {
    line(t, "except E%" PRId64 " as v%" PRId64 ":", i->b, local(t, i->a));
  } else {
    line(t, "except E%" PRId64 ":", i->b);
  }
  open_block(t, EXCEPT);
}

static void leave_loop(struct translation *t, const char *keyword) {
  if (!inside(t, LOOP)) {
    complain(t, "break or continue outside a loop");
  }
  line(t, "%s", keyword);
}

static void closure(struct translation *t, const struct pmm_instruction *i);

static void statement(struct translation *t, const struct pmm_instruction *i) {
  char left[24];
  char right[24];
  switch (i->op) {
  case PMM_LOG:
    line(t, "log(%" PRId64 ")", i->b);
    break;
  case PMM_CONST:
    if (i->b < 0 || (uint64_t)i->b >= t->code->constant_count) {
      complain(t, "no such constant");
    }
    line(t, "v%" PRId64 " = k%lx_%" PRId64, local(t, i->a), t->number, i->b);
    break;
  case PMM_INT:
    line(t, "v%" PRId64 " = %" PRId64, local(t, i->a), i->b);
    break;
  case PMM_MOVE:
    line(t, "v%" PRId64 " = v%" PRId64, local(t, i->a), local(t, i->b));
    break;
  case PMM_DEL:
    line(t, "del v%" PRId64, local(t, i->a));
    break;
  case PMM_CALL:
    call_host(t, i);
    break;
  case PMM_CALL_CODE:
    call_code(t, i);
    break;
  case PMM_YIELD:
    t->out->generator |= t->outer == NULL;
    line(t, "%syield %s", target(t, i, left), operand(t, i->b, right));
    break;
  case PMM_YIELD_FROM:
    t->out->generator |= t->outer == NULL;
    line(t, "%syield from v%" PRId64, target(t, i, left), local(t, i->b));
    break;
  case PMM_RETURN:
    line(t, "return %s", operand(t, i->a, right));
    break;
  case PMM_RAISE:
    if (i->b <= PMM_OK || i->b > PMM_UNSUPPORTED) {
      complain(t, "no such status");
    }
    line(t, "raise X%" PRId64, i->b);
    break;
  case PMM_RERAISE:
    if (!inside(t, EXCEPT)) {
      complain(t, "a reraise outside except");
    }
    line(t, "raise");
    break;
  case PMM_BREAK:
    leave_loop(t, "break");
    break;
  case PMM_CONTINUE:
    leave_loop(t, "continue");
    break;
  case PMM_APPEND:
    line(t, "v%" PRId64 ".append(v%" PRId64 ")", local(t, i->a),
         local(t, i->b));
    break;
  case PMM_CLOSURE:
    closure(t, i);
    break;
  default:
    complain(t, "no such instruction");
  }
}

/** Instructions that open, continue or close a block; 0 for the others. */
static int block(struct translation *t, const struct pmm_instruction *i) {
  char text[24];
  switch (i->op) {
  case PMM_END:
    end_block(t);
    return 1;
  case PMM_FOR_RANGE:
    line(t, "for v%" PRId64 " in range(%" PRId64 "):", local(t, i->a), i->b);
    open_block(t, LOOP);
    return 1;
  case PMM_FOR_EACH:
    line(t, "for v%" PRId64 " in v%" PRId64 ":", local(t, i->a),
         local(t, i->b));
    open_block(t, LOOP);
    return 1;
  case PMM_IF:
    line(t, "if v%" PRId64 ":", local(t, i->a));
    open_block(t, PLAIN);
    return 1;
  case PMM_TRY:
    line(t, "try:");
    open_block(t, TRY);
    return 1;
  case PMM_EXCEPT:
    except(t, i);
    return 1;
  case PMM_FINALLY:
    end_clause(t, "a finally without a try");
    line(t, "finally:");
    open_block(t, FINALLY);
    return 1;
  case PMM_WITH:
    line(t, "with v%" PRId64 "%s%s:", local(t, i->b), i->a < 0 ? "" : " as ",
         i->a < 0 ? "" : operand(t, i->a, text));
    open_block(t, PLAIN);
    return 1;
  default:
    return 0;
  }
}

/** Locals that are variables of the code around it. */
static uint64_t shared(const struct translation *t) {
  uint64_t arguments =
      t->code->args < 64 ? (UINT64_C(1) << t->code->args) - 1 : UINT64_MAX;
  return t->outer == NULL
             ? 0
             : t->code->captured & t->outer->code->captured & ~arguments;
}

/** The def, and whose its locals are. */
static void head(struct translation *t, int64_t name) {
  uint64_t theirs = shared(t);
  if (name < 0) {
    fputs("def f(", t->stream);
  } else {
    fprintf(t->stream, "%*sdef v%" PRId64 "(", t->indent, "", name);
  }
  for (uint32_t i = 0; i < t->code->args; i++) {
    fprintf(t->stream, "v%" PRIu32 ",", i);
  }
  fputs("):\n", t->stream);
  for (uint32_t i = 0; i < t->code->locals; i++) {
    if ((theirs >> i & 1) != 0) {
      line(t, "nonlocal v%" PRIu32, i);
    }
  }
  fprintf(t->stream, "%*sif 0: ", t->indent + 1, "");
  for (uint32_t i = t->code->args; i < t->code->locals; i++) {
    if ((theirs >> i & 1) == 0) {
      fprintf(t->stream, "v%" PRIu32 " = ", i);
    }
  }
  fputs("None\n", t->stream);
}

static void check_code(struct translation *t) {
  const struct pmm_code *code = t->code;
  size_t codes = pmmi_cpy_code_count(code);
  if (code->args > code->locals || code->locals > 64) {
    complain(t, "more locals than a code may have");
  } else if (code->locals < 64 && code->captured >> code->locals != 0) {
    complain(t, "a code captures a local that it does not have");
  } else if (codes > PMMI_CPY_CODES ||
             (codes > 0 && t->levels == PMMI_CPY_CODE_DEPTH)) {
    complain(t, "a code contains too many nested codes");
  }
  for (size_t i = 0; t->bad == NULL && i < codes; i++) {
    if (code->codes == NULL || code->codes[i] == NULL) {
      complain(t, "a nested code is missing");
    }
  }
}

static void body(struct translation *t, int64_t name) {
  const struct pmm_code *code = t->code;
  check_code(t);
  if (t->bad != NULL) {
    return;
  }
  head(t, name);
  for (size_t i = 0; i < code->instruction_count && t->bad == NULL; i++) {
    const struct pmm_instruction *instruction = &code->instructions[i];
    if (!block(t, instruction)) {
      statement(t, instruction);
    }
  }
  if (t->depth > 0) {
    complain(t, "a block without an end");
  }
}

static void closure(struct translation *t, const struct pmm_instruction *i) {
  int64_t name = local(t, i->a);
  if (i->b < 0 || (uint64_t)i->b >= pmmi_cpy_code_count(t->code)) {
    complain(t, "no such code");
  }
  if (t->bad != NULL) {
    return;
  }
  struct translation inner = {
      .code = t->code->codes[i->b],
      .outer = t,
      .number = pmmi_cpy_code_number(t->number, (size_t)i->b),
      .levels = t->levels + 1,
      .indent = t->indent + t->depth + 1,
      .out = t->out,
      .stream = t->stream};
  body(&inner, name);
  t->bad = inner.bad;
}

int pmmi_cpy_translate(const struct pmm_code *code,
                       struct pmmi_cpy_source *out) {
  assert(code != NULL && out != NULL);
  struct translation t = {.code = code, .out = out};
  size_t size = 0;
  *out = (struct pmmi_cpy_source){.text = NULL};
  t.stream = open_memstream(&out->text, &size);
  if (t.stream == NULL) {
    PyErr_NoMemory();
    return -1;
  }
  body(&t, -1);
  if (fclose(t.stream) == 0 && t.bad == NULL) {
    return 0;
  }
  free(out->text);
  out->text = NULL;
  if (t.bad != NULL) {
    PyErr_SetString(PyExc_ValueError, t.bad);
  } else {
    PyErr_NoMemory();
  }
  return -1;
}
