/* SPDX-License-Identifier: MIT */
/*
 * str.h - strings and bytes.
 *
 *   byte 0        8        16       24       32       40          48
 *        +--------+--------+--------+--------+--------+-----------+--------
 *        | refcnt | type   | length | hash   | utf8   | kind, ... | chars 0
 *        +--------+--------+--------+--------+--------+-----------+--------
 *        | refcnt | type   | length | hash   | bytes 0                bytes
 *        +--------+--------+--------+--------+--------
 *
 *   1. A string holds 1, 2 or 4 bytes a character, as its largest code point
 *      asks, and a 0 behind the last (PEP 393).  One header serves all kinds.
 *   2. The empty string, the strings of one character below U+0100, the empty
 *      bytes and the 256 single bytes are immortal and never made twice.
 *   3. The UTF-8 form of a string that is not ASCII is made when asked for,
 *      kept in a block of its own and freed with the string.
 *   4. The intern table holds no reference: an interned string takes itself
 *      out when it dies.
 *
 * Invariant: `kind` is the smallest that fits, `ascii` tells whether all
 * characters are below U+0080, and no second object equals a shared one.
 *
 * Source: CPython 3.11 Objects/unicodeobject.c, PEP 393.
 */
#ifndef PMMI_STR_H
#define PMMI_STR_H

#include "core/object.h"
#include "types/bytes.h"
#include "types/intern.h"
#include "types/str_build.h"

/** The UTF-8 form of a string that is not ASCII. */
struct pmmi_utf8 {
  size_t size;  /* bytes, the 0 behind them not counted                     */
  char text[8]; /* more in a block made for it                              */
};

struct pmmi_str {
  struct pmmi_var var;    /* length: characters                             */
  int64_t hash;           /* -1: not computed yet                           */
  struct pmmi_utf8 *utf8; /* owned; NULL: not made, or ASCII                */
  uint8_t kind;           /* bytes a character: 1, 2 or 4                   */
  uint8_t ascii;          /* 1: all characters are below U+0080             */
  uint8_t interned;       /* 1: the intern table knows it                   */
  uint8_t unused[5];
  unsigned char chars[];  /* kind * (length + 1) bytes                      */
};

static_assert(offsetof(struct pmmi_str, chars) == 48, "the drawing above");

/** Room for a shared string of at most one character; only seen as a struct
 *  pmmi_str. */
struct pmmi_str_room {
  _Alignas(16) unsigned char memory[64];
};

struct pmmi_strs {
  struct pmmi_str_room empty;
  struct pmmi_str_room latin1[256];
  struct pmmi_utf8 latin1_utf8[128]; /* of U+0080 .. U+00FF                 */
  struct pmmi_bytes_room empty_bytes;
  struct pmmi_bytes_room single[256];
  pmm_obj **interned;     /* open addressing, linear probing; borrowed      */
  size_t interned_room;   /* slots, a power of two; 0: no table             */
  size_t interned_count;  /* slots in use, at most half                     */
};

extern const struct pmmi_type pmmi_str_type;

/** Fill the shared objects.  Cannot fail. */
void pmmi_strs_init(pmm_rt *rt);

static inline int pmmi_is_str(const pmm_obj *o) {
  return o->type == &pmmi_str_type;
}

/** Code point `index` of the string. */
static inline uint32_t pmmi_str_at(const struct pmmi_str *s, size_t index) {
  assert(index < s->var.length);
  switch (s->kind) {
  case 1:
    return s->chars[index];
  case 2:
    return ((const uint16_t *)(const void *)s->chars)[index];
  default:
    return ((const uint32_t *)(const void *)s->chars)[index];
  }
}

/** The empty string. */
pmm_obj *pmmi_str_empty(pmm_rt *rt);

/** A string of `length` > 0 characters up to `largest`, which the caller
 *  fills and then passes through pmmi_str_share(). */
struct pmmi_str *pmmi_str_alloc(pmm_rt *rt, size_t length, uint32_t largest);

/** The string, or the shared object of its value in its place; steals. */
pmm_obj *pmmi_str_share(pmm_rt *rt, struct pmmi_str *s);

/** Store a code point that fits the string's kind. */
void pmmi_str_put(struct pmmi_str *s, size_t index, uint32_t code);

/** Copy all characters of `from` to `to` at `index`; to->kind is not
 *  smaller. */
void pmmi_str_copy(struct pmmi_str *to, size_t index,
                   const struct pmmi_str *from);

/** A bound of the code points by kind: U+007F, U+00FF, U+FFFF or U+10FFFF. */
uint32_t pmmi_str_bound(const struct pmmi_str *s);

/** The string of one character. */
pmm_obj *pmmi_str_char(pmm_rt *rt, uint32_t code);

/** Order of two strings: below, at or above 0. */
int pmmi_str_order(const pmm_obj *a, const pmm_obj *b);

/** Give back the UTF-8 form, if there is one. */
void pmmi_str_drop_utf8(pmm_rt *rt, struct pmmi_str *s);

/** The hash of a string, computed once.  Cannot fail. */
int64_t pmmi_str_hash(struct pmmi_str *s);

/** The hash of `size` bytes; never -1. */
int64_t pmmi_hash_bytes(const void *data, size_t size);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_str_new(pmm_rt *rt, const char *utf8, size_t size);
const char *pmmi_str_utf8(pmm_rt *rt, pmm_obj *str, size_t *size);

#endif /* PMMI_STR_H */
