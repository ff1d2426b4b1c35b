/* SPDX-License-Identifier: MIT */
/*
 * operations.h - what a step of a program can do: operations.inc as a table.
 */
#ifndef PMM_LOCKSTEP_OPERATIONS_H
#define PMM_LOCKSTEP_OPERATIONS_H

#include "program.h"

/** What a step came to. */
struct result {
  pmm_obj *object;
  enum pmm_status status;
};

struct operation {
  const char *name;
  const char *feature;
  enum giving giving;
  unsigned weight;
  enum kind kind;          /* of the result                                  */
  const char *operands;    /* see operations.inc                             */
  const char *text;        /* in C                                           */
  void (*run)(struct call *call, struct result *result);
};

extern const struct operation operations[];
extern const size_t operation_count;

/** Kinds that an operand of that letter may have, as bits; 0: a number. */
uint32_t operand_kinds(char letter);

#endif /* PMM_LOCKSTEP_OPERATIONS_H */
