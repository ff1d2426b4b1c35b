/* SPDX-License-Identifier: MIT */
/* list.h - which backends there are. */
#ifndef PMM_BACKENDS_LIST_H
#define PMM_BACKENDS_LIST_H

#include "pmm/backend.h"

/** Print all shipped backends as a table or as one JSON document.  -1: it
 *  could not be written. */
int check_list_table(void);
int check_list_json(void);

struct pmm_backend;

/** Print one backend as the document of all has it.  -1: not written. */
int check_describe_json(const struct pmm_backend *backend);

#endif /* PMM_BACKENDS_LIST_H */
