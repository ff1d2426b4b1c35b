/* SPDX-License-Identifier: MIT */
/*
 * frame.c - frames and the data stack they lie on.
 *
 * The newest chunk is never empty, unless it is the first one; so a frame
 * is always taken off the newest chunk, and a chunk goes back with its last
 * frame.  (CPython keeps no spare chunk either: InternalDocs/frames.md.)
 */
#include "code/frame.h"

#include <string.h>

#include "code/code_state.h"
#include "code/exception.h"
#include "memory/memory.h"

static struct pmmi_chunk *chunk_new(pmm_rt *rt, size_t bytes) {
  assert(bytes > sizeof(struct pmmi_chunk));
  struct pmmi_chunk *chunk = pmmi_mem_alloc(rt, bytes);
  if (chunk != NULL) {
    *chunk = (struct pmmi_chunk){.previous = pmmi_frames_of(rt)->chunk,
                                 .bytes = bytes,
                                 .used = sizeof *chunk};
    pmmi_frames_of(rt)->chunk = chunk;
  }
  return chunk;
}

static void chunk_drop(pmm_rt *rt) {
  struct pmmi_chunk *chunk = pmmi_frames_of(rt)->chunk;
  assert(chunk->used == sizeof *chunk);
  pmmi_frames_of(rt)->chunk = chunk->previous;
  pmmi_mem_free(rt, chunk, chunk->bytes);
}

enum pmm_status pmmi_frames_init(pmm_rt *rt) {
  *pmmi_frames_of(rt) = (struct pmmi_frames){.chunk = NULL};
  return chunk_new(rt, PMMI_FRAMES_FIRST_BYTES) != NULL ? PMM_OK
                                                        : PMM_NO_MEMORY;
}

void pmmi_frames_fini(pmm_rt *rt) {
  while (pmmi_frames_of(rt)->chunk != NULL) {
    chunk_drop(rt);
  }
}

size_t pmmi_frame_bytes(const struct pmmi_code *code) {
  assert(code->locals <= PMMI_CODE_LOCALS && code->args <= code->locals);
  return sizeof(struct pmmi_frame) + code->locals * sizeof(pmm_obj *) +
         code->block_depth * sizeof(struct pmmi_block) +
         code->try_depth * sizeof(struct pmmi_error) +
         code->binds * sizeof(pmm_obj *);
}

void pmmi_frame_start(pmm_rt *rt, struct pmmi_frame *frame,
                      struct pmmi_code *code, pmm_obj *const *args, size_t n) {
  assert(n == code->args);
  *frame = (struct pmmi_frame){.code = code};
  pmmi_retain(rt, &code->base);
  pmm_obj **locals = pmmi_frame_locals(frame);
  for (size_t i = 0; i < n; i++) {
    locals[i] = pmmi_new_reference(rt, args[i]);
  }
  for (size_t i = n; i < code->locals; i++) {
    locals[i] = NULL;
  }
  if (code->binds) {
    *pmmi_frame_object(frame) = NULL;
  }
}

struct pmmi_frame *pmmi_frame_push(pmm_rt *rt, struct pmmi_code *code,
                                   pmm_obj *const *args, size_t n) {
  assert(code->frame_bytes > 0);
  struct pmmi_chunk *chunk = pmmi_frames_of(rt)->chunk;
  size_t bytes = code->frame_bytes;
  if (bytes > chunk->bytes - chunk->used) {
    chunk = chunk_new(rt, PMMI_FRAMES_CHUNK_BYTES);
    if (chunk == NULL) {
      pmmi_fail(rt, PMM_NO_MEMORY, "no memory for a frame");
      return NULL;
    }
  }
  assert(bytes <= chunk->bytes - chunk->used);
  struct pmmi_frame *frame =
      (struct pmmi_frame *)(void *)((char *)chunk + chunk->used);
  chunk->used += bytes;
  pmmi_frame_start(rt, frame, code, args, n);
  return frame;
}

void pmmi_frame_pop(pmm_rt *rt, struct pmmi_frame *frame) {
  assert(frame->generator == NULL);
  struct pmmi_code *code = frame->code;
  pmmi_frame_clear(rt, frame);
  struct pmmi_chunk *chunk = pmmi_frames_of(rt)->chunk;
  chunk->used -= code->frame_bytes;
  assert((char *)frame == (char *)chunk + chunk->used);
  if (chunk->used == sizeof *chunk && chunk->previous != NULL) {
    chunk_drop(rt);
  }
  pmmi_release(rt, &code->base);
}

void pmmi_frame_clear(pmm_rt *rt, struct pmmi_frame *frame) {
  assert(frame->open <= frame->code->block_depth);
  pmmi_clear(rt, &frame->result);
  if (frame->code->binds) {
    pmmi_frame_hand_over(rt, frame);
  }
  pmm_obj **locals = pmmi_frame_locals(frame);
  for (uint32_t i = 0; i < frame->code->locals; i++) {
    pmmi_clear(rt, &locals[i]);
  }
  while (frame->open > 0) {
    pmmi_frame_close(rt, frame);
  }
}

int pmmi_frame_traverse(struct pmmi_frame *frame, pmm_visit visit, void *ctx) {
  assert(visit != NULL);
  int result = visit(ctx, &frame->code->base);
  if (result == 0 && frame->result != NULL) {
    result = visit(ctx, frame->result);
  }
  pmm_obj **locals = pmmi_frame_locals(frame);
  for (uint32_t i = 0; result == 0 && i < frame->code->locals; i++) {
    result = locals[i] != NULL ? visit(ctx, locals[i]) : 0;
  }
  struct pmmi_block *blocks = pmmi_frame_blocks(frame);
  for (uint32_t i = 0; result == 0 && i < frame->open; i++) {
    result = blocks[i].held != NULL ? visit(ctx, blocks[i].held) : 0;
  }
  struct pmmi_error *errors = pmmi_frame_errors(frame);
  for (uint32_t i = 0; result == 0 && i < frame->tries; i++) {
    result = errors[i].value != NULL ? visit(ctx, errors[i].value) : 0;
  }
  if (result == 0 && frame->code->binds) {
    pmm_obj *object = *pmmi_frame_object(frame);
    result = object != NULL ? visit(ctx, object) : 0;
  }
  return result;
}

struct pmmi_block *pmmi_frame_open(struct pmmi_frame *frame, pmm_obj *held) {
  assert(frame->open < frame->code->block_depth);
  struct pmmi_block *block = pmmi_frame_blocks(frame) + frame->open++;
  *block = (struct pmmi_block){.held = held, .head = frame->pc};
  if (pmmi_frame_instruction(frame)->op == PMM_TRY) {
    frame->tries++;
    *pmmi_frame_error(frame) = (struct pmmi_error){.status = PMM_OK};
  }
  return block;
}

void pmmi_frame_close(pmm_rt *rt, struct pmmi_frame *frame) {
  assert(frame->tries <= frame->open);
  struct pmmi_block *block = pmmi_frame_block(frame);
  pmm_obj *held = block->held;
  pmm_obj *value = NULL;
  if (frame->code->instructions[block->head].op == PMM_TRY) {
    value = pmmi_frame_error(frame)->value;
    frame->tries--;
  }
  frame->open--;
  pmmi_xrelease(rt, value);
  pmmi_xrelease(rt, held);
}

size_t pmmi_recursion_limit(pmm_rt *rt) {
  (void)rt;
  return PMMI_RECURSION_LIMIT;
}
