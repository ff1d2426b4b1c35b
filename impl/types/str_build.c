/* SPDX-License-Identifier: MIT */
/*
 * str_build.c - strings made from strings.
 *
 * What would equal one of its inputs is that input with one more reference.
 * Everything else is one allocation of the exact size, whose kind comes from
 * the characters that are really in it, so that str.h's invariant holds.
 *
 * Source: CPython 3.11 Objects/unicodeobject.c (PyUnicode_Append,
 * _PyUnicode_JoinArray, do_strip).
 */
#include "types/str_build.h"

#include <string.h>

#include "types/iter.h"
#include "types/str.h"
#include "types/text_builder.h"
#include "types/types_state.h"

#define HEADER offsetof(struct pmmi_str, chars)

static pmm_obj *refuse(pmm_rt *rt) {
  return pmmi_fail_null(rt, PMM_TYPE, "not a str");
}

static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

/* The largest code point of a range. */
static uint32_t largest_in(const struct pmmi_str *s, size_t from, size_t to) {
  assert(from <= to && to <= s->var.length);
  uint32_t largest = 0;
  for (size_t i = from; i < to; i++) {
    largest = larger(largest, pmmi_str_at(s, i));
  }
  return largest;
}

pmm_obj *pmmi_str_slice(pmm_rt *rt, pmm_obj *str, size_t from, size_t to) {
  if (!pmmi_is_str(str)) {
    return refuse(rt);
  }
  const struct pmmi_str *s = (const struct pmmi_str *)str;
  pmmi_clamp_range(s->var.length, &from, &to);
  size_t n = to - from;
  if (n == s->var.length) {
    return pmmi_new_reference(rt, str);
  }
  if (n < 2) {
    return n == 0 ? pmmi_str_empty(rt)
                  : pmmi_str_char(rt, pmmi_str_at(s, from));
  }
  struct pmmi_str *part = pmmi_str_alloc(
      rt, n, s->ascii ? pmmi_str_bound(s) : largest_in(s, from, to));
  if (part == NULL) {
    return NULL;
  }
  if (part->kind == s->kind) {
    memcpy(part->chars, s->chars + from * s->kind, n * s->kind);
  } else {
    for (size_t i = 0; i < n; i++) {
      pmmi_str_put(part, i, pmmi_str_at(s, from + i));
    }
  }
  return &part->var.base;
}

pmm_obj *pmmi_str_concat(pmm_rt *rt, pmm_obj *a, pmm_obj *b) {
  if (!pmmi_is_str(a) || !pmmi_is_str(b)) {
    return refuse(rt);
  }
  const struct pmmi_str *s = (const struct pmmi_str *)a;
  const struct pmmi_str *t = (const struct pmmi_str *)b;
  if (s->var.length == 0 || t->var.length == 0) {
    return pmmi_new_reference(rt, s->var.length == 0 ? b : a);
  }
  struct pmmi_str *sum =
      pmmi_str_alloc(rt, s->var.length + t->var.length,
                     larger(pmmi_str_bound(s), pmmi_str_bound(t)));
  if (sum == NULL) {
    return NULL;
  }
  pmmi_str_copy(sum, 0, s);
  pmmi_str_copy(sum, s->var.length, t);
  return &sum->var.base;
}

/* ---- append -------------------------------------------------------------- */

/* Nobody else may see the left operand, and its characters must be wide
 * enough for the right one's. */
static int can_append_in_place(const struct pmmi_str *s,
                               const struct pmmi_str *t) {
  return s != t && s->var.base.refcnt == 1 && !s->interned &&
         s->kind >= t->kind && s->var.length > 0 && t->var.length > 0;
}

static struct pmmi_str *append_in_place(pmm_rt *rt, struct pmmi_str *s,
                                        const struct pmmi_str *t) {
  assert(s != t && s->var.base.refcnt == 1);
  size_t old_length = s->var.length;
  size_t old_size = HEADER + (old_length + 1) * s->kind;
  size_t new_size;
  if (s->utf8 != NULL) {
    pmmi_str_drop_utf8(rt, s);
  }
  if (!pmmi_size_fits(t->var.length, s->kind, old_size, &new_size)) {
    return NULL;
  }
  s = pmmi_realloc(rt, s, old_size, new_size);
  if (s == NULL) {
    return NULL;
  }
  s->var.length = old_length + t->var.length;
  s->hash = -1;
  s->ascii = s->ascii && t->ascii;
  pmmi_str_copy(s, old_length, t);
  memset(s->chars + s->var.length * s->kind, 0, s->kind);
  return s;
}

enum pmm_status pmmi_str_append(pmm_rt *rt, pmm_obj **left, pmm_obj *right) {
  assert(left != NULL);
  pmm_obj *sum;
  struct pmmi_str *s = (struct pmmi_str *)*left;
  const struct pmmi_str *t = (const struct pmmi_str *)right;
  if (pmmi_is_str(*left) && pmmi_is_str(right) && can_append_in_place(s, t)) {
    sum = (pmm_obj *)append_in_place(rt, s, t);
    if (sum != NULL) {
      *left = sum;
      return PMM_OK;
    }
    (void)pmmi_fail(rt, PMM_NO_MEMORY, "no memory for a string");
  } else {
    sum = pmmi_str_concat(rt, *left, right);
  }
  pmm_obj *old = *left;
  *left = sum;
  pmmi_release(rt, old);
  return pmmi_error(rt);
}

/* ---- repeat, strip ------------------------------------------------------- */

pmm_obj *pmmi_str_repeat(pmm_rt *rt, pmm_obj *str, int64_t count) {
  if (!pmmi_is_str(str)) {
    return refuse(rt);
  }
  const struct pmmi_str *s = (const struct pmmi_str *)str;
  if (count <= 0 || s->var.length == 0) {
    return pmmi_str_empty(rt);
  }
  if (count == 1) {
    return pmmi_new_reference(rt, str);
  }
  size_t length;
  if (!pmmi_size_fits(s->var.length, (size_t)count, 0, &length)) {
    return pmmi_fail_null(rt, PMM_NO_MEMORY, "repeated string is too long");
  }
  struct pmmi_str *product = pmmi_str_alloc(rt, length, pmmi_str_bound(s));
  if (product == NULL) {
    return NULL;
  }
  for (size_t at = 0; at < length; at += s->var.length) {
    pmmi_str_copy(product, at, s);
  }
  return &product->var.base;
}

static int is_space(uint32_t code) {
  return (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x20) ||
         code == 0x85 || code == 0xa0 || code == 0x1680 ||
         (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
         code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

pmm_obj *pmmi_str_strip(pmm_rt *rt, pmm_obj *str) {
  if (!pmmi_is_str(str)) {
    return refuse(rt);
  }
  const struct pmmi_str *s = (const struct pmmi_str *)str;
  size_t from = 0;
  size_t to = s->var.length;
  while (from < to && is_space(pmmi_str_at(s, from))) {
    from++;
  }
  while (to > from && is_space(pmmi_str_at(s, to - 1))) {
    to--;
  }
  return pmmi_str_slice(rt, str, from, to);
}

/* ---- join ---------------------------------------------------------------- */

/* What a join will be: characters in all, and their bound. */
struct extent {
  size_t length;
  uint32_t bound;
};

static enum pmm_status add_piece(pmm_rt *rt, struct extent *all,
                                 const pmm_obj *piece) {
  assert(piece != NULL);
  if (!pmmi_is_str(piece)) {
    return pmmi_fail(rt, PMM_TYPE, "only strings can be joined");
  }
  const struct pmmi_str *s = (const struct pmmi_str *)piece;
  if (__builtin_add_overflow(all->length, s->var.length, &all->length)) {
    return pmmi_fail(rt, PMM_NO_MEMORY, "joined string is too long");
  }
  all->bound = larger(all->bound, pmmi_str_bound(s));
  return PMM_OK;
}

static enum pmm_status measure(pmm_rt *rt, const pmm_obj *separator,
                               pmm_obj *const *items, size_t n,
                               struct extent *all) {
  assert(n == 0 || items != NULL);
  *all = (struct extent){0, 0};
  enum pmm_status status = PMM_OK;
  for (size_t i = 0; i < n && status == PMM_OK; i++) {
    status = add_piece(rt, all, items[i]);
    if (status == PMM_OK && i + 1 < n) {
      status = add_piece(rt, all, separator);
    }
  }
  return status;
}

static pmm_obj *join_items(pmm_rt *rt, pmm_obj *separator,
                           pmm_obj *const *items, size_t n) {
  assert(pmmi_is_str(separator));
  struct extent all;
  if (measure(rt, separator, items, n, &all) != PMM_OK) {
    return NULL;
  }
  if (all.length == 0 || n == 1) {
    return n == 1 ? pmmi_new_reference(rt, items[0]) : pmmi_str_empty(rt);
  }
  struct pmmi_str *sum = pmmi_str_alloc(rt, all.length, all.bound);
  if (sum == NULL) {
    return NULL;
  }
  const struct pmmi_str *between = (const struct pmmi_str *)separator;
  for (size_t i = 0, at = 0; i < n; i++) {
    const struct pmmi_str *piece = (const struct pmmi_str *)items[i];
    pmmi_str_copy(sum, at, piece);
    at += piece->var.length;
    if (i + 1 < n) {
      pmmi_str_copy(sum, at, between);
      at += between->var.length;
    }
  }
  return pmmi_str_share(rt, sum);
}

/* Nothing here runs code once the items are at hand, so a list stays still. */
pmm_obj *pmmi_str_join(pmm_rt *rt, pmm_obj *separator, pmm_obj *iterable) {
  if (!pmmi_is_str(separator)) {
    return refuse(rt);
  }
  struct pmmi_items items;
  if (pmmi_items_get(rt, iterable, &items) != PMM_OK) {
    return NULL;
  }
  pmm_obj *sum = join_items(rt, separator, items.at, items.n);
  pmmi_items_drop(rt, &items);
  return sum;
}

/* ---- conversion ---------------------------------------------------------- */

/* No type here has a text other than its repr. */
pmm_obj *pmmi_str_convert(pmm_rt *rt, pmm_obj *o) {
  return pmmi_is_str(o) ? pmmi_new_reference(rt, o) : pmmi_repr(rt, o);
}
