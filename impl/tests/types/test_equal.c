/* SPDX-License-Identifier: MIT */
/*
 * test_equal.c - equality and order, kind against kind.
 *
 * Each row of a table is made twice, so that no two operands are the same
 * object: equal exactly to its twin, and equal things hash alike.
 */
#include <math.h>

#include "tests/fixture.h"
#include "types/array.h"
#include "types/compare.h"
#include "types/sparse.h"

typedef pmm_obj *(*maker)(pmm_rt *rt);

/* Every maker differs from every other one; hashable ones hash like their
 * twin. */
static void all_differ(pmm_rt *rt, const maker *make, size_t n) {
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < n; k++) {
      pmm_obj *a = make[i](rt);
      pmm_obj *b = make[k](rt);
      int equal = -1;
      tap_need(a != NULL && b != NULL);
      if (pmmi_equals(rt, a, b, &equal) != PMM_OK || equal != (i == k)) {
        tap_ok(0, "row %zu against row %zu: %d", i, k, equal);
      }
      pmmi_release(rt, a);
      pmmi_release(rt, b);
    }
  }
  tap_ok(1, "%zu rows are equal to themselves alone", n);
}

/* ---- vectors and matrices ------------------------------------------------ */

static pmm_obj *vector_of(pmm_rt *rt, size_t positions, size_t at,
                          double value) {
  pmm_obj *vector = pmmi_sparse_new(rt, positions);
  if (value != 0.0) {
    (void)pmmi_sparse_set(rt, vector, at, value);
  }
  return vector;
}

static pmm_obj *v_empty(pmm_rt *rt) { return vector_of(rt, 9, 0, 0.0); }
static pmm_obj *v_longer(pmm_rt *rt) { return vector_of(rt, 10, 0, 0.0); }
static pmm_obj *v_first(pmm_rt *rt) { return vector_of(rt, 9, 0, 1.5); }
static pmm_obj *v_third(pmm_rt *rt) { return vector_of(rt, 9, 3, 1.5); }
static pmm_obj *v_value(pmm_rt *rt) { return vector_of(rt, 9, 3, 2.5); }

static pmm_obj *csr_of(pmm_rt *rt, size_t rows, size_t columns, size_t row,
                       size_t column, double value) {
  struct pmm_triple one = {.row = row, .column = column, .value = value};
  return pmmi_csr_new(rt, rows, columns, &one, value != 0.0);
}

static pmm_obj *m_empty(pmm_rt *rt) { return csr_of(rt, 3, 4, 0, 0, 0.0); }
static pmm_obj *m_rows(pmm_rt *rt) { return csr_of(rt, 4, 4, 0, 0, 0.0); }
static pmm_obj *m_columns(pmm_rt *rt) { return csr_of(rt, 3, 5, 0, 0, 0.0); }
static pmm_obj *m_one(pmm_rt *rt) { return csr_of(rt, 3, 4, 1, 2, 7.0); }
static pmm_obj *m_row(pmm_rt *rt) { return csr_of(rt, 3, 4, 2, 2, 7.0); }
static pmm_obj *m_column(pmm_rt *rt) { return csr_of(rt, 3, 4, 1, 3, 7.0); }
static pmm_obj *m_value(pmm_rt *rt) { return csr_of(rt, 3, 4, 1, 2, 8.0); }

static void test_sparse(pmm_rt *rt) {
  static const maker makers[] = {v_empty, v_longer, v_first,   v_third,
                                 v_value, m_empty,  m_rows,    m_columns,
                                 m_one,   m_row,    m_column,  m_value};
  all_differ(rt, makers, sizeof makers / sizeof *makers);
}

/* ---- strings, arrays, sequences ------------------------------------------ */

static pmm_obj *s_ascii(pmm_rt *rt) { return fixture_str(rt, "some"); }
static pmm_obj *s_other(pmm_rt *rt) { return fixture_str(rt, "same"); }
static pmm_obj *s_longer(pmm_rt *rt) { return fixture_str(rt, "some "); }
static pmm_obj *s_wide(pmm_rt *rt) {
  return fixture_str(rt, "som\xe2\x82\xac");
}

static pmm_obj *array_of(pmm_rt *rt, enum pmm_item_kind kind, size_t n,
                         double last) {
  pmm_obj *array = pmmi_array_new(rt, kind, n);
  pmm_obj *item = kind == PMM_ITEM_DOUBLE ? pmmi_float_new(rt, last)
                                          : pmmi_int_new(rt, (int64_t)last);
  if (n > 0) {
    tap_need(pmmi_array_set(rt, array, n - 1, item) == PMM_OK);
  }
  pmmi_release(rt, item);
  return array;
}

static pmm_obj *a_none(pmm_rt *rt) {
  return array_of(rt, PMM_ITEM_INT64, 0, 0);
}
static pmm_obj *a_ints(pmm_rt *rt) {
  return array_of(rt, PMM_ITEM_INT64, 3, 5);
}
static pmm_obj *a_sixes(pmm_rt *rt) {
  return array_of(rt, PMM_ITEM_INT64, 3, 6);
}
static pmm_obj *a_halves(pmm_rt *rt) {
  return array_of(rt, PMM_ITEM_DOUBLE, 3, 5.5);
}
static pmm_obj *a_quarters(pmm_rt *rt) {
  return array_of(rt, PMM_ITEM_DOUBLE, 3, 5.25);
}
static pmm_obj *a_bytes(pmm_rt *rt) { return pmmi_bytearray_new(rt, 3); }
static pmm_obj *l_two(pmm_rt *rt) { return fixture_range(rt, 1000, 1002); }
static pmm_obj *l_three(pmm_rt *rt) { return fixture_range(rt, 1000, 1003); }
static pmm_obj *l_other(pmm_rt *rt) { return fixture_range(rt, 1001, 1004); }

static pmm_obj *t_two(pmm_rt *rt) {
  pmm_obj *list = l_two(rt);
  pmm_obj *tuple = pmmi_tuple_convert(rt, list);
  pmmi_release(rt, list);
  return tuple;
}

static void test_sequences(pmm_rt *rt) {
  static const maker makers[] = {
      s_ascii,  s_other,    s_longer, s_wide, a_none,  a_ints, a_sixes,
      a_halves, a_quarters, a_bytes,  l_two,  l_three, l_other, t_two};
  all_differ(rt, makers, sizeof makers / sizeof *makers);
}

/* Numbers of every width are one kind to an array. */
static void test_arrays_by_value(pmm_rt *rt) {
  pmm_obj *ints = array_of(rt, PMM_ITEM_INT64, 3, 5);
  pmm_obj *doubles = array_of(rt, PMM_ITEM_DOUBLE, 3, 5);
  int equal = 0;
  tap_ok(pmmi_equals(rt, ints, doubles, &equal) == PMM_OK && equal,
         "arrays of two kinds with the same values are equal");
  pmmi_release(rt, ints);
  pmmi_release(rt, doubles);
}

/* ---- numbers ------------------------------------------------------------- */

static const char googol[] =
    "10000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000000000";

static pmm_obj *n_wide(pmm_rt *rt) { return pmmi_int_parse(rt, googol); }
static pmm_obj *n_less(pmm_rt *rt) { return pmmi_int_parse(rt, "-9999999999"); }
static pmm_obj *n_one(pmm_rt *rt) { return pmmi_int_new(rt, 1); }
static pmm_obj *n_half(pmm_rt *rt) { return pmmi_float_new(rt, 0.5); }
static pmm_obj *n_infinite(pmm_rt *rt) {
  return pmmi_float_new(rt, INFINITY);
}
static pmm_obj *n_nothing(pmm_rt *rt) { return pmmi_none(rt); }
static pmm_obj *n_bytes(pmm_rt *rt) { return pmmi_bytes_new(rt, "b", 1); }

static void test_numbers(pmm_rt *rt) {
  static const maker makers[] = {n_wide,     n_less,    n_one,  n_half,
                                 n_infinite, n_nothing, n_bytes, s_ascii};
  all_differ(rt, makers, sizeof makers / sizeof *makers);
  pmm_obj *nan = pmmi_float_new(rt, NAN);
  pmm_obj *one = n_one(rt);
  int equal = -1;
  int64_t hash = 0;
  tap_ok(pmmi_equals(rt, one, nan, &equal) == PMM_OK && !equal &&
             pmmi_equals(rt, nan, one, &equal) == PMM_OK && !equal &&
             pmmi_hash(rt, nan, &hash) == PMM_OK,
         "not a number is equal to none, and has a hash");
  pmmi_release(rt, one);
  pmmi_release(rt, nan);
}

/* ---- order --------------------------------------------------------------- */

/* Whether a < b: 0, 1, or -1 where they are not ordered. */
static int less(pmm_rt *rt, maker make_a, maker make_b) {
  pmm_obj *a = make_a(rt);
  pmm_obj *b = make_b(rt);
  int is_less = 0;
  enum pmm_status status = pmmi_less(rt, a, b, &is_less);
  if (status != PMM_OK) {
    is_less = fixture_failed(rt, PMM_TYPE) ? -1 : -2;
  }
  pmmi_release(rt, a);
  pmmi_release(rt, b);
  return is_less;
}

static pmm_obj *b_longer(pmm_rt *rt) { return pmmi_bytes_new(rt, "bb", 2); }

/* Lists whose first items are unequal and of kinds that have no order. */
static pmm_obj *l_words(pmm_rt *rt) {
  pmm_obj *word = s_ascii(rt);
  pmm_obj *list = pmmi_list_from(rt, &word, 1);
  pmmi_release(rt, word);
  return list;
}

static void test_order(pmm_rt *rt) {
  static const maker kinds[] = {n_one, s_ascii, n_bytes, l_two, t_two,
                                n_nothing};
  size_t n = sizeof kinds / sizeof *kinds;
  int good = 1;
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < n; k++) {
      int expected = i == k && kinds[i] != n_nothing ? 0 : -1;
      good = less(rt, kinds[i], kinds[k]) == expected && good;
    }
  }
  tap_ok(good, "kinds that differ are not ordered");
  tap_ok(less(rt, n_less, n_wide) == 1 && less(rt, n_wide, n_less) == 0 &&
             less(rt, n_one, n_wide) == 1 &&
             less(rt, n_wide, n_infinite) == 1 &&
             less(rt, n_infinite, n_wide) == 0 &&
             less(rt, n_half, n_one) == 1,
         "numbers of any width are");
  tap_ok(less(rt, n_bytes, b_longer) == 1 &&
             less(rt, b_longer, n_bytes) == 0 &&
             less(rt, s_other, s_ascii) == 1 &&
             less(rt, l_two, l_three) == 1 &&
             less(rt, l_three, l_other) == 1,
         "strings, bytes and lists by their first difference, then length");
  tap_ok(less(rt, l_words, l_two) == -1 && less(rt, l_two, l_words) == -1,
         "lists are not where their items are not");
}

/* ---- truth and text ------------------------------------------------------ */

static void test_truth(pmm_rt *rt) {
  static const struct {
    maker make;
    int truth;
  } rows[] = {{n_nothing, 0}, {n_one, 1},  {n_half, 1}, {v_empty, 0},
              {v_first, 1},   {s_wide, 1}, {a_none, 0}, {l_two, 1}};
  int good = 1;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    pmm_obj *o = rows[i].make(rt);
    good = pmmi_truth(o) == rows[i].truth && good;
    pmmi_release(rt, o);
  }
  struct pmm_type_spec spec = {.struct_size = sizeof spec, .name = "type"};
  pmm_obj *type = pmmi_type_new(rt, &spec);
  tap_ok(pmmi_truth(type), "what has no length is true");
  pmmi_release(rt, type);
  pmm_obj *zero = pmmi_float_new(rt, 0.0);
  tap_ok(good && !pmmi_truth(zero), "zero, none and what is empty are false");
  pmmi_release(rt, zero);
}

static void expect_strip(pmm_rt *rt, const char *text, const char *rest) {
  pmm_obj *whole = fixture_str(rt, text);
  pmm_obj *stripped = pmmi_str_strip(rt, whole);
  pmm_obj *expected = fixture_str(rt, rest);
  int equal = 0;
  tap_ok(stripped != NULL &&
             pmmi_equals(rt, stripped, expected, &equal) == PMM_OK && equal,
         "%zu bytes from 0x%02x are stripped to %zu", strlen(text),
         (unsigned char)text[0], strlen(rest));
  pmmi_release(rt, expected);
  pmmi_xrelease(rt, stripped);
  pmmi_release(rt, whole);
}

/* Every kind of white space of Unicode, and the neighbours that are none. */
static void test_strip(pmm_rt *rt) {
  static const char *const blanks[] = {
      "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80",
      "\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
      "\xe2\x81\x9f", "\xe3\x80\x80"};
  static const char *const marks[] = {
      "\xc2\x84",     "\xc2\xa1",     "\xe1\x9a\x81", "\xe1\xbf\xbf",
      "\xe2\x80\x8b", "\xe2\x80\xaa", "\xe2\x80\xb0", "\xe2\x81\xa0",
      "\xe3\x80\x81", "!"};
  char text[16];
  for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
    (void)snprintf(text, sizeof text, "%sx%s", blanks[i], blanks[i]);
    expect_strip(rt, text, "x");
    (void)snprintf(text, sizeof text, "%sx%s", marks[i], marks[i]);
    expect_strip(rt, text, text);
  }
  for (char blank = 0x09; blank <= 0x20; blank++) {
    (void)snprintf(text, sizeof text, "%cx%c", blank, blank);
    int strips = blank <= 0x0d || blank >= 0x1c;
    expect_strip(rt, text, strips ? "x" : text);
  }
  expect_strip(rt, " \t ", "");
}

static void test_escapes(pmm_rt *rt) {
  static const struct {
    const char *text;
    const char *reads;
  } rows[] = {{"a\nb\rc\td", "'a\\nb\\rc\\td'"},
              {"\x01\x1f\x7f", "'\\x01\\x1f\\x7f'"},
              {"\xc2\x80\xc2\xa0\xc2\xad", "'\\x80\\xa0\\xad'"},
              {"\xc2\xa1\xc2\xac\xc2\xae", "'\xc2\xa1\xc2\xac\xc2\xae'"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    pmm_obj *str = fixture_str(rt, rows[i].text);
    tap_ok(fixture_reads(rt, str, rows[i].reads), "%s", rows[i].reads);
    pmmi_release(rt, str);
  }
}

int main(void) {
  tap_plan(0);
  fixture_each("equality of sparse things", test_sparse);
  fixture_each("equality of sequences", test_sequences);
  fixture_each("equality of arrays", test_arrays_by_value);
  fixture_each("equality of numbers", test_numbers);
  fixture_each("order", test_order);
  fixture_each("truth", test_truth);
  fixture_each("strip", test_strip);
  fixture_each("escapes", test_escapes);
  return tap_done();
}
