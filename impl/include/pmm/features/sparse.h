/* SPDX-License-Identifier: MIT */
/* pmm/features/sparse.h - sparse vectors and matrices, items of arrays. */
#ifndef PMM_FEATURES_SPARSE_H
#define PMM_FEATURES_SPARSE_H

#include "pmm/types.h"

struct pmm_sparse_ops {
  size_t struct_size;
  /** Item `index` of a typed array, new: an int, or a float of
   *  PMM_ITEM_DOUBLE.  PMM_TYPE; PMM_INDEX. */
  pmm_obj *(*array_get)(pmm_rt *rt, pmm_obj *array, size_t index);
  /** array[index] = value: an int, for PMM_ITEM_DOUBLE a float too.  PMM_TYPE;
   *  PMM_INDEX; PMM_OVERFLOW: wider than an item. */
  enum pmm_status (*array_set)(pmm_rt *rt, pmm_obj *array, size_t index,
                               pmm_obj *value);
  /** A sparse vector of `n` positions, all 0.0.  It owns what it stores and no
   *  more: its length() is the number of stored entries, its size_of() follows
   *  them.  Iterating gives tuples (position, value) by position.  PMM_VALUE:
   *  more positions than PTRDIFF_MAX. */
  pmm_obj *(*sparse_new)(pmm_rt *rt, size_t n);
  /** vector[index] = value.  One that equals 0.0 removes the entry, which
   *  cannot fail.  PMM_TYPE; PMM_INDEX. */
  enum pmm_status (*sparse_set)(pmm_rt *rt, pmm_obj *vector, size_t index,
                                double value);
  /** *value is what is stored, `absent` where nothing is; stores nothing.
   *  PMM_TYPE; PMM_INDEX. */
  enum pmm_status (*sparse_get)(pmm_rt *rt, pmm_obj *vector, size_t index,
                                double absent, double *value);
  /** *sum of stored values times the items of a typed array of doubles, added
   *  up by position.  PMM_TYPE; PMM_VALUE: their lengths differ. */
  enum pmm_status (*sparse_dot)(pmm_rt *rt, pmm_obj *vector, pmm_obj *dense,
                                double *sum);
  /** A matrix of compressed sparse rows (CSR) from `n` triples in any order.
   *  Triples of one place are added up in the order given; a sum that equals
   *  0.0 is not stored.  It never changes: it is its own copy.  length(): the
   *  stored entries; iterating gives tuples (row, column, value) by row, then
   *  by column.  PMM_INDEX: a triple lies outside; PMM_VALUE: more rows or
   *  columns than PTRDIFF_MAX. */
  pmm_obj *(*csr_new)(pmm_rt *rt, size_t rows, size_t columns,
                      const struct pmm_triple *triples, size_t n);
  /** Row `row` as a new sparse vector.  PMM_TYPE; PMM_INDEX. */
  pmm_obj *(*csr_row)(pmm_rt *rt, pmm_obj *matrix, size_t row);
  /** The product with a typed array of doubles, one a column: a new typed
   *  array of doubles, one a row.  PMM_TYPE; PMM_VALUE: lengths differ. */
  pmm_obj *(*csr_multiply)(pmm_rt *rt, pmm_obj *matrix, pmm_obj *dense);
  /** Rows and columns of a matrix; of a vector 1 and its positions.
   *  PMM_TYPE. */
  enum pmm_status (*sparse_shape)(pmm_rt *rt, pmm_obj *o, size_t *rows,
                                  size_t *columns);
};

#endif /* PMM_FEATURES_SPARSE_H */
