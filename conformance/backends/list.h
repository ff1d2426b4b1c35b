/* SPDX-License-Identifier: MIT */
/* list.h - which backends there are. */
#ifndef PMM_BACKENDS_LIST_H
#define PMM_BACKENDS_LIST_H

#include "pmm/backend.h"

/** Print all shipped backends as a table or as one JSON document.  -1: it
 *  could not be written. */
int check_list_table(void);
int check_list_json(void);

/** Print what is known of the backend that `spec` named: an entry of the
 *  list, also for one that does not ship with pmm.  -1: not written. */
int check_describe_json(const char *spec, const struct pmm_backend *backend);

#endif /* PMM_BACKENDS_LIST_H */
