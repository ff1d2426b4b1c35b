/* SPDX-License-Identifier: MIT */
/*
 * pattern.h - how a program uses memory, as a small text.
 *
 *   title Sawtooth with survivors
 *   source what it is like, and where it was seen
 *   seed 1
 *   repeat 8
 *     phase burst
 *     alloc 300000 size 16..512 in young
 *     phase most go
 *     drop 99.9% random of young
 *     move young to old
 *   end
 *
 * A line is a statement; what stands behind # is a remark.
 *
 *   phase NAME                figures are taken for all up to the next phase
 *   repeat N ... end          N times
 *   thread ... end            in a thread that begins here and ends there
 *   alloc N size S in SET     N blocks of sizes drawn evenly from S
 *   churn N size S in SET     N times: give back one of the set at random and
 *                             make another
 *   drop P% ORDER of SET      give back so many: random, oldest or newest
 *   move SET to SET           all of it
 *   grow SET by BYTES to MOST each block by realloc, step by step
 *   pass N size S depth D     one thread makes N blocks, another gives them
 *                             back, and at most D are on the way
 *   idle SECONDS
 *
 * S is BYTES or LOW..HIGH, and behind it may stand "drift STEP": each time
 * round the innermost repeat, both ends are so many bytes larger.  A set comes
 * to be when something is put into it.  At the end everything is given back.
 */
#ifndef PMM_PATTERN_H
#define PMM_PATTERN_H

#include <stddef.h>
#include <stdint.h>

enum {
  PATTERN_STATEMENTS_MOST = 1024,
  PATTERN_SETS_MOST = 32,
  PATTERN_DEPTH_MOST = 8,       /* of repeat and thread within another      */
  PATTERN_NAME_MOST = 40,       /* letters of a phase or a set              */
  PATTERN_TEXT_MOST = 240,      /* letters of title and source              */
  PATTERN_FILE_MOST = 1 << 20   /* bytes                                    */
};

enum pattern_verb {
  PATTERN_PHASE,
  PATTERN_REPEAT,
  PATTERN_THREAD,
  PATTERN_END,
  PATTERN_ALLOC,
  PATTERN_CHURN,
  PATTERN_DROP,
  PATTERN_MOVE,
  PATTERN_GROW,
  PATTERN_PASS,
  PATTERN_IDLE
};

enum pattern_order { PATTERN_RANDOM, PATTERN_OLDEST, PATTERN_NEWEST };

struct pattern_statement {
  enum pattern_verb verb;
  unsigned line;            /* of the file, from 1                          */
  size_t end;               /* repeat, thread: the statement that ends it   */
  uint64_t count;           /* alloc, churn, pass, repeat                   */
  uint64_t low;             /* of sizes; grow: the step                     */
  uint64_t high;            /* of sizes; grow: the most                     */
  uint64_t drift;
  uint64_t depth;           /* pass                                         */
  uint64_t share;           /* drop: of 100,000                              */
  enum pattern_order order; /* drop                                         */
  unsigned set;             /* its number                                   */
  unsigned other;           /* move: where to                               */
  double seconds;           /* idle                                         */
  char name[PATTERN_NAME_MOST + 1]; /* phase                                */
};

struct pattern {
  char title[PATTERN_TEXT_MOST + 1];
  char source[PATTERN_TEXT_MOST + 1];
  uint64_t seed;
  int threads;              /* 1: a thread besides the first is needed      */
  size_t count;             /* statements                                   */
  unsigned set_count;
  char sets[PATTERN_SETS_MOST][PATTERN_NAME_MOST + 1];
  struct pattern_statement statements[PATTERN_STATEMENTS_MOST];
};

/** Where a text is no pattern, and what was expected there. */
struct pattern_fault {
  unsigned line; /* 0: of the whole                                         */
  char message[240];
};

/** Read a pattern from a text of `count` bytes.  0, or -1: a fault. */
int pattern_parse(const char *text, size_t count, struct pattern *pattern,
                  struct pattern_fault *fault);

/** Read a file.  0, or -1: a fault. */
int pattern_read(const char *path, struct pattern *pattern,
                 struct pattern_fault *fault);

#endif /* PMM_PATTERN_H */
