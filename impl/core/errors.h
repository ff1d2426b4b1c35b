/* SPDX-License-Identifier: MIT */
/*
 * errors.h - the pending error of a runtime.
 *
 *   1. At most one error is pending.  It is plain data in the runtime, so
 *      that raising one, out of memory above all, needs no memory.
 *   2. Code that must run while an error is pending (finalizers, callbacks,
 *      exits) saves it with pmmi_error_save() and puts it back afterwards.
 *   3. An error that nobody can receive becomes the event UNRAISABLE.
 *   4. An except clause that names its error gives it an object, which it
 *      keeps from then on (code/exception.h).
 *
 * Invariant: status is PMM_OK exactly when no error is pending, and then
 * message and value are NULL.
 *
 * Source: CPython 3.11 Python/errors.c (fetch and restore), PEP 3134.
 */
#ifndef PMMI_ERRORS_H
#define PMMI_ERRORS_H

#include <assert.h>
#include <stddef.h>

#include "pmm/types.h"

/** Bytes kept of a message that a host gave. */
#define PMMI_ERROR_TEXT 96

/** One error.  Copying it moves the reference in `value`. */
struct pmmi_error {
  enum pmm_status status;     /* PMM_OK: none                               */
  enum pmm_status context;    /* what it replaced while that was handled    */
  const char *message;        /* static text; NULL: `text`                  */
  pmm_obj *value;             /* owned: its exception; NULL: no clause has  */
                              /* named it yet                               */
  char text[PMMI_ERROR_TEXT]; /* a host's message, cut to fit               */
};

struct pmmi_errors {
  struct pmmi_error pending;
  enum pmm_status handled; /* being handled: context of errors raised now   */
  int os_errno;            /* errno of the last PMM_OS error                */
};

/** Make `status` pending (replacing what was).  Needs no memory.  `message`
 *  must be static text. */
void pmmi_error_note(pmm_rt *rt, enum pmm_status status, const char *message);

/** The same, and return it.  Inline, so that a caller's compiler knows that
 *  this is a failure. */
static inline enum pmm_status pmmi_fail(pmm_rt *rt, enum pmm_status status,
                                        const char *message) {
  assert(status != PMM_OK);
  pmmi_error_note(rt, status, message);
  return status;
}

/** The same for operations that return a handle: returns NULL. */
static inline pmm_obj *pmmi_fail_null(pmm_rt *rt, enum pmm_status status,
                                      const char *message) {
  pmmi_error_note(rt, status, message);
  return NULL;
}

/** Report the pending error as one that nobody can receive (event
 *  UNRAISABLE), and remove it. */
void pmmi_error_unraisable(pmm_rt *rt);

/** Move the pending error into `out`; none is pending afterwards. */
void pmmi_error_save(pmm_rt *rt, struct pmmi_error *out);

/** Make a saved error pending again.  One that came up meanwhile is reported
 *  as unraisable, as its place is taken.  May run code. */
void pmmi_error_restore(pmm_rt *rt, struct pmmi_error *saved);

/** PMM_OS with the errno of the failed call. */
enum pmm_status pmmi_fail_os(pmm_rt *rt, int os_errno, const char *message);

/** Make what a function of the host returned the pending error: PMM_OK leaves
 *  what is pending, another status becomes pending unless it is already. */
void pmmi_status_take(pmm_rt *rt, enum pmm_status status);

/** 1 when an error is pending. */
int pmmi_error_pending(pmm_rt *rt);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

enum pmm_status pmmi_error(pmm_rt *rt);
const char *pmmi_error_message(pmm_rt *rt);
void pmmi_error_clear(pmm_rt *rt);
void pmmi_error_set(pmm_rt *rt, enum pmm_status status, const char *message);
int pmmi_os_errno(pmm_rt *rt);
enum pmm_status pmmi_error_context(pmm_rt *rt);

#endif /* PMMI_ERRORS_H */
