/* SPDX-License-Identifier: MIT */
/*
 * callback.c - callable objects over the host's functions.
 *
 *   1. One small heap type without the collector: it refers to no object.
 *   2. Calling it passes the first argument, or None, to the host.
 *   3. A status the host returns is raised.  Who called decides what becomes
 *      of it: a frame propagates it, a weak reference's callback reports it
 *      as unraisable.
 *
 * Callbacks of weakref.finalize are chained, latest first, so that closing
 * can call those that are left without touching anybody else's.
 */
#include "callback.h"

#include "errors.h"
#include "ops.h"
#include "probe_copy.h"

struct callback {
  PyObject_HEAD
  struct pmmi_cpy_target target;
  pmm_rt *rt;
  unsigned epoch;         /* of the runtime that made it                     */
  PyObject *owner;        /* FINALIZE: the finalize object; borrowed         */
  struct callback *older; /* FINALIZE: the chain                             */
  struct callback *newer;
};

/** The latest callback of weakref.finalize. */
static struct callback *chain;

static void chain_add(struct callback *self) {
  assert(self->older == NULL && self->newer == NULL && chain != self);
  self->older = chain;
  if (chain != NULL) {
    chain->newer = self;
  }
  chain = self;
}

static void chain_remove(struct callback *self) {
  assert(self->newer == NULL || chain != self);
  if (self->newer != NULL) {
    self->newer->older = self->older;
  } else if (chain == self) {
    chain = self->older;
  }
  if (self->older != NULL) {
    self->older->newer = self->newer;
  }
}

static void callback_dealloc(PyObject *o) {
  PyTypeObject *type = Py_TYPE(o);
  freefunc give_back = pmmi_cpy_free_of(type);
  chain_remove((struct callback *)o);
  give_back(o);
  Py_DecRef((PyObject *)type);
}

/** Run the host's function; a new reference, or NULL with an exception. */
static PyObject *run(struct callback *self, PyObject *argument) {
  assert(pmmi_cpy_is_open(self->rt, self->epoch));
  const struct pmmi_cpy_target *target = &self->target;
  pmm_obj *result = NULL;
  enum pmm_status status;
  assert(argument != NULL);
  if (target->kind == PMMI_CPY_WEAK || target->kind == PMMI_CPY_FINALIZE) {
    pmmi_cpy_event(self->rt, PMM_EVENT_CALLBACK, target->cookie, 0);
  }
  if (target->kind == PMMI_CPY_CALL) {
    status = target->call(target->ctx, self->rt, pmmi_cpy_obj(argument),
                          &result);
  } else {
    status = target->fn == NULL ? PMM_OK
                                : target->fn(target->ctx, self->rt,
                                             pmmi_cpy_obj(argument));
  }
  if (pmmi_cpy_raised(self->rt, status)) {
    Py_DecRef(pmmi_cpy_py(result));
    return NULL;
  }
  return result == NULL ? pmmi_cpy_py(pmmi_cpy_none(self->rt))
                        : pmmi_cpy_py(result);
}

static PyObject *callback_call(PyObject *o, PyObject *args, PyObject *kwargs) {
  assert(PyTuple_Check(args));
  struct callback *self = (struct callback *)o;
  PyObject *argument = Py_None;
  (void)kwargs;
  if (!pmmi_cpy_is_open(self->rt, self->epoch)) {
    return pmmi_cpy_py(pmmi_cpy_none(self->rt));
  }
  if (PyTuple_Size(args) > 0) {
    argument = PyTuple_GetItem(args, 0);
  }
  return run(self, argument);
}

int pmmi_cpy_callback_load(void) {
  assert(pmmi_cpy_lib.callback_type == NULL);
  PyType_Slot slots[] = {
      PMMI_CPY_SLOT(Py_tp_dealloc, callback_dealloc),
      PMMI_CPY_SLOT(Py_tp_call, callback_call),
      {Py_tp_methods, pmmi_cpy_own_copy_methods},
      {0, NULL},
  };
  PyType_Spec spec = {.name = "pmm.callback",
                      .basicsize = (int)sizeof(struct callback),
                      .flags = Py_TPFLAGS_DEFAULT,
                      .slots = slots};
  pmmi_cpy_lib.callback_type = PyType_FromSpec(&spec);
  return pmmi_cpy_lib.callback_type == NULL ? -1 : 0;
}

PyObject *pmmi_cpy_callback_new(pmm_rt *rt,
                                const struct pmmi_cpy_target *target) {
  assert(pmmi_cpy_is_open(rt, rt->epoch) && target != NULL);
  struct callback *self = (struct callback *)PyType_GenericAlloc(
      (PyTypeObject *)pmmi_cpy_lib.callback_type, 0);
  if (self == NULL) {
    return NULL;
  }
  self->target = *target;
  self->rt = rt;
  self->epoch = rt->epoch;
  return (PyObject *)self;
}

/* ---- weakref.finalize --------------------------------------------------- */

pmm_obj *pmmi_cpy_finalize_new(pmm_rt *rt, pmm_obj *target, pmm_fn fn,
                               void *ctx, int64_t cookie) {
  assert(pmmi_cpy_is_open(rt, rt->epoch) && target != NULL);
  PyObject *finalize;
  struct callback *self = (struct callback *)pmmi_cpy_callback_new(
      rt, &(struct pmmi_cpy_target){.kind = PMMI_CPY_FINALIZE,
                                    .fn = fn,
                                    .ctx = ctx,
                                    .cookie = cookie});
  if (self == NULL) {
    return NULL;
  }
  finalize = PyObject_CallFunctionObjArgs(
      PMMI_CPY_FN(finalize), pmmi_cpy_py(target), (PyObject *)self, NULL);
  if (finalize != NULL) {
    self->owner = finalize;
    chain_add(self);
  }
  Py_DecRef((PyObject *)self);
  return pmmi_cpy_obj(finalize);
}

/** 1 when it has not been called or detached; -1 with an exception. */
static int finalize_alive(PyObject *finalize) {
  assert(finalize != NULL);
  PyObject *alive = PyObject_GetAttr(finalize, PMMI_CPY_NAME(alive));
  int truth = alive == NULL ? -1 : PyObject_IsTrue(alive);
  Py_DecRef(alive);
  return truth;
}

enum pmm_status pmmi_cpy_finalize_call(pmm_rt *rt, pmm_obj *finalize,
                                       int *called) {
  assert(called != NULL);
  int alive = finalize_alive(pmmi_cpy_py(finalize));
  if (alive < 0) {
    return pmmi_cpy_failure(rt);
  }
  *called = alive;
  return pmmi_cpy_consume(rt,
                          PyObject_CallObject(pmmi_cpy_py(finalize), NULL));
}

enum pmm_status pmmi_cpy_finalize_detach(pmm_rt *rt, pmm_obj *finalize) {
  return pmmi_cpy_consume(
      rt, PyObject_CallMethodObjArgs(pmmi_cpy_py(finalize),
                                     PMMI_CPY_NAME(detach), NULL));
}

void pmmi_cpy_finalize_all(pmm_rt *rt) {
  (void)rt;
  while (chain != NULL) {
    struct callback *latest = chain;
    PyObject *finalize = latest->owner;
    Py_IncRef(finalize);
    chain_remove(latest);
    latest->newer = latest->older = NULL;
    Py_DecRef(PyObject_CallObject(finalize, NULL));
    if (PyErr_Occurred() != NULL) {
      PyErr_WriteUnraisable(finalize);
    }
    Py_DecRef(finalize);
  }
}
