/* SPDX-License-Identifier: MIT */
/*
 * callback.h - functions of the host as Python callables.
 */
#ifndef PMMI_CPYTHON_CALLBACK_H
#define PMMI_CPYTHON_CALLBACK_H

#include "cpython.h"

/** Kinds of callback objects. */
enum pmmi_cpy_callback_kind {
  PMMI_CPY_CALL,     /* a pmm_call                                           */
  PMMI_CPY_WEAK,     /* a pmm_fn of a weak reference: event CALLBACK first   */
  PMMI_CPY_FINALIZE, /* a pmm_fn of weakref.finalize: event CALLBACK first   */
  PMMI_CPY_EXIT      /* a pmm_fn of an exit stack                            */
};

/** What a callback object calls. */
struct pmmi_cpy_target {
  enum pmmi_cpy_callback_kind kind;
  pmm_fn fn;     /* all kinds but PMMI_CPY_CALL                              */
  pmm_call call; /* PMMI_CPY_CALL                                            */
  void *ctx;
  int64_t cookie;
};

/** Make the heap type of callbacks.  0, or -1 with an exception. */
int pmmi_cpy_callback_load(void);
/** A new callable object over a function of the host. */
PyObject *pmmi_cpy_callback_new(pmm_rt *rt,
                                const struct pmmi_cpy_target *target);
/** Call what weakref.finalize still holds for us, latest first. */
void pmmi_cpy_finalize_all(pmm_rt *rt);

#endif /* PMMI_CPYTHON_CALLBACK_H */
