/* SPDX-License-Identifier: MIT */
/*
 * array.h - the items of typed arrays and byte arrays.
 *
 * An array holds values, not references: an item becomes an object when it is
 * read, and its value is taken out of an object when it is stored.  So an
 * array of a million doubles is two blocks, where a list of them is a million
 * and two.
 *
 * Source: CPython 3.11 Modules/arraymodule.c.
 */
#ifndef PMMI_ARRAY_H
#define PMMI_ARRAY_H

#include "types/buffer.h"

/** 1 for a typed array of doubles, with its items; else 0. */
int pmmi_array_doubles(const pmm_obj *o, const double **items,
                       size_t *length);

/** The same for writing into an array that was just made. */
double *pmmi_array_fill(pmm_obj *array);

/** Item `index` < length as an object, new. */
pmm_obj *pmmi_array_item(pmm_rt *rt, const pmm_obj *array, size_t index);

/** For the types (struct pmmi_type). */
enum pmm_status pmmi_array_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                  int *equal);
pmm_obj *pmmi_array_repr(pmm_rt *rt, pmm_obj *array);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_array_get(pmm_rt *rt, pmm_obj *array, size_t index);
enum pmm_status pmmi_array_set(pmm_rt *rt, pmm_obj *array, size_t index,
                               pmm_obj *value);

#endif /* PMMI_ARRAY_H */
