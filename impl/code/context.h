/* SPDX-License-Identifier: MIT */
/*
 * context.h - context managers.
 *
 *   manager            calls the host's enter and exit, with their events
 *   generator manager  enter runs a generator to its one yield; exit resumes
 *                      it, or throws into it what leaves the block
 *   exit stack         callbacks of the host, run last in, first out
 *
 * Every type that is a manager sets `enter` and `exit` of its struct
 * pmmi_type; `exit` is called with no error pending, and the interpreter
 * keeps the error that leaves the block (unwind.c).
 *
 * Source: PEP 343; CPython 3.11 Lib/contextlib.py.
 */
#ifndef PMMI_CONTEXT_H
#define PMMI_CONTEXT_H

#include "core/object.h"

/** A manager of the host. */
struct pmmi_manager {
  struct pmm_obj base;
  pmm_call enter;   /* NULL: entering gives the manager itself              */
  pmm_exit_fn exit;
  void *ctx;        /* first argument of both                               */
  int64_t cookie;   /* of its events                                        */
};

/** A manager made from a generator.  Used once. */
struct pmmi_generator_manager {
  struct pmm_obj base;
  pmm_obj *generator; /* owned; NULL only while the collector clears it     */
};

/** A callback of an exit stack. */
struct pmmi_exit {
  pmm_fn fn;
  void *ctx;
};

/** An exit stack. */
struct pmmi_exit_stack {
  struct pmm_obj base;
  struct pmmi_exit *exits; /* owned; NULL while there is no room            */
  size_t count;            /* exits that have not been called               */
  size_t room;             /* exits the block can take                      */
};

extern const struct pmmi_type pmmi_manager_type;
extern const struct pmmi_type pmmi_generator_manager_type;
extern const struct pmmi_type pmmi_exit_stack_type;

/* ---- operations (contracts: pmm/subject.h) ------------------------------ */

pmm_obj *pmmi_manager_new(pmm_rt *rt, pmm_call enter, pmm_exit_fn exit,
                          void *ctx, int64_t cookie);
pmm_obj *pmmi_manager_from_generator(pmm_rt *rt, pmm_obj *generator);
pmm_obj *pmmi_exit_stack_new(pmm_rt *rt);
enum pmm_status pmmi_exit_stack_push(pmm_rt *rt, pmm_obj *stack, pmm_fn fn,
                                     void *ctx);
enum pmm_status pmmi_exit_stack_close(pmm_rt *rt, pmm_obj *stack);

#endif /* PMMI_CONTEXT_H */
