/* SPDX-License-Identifier: MIT */
/* bytes.c - immutable bytes; drawing and invariant: str.h. */
#include "types/bytes.h"

#include <string.h>

#include "types/iter.h"
#include "types/str.h"
#include "types/text_builder.h"
#include "types/types_state.h"

#define HEADER offsetof(struct pmmi_bytes, bytes)

static size_t block_size(size_t size) { return HEADER + size + 1; }

static size_t bytes_block_size(const pmm_obj *o) {
  return block_size(((const struct pmmi_var *)o)->length);
}

static struct pmmi_bytes *bytes_in(struct pmmi_bytes_room *room) {
  return (struct pmmi_bytes *)(void *)room->memory;
}

static void init_shared(struct pmmi_bytes *b, size_t length,
                        unsigned char byte) {
  assert(length <= 1);
  b->var.base.refcnt = PMMI_IMMORTAL;
  b->var.base.type = &pmmi_bytes_type;
  b->var.length = length;
  b->hash = -1;
  b->bytes[0] = byte;
}

void pmmi_bytes_init(pmm_rt *rt) {
  init_shared(bytes_in(&pmmi_strs_of(rt)->empty_bytes), 0, 0);
  for (unsigned byte = 0; byte < 256; byte++) {
    init_shared(bytes_in(&pmmi_strs_of(rt)->single[byte]), 1,
                (unsigned char)byte);
  }
}

pmm_obj *pmmi_bytes_alloc(pmm_rt *rt, size_t size) {
  assert(size > 1);
  struct pmmi_bytes *b = NULL;
  if (size < PTRDIFF_MAX - HEADER) {
    b = pmmi_alloc(rt, block_size(size));
  }
  if (b == NULL) {
    return pmmi_fail_null(rt, PMM_NO_MEMORY, "no memory for bytes");
  }
  pmmi_object_init(rt, &b->var.base, &pmmi_bytes_type);
  b->var.length = size;
  b->hash = -1;
  b->bytes[size] = 0;
  return &b->var.base;
}

static void bytes_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  pmmi_memory_of(rt)->objects--;
  pmmi_free(rt, o, bytes_block_size(o));
}

pmm_obj *pmmi_bytes_new(pmm_rt *rt, const void *data, size_t size) {
  assert(size == 0 || data != NULL);
  if (size == 0) {
    return &bytes_in(&pmmi_strs_of(rt)->empty_bytes)->var.base;
  }
  if (size == 1) {
    unsigned char byte = *(const unsigned char *)data;
    return &bytes_in(&pmmi_strs_of(rt)->single[byte])->var.base;
  }
  struct pmmi_bytes *b = (struct pmmi_bytes *)pmmi_bytes_alloc(rt, size);
  if (b == NULL) {
    return NULL;
  }
  memcpy(b->bytes, data, size);
  return &b->var.base;
}

/* The size a block is freed with must be the size it was last requested
 * with, so the length cannot change where the block did not. */
pmm_obj *pmmi_bytes_cut(pmm_rt *rt, pmm_obj *bytes, size_t size) {
  assert(pmmi_is_bytes(bytes));
  struct pmmi_bytes *b = (struct pmmi_bytes *)bytes;
  assert(bytes->refcnt == 1 && size <= b->var.length);
  if (size == b->var.length) {
    return bytes;
  }
  if (size < 2) {
    pmm_obj *shared = pmmi_bytes_new(rt, b->bytes, size);
    pmmi_release(rt, bytes);
    return shared;
  }
  struct pmmi_bytes *cut =
      pmmi_realloc(rt, b, block_size(b->var.length), block_size(size));
  if (cut == NULL) {
    pmmi_release(rt, bytes);
    return pmmi_fail_null(rt, PMM_NO_MEMORY, "no memory for bytes");
  }
  cut->var.length = size;
  cut->bytes[size] = 0;
  return &cut->var.base;
}

const void *pmmi_bytes_data(pmm_rt *rt, pmm_obj *bytes, size_t *size) {
  assert(size != NULL);
  if (!pmmi_is_bytes(bytes)) {
    (void)pmmi_fail(rt, PMM_TYPE, "not bytes");
    return NULL;
  }
  const struct pmmi_bytes *b = (const struct pmmi_bytes *)bytes;
  *size = b->var.length;
  return b->bytes;
}

pmm_obj *pmmi_bytes_slice(pmm_rt *rt, pmm_obj *bytes, size_t from, size_t to) {
  if (!pmmi_is_bytes(bytes)) {
    return pmmi_fail_null(rt, PMM_TYPE, "not bytes");
  }
  const struct pmmi_bytes *b = (const struct pmmi_bytes *)bytes;
  pmmi_clamp_range(b->var.length, &from, &to);
  if (to - from == b->var.length) {
    return pmmi_new_reference(rt, bytes);
  }
  return pmmi_bytes_new(rt, b->bytes + from, to - from);
}

/* ---- comparison and text ------------------------------------------------- */

int pmmi_bytes_order(const pmm_obj *a, const pmm_obj *b) {
  assert(pmmi_is_bytes(a) && pmmi_is_bytes(b));
  const struct pmmi_bytes *x = (const struct pmmi_bytes *)a;
  const struct pmmi_bytes *y = (const struct pmmi_bytes *)b;
  size_t n = x->var.length < y->var.length ? x->var.length : y->var.length;
  int order = memcmp(x->bytes, y->bytes, n);
  if (order != 0) {
    return order;
  }
  return (x->var.length > y->var.length) - (x->var.length < y->var.length);
}

static enum pmm_status bytes_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                    int *equal) {
  assert(equal != NULL);
  (void)rt;
  *equal = pmmi_bytes_order(a, b) == 0;
  return PMM_OK;
}

static enum pmm_status bytes_hash(pmm_rt *rt, pmm_obj *o, int64_t *hash) {
  assert(pmmi_is_bytes(o));
  (void)rt;
  struct pmmi_bytes *b = (struct pmmi_bytes *)o;
  if (b->hash == -1) {
    b->hash = pmmi_hash_bytes(b->bytes, b->var.length);
  }
  *hash = b->hash;
  return PMM_OK;
}

static pmm_obj *bytes_repr(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_is_bytes(o));
  const struct pmmi_bytes *b = (const struct pmmi_bytes *)o;
  struct pmmi_text text;
  pmmi_text_init(&text, rt);
  pmmi_text_add(&text, "b'", 2);
  for (size_t i = 0; i < b->var.length; i++) {
    if (b->bytes[i] < 0x7f) {
      pmmi_text_add_escaped(&text, b->bytes[i], '\'');
    } else {
      static const char hex[] = "0123456789abcdef";
      char escape[4] = {'\\', 'x', hex[b->bytes[i] >> 4],
                        hex[b->bytes[i] & 15]};
      pmmi_text_add(&text, escape, 4);
    }
  }
  pmmi_text_add(&text, "'", 1);
  return pmmi_text_finish(&text);
}

static size_t bytes_length(pmm_obj *o) {
  return ((struct pmmi_var *)o)->length;
}

const struct pmmi_type pmmi_bytes_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "bytes",
    .basic_size = HEADER,
    .flags = PMMI_TYPE_ATOM,
    .dealloc = bytes_dealloc,
    .equals = bytes_equals,
    .hash = bytes_hash,
    .repr = bytes_repr,
    .length = bytes_length,
    .iter = pmmi_sequence_iter,
    .block_size = bytes_block_size,
};
