/* SPDX-License-Identifier: MIT */
/*
 * code.h - codes as the interpreter wants them: checked, with jump targets.
 *
 *   1. pmmi_code_new() copies a struct pmm_code of the host into one block.
 *   2. It checks every operand and every nesting, and refuses what is wrong
 *      with PMM_VALUE, so that the interpreter need not look again.
 *   3. Codes inside it are copied likewise, and learn which locals they share
 *      with it.
 *   4. It resolves each PMM_END to what it ends, and each instruction that
 *      jumps to where; an END of the code itself is added behind the last.
 *
 * Jump targets are indexes of instructions:
 *
 *   instruction          target                  c
 *   FOR_RANGE, FOR_EACH  behind its END
 *   END of a loop        the loop's head
 *   IF                   behind its END
 *   BREAK, CONTINUE      the loop's head
 *   TRY, EXCEPT          the next EXCEPT,        FINALLY, else the END
 *                        FINALLY or END
 *
 * Invariant: every index in a checked code is in range, and a frame never
 * holds more open blocks than `block_depth`, of which `try_depth` TRYs.
 *
 * Source: CPython 3.11 Python/compile.c (frame blocks), Include/cpython/code.h.
 */
#ifndef PMMI_CODE_H
#define PMMI_CODE_H

#include "core/object.h"

/** Most locals of a code (pmm/types.h). */
#define PMMI_CODE_LOCALS 64

/** Most blocks open at once in a code; CPython's limit is 20. */
#define PMMI_CODE_BLOCKS 20

/** Most codes inside a code, and how deep they nest (pmm/types.h). */
#define PMMI_CODE_CODES 15
#define PMMI_CODE_DEPTH 8

/** Most instructions of a code. */
#define PMMI_CODE_INSTRUCTIONS (1u << 20)

/** What a PMM_END ends, behind the values of enum pmm_instruction_op. */
enum pmmi_end_op {
  PMMI_END_CODE = PMM_CLOSURE + 1, /* return None                           */
  PMMI_END_RANGE,
  PMMI_END_EACH,
  PMMI_END_IF,
  PMMI_END_TRY,
  PMMI_END_WITH,
  PMMI_OPS /* how many there are                                            */
};

/** An instruction with its targets (see above). */
struct pmmi_instruction {
  int64_t b;       /* as in struct pmm_instruction                          */
  int32_t a;
  int32_t c;
  uint32_t target; /* index of an instruction                               */
  uint32_t op;     /* enum pmm_instruction_op or enum pmmi_end_op           */
};

static_assert(sizeof(struct pmmi_instruction) == 24, "three words");

/** A code object.  Immutable. */
struct pmmi_code {
  struct pmm_obj base;
  struct pmmi_instruction *instructions; /* start of the one block          */
  pmm_obj **constants;                   /* owned, in the block             */
  struct pmm_code_call *calls;           /* in the block                    */
  struct pmmi_code **codes;              /* owned, in the block             */
  char *name;                            /* in the block                    */
  size_t block_bytes;                    /* size of the block               */
  uint32_t instruction_count;            /* without the added END           */
  uint32_t constant_count;
  uint32_t code_count;
  uint32_t args;        /* locals that a call fills                         */
  uint32_t locals;      /* all locals                                       */
  uint32_t block_depth; /* most TRY, WITH and loop blocks open at once      */
  uint32_t try_depth;   /* most TRY blocks open at once                     */
  uint32_t yields;      /* 1: a call makes a generator                      */
  uint32_t binds;       /* 1: an EXCEPT names its error                     */
  uint32_t depth;       /* codes around it                                  */
  uint32_t frame_bytes; /* size of a frame that executes it                 */
  uint64_t captured;    /* locals that closures share, one bit each         */
  uint64_t shared;      /* those of them that the code around it has too    */
};

extern const struct pmmi_type pmmi_code_type;

/** A checked copy of `spec`.  New.  PMM_NO_MEMORY; PMM_VALUE: malformed. */
struct pmmi_code *pmmi_code_new(pmm_rt *rt, const struct pmm_code *spec);

#endif /* PMMI_CODE_H */
