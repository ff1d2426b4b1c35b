/* SPDX-License-Identifier: MIT */
/*
 * find.h - subjects and backends of the native program, by name or path.
 *
 * A specification with a slash is a shared object that exports the getter;
 * any other is a name that the build knows.
 */
#ifndef PMM_CONFORM_FIND_H
#define PMM_CONFORM_FIND_H

#include <stddef.h>
#include <stdio.h>

#include "pmm/subject.h"

/** NULL and a message when there is none.  A shared object stays loaded. */
const struct pmm_subject *pmm_find_subject(const char *spec, char *message,
                                           size_t size);
const struct pmm_backend *pmm_find_backend(const char *spec, char *message,
                                           size_t size);

/** One line a subject. */
void pmm_list_subjects(FILE *out);

#endif /* PMM_CONFORM_FIND_H */
