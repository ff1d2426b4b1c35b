/* SPDX-License-Identifier: MIT */
/*
 * copy.h - copies, shallow and deep.
 *
 *   1. What cannot change is its own copy: atoms, types, functions, weak
 *      references, and tuples whose items are their own deep copies; a
 *      frozenset only of a shallow copy.
 *   2. A shallow copy is the type's own business (struct pmmi_type).  That of
 *      an instance shares what its slots and attributes hold; that of an
 *      iterator shares the sequence and goes on from the same place.
 *   3. A deep copy remembers what it has copied, so that an object that is
 *      reached twice, or from within itself, is copied once.
 *   4. What stands for something that cannot be doubled is refused with
 *      PMM_TYPE: a file has a descriptor, a generator a frame, a view an
 *      owner, chunks a source that gives each item once.
 *
 * Source: CPython 3.11 Lib/copy.py.
 */
#ifndef PMMI_COPY_H
#define PMMI_COPY_H

#include "core/object.h"

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_copy(pmm_rt *rt, pmm_obj *o);
pmm_obj *pmmi_copy_deep(pmm_rt *rt, pmm_obj *o);

#endif /* PMMI_COPY_H */
