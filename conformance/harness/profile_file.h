/* SPDX-License-Identifier: MIT */
/*
 * profile_file.h - a profile that is read when the program runs.
 *
 *     schema = 1
 *     name = "mine"
 *     [numbers]
 *     pointer_bytes = 8
 *     list_capacities = [4, 8, 16]
 *
 * The form is that of the profiles that are compiled in (profiles/NAME.toml),
 * and so are the keys: one that none of them has is no number of this suite.
 */
#ifndef PMM_CONFORM_PROFILE_FILE_H
#define PMM_CONFORM_PROFILE_FILE_H

#include "tables.h"

/** The profile in a file; NULL and a message that names line and key. */
struct pmm_profile *pmm_profile_read(const char *path, char *message,
                                     size_t size);

/** NULL is ignored. */
void pmm_profile_free(struct pmm_profile *profile);

#endif /* PMM_CONFORM_PROFILE_FILE_H */
