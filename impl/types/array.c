/* SPDX-License-Identifier: MIT */
/* array.c - the items of arrays; idea and source: array.h. */
#include "types/array.h"

#include <string.h>

#include "types/text_builder.h"
#include "types/types_state.h"

static const struct pmmi_buffer *as_buffer(const pmm_obj *o) {
  assert(pmmi_is_buffer(o));
  return (const struct pmmi_buffer *)o;
}

static int is_byte_array(const pmm_obj *o) {
  return o->type == &pmmi_bytearray_type;
}

/* ---- reading ------------------------------------------------------------- */

/* Blocks are aligned to 16, so the data can be read as what it is. */
static const int64_t *integers_of(const struct pmmi_buffer *b) {
  assert(b->kind == PMM_ITEM_INT64);
  return (const int64_t *)(const void *)b->data;
}

static const double *doubles_of(const struct pmmi_buffer *b) {
  assert(b->kind == PMM_ITEM_DOUBLE);
  return (const double *)(const void *)b->data;
}

int pmmi_array_doubles(const pmm_obj *o, const double **items,
                       size_t *length) {
  assert(items != NULL && length != NULL);
  if (!pmmi_is_buffer(o) || as_buffer(o)->kind != PMM_ITEM_DOUBLE) {
    return 0;
  }
  *length = as_buffer(o)->var.length;
  *items = doubles_of(as_buffer(o));
  return 1;
}

double *pmmi_array_fill(pmm_obj *array) {
  assert(array->refcnt == 1);
  return (double *)(uintptr_t)doubles_of(as_buffer(array));
}

/* A byte of a byte array is unsigned, that of a typed array is not. */
pmm_obj *pmmi_array_item(pmm_rt *rt, const pmm_obj *array, size_t index) {
  const struct pmmi_buffer *b = as_buffer(array);
  assert(index < b->var.length);
  switch ((enum pmm_item_kind)b->kind) {
  case PMM_ITEM_DOUBLE:
    return pmmi_float_new(rt, doubles_of(b)[index]);
  case PMM_ITEM_INT64:
    return pmmi_int_new(rt, integers_of(b)[index]);
  case PMM_ITEM_BYTE:
    break;
  }
  return pmmi_int_new(rt, is_byte_array(array) ? b->data[index]
                                               : (int8_t)b->data[index]);
}

/* PMM_OK when the array has that item. */
static enum pmm_status check(pmm_rt *rt, const pmm_obj *array, size_t index) {
  if (!pmmi_is_buffer(array)) {
    return pmmi_fail(rt, PMM_TYPE, "not a typed array");
  }
  if (index >= as_buffer(array)->var.length) {
    return pmmi_fail(rt, PMM_INDEX, "array index out of range");
  }
  return PMM_OK;
}

pmm_obj *pmmi_array_get(pmm_rt *rt, pmm_obj *array, size_t index) {
  return check(rt, array, index) == PMM_OK ? pmmi_array_item(rt, array, index)
                                           : NULL;
}

/* ---- storing ------------------------------------------------------------- */

static enum pmm_status number_to_double(pmm_rt *rt, pmm_obj *value,
                                        double *out) {
  assert(out != NULL);
  if (!pmmi_is_int(value)) {
    return pmmi_float_value(rt, value, out);
  }
  int64_t integer = 0;
  enum pmm_status status = pmmi_int_value(rt, value, &integer);
  *out = (double)integer;
  return status;
}

static enum pmm_status set_integer(pmm_rt *rt, struct pmmi_buffer *b,
                                   size_t index, pmm_obj *value) {
  assert(index < b->var.length && b->kind != PMM_ITEM_DOUBLE);
  int64_t integer = 0;
  enum pmm_status status = pmmi_int_value(rt, value, &integer);
  if (status != PMM_OK) {
    return status;
  }
  if (b->kind == PMM_ITEM_INT64) {
    memcpy(b->data + index * sizeof integer, &integer, sizeof integer);
    return PMM_OK;
  }
  if (is_byte_array(&b->var.base) && (integer < 0 || integer > UINT8_MAX)) {
    return pmmi_fail(rt, PMM_VALUE, "byte must be in range(0, 256)");
  }
  if (!is_byte_array(&b->var.base) &&
      (integer < INT8_MIN || integer > INT8_MAX)) {
    return pmmi_fail(rt, PMM_OVERFLOW, "wider than a byte");
  }
  b->data[index] = (unsigned char)integer;
  return PMM_OK;
}

enum pmm_status pmmi_array_set(pmm_rt *rt, pmm_obj *array, size_t index,
                               pmm_obj *value) {
  enum pmm_status status = check(rt, array, index);
  struct pmmi_buffer *b = (struct pmmi_buffer *)array;
  if (status != PMM_OK || b->kind != PMM_ITEM_DOUBLE) {
    return status != PMM_OK ? status : set_integer(rt, b, index, value);
  }
  double number = 0;
  status = number_to_double(rt, value, &number);
  if (status == PMM_OK) {
    memcpy(b->data + index * sizeof number, &number, sizeof number);
  }
  return status;
}

/* ---- comparing and printing ---------------------------------------------- */

static int same_items(const struct pmmi_buffer *x,
                      const struct pmmi_buffer *y) {
  assert(x->var.length == y->var.length && x->kind == y->kind);
  if (x->kind != PMM_ITEM_DOUBLE) {
    return memcmp(x->data, y->data, x->var.length * x->item_bytes) == 0;
  }
  for (size_t i = 0; i < x->var.length; i++) {
    if (!(doubles_of(x)[i] == doubles_of(y)[i])) { /* NaN equals nothing */
      return 0;
    }
  }
  return 1;
}

/* Arrays of different kinds compare as what their items are. */
enum pmm_status pmmi_array_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                  int *equal) {
  assert(equal != NULL);
  const struct pmmi_buffer *x = as_buffer(a);
  const struct pmmi_buffer *y = as_buffer(b);
  size_t n = x->var.length;
  *equal = n == y->var.length && is_byte_array(a) == is_byte_array(b);
  if (!*equal || n == 0) {
    return PMM_OK;
  }
  if (x->kind == y->kind) {
    *equal = same_items(x, y);
    return PMM_OK;
  }
  enum pmm_status status = PMM_OK;
  for (size_t i = 0; i < n && *equal && status == PMM_OK; i++) {
    pmm_obj *p = pmmi_array_item(rt, a, i);
    pmm_obj *q = p != NULL ? pmmi_array_item(rt, b, i) : NULL;
    status = q != NULL ? pmmi_equals(rt, p, q, equal) : pmmi_error(rt);
    pmmi_xrelease(rt, q);
    pmmi_xrelease(rt, p);
  }
  return status;
}

static void add_item(struct pmmi_text *text, pmm_rt *rt, const pmm_obj *array,
                     size_t index) {
  assert(index < ((const struct pmmi_var *)array)->length);
  pmm_obj *item = text->failed ? NULL : pmmi_array_item(rt, array, index);
  if (item == NULL) {
    text->failed = 1;
    return;
  }
  pmmi_text_add_repr(text, item);
  pmmi_release(rt, item);
}

/* array('d', [1.0, 2.0]), or bytearray([1, 2]), which reads back as well as
 * CPython's bytearray(b'\x01\x02'). */
pmm_obj *pmmi_array_repr(pmm_rt *rt, pmm_obj *array) {
  static const char *const openings[] = {NULL, "array('b', [", "array('q', [",
                                         "array('d', ["};
  const struct pmmi_buffer *b = as_buffer(array);
  const char *opening =
      is_byte_array(array) ? "bytearray([" : openings[b->kind];
  struct pmmi_text text;
  pmmi_text_init(&text, rt);
  pmmi_text_add(&text, opening, strlen(opening));
  for (size_t i = 0; i < b->var.length; i++) {
    pmmi_text_add(&text, ", ", i > 0 ? 2 : 0);
    add_item(&text, rt, array, i);
  }
  pmmi_text_add(&text, "])", 2);
  return pmmi_text_finish(&text);
}
