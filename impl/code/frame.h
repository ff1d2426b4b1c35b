/* SPDX-License-Identifier: MIT */
/*
 * frame.h - what a running code holds, and where.
 *
 *        +------+------+-----------+--------+-------+
 *        | back | code | generator | result | state | ...
 *        +------+------+-----------+--------+-------+
 *   byte 0      8      16          24       32      48
 *            +--------+--------+--------+--------+
 *        ... | locals | blocks | errors | object |
 *            +--------+--------+--------+--------+
 *   byte     48
 *
 *   1. The frame of a function lies on the data stack: chunks from the
 *      runtime's own allocator, filled like a stack.  The first chunk stays
 *      from open to close; every other goes back when its last frame is gone.
 *   2. The frame of a generator lies in the generator, so that it can wait.
 *   3. `back` chains the frames that one call from C runs, innermost first.
 *   4. A block is open while the program is inside a loop, a try, a with or
 *      a yield from; a try has room for an error as well.  Both numbers have
 *      bounds that code_check.c found, so a frame never grows.
 *   5. Where an EXCEPT of the code names its error, there is one more word:
 *      the object that exceptions refer to the frame by (exception.h).
 *
 * Invariant: a frame owns its code, its result, every local that is not NULL,
 * what its open blocks hold and its object; blocks at and above `open` own
 * nothing.
 *
 * Source: CPython 3.11 InternalDocs/frames.md (data stack in chunks),
 * Include/internal/pycore_frame.h.
 */
#ifndef PMMI_FRAME_H
#define PMMI_FRAME_H

#include "code/code.h"
#include "core/errors.h"

struct pmmi_generator;

/** Bytes of the first chunk and of each further one, header included. */
#define PMMI_FRAMES_FIRST_BYTES 4096
#define PMMI_FRAMES_CHUNK_BYTES 16384

/** Where a TRY block is.  Other blocks stay in BODY. */
enum pmmi_block_state {
  PMMI_BLOCK_BODY = 0,
  PMMI_BLOCK_HANDLER, /* in an EXCEPT; its error is what it handles         */
  PMMI_BLOCK_FINAL    /* in FINALLY; `completion` tells what comes after it */
};

/** Why control leaves a block. */
enum pmmi_completion {
  PMMI_FALLS = 0, /* at its end                                             */
  PMMI_BREAKS,
  PMMI_CONTINUES,
  PMMI_RETURNS,
  PMMI_RAISES
};

/** A loop, try, with or yield from that has begun and not ended. */
struct pmmi_block {
  pmm_obj *held;     /* owned: iterator, manager or, in FINALLY, the value  */
                     /* that is being returned                              */
  int64_t next;      /* FOR_RANGE: the next number                          */
  uint32_t head;     /* index of the instruction that opened it             */
  uint32_t target;   /* HANDLER: its EXCEPT; BREAKS, CONTINUES: the loop    */
  uint8_t state;     /* enum pmmi_block_state                               */
  uint8_t completion; /* enum pmmi_completion                               */
};

/** The fixed part of a frame. */
struct pmmi_frame {
  struct pmmi_frame *back;          /* who gets the result; NULL: C         */
  struct pmmi_code *code;           /* owned                                */
  struct pmmi_generator *generator; /* it lives in; NULL: on the data stack */
  pmm_obj *result;  /* owned: returned, while blocks unwind; NULL: None     */
  uint32_t pc;      /* index of the instruction that is executing           */
  uint32_t open;    /* blocks that are open                                 */

  uint32_t tries;   /* TRY blocks among them: errors that are in use        */
  uint32_t closing; /* 1: a delegating generator waits for it to end        */
};

static_assert(sizeof(struct pmmi_block) == 32, "four words");
static_assert(sizeof(struct pmmi_frame) == 48, "the drawing above");

/** A piece of the data stack; frames fill it from behind this header. */
struct pmmi_chunk {
  struct pmmi_chunk *previous; /* older chunk                               */
  size_t bytes;                /* of the chunk                              */
  size_t used;                 /* of them, header included                  */
  size_t unused;
};

/** The frames' part of a runtime. */
struct pmmi_frames {
  struct pmmi_chunk *chunk; /* the newest                                   */
};

static inline pmm_obj **pmmi_frame_locals(struct pmmi_frame *frame) {
  return (pmm_obj **)(void *)(frame + 1);
}

static inline struct pmmi_block *pmmi_frame_blocks(struct pmmi_frame *frame) {
  return (struct pmmi_block *)(void *)(pmmi_frame_locals(frame) +
                                       frame->code->locals);
}

static inline struct pmmi_error *pmmi_frame_errors(struct pmmi_frame *frame) {
  return (struct pmmi_error *)(void *)(pmmi_frame_blocks(frame) +
                                       frame->code->block_depth);
}

/** The frame's object, NULL until an error is named.  Only where the code
 *  binds. */
static inline pmm_obj **pmmi_frame_object(struct pmmi_frame *frame) {
  assert(frame->code->binds);
  return (pmm_obj **)(void *)(pmmi_frame_errors(frame) +
                              frame->code->try_depth);
}

/** The error of the innermost open TRY block; there is one.  It is handled
 *  in HANDLER, and raised again after FINAL when that RAISES. */
static inline struct pmmi_error *pmmi_frame_error(struct pmmi_frame *frame) {
  assert(frame->tries > 0);
  return pmmi_frame_errors(frame) + (frame->tries - 1);
}

/** The innermost open block; there is one. */
static inline struct pmmi_block *pmmi_frame_block(struct pmmi_frame *frame) {
  assert(frame->open > 0);
  return pmmi_frame_blocks(frame) + (frame->open - 1);
}

static inline const struct pmmi_instruction *
pmmi_frame_instruction(const struct pmmi_frame *frame) {
  return &frame->code->instructions[frame->pc];
}

/** Take and give back the first chunk.  init: PMM_NO_MEMORY. */
enum pmm_status pmmi_frames_init(pmm_rt *rt);
void pmmi_frames_fini(pmm_rt *rt);

/** Bytes of a frame that executes `code`, from its counts; kept as
 *  `frame_bytes`. */
size_t pmmi_frame_bytes(const struct pmmi_code *code);

/** Make a frame of memory of that size: at the first instruction, arguments
 *  retained, other locals empty.  Owns `code`.  Cannot fail. */
void pmmi_frame_start(pmm_rt *rt, struct pmmi_frame *frame,
                      struct pmmi_code *code, pmm_obj *const *args, size_t n);

/** A started frame on the data stack.  NULL: PMM_NO_MEMORY pending. */
struct pmmi_frame *pmmi_frame_push(pmm_rt *rt, struct pmmi_code *code,
                                   pmm_obj *const *args, size_t n);

/** Clear the newest frame of the data stack and take it off.  A pending
 *  error stays.  May run code. */
void pmmi_frame_pop(pmm_rt *rt, struct pmmi_frame *frame);

/** Drop result, locals and open blocks, in that order; the frame runs no
 *  code of its own any more.  Exceptions that refer to it keep its locals.
 *  May run code. */
void pmmi_frame_clear(pmm_rt *rt, struct pmmi_frame *frame);

/** Visit what the frame owns. */
int pmmi_frame_traverse(struct pmmi_frame *frame, pmm_visit visit, void *ctx);

/** Open a block for the instruction at pc; it holds `held` (stolen). */
struct pmmi_block *pmmi_frame_open(struct pmmi_frame *frame, pmm_obj *held);

/** Close the innermost block and drop what it holds.  May run code. */
void pmmi_frame_close(pmm_rt *rt, struct pmmi_frame *frame);

/** Operation recursion_limit. */
size_t pmmi_recursion_limit(pmm_rt *rt);

#endif /* PMMI_FRAME_H */
