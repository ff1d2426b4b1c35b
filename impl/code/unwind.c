/* SPDX-License-Identifier: MIT */
/*
 * unwind.c - how control leaves blocks: try, with, break, return, errors.
 *
 * Control leaves for a reason, a completion, that each block on the way out
 * may keep, replace or swallow:
 *
 *   loop        its own BREAK or CONTINUE ends here; else it is dropped
 *   TRY         an error goes to the first EXCEPT that wants it; anything
 *               else goes to FINALLY, which remembers it and goes on with
 *               it at the END; a completion out of FINALLY replaces it
 *   WITH        exit is called; it may swallow an error or raise its own
 *   yield from  the iterator is dropped
 *
 * An EXCEPT that cannot name its error for want of memory is over before it
 * began: that failure leaves it, as if the first instruction had raised it.
 *
 * An error raised while another is handled keeps that one's status as its
 * context, given once, where it is raised.
 *
 * Invariant: while exit runs no error is pending and the block is closed, so
 * exit is called exactly once.
 *
 * Source: PEP 341, PEP 343, PEP 3134; CPython Doc/reference/compound_stmts.rst.
 */
#include "code/unwind.h"

#include "code/interpret.h"

#include "code/closure.h"
#include "code/code_state.h"
#include "code/exception.h"
#include "code/function.h"

const struct pmmi_error *pmmi_handled(struct pmmi_frame *frame) {
  assert(frame->tries <= frame->open);
  struct pmmi_error *errors = pmmi_frame_errors(frame);
  for (uint32_t i = frame->tries; i > 0; i--) {
    if (errors[i - 1].status != PMM_OK) {
      return &errors[i - 1];
    }
  }
  return NULL;
}

/** Drop the error of the innermost TRY. */
static void error_drop(pmm_rt *rt, struct pmmi_frame *frame) {
  assert(pmmi_frame_error(frame)->status != PMM_OK ||
         pmmi_frame_error(frame)->value == NULL);
  struct pmmi_error *error = pmmi_frame_error(frame);
  pmm_obj *value = error->value;
  error->status = PMM_OK;
  error->value = NULL;
  pmmi_xrelease(rt, value);
}

/** The handler of `block` is over: drop what it handled and its name. */
static void handler_end(struct pmmi_machine *m, struct pmmi_block *block) {
  assert(block->state == PMMI_BLOCK_HANDLER);
  int32_t named = m->frame->code->instructions[block->target].a;
  block->state = PMMI_BLOCK_BODY;
  error_drop(m->rt, m->frame);
  if (named >= 0) {
    pmmi_clear(m->rt, pmmi_frame_local(m->frame, named));
  }
}

/** Go into the EXCEPT at `index` with the pending error.  PMM_NO_MEMORY: it
 *  cannot be named; that is pending. */
static enum pmm_status handler_begin(struct pmmi_machine *m,
                                     struct pmmi_block *block,
                                     uint32_t index) {
  assert(block->state == PMMI_BLOCK_BODY && pmmi_error_pending(m->rt));
  const struct pmmi_instruction *in = &m->frame->code->instructions[index];
  block->state = PMMI_BLOCK_HANDLER;
  block->target = index;
  struct pmmi_error *error = pmmi_frame_error(m->frame);
  pmmi_error_save(m->rt, error);
  m->frame->pc = index + 1;
  if (in->a >= 0) {
    if (pmmi_exception_bind(m->rt, m->frame, error) != PMM_OK) {
      pmmi_errors_of(m->rt)->pending.context = error->status;
      return PMM_NO_MEMORY;
    }
    pmmi_machine_store(m, in->a, pmmi_new_reference(m->rt, error->value));
  }
  return PMM_OK;
}

/** Go into the FINALLY at `index`, to go on with `why` after it. */
static void final_begin(struct pmmi_machine *m, struct pmmi_block *block,
                        uint32_t index, enum pmmi_completion why,
                        uint32_t target) {
  assert(block->state != PMMI_BLOCK_FINAL);
  block->state = PMMI_BLOCK_FINAL;
  block->completion = (uint8_t)why;
  block->target = target;
  if (why == PMMI_RETURNS) {
    block->held = m->frame->result;
    m->frame->result = NULL;
  } else if (why == PMMI_RAISES) {
    pmmi_error_save(m->rt, pmmi_frame_error(m->frame));
  }
  m->frame->pc = index + 1;
}

/** 1 when the innermost block, a TRY, takes over. */
static int unwind_try(struct pmmi_machine *m, enum pmmi_completion why,
                      uint32_t target) {
  assert(why != PMMI_FALLS);
  struct pmmi_block *block = pmmi_frame_block(m->frame);
  const struct pmmi_instruction *all = m->frame->code->instructions;
  uint32_t leave = (uint32_t)all[block->head].c;
  if (block->state == PMMI_BLOCK_FINAL) {
    return 0;
  }
  if (block->state == PMMI_BLOCK_BODY && why == PMMI_RAISES) {
    enum pmm_status status = pmmi_error(m->rt);
    for (uint32_t i = all[block->head].target; i != leave; i = all[i].target) {
      if (all[i].b == PMM_OK || all[i].b == (int64_t)status) {
        if (handler_begin(m, block, i) == PMM_OK) {
          return 1;
        }
        break;
      }
    }
  }
  if (block->state == PMMI_BLOCK_HANDLER) {
    handler_end(m, block);
  }
  if (all[leave].op == PMM_FINALLY) {
    final_begin(m, block, leave, why, target);
    return 1;
  }
  return 0;
}

/** Close the WITH that is the innermost block and call its exit; `error` is
 *  what leaves it, owned, status PMM_OK for none.  Returns 1 when an error is
 *  pending afterwards. */
static int exit_with(struct pmmi_machine *m, struct pmmi_error *error) {
  assert(!pmmi_error_pending(m->rt));
  pmm_rt *rt = m->rt;
  pmm_obj *manager = pmmi_frame_block(m->frame)->held;
  pmmi_frame_block(m->frame)->held = NULL;
  pmmi_frame_close(rt, m->frame);
  int suppress = 0;
  enum pmm_status status =
      manager->type->exit(rt, manager, error->status, &suppress);
  pmmi_status_take(rt, status);
  if (pmmi_error_pending(rt)) {
    struct pmmi_error *raised = &pmmi_errors_of(rt)->pending;
    if (error->status != PMM_OK && raised->context == PMM_OK) {
      raised->context = error->status;
    }
    pmmi_xrelease(rt, error->value);
  } else if (error->status != PMM_OK && !suppress) {
    pmmi_error_restore(rt, error);
  } else {
    pmmi_xrelease(rt, error->value);
  }
  pmmi_release(rt, manager);
  return pmmi_error_pending(rt);
}

/** Leave the innermost block, a WITH.  The reason control now leaves for;
 *  FALLS: exit swallowed the error. */
static enum pmmi_completion unwind_with(struct pmmi_machine *m,
                                        enum pmmi_completion why) {
  assert(why != PMMI_FALLS);
  uint32_t behind =
      m->frame->code->instructions[pmmi_frame_block(m->frame)->head].target;
  struct pmmi_error error = {.status = PMM_OK};
  pmm_obj *result = m->frame->result;
  m->frame->result = NULL;
  if (why == PMMI_RAISES) {
    pmmi_error_save(m->rt, &error);
  }
  if (exit_with(m, &error)) {
    pmmi_xrelease(m->rt, result);
    return PMMI_RAISES;
  }
  m->frame->result = result;
  if (why == PMMI_RAISES) {
    m->frame->pc = behind;
    return PMMI_FALLS;
  }
  return why;
}

enum pmmi_step pmmi_unwind(struct pmmi_machine *m, enum pmmi_completion why,
                           uint32_t target) {
  assert(why != PMMI_FALLS);
  struct pmmi_frame *frame = m->frame;
  while (frame->open > 0) {
    struct pmmi_block *block = pmmi_frame_block(frame);
    uint32_t op = frame->code->instructions[block->head].op;
    if (op == PMM_TRY) {
      if (unwind_try(m, why, target)) {
        return PMMI_STEP_GO;
      }
      pmmi_frame_close(m->rt, frame);
    } else if (op == PMM_WITH) {
      why = unwind_with(m, why);
      if (why == PMMI_FALLS) {
        return PMMI_STEP_GO;
      }
    } else if (why == PMMI_CONTINUES && block->head == target) {
      frame->pc = target;
      return pmmi_machine_round(m);
    } else {
      int mine = why == PMMI_BREAKS && block->head == target;
      pmmi_frame_close(m->rt, frame);
      if (mine) {
        frame->pc = frame->code->instructions[target].target;
        return PMMI_STEP_GO;
      }
    }
  }
  assert(why == PMMI_RETURNS || why == PMMI_RAISES);
  return why == PMMI_RETURNS ? PMMI_STEP_RETURN : PMMI_STEP_FAIL;
}

/* ---- instructions ------------------------------------------------------- */

enum pmmi_step pmmi_step_except(struct pmmi_machine *m,
                                const struct pmmi_instruction *in) {
  assert(in->op == PMM_EXCEPT);
  struct pmmi_block *block = pmmi_frame_block(m->frame);
  if (block->state == PMMI_BLOCK_HANDLER) {
    handler_end(m, block);
  }
  m->frame->pc = (uint32_t)in->c;
  return PMMI_STEP_GO;
}

enum pmmi_step pmmi_step_finally(struct pmmi_machine *m,
                                 const struct pmmi_instruction *in) {
  (void)in;
  struct pmmi_block *block = pmmi_frame_block(m->frame);
  if (block->state == PMMI_BLOCK_HANDLER) {
    handler_end(m, block);
  }
  final_begin(m, block, m->frame->pc, PMMI_FALLS, 0);
  return PMMI_STEP_GO;
}

enum pmmi_step pmmi_step_end_try(struct pmmi_machine *m,
                                 const struct pmmi_instruction *in) {
  assert(pmmi_frame_block(m->frame)->state != PMMI_BLOCK_BODY ||
         pmmi_frame_block(m->frame)->completion == PMMI_FALLS);
  (void)in;
  struct pmmi_frame *frame = m->frame;
  struct pmmi_block *block = pmmi_frame_block(frame);
  if (block->state == PMMI_BLOCK_HANDLER) {
    handler_end(m, block);
  }
  enum pmmi_completion why = (enum pmmi_completion)block->completion;
  uint32_t target = block->target;
  if (why == PMMI_RETURNS) {
    frame->result = block->held;
    block->held = NULL;
  } else if (why == PMMI_RAISES) {
    pmmi_error_restore(m->rt, pmmi_frame_error(frame));
  }
  pmmi_frame_close(m->rt, frame);
  if (why == PMMI_FALLS) {
    frame->pc++;
    return PMMI_STEP_GO;
  }
  return pmmi_unwind(m, why, target);
}

enum pmmi_step pmmi_step_with(struct pmmi_machine *m,
                              const struct pmmi_instruction *in) {
  pmm_obj *manager = *pmmi_frame_local(m->frame, in->b);
  if (manager == NULL) {
    pmmi_fail(m->rt, PMM_RUNTIME, "a local is read before it is stored to");
    return PMMI_STEP_RAISE;
  }
  if (manager->type->enter == NULL || manager->type->exit == NULL) {
    pmmi_fail(m->rt, PMM_TYPE, "not a context manager");
    return PMMI_STEP_RAISE;
  }
  pmmi_retain(m->rt, manager);
  pmm_obj *entered = manager->type->enter(m->rt, manager);
  if (entered == NULL) {
    pmmi_release(m->rt, manager);
    return PMMI_STEP_RAISE;
  }
  pmmi_frame_open(m->frame, manager);
  pmmi_machine_store(m, in->a, entered);
  m->frame->pc++;
  return PMMI_STEP_GO;
}

enum pmmi_step pmmi_step_end_with(struct pmmi_machine *m,
                                  const struct pmmi_instruction *in) {
  (void)in;
  struct pmmi_error none = {.status = PMM_OK};
  if (exit_with(m, &none)) {
    return PMMI_STEP_RAISE;
  }
  m->frame->pc++;
  return PMMI_STEP_GO;
}
