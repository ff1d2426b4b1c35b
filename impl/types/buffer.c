/* SPDX-License-Identifier: MIT */
/* buffer.c - arrays and views; idea, drawing and source: buffer.h. */
#include "types/buffer.h"

#include <string.h>

#include "types/array.h"
#include "types/iter.h"
#include "types/str.h"
#include "types/types_state.h"

static size_t data_bytes(const struct pmmi_buffer *b) {
  return b->var.length * b->item_bytes;
}

/* ---- arrays -------------------------------------------------------------- */

/* The object comes last, so that nothing has to be undone but one block. */
static pmm_obj *buffer_new(pmm_rt *rt, const struct pmmi_type *type, size_t n,
                           enum pmm_item_kind kind) {
  assert(kind >= PMM_ITEM_BYTE && kind <= PMM_ITEM_DOUBLE);
  uint16_t item_bytes = kind == PMM_ITEM_BYTE ? 1 : 8;
  size_t bytes;
  unsigned char *data = NULL;
  int fits = pmmi_size_fits(n, item_bytes, 0, &bytes);
  if (fits && bytes > 0) {
    data = pmmi_mem_alloc_zero(rt, bytes);
  }
  if (!fits || (bytes > 0 && data == NULL)) {
    return pmmi_fail_null(rt, PMM_NO_MEMORY, "no memory for an array");
  }
  struct pmmi_buffer *b = (struct pmmi_buffer *)pmmi_object_new(rt, type, 0);
  if (b == NULL) {
    pmmi_mem_free(rt, data, bytes);
    return NULL;
  }
  b->var.length = n;
  b->data = data;
  b->item_bytes = item_bytes;
  b->kind = (uint16_t)kind;
  return &b->var.base;
}

pmm_obj *pmmi_bytearray_new(pmm_rt *rt, size_t size) {
  return buffer_new(rt, &pmmi_bytearray_type, size, PMM_ITEM_BYTE);
}

pmm_obj *pmmi_array_new(pmm_rt *rt, enum pmm_item_kind kind, size_t n) {
  if (kind < PMM_ITEM_BYTE || kind > PMM_ITEM_DOUBLE) {
    return pmmi_fail_null(rt, PMM_VALUE, "unknown kind of item");
  }
  return buffer_new(rt, &pmmi_array_type, n, kind);
}

pmm_obj *pmmi_buffer_copy(pmm_rt *rt, pmm_obj *buffer) {
  const struct pmmi_buffer *from = (const struct pmmi_buffer *)buffer;
  pmm_obj *o = buffer_new(rt, buffer->type, from->var.length,
                          (enum pmm_item_kind)from->kind);
  unsigned char *data = o != NULL ? ((struct pmmi_buffer *)o)->data : NULL;
  if (data != NULL) { /* an empty one has none */
    memcpy(data, from->data, data_bytes(from));
  }
  return o;
}

enum pmm_status pmmi_bytearray_resize(pmm_rt *rt, pmm_obj *array,
                                      size_t size) {
  struct pmmi_buffer *b = (struct pmmi_buffer *)array;
  if (array->type != &pmmi_bytearray_type) {
    return pmmi_fail(rt, PMM_TYPE, "not a bytearray");
  }
  if (b->exports > 0) {
    return pmmi_fail(rt, PMM_BUFFER, "views of the bytearray exist");
  }
  size_t old = b->var.length;
  unsigned char *data = NULL;
  if (size == 0) {
    pmmi_mem_free(rt, b->data, old);
  } else if (size != old) {
    data = size <= PTRDIFF_MAX ? pmmi_mem_realloc(rt, b->data, old, size)
                               : NULL;
    if (data == NULL) {
      return pmmi_fail(rt, PMM_NO_MEMORY, "no memory for a bytearray");
    }
  } else {
    data = b->data;
  }
  if (size > old) {
    memset(data + old, 0, size - old);
  }
  b->data = data;
  b->var.length = size;
  return PMM_OK;
}

static void buffer_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(((struct pmmi_buffer *)o)->exports == 0);
  struct pmmi_buffer *b = (struct pmmi_buffer *)o;
  assert(b->exports == 0);
  pmmi_mem_free(rt, b->data, data_bytes(b));
  pmmi_object_free(rt, o);
}

static size_t buffer_owned_bytes(pmm_obj *o) {
  return data_bytes((const struct pmmi_buffer *)o);
}

static size_t any_length(pmm_obj *o) {
  return ((const struct pmmi_var *)o)->length;
}

const struct pmmi_type pmmi_bytearray_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "bytearray",
    .basic_size = sizeof(struct pmmi_buffer),
    .flags = PMMI_TYPE_ATOM,
    .dealloc = buffer_dealloc,
    .equals = pmmi_array_equals,
    .hash = pmmi_hash_refuse,
    .repr = pmmi_array_repr,
    .length = any_length,
    .iter = pmmi_sequence_iter,
    .copy = pmmi_buffer_copy,
    .owned_bytes = buffer_owned_bytes,
};

const struct pmmi_type pmmi_array_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "array",
    .basic_size = sizeof(struct pmmi_buffer),
    .flags = PMMI_TYPE_ATOM,
    .dealloc = buffer_dealloc,
    .equals = pmmi_array_equals,
    .hash = pmmi_hash_refuse,
    .repr = pmmi_array_repr,
    .length = any_length,
    .iter = pmmi_sequence_iter,
    .copy = pmmi_buffer_copy,
    .owned_bytes = buffer_owned_bytes,
};

/* ---- views --------------------------------------------------------------- */

pmm_obj *pmmi_view_new(pmm_rt *rt, pmm_obj *owner, size_t from, size_t to) {
  if (!pmmi_is_buffer(owner) && !pmmi_is_bytes(owner)) {
    return pmmi_fail_null(rt, PMM_TYPE, "only byte data can be viewed");
  }
  size_t bytes = pmmi_is_buffer(owner) ? data_bytes((struct pmmi_buffer *)owner)
                                  : any_length(owner);
  pmmi_clamp_range(bytes, &from, &to);
  assert(from <= to && to <= bytes);
  struct pmmi_view *view =
      (struct pmmi_view *)pmmi_object_new(rt, &pmmi_view_type, 0);
  if (view == NULL) {
    return NULL;
  }
  view->owner = pmmi_new_reference(rt, owner);
  view->from = from;
  view->var.length = to - from;
  if (pmmi_is_buffer(owner)) {
    ((struct pmmi_buffer *)owner)->exports++;
  }
  return &view->var.base;
}

unsigned char pmmi_view_byte(const pmm_obj *view, size_t index) {
  assert(view->type == &pmmi_view_type);
  const struct pmmi_view *v = (const struct pmmi_view *)view;
  assert(index < v->var.length);
  const unsigned char *data =
      pmmi_is_buffer(v->owner)
          ? ((const struct pmmi_buffer *)v->owner)->data
          : ((const struct pmmi_bytes *)v->owner)->bytes;
  return data[v->from + index];
}

static void view_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(((struct pmmi_view *)o)->owner != NULL);
  struct pmmi_view *view = (struct pmmi_view *)o;
  if (pmmi_is_buffer(view->owner)) {
    ((struct pmmi_buffer *)view->owner)->exports--;
  }
  pmmi_clear(rt, &view->owner);
  pmmi_object_free(rt, o);
}

const struct pmmi_type pmmi_view_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "memoryview",
    .basic_size = sizeof(struct pmmi_view),
    .dealloc = view_dealloc,
    .hash = pmmi_hash_refuse,
    .length = any_length,
    .iter = pmmi_sequence_iter,
};
