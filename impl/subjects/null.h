/* SPDX-License-Identifier: MIT */
/*
 * null.h - the null subject: a runtime that does no work.
 */
#ifndef PMMI_SUBJECTS_NULL_H
#define PMMI_SUBJECTS_NULL_H

#include "pmm/subject.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const struct pmm_subject pmmi_subject_null;

#ifdef __cplusplus
}
#endif

#endif /* PMMI_SUBJECTS_NULL_H */
