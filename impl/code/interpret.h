/* SPDX-License-Identifier: MIT */
/*
 * interpret.h - the interpreter of codes.
 *
 *   1. A machine is what one call from C runs: a chain of frames, the
 *      innermost executing.  A code that calls itself, and a generator that
 *      another one iterates over or delegates to, push a frame on the chain
 *      and need no C stack.
 *   2. Each instruction is one function.  It says what comes next (enum
 *      pmmi_step): the next instruction, or control leaving a block or frame.
 *   3. Control that leaves a block unwinds block by block (unwind.c); where a
 *      try or a with has something to say, it goes on there.
 *   4. A result, an item or an error that leaves a frame is delivered to the
 *      frame behind it, which waits at a call, a loop or a yield from.
 *
 * Invariant: while a frame does not execute, its pc is at the instruction
 * that waits; a frame is in the chain exactly when it is running.
 *
 * Source: CPython 3.12 Python/ceval.c (inlined calls, FOR_ITER_GEN), PEP 380.
 */
#ifndef PMMI_INTERPRET_H
#define PMMI_INTERPRET_H

#include "code/frame.h"

/** What comes next. */
enum pmmi_step {
  PMMI_STEP_GO = 0, /* the instruction at pc                                */
  PMMI_STEP_RAISE,  /* an error that was raised here: gets its context      */
  PMMI_STEP_UNWIND, /* an error that is on its way                          */
  PMMI_STEP_DELEGATE, /* the frame waits at a yield from: resume the inner  */
  PMMI_STEP_YIELD,  /* `value` leaves the frame, which waits                */
  PMMI_STEP_RETURN, /* the frame ends; its result leaves it                 */
  PMMI_STEP_FAIL,   /* the frame ends; the pending error leaves it          */
  PMMI_STEP_LEAVE   /* the chain is empty: back to C                        */
};

/** How a generator is resumed. */
enum pmmi_resume {
  PMMI_RESUME_SEND = 0, /* with a value                                     */
  PMMI_RESUME_THROW,    /* with the pending error                           */
  PMMI_RESUME_CLOSE     /* with a pending exit, by who delegates to it      */
};

/** How a machine ended. */
enum pmmi_outcome {
  PMMI_RETURNED = 0, /* `value` is the result                               */
  PMMI_YIELDED,      /* `value` is an item                                  */
  PMMI_FAILED        /* an error is pending                                 */
};

struct pmmi_machine {
  pmm_rt *rt;
  struct pmmi_frame *frame; /* innermost; NULL: none                        */
  pmm_obj *value;           /* owned; on its way                            */
  enum pmmi_resume how;     /* with DELEGATE                                */
  enum pmmi_outcome outcome; /* once a step has said LEAVE                  */
  int unlimited; /* 1: cleaning up, whatever the recursion limit says       */
};

/** Go on with `step` until the chain is empty. */
enum pmmi_outcome pmmi_machine_run(struct pmmi_machine *m,
                                   enum pmmi_step step);

/** Count one more nested call; cleaning up may exceed the limit.
 *  PMM_RECURSION: not counted. */
enum pmm_status pmmi_machine_deepen(struct pmmi_machine *m);

/** Push a frame of `code`, which makes no generator; arguments borrowed.
 *  GO or RAISE. */
enum pmmi_step pmmi_machine_call(struct pmmi_machine *m,
                                 struct pmmi_code *code, pmm_obj *const *args,
                                 size_t n);

/** Store `value` (stolen) as local `a`; a < 0 drops it.  May run code. */
void pmmi_machine_store(struct pmmi_machine *m, int32_t a, pmm_obj *value);

/** Begin the next round of the innermost loop, or leave it; pc is at its
 *  head. */
enum pmmi_step pmmi_machine_round(struct pmmi_machine *m);

#endif /* PMMI_INTERPRET_H */
