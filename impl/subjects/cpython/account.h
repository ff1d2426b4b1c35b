/* SPDX-License-Identifier: MIT */
/*
 * account.h - hooks that count allocations of the interpreter and fail them.
 *
 *   1. At the first open the hooks go over the allocators of the mem and the
 *      object domain, and stay (PEP 445; swapping them in a loop gives false
 *      crashes).  Blocks keep their layout, so no block needs to know.
 *   2. The size of each block is kept aside, in a map of the address space
 *      (sizemap.h).  A block without an entry is none of ours: it was there
 *      before, or was made while counting was paused.
 *   3. The raw domain is left alone: the object allocator takes its large
 *      blocks from there, and they would be counted twice.
 *
 * With PMM_CPYTHON_ACCOUNT=none in the environment no hook is installed:
 * nothing disturbs the clock, and most figures are unknown.
 */
#ifndef PMMI_CPYTHON_ACCOUNT_H
#define PMMI_CPYTHON_ACCOUNT_H

#include "cpython.h"

/** 1 when the hooks can and may be installed. */
int pmmi_cpy_account_available(void);
/** Install the hooks, once; start the counters of a runtime. */
void pmmi_cpy_account_start(void);
/** Work of our own is neither counted nor made to fail.  Nests. */
void pmmi_cpy_account_pause(void);
void pmmi_cpy_account_resume(void);

#endif /* PMMI_CPYTHON_ACCOUNT_H */
