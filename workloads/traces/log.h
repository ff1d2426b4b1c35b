/* SPDX-License-Identifier: MIT */
/*
 * log.h - what the recorder writes while a program runs.
 *
 * A trace needs object numbers, and to look them up costs more than a program
 * should be slowed down by: the recorder writes addresses, in words of 8 bytes,
 * and pack.h makes a trace of them afterwards.
 *
 *   word of an event            63      16 15       4 3    2 1  0
 *                              | address  | size code | domain | op |
 *
 *   alloc, zero   one word; a size of LOG_LARGE or more: code LOG_LARGE, and
 *                 the size in a word of its own
 *   realloc       two: the old address, then the new one with the size, whose
 *                 op is LOG_MOVED
 *   free          one word, code 0
 *   thread        domain LOG_CONTROL, op 0: the number in place of the address
 *   end           domain LOG_CONTROL, op 1: the program came to its end
 *
 * The first word is LOG_MAGIC, and LOG_TEXT_WORDS follow with the version of
 * the interpreter, a text that zeros end, and then a word that is 1 where
 * addresses are held still (addresses.h).  The file is mapped, and longer than
 * what is in it: a word of 0 ends it, so that of a program that is killed
 * nothing is lost.
 */
#ifndef PMM_TRACE_LOG_H
#define PMM_TRACE_LOG_H

#include <stdint.h>

#define LOG_MAGIC UINT64_C(0x32474F4C4D4D50) /* "PMMLOG2" */

/** The file that the recorder is to write; without it, it does nothing. */
#define LOG_VARIABLE "PMM_TRACE_LOG"

/** Bytes of stack that the program may use, where it has to start with fewer. */
#define LOG_STACK "PMM_TRACE_STACK"

enum {
  LOG_TEXT_WORDS = 16,
  LOG_HEAD_WORDS = LOG_TEXT_WORDS + 2,
  LOG_LARGE = 4095,
  LOG_CONTROL = 3,
  LOG_MOVED = 0, /* op of the second word of a realloc                      */
  LOG_THREAD = 0,
  LOG_END = 1
};

static inline uint64_t log_word(uint64_t address, uint64_t code,
                                unsigned domain, unsigned op) {
  return address << 16 | code << 4 | domain << 2 | op;
}

#endif /* PMM_TRACE_LOG_H */
