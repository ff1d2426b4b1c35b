/* SPDX-License-Identifier: MIT */
/*
 * test_sparse.c - sparse vectors and CSR matrices against dense models.
 *
 * Stores in random order go into a vector and into a plain array; after each
 * the invariant holds, and at the end every position reads alike.
 */
#include "tests/fixture.h"
#include "types/array.h"
#include "types/copy.h"
#include "types/sparse.h"

enum { POSITIONS = 300, STORES = 5000, ROWS = 13, COLUMNS = 17 };

/* A random number below `n` (xorshift64). */
static size_t below(uint64_t *state, size_t n) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return (size_t)(*state % n);
}

static double get(pmm_rt *rt, pmm_obj *vector, size_t index) {
  double value = -1.0;
  (void)pmmi_sparse_get(rt, vector, index, 0.0, &value);
  return value;
}

static int reads_as(pmm_rt *rt, pmm_obj *vector, const double *model) {
  size_t stored = 0;
  int same = 1;
  for (size_t i = 0; i < POSITIONS; i++) {
    same = same && get(rt, vector, i) == model[i];
    stored += model[i] != 0.0;
  }
  return same && fixture_length(rt, vector) == stored;
}

static void test_model(pmm_rt *rt) {
  double model[POSITIONS] = {0};
  uint64_t state = 88172645463325252;
  pmm_obj *vector = pmmi_sparse_new(rt, POSITIONS);
  int good = 1;
  for (size_t i = 0; i < STORES; i++) {
    size_t index = below(&state, POSITIONS);
    /* mostly stores, then mostly removals, so that it grows and shrinks */
    int removes = below(&state, 10) < (i < STORES / 2 ? 2u : 9u);
    model[index] = removes ? 0.0 : (double)below(&state, 1000) + 0.5;
    good = good &&
           pmmi_sparse_set(rt, vector, index, model[index]) == PMM_OK &&
           pmmi_sparse_is_valid(vector);
  }
  tap_ok(good && reads_as(rt, vector, model), "it reads as a dense one");
  for (size_t i = 0; i < POSITIONS; i++) {
    good = good && pmmi_sparse_set(rt, vector, i, 0.0) == PMM_OK;
  }
  tap_ok(good && fixture_length(rt, vector) == 0 &&
             fixture_size(rt, vector) == sizeof(struct pmmi_sparse),
         "emptied, it owns no block");
  pmmi_release(rt, vector);
}

static void test_sizes(pmm_rt *rt) {
  pmm_obj *vector = pmmi_sparse_new(rt, SIZE_MAX / 4);
  int good = fixture_size(rt, vector) == 48;
  for (size_t i = 0; i < 40; i++) {
    (void)pmmi_sparse_set(rt, vector, i << 40, 1.0);
    size_t room = (fixture_size(rt, vector) - 48) / 16;
    static const size_t rooms[] = {4, 8, 16, 24, 32, 40};
    size_t k = 0;
    while (rooms[k] < i + 1) {
      k++;
    }
    good = good && room == rooms[k];
  }
  tap_ok(good, "room grows as that of a list: 4, 8, 16, 24, 32, 40");
  pmm_obj *copy = pmmi_copy(rt, vector);
  (void)pmmi_sparse_set(rt, copy, 0, 0.0);
  tap_ok(fixture_length(rt, copy) == 39 && fixture_length(rt, vector) == 40,
         "a copy has entries of its own");
  tap_ok(pmmi_sparse_new(rt, SIZE_MAX) == NULL &&
             fixture_failed(rt, PMM_VALUE) &&
             pmmi_csr_new(rt, SIZE_MAX, 1, NULL, 0) == NULL &&
             fixture_failed(rt, PMM_VALUE) &&
             pmmi_csr_new(rt, PTRDIFF_MAX, 1, NULL, 0) == NULL &&
             fixture_failed(rt, PMM_NO_MEMORY),
         "more positions than there can be are refused");
  pmmi_release(rt, copy);
  pmmi_release(rt, vector);
}

static void test_text(pmm_rt *rt) {
  pmm_obj *vector = pmmi_sparse_new(rt, 9);
  (void)pmmi_sparse_set(rt, vector, 7, 2.5);
  (void)pmmi_sparse_set(rt, vector, 2, 1.0);
  const struct pmm_triple triples[] = {{1, 7, 2.5}, {0, 2, 1.0}};
  pmm_obj *matrix = pmmi_csr_new(rt, 3, 9, triples, 2);
  pmm_obj *empty = pmmi_csr_new(rt, 0, 0, NULL, 0);
  tap_ok(fixture_reads(rt, vector, "sparse(9, {2: 1.0, 7: 2.5})") &&
             fixture_reads(rt, matrix,
                           "csr(3, 9, {(0, 2): 1.0, (1, 7): 2.5})") &&
             fixture_reads(rt, empty, "csr(0, 0, {})"),
         "both print what they store");
  pmm_obj *lists[] = {pmmi_list_convert(rt, vector),
                      pmmi_list_convert(rt, matrix)};
  tap_ok(fixture_reads(rt, lists[0], "[(2, 1.0), (7, 2.5)]") &&
             fixture_reads(rt, lists[1], "[(0, 2, 1.0), (1, 7, 2.5)]"),
         "and iterate over it");
  pmm_obj *row = pmmi_csr_row(rt, matrix, 1);
  int64_t hash;
  tap_ok(fixture_reads(rt, row, "sparse(9, {7: 2.5})") &&
             pmmi_hash(rt, vector, &hash) == PMM_TYPE &&
             fixture_failed(rt, PMM_TYPE),
         "a row is a vector; neither has a hash");
  pmm_obj *objects[] = {row, lists[0], lists[1], empty, matrix, vector};
  for (size_t i = 0; i < 6; i++) {
    pmmi_release(rt, objects[i]);
  }
}

/* 60 random triples over 221 places, so that some come twice, and one pair
 * that cancels. */
static size_t random_triples(struct pmm_triple *out,
                             double model[ROWS][COLUMNS]) {
  uint64_t state = 42;
  size_t n = 0;
  while (n < 60) {
    struct pmm_triple t = {below(&state, ROWS), below(&state, COLUMNS),
                           (double)below(&state, 100) / 8};
    model[t.row][t.column] += t.value;
    out[n++] = t;
  }
  out[n++] = (struct pmm_triple){5, 5, 4.0 - model[5][5]};
  out[n++] = (struct pmm_triple){5, 5, -4.0};
  model[5][5] = 0.0;
  return n;
}

static void test_matrix(pmm_rt *rt) {
  double model[ROWS][COLUMNS] = {{0}};
  struct pmm_triple triples[64];
  size_t n = random_triples(triples, model);
  pmm_obj *matrix = pmmi_csr_new(rt, ROWS, COLUMNS, triples, n);
  pmm_obj *dense = pmmi_array_new(rt, PMM_ITEM_DOUBLE, COLUMNS);
  for (size_t i = 0; i < COLUMNS; i++) {
    pmmi_array_fill(dense)[i] = (double)i - 3.5;
  }
  pmm_obj *product = pmmi_csr_multiply(rt, matrix, dense);
  size_t stored = 0;
  int good = pmmi_sparse_is_valid(matrix);
  for (size_t r = 0; r < ROWS; r++) {
    pmm_obj *row = pmmi_csr_row(rt, matrix, r);
    double sum = 0.0;
    double dot = -1.0;
    const double *items;
    size_t length;
    for (size_t c = 0; c < COLUMNS; c++) {
      good = good && get(rt, row, c) == model[r][c];
      sum += model[r][c] * ((double)c - 3.5);
      stored += model[r][c] != 0.0;
    }
    (void)pmmi_sparse_dot(rt, row, dense, &dot);
    good = good && dot == sum &&
           pmmi_array_doubles(product, &items, &length) &&
           length == ROWS && items[r] == sum;
    pmmi_release(rt, row);
  }
  tap_ok(good, "rows, products and dot products are those of a dense one");
  tap_ok(fixture_length(rt, matrix) == stored &&
             fixture_size(rt, matrix) == 48 + 8 * (ROWS + 1) + 16 * stored,
         "it costs its rows and its entries, and duplicates are one");
  pmmi_release(rt, product);
  pmmi_release(rt, dense);
  pmmi_release(rt, matrix);
}

static void test_refusals(pmm_rt *rt) {
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmm_obj *vector = pmmi_sparse_new(rt, 0);
  pmm_obj *dense = pmmi_array_new(rt, PMM_ITEM_DOUBLE, 0);
  pmm_obj *ints = pmmi_array_new(rt, PMM_ITEM_INT64, 4);
  double sum = 1.0;
  size_t shape;
  int good = pmmi_sparse_dot(rt, vector, dense, &sum) == PMM_OK && sum == 0.0;
  good &= pmmi_sparse_set(rt, vector, 0, 1.0) == PMM_INDEX;
  good &= fixture_failed(rt, PMM_INDEX);
  good &= pmmi_sparse_dot(rt, vector, list, &sum) == PMM_TYPE;
  good &= fixture_failed(rt, PMM_TYPE);
  good &= pmmi_sparse_dot(rt, list, dense, &sum) == PMM_TYPE;
  good &= fixture_failed(rt, PMM_TYPE);
  good &= pmmi_sparse_shape(rt, list, &shape, &shape) == PMM_TYPE;
  good &= fixture_failed(rt, PMM_TYPE);
  good &= pmmi_csr_multiply(rt, list, dense) == NULL;
  good &= fixture_failed(rt, PMM_TYPE);
  good &= pmmi_csr_row(rt, vector, 0) == NULL;
  good &= fixture_failed(rt, PMM_TYPE);
  good &= pmmi_sparse_dot(rt, vector, ints, &sum) == PMM_TYPE;
  good &= fixture_failed(rt, PMM_TYPE);
  tap_ok(good, "other types, lengths and positions are refused");
  pmmi_release(rt, ints);
  pmmi_release(rt, dense);
  pmmi_release(rt, vector);
  pmmi_release(rt, list);
}

/* ---- failures ------------------------------------------------------------ */

static enum pmm_status done(pmm_rt *rt, pmm_obj *result) {
  pmmi_xrelease(rt, result);
  return pmmi_error(rt);
}

/* Full to its room, so that one more entry moves the block. */
static pmm_obj *make_vector(pmm_rt *rt) {
  pmm_obj *vector = pmmi_sparse_new(rt, 100);
  for (size_t i = 0; i < 8; i++) {
    (void)pmmi_sparse_set(rt, vector, 10 * i, 1.5);
  }
  return vector;
}

static pmm_obj *make_matrix(pmm_rt *rt) {
  const struct pmm_triple triples[] = {{1, 7, 2.5}, {0, 2, 1.0}};
  return pmmi_csr_new(rt, 3, 9, triples, 2);
}

static pmm_obj *make_none(pmm_rt *rt) { return pmmi_none(rt); }

static enum pmm_status run_set(pmm_rt *rt, pmm_obj *o) {
  return pmmi_sparse_set(rt, o, 33, 2.0);
}

static enum pmm_status run_new(pmm_rt *rt, pmm_obj *o) {
  (void)o;
  return done(rt, make_matrix(rt));
}

static enum pmm_status run_row(pmm_rt *rt, pmm_obj *o) {
  return done(rt, pmmi_csr_row(rt, o, 1));
}

static enum pmm_status run_multiply(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *dense = pmmi_array_new(rt, PMM_ITEM_DOUBLE, 9);
  pmm_obj *product =
      dense != NULL ? pmmi_csr_multiply(rt, o, dense) : NULL;
  pmmi_xrelease(rt, dense);
  return done(rt, product);
}

static enum pmm_status run_convert(pmm_rt *rt, pmm_obj *o) {
  return done(rt, pmmi_list_convert(rt, o));
}

static enum pmm_status run_repr(pmm_rt *rt, pmm_obj *o) {
  return done(rt, pmmi_repr(rt, o));
}

static enum pmm_status run_copy(pmm_rt *rt, pmm_obj *o) {
  return done(rt, pmmi_copy_deep(rt, o));
}

static void test_sweep(pmm_rt *rt) {
  static const struct {
    struct sweep_case c;
    uint64_t least;
  } cases[] = {
      {{"sparse_set", make_vector, run_set}, 1},
      {{"copy of a vector", make_vector, run_copy}, 3},
      {{"iteration over a vector", make_vector, run_convert}, 18},
      {{"repr of a vector", make_vector, run_repr}, 10},
      {{"csr_new", make_none, run_new}, 3},
      {{"csr_row", make_matrix, run_row}, 2},
      {{"csr_multiply", make_matrix, run_multiply}, 4},
      {{"iteration over a matrix", make_matrix, run_convert}, 5},
      {{"repr of a matrix", make_matrix, run_repr}, 4},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sweep(rt, &cases[i].c, cases[i].least);
  }
}

/* Operands of another kind, places that are not there. */
static void test_wrong_operands(pmm_rt *rt) {
  static const struct pmm_triple low = {.row = 2, .column = 0, .value = 1.0};
  static const struct pmm_triple wide = {.row = 0, .column = 3, .value = 1.0};
  pmm_obj *none = pmmi_none(rt);
  pmm_obj *matrix = pmmi_csr_new(rt, 2, 3, NULL, 0);
  pmm_obj *tall = pmmi_csr_new(rt, 0, 3, NULL, 0);
  pmm_obj *ints = pmmi_array_new(rt, PMM_ITEM_INT64, 3);
  pmm_obj *dense = pmmi_array_new(rt, PMM_ITEM_DOUBLE, 3);
  double value = 0.0;
  tap_ok(pmmi_sparse_set(rt, none, 0, 1.0) == PMM_TYPE &&
             fixture_failed(rt, PMM_TYPE) &&
             pmmi_sparse_get(rt, none, 0, 0.0, &value) == PMM_TYPE &&
             fixture_failed(rt, PMM_TYPE) &&
             pmmi_sparse_dot(rt, none, dense, &value) == PMM_TYPE &&
             fixture_failed(rt, PMM_TYPE),
         "what is no vector");
  tap_ok(pmmi_csr_new(rt, 2, 3, &low, 1) == NULL &&
             fixture_failed(rt, PMM_INDEX) &&
             pmmi_csr_new(rt, 2, 3, &wide, 1) == NULL &&
             fixture_failed(rt, PMM_INDEX) &&
             pmmi_csr_new(rt, 1, SIZE_MAX, NULL, 0) == NULL &&
             fixture_failed(rt, PMM_VALUE),
         "places that a matrix does not have");
  tap_ok(pmmi_csr_multiply(rt, none, dense) == NULL &&
             fixture_failed(rt, PMM_TYPE) &&
             pmmi_csr_multiply(rt, matrix, none) == NULL &&
             fixture_failed(rt, PMM_TYPE) &&
             pmmi_csr_multiply(rt, matrix, ints) == NULL &&
             fixture_failed(rt, PMM_TYPE),
         "what is no matrix, or no array of doubles");
  pmm_obj *product = pmmi_csr_multiply(rt, tall, dense);
  tap_ok(product != NULL && fixture_length(rt, product) == 0,
         "a matrix without rows has a product without items");
  pmmi_xrelease(rt, product);
  pmmi_release(rt, dense);
  pmmi_release(rt, ints);
  pmmi_release(rt, tall);
  pmmi_release(rt, matrix);
}

int main(void) {
  tap_plan(0);
  fixture_each("model", test_model);
  fixture_each("sizes", test_sizes);
  fixture_each("text", test_text);
  fixture_each("matrix", test_matrix);
  fixture_each("refusals", test_refusals);
  fixture_each("sweep", test_sweep);
  fixture_each("wrong operands", test_wrong_operands);
  return tap_done();
}
