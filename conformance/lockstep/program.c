/* SPDX-License-Identifier: MIT */
/*
 * program.c - programs as text.
 */
#include "program.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "operations.h"

enum { LINE_BYTES = 256, WORDS_A_LINE = 10 };

/* ---- writing ------------------------------------------------------------- */

void step_write(const struct step *step, FILE *out) {
  assert(step->op < operation_count);
  const struct operation *op = &operations[step->op];
  size_t reg = 0;
  if (op->giving == GIVES_NEW || op->giving == GIVES_BORROWED) {
    (void)fprintf(out, "r%u = ", (unsigned)step->to);
  }
  (void)fputs(op->name, out);
  for (const char *c = op->operands; *c != '\0'; c++) {
    if (operand_kinds(*c) != 0) {
      (void)fprintf(out, " r%u", (unsigned)step->regs[reg++]);
    }
  }
  for (const char *c = op->operands; *c != '\0'; c++) {
    if (operand_kinds(*c) == 0) {
      int second = *c == 'm' || *c == 'k';
      (void)fprintf(out, " %" PRId32, second ? step->k : step->n);
    }
  }
}

/* ---- reading ------------------------------------------------------------- */

static int find_operation(const char *name, struct step *step) {
  for (size_t i = 0; i < operation_count; i++) {
    if (strcmp(operations[i].name, name) == 0) {
      step->op = (uint16_t)i;
      return 1;
    }
  }
  return 0;
}

static int read_register(const char *word, uint8_t *out) {
  char *end = NULL;
  if (word == NULL || word[0] != 'r' || word[1] < '0' || word[1] > '9') {
    return 0;
  }
  unsigned long value = strtoul(word + 1, &end, 10);
  *out = (uint8_t)value;
  return *end == '\0' && value < WORDS_REGISTERS;
}

static int read_number(const char *word, char letter, struct step *step) {
  char *end = NULL;
  if (word == NULL || word[0] < '0' || word[0] > '9') {
    return 0;
  }
  unsigned long value = strtoul(word, &end, 10);
  unsigned long most = letter == 'k'   ? INT32_MAX
                       : letter == 'y' ? WORDS_TYPES - 1
                       : letter == 'g' ? WORDS_CODES - 1
                                       : 7;
  if (letter == 'm' || letter == 'k') {
    step->k = (int32_t)value;
  } else {
    step->n = (int32_t)value;
  }
  return *end == '\0' && value <= most;
}

/* NULL, or what is wrong. */
static const char *read_operands(char *const *words, struct step *step) {
  const struct operation *op = &operations[step->op];
  size_t reg = 0;
  for (const char *c = op->operands; *c != '\0'; c++) {
    if (operand_kinds(*c) != 0 &&
        !read_register(*words++, &step->regs[reg++])) {
      return "expected a register r0 to r11";
    }
  }
  for (const char *c = op->operands; *c != '\0'; c++) {
    if (operand_kinds(*c) == 0 && !read_number(*words++, *c, step)) {
      return "expected a number (0 to 7; a cookie may be larger)";
    }
  }
  return *words != NULL ? "too many operands" : NULL;
}

/* NULL, or what is wrong.  `words` ends with NULL. */
static const char *read_step(char *const *words, struct step *step) {
  memset(step, 0, sizeof *step);
  int has_target = words[1] != NULL && strcmp(words[1], "=") == 0;
  if (has_target && !read_register(words[0], &step->to)) {
    return "expected a register r0 to r11 before =";
  }
  words += has_target ? 2 : 0;
  if (words[0] == NULL || !find_operation(words[0], step)) {
    return "unknown operation (`operations` lists them)";
  }
  enum giving giving = operations[step->op].giving;
  if (has_target != (giving == GIVES_NEW || giving == GIVES_BORROWED)) {
    return has_target ? "this operation returns no object: leave rN = out"
                      : "this operation returns an object: write rN = ...";
  }
  return read_operands(words + 1, step);
}

static void split(char *line, char *words[WORDS_A_LINE + 1]) {
  char *rest = NULL;
  size_t n = 0;
  for (char *word = strtok_r(line, " \t\r\n", &rest);
       word != NULL && n < WORDS_A_LINE;
       word = strtok_r(NULL, " \t\r\n", &rest)) {
    words[n++] = word;
  }
  words[n] = NULL;
}

int program_read(FILE *in, struct program *out, char *message, size_t size) {
  char line[LINE_BYTES];
  char *words[WORDS_A_LINE + 1];
  int any = 0;
  out->count = 0;
  for (unsigned number = 1; fgets(line, sizeof line, in) != NULL; number++) {
    split(line, words);
    if (words[0] == NULL || words[0][0] == '#') {
      continue;
    }
    any = 1;
    if (strcmp(words[0], "--") == 0) {
      return 1;
    }
    const char *wrong = out->count == PROGRAM_STEPS
                            ? "the program is too long"
                            : read_step(words, &out->steps[out->count]);
    if (wrong != NULL) {
      (void)snprintf(message, size, "line %u: %s: %s", number, words[0],
                     wrong);
      return -1;
    }
    out->count++;
  }
  return any;
}
