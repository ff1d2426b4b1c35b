/* SPDX-License-Identifier: MIT */
/* list.h - which backends there are. */
#ifndef PMM_BACKENDS_LIST_H
#define PMM_BACKENDS_LIST_H

/** Print all shipped backends as a table or as one JSON document.  -1: it
 *  could not be written. */
int check_list_table(void);
int check_list_json(void);

#endif /* PMM_BACKENDS_LIST_H */
