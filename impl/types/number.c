/* SPDX-License-Identifier: MIT */
/*
 * number.c - None, floats, and how numbers of different types compare.
 *
 * Comparison is exact: an int is never rounded to a double.  A double is cut
 * into 30-bit digits instead, from its integral part, and compared digit by
 * digit.
 *
 * Source: CPython 3.11 Objects/floatobject.c (float_richcompare),
 * Python/pyhash.c (_Py_HashDouble).
 */
#include "types/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "types/int.h"
#include "types/str.h"
#include "types/types_state.h"

/* ---- None ---------------------------------------------------------------- */

static pmm_obj *none_repr(pmm_rt *rt, pmm_obj *o) {
  (void)o;
  return pmmi_str_new(rt, "None", 4);
}

const struct pmmi_type pmmi_none_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "NoneType",
    .basic_size = sizeof(pmm_obj),
    .flags = PMMI_TYPE_ATOM,
    .repr = none_repr,
};

pmm_obj pmmi_none_object = {PMMI_IMMORTAL, &pmmi_none_type};

pmm_obj *pmmi_none(pmm_rt *rt) {
  (void)rt;
  return &pmmi_none_object;
}

/* ---- floats -------------------------------------------------------------- */

static double value_of(const pmm_obj *o) {
  assert(o->type == &pmmi_float_type);
  return ((const struct pmmi_float *)o)->value;
}

pmm_obj *pmmi_float_new(pmm_rt *rt, double value) {
  struct pmmi_float *f = pmmi_alloc(rt, sizeof *f);
  if (f == NULL) {
    return pmmi_fail_null(rt, PMM_NO_MEMORY, "no memory for a float");
  }
  pmmi_object_init(rt, &f->base, &pmmi_float_type);
  f->value = value;
  return &f->base;
}

enum pmm_status pmmi_float_value(pmm_rt *rt, pmm_obj *o, double *value) {
  assert(value != NULL);
  if (o->type != &pmmi_float_type) {
    return pmmi_fail(rt, PMM_TYPE, "not a float");
  }
  *value = value_of(o);
  return PMM_OK;
}

static enum pmm_status float_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                    int *equal) {
  assert(equal != NULL);
  (void)rt;
  *equal = value_of(a) == value_of(b);
  return PMM_OK;
}

/* 2^61 is 1 in the modulus of int_hash, so an exponent only rotates. */
static int64_t hash_double(double value) {
  assert(isfinite(value));
  const uint64_t modulus = (UINT64_C(1) << 61) - 1;
  int exponent;
  double m = frexp(fabs(value), &exponent);
  uint64_t x = 0;
  while (m != 0) {
    x = (x << 28 & modulus) | x >> (61 - 28);
    m *= 268435456.0; /* 2^28 */
    exponent -= 28;
    uint64_t part = (uint64_t)m;
    m -= (double)part;
    x += part;
    x = x >= modulus ? x - modulus : x;
  }
  int turn = exponent % 61;
  turn += turn < 0 ? 61 : 0;
  x = (x << turn & modulus) | (turn > 0 ? x >> (61 - turn) : 0);
  return value < 0 ? -(int64_t)x : (int64_t)x;
}

static enum pmm_status float_hash(pmm_rt *rt, pmm_obj *o, int64_t *hash) {
  assert(hash != NULL);
  (void)rt;
  double value = value_of(o);
  if (isnan(value)) {
    *hash = pmmi_hash_identity(o);
  } else if (isinf(value)) {
    *hash = value > 0 ? 314159 : -314159;
  } else {
    *hash = hash_double(value);
  }
  *hash -= *hash == -1;
  return PMM_OK;
}

/* The shortest text that reads back as the same double. */
static pmm_obj *float_repr(pmm_rt *rt, pmm_obj *o) {
  double value = value_of(o);
  char text[40];
  for (int precision = 15; precision <= 17; precision++) {
    snprintf(text, sizeof text - 2, "%.*g", precision, value);
    if (strtod(text, NULL) == value) {
      break;
    }
  }
  if (text[strspn(text, "-0123456789")] == '\0') {
    strcat(text, ".0");
  }
  return pmmi_str_new(rt, text, strlen(text));
}

const struct pmmi_type pmmi_float_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "float",
    .basic_size = sizeof(struct pmmi_float),
    .flags = PMMI_TYPE_ATOM | PMMI_TYPE_PLAIN,
    .dealloc = pmmi_object_free,
    .equals = float_equals,
    .equals_other = pmmi_number_equals,
    .hash = float_hash,
    .repr = float_repr,
};

/* ---- all numbers --------------------------------------------------------- */

int pmmi_is_number(const pmm_obj *o) {
  return pmmi_is_int(o) || o->type == &pmmi_float_type;
}

static int order_of(double a, double b) { return (a > b) - (a < b); }

static int sign_of(const struct pmmi_int *i) {
  assert(i->digits != 0);
  return i->digits < 0 ? -1 : i->digits > 1 || i->digit[0] != 0;
}

static int order_ints(const struct pmmi_int *a, const struct pmmi_int *b) {
  assert(a->digits != 0 && b->digits != 0);
  if (a->digits != b->digits) {
    return a->digits < b->digits ? -1 : 1;
  }
  size_t n = (size_t)(a->digits < 0 ? -a->digits : a->digits);
  while (n > 0 && a->digit[n - 1] == b->digit[n - 1]) {
    n--;
  }
  if (n == 0) {
    return 0;
  }
  int above = a->digit[n - 1] > b->digit[n - 1];
  return above == (a->digits > 0) ? 1 : -1;
}

/* Order of the magnitudes of an int and of the finite `d` >= 0. */
static int order_magnitudes(const struct pmmi_int *i, double d) {
  assert(d >= 0);
  const double base = 1073741824.0; /* 2^30 */
  double whole = floor(d);
  int order = d > whole ? -1 : 0; /* decides when the integral parts agree */
  size_t n = (size_t)(i->digits < 0 ? -i->digits : i->digits);
  for (size_t k = 0; k < n; k++) {
    double low = fmod(whole, base);
    int digit_order = order_of((double)i->digit[k], low);
    order = digit_order != 0 ? digit_order : order;
    whole = (whole - low) / base;
  }
  return whole > 0 ? -1 : order;
}

static int order_int_double(const struct pmmi_int *i, double d) {
  assert(!isnan(d));
  int sign = sign_of(i);
  int other = order_of(d, 0.0);
  if (isinf(d) || sign != other) {
    return isinf(d) ? -other : (sign < other ? -1 : 1);
  }
  return sign * order_magnitudes(i, fabs(d));
}

int pmmi_number_order(const pmm_obj *a, const pmm_obj *b) {
  assert(pmmi_is_number(a) && pmmi_is_number(b));
  int a_int = pmmi_is_int(a);
  int b_int = pmmi_is_int(b);
  if (a_int && b_int) {
    return order_ints((const struct pmmi_int *)a, (const struct pmmi_int *)b);
  }
  if (a_int) {
    return isnan(value_of(b))
               ? 0
               : order_int_double((const struct pmmi_int *)a, value_of(b));
  }
  if (b_int) {
    return isnan(value_of(a))
               ? 0
               : -order_int_double((const struct pmmi_int *)b, value_of(a));
  }
  return order_of(value_of(a), value_of(b));
}

static int is_nan(const pmm_obj *o) {
  return o->type == &pmmi_float_type && isnan(value_of(o));
}

int pmmi_number_equals(const pmm_obj *a, const pmm_obj *b) {
  return pmmi_is_number(a) && pmmi_is_number(b) && !is_nan(a) && !is_nan(b) &&
         pmmi_number_order(a, b) == 0;
}

int pmmi_truth(pmm_obj *o) {
  if (o == &pmmi_none_object) {
    return 0;
  }
  if (pmmi_is_int(o)) {
    return sign_of((const struct pmmi_int *)o) != 0;
  }
  if (o->type == &pmmi_float_type) {
    return value_of(o) != 0;
  }
  return o->type->length == NULL || o->type->length(o) != 0;
}
