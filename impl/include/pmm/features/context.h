/* SPDX-License-Identifier: MIT */
/* pmm/features/context.h - context managers, with blocks, stacks of exits. */
#ifndef PMM_FEATURES_CONTEXT_H
#define PMM_FEATURES_CONTEXT_H

#include "pmm/types.h"

struct pmm_context_ops {
  size_t struct_size;
  /** A manager.  `enter` may be NULL; events carry `cookie`. */
  pmm_obj *(*manager_new)(pmm_rt *rt, pmm_call enter, pmm_exit_fn exit,
                          void *ctx, int64_t cookie);
  /** contextmanager(function): a function over a code that yields once. */
  pmm_obj *(*manager_from_generator)(pmm_rt *rt, pmm_obj *generator);
  /** A stack of exits: last in, first out; itself a manager. */
  pmm_obj *(*exit_stack_new)(pmm_rt *rt);
  enum pmm_status (*exit_stack_push)(pmm_rt *rt, pmm_obj *stack, pmm_fn fn,
                                     void *ctx);
  enum pmm_status (*exit_stack_close)(pmm_rt *rt, pmm_obj *stack);
  /** Status of the context of the pending error (what it replaced). */
  enum pmm_status (*error_context)(pmm_rt *rt);
};

#endif /* PMM_FEATURES_CONTEXT_H */
