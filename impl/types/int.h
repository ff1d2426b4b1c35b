/* SPDX-License-Identifier: MIT */
/*
 * int.h - integers of any width, None, True, False and floats.
 *
 *   byte 0        8        16       24     28
 *        +--------+--------+--------+------+------
 *        | refcnt | type   | digits | 30 b | ...     int, bool
 *        +--------+--------+--------+------+------
 *        | refcnt | type   | double |                float
 *        +--------+--------+--------+
 *
 *   1. A value is sign and magnitude, the magnitude in 30-bit digits, least
 *      significant first; `digits` is their number, negative for a negative
 *      value.  Zero has one digit.
 *   2. The ints from PMMI_INT_MIN_CACHED to PMMI_INT_MAX_CACHED, None, True
 *      and False are immortal and never made twice.
 *
 * Invariant: no leading zero digit, save that of zero; a value in the cached
 * range is the cached object.
 *
 * Source: CPython 3.11 Objects/longobject.c, Include/cpython/longintrepr.h.
 */
#ifndef PMMI_INT_H
#define PMMI_INT_H

#include "core/object.h"
#include "types/number.h"

#define PMMI_INT_MIN_CACHED (-5)
#define PMMI_INT_MAX_CACHED 256
#define PMMI_INT_CACHED (PMMI_INT_MAX_CACHED - PMMI_INT_MIN_CACHED + 1)

#define PMMI_DIGIT_BITS 30

struct pmmi_int {
  pmm_obj base;
  int64_t digits;   /* how many; negative: the value is                     */
  uint32_t digit[]; /* 30 bits each, least significant first                */
};

struct pmmi_float {
  pmm_obj base;
  double value;
};

static_assert(offsetof(struct pmmi_int, digit) == 24, "the drawing above");
static_assert(sizeof(struct pmmi_float) == 24, "the drawing above");

/** Room for an int of one digit; only seen as a struct pmmi_int. */
struct pmmi_int_room {
  _Alignas(16) unsigned char bytes[32];
};

struct pmmi_ints {
  struct pmmi_int_room small[PMMI_INT_CACHED];
};

extern const struct pmmi_type pmmi_int_type;
extern const struct pmmi_type pmmi_bool_type;

static inline size_t pmmi_int_digit_count(const struct pmmi_int *i) {
  return (size_t)(i->digits < 0 ? -i->digits : i->digits);
}

/** Bytes of an int of `n` digits. */
static inline size_t pmmi_int_size(size_t n) {
  return offsetof(struct pmmi_int, digit) + n * sizeof(uint32_t);
}

/** Bytes of the block of an int. */
static inline size_t pmmi_int_block_bytes(const pmm_obj *o) {
  return pmmi_int_size(pmmi_int_digit_count((const struct pmmi_int *)o));
}

/** Fill the cache.  Cannot fail. */
void pmmi_ints_init(pmm_rt *rt);

static inline int pmmi_is_int(const pmm_obj *o) {
  return o->type == &pmmi_int_type || o->type == &pmmi_bool_type;
}

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_boolean(pmm_rt *rt, int truth);
pmm_obj *pmmi_int_new(pmm_rt *rt, int64_t value);
pmm_obj *pmmi_int_parse(pmm_rt *rt, const char *text);
enum pmm_status pmmi_int_value(pmm_rt *rt, pmm_obj *o, int64_t *value);

#endif /* PMMI_INT_H */
