/* SPDX-License-Identifier: MIT */
/*
 * answers.h - every answer of the subject is looked at, wherever it is given.
 *
 *   1. A case calls the subject through a table in which each operation is one
 *      of ours that calls the subject's (impl/operations.py).
 *   2. An operation that is absent, or answers PMM_UNSUPPORTED, makes the
 *      verdict UNSUPPORTED, with the operation's name: nothing that happens
 *      behind it says anything about the requirement.
 *   3. The body ends there, unless the runtime is on the stack (a callback
 *      asked) or the case does (teardown).
 *
 * What a case asks of `t->view->ops` is not looked at.
 */
#ifndef PMM_CONFORM_ANSWERS_H
#define PMM_CONFORM_ANSWERS_H

#include "state.h"

/** The subject's operations as the case shall see them; valid until the next
 *  call.  The calling thread is the one whose body may be ended. */
const struct pmm_ops *pmm_answers_of(const struct pmm_view *view,
                                     struct pmm_state *state);

/** The operation that is under way on the case's thread stands as a number in
 *  the progress that the harness outside sees; the name of such a number, or
 *  NULL. */
const char *pmm_answers_name(uint32_t operation);

#endif /* PMM_CONFORM_ANSWERS_H */
