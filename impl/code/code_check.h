/* SPDX-License-Identifier: MIT */
/* code_check.h - checking a code that was copied. */
#ifndef PMMI_CODE_CHECK_H
#define PMMI_CODE_CHECK_H

#include "pmm/types.h"

struct pmmi_code;

/** Check the copied instructions and fill in targets, depths and yields.
 *  PMM_OK or PMM_VALUE; *why then says what is wrong.  Exposed to
 *  code.c; the code's counts must be set. */
enum pmm_status pmmi_code_check(struct pmmi_code *code, uint32_t call_count,
                               const char **why);

#endif /* PMMI_CODE_CHECK_H */
