/* SPDX-License-Identifier: MIT */
/*
 * sparse.c - numbers of which most are 0.0: what five ways to keep them cost.
 *
 *   list     a list of floats; every 0.0 is one shared object
 *   array    a typed array: 8 bytes a position, whatever it holds
 *   dict     a dict from position to float
 *   sparse   a sparse vector
 *   csr      a matrix of compressed sparse rows, of 100 columns
 *
 *   1. Of `positions`, k are stored, evenly spread; position p holds p + 1.
 *   2. dict, sparse and csr look for the break-even: the least k for which
 *      they cost more than the list, and more than the array, by halving the
 *      range; their costs rise with k by no less than the list's do, or stay
 *      below it.  k and k - 1 are measured again.  Unknown: even full they
 *      cost less.
 *   3. For ten densities from 0.1 to 100 percent the thing is built, what the
 *      runtime holds more is its cost (items and all), and the sum of all it
 *      holds is compared with the known one.
 *
 * Source: article 2 (sparse data) and requirement SPA-003; python/sparse.py is
 * the same job in Python.
 */
#include "workload.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 100 };

static const int permilles[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};

/** A way to keep numbers. */
struct form {
  /** One with `k` of `n` positions stored; NULL with the error pending. */
  pmm_obj *(*build)(struct pmm_work *work, size_t n, size_t k);
  /** *sum of everything it holds. */
  enum pmm_status (*total)(struct pmm_work *work, pmm_obj *o, size_t n,
                           size_t k, double *sum);
};

/** Positions asked for, in whole rows. */
static size_t positions_of(const struct pmm_work *work) {
  size_t n = (size_t)pmm_work_integer(work, "positions");
  return n - n % COLUMNS;
}

/** Position of stored entry `i`. */
static size_t place(size_t i, size_t n, size_t k) {
  return (size_t)((uint64_t)i * n / k);
}

static double known_sum(size_t n, size_t k) {
  double sum = 0.0;
  for (size_t i = 0; i < k; i++) {
    sum += (double)place(i, n, k) + 1.0;
  }
  return sum;
}

static pmm_obj *fail(struct pmm_work *work, pmm_obj *o) {
  if (o != NULL) {
    work->ops->release(work->rt, o);
  }
  return NULL;
}

/* ---- list and array ------------------------------------------------------ */

static enum pmm_status fill_list(struct pmm_work *work, pmm_obj *list,
                                 size_t n, pmm_obj *zero) {
  const struct pmm_ops *ops = work->ops;
  enum pmm_status status = PMM_OK;
  for (size_t i = 0; i < n && status == PMM_OK; i++) {
    ops->retain(work->rt, zero);
    status = ops->list_set_steal(work->rt, list, i, zero);
  }
  return status;
}

static pmm_obj *list_build(struct pmm_work *work, size_t n, size_t k) {
  const struct pmm_ops *ops = work->ops;
  pmm_obj *list = ops->list_new(work->rt, n);
  pmm_obj *zero = list != NULL ? ops->float_new(work->rt, 0.0) : NULL;
  enum pmm_status status =
      zero != NULL ? fill_list(work, list, n, zero) : PMM_NO_MEMORY;
  for (size_t i = 0; i < k && status == PMM_OK; i++) {
    size_t at = place(i, n, k);
    pmm_obj *value = ops->float_new(work->rt, (double)at + 1.0);
    status = value != NULL ? ops->list_set_steal(work->rt, list, at, value)
                           : PMM_NO_MEMORY;
  }
  if (zero != NULL) {
    ops->release(work->rt, zero);
  }
  return status == PMM_OK ? list : fail(work, list);
}

static enum pmm_status add_float(struct pmm_work *work, pmm_obj *item,
                                 double *sum) {
  double value = 0.0;
  enum pmm_status status =
      item != NULL ? work->ops->float_value(work->rt, item, &value)
                   : work->ops->error(work->rt);
  *sum += value;
  return status;
}

static enum pmm_status list_total(struct pmm_work *work, pmm_obj *o, size_t n,
                                  size_t k, double *sum) {
  enum pmm_status status = PMM_OK;
  (void)k;
  for (size_t i = 0; i < n && status == PMM_OK; i++) {
    status = add_float(work, work->ops->list_get(work->rt, o, i), sum);
  }
  return status;
}

static enum pmm_status array_store(struct pmm_work *work, pmm_obj *array,
                                   size_t at, double number) {
  pmm_obj *value = work->ops->float_new(work->rt, number);
  if (value == NULL) {
    return work->ops->error(work->rt);
  }
  enum pmm_status status =
      work->ops->array_set(work->rt, array, at, value);
  work->ops->release(work->rt, value);
  return status;
}

static pmm_obj *array_build(struct pmm_work *work, size_t n, size_t k) {
  pmm_obj *array = work->ops->array_new(work->rt, PMM_ITEM_DOUBLE, n);
  enum pmm_status status = array != NULL ? PMM_OK : PMM_NO_MEMORY;
  for (size_t i = 0; i < k && status == PMM_OK; i++) {
    size_t at = place(i, n, k);
    status = array_store(work, array, at, (double)at + 1.0);
  }
  return status == PMM_OK ? array : fail(work, array);
}

static enum pmm_status array_total(struct pmm_work *work, pmm_obj *o,
                                   size_t n, size_t k, double *sum) {
  enum pmm_status status = PMM_OK;
  (void)k;
  for (size_t i = 0; i < n && status == PMM_OK; i++) {
    pmm_obj *item = work->ops->array_get(work->rt, o, i);
    status = add_float(work, item, sum);
    (void)fail(work, item);
  }
  return status;
}

/* ---- dict ---------------------------------------------------------------- */

static enum pmm_status dict_store(struct pmm_work *work, pmm_obj *dict,
                                  size_t at) {
  const struct pmm_ops *ops = work->ops;
  pmm_obj *key = ops->int_new(work->rt, (int64_t)at);
  pmm_obj *value =
      key != NULL ? ops->float_new(work->rt, (double)at + 1.0) : NULL;
  enum pmm_status status = value != NULL
                               ? ops->dict_set(work->rt, dict, key, value)
                               : ops->error(work->rt);
  (void)fail(work, value);
  (void)fail(work, key);
  return status;
}

static pmm_obj *dict_build(struct pmm_work *work, size_t n, size_t k) {
  pmm_obj *dict = work->ops->dict_new(work->rt);
  enum pmm_status status = dict != NULL ? PMM_OK : PMM_NO_MEMORY;
  for (size_t i = 0; i < k && status == PMM_OK; i++) {
    status = dict_store(work, dict, place(i, n, k));
  }
  return status == PMM_OK ? dict : fail(work, dict);
}

static enum pmm_status dict_total(struct pmm_work *work, pmm_obj *o, size_t n,
                                  size_t k, double *sum) {
  const struct pmm_ops *ops = work->ops;
  enum pmm_status status = PMM_OK;
  for (size_t i = 0; i < k && status == PMM_OK; i++) {
    pmm_obj *key = ops->int_new(work->rt, (int64_t)place(i, n, k));
    if (key == NULL) {
      return ops->error(work->rt);
    }
    status = add_float(work, ops->dict_get(work->rt, o, key), sum);
    ops->release(work->rt, key);
  }
  return status;
}

/* ---- sparse vector and matrix -------------------------------------------- */

/** A typed array of `n` ones. */
static pmm_obj *ones(struct pmm_work *work, size_t n) {
  pmm_obj *array = work->ops->array_new(work->rt, PMM_ITEM_DOUBLE, n);
  enum pmm_status status = array != NULL ? PMM_OK : PMM_NO_MEMORY;
  for (size_t i = 0; i < n && status == PMM_OK; i++) {
    status = array_store(work, array, i, 1.0);
  }
  return status == PMM_OK ? array : fail(work, array);
}

static pmm_obj *sparse_build(struct pmm_work *work, size_t n, size_t k) {
  pmm_obj *vector = work->ops->sparse_new(work->rt, n);
  enum pmm_status status = vector != NULL ? PMM_OK : PMM_NO_MEMORY;
  for (size_t i = 0; i < k && status == PMM_OK; i++) {
    size_t at = place(i, n, k);
    status = work->ops->sparse_set(work->rt, vector, at, (double)at + 1.0);
  }
  return status == PMM_OK ? vector : fail(work, vector);
}

static enum pmm_status sparse_total(struct pmm_work *work, pmm_obj *o,
                                    size_t n, size_t k, double *sum) {
  pmm_obj *dense = ones(work, n);
  (void)k;
  if (dense == NULL) {
    return work->ops->error(work->rt);
  }
  enum pmm_status status = work->ops->sparse_dot(work->rt, o, dense, sum);
  work->ops->release(work->rt, dense);
  return status;
}

static pmm_obj *csr_build(struct pmm_work *work, size_t n, size_t k) {
  struct pmm_triple *triples = calloc(k + 1, sizeof *triples);
  if (triples == NULL) {
    work->ops->error_set(work->rt, PMM_NO_MEMORY, "no memory for triples");
    return NULL;
  }
  for (size_t i = 0; i < k; i++) {
    size_t at = place(i, n, k);
    triples[i] = (struct pmm_triple){at / COLUMNS, at % COLUMNS,
                                     (double)at + 1.0};
  }
  pmm_obj *matrix =
      work->ops->csr_new(work->rt, n / COLUMNS, COLUMNS, triples, k);
  free(triples);
  return matrix;
}

static enum pmm_status csr_total(struct pmm_work *work, pmm_obj *o, size_t n,
                                 size_t k, double *sum) {
  pmm_obj *dense = ones(work, COLUMNS);
  pmm_obj *product =
      dense != NULL ? work->ops->csr_multiply(work->rt, o, dense) : NULL;
  enum pmm_status status =
      product != NULL ? array_total(work, product, n / COLUMNS, k, sum)
                      : work->ops->error(work->rt);
  (void)fail(work, product);
  (void)fail(work, dense);
  return status;
}

/* ---- costs --------------------------------------------------------------- */

static const struct form list_form = {list_build, list_total};
static const struct form array_form = {array_build, array_total};
static const struct form dict_form = {dict_build, dict_total};
static const struct form sparse_form = {sparse_build, sparse_total};
static const struct form csr_form = {csr_build, csr_total};

static uint64_t live_bytes(struct pmm_work *work) {
  work->ops->caches_flush(work->rt);
  return pmm_work_memory(work).live_bytes;
}

/** Build, measure, drop.  With `verifies` the sum is compared too. */
static enum pmm_status cost(struct pmm_work *work, const struct form *form,
                            size_t n, size_t k, int verifies,
                            uint64_t *bytes) {
  uint64_t before = live_bytes(work);
  pmm_obj *o = form->build(work, n, k);
  enum pmm_status status = o != NULL ? PMM_OK : work->ops->error(work->rt);
  uint64_t after = live_bytes(work);
  *bytes = before == PMM_UNKNOWN ? PMM_UNKNOWN : after - before;
  if (status == PMM_OK && verifies) {
    double sum = 0.0;
    status = form->total(work, o, n, k, &sum);
    if (status == PMM_OK) {
      pmm_work_verify(work, sum == known_sum(n, k), "%.0f", sum);
    }
  }
  (void)fail(work, o);
  return status;
}

static enum pmm_status curve(struct pmm_work *work, const struct form *form) {
  size_t n = positions_of(work);
  enum pmm_status status = PMM_OK;
  pmm_work_phase(work, "densities");
  for (size_t i = 0; i < sizeof permilles / sizeof *permilles; i++) {
    char name[48];
    int permille = permilles[i];
    uint64_t bytes = 0;
    status = cost(work, form, n, n * (size_t)permille / 1000, 1, &bytes);
    if (status != PMM_OK) {
      return status;
    }
    snprintf(name, sizeof name, "bytes_at_%g_percent", permille / 10.0);
    pmm_work_figure(work, name, bytes, "bytes", 1);
    pmm_work_sample(work);
  }
  return status;
}

/* ---- break-even ---------------------------------------------------------- */

/** What the dense one costs with k entries: first + k * each. */
struct dense {
  const char *name;
  uint64_t first;
  uint64_t each;
};

/** *above = 1 when the form costs more than the dense one. */
static enum pmm_status costs_more(struct pmm_work *work,
                                  const struct form *form,
                                  const struct dense *dense, size_t k,
                                  int *above) {
  uint64_t bytes = 0;
  enum pmm_status status =
      cost(work, form, positions_of(work), k, 0, &bytes);
  *above = bytes > dense->first + k * dense->each;
  return status;
}

/** *least k that costs more; 0 when none does. */
static enum pmm_status search(struct pmm_work *work, const struct form *form,
                              const struct dense *dense, size_t *least) {
  size_t below = 0;
  size_t above = positions_of(work);
  int more = 0;
  enum pmm_status status = costs_more(work, form, dense, above, &more);
  *least = 0;
  if (status != PMM_OK || !more) {
    return status;
  }
  while (status == PMM_OK && above - below > 1) {
    size_t middle = below + (above - below) / 2;
    status = costs_more(work, form, dense, middle, &more);
    *(more ? &above : &below) = middle;
  }
  *least = above;
  return status;
}

static enum pmm_status confirm(struct pmm_work *work, const struct form *form,
                               const struct dense *dense, size_t least) {
  int more = 0;
  int less = 1;
  enum pmm_status status = costs_more(work, form, dense, least, &more);
  if (status == PMM_OK) {
    status = costs_more(work, form, dense, least - 1, &less);
  }
  if (status == PMM_OK) {
    pmm_work_verify(work, more && !less, "%s at %zu", dense->name, least);
  }
  return status;
}

static enum pmm_status break_even(struct pmm_work *work,
                                  const struct form *form,
                                  const struct dense *dense) {
  char name[64];
  size_t least = 0;
  enum pmm_status status = search(work, form, dense, &least);
  if (status == PMM_OK && least > 0) {
    status = confirm(work, form, dense, least);
  }
  if (status != PMM_OK) {
    return status;
  }
  uint64_t entries = least > 0 ? least : PMM_UNKNOWN;
  uint64_t share =
      least > 0 ? (uint64_t)least * 10000 / positions_of(work) : PMM_UNKNOWN;
  snprintf(name, sizeof name, "break_even_%s_entries", dense->name);
  pmm_work_figure(work, name, entries, "entries", 1);
  snprintf(name, sizeof name, "break_even_%s_density", dense->name);
  pmm_work_figure(work, name, share, "1/10000", 1);
  return PMM_OK;
}

static enum pmm_status break_evens(struct pmm_work *work,
                                   const struct form *form) {
  size_t n = positions_of(work);
  struct dense list = {.name = "list"};
  struct dense array = {.name = "array"};
  uint64_t one = 0;
  pmm_work_phase(work, "break-even");
  enum pmm_status status = cost(work, &list_form, n, 0, 0, &list.first);
  if (status == PMM_OK) {
    status = cost(work, &list_form, n, 1, 0, &one);
  }
  if (status == PMM_OK) {
    status = cost(work, &array_form, n, 0, 0, &array.first);
  }
  if (status != PMM_OK || one == PMM_UNKNOWN) {
    return status;
  }
  list.each = one - list.first;
  status = break_even(work, form, &list);
  return status == PMM_OK ? break_even(work, form, &array) : status;
}

/* ---- variants ------------------------------------------------------------ */

static enum pmm_status list(struct pmm_work *work) {
  return curve(work, &list_form);
}

static enum pmm_status array(struct pmm_work *work) {
  return curve(work, &array_form);
}

static enum pmm_status with_break_even(struct pmm_work *work,
                                       const struct form *form) {
  enum pmm_status status = break_evens(work, form);
  return status == PMM_OK ? curve(work, form) : status;
}

static enum pmm_status dict(struct pmm_work *work) {
  return with_break_even(work, &dict_form);
}

static enum pmm_status sparse(struct pmm_work *work) {
  return with_break_even(work, &sparse_form);
}

static enum pmm_status csr(struct pmm_work *work) {
  return with_break_even(work, &csr_form);
}

static const struct pmm_work_parameter parameters[] = {
    {"positions", "positions", "how many numbers, in hundreds", NULL, 100000,
     1000, 10000000},
    {0},
};

static const struct pmm_work_variant variants[] = {
    {"array", "8 bytes a position", {"copy", "sparse"}, array, 0},
    {"sparse", "a sparse vector", {"list", "copy", "sparse"}, sparse, 0},
    {"csr", "a matrix by rows", {"list", "copy", "sparse"}, csr, 0},
    {"dict", "position to float", {"list", "copy", "dict"}, dict, 0},
    {"list", "a list of floats", {"list"}, list, 0},
    {0},
};

const struct pmm_workload pmm_workload_sparse = {
    .name = "sparse",
    .summary = "bytes of sparse data at densities from 0.1 to 100 percent",
    .source = "article 2 (sparse data); requirement SPA-003",
    .title = "Sparse against dense",
    .question = "At which density does sparse data begin to cost more than "
                "dense data?",
    .small = "positions=10000",
    .parameters = parameters,
    .variants = variants,
};
