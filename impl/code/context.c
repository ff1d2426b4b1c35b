/* SPDX-License-Identifier: MIT */
/* context.c - context managers; idea: context.h. */
#include "code/context.h"

#include "code/code_state.h"
#include "code/function.h"
#include "code/generator.h"
#include "gc/gc.h"

/** Callbacks an exit stack has room for at first; it doubles. */
#define FIRST_EXITS 8

/* ---- managers of the host ----------------------------------------------- */

static struct pmmi_manager *as_manager(pmm_obj *o) {
  assert(o->type == &pmmi_manager_type);
  return (struct pmmi_manager *)(void *)o;
}

static void plain_dealloc(pmm_rt *rt, pmm_obj *o) { pmmi_object_free(rt, o); }

static pmm_obj *manager_enter(pmm_rt *rt, pmm_obj *o) {
  struct pmmi_manager *manager = as_manager(o);
  pmmi_event(rt, PMM_EVENT_ENTERED, manager->cookie, 0);
  if (manager->enter == NULL) {
    return pmmi_new_reference(rt, o);
  }
  return pmmi_host_call(rt, manager->enter, manager->ctx, o);
}

static enum pmm_status manager_exit(pmm_rt *rt, pmm_obj *o,
                                    enum pmm_status error, int *suppress) {
  assert(suppress != NULL);
  struct pmmi_manager *manager = as_manager(o);
  pmmi_event(rt, PMM_EVENT_EXITED, manager->cookie, (int64_t)error);
  pmmi_status_take(rt, manager->exit(manager->ctx, rt, error, suppress));
  return pmmi_error(rt);
}

const struct pmmi_type pmmi_manager_type = {
    .base = {PMMI_IMMORTAL, NULL},
    .name = "manager",
    .basic_size = sizeof(struct pmmi_manager),
    .flags = PMMI_TYPE_ATOM,
    .dealloc = plain_dealloc,
    .enter = manager_enter,
    .exit = manager_exit,
};

pmm_obj *pmmi_manager_new(pmm_rt *rt, pmm_call enter, pmm_exit_fn exit,
                          void *ctx, int64_t cookie) {
  if (exit == NULL) {
    return pmmi_fail_null(rt, PMM_VALUE,
                          "a context manager needs an exit function");
  }
  pmm_obj *o = pmmi_object_new(rt, &pmmi_manager_type, 0);
  if (o != NULL) {
    struct pmmi_manager *manager = as_manager(o);
    manager->enter = enter;
    manager->exit = exit;
    manager->ctx = ctx;
    manager->cookie = cookie;
  }
  return o;
}

/* ---- managers made from generators -------------------------------------- */

/** What is thrown into the generator; the address tells it from any other. */
static const char thrown[] = "raised in the with block";

static struct pmmi_generator_manager *as_generator_manager(pmm_obj *o) {
  assert(o->type == &pmmi_generator_manager_type);
  return (struct pmmi_generator_manager *)(void *)o;
}

static pmm_obj *generator_manager_enter(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *generator = as_generator_manager(o)->generator;
  pmm_obj *value = NULL;
  if (!pmmi_generator_finished(rt, generator)) {
    switch (pmmi_generator_resume(rt, generator, NULL, PMMI_RESUME_SEND,
                                  &value)) {
    case PMMI_YIELDED:
      return value;
    case PMMI_FAILED:
      return NULL;
    case PMMI_RETURNED:
      pmmi_release(rt, value);
    }
  }
  return pmmi_fail_null(rt, PMM_RUNTIME, "the generator did not yield");
}

/** The generator yielded a second time. */
static enum pmm_status did_not_stop(pmm_rt *rt, pmm_obj *generator,
                                    pmm_obj *value) {
  assert(value != NULL);
  pmmi_release(rt, value);
  if (pmmi_generator_close(rt, generator) != PMM_OK) {
    pmmi_error_clear(rt);
  }
  return pmmi_fail(rt, PMM_RUNTIME, "the generator did not stop");
}

/** 1 when the pending error is the one that was thrown, come back. */
static int is_thrown(pmm_rt *rt, enum pmm_status error) {
  assert(error != PMM_OK);
  const struct pmmi_error *pending = &pmmi_errors_of(rt)->pending;
  if (error == PMM_STOP && pending->status == PMM_RUNTIME) {
    return pending->context == PMM_STOP; /* PEP 479 changed it on its way out */
  }
  return pending->status == error && pending->message == thrown;
}

static enum pmm_status generator_manager_exit(pmm_rt *rt, pmm_obj *o,
                                              enum pmm_status error,
                                              int *suppress) {
  assert(suppress != NULL);
  pmm_obj *generator = as_generator_manager(o)->generator;
  pmm_obj *value = NULL;
  enum pmmi_resume how = PMMI_RESUME_SEND;
  if (error != PMM_OK) {
    pmmi_fail(rt, error, thrown);
    how = PMMI_RESUME_THROW;
  } else if (pmmi_generator_finished(rt, generator)) {
    return PMM_OK;
  }
  switch (pmmi_generator_resume(rt, generator, NULL, how, &value)) {
  case PMMI_YIELDED:
    return did_not_stop(rt, generator, value);
  case PMMI_RETURNED:
    pmmi_release(rt, value);
    *suppress = error != PMM_OK;
    return PMM_OK;
  case PMMI_FAILED:
    if (error != PMM_OK && is_thrown(rt, error)) {
      pmmi_error_clear(rt);
    }
    break;
  }
  return pmmi_error(rt);
}

static void generator_manager_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  pmmi_gc_untrack(rt, o);
  pmmi_clear(rt, &as_generator_manager(o)->generator);
  pmmi_gc_free(rt, o);
}

static int generator_manager_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  assert(visit != NULL);
  return visit(ctx, as_generator_manager(o)->generator);
}

/* The generator's own clear breaks every cycle through it. */
const struct pmmi_type pmmi_generator_manager_type = {
    .base = {PMMI_IMMORTAL, NULL},
    .name = "generator_manager",
    .basic_size = sizeof(struct pmmi_generator_manager),
    .flags = PMMI_TYPE_GC,
    .dealloc = generator_manager_dealloc,
    .traverse = generator_manager_traverse,
    .enter = generator_manager_enter,
    .exit = generator_manager_exit,
};

/** A generator: the object itself, or what calling it gives. */
static pmm_obj *to_generator(pmm_rt *rt, pmm_obj *o) {
  if (pmmi_is_generator(o)) {
    return pmmi_new_reference(rt, o);
  }
  pmm_obj *made = pmmi_call(rt, o, NULL, 0);
  if (made != NULL && !pmmi_is_generator(made)) {
    pmmi_release(rt, made);
    return pmmi_fail_null(rt, PMM_TYPE,
                          "the function does not make a generator");
  }
  return made;
}

pmm_obj *pmmi_manager_from_generator(pmm_rt *rt, pmm_obj *source) {
  pmm_obj *generator = to_generator(rt, source);
  if (generator == NULL) {
    return NULL;
  }
  pmm_obj *o = pmmi_gc_new(rt, &pmmi_generator_manager_type, 0);
  if (o == NULL) {
    pmmi_release(rt, generator);
    return NULL;
  }
  as_generator_manager(o)->generator = generator;
  pmmi_gc_track(rt, o);
  return o;
}

/* ---- exit stacks -------------------------------------------------------- */

static enum pmm_status check_stack(pmm_rt *rt, pmm_obj *o) {
  return o->type == &pmmi_exit_stack_type
             ? PMM_OK
             : pmmi_fail(rt, PMM_TYPE, "not an exit stack");
}

static struct pmmi_exit_stack *as_stack(pmm_obj *o) {
  assert(o->type == &pmmi_exit_stack_type);
  return (struct pmmi_exit_stack *)(void *)o;
}

static void stack_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  struct pmmi_exit_stack *stack = as_stack(o);
  pmmi_mem_free(rt, stack->exits, stack->room * sizeof *stack->exits);
  pmmi_object_free(rt, o);
}

static size_t stack_owned_bytes(pmm_obj *o) {
  return as_stack(o)->room * sizeof(struct pmmi_exit);
}

/** Call and remove every callback, last first.  Each error replaces the one
 *  before and keeps its status as context; the last one stays pending. */
static enum pmm_status stack_unwind(pmm_rt *rt, struct pmmi_exit_stack *stack) {
  struct pmmi_error last = {.status = PMM_OK};
  while (stack->count > 0) {
    struct pmmi_exit exit = stack->exits[--stack->count];
    pmmi_status_take(rt, exit.fn(exit.ctx, rt, pmmi_none(rt)));
    if (pmmi_error_pending(rt)) {
      if (last.status != PMM_OK) {
        pmmi_errors_of(rt)->pending.context = last.status;
        pmmi_xrelease(rt, last.value);
      }
      pmmi_error_save(rt, &last);
    }
  }
  if (last.status != PMM_OK) {
    pmmi_error_restore(rt, &last);
  }
  return pmmi_error(rt);
}

static pmm_obj *stack_enter(pmm_rt *rt, pmm_obj *o) {
  return pmmi_new_reference(rt, o);
}

static enum pmm_status stack_exit(pmm_rt *rt, pmm_obj *o, enum pmm_status error,
                                  int *suppress) {
  assert(suppress != NULL);
  (void)error;
  (void)suppress;
  return stack_unwind(rt, as_stack(o));
}

const struct pmmi_type pmmi_exit_stack_type = {
    .base = {PMMI_IMMORTAL, NULL},
    .name = "exit_stack",
    .basic_size = sizeof(struct pmmi_exit_stack),
    .flags = PMMI_TYPE_ATOM,
    .dealloc = stack_dealloc,
    .enter = stack_enter,
    .exit = stack_exit,
    .owned_bytes = stack_owned_bytes,
};

pmm_obj *pmmi_exit_stack_new(pmm_rt *rt) {
  return pmmi_object_new(rt, &pmmi_exit_stack_type, 0);
}

enum pmm_status pmmi_exit_stack_push(pmm_rt *rt, pmm_obj *o, pmm_fn fn,
                                     void *ctx) {
  assert(fn != NULL);
  if (check_stack(rt, o) != PMM_OK) {
    return PMM_TYPE;
  }
  struct pmmi_exit_stack *stack = as_stack(o);
  if (stack->count == stack->room) {
    size_t room = stack->room > 0 ? 2 * stack->room : FIRST_EXITS;
    struct pmmi_exit *exits =
        pmmi_mem_realloc(rt, stack->exits, stack->room * sizeof *exits,
                         room * sizeof *exits);
    if (exits == NULL) {
      return pmmi_fail(rt, PMM_NO_MEMORY, "no memory for an exit");
    }
    stack->exits = exits;
    stack->room = room;
  }
  stack->exits[stack->count++] = (struct pmmi_exit){.fn = fn, .ctx = ctx};
  return PMM_OK;
}

enum pmm_status pmmi_exit_stack_close(pmm_rt *rt, pmm_obj *o) {
  if (check_stack(rt, o) != PMM_OK) {
    return PMM_TYPE;
  }
  return stack_unwind(rt, as_stack(o));
}
