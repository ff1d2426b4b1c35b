/* SPDX-License-Identifier: MIT */
/* test_number.c - ints of any width, floats, None and booleans. */
#include <math.h>

#include "tests/fixture.h"
#include "types/compare.h"

static void test_cache(pmm_rt *rt) {
  struct pmm_memory before = fixture_memory(rt);
  int shared = 1;
  for (int64_t v = -5; v <= 256; v++) {
    pmm_obj *a = pmmi_int_new(rt, v);
    pmm_obj *b = pmmi_int_new(rt, v);
    int64_t back = 0;
    shared = shared && a == b && pmmi_is_immortal(rt, a) &&
             pmmi_int_value(rt, a, &back) == PMM_OK && back == v;
  }
  tap_ok(shared, "-5 .. 256 are shared");
  tap_ok(fixture_is_back(rt, before), "and allocate nothing");
  for (int64_t v = -6; v <= 257; v += 263) {
    pmm_obj *a = pmmi_int_new(rt, v);
    pmm_obj *b = pmmi_int_new(rt, v);
    int equal = 0;
    tap_ok(a != b && pmmi_equals(rt, a, b, &equal) == PMM_OK && equal,
           "%lld is made twice, equal", (long long)v);
    tap_ok(pmmi_refcount(rt, a) == 1 && fixture_size(rt, a) == 28,
           "with count 1 and 28 bytes");
    pmmi_release(rt, a);
    pmmi_release(rt, b);
  }
}

static void test_range(pmm_rt *rt) {
  static const int64_t values[] = {
      INT64_MIN, INT64_MIN + 1, -(INT64_C(1) << 60), -1073741824, -1073741823,
      1073741823, 1073741824, (INT64_C(1) << 60) - 1, INT64_C(1) << 60,
      INT64_MAX - 1, INT64_MAX};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)values[i]);
    pmm_obj *made = pmmi_int_new(rt, values[i]);
    pmm_obj *parsed = pmmi_int_parse(rt, text);
    int64_t back = 0;
    int equal = 0;
    int64_t hashes[2] = {0, 1};
    (void)pmmi_hash(rt, made, &hashes[0]);
    (void)pmmi_hash(rt, parsed, &hashes[1]);
    (void)pmmi_equals(rt, made, parsed, &equal);
    tap_ok(pmmi_int_value(rt, made, &back) == PMM_OK && back == values[i] &&
               equal && hashes[0] == hashes[1] &&
               fixture_reads(rt, made, text),
           "%s keeps its value", text);
    pmmi_release(rt, made);
    pmmi_release(rt, parsed);
  }
}

static void expect_parse(pmm_rt *rt, const char *text, const char *reads,
                         size_t size) {
  pmm_obj *o = pmmi_int_parse(rt, text);
  tap_ok(o != NULL && fixture_reads(rt, o, reads) &&
             fixture_size(rt, o) == size,
         "%.40s has %zu bytes", text, size);
  pmmi_xrelease(rt, o);
}

static void test_wide(pmm_rt *rt) {
  static const char googol[] =
      "1000000000000000000000000000000000000000000000000000000000000000000000"
      "0000000000000000000000000000000";
  expect_parse(rt, googol, googol, 24 + 12 * 4);
  expect_parse(rt, "-123456789012345678901234567890",
               "-123456789012345678901234567890", 24 + 4 * 4);
  expect_parse(rt, "0000000000000000000000000000000042", "42", 28);
  expect_parse(rt, "+7", "7", 28);
  expect_parse(rt, "-0", "0", 28);
  expect_parse(rt, "1073741823", "1073741823", 28);
  expect_parse(rt, "1073741824", "1073741824", 32);
  pmm_obj *wide = pmmi_int_parse(rt, "9223372036854775808");
  int64_t value = 0;
  tap_ok(pmmi_int_value(rt, wide, &value) == PMM_OVERFLOW &&
             fixture_failed(rt, PMM_OVERFLOW),
         "2^63 does not fit");
  pmm_obj *least = pmmi_int_parse(rt, "-9223372036854775808");
  tap_ok(pmmi_int_value(rt, least, &value) == PMM_OK && value == INT64_MIN,
         "-2^63 does");
  pmmi_release(rt, wide);
  pmmi_release(rt, least);
  static const char *const bad[] = {"", "-", "12a", " 1", "1 ", "0x10"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    tap_ok(pmmi_int_parse(rt, bad[i]) == NULL && fixture_failed(rt, PMM_VALUE),
           "'%s' is no number", bad[i]);
  }
}

/* The order of an int given as text and a double, both ways. */
static void expect_order(pmm_rt *rt, const char *text, double d, int order) {
  pmm_obj *i = pmmi_int_parse(rt, text);
  pmm_obj *f = pmmi_float_new(rt, d);
  int equal = -1;
  int64_t hashes[2] = {0, 1};
  (void)pmmi_equals(rt, i, f, &equal);
  (void)pmmi_hash(rt, i, &hashes[0]);
  (void)pmmi_hash(rt, f, &hashes[1]);
  tap_ok(pmmi_number_order(i, f) == order &&
             pmmi_number_order(f, i) == -order && equal == (order == 0) &&
             (order != 0 || hashes[0] == hashes[1]),
         "%s against %.17g is %d", text, d, order);
  pmmi_release(rt, i);
  pmmi_release(rt, f);
}

static void test_order(pmm_rt *rt) {
  expect_order(rt, "0", 0.0, 0);
  expect_order(rt, "0", -0.0, 0);
  expect_order(rt, "1", 1.5, -1);
  expect_order(rt, "-1", -1.5, 1);
  expect_order(rt, "2", 1.5, 1);
  expect_order(rt, "9007199254740993", 9007199254740992.0, 1);
  expect_order(rt, "9007199254740992", 9007199254740992.0, 0);
  expect_order(rt, "-1180591620717411303424", -1180591620717411303424.0, 0);
  expect_order(rt, "1180591620717411303425", 1180591620717411303424.0, 1);
  expect_order(rt, "5", (double)INFINITY, -1);
  expect_order(rt, "5", -(double)INFINITY, 1);
  expect_order(rt, "-3", 3.0, -1);
  expect_order(rt, "1", 1e300, -1);
}

static void test_float(pmm_rt *rt) {
  static const struct {
    double value;
    const char *reads;
  } cases[] = {{0.1, "0.1"}, {1.0, "1.0"}, {-2.5, "-2.5"}, {1e100, "1e+100"},
               {0.1 + 0.2, "0.30000000000000004"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pmm_obj *f = pmmi_float_new(rt, cases[i].value);
    double value = 0;
    tap_ok(pmmi_float_value(rt, f, &value) == PMM_OK &&
               value == cases[i].value &&
               fixture_reads(rt, f, cases[i].reads) &&
               fixture_size(rt, f) == 24,
           "%s in 24 bytes", cases[i].reads);
    pmmi_release(rt, f);
  }
  pmm_obj *nan = pmmi_float_new(rt, (double)NAN);
  pmm_obj *other = pmmi_float_new(rt, (double)NAN);
  int equal = 1;
  (void)pmmi_equals(rt, nan, other, &equal);
  tap_ok(!equal, "NaN is not equal to NaN");
  pmmi_release(rt, nan);
  pmmi_release(rt, other);
}

static void test_constants(pmm_rt *rt) {
  int equal = 0;
  pmm_obj *one = pmmi_int_new(rt, 1);
  (void)pmmi_equals(rt, pmmi_boolean(rt, 1), one, &equal);
  tap_ok(equal, "True equals 1");
  tap_ok(pmmi_none(rt) == pmmi_none(rt) &&
             fixture_size(rt, pmmi_none(rt)) == 16,
         "one None of 16 bytes");
  tap_ok(fixture_reads(rt, pmmi_none(rt), "None") &&
             fixture_reads(rt, pmmi_boolean(rt, 1), "True") &&
             fixture_reads(rt, pmmi_boolean(rt, 0), "False"),
         "constants print their names");
  uint64_t count = pmmi_refcount(rt, pmmi_none(rt));
  for (int i = 0; i < 1000; i++) {
    pmmi_release(rt, pmmi_none(rt));
  }
  tap_ok(pmmi_refcount(rt, pmmi_none(rt)) == count, "None's count stays");
  tap_ok(pmmi_refcount_set(rt, one, 5) == PMM_VALUE &&
             fixture_failed(rt, PMM_VALUE),
         "an immortal count cannot be set");
  tap_ok(!pmmi_truth(pmmi_none(rt)) && !pmmi_truth(pmmi_boolean(rt, 0)) &&
             pmmi_truth(one),
         "None and False are false, 1 is true");
}

int main(void) {
  tap_plan(0);
  fixture_each("cache", test_cache);
  fixture_each("range", test_range);
  fixture_each("wide", test_wide);
  fixture_each("order", test_order);
  fixture_each("float", test_float);
  fixture_each("constants", test_constants);
  return tap_done();
}
