/* SPDX-License-Identifier: MIT */
/*
 * operations.c - operations.inc as functions and as a table.
 */
#include "operations.h"

#define RT (call->w->rt)
#define OPS (call->w->ops)
#define HOST (call->w)
#define A (*call->a)
#define B (*call->b)
#define C (*call->c)
#define N (call->n)
#define K (call->k)
#define TYPE(n) (call->w->types[n])
#define CODE(n) (call->w->codes[n])
#define FLAG (call->flag)
#define SIZE (call->size)
#define ANSWER (call->answer)

#define GIVING_OBJECT(name, expression)                                       \
  static void run_##name(struct call *call, struct result *result) {          \
    result->object = expression;                                              \
  }
#define GIVING_STATUS(name, expression)                                       \
  static void run_##name(struct call *call, struct result *result) {          \
    result->status = expression;                                              \
  }

#define MAKE(name, feature, weight, kind, operands, expression)               \
  GIVING_OBJECT(name, expression)
#define LEND(name, feature, weight, operands, expression)                     \
  GIVING_OBJECT(name, expression)
#define DO(name, feature, weight, operands, expression)                       \
  GIVING_STATUS(name, expression)
#define ASK(name, feature, weight, operands, expression)                      \
  GIVING_STATUS(name, expression)
#include "operations.inc"
#undef MAKE
#undef LEND
#undef DO
#undef ASK

#define MAKE(name, feature, weight, kind, operands, expression)               \
  {#name,    #feature,    GIVES_NEW, weight, KIND_##kind,                     \
   operands, #expression, run_##name},
#define LEND(name, feature, weight, operands, expression)                     \
  {#name,    #feature,    GIVES_BORROWED, weight, KIND_ANY,                   \
   operands, #expression, run_##name},
#define DO(name, feature, weight, operands, expression)                       \
  {#name,    #feature,    GIVES_STATUS, weight, KIND_ANY,                     \
   operands, #expression, run_##name},
#define ASK(name, feature, weight, operands, expression)                      \
  {#name,    #feature,    GIVES_ANSWER, weight, KIND_ANY,                     \
   operands, #expression, run_##name},
const struct operation operations[] = {
#include "operations.inc"
};
#undef MAKE
#undef LEND
#undef DO
#undef ASK

const size_t operation_count = sizeof operations / sizeof *operations;

#define BIT(name) (1u << KIND_##name)

uint32_t operand_kinds(char letter) {
  switch (letter) {
    case 'L': return BIT(LIST);
    case 'T': return BIT(TUPLE);
    case 'D': return BIT(DICT);
    case 'S': return BIT(SET);
    case 'I': return BIT(INSTANCE) | BIT(ATTRIBUTED);
    case 'U': return BIT(INSTANCE);
    case 'J': return BIT(ATTRIBUTED);
    case 'W': return BIT(WEAKREF);
    case 'N': return BIT(ITERATOR) | BIT(GENERATOR);
    case 'G': return BIT(GENERATOR);
    case 'M': return BIT(WEAKMAP);
    case 'P': return BIT(PROXY);
    case 'F': return BIT(FINALIZE);
    case 'B': return BIT(BYTEARRAY);
    case 's': return BIT(STR);
    case 'b': return BIT(BYTES);
    case 'i': return BIT(INT);
    case 'v': return BIT(INT) | BIT(STR);
    case 'C': return BIT(LIST) | BIT(TUPLE) | BIT(DICT);
    case 'X':
      return BIT(LIST) | BIT(TUPLE) | BIT(DICT) | BIT(INSTANCE) |
             BIT(ATTRIBUTED);
    case 'Z': return BIT(LIST) | BIT(INSTANCE);
    case 'a': return (1u << KINDS) - 1u - BIT(EMPTY);
    case 'o':
      return (1u << KINDS) - 1u - BIT(EMPTY) - BIT(PROXY) - BIT(VIEW) -
             BIT(WEAKMAP) - BIT(BYTEARRAY);
    default: return 0;
  }
}
