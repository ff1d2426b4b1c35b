/* SPDX-License-Identifier: MIT */
/* generator.c - generators; drawing, states and idea: generator.h. */
#include "code/generator.h"

#include "code/code_state.h"
#include "gc/gc.h"

static struct pmmi_generator *as_generator(pmm_obj *o) {
  assert(pmmi_is_generator(o));
  return (struct pmmi_generator *)(void *)o;
}

/** Nothing of it runs any more: drop what the frame owns. */
static void finish(pmm_rt *rt, struct pmmi_generator *g) {
  assert(g->frame.back == NULL);
  g->state = PMMI_GENERATOR_FINISHED;
  pmmi_frame_clear(rt, &g->frame);
}

/* ---- resuming, for the interpreter -------------------------------------- */

/** Why the generator cannot be resumed so; PMM_OK: it can. */
static enum pmm_status refuse(struct pmmi_machine *m, struct pmmi_generator *g,
                              pmm_obj *value, enum pmmi_resume how) {
  pmm_rt *rt = m->rt;
  if (g->state == PMMI_GENERATOR_RUNNING) {
    return pmmi_fail(rt, PMM_VALUE, "the generator is already running");
  }
  if (g->state == PMMI_GENERATOR_FINISHED) {
    return how == PMMI_RESUME_SEND
               ? pmmi_fail(rt, PMM_STOP, "the generator is exhausted")
               : pmmi_error(rt);
  }
  if (g->state == PMMI_GENERATOR_CREATED) {
    if (how != PMMI_RESUME_SEND) {
      finish(rt, g);
      return pmmi_error(rt);
    }
    if (value != NULL && value != pmmi_none(rt)) {
      return pmmi_fail(rt, PMM_TYPE,
                       "a generator that has not started takes only None");
    }
  }
  return pmmi_machine_deepen(m);
}

enum pmmi_step pmmi_generator_enter(struct pmmi_machine *m, pmm_obj *o,
                                    pmm_obj *value, enum pmmi_resume how) {
  struct pmmi_generator *g = as_generator(o);
  if (refuse(m, g, value, how) != PMM_OK) {
    pmmi_xrelease(m->rt, value);
    return PMMI_STEP_RAISE;
  }
  int starts = g->state == PMMI_GENERATOR_CREATED;
  assert(g->frame.back == NULL);
  pmmi_retain(m->rt, o);
  g->state = PMMI_GENERATOR_RUNNING;
  g->frame.back = m->frame;
  g->frame.closing = how == PMMI_RESUME_CLOSE;
  m->frame = &g->frame;
  if (starts) {
    pmmi_xrelease(m->rt, value);
    return PMMI_STEP_GO;
  }
  const struct pmmi_instruction *in = pmmi_frame_instruction(&g->frame);
  if (in->op == PMM_YIELD_FROM) {
    m->value = value;
    m->how = how;
    return PMMI_STEP_DELEGATE;
  }
  if (how != PMMI_RESUME_SEND) {
    return PMMI_STEP_RAISE;
  }
  pmmi_machine_store(
      m, in->a,
      value != NULL ? value : pmmi_new_reference(m->rt, pmmi_none(m->rt)));
  g->frame.pc++;
  return PMMI_STEP_GO;
}

/** The iterator is exhausted without a result: yield from gives None. */
static enum pmmi_step delegate_end(struct pmmi_machine *m) {
  assert(pmmi_frame_instruction(m->frame)->op == PMM_YIELD_FROM);
  int32_t a = pmmi_frame_instruction(m->frame)->a;
  pmmi_frame_close(m->rt, m->frame);
  pmmi_machine_store(m, a, pmmi_new_reference(m->rt, pmmi_none(m->rt)));
  m->frame->pc++;
  return PMMI_STEP_GO;
}

/** The next item of an iterator that is no generator. */
static enum pmmi_step delegate_next(struct pmmi_machine *m, pmm_obj *iterator,
                                    pmm_obj *value) {
  assert(m->value == NULL);
  int plain = value == NULL || value == pmmi_none(m->rt);
  pmmi_xrelease(m->rt, value);
  if (!plain) {
    pmmi_fail(m->rt, PMM_TYPE, "only a generator can be sent to");
    return PMMI_STEP_RAISE;
  }
  pmm_obj *item = pmmi_next(m->rt, iterator);
  if (item != NULL) {
    m->value = item;
    return PMMI_STEP_YIELD;
  }
  if (pmmi_error(m->rt) == PMM_STOP) {
    pmmi_error_clear(m->rt);
    return delegate_end(m);
  }
  return PMMI_STEP_RAISE;
}

enum pmmi_step pmmi_generator_delegate(struct pmmi_machine *m) {
  assert(pmmi_frame_instruction(m->frame)->op == PMM_YIELD_FROM);
  pmm_obj *iterator = pmmi_frame_block(m->frame)->held;
  pmm_obj *value = m->value;
  enum pmmi_resume how = m->how;
  m->value = NULL;
  if (!pmmi_is_generator(iterator)) {
    return how == PMMI_RESUME_SEND ? delegate_next(m, iterator, value)
                                   : PMMI_STEP_RAISE;
  }
  if (how != PMMI_RESUME_SEND) {
    how = pmmi_error(m->rt) == PMM_EXIT ? PMMI_RESUME_CLOSE
                                        : PMMI_RESUME_THROW;
  } else if (pmmi_generator_finished(m->rt, iterator)) {
    pmmi_xrelease(m->rt, value);
    return delegate_end(m);
  }
  return pmmi_generator_enter(m, iterator, value, how);
}

void pmmi_generator_suspend(struct pmmi_machine *m) {
  struct pmmi_frame *frame = m->frame;
  struct pmmi_generator *g = frame->generator;
  assert(g != NULL && g->state == PMMI_GENERATOR_RUNNING);
  m->frame = frame->back;
  frame->back = NULL;
  frame->closing = 0;
  g->state = PMMI_GENERATOR_SUSPENDED;
  pmmi_recursion_leave(m->rt);
  pmmi_release(m->rt, &g->base.base);
}

void pmmi_generator_end(pmm_rt *rt, struct pmmi_generator *g) {
  assert(g->frame.generator == g);
  assert(g->state == PMMI_GENERATOR_RUNNING);
  g->frame.back = NULL;
  finish(rt, g);
  pmmi_release(rt, &g->base.base);
}

/* ---- resuming, from C --------------------------------------------------- */

static enum pmmi_outcome resume(pmm_rt *rt, pmm_obj *o, pmm_obj *value,
                                enum pmmi_resume how, int unlimited,
                                pmm_obj **result) {
  assert(result != NULL);
  struct pmmi_machine m = {.rt = rt, .unlimited = unlimited};
  pmmi_xretain(rt, value);
  enum pmmi_step step = pmmi_generator_enter(&m, o, value, how);
  enum pmmi_outcome outcome = pmmi_machine_run(&m, step);
  *result = m.value;
  return outcome;
}

enum pmmi_outcome pmmi_generator_resume(pmm_rt *rt, pmm_obj *o, pmm_obj *value,
                                        enum pmmi_resume how,
                                        pmm_obj **result) {
  return resume(rt, o, value, how, 0, result);
}

/** As an operation answers: an item, or NULL with STOP when it returned. */
static pmm_obj *answer(pmm_rt *rt, enum pmmi_outcome outcome,
                       pmm_obj *result) {
  assert(outcome == PMMI_FAILED || result != NULL);
  if (outcome == PMMI_RETURNED) {
    pmmi_release(rt, result);
    return pmmi_fail_null(rt, PMM_STOP, "the generator is exhausted");
  }
  return outcome == PMMI_YIELDED ? result : NULL;
}

/** PMM_TYPE unless it is a generator. */
static enum pmm_status check(pmm_rt *rt, pmm_obj *o) {
  return pmmi_is_generator(o) ? PMM_OK
                              : pmmi_fail(rt, PMM_TYPE, "not a generator");
}

pmm_obj *pmmi_generator_send(pmm_rt *rt, pmm_obj *o, pmm_obj *value) {
  if (check(rt, o) != PMM_OK) {
    return NULL;
  }
  pmm_obj *result = NULL;
  enum pmmi_outcome outcome =
      resume(rt, o, value, PMMI_RESUME_SEND, 0, &result);
  return answer(rt, outcome, result);
}

pmm_obj *pmmi_generator_throw(pmm_rt *rt, pmm_obj *o, enum pmm_status status) {
  if (check(rt, o) != PMM_OK) {
    return NULL;
  }
  if (status <= PMM_OK || status > PMM_UNSUPPORTED) {
    return pmmi_fail_null(rt, PMM_VALUE, "not the status of an error");
  }
  pmmi_fail(rt, status, "thrown into a generator");
  pmm_obj *result = NULL;
  enum pmmi_outcome outcome =
      resume(rt, o, NULL, PMMI_RESUME_THROW, 0, &result);
  return answer(rt, outcome, result);
}

/** Raise GeneratorExit where it waits; PMM_RUNTIME: it yielded. */
static enum pmm_status close_suspended(pmm_rt *rt, pmm_obj *o,
                                       int unlimited) {
  assert(as_generator(o)->state == PMMI_GENERATOR_SUSPENDED);
  pmm_obj *result = NULL;
  pmmi_fail(rt, PMM_EXIT, "the generator is closed");
  enum pmmi_outcome outcome =
      resume(rt, o, NULL, PMMI_RESUME_THROW, unlimited, &result);
  pmmi_xrelease(rt, result);
  if (outcome == PMMI_YIELDED) {
    return pmmi_fail(rt, PMM_RUNTIME, "the generator ignored its exit");
  }
  if (outcome == PMMI_FAILED && pmmi_error(rt) == PMM_EXIT) {
    pmmi_error_clear(rt);
  }
  return pmmi_error(rt);
}

enum pmm_status pmmi_generator_close(pmm_rt *rt, pmm_obj *o) {
  if (check(rt, o) != PMM_OK) {
    return PMM_TYPE;
  }
  struct pmmi_generator *g = as_generator(o);
  switch (g->state) {
  case PMMI_GENERATOR_CREATED:
    finish(rt, g);
    return PMM_OK;
  case PMMI_GENERATOR_SUSPENDED:
    return close_suspended(rt, o, 0);
  case PMMI_GENERATOR_RUNNING:
    return pmmi_fail(rt, PMM_VALUE, "the generator is already running");
  case PMMI_GENERATOR_FINISHED:
    break;
  }
  return PMM_OK;
}

int pmmi_generator_finished(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  return as_generator(o)->state == PMMI_GENERATOR_FINISHED;
}

/* ---- the type ----------------------------------------------------------- */

/** 1 when leaving the frame has more to do than to drop it. */
static int cleanup_is_pending(struct pmmi_frame *frame) {
  assert(frame->open <= frame->code->block_depth);
  const struct pmmi_block *blocks = pmmi_frame_blocks(frame);
  for (uint32_t i = 0; i < frame->open; i++) {
    uint32_t op = frame->code->instructions[blocks[i].head].op;
    if (op == PMM_TRY || op == PMM_WITH || op == PMM_YIELD_FROM) {
      return 1;
    }
  }
  return 0;
}

static void generator_finalize(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_is_alive(o));
  struct pmmi_generator *g = as_generator(o);
  if (g->state == PMMI_GENERATOR_SUSPENDED && cleanup_is_pending(&g->frame) &&
      close_suspended(rt, o, 1) != PMM_OK) {
    pmmi_error_unraisable(rt);
  }
}

static void generator_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  struct pmmi_generator *g = as_generator(o);
  struct pmmi_code *code = g->frame.code;
  assert(g->state != PMMI_GENERATOR_RUNNING);
  pmmi_gc_untrack(rt, o);
  finish(rt, g);
  pmmi_gc_free(rt, o);
  pmmi_release(rt, &code->base);
}

static int generator_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  assert(visit != NULL);
  return pmmi_frame_traverse(&as_generator(o)->frame, visit, ctx);
}

static void generator_clear(pmm_rt *rt, pmm_obj *o) {
  struct pmmi_generator *g = as_generator(o);
  if (g->state != PMMI_GENERATOR_RUNNING) {
    finish(rt, g);
  }
}

static pmm_obj *generator_iter(pmm_rt *rt, pmm_obj *o) {
  return pmmi_new_reference(rt, o);
}

static pmm_obj *generator_next(pmm_rt *rt, pmm_obj *o) {
  return pmmi_generator_send(rt, o, NULL);
}

const struct pmmi_type pmmi_generator_type = {
    .base = {PMMI_IMMORTAL, NULL},
    .name = "generator",
    .basic_size = sizeof(struct pmmi_generator),
    .item_size = sizeof(void *),
    .flags = PMMI_TYPE_GC,
    .weak_offset = offsetof(struct pmmi_generator, weak),
    .dealloc = generator_dealloc,
    .traverse = generator_traverse,
    .clear = generator_clear,
    .finalize = generator_finalize,
    .iter = generator_iter,
    .next = generator_next,
};

pmm_obj *pmmi_generator_over(pmm_rt *rt, struct pmmi_code *code,
                             pmm_obj *const *args, size_t n) {
  size_t behind = code->frame_bytes - sizeof(struct pmmi_frame);
  assert(code->yields && behind % sizeof(void *) == 0);
  pmm_obj *o = pmmi_gc_new(rt, &pmmi_generator_type, behind / sizeof(void *));
  if (o == NULL) {
    return NULL;
  }
  struct pmmi_generator *g = as_generator(o);
  pmmi_frame_start(rt, &g->frame, code, args, n);
  g->frame.generator = g;
  pmmi_gc_track(rt, o);
  return o;
}

pmm_obj *pmmi_generator_new(pmm_rt *rt, const struct pmm_code *spec,
                            pmm_obj *const *args, size_t n) {
  assert(spec != NULL);
  if (n != spec->args) {
    return pmmi_fail_null(rt, PMM_TYPE, "wrong number of arguments");
  }
  struct pmmi_code *code = pmmi_code_new(rt, spec);
  if (code == NULL) {
    return NULL;
  }
  code->yields = 1; /* a generator even where its code never yields */
  pmm_obj *o = pmmi_generator_over(rt, code, args, n);
  pmmi_release(rt, &code->base);
  return o;
}
