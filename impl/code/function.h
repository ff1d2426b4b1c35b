/* SPDX-License-Identifier: MIT */
/*
 * function.h - functions over codes, and callables over the host.
 *
 *   1. A function owns a code, and as a closure cells (code/closure.h).
 *      Calling it runs a frame; where the code yields, calling it makes a
 *      generator and runs nothing.
 *   2. A callable wraps a function of the host; called with no argument it
 *      gets None, with one that one, with more a tuple of them.
 */
#ifndef PMMI_FUNCTION_H
#define PMMI_FUNCTION_H

#include "code/code.h"

struct pmmi_weakref;

/** A function object. */
struct pmmi_function {
  struct pmm_obj base;
  struct pmmi_weakref *weak; /* references to it                            */
  struct pmmi_code *code;    /* owned                                       */
  pmm_obj *cells;            /* owned: a tuple; NULL: no closure            */
};

/** A callable object. */
struct pmmi_callable {
  struct pmm_obj base;
  pmm_call call; /* of the host                                             */
  void *ctx;     /* its first argument                                      */
};

extern const struct pmmi_type pmmi_function_type;
extern const struct pmmi_type pmmi_callable_type;

/** A function over `code`, borrowed; steals `cells` (NULL: none), on failure
 *  too.  NULL: PMM_NO_MEMORY pending. */
pmm_obj *pmmi_function_over(pmm_rt *rt, struct pmmi_code *code,
                            pmm_obj *cells);

/** Call the host with a borrowed argument.  A new reference, or NULL with an
 *  error pending. */
pmm_obj *pmmi_host_call(pmm_rt *rt, pmm_call call, void *ctx, pmm_obj *arg);

/* ---- operations (contracts: pmm/subject.h) ------------------------------ */

pmm_obj *pmmi_function_new(pmm_rt *rt, const struct pmm_code *code);
pmm_obj *pmmi_call(pmm_rt *rt, pmm_obj *callable, pmm_obj *const *args,
                   size_t n);
pmm_obj *pmmi_callable_new(pmm_rt *rt, pmm_call call, void *ctx);

#endif /* PMMI_FUNCTION_H */
