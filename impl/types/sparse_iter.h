/* SPDX-License-Identifier: MIT */
/* sparse_iter.h - walking over the entries of sparse vectors and matrices. */
#ifndef PMMI_SPARSE_ITER_H
#define PMMI_SPARSE_ITER_H

#include "pmm/types.h"

/** 1 when the invariant of sparse.h holds. */
int pmmi_sparse_is_valid(const pmm_obj *o);

/** For the types: an iterator over the entries as tuples, and their text. */
pmm_obj *pmmi_entries_iter(pmm_rt *rt, pmm_obj *o);
pmm_obj *pmmi_entries_repr(pmm_rt *rt, pmm_obj *o);

#endif /* PMMI_SPARSE_ITER_H */
