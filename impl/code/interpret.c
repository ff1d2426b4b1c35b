/* SPDX-License-Identifier: MIT */
/*
 * interpret.c - the instructions and the loop that executes them; the idea
 * is in interpret.h, blocks are left in unwind.c.
 *
 * An instruction's function finds its frame with pc at itself.  It moves pc
 * on when it is done, and leaves it where it is when the frame has to wait or
 * an error is raised.
 */
#include "code/interpret.h"

#include "code/closure.h"
#include "code/code_state.h"
#include "code/function.h"
#include "code/generator.h"
#include "code/unwind.h"

typedef const struct pmmi_instruction *instruction;

enum pmm_status pmmi_machine_deepen(struct pmmi_machine *m) {
  if (m->unlimited) {
    pmmi_core_state(m->rt)->recursion++;
    return PMM_OK;
  }
  return pmmi_recursion_enter(m->rt);
}

enum pmmi_step pmmi_machine_call(struct pmmi_machine *m,
                                 struct pmmi_code *code, pmm_obj *const *args,
                                 size_t n) {
  assert(n == code->args && !code->yields);
  if (pmmi_machine_deepen(m) != PMM_OK) {
    return PMMI_STEP_RAISE;
  }
  struct pmmi_frame *frame = pmmi_frame_push(m->rt, code, args, n);
  if (frame == NULL) {
    pmmi_recursion_leave(m->rt);
    return PMMI_STEP_RAISE;
  }
  frame->back = m->frame;
  m->frame = frame;
  return PMMI_STEP_GO;
}

void pmmi_machine_store(struct pmmi_machine *m, int32_t a, pmm_obj *value) {
  assert(a < (int32_t)m->frame->code->locals);
  if (a >= 0) {
    pmm_obj **local = pmmi_frame_local(m->frame, a);
    pmm_obj *old = *local;
    *local = value;
    value = old;
  }
  pmmi_xrelease(m->rt, value);
}

/** Local `index`, borrowed; NULL with an error when it is empty. */
static pmm_obj *load(struct pmmi_machine *m, int64_t index) {
  assert(index >= 0 && index < (int64_t)m->frame->code->locals);
  pmm_obj *value = *pmmi_frame_local(m->frame, index);
  if (value == NULL) {
    pmmi_fail(m->rt, PMM_RUNTIME, "a local is read before it is stored to");
  }
  return value;
}

/** The same; None when the index is negative. */
static pmm_obj *load_or_none(struct pmmi_machine *m, int64_t index) {
  return index < 0 ? pmmi_none(m->rt) : load(m, index);
}

/** Store a new reference and go on, or raise when there is none. */
static enum pmmi_step store_next(struct pmmi_machine *m, int32_t a,
                                 pmm_obj *value) {
  assert(a < (int32_t)m->frame->code->locals);
  if (value == NULL) {
    return PMMI_STEP_RAISE;
  }
  pmmi_machine_store(m, a, value);
  m->frame->pc++;
  return PMMI_STEP_GO;
}

/* ---- plain instructions ------------------------------------------------- */

static enum pmmi_step step_log(struct pmmi_machine *m, instruction in) {
  pmmi_event(m->rt, PMM_EVENT_LOG, in->b, 0);
  m->frame->pc++;
  return PMMI_STEP_GO;
}

static enum pmmi_step step_const(struct pmmi_machine *m, instruction in) {
  assert(in->b >= 0 && in->b < (int64_t)m->frame->code->constant_count);
  pmm_obj *value = m->frame->code->constants[in->b];
  return store_next(m, in->a, pmmi_new_reference(m->rt, value));
}

static enum pmmi_step step_int(struct pmmi_machine *m, instruction in) {
  return store_next(m, in->a, pmmi_int_new(m->rt, in->b));
}

static enum pmmi_step step_move(struct pmmi_machine *m, instruction in) {
  pmm_obj *value = load(m, in->b);
  pmmi_xretain(m->rt, value);
  return store_next(m, in->a, value);
}

static enum pmmi_step step_del(struct pmmi_machine *m, instruction in) {
  if (load(m, in->a) == NULL) {
    return PMMI_STEP_RAISE;
  }
  pmmi_machine_store(m, in->a, NULL);
  m->frame->pc++;
  return PMMI_STEP_GO;
}

static enum pmmi_step step_append(struct pmmi_machine *m, instruction in) {
  pmm_obj *list = load(m, in->a);
  pmm_obj *item = list != NULL ? load(m, in->b) : NULL;
  if (item == NULL || pmmi_list_append(m->rt, list, item) != PMM_OK) {
    return PMMI_STEP_RAISE;
  }
  m->frame->pc++;
  return PMMI_STEP_GO;
}

static enum pmmi_step step_closure(struct pmmi_machine *m, instruction in) {
  assert(in->b >= 0 && in->b < (int64_t)m->frame->code->code_count);
  struct pmmi_code *inner = m->frame->code->codes[in->b];
  pmm_obj *cells = pmmi_closure_cells(m->rt, m->frame, inner);
  if (cells == NULL) {
    return PMMI_STEP_RAISE;
  }
  return store_next(m, in->a, pmmi_function_over(m->rt, inner, cells));
}

static enum pmmi_step step_call(struct pmmi_machine *m, instruction in) {
  assert(in->b >= 0);
  const struct pmm_code_call *call = &m->frame->code->calls[in->b];
  pmm_obj *arg = load_or_none(m, in->c);
  if (arg == NULL) {
    return PMMI_STEP_RAISE;
  }
  pmmi_retain(m->rt, arg); /* a closure may empty the local meanwhile         */
  pmm_obj *result = pmmi_host_call(m->rt, call->call, call->ctx, arg);
  pmmi_release(m->rt, arg);
  return store_next(m, in->a, result);
}

static enum pmmi_step step_call_code(struct pmmi_machine *m, instruction in) {
  struct pmmi_code *code = m->frame->code;
  pmm_obj *arg = in->c >= 0 ? load(m, in->c) : NULL;
  if (in->c >= 0 && arg == NULL) {
    return PMMI_STEP_RAISE;
  }
  if (code->yields) { /* making it may run code, as may making an iterator    */
    pmmi_xretain(m->rt, arg);
    pmm_obj *made = pmmi_generator_over(m->rt, code, &arg, code->args);
    pmmi_xrelease(m->rt, arg);
    return store_next(m, in->a, made);
  }
  return pmmi_machine_call(m, code, &arg, code->args);
}

static enum pmmi_step step_return(struct pmmi_machine *m, instruction in) {
  pmm_obj *value = load_or_none(m, in->a);
  if (value == NULL) {
    return PMMI_STEP_RAISE;
  }
  pmmi_retain(m->rt, value);
  pmm_obj *old = m->frame->result;
  m->frame->result = value;
  pmmi_xrelease(m->rt, old);
  return pmmi_unwind(m, PMMI_RETURNS, 0);
}

static enum pmmi_step step_end_code(struct pmmi_machine *m, instruction in) {
  assert(m->frame->open == 0);
  (void)m;
  (void)in;
  return PMMI_STEP_RETURN;
}

static enum pmmi_step step_raise(struct pmmi_machine *m, instruction in) {
  assert(in->b != PMM_OK);
  pmmi_fail(m->rt, (enum pmm_status)in->b, "raised by the code");
  return PMMI_STEP_RAISE;
}

static enum pmmi_step step_reraise(struct pmmi_machine *m, instruction in) {
  (void)in;
  const struct pmmi_error *handled = pmmi_handled(m->frame);
  if (handled == NULL) {
    pmmi_fail(m->rt, PMM_RUNTIME, "there is no error to raise again");
    return PMMI_STEP_RAISE;
  }
  struct pmmi_error again = *handled;
  pmmi_xretain(m->rt, again.value);
  pmmi_error_restore(m->rt, &again);
  return PMMI_STEP_UNWIND;
}

/* ---- blocks ------------------------------------------------------------- */

static enum pmmi_step step_if(struct pmmi_machine *m, instruction in) {
  pmm_obj *value = load(m, in->a);
  if (value == NULL) {
    return PMMI_STEP_RAISE;
  }
  m->frame->pc = pmmi_truth(value) ? m->frame->pc + 1 : in->target;
  return PMMI_STEP_GO;
}

static enum pmmi_step step_end_if(struct pmmi_machine *m, instruction in) {
  (void)in;
  m->frame->pc++;
  return PMMI_STEP_GO;
}

static enum pmmi_step step_try(struct pmmi_machine *m, instruction in) {
  assert(in->op == PMM_TRY);
  (void)in;
  pmmi_frame_open(m->frame, NULL);
  m->frame->pc++;
  return PMMI_STEP_GO;
}

static enum pmmi_step step_break(struct pmmi_machine *m, instruction in) {
  assert(in->target < m->frame->code->instruction_count);
  return pmmi_unwind(m, PMMI_BREAKS, in->target);
}

static enum pmmi_step step_continue(struct pmmi_machine *m, instruction in) {
  assert(in->target < m->frame->code->instruction_count);
  return pmmi_unwind(m, PMMI_CONTINUES, in->target);
}

static enum pmmi_step step_for_range(struct pmmi_machine *m, instruction in) {
  assert(in->op == PMM_FOR_RANGE);
  (void)in;
  pmmi_frame_open(m->frame, NULL);
  return pmmi_machine_round(m);
}

/** Open a block over an iterator of local b. */
static int open_iterator(struct pmmi_machine *m, instruction in) {
  pmm_obj *iterable = load(m, in->b);
  pmmi_xretain(m->rt, iterable);
  pmm_obj *iterator = iterable != NULL ? pmmi_iter(m->rt, iterable) : NULL;
  pmmi_xrelease(m->rt, iterable);
  if (iterator == NULL) {
    return -1;
  }
  pmmi_frame_open(m->frame, iterator);
  return 0;
}

static enum pmmi_step step_for_each(struct pmmi_machine *m, instruction in) {
  assert(in->op == PMM_FOR_EACH);
  return open_iterator(m, in) == 0 ? pmmi_machine_round(m) : PMMI_STEP_RAISE;
}

static enum pmmi_step step_end_loop(struct pmmi_machine *m, instruction in) {
  m->frame->pc = in->target;
  return pmmi_machine_round(m);
}

/** The loop whose head is at pc is over. */
static enum pmmi_step loop_end(struct pmmi_machine *m) {
  assert(m->frame->open > 0);
  m->frame->pc = pmmi_frame_instruction(m->frame)->target;
  pmmi_frame_close(m->rt, m->frame);
  return PMMI_STEP_GO;
}

enum pmmi_step pmmi_machine_round(struct pmmi_machine *m) {
  assert(m->frame->open > 0);
  instruction in = pmmi_frame_instruction(m->frame);
  struct pmmi_block *block = pmmi_frame_block(m->frame);
  if (in->op == PMM_FOR_RANGE) {
    if (block->next >= in->b) {
      return loop_end(m);
    }
    return store_next(m, in->a, pmmi_int_new(m->rt, block->next++));
  }
  if (pmmi_is_generator(block->held)) {
    if (pmmi_generator_finished(m->rt, block->held)) {
      return loop_end(m);
    }
    return pmmi_generator_enter(m, block->held, NULL, PMMI_RESUME_SEND);
  }
  pmm_obj *item = pmmi_next(m->rt, block->held);
  if (item == NULL && pmmi_error(m->rt) == PMM_STOP) {
    pmmi_error_clear(m->rt);
    return loop_end(m);
  }
  return store_next(m, in->a, item);
}

/* ---- yielding ----------------------------------------------------------- */

static enum pmmi_step step_yield(struct pmmi_machine *m, instruction in) {
  assert(m->frame->generator != NULL && m->value == NULL);
  pmm_obj *value = load_or_none(m, in->b);
  if (value == NULL) {
    return PMMI_STEP_RAISE;
  }
  m->value = pmmi_new_reference(m->rt, value);
  return PMMI_STEP_YIELD;
}

static enum pmmi_step step_yield_from(struct pmmi_machine *m, instruction in) {
  assert(m->frame->generator != NULL);
  if (open_iterator(m, in) != 0) {
    return PMMI_STEP_RAISE;
  }
  m->how = PMMI_RESUME_SEND;
  return PMMI_STEP_DELEGATE;
}

/* ---- the loop ----------------------------------------------------------- */

typedef enum pmmi_step (*step_fn)(struct pmmi_machine *m, instruction in);

static const step_fn steps[PMMI_OPS] = {
    [PMM_LOG] = step_log,
    [PMM_CONST] = step_const,
    [PMM_INT] = step_int,
    [PMM_MOVE] = step_move,
    [PMM_DEL] = step_del,
    [PMM_CALL] = step_call,
    [PMM_CALL_CODE] = step_call_code,
    [PMM_YIELD] = step_yield,
    [PMM_YIELD_FROM] = step_yield_from,
    [PMM_RETURN] = step_return,
    [PMM_RAISE] = step_raise,
    [PMM_RERAISE] = step_reraise,
    [PMM_FOR_RANGE] = step_for_range,
    [PMM_FOR_EACH] = step_for_each,
    [PMM_IF] = step_if,
    [PMM_BREAK] = step_break,
    [PMM_CONTINUE] = step_continue,
    [PMM_TRY] = step_try,
    [PMM_EXCEPT] = pmmi_step_except,
    [PMM_FINALLY] = pmmi_step_finally,
    [PMM_WITH] = pmmi_step_with,
    [PMM_APPEND] = step_append,
    [PMM_CLOSURE] = step_closure,
    [PMMI_END_CODE] = step_end_code,
    [PMMI_END_RANGE] = step_end_loop,
    [PMMI_END_EACH] = step_end_loop,
    [PMMI_END_IF] = step_end_if,
    [PMMI_END_TRY] = pmmi_step_end_try,
    [PMMI_END_WITH] = pmmi_step_end_with,
};

/** The innermost frame has ended: take it off the chain and drop it. */
static void frame_end(struct pmmi_machine *m) {
  assert(m->frame->code != NULL);
  struct pmmi_frame *frame = m->frame;
  m->frame = frame->back;
  pmmi_recursion_leave(m->rt);
  if (frame->generator != NULL) {
    pmmi_generator_end(m->rt, frame->generator);
  } else {
    pmmi_frame_pop(m->rt, frame);
  }
}

static enum pmmi_step leave(struct pmmi_machine *m, enum pmmi_outcome outcome) {
  m->outcome = outcome;
  return PMMI_STEP_LEAVE;
}

/** Hand the item in `value` to the frame behind. */
static enum pmmi_step deliver_item(struct pmmi_machine *m) {
  assert(m->value != NULL);
  uint32_t closing = m->frame->closing;
  pmmi_generator_suspend(m);
  if (m->frame == NULL) {
    return leave(m, PMMI_YIELDED);
  }
  instruction in = pmmi_frame_instruction(m->frame);
  if (closing) {
    pmmi_clear(m->rt, &m->value);
    pmmi_fail(m->rt, PMM_RUNTIME, "the generator ignored its exit");
    return PMMI_STEP_RAISE;
  }
  if (in->op == PMM_YIELD_FROM) {
    return PMMI_STEP_YIELD;
  }
  pmm_obj *item = m->value;
  m->value = NULL;
  return store_next(m, in->a, item);
}

/** Hand the frame's result to the frame behind. */
static enum pmmi_step deliver_result(struct pmmi_machine *m) {
  uint32_t closing = m->frame->closing;
  pmm_obj *result = m->frame->result;
  m->frame->result = NULL;
  frame_end(m);
  if (result == NULL) {
    result = pmmi_new_reference(m->rt, pmmi_none(m->rt));
  }
  if (m->frame == NULL) {
    m->value = result;
    return leave(m, PMMI_RETURNED);
  }
  instruction in = pmmi_frame_instruction(m->frame);
  if (closing) {
    pmmi_release(m->rt, result);
    pmmi_fail(m->rt, PMM_EXIT, "the generator is closed");
    return PMMI_STEP_RAISE;
  }
  if (in->op == PMM_FOR_EACH) {
    pmmi_release(m->rt, result);
    return loop_end(m);
  }
  if (in->op == PMM_YIELD_FROM) {
    pmmi_frame_close(m->rt, m->frame);
  }
  return store_next(m, in->a, result);
}

/** Hand the pending error to the frame behind. */
static enum pmmi_step deliver_error(struct pmmi_machine *m) {
  assert(pmmi_error_pending(m->rt));
  int stops = m->frame->generator != NULL && pmmi_error(m->rt) == PMM_STOP;
  frame_end(m);
  if (stops) {
    pmmi_fail(m->rt, PMM_RUNTIME, "a generator raised StopIteration");
    pmmi_errors_of(m->rt)->pending.context = PMM_STOP;
  }
  return m->frame == NULL ? leave(m, PMMI_FAILED) : PMMI_STEP_RAISE;
}

/** Give an error that was raised here its context. */
static void error_found(struct pmmi_machine *m) {
  assert(pmmi_error_pending(m->rt));
  struct pmmi_error *pending = &pmmi_errors_of(m->rt)->pending;
  const struct pmmi_error *handled = pmmi_handled(m->frame);
  assert(pending->status != PMM_OK);
  if (handled != NULL && pending->context == PMM_OK) {
    pending->context = handled->status;
  }
}

enum pmmi_outcome pmmi_machine_run(struct pmmi_machine *m,
                                   enum pmmi_step step) {
  assert(step != PMMI_STEP_GO || m->frame != NULL);
  for (;;) {
    while (step == PMMI_STEP_GO) {
      instruction in = pmmi_frame_instruction(m->frame);
      step = steps[in->op](m, in);
    }
    switch (step) {
    case PMMI_STEP_RAISE:
      if (m->frame == NULL) {
        return PMMI_FAILED;
      }
      error_found(m);
      step = pmmi_unwind(m, PMMI_RAISES, 0);
      break;
    case PMMI_STEP_UNWIND:
      step = pmmi_unwind(m, PMMI_RAISES, 0);
      break;
    case PMMI_STEP_DELEGATE:
      step = pmmi_generator_delegate(m);
      break;
    case PMMI_STEP_YIELD:
      step = deliver_item(m);
      break;
    case PMMI_STEP_RETURN:
      step = deliver_result(m);
      break;
    case PMMI_STEP_FAIL:
      step = deliver_error(m);
      break;
    case PMMI_STEP_GO:
      break;
    case PMMI_STEP_LEAVE:
      return m->outcome;
    }
  }
}
