/* SPDX-License-Identifier: MIT */
/*
 * run.c - functions, generators and calls.
 *
 *   1. A code is translated (code.c) and compiled; equal sources share one
 *      compiled code, kept for the life of the process and not counted among
 *      the runtime's blocks.
 *   2. A function is that code over a dict of its own, which holds what the
 *      code names: constants, host calls, itself.
 *   3. Everything then runs in the interpreter: real frames, real generators.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "account.h"
#include "callback.h"
#include "code.h"
#include "core.h"
#include "errors.h"
#include "ops.h"

/** The compiled code of a source; borrowed from the cache. */
static PyObject *compiled(const char *source) {
  assert(source != NULL);
  PyObject *key;
  PyObject *code;
  pmmi_cpy_account_pause();
  key = PyUnicode_FromString(source);
  code = key == NULL ? NULL
                     : PyDict_GetItemWithError(pmmi_cpy_lib.codes, key);
  if (key != NULL && code == NULL && PyErr_Occurred() == NULL) {
    code = PyObject_CallFunctionObjArgs(PMMI_CPY_FN(compile_code), key, NULL);
    if (code != NULL && PyDict_SetItem(pmmi_cpy_lib.codes, key, code) < 0) {
      Py_DecRef(code);
      code = NULL;
    } else {
      Py_DecRef(code); /* the cache holds it */
    }
  }
  Py_DecRef(key);
  pmmi_cpy_account_resume();
  return code;
}

/** globals["<letter><code>_<number>"] = value; steals `value`, NULL is a
 *  failure. */
static int bind(PyObject *globals, char letter, unsigned long code,
                size_t number, PyObject *value) {
  assert(PyDict_Check(globals));
  char name[40];
  int result = -1;
  if (value != NULL) {
    snprintf(name, sizeof name, "%c%lx_%zu", letter, code, number);
    result = PyDict_SetItemString(globals, name, value);
  }
  Py_DecRef(value);
  return result;
}

/** Numbers from here on are of codes that hold no codes. */
#define INNERMOST 0x10000000ul

/** Bind what a code and the codes inside it name.  0, or -1. */
static int bind_names(pmm_rt *rt, PyObject *globals,
                      const struct pmm_code *code, unsigned long number) {
  assert(PyDict_Check(globals));
  int result = 0;
  for (size_t i = 0; result == 0 && i < code->constant_count; i++) {
    Py_IncRef(pmmi_cpy_py(code->constants[i]));
    result = bind(globals, 'k', number, i, pmmi_cpy_py(code->constants[i]));
  }
  for (size_t i = 0; result == 0 && i < code->call_count; i++) {
    struct pmmi_cpy_target target = {.kind = PMMI_CPY_CALL,
                                     .call = code->calls[i].call,
                                     .ctx = code->calls[i].ctx};
    result =
        bind(globals, 'c', number, i, pmmi_cpy_callback_new(rt, &target));
  }
  if (number >= INNERMOST) {
    return result;
  }
  for (size_t i = 0; result == 0 && i < pmmi_cpy_code_count(code); i++) {
    result = bind_names(rt, globals, code->codes[i],
                        pmmi_cpy_code_number(number, i));
  }
  return result;
}

/** The dict of a function: what its code names. */
static PyObject *globals_of(pmm_rt *rt, const struct pmm_code *code) {
  PyObject *globals = PyDict_New();
  int result = globals == NULL
                   ? -1
                   : PyDict_SetItemString(globals, "__builtins__",
                                          pmmi_cpy_lib.builtins);
  if (result == 0) {
    result = bind_names(rt, globals, code, 0);
  }
  if (result < 0) {
    Py_DecRef(globals);
    return NULL;
  }
  return globals;
}

/** FunctionType(code, globals, name). */
static PyObject *function_over(pmm_rt *rt, const struct pmm_code *code,
                               const struct pmmi_cpy_source *source) {
  assert(source->text != NULL);
  PyObject *function = NULL;
  PyObject *body = compiled(source->text);
  PyObject *globals = body == NULL ? NULL : globals_of(rt, code);
  if (globals != NULL) {
    function = PyObject_CallFunction(
        PMMI_CPY_FN(function), "OOs", body, globals,
        code->name == NULL ? "code" : code->name);
  }
  if (function != NULL && source->recursive &&
      PyDict_SetItemString(globals, "me", function) < 0) {
    Py_DecRef(function);
    function = NULL;
  }
  Py_DecRef(globals);
  return function;
}

static PyObject *make_function(pmm_rt *rt, const struct pmm_code *code,
                               int needs_yield) {
  assert(code != NULL);
  struct pmmi_cpy_source source;
  PyObject *function;
  if (pmmi_cpy_collect_if_due() < 0 || pmmi_cpy_translate(code, &source) < 0) {
    return NULL;
  }
  if (needs_yield && !source.generator) {
    pmmi_cpy_fail(PMM_VALUE, "a code that never yields");
    function = NULL;
  } else {
    function = function_over(rt, code, &source);
  }
  free(source.text);
  return function;
}

pmm_obj *pmmi_cpy_function_new(pmm_rt *rt, const struct pmm_code *code) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  return pmmi_cpy_obj(make_function(rt, code, 0));
}

pmm_obj *pmmi_cpy_call(pmm_rt *rt, pmm_obj *callable, pmm_obj *const *args,
                       size_t n) {
  assert(n == 0 || args != NULL);
  PyObject *tuple;
  PyObject *result;
  (void)rt;
  if (n == 0) {
    return pmmi_cpy_obj(PyObject_CallObject(pmmi_cpy_py(callable), NULL));
  }
  if (n == 1) {
    return pmmi_cpy_obj(PyObject_CallFunctionObjArgs(
        pmmi_cpy_py(callable), pmmi_cpy_py(args[0]), NULL));
  }
  tuple = pmmi_cpy_tuple_of(args, n);
  if (tuple == NULL) {
    return NULL;
  }
  result = PyObject_CallObject(pmmi_cpy_py(callable), tuple);
  Py_DecRef(tuple);
  return pmmi_cpy_obj(result);
}

pmm_obj *pmmi_cpy_callable_new(pmm_rt *rt, pmm_call call, void *ctx) {
  assert(call != NULL);
  return pmmi_cpy_obj(pmmi_cpy_callback_new(
      rt, &(struct pmmi_cpy_target){
              .kind = PMMI_CPY_CALL, .call = call, .ctx = ctx}));
}

size_t pmmi_cpy_recursion_limit(pmm_rt *rt) {
  (void)rt;
  return (size_t)pmmi_cpy_ask(PMMI_CPY_FN(getrecursionlimit), NULL, 0);
}

/* ---- generators --------------------------------------------------------- */

pmm_obj *pmmi_cpy_generator_new(pmm_rt *rt, const struct pmm_code *code,
                                pmm_obj *const *args, size_t n) {
  assert(n == 0 || args != NULL);
  PyObject *function = make_function(rt, code, 1);
  pmm_obj *generator;
  if (function == NULL) {
    return NULL;
  }
  generator = pmmi_cpy_call(rt, pmmi_cpy_obj(function), args, n);
  Py_DecRef(function);
  return generator;
}

pmm_obj *pmmi_cpy_generator_send(pmm_rt *rt, pmm_obj *generator,
                                 pmm_obj *value) {
  (void)rt;
  return pmmi_cpy_obj(PyObject_CallMethodObjArgs(
      pmmi_cpy_py(generator), PMMI_CPY_NAME(send),
      value == NULL ? Py_None : pmmi_cpy_py(value), NULL));
}

pmm_obj *pmmi_cpy_generator_throw(pmm_rt *rt, pmm_obj *generator,
                                  enum pmm_status status) {
  assert(status != PMM_OK);
  (void)rt;
  return pmmi_cpy_obj(PyObject_CallMethodObjArgs(
      pmmi_cpy_py(generator), PMMI_CPY_NAME(throw),
      pmmi_cpy_class_of(status), NULL));
}

enum pmm_status pmmi_cpy_generator_close(pmm_rt *rt, pmm_obj *generator) {
  return pmmi_cpy_consume(
      rt, PyObject_CallMethodObjArgs(pmmi_cpy_py(generator),
                                     PMMI_CPY_NAME(close), NULL));
}

int pmmi_cpy_generator_finished(pmm_rt *rt, pmm_obj *generator) {
  struct pmmi_cpy_saved saved;
  PyObject *frame;
  int finished;
  (void)rt;
  pmmi_cpy_save(&saved);
  pmmi_cpy_account_pause();
  frame = PyObject_GetAttr(pmmi_cpy_py(generator), PMMI_CPY_NAME(gi_frame));
  finished = frame == Py_None;
  Py_DecRef(frame);
  pmmi_cpy_account_resume();
  PyErr_Clear();
  pmmi_cpy_restore(&saved);
  return finished;
}

/* ---- another stack ------------------------------------------------------ */

/** A call that waits to be made on another stack. */
struct elsewhere {
  pmm_rt *rt;
  pmm_fn fn;
  void *ctx;
  enum pmm_status status;
  struct pmmi_cpy_saved error; /* what it left pending                       */
};

/** Under the helper `enter`, so that its allocations have a site. */
static pmm_obj *call_entered(struct elsewhere *e);

static enum pmm_status entered(void *ctx, pmm_rt *rt, pmm_obj *arg,
                               pmm_obj **result) {
  struct elsewhere *e = ctx;
  (void)arg;
  (void)result;
  e->status = e->fn(e->ctx, rt, NULL);
  return e->status;
}

static pmm_obj *call_entered(struct elsewhere *e) {
  pmm_obj *callable = pmmi_cpy_callable_new(e->rt, entered, e);
  PyObject *result;
  if (callable == NULL) {
    e->status = pmmi_cpy_failure(e->rt);
    return NULL;
  }
  result = PyObject_CallFunctionObjArgs(
      PMMI_CPY_FN(enter), pmmi_cpy_py(callable), Py_None, NULL);
  Py_DecRef(pmmi_cpy_py(callable));
  return pmmi_cpy_obj(result);
}

static void *on_thread(void *argument) {
  assert(argument != NULL);
  struct elsewhere *e = argument;
  PyGILState_STATE state = PyGILState_Ensure();
  Py_DecRef(pmmi_cpy_py(call_entered(e)));
  pmmi_cpy_save(&e->error);
  PyGILState_Release(state);
  return NULL;
}

static int run_thread(struct elsewhere *e, size_t stack_bytes) {
  pthread_attr_t attributes;
  pthread_t thread;
  int failed = pthread_attr_init(&attributes);
  if (failed != 0) {
    return failed;
  }
  failed = pthread_attr_setstacksize(&attributes, stack_bytes);
  if (failed == 0) {
    PyThreadState *state;
    state = PyEval_SaveThread();
    failed = pthread_create(&thread, &attributes, on_thread, e);
    if (failed == 0) {
      failed = pthread_join(thread, NULL);
    }
    PyEval_RestoreThread(state);
  }
  pthread_attr_destroy(&attributes);
  return failed;
}

enum pmm_status pmmi_cpy_call_on_stack(pmm_rt *rt, size_t stack_bytes,
                                       pmm_fn fn, void *ctx) {
  assert(fn != NULL);
  struct elsewhere e = {.rt = rt, .fn = fn, .ctx = ctx};
  if (run_thread(&e, stack_bytes) != 0) {
    return pmmi_cpy_fail(PMM_NO_MEMORY, "no thread");
  }
  pmmi_cpy_restore(&e.error);
  return e.status;
}
