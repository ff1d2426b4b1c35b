/* SPDX-License-Identifier: MIT */
/*
 * manager.c - context managers: the host's, contextlib's, and exit stacks.
 */
#include "manager.h"

#include "callback.h"
#include "errors.h"
#include "ops.h"

struct manager {
  PyObject_HEAD
  pmm_rt *rt;
  unsigned epoch;    /* of the runtime that made it                          */
  pmm_call enter;    /* NULL: enter gives the manager itself                 */
  pmm_exit_fn leave;
  void *ctx;
  int64_t cookie;
};

static PyObject *manager_enter(PyObject *o, PyObject *args) {
  struct manager *self = (struct manager *)o;
  pmm_obj *result = NULL;
  enum pmm_status status;
  (void)args;
  if (pmmi_cpy_is_open(self->rt, self->epoch)) {
    pmmi_cpy_event(self->rt, PMM_EVENT_ENTERED, self->cookie, 0);
    if (self->enter != NULL) {
      status = self->enter(self->ctx, self->rt, pmmi_cpy_obj(o), &result);
      if (pmmi_cpy_raised(self->rt, status)) {
        Py_DecRef(pmmi_cpy_py(result));
        return NULL;
      }
      return result == NULL ? pmmi_cpy_py(pmmi_cpy_none(self->rt))
                            : pmmi_cpy_py(result);
    }
  }
  Py_IncRef(o);
  return o;
}

/** __exit__(type, value, traceback). */
static PyObject *manager_exit(PyObject *o, PyObject *args) {
  assert(PyTuple_Check(args));
  struct manager *self = (struct manager *)o;
  PyObject *type = PyTuple_Size(args) > 0 ? PyTuple_GetItem(args, 0) : Py_None;
  enum pmm_status error =
      type == NULL || type == Py_None ? PMM_OK : pmmi_cpy_status_of(type);
  int suppress = 0;
  if (pmmi_cpy_is_open(self->rt, self->epoch)) {
    pmmi_cpy_event(self->rt, PMM_EVENT_EXITED, self->cookie, error);
    if (self->leave != NULL) {
      enum pmm_status status =
          self->leave(self->ctx, self->rt, error, &suppress);
      if (pmmi_cpy_raised(self->rt, status)) {
        return NULL;
      }
    }
  }
  return pmmi_cpy_py(pmmi_cpy_boolean(self->rt, suppress));
}

static void manager_dealloc(PyObject *o) {
  PyTypeObject *type = Py_TYPE(o);
  freefunc give_back = pmmi_cpy_free_of(type);
  give_back(o);
  Py_DecRef((PyObject *)type);
}

int pmmi_cpy_manager_load(void) {
  assert(pmmi_cpy_lib.manager_type == NULL);
  static PyMethodDef methods[] = {
      {"__enter__", manager_enter, METH_NOARGS, NULL},
      {"__exit__", manager_exit, METH_VARARGS, NULL},
      {NULL, NULL, 0, NULL},
  };
  PyType_Slot slots[] = {
      PMMI_CPY_SLOT(Py_tp_dealloc, manager_dealloc),
      {Py_tp_methods, methods},
      {0, NULL},
  };
  PyType_Spec spec = {.name = "pmm.manager",
                      .basicsize = (int)sizeof(struct manager),
                      .flags = Py_TPFLAGS_DEFAULT,
                      .slots = slots};
  pmmi_cpy_lib.manager_type = PyType_FromSpec(&spec);
  return pmmi_cpy_lib.manager_type == NULL ? -1 : 0;
}

pmm_obj *pmmi_cpy_manager_new(pmm_rt *rt, pmm_call enter, pmm_exit_fn leave,
                              void *ctx, int64_t cookie) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  struct manager *self = (struct manager *)PyType_GenericAlloc(
      (PyTypeObject *)pmmi_cpy_lib.manager_type, 0);
  if (self == NULL) {
    return NULL;
  }
  self->rt = rt;
  self->epoch = rt->epoch;
  self->enter = enter;
  self->leave = leave;
  self->ctx = ctx;
  self->cookie = cookie;
  return (pmm_obj *)self;
}

/** contextlib.contextmanager over a function, or over a generator of one. */
pmm_obj *pmmi_cpy_manager_from_generator(pmm_rt *rt, pmm_obj *source) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  return pmmi_cpy_obj(PyObject_CallFunctionObjArgs(
      PMMI_CPY_FN(manager_of), pmmi_cpy_py(source), NULL));
}

pmm_obj *pmmi_cpy_exit_stack_new(pmm_rt *rt) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  return pmmi_cpy_obj(PyObject_CallObject(PMMI_CPY_FN(exit_stack), NULL));
}

enum pmm_status pmmi_cpy_exit_stack_push(pmm_rt *rt, pmm_obj *stack,
                                         pmm_fn fn, void *ctx) {
  assert(fn != NULL);
  PyObject *callback = pmmi_cpy_callback_new(
      rt, &(struct pmmi_cpy_target){
              .kind = PMMI_CPY_EXIT, .fn = fn, .ctx = ctx});
  enum pmm_status status;
  if (callback == NULL) {
    return pmmi_cpy_failure(rt);
  }
  status = pmmi_cpy_consume(
      rt, PyObject_CallMethodObjArgs(pmmi_cpy_py(stack),
                                     PMMI_CPY_NAME(callback), callback, NULL));
  Py_DecRef(callback);
  return status;
}

enum pmm_status pmmi_cpy_exit_stack_close(pmm_rt *rt, pmm_obj *stack) {
  return pmmi_cpy_consume(
      rt, PyObject_CallMethodObjArgs(pmmi_cpy_py(stack), PMMI_CPY_NAME(close),
                                     NULL));
}
