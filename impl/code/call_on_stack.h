/* SPDX-License-Identifier: MIT */
/* call_on_stack.h - running a function on a stack of a chosen size. */
#ifndef PMMI_CALL_ON_STACK_H
#define PMMI_CALL_ON_STACK_H

#include "pmm/types.h"

/** Operation call_on_stack.  PMM_NO_MEMORY: no such stack can be had. */
enum pmm_status pmmi_call_on_stack(pmm_rt *rt, size_t stack_bytes, pmm_fn fn,
                                   void *ctx);

#endif /* PMMI_CALL_ON_STACK_H */
