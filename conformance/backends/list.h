/* SPDX-License-Identifier: MIT */
/* list.h - which backends there are. */
#ifndef PMM_BACKENDS_LIST_H
#define PMM_BACKENDS_LIST_H

#include <jansson.h>

#include "check.h"
#include "plan.h"
#include "pmm/backend.h"

/** Names of capability bits.  New. */
json_t *check_capability_list(uint32_t capabilities);

/** Print all shipped backends as a table or as one JSON document.  -1: it
 *  could not be written. */
int check_list_table(void);
int check_list_json(void);

/** Print one backend as the document of all has it.  -1: not written. */
int check_describe_json(const struct pmm_backend *backend);

/** Print cases as one JSON document, of the form that pmm-conform's has.  -1:
 *  not written. */
int check_list_cases(const struct pmm_plan *plan);

#endif /* PMM_BACKENDS_LIST_H */
