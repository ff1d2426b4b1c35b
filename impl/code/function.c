/* SPDX-License-Identifier: MIT */
/* function.c - functions and callables; idea: function.h. */
#include "code/function.h"

#include "code/closure.h"
#include "code/code_state.h"
#include "code/generator.h"
#include "code/interpret.h"
#include "gc/gc.h"

static struct pmmi_function *as_function(pmm_obj *o) {
  assert(o->type == &pmmi_function_type);
  return (struct pmmi_function *)(void *)o;
}

pmm_obj *pmmi_host_call(pmm_rt *rt, pmm_call call, void *ctx, pmm_obj *arg) {
  assert(call != NULL);
  pmm_obj *result = NULL;
  pmmi_status_take(rt, call(ctx, rt, arg, &result));
  if (pmmi_error_pending(rt)) {
    pmmi_xrelease(rt, result);
    return NULL;
  }
  return result != NULL ? result : pmmi_new_reference(rt, pmmi_none(rt));
}

/* ---- functions ---------------------------------------------------------- */

static void function_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  pmmi_gc_untrack(rt, o);
  struct pmmi_code *code = as_function(o)->code;
  pmm_obj *cells = as_function(o)->cells;
  pmmi_gc_free(rt, o);
  pmmi_xrelease(rt, cells);
  pmmi_release(rt, &code->base);
}

static int function_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  assert(visit != NULL);
  const struct pmmi_function *function = as_function(o);
  int result = visit(ctx, &function->code->base);
  return result == 0 && function->cells != NULL ? visit(ctx, function->cells)
                                                : result;
}

static pmm_obj *function_call(pmm_rt *rt, pmm_obj *callable,
                              pmm_obj *const *args, size_t n) {
  struct pmmi_code *code = as_function(callable)->code;
  pmm_obj *cells = as_function(callable)->cells;
  if (n != code->args) {
    return pmmi_fail_null(rt, PMM_TYPE, "wrong number of arguments");
  }
  if (code->yields) {
    pmm_obj *generator = pmmi_generator_over(rt, code, args, n);
    if (generator != NULL) {
      struct pmmi_generator *g = (struct pmmi_generator *)(void *)generator;
      pmmi_closure_enter(rt, &g->frame, cells);
    }
    return generator;
  }
  struct pmmi_machine m = {.rt = rt};
  enum pmmi_step step = pmmi_machine_call(&m, code, args, n);
  if (step == PMMI_STEP_GO) {
    pmmi_closure_enter(rt, m.frame, cells);
  }
  return pmmi_machine_run(&m, step) == PMMI_RETURNED ? m.value : NULL;
}

const struct pmmi_type pmmi_function_type = {
    .base = {PMMI_IMMORTAL, NULL},
    .name = "function",
    .basic_size = sizeof(struct pmmi_function),
    .flags = PMMI_TYPE_GC | PMMI_TYPE_OWN_COPY,
    .weak_offset = offsetof(struct pmmi_function, weak),
    .dealloc = function_dealloc,
    .traverse = function_traverse,
    .call = function_call,
};

pmm_obj *pmmi_function_over(pmm_rt *rt, struct pmmi_code *code,
                            pmm_obj *cells) {
  assert(code != NULL);
  pmm_obj *o = pmmi_gc_new(rt, &pmmi_function_type, 0);
  if (o == NULL) {
    pmmi_xrelease(rt, cells);
    return NULL;
  }
  pmmi_retain(rt, &code->base);
  as_function(o)->code = code;
  as_function(o)->cells = cells;
  pmmi_gc_track(rt, o);
  return o;
}

pmm_obj *pmmi_function_new(pmm_rt *rt, const struct pmm_code *spec) {
  assert(spec != NULL);
  struct pmmi_code *code = pmmi_code_new(rt, spec);
  if (code == NULL) {
    return NULL;
  }
  pmm_obj *o = pmmi_function_over(rt, code, NULL);
  pmmi_release(rt, &code->base);
  return o;
}

/* ---- callables ---------------------------------------------------------- */

static void callable_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  pmmi_object_free(rt, o);
}

/** None, the argument, or a tuple of them: new. */
static pmm_obj *callable_argument(pmm_rt *rt, pmm_obj *const *args, size_t n) {
  assert(n == 0 || args != NULL);
  if (n > 1) {
    return pmmi_tuple_from(rt, args, n);
  }
  return pmmi_new_reference(rt, n == 1 ? args[0] : pmmi_none(rt));
}

static pmm_obj *callable_call(pmm_rt *rt, pmm_obj *o, pmm_obj *const *args,
                              size_t n) {
  assert(n == 0 || args != NULL);
  struct pmmi_callable *callable = (struct pmmi_callable *)(void *)o;
  pmm_obj *arg = callable_argument(rt, args, n);
  if (arg == NULL) {
    return NULL;
  }
  pmm_obj *result = NULL;
  if (pmmi_recursion_enter(rt) == PMM_OK) {
    result = pmmi_host_call(rt, callable->call, callable->ctx, arg);
    pmmi_recursion_leave(rt);
  }
  pmmi_release(rt, arg);
  return result;
}

const struct pmmi_type pmmi_callable_type = {
    .base = {PMMI_IMMORTAL, NULL},
    .name = "callable",
    .basic_size = sizeof(struct pmmi_callable),
    .flags = PMMI_TYPE_ATOM,
    .dealloc = callable_dealloc,
    .call = callable_call,
};

pmm_obj *pmmi_callable_new(pmm_rt *rt, pmm_call call, void *ctx) {
  if (call == NULL) {
    return pmmi_fail_null(rt, PMM_VALUE, "a callable needs a function");
  }
  pmm_obj *o = pmmi_object_new(rt, &pmmi_callable_type, 0);
  if (o != NULL) {
    struct pmmi_callable *callable = (struct pmmi_callable *)(void *)o;
    callable->call = call;
    callable->ctx = ctx;
  }
  return o;
}

/* ---- calling ------------------------------------------------------------ */

pmm_obj *pmmi_call(pmm_rt *rt, pmm_obj *callable, pmm_obj *const *args,
                   size_t n) {
  assert(n == 0 || args != NULL);
  if (callable->type->call == NULL) {
    return pmmi_fail_null(rt, PMM_TYPE, "not callable");
  }
  pmmi_retain(rt, callable);
  pmm_obj *result = callable->type->call(rt, callable, args, n);
  pmmi_release(rt, callable);
  return result;
}
