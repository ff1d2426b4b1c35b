/* SPDX-License-Identifier: MIT */
/* unwind.h - leaving blocks. */
#ifndef PMMI_UNWIND_H
#define PMMI_UNWIND_H

#include "code/interpret.h"

/** Control leaves the innermost block for the reason `why`; `target` is the
 *  loop's head for BREAKS and CONTINUES.  A value that is returned is the
 *  frame's result, an error is pending. */
enum pmmi_step pmmi_unwind(struct pmmi_machine *m, enum pmmi_completion why,
                           uint32_t target);

/** What the innermost handler or FINALLY deals with; NULL: nothing. */
const struct pmmi_error *pmmi_handled(struct pmmi_frame *frame);

/** The instructions EXCEPT (reached from the block above it), FINALLY, the
 *  ENDs of try and with, and WITH. */
enum pmmi_step pmmi_step_except(struct pmmi_machine *m,
                                const struct pmmi_instruction *in);
enum pmmi_step pmmi_step_finally(struct pmmi_machine *m,
                                 const struct pmmi_instruction *in);
enum pmmi_step pmmi_step_end_try(struct pmmi_machine *m,
                                 const struct pmmi_instruction *in);
enum pmmi_step pmmi_step_with(struct pmmi_machine *m,
                              const struct pmmi_instruction *in);
enum pmmi_step pmmi_step_end_with(struct pmmi_machine *m,
                                  const struct pmmi_instruction *in);

#endif /* PMMI_UNWIND_H */
