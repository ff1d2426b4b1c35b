/* SPDX-License-Identifier: MIT */
/*
 * reference.h - the reference runtime as a subject.
 */
#ifndef PMMI_SUBJECTS_REFERENCE_H
#define PMMI_SUBJECTS_REFERENCE_H

#include "pmm/view.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const struct pmm_subject pmmi_subject_reference;

/** Make the view that of the subject over that backend (NULL: its own): the
 *  reference has the features of pools only where the backend has size
 *  classes. */
void pmmi_subject_narrow(struct pmm_view *view,
                         const struct pmm_backend *backend);

#ifdef __cplusplus
}
#endif

#endif /* PMMI_SUBJECTS_REFERENCE_H */
