/* SPDX-License-Identifier: MIT */
/* str.c - what a string is; idea, drawing and invariant: str.h. */
#include "types/str.h"

#include <string.h>

#include "types/iter.h"
#include "types/text_builder.h"
#include "types/types_state.h"
#include "types/utf8.h"

#define HEADER offsetof(struct pmmi_str, chars)

static size_t str_block_size(const pmm_obj *o) {
  const struct pmmi_str *s = (const struct pmmi_str *)o;
  return HEADER + (s->var.length + 1) * s->kind;
}

static size_t utf8_block_size(size_t size) {
  assert(size < PTRDIFF_MAX);
  return offsetof(struct pmmi_utf8, text) + size + 1;
}

/* ---- making and dying ---------------------------------------------------- */

static uint8_t kind_for(uint32_t largest) {
  return largest < 0x100 ? 1 : largest < 0x10000 ? 2 : 4;
}

static struct pmmi_str *str_in(struct pmmi_str_room *room) {
  return (struct pmmi_str *)(void *)room->memory;
}

pmm_obj *pmmi_str_empty(pmm_rt *rt) {
  return &str_in(&pmmi_strs_of(rt)->empty)->var.base;
}

static pmm_obj *latin1(pmm_rt *rt, uint32_t code) {
  assert(code < 0x100);
  return &str_in(&pmmi_strs_of(rt)->latin1[code])->var.base;
}

static void init_shared(struct pmmi_str *s, size_t length,
                        unsigned char code) {
  assert(length <= 1);
  s->var.base.refcnt = PMMI_IMMORTAL;
  s->var.base.type = &pmmi_str_type;
  s->var.length = length;
  s->hash = -1;
  s->kind = 1;
  s->ascii = code < 0x80;
  s->chars[0] = code;
}

void pmmi_strs_init(pmm_rt *rt) {
  struct pmmi_strs *strs = pmmi_strs_of(rt);
  init_shared(str_in(&strs->empty), 0, 0);
  for (unsigned code = 0; code < 256; code++) {
    struct pmmi_str *s = str_in(&strs->latin1[code]);
    init_shared(s, 1, (unsigned char)code);
    if (code >= 0x80) {
      struct pmmi_utf8 *utf8 = &strs->latin1_utf8[code - 0x80];
      utf8->size = pmmi_utf8_encode(code, utf8->text);
      s->utf8 = utf8;
    }
  }
  pmmi_bytes_init(rt);
}

struct pmmi_str *pmmi_str_alloc(pmm_rt *rt, size_t length, uint32_t largest) {
  assert(length > 0);
  uint8_t kind = kind_for(largest);
  size_t size;
  struct pmmi_str *s = NULL;
  if (length < PTRDIFF_MAX && pmmi_size_fits(length + 1, kind, HEADER, &size)) {
    s = pmmi_alloc(rt, size);
  }
  if (s == NULL) {
    (void)pmmi_fail(rt, PMM_NO_MEMORY, "no memory for a string");
    return NULL;
  }
  memset(s, 0, HEADER);
  pmmi_object_init(rt, &s->var.base, &pmmi_str_type);
  s->var.length = length;
  s->hash = -1;
  s->kind = kind;
  s->ascii = largest < 0x80;
  memset(s->chars + length * kind, 0, kind);
  return s;
}

void pmmi_str_drop_utf8(pmm_rt *rt, struct pmmi_str *s) {
  assert(pmmi_is_str(&s->var.base));
  if (s->utf8 != NULL) {
    pmmi_mem_free(rt, s->utf8, utf8_block_size(s->utf8->size));
    s->utf8 = NULL;
  }
}

static void str_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  struct pmmi_str *s = (struct pmmi_str *)o;
  if (s->interned) {
    pmmi_str_forget(rt, s);
  }
  pmmi_str_drop_utf8(rt, s);
  pmmi_memory_of(rt)->objects--;
  pmmi_free(rt, s, str_block_size(o));
}

pmm_obj *pmmi_str_share(pmm_rt *rt, struct pmmi_str *s) {
  assert(s->var.length > 0 && s->var.base.refcnt == 1);
  if (s->var.length > 1 || s->kind > 1) {
    return &s->var.base;
  }
  pmm_obj *shared = latin1(rt, s->chars[0]);
  pmmi_release(rt, &s->var.base);
  return shared;
}

pmm_obj *pmmi_str_char(pmm_rt *rt, uint32_t code) {
  if (code < 0x100) {
    return latin1(rt, code);
  }
  struct pmmi_str *s = pmmi_str_alloc(rt, 1, code);
  if (s == NULL) {
    return NULL;
  }
  pmmi_str_put(s, 0, code);
  return &s->var.base;
}

/* ---- characters ---------------------------------------------------------- */

void pmmi_str_put(struct pmmi_str *s, size_t index, uint32_t code) {
  assert(index < s->var.length);
  assert(kind_for(code) <= s->kind);
  switch (s->kind) {
  case 1:
    s->chars[index] = (unsigned char)code;
    break;
  case 2:
    ((uint16_t *)(void *)s->chars)[index] = (uint16_t)code;
    break;
  default:
    ((uint32_t *)(void *)s->chars)[index] = code;
  }
}

void pmmi_str_copy(struct pmmi_str *to, size_t index,
                   const struct pmmi_str *from) {
  assert(index + from->var.length <= to->var.length);
  assert(to->kind >= from->kind);
  size_t n = from->var.length;
  if (to->kind == from->kind) {
    memcpy(to->chars + index * to->kind, from->chars, n * from->kind);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    pmmi_str_put(to, index + i, pmmi_str_at(from, i));
  }
}

uint32_t pmmi_str_bound(const struct pmmi_str *s) {
  if (s->ascii) {
    return 0x7f;
  }
  return s->kind == 1 ? 0xff : s->kind == 2 ? 0xffff : 0x10ffff;
}

/* ---- UTF-8 --------------------------------------------------------------- */

/* Count the characters and find the largest; 0 when the text is no UTF-8. */
static int measure(const unsigned char *text, size_t size, size_t *length,
                   uint32_t *largest) {
  *length = 0;
  *largest = 0;
  for (size_t at = 0, n; at < size; at += n) {
    uint32_t code;
    n = pmmi_utf8_decode(text + at, size - at, &code);
    if (n == 0) {
      return 0;
    }
    *largest = code > *largest ? code : *largest;
    ++*length;
  }
  return 1;
}

pmm_obj *pmmi_str_new(pmm_rt *rt, const char *utf8, size_t size) {
  assert(size == 0 || utf8 != NULL);
  const unsigned char *text = (const unsigned char *)utf8;
  size_t length;
  uint32_t largest;
  if (!measure(text, size, &length, &largest)) {
    return pmmi_fail_null(rt, PMM_VALUE, "invalid UTF-8");
  }
  if (length == 0) {
    return pmmi_str_empty(rt);
  }
  if (length == 1) {
    return pmmi_str_char(rt, largest);
  }
  struct pmmi_str *s = pmmi_str_alloc(rt, length, largest);
  if (s == NULL) {
    return NULL;
  }
  if (s->ascii) {
    memcpy(s->chars, text, size);
    return &s->var.base;
  }
  for (size_t i = 0, at = 0; i < length; i++) {
    uint32_t code = 0;
    at += pmmi_utf8_decode(text + at, size - at, &code);
    pmmi_str_put(s, i, code);
  }
  return &s->var.base;
}

static size_t utf8_size(const struct pmmi_str *s) {
  size_t size = 0;
  for (size_t i = 0; i < s->var.length; i++) {
    size += pmmi_utf8_width(pmmi_str_at(s, i));
  }
  return size;
}

static enum pmm_status make_utf8(pmm_rt *rt, struct pmmi_str *s) {
  assert(s->utf8 == NULL && !s->ascii);
  size_t size = utf8_size(s);
  struct pmmi_utf8 *utf8 = pmmi_mem_alloc(rt, utf8_block_size(size));
  if (utf8 == NULL) {
    return pmmi_fail(rt, PMM_NO_MEMORY, "no memory for a string's UTF-8");
  }
  utf8->size = size;
  char *at = utf8->text;
  for (size_t i = 0; i < s->var.length; i++) {
    at += pmmi_utf8_encode(pmmi_str_at(s, i), at);
  }
  *at = '\0';
  s->utf8 = utf8;
  return PMM_OK;
}

const char *pmmi_str_utf8(pmm_rt *rt, pmm_obj *str, size_t *size) {
  assert(size != NULL);
  if (!pmmi_is_str(str)) {
    (void)pmmi_fail(rt, PMM_TYPE, "not a str");
    return NULL;
  }
  struct pmmi_str *s = (struct pmmi_str *)str;
  if (s->ascii) {
    *size = s->var.length;
    return (const char *)s->chars;
  }
  if (s->utf8 == NULL && make_utf8(rt, s) != PMM_OK) {
    return NULL;
  }
  *size = s->utf8->size;
  return s->utf8->text;
}

static size_t str_owned_bytes(pmm_obj *o) {
  assert(pmmi_is_str(o));
  const struct pmmi_str *s = (const struct pmmi_str *)o;
  return s->utf8 != NULL ? utf8_block_size(s->utf8->size) : 0;
}

/* ---- comparison and text ------------------------------------------------- */

static enum pmm_status str_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                  int *equal) {
  assert(pmmi_is_str(a) && pmmi_is_str(b));
  (void)rt;
  const struct pmmi_str *s = (const struct pmmi_str *)a;
  const struct pmmi_str *t = (const struct pmmi_str *)b;
  *equal = s->var.length == t->var.length && s->kind == t->kind &&
           memcmp(s->chars, t->chars, s->var.length * s->kind) == 0;
  return PMM_OK;
}

int pmmi_str_order(const pmm_obj *a, const pmm_obj *b) {
  assert(pmmi_is_str(a) && pmmi_is_str(b));
  const struct pmmi_str *s = (const struct pmmi_str *)a;
  const struct pmmi_str *t = (const struct pmmi_str *)b;
  size_t n = s->var.length < t->var.length ? s->var.length : t->var.length;
  for (size_t i = 0; i < n; i++) {
    uint32_t x = pmmi_str_at(s, i);
    uint32_t y = pmmi_str_at(t, i);
    if (x != y) {
      return x < y ? -1 : 1;
    }
  }
  return (s->var.length > t->var.length) - (s->var.length < t->var.length);
}

/* FNV-1a by words of 8 bytes, then mixed, as the tables use the low bits. */
int64_t pmmi_hash_bytes(const void *data, size_t size) {
  assert(size == 0 || data != NULL);
  const unsigned char *at = data;
  uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ size;
  for (; size > 0; at += 8) {
    uint64_t word = 0;
    size_t n = size < 8 ? size : 8;
    memcpy(&word, at, n);
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 29;
    size -= n;
  }
  hash ^= hash >> 32;
  return (int64_t)hash == -1 ? -2 : (int64_t)hash;
}

int64_t pmmi_str_hash(struct pmmi_str *s) {
  assert(pmmi_is_str(&s->var.base));
  if (s->hash == -1) {
    s->hash = pmmi_hash_bytes(s->chars, s->var.length * s->kind);
  }
  return s->hash;
}

static enum pmm_status str_hash(pmm_rt *rt, pmm_obj *o, int64_t *hash) {
  assert(hash != NULL);
  (void)rt;
  *hash = pmmi_str_hash((struct pmmi_str *)o);
  return PMM_OK;
}

static pmm_obj *str_repr(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_is_str(o));
  const struct pmmi_str *s = (const struct pmmi_str *)o;
  struct pmmi_text text;
  pmmi_text_init(&text, rt);
  uint32_t quote = '\'';
  for (size_t i = 0; i < s->var.length; i++) {
    uint32_t code = pmmi_str_at(s, i);
    if (code == '"') {
      quote = '\'';
      break;
    }
    quote = code == '\'' ? '"' : quote;
  }
  pmmi_text_add_code(&text, quote);
  for (size_t i = 0; i < s->var.length; i++) {
    pmmi_text_add_escaped(&text, pmmi_str_at(s, i), quote);
  }
  pmmi_text_add_code(&text, quote);
  return pmmi_text_finish(&text);
}

static size_t str_length(pmm_obj *o) { return ((struct pmmi_var *)o)->length; }

const struct pmmi_type pmmi_str_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "str",
    .basic_size = HEADER,
    .flags = PMMI_TYPE_ATOM,
    .dealloc = str_dealloc,
    .equals = str_equals,
    .hash = str_hash,
    .repr = str_repr,
    .length = str_length,
    .iter = pmmi_sequence_iter,
    .owned_bytes = str_owned_bytes,
    .block_size = str_block_size,
};
