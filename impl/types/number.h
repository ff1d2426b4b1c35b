/* SPDX-License-Identifier: MIT */
/* number.h - None, floats, and how numbers of different types compare. */
#ifndef PMMI_NUMBER_H
#define PMMI_NUMBER_H

#include "core/object.h"

extern const struct pmmi_type pmmi_none_type;
extern const struct pmmi_type pmmi_float_type;

/** None; one object for all runtimes, as its count never moves. */
extern pmm_obj pmmi_none_object;

/** 1 when both are numbers of equal value, of whatever types. */
int pmmi_number_equals(const pmm_obj *a, const pmm_obj *b);

/** Order of two numbers: below, at or above 0; 0 too when one is NaN.  Both
 *  must be numbers. */
int pmmi_number_order(const pmm_obj *a, const pmm_obj *b);

/** 1 for int, bool and float. */
int pmmi_is_number(const pmm_obj *o);

/** 1 when the object counts as true: not None, 0, 0.0 or empty. */
int pmmi_truth(pmm_obj *o);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_none(pmm_rt *rt);
pmm_obj *pmmi_float_new(pmm_rt *rt, double value);
enum pmm_status pmmi_float_value(pmm_rt *rt, pmm_obj *o, double *value);

#endif /* PMMI_NUMBER_H */
