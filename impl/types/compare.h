/* SPDX-License-Identifier: MIT */
/*
 * compare.h - equality and order of items.
 *
 * Numbers, strings, bytes, tuples and lists are ordered, sequences by their
 * first unequal items, instances by the host's code where their types have
 * some; other types are not (PMM_TYPE).
 */
#ifndef PMMI_COMPARE_H
#define PMMI_COMPARE_H

#include "core/object.h"

/** *equal of two slots: identity first, as Python's containers do; two empty
 *  slots are equal.  Holds both meanwhile.  May run code. */
enum pmm_status pmmi_items_equal(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                 int *equal);

/** *less = (a < b); the caller holds both.  PMM_TYPE: not ordered;
 *  PMM_RECURSION.  May run code. */
enum pmm_status pmmi_less(pmm_rt *rt, pmm_obj *a, pmm_obj *b, int *less);

#endif /* PMMI_COMPARE_H */
