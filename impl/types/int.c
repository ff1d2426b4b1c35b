/* SPDX-License-Identifier: MIT */
/* int.c - integers; idea, drawing, invariant and source: int.h. */
#include "types/int.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "types/str.h"
#include "types/types_state.h"

#define DIGIT_MASK ((UINT32_C(1) << PMMI_DIGIT_BITS) - 1)

/* Base of the decimal text: the largest power of ten in a digit. */
#define DECIMAL_BASE UINT32_C(1000000000)
#define DECIMAL_DIGITS 9

/* Modulus of numeric hashes: equal numbers of all types hash alike. */
#define HASH_BITS 61
#define HASH_MODULUS ((UINT64_C(1) << HASH_BITS) - 1)

/* A new int of `n` digits that the caller fills. */
static struct pmmi_int *int_alloc(pmm_rt *rt, size_t n) {
  assert(n > 0);
  struct pmmi_int *i = NULL;
  if (n <= PTRDIFF_MAX / sizeof(uint32_t) - 8) {
    i = pmmi_alloc(rt, pmmi_int_size(n));
  }
  if (i == NULL) {
    (void)pmmi_fail(rt, PMM_NO_MEMORY, "no memory for an int");
    return NULL;
  }
  pmmi_object_init(rt, &i->base, &pmmi_int_type);
  i->digits = (int64_t)n;
  return i;
}

static void int_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0 && o->type == &pmmi_int_type);
  pmmi_memory_of(rt)->objects--;
  pmmi_free(rt, o, pmmi_int_block_bytes(o));
}

static int is_cached(int64_t value) {
  return value >= PMMI_INT_MIN_CACHED && value <= PMMI_INT_MAX_CACHED;
}

static struct pmmi_int *small_int(pmm_rt *rt, int64_t value) {
  assert(is_cached(value));
  return (struct pmmi_int *)(void *)
      pmmi_ints_of(rt)->small[value - PMMI_INT_MIN_CACHED].bytes;
}

void pmmi_ints_init(pmm_rt *rt) {
  for (int64_t v = PMMI_INT_MIN_CACHED; v <= PMMI_INT_MAX_CACHED; v++) {
    struct pmmi_int *i = small_int(rt, v);
    i->base.refcnt = PMMI_IMMORTAL;
    i->base.type = &pmmi_int_type;
    i->digits = v < 0 ? -1 : 1;
    i->digit[0] = (uint32_t)(v < 0 ? -v : v);
  }
}

pmm_obj *pmmi_int_new(pmm_rt *rt, int64_t value) {
  if (is_cached(value)) {
    return &small_int(rt, value)->base;
  }
  uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  size_t n = magnitude >> PMMI_DIGIT_BITS == 0         ? 1
             : magnitude >> (2 * PMMI_DIGIT_BITS) == 0 ? 2
                                                       : 3;
  struct pmmi_int *i = int_alloc(rt, n);
  if (i == NULL) {
    return NULL;
  }
  for (size_t k = 0; k < n; k++) {
    i->digit[k] = (uint32_t)magnitude & DIGIT_MASK;
    magnitude >>= PMMI_DIGIT_BITS;
  }
  if (value < 0) {
    i->digits = -i->digits;
  }
  return &i->base;
}

enum pmm_status pmmi_int_value(pmm_rt *rt, pmm_obj *o, int64_t *value) {
  assert(value != NULL);
  if (!pmmi_is_int(o)) {
    return pmmi_fail(rt, PMM_TYPE, "not an int");
  }
  const struct pmmi_int *i = (const struct pmmi_int *)o;
  size_t n = pmmi_int_digit_count(i);
  uint64_t magnitude = 0;
  int wide = n > 3 || (n == 3 && i->digit[2] >> 4 != 0);
  for (size_t k = wide ? 0 : n; k-- > 0;) {
    magnitude = magnitude << PMMI_DIGIT_BITS | i->digit[k];
  }
  uint64_t limit = (uint64_t)INT64_MAX + (i->digits < 0);
  if (wide || magnitude > limit) {
    return pmmi_fail(rt, PMM_OVERFLOW, "int is wider than 64 bits");
  }
  *value = (int64_t)(i->digits < 0 ? 0 - magnitude : magnitude);
  return PMM_OK;
}

/* ---- decimal text -------------------------------------------------------- */

/* i = i * factor + addend; its digits are allocated and may be 0 above. */
static void multiply_add(struct pmmi_int *i, size_t n, uint32_t factor,
                         uint32_t addend) {
  assert(factor > 0 && addend < factor);
  uint64_t carry = addend;
  for (size_t k = 0; k < n; k++) {
    carry += (uint64_t)i->digit[k] * factor;
    i->digit[k] = (uint32_t)carry & DIGIT_MASK;
    carry >>= PMMI_DIGIT_BITS;
  }
  assert(carry == 0);
}

static void read_decimal(struct pmmi_int *i, size_t n, const char *text) {
  assert(n > 0);
  memset(i->digit, 0, n * sizeof(uint32_t));
  for (; *text != '\0'; text++) {
    multiply_add(i, n, 10, (uint32_t)(*text - '0'));
  }
}

/* Text of at most 18 digits fits 64 bits; it may name a cached int. */
static pmm_obj *parse_short(pmm_rt *rt, const char *text, int negative) {
  assert(*text != '\0');
  int64_t value = 0;
  for (; *text != '\0'; text++) {
    value = value * 10 + (*text - '0');
  }
  return pmmi_int_new(rt, negative ? -value : value);
}

/* A digit of 30 bits holds more than 9 decimals, so n / 9 + 1 are enough;
 * the block is then cut to what the value needs. */
static pmm_obj *parse_long(pmm_rt *rt, const char *text, size_t length,
                           int negative) {
  assert(length > 18);
  size_t room = length / DECIMAL_DIGITS + 1;
  struct pmmi_int *i = int_alloc(rt, room);
  if (i == NULL) {
    return NULL;
  }
  read_decimal(i, room, text);
  size_t n = room;
  while (n > 1 && i->digit[n - 1] == 0) {
    n--;
  }
  struct pmmi_int *exact = i;
  if (n < room) {
    exact = int_alloc(rt, n);
    if (exact != NULL) {
      memcpy(exact->digit, i->digit, n * sizeof(uint32_t));
    }
    pmmi_release(rt, &i->base);
  }
  if (exact != NULL && negative) {
    exact->digits = -exact->digits;
  }
  return (pmm_obj *)exact;
}

pmm_obj *pmmi_int_parse(pmm_rt *rt, const char *text) {
  assert(text != NULL);
  int negative = *text == '-';
  text += *text == '-' || *text == '+';
  size_t length = strspn(text, "0123456789");
  if (length == 0 || text[length] != '\0') {
    return pmmi_fail_null(rt, PMM_VALUE, "not a decimal number");
  }
  while (length > 1 && *text == '0') {
    text++;
    length--;
  }
  return length <= 18 ? parse_short(rt, text, negative)
                      : parse_long(rt, text, length, negative);
}

/* Divide the `n` digits in place; returns the remainder. */
static uint32_t divide(uint32_t *digit, size_t n, uint32_t divisor) {
  assert(divisor > 0);
  uint64_t rest = 0;
  for (size_t k = n; k-- > 0;) {
    rest = rest << PMMI_DIGIT_BITS | digit[k];
    digit[k] = (uint32_t)(rest / divisor);
    rest %= divisor;
  }
  return (uint32_t)rest;
}

/* Write the decimals of `digit` (destroyed) before `end`; returns the first. */
static char *write_decimal(uint32_t *digit, size_t n, char *end) {
  assert(n > 0);
  char *at = end;
  while (n > 0) {
    uint32_t part = divide(digit, n, DECIMAL_BASE);
    while (n > 0 && digit[n - 1] == 0) {
      n--;
    }
    for (int k = 0; k < DECIMAL_DIGITS && (n > 0 || part != 0); k++) {
      *--at = (char)('0' + part % 10);
      part /= 10;
    }
  }
  if (at == end) {
    *--at = '0';
  }
  return at;
}

/* One block holds a copy of the digits and behind it the text. */
static pmm_obj *int_repr(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_is_int(o));
  const struct pmmi_int *i = (const struct pmmi_int *)o;
  size_t n = pmmi_int_digit_count(i);
  size_t room = n * (sizeof(uint32_t) + DECIMAL_DIGITS + 1) + 2;
  uint32_t *work = pmmi_mem_alloc(rt, room);
  if (work == NULL) {
    return pmmi_fail_null(rt, PMM_NO_MEMORY, "no memory to print an int");
  }
  memcpy(work, i->digit, n * sizeof(uint32_t));
  char *end = (char *)work + room;
  char *at = write_decimal(work, n, end);
  if (i->digits < 0) {
    *--at = '-';
  }
  pmm_obj *text = pmmi_str_new(rt, at, (size_t)(end - at));
  pmmi_mem_free(rt, work, room);
  return text;
}

/* ---- comparison ---------------------------------------------------------- */

static enum pmm_status int_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                  int *equal) {
  assert(pmmi_is_int(a) && pmmi_is_int(b));
  (void)rt;
  *equal = pmmi_number_equals(a, b);
  return PMM_OK;
}

static enum pmm_status int_hash(pmm_rt *rt, pmm_obj *o, int64_t *hash) {
  assert(pmmi_is_int(o));
  (void)rt;
  const struct pmmi_int *i = (const struct pmmi_int *)o;
  uint64_t rest = 0;
  for (size_t k = pmmi_int_digit_count(i); k-- > 0;) {
    rest = (rest << PMMI_DIGIT_BITS & HASH_MODULUS) |
           rest >> (HASH_BITS - PMMI_DIGIT_BITS);
    rest += i->digit[k];
    rest = rest >= HASH_MODULUS ? rest - HASH_MODULUS : rest;
  }
  *hash = i->digits < 0 ? -(int64_t)rest : (int64_t)rest;
  *hash -= *hash == -1;
  return PMM_OK;
}

const struct pmmi_type pmmi_int_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "int",
    .basic_size = offsetof(struct pmmi_int, digit),
    .flags = PMMI_TYPE_ATOM | PMMI_TYPE_PLAIN,
    .dealloc = int_dealloc,
    .equals = int_equals,
    .equals_other = pmmi_number_equals,
    .hash = int_hash,
    .repr = int_repr,
    .block_size = pmmi_int_block_bytes,
};

/* ---- True and False: ints with names ------------------------------------- */

static pmm_obj *bool_repr(pmm_rt *rt, pmm_obj *o) {
  int truth = ((const struct pmmi_int *)o)->digit[0] != 0;
  return truth ? pmmi_str_new(rt, "True", 4) : pmmi_str_new(rt, "False", 5);
}

const struct pmmi_type pmmi_bool_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "bool",
    .basic_size = offsetof(struct pmmi_int, digit),
    .flags = PMMI_TYPE_ATOM,
    .equals = int_equals,
    .equals_other = pmmi_number_equals,
    .hash = int_hash,
    .repr = bool_repr,
    .block_size = pmmi_int_block_bytes,
};

/* As struct pmmi_int, with the one digit that static data can have. */
static struct {
  pmm_obj base;
  int64_t digits;
  uint32_t digit[2];
} booleans[2] = {
    {{PMMI_IMMORTAL, &pmmi_bool_type}, 1, {0, 0}},
    {{PMMI_IMMORTAL, &pmmi_bool_type}, 1, {1, 0}},
};

pmm_obj *pmmi_boolean(pmm_rt *rt, int truth) {
  (void)rt;
  return &booleans[truth != 0].base;
}
