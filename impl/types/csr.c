/* SPDX-License-Identifier: MIT */
/* csr.c - matrices of compressed sparse rows; idea and drawing: sparse.h. */
#include "types/csr.h"

#include <string.h>

#include "types/array.h"
#include "types/buffer.h"
#include "types/sparse.h"
#include "types/types_state.h"

static pmm_obj *no_memory(pmm_rt *rt) {
  return pmmi_fail_null(rt, PMM_NO_MEMORY, "no memory for a matrix");
}

/* ---- triples ------------------------------------------------------------- */

/* 1 when `b` must stand before `a`. */
static int is_before(const struct pmm_triple *b, const struct pmm_triple *a) {
  return b->row != a->row ? b->row < a->row : b->column < a->column;
}

static int is_same_place(const struct pmm_triple *a,
                         const struct pmm_triple *b) {
  return a->row == b->row && a->column == b->column;
}

/* Merge two sorted runs that follow each other; on equal places the first
 * run's come first. */
static void merge(const struct pmm_triple *a, const struct pmm_triple *middle,
                  const struct pmm_triple *end, struct pmm_triple *out) {
  assert(a <= middle && middle <= end);
  const struct pmm_triple *b = middle;
  while (a < middle && b < end) {
    *out++ = is_before(b, a) ? *b++ : *a++;
  }
  while (a < middle) {
    *out++ = *a++;
  }
  while (b < end) {
    *out++ = *b++;
  }
}

/* Sort `n` triples with as many beside them; returns where they lie then. */
static struct pmm_triple *sort(struct pmm_triple *at, struct pmm_triple *spare,
                               size_t n) {
  for (size_t run = 1; run < n; run *= 2) {
    for (size_t from = 0; from < n; from += 2 * run) {
      size_t middle = n - from > run ? from + run : n;
      size_t end = n - from > 2 * run ? from + 2 * run : n;
      merge(at + from, at + middle, at + end, spare + from);
    }
    struct pmm_triple *sorted = spare;
    spare = at;
    at = sorted;
  }
  return at;
}

/* Add up equal places and leave out what is 0.0; returns how many are left. */
static size_t add_up(struct pmm_triple *at, size_t n) {
  assert(n == 0 || at != NULL);
  size_t kept = 0;
  for (size_t i = 0; i < n;) {
    struct pmm_triple sum = at[i++];
    while (i < n && is_same_place(&at[i], &sum)) {
      sum.value += at[i++].value;
    }
    if (sum.value != 0.0) {
      at[kept++] = sum;
    }
  }
  return kept;
}

/* ---- making -------------------------------------------------------------- */

/* Bytes of the one block; 0: more than there can be.  `rows` < SIZE_MAX. */
static size_t bytes_for(size_t rows, size_t stored) {
  assert(rows < SIZE_MAX);
  size_t bytes;
  return pmmi_size_fits(rows + 1, sizeof(size_t), 0, &bytes) &&
                 pmmi_size_fits(stored, sizeof(size_t) + sizeof(double),
                                bytes, &bytes)
             ? bytes
             : 0;
}

static size_t block_bytes(const struct pmmi_csr *m) {
  return bytes_for(m->rows, m->var.length);
}

/* Room for `stored` entries, all starts 0. */
static struct pmmi_csr *empty_matrix(pmm_rt *rt, size_t rows, size_t columns,
                                     size_t stored) {
  assert(rows <= PTRDIFF_MAX && columns <= PTRDIFF_MAX);
  size_t bytes = bytes_for(rows, stored);
  void *block = bytes > 0 ? pmmi_mem_alloc_zero(rt, bytes) : NULL;
  if (block == NULL) {
    (void)no_memory(rt);
    return NULL;
  }
  struct pmmi_csr *m =
      (struct pmmi_csr *)pmmi_object_new(rt, &pmmi_csr_type, 0);
  if (m == NULL) {
    pmmi_mem_free(rt, block, bytes);
    return NULL;
  }
  m->var.length = stored;
  m->rows = rows;
  m->columns = columns;
  m->starts = block;
  return m;
}

/* starts[r + 1] first counts the entries of row r, then says where the next
 * row begins. */
static void fill(struct pmmi_csr *m, const struct pmm_triple *at) {
  assert(m->starts != NULL);
  size_t *columns = pmmi_csr_columns(m);
  double *values = pmmi_csr_values(m);
  for (size_t i = 0; i < m->var.length; i++) {
    columns[i] = at[i].column;
    values[i] = at[i].value;
    m->starts[at[i].row + 1]++;
  }
  for (size_t row = 0; row < m->rows; row++) {
    m->starts[row + 1] += m->starts[row];
  }
}

/* From the caller's triples, with room for twice as many to work in. */
static struct pmmi_csr *make(pmm_rt *rt, size_t rows, size_t columns,
                             const struct pmm_triple *triples, size_t n,
                             struct pmm_triple *scratch) {
  assert(n == 0 || (triples != NULL && scratch != NULL));
  if (n > 0) {
    memcpy(scratch, triples, n * sizeof *triples);
  }
  struct pmm_triple *sorted = sort(scratch, n > 0 ? scratch + n : NULL, n);
  struct pmmi_csr *m = empty_matrix(rt, rows, columns, add_up(sorted, n));
  if (m != NULL) {
    fill(m, sorted);
    assert(pmmi_sparse_is_valid(&m->var.base));
  }
  return m;
}

pmm_obj *pmmi_csr_new(pmm_rt *rt, size_t rows, size_t columns,
                      const struct pmm_triple *triples, size_t n) {
  if (rows > PTRDIFF_MAX || columns > PTRDIFF_MAX) {
    return pmmi_fail_null(rt, PMM_VALUE, "too many rows");
  }
  for (size_t i = 0; i < n; i++) {
    if (triples[i].row >= rows || triples[i].column >= columns) {
      return pmmi_fail_null(rt, PMM_INDEX, "a triple lies outside the matrix");
    }
  }
  size_t bytes;
  struct pmm_triple *scratch = NULL;
  int fits = pmmi_size_fits(n, 2 * sizeof *scratch, 0, &bytes);
  if (fits && n > 0) {
    scratch = pmmi_mem_alloc(rt, bytes);
  }
  if (!fits || (n > 0 && scratch == NULL)) {
    return no_memory(rt);
  }
  struct pmmi_csr *m = make(rt, rows, columns, triples, n, scratch);
  pmmi_mem_free(rt, scratch, bytes);
  return (pmm_obj *)m;
}

/* ---- using --------------------------------------------------------------- */

pmm_obj *pmmi_csr_row(pmm_rt *rt, pmm_obj *matrix, size_t row) {
  const struct pmmi_csr *m = (const struct pmmi_csr *)matrix;
  if (!pmmi_is_csr(matrix)) {
    return pmmi_fail_null(rt, PMM_TYPE, "not a sparse matrix");
  }
  if (row >= m->rows) {
    return pmmi_fail_null(rt, PMM_INDEX, "no such row");
  }
  size_t from = m->starts[row];
  return pmmi_sparse_from(rt, m->columns, pmmi_csr_columns(m) + from,
                          pmmi_csr_values(m) + from,
                          m->starts[row + 1] - from);
}

/* Each row's sum is added up by column. */
static void multiply(const struct pmmi_csr *m, const double *items,
                     double *out) {
  assert(pmmi_is_csr(&m->var.base));
  const size_t *columns = pmmi_csr_columns(m);
  const double *values = pmmi_csr_values(m);
  for (size_t row = 0; row < m->rows; row++) {
    double sum = 0.0;
    for (size_t i = m->starts[row]; i < m->starts[row + 1]; i++) {
      sum += values[i] * items[columns[i]];
    }
    out[row] = sum;
  }
}

pmm_obj *pmmi_csr_multiply(pmm_rt *rt, pmm_obj *matrix, pmm_obj *dense) {
  const struct pmmi_csr *m = (const struct pmmi_csr *)matrix;
  const double *items;
  size_t n;
  if (!pmmi_is_csr(matrix) || !pmmi_array_doubles(dense, &items, &n)) {
    return pmmi_fail_null(rt, PMM_TYPE,
                          "expected a sparse matrix and a dense vector");
  }
  if (n != m->columns) {
    return pmmi_fail_null(rt, PMM_VALUE,
                          "the vector's length is not the number of columns");
  }
  pmm_obj *product = pmmi_array_new(rt, PMM_ITEM_DOUBLE, m->rows);
  if (product != NULL && m->rows > 0) {
    multiply(m, items, pmmi_array_fill(product));
  }
  return product;
}

/* ---- the type ------------------------------------------------------------ */

static enum pmm_status csr_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                  int *equal) {
  assert(pmmi_is_csr(a) && pmmi_is_csr(b));
  const struct pmmi_csr *x = (const struct pmmi_csr *)a;
  const struct pmmi_csr *y = (const struct pmmi_csr *)b;
  size_t stored = x->var.length;
  (void)rt;
  *equal = x->rows == y->rows && x->columns == y->columns &&
           stored == y->var.length &&
           memcmp(x->starts, y->starts,
                  (x->rows + 1 + stored) * sizeof *x->starts) == 0;
  for (size_t i = 0; i < stored && *equal; i++) {
    *equal = pmmi_csr_values(x)[i] == pmmi_csr_values(y)[i];
  }
  return PMM_OK;
}

static void csr_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  struct pmmi_csr *m = (struct pmmi_csr *)o;
  pmmi_mem_free(rt, m->starts, block_bytes(m));
  pmmi_object_free(rt, o);
}

static size_t csr_length(pmm_obj *o) {
  assert(pmmi_is_csr(o));
  return ((const struct pmmi_csr *)o)->var.length;
}

static size_t csr_owned_bytes(pmm_obj *o) {
  return block_bytes((const struct pmmi_csr *)o);
}

const struct pmmi_type pmmi_csr_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "csr",
    .basic_size = sizeof(struct pmmi_csr),
    .flags = PMMI_TYPE_ATOM,
    .dealloc = csr_dealloc,
    .equals = csr_equals,
    .hash = pmmi_hash_refuse,
    .repr = pmmi_entries_repr,
    .length = csr_length,
    .iter = pmmi_entries_iter,
    .owned_bytes = csr_owned_bytes,
};
