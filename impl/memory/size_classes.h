/* SPDX-License-Identifier: MIT */
/* size_classes.h - what the runtime tells of the backend's pool. */
#ifndef PMMI_SIZE_CLASSES_H
#define PMMI_SIZE_CLASSES_H

#include "pmm/types.h"

/** Operation class_stats: -1 when there is no such class, or the backend has
 *  no classes at all. */
int pmmi_class_stats(pmm_rt *rt, size_t index, struct pmm_class_stats *out);

/** Operation arena_stats: -1 when there is no such arena, or the backend does
 *  not tell. */
int pmmi_arena_stats(pmm_rt *rt, size_t index, struct pmm_arena_stats *out);

#endif /* PMMI_SIZE_CLASSES_H */
