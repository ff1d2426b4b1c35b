/* SPDX-License-Identifier: MIT */
/*
 * finalizer.h - calls that an object's death makes, once.
 *
 * A finalizer object is a weak reference with a callback that the runtime's
 * register owns, so that it lives until it is called or detached, whoever
 * drops the handle.  At close those that are left are called, newest first.
 *
 * Invariant: a finalizer is in the register exactly until it is called or
 * detached, and the register owns one reference to it.
 *
 * Source: CPython 3.11 Lib/weakref.py (finalize).
 */
#ifndef PMMI_FINALIZER_H
#define PMMI_FINALIZER_H

#include "types/weakref.h"

/** A finalizer. */
struct pmmi_finalizer {
  struct pmmi_weakref ref;
  struct pmmi_finalizer *newer; /* in the register; NULL: the newest        */
  struct pmmi_finalizer *older; /* NULL: the oldest                         */
  int armed;                    /* 1: in the register                       */
};

/** The register. */
struct pmmi_finalizers {
  struct pmmi_finalizer *newest;
};

extern const struct pmmi_type pmmi_finalizer_type;

/** Call all that are armed, newest first.  Part of close().  May run code. */
void pmmi_finalizers_run(pmm_rt *rt);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_finalize_new(pmm_rt *rt, pmm_obj *target, pmm_fn fn, void *ctx,
                           int64_t cookie);
enum pmm_status pmmi_finalize_call(pmm_rt *rt, pmm_obj *finalize, int *called);
enum pmm_status pmmi_finalize_detach(pmm_rt *rt, pmm_obj *finalize);

#endif /* PMMI_FINALIZER_H */
