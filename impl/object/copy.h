/* SPDX-License-Identifier: MIT */
/*
 * copy.h - copies of lists, tuples, dicts, sets and arrays, shallow and deep.
 *
 *   1. What cannot change is its own copy: atoms, types, and tuples whose
 *      items are their own deep copies; a frozenset only of a shallow copy.
 *      Arrays of bytes are copied.
 *   2. A deep copy remembers what it has copied, so that an object that is
 *      reached twice, or from within itself, is copied once.
 *   3. Objects with state of their own that is not items (instances, files,
 *      generators, ...) are refused with PMM_TYPE.
 *
 * Source: CPython 3.11 Lib/copy.py.
 */
#ifndef PMMI_COPY_H
#define PMMI_COPY_H

#include "object/object.h"

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_copy(pmm_rt *rt, pmm_obj *o);
pmm_obj *pmmi_copy_deep(pmm_rt *rt, pmm_obj *o);

#endif /* PMMI_COPY_H */
