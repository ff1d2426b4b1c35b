/* SPDX-License-Identifier: MIT */
/*
 * program.h - a program: steps over registers, and their text.
 *
 *     r3 = instance_new 0 17      an operation of operations.inc, its operands
 *     list_append r2 r3           registers first to last, then numbers
 *     # a comment
 *     --                          ends a program; another may follow
 *
 * A step whose operands are not of the kind that the operation wants does
 * nothing, so that any step may be taken out of a program.
 */
#ifndef PMM_LOCKSTEP_PROGRAM_H
#define PMM_LOCKSTEP_PROGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "words.h"

enum { PROGRAM_STEPS = 4096, STEP_OPERANDS = 3 };

/** How an operation gives its result. */
enum giving { GIVES_NEW, GIVES_BORROWED, GIVES_STATUS, GIVES_ANSWER };

/** What a register holds, as far as programs need to know. */
enum kind {
  KIND_EMPTY,
  KIND_NONE,
  KIND_INT,
  KIND_FLOAT,
  KIND_STR,
  KIND_BYTES,
  KIND_INSTANCE,
  KIND_ATTRIBUTED,
  KIND_LIST,
  KIND_TUPLE,
  KIND_DICT,
  KIND_SET,
  KIND_ITERATOR,
  KIND_GENERATOR,
  KIND_WEAKREF,
  KIND_WEAKMAP,
  KIND_PROXY,
  KIND_FINALIZE,
  KIND_BYTEARRAY,
  KIND_VIEW,
  KIND_OTHER,
  KIND_ANY, /* of a result: it is found out                                 */
  KINDS = KIND_ANY
};

struct step {
  uint16_t op;                       /* of operations[]                      */
  uint8_t to;                        /* register of the result               */
  uint8_t regs[STEP_OPERANDS];
  int32_t n;                         /* first and                            */
  int32_t k;                         /* second number                        */
};

struct program {
  struct step steps[PROGRAM_STEPS];
  size_t count;
};

/** What a step works on: the registers, and where its answers go. */
struct call {
  struct words *w;
  pmm_obj **a, **b, **c;
  int64_t n, k;
  int flag;
  size_t size;
  int64_t answer;
};

/** Read one program.  1; 0: there is none left; -1: `message` says what is
 *  wrong with which line. */
int program_read(FILE *in, struct program *out, char *message, size_t size);
/** One step as a line, without its newline. */
void step_write(const struct step *step, FILE *out);

#endif /* PMM_LOCKSTEP_PROGRAM_H */
