/* SPDX-License-Identifier: MIT */
/*
 * sparse.h - numbers of which most are 0.0: vectors and matrices that store
 * the others.
 *
 * Sparse vector: entries by position.  A look-up halves the range (log2 k
 * steps), a store moves what lies behind.
 *
 *   byte 0        8        16       24          32        40     48
 *        +--------+--------+--------+-----------+---------+------+
 *        | refcnt | type   | stored | positions | entries | room |
 *        +--------+--------+--------+-----------+----|----+------+
 *                               +--------------------v--+-- - - -+
 *                               | position 0 | value 0  |  . . . |  16 each
 *                               +-----------------------+-- - - -+
 *
 * Matrix of compressed sparse rows: the entries of row r are those from
 * starts[r] to starts[r + 1] - 1 of two arrays, by column.
 *
 *   byte 0        8        16       24     32        40      48
 *        +--------+--------+--------+------+---------+-------+
 *        | refcnt | type   | stored | rows | columns | block |
 *        +--------+--------+--------+------+---------+---|---+
 *            +-------------------------------------------v---+
 *            | starts: rows + 1 | columns: stored | values: stored |
 *            +-----------------------------------------------------+
 *
 *        . 5 .        starts    0 1 1 3
 *        . . .   is   columns   1 0 2
 *        7 . 9        values    5 7 9
 *
 *   1. What equals 0.0 is not stored, whoever computed it.
 *   2. The room of a vector grows and shrinks by the rule of lists, so that it
 *      is proportional to what is stored and k stores copy O(k) entries.
 *   3. A matrix is made whole, of triples in any order: they are sorted
 *      (merging, so that equal places keep their order), added up, stored.
 *      It takes 48 + 8 * (rows + 1) + 16 * stored bytes and never changes.
 *   4. Both are atoms: they own numbers, not objects.
 *
 * Invariant: positions of a vector rise and are below `positions`; columns
 * rise within a row and are below `columns`; starts never fall, from 0 to
 * `stored`; no value equals 0.0.
 *
 * Source: Saad, Iterative Methods for Sparse Linear Systems, 2nd ed., 3.4;
 * Knuth, TAOCP 3, 5.2.4 (merging).
 */
#ifndef PMMI_SPARSE_H
#define PMMI_SPARSE_H

#include "core/object.h"
#include "types/csr.h"
#include "types/sparse_iter.h"

struct pmmi_sparse_entry {
  size_t position;
  double value; /* not 0.0                                                  */
};

struct pmmi_sparse {
  struct pmmi_var var;               /* length: entries stored              */
  size_t positions;                  /* of the vector                       */
  struct pmmi_sparse_entry *entries; /* owned; NULL exactly without room    */
  size_t room;                       /* entries there is room for           */
};

struct pmmi_csr {
  struct pmmi_var var; /* length: entries stored                            */
  size_t rows;
  size_t columns;
  size_t *starts;      /* owned block: rows + 1 starts, columns, values     */
};

static_assert(sizeof(struct pmmi_sparse) == 48, "the first drawing");
static_assert(sizeof(struct pmmi_csr) == 48, "the second drawing");
static_assert(sizeof(size_t) == 8 && sizeof(double) == 8, "one block of both");

extern const struct pmmi_type pmmi_sparse_type;

static inline int pmmi_is_sparse(const pmm_obj *o) {
  return o->type == &pmmi_sparse_type;
}

static inline int pmmi_is_csr(const pmm_obj *o) {
  return o->type == &pmmi_csr_type;
}

/** The columns and the values of a matrix, in its one block. */
static inline size_t *pmmi_csr_columns(const struct pmmi_csr *m) {
  return m->starts + m->rows + 1;
}

static inline double *pmmi_csr_values(const struct pmmi_csr *m) {
  return (double *)(void *)(pmmi_csr_columns(m) + m->var.length);
}

/** A vector with `n` entries by position, none of them 0.0; copied. */
pmm_obj *pmmi_sparse_from(pmm_rt *rt, size_t positions, const size_t *at,
                          const double *values, size_t n);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_sparse_new(pmm_rt *rt, size_t n);
enum pmm_status pmmi_sparse_set(pmm_rt *rt, pmm_obj *vector, size_t index,
                                double value);
enum pmm_status pmmi_sparse_get(pmm_rt *rt, pmm_obj *vector, size_t index,
                                double absent, double *value);
enum pmm_status pmmi_sparse_dot(pmm_rt *rt, pmm_obj *vector, pmm_obj *dense,
                                double *sum);
enum pmm_status pmmi_sparse_shape(pmm_rt *rt, pmm_obj *o, size_t *rows,
                                  size_t *columns);

#endif /* PMMI_SPARSE_H */
