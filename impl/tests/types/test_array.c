/* SPDX-License-Identifier: MIT */
/* test_array.c - the items of typed arrays and byte arrays. */
#include "tests/fixture.h"
#include "types/array.h"

/* Store the int; the status. */
static enum pmm_status set_int(pmm_rt *rt, pmm_obj *array, size_t index,
                               int64_t value) {
  pmm_obj *o = pmmi_int_new(rt, value);
  enum pmm_status status = pmmi_array_set(rt, array, index, o);
  pmmi_release(rt, o);
  return status;
}

static enum pmm_status set_float(pmm_rt *rt, pmm_obj *array, size_t index,
                                 double value) {
  pmm_obj *o = pmmi_float_new(rt, value);
  enum pmm_status status = pmmi_array_set(rt, array, index, o);
  pmmi_release(rt, o);
  return status;
}

static void test_items(pmm_rt *rt) {
  pmm_obj *bytes = pmmi_array_new(rt, PMM_ITEM_BYTE, 3);
  pmm_obj *ints = pmmi_array_new(rt, PMM_ITEM_INT64, 3);
  pmm_obj *doubles = pmmi_array_new(rt, PMM_ITEM_DOUBLE, 3);
  pmm_obj *array = pmmi_bytearray_new(rt, 3);
  int stored = set_int(rt, bytes, 1, -128) == PMM_OK &&
               set_int(rt, bytes, 2, 127) == PMM_OK &&
               set_int(rt, ints, 0, INT64_MIN) == PMM_OK &&
               set_int(rt, ints, 2, INT64_MAX) == PMM_OK &&
               set_int(rt, doubles, 0, -3) == PMM_OK &&
               set_float(rt, doubles, 1, 0.25) == PMM_OK &&
               set_int(rt, array, 2, 255) == PMM_OK;
  tap_ok(stored && fixture_reads(rt, bytes, "array('b', [0, -128, 127])") &&
             fixture_reads(rt, ints,
                           "array('q', [-9223372036854775808, 0, "
                           "9223372036854775807])") &&
             fixture_reads(rt, doubles, "array('d', [-3.0, 0.25, 0.0])") &&
             fixture_reads(rt, array, "bytearray([0, 0, 255])"),
         "what is stored is read");
  pmm_obj *list = pmmi_list_convert(rt, doubles);
  tap_ok(fixture_reads(rt, list, "[-3.0, 0.25, 0.0]"), "and iterated over");
  FIXTURE_DROP(rt, bytes, ints, doubles, array, list);
}

static void test_refusals(pmm_rt *rt) {
  pmm_obj *bytes = pmmi_array_new(rt, PMM_ITEM_BYTE, 2);
  pmm_obj *ints = pmmi_array_new(rt, PMM_ITEM_INT64, 2);
  pmm_obj *array = pmmi_bytearray_new(rt, 2);
  pmm_obj *wide = pmmi_int_parse(rt, "9223372036854775808");
  int refused = set_int(rt, bytes, 0, 128) == PMM_OVERFLOW;
  refused &= fixture_failed(rt, PMM_OVERFLOW);
  refused &= set_int(rt, bytes, 0, -129) == PMM_OVERFLOW;
  refused &= fixture_failed(rt, PMM_OVERFLOW);
  refused &= set_int(rt, array, 0, 256) == PMM_VALUE;
  refused &= fixture_failed(rt, PMM_VALUE);
  refused &= set_int(rt, array, 0, -1) == PMM_VALUE;
  refused &= fixture_failed(rt, PMM_VALUE);
  refused &= pmmi_array_set(rt, ints, 0, wide) == PMM_OVERFLOW;
  refused &= fixture_failed(rt, PMM_OVERFLOW);
  refused &= set_float(rt, ints, 0, 1.0) == PMM_TYPE;
  refused &= fixture_failed(rt, PMM_TYPE);
  refused &= set_int(rt, ints, 2, 1) == PMM_INDEX;
  refused &= fixture_failed(rt, PMM_INDEX);
  refused &= pmmi_array_get(rt, ints, 2) == NULL;
  refused &= fixture_failed(rt, PMM_INDEX);
  refused &= pmmi_array_get(rt, wide, 0) == NULL;
  refused &= fixture_failed(rt, PMM_TYPE);
  tap_ok(refused && fixture_reads(rt, bytes, "array('b', [0, 0])") &&
             fixture_reads(rt, ints, "array('q', [0, 0])"),
         "what does not fit is refused and nothing stored");
  pmmi_release(rt, wide);
  pmmi_release(rt, array);
  pmmi_release(rt, ints);
  pmmi_release(rt, bytes);
}

static int equal(pmm_rt *rt, pmm_obj *a, pmm_obj *b) {
  int result = -1;
  (void)pmmi_equals(rt, a, b, &result);
  return result;
}

static void test_equality(pmm_rt *rt) {
  pmm_obj *ints = pmmi_array_new(rt, PMM_ITEM_INT64, 2);
  pmm_obj *doubles = pmmi_array_new(rt, PMM_ITEM_DOUBLE, 2);
  pmm_obj *copy = pmmi_buffer_copy(rt, doubles);
  pmm_obj *array = pmmi_bytearray_new(rt, 2);
  tap_ok(equal(rt, ints, doubles) == 1 && equal(rt, doubles, copy) == 1 &&
             equal(rt, doubles, array) == 0,
         "typed arrays compare by items, whatever their kinds");
  (void)set_float(rt, doubles, 1, 0.5);
  tap_ok(equal(rt, ints, doubles) == 0 && equal(rt, doubles, copy) == 0,
         "one other item makes them differ");
  (void)set_float(rt, doubles, 1, -0.0);
  tap_ok(equal(rt, doubles, copy) == 1, "-0.0 equals 0.0");
  pmmi_release(rt, array);
  pmmi_release(rt, copy);
  pmmi_release(rt, doubles);
  pmmi_release(rt, ints);
}

static pmm_obj *make_doubles(pmm_rt *rt) {
  return pmmi_array_new(rt, PMM_ITEM_DOUBLE, 3);
}

static pmm_obj *make_integers(pmm_rt *rt) {
  return pmmi_array_new(rt, PMM_ITEM_INT64, 3);
}

static enum pmm_status run_repr(pmm_rt *rt, pmm_obj *o) {
  pmmi_xrelease(rt, pmmi_repr(rt, o));
  return pmmi_error(rt);
}

static enum pmm_status run_get(pmm_rt *rt, pmm_obj *o) {
  pmmi_xrelease(rt, pmmi_array_get(rt, o, 1));
  return pmmi_error(rt);
}

static enum pmm_status run_equals(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *other = make_integers(rt);
  int equal;
  if (other != NULL) {
    (void)pmmi_equals(rt, o, other, &equal);
  }
  pmmi_xrelease(rt, other);
  return pmmi_error(rt);
}

static void test_sweep(pmm_rt *rt) {
  sweep(rt, &(struct sweep_case){"repr of an array", make_doubles, run_repr},
        5);
  sweep(rt, &(struct sweep_case){"array_get", make_doubles, run_get}, 1);
  sweep(rt, &(struct sweep_case){"equals of arrays", make_doubles, run_equals},
        4);
}

int main(void) {
  tap_plan(0);
  fixture_each("items", test_items);
  fixture_each("refusals", test_refusals);
  fixture_each("equality", test_equality);
  fixture_each("sweep", test_sweep);
  return tap_done();
}
