/* SPDX-License-Identifier: MIT */
/*
 * buffer.h - byte arrays, typed arrays, and views of their bytes.
 *
 *   byte 0        8        16       24       32        40
 *        +--------+--------+--------+--------+---------+
 *        | refcnt | type   | length | data   | exports |   bytearray, array
 *        +--------+--------+--------+--------+---------+
 *        | refcnt | type   | length | owner  | from    |   memoryview
 *        +--------+--------+--------+--------+---------+
 *
 *   1. An array's data is a block of its own; without items there is none.
 *   2. A view owns its owner and copies nothing: its cost does not depend on
 *      its length.
 *   3. Iterating over a view gives its owner's bytes as they are then.
 *   4. While views exist (`exports`), a bytearray refuses to be resized.
 *
 * Invariant: from + length of a view lies within its owner's data.
 *
 * Source: CPython 3.11 Objects/bytearrayobject.c, memoryobject.c; PEP 3118.
 */
#ifndef PMMI_BUFFER_H
#define PMMI_BUFFER_H

#include "core/object.h"

struct pmmi_buffer {
  struct pmmi_var var;  /* length: items                                    */
  unsigned char *data;  /* owned; NULL exactly when there are no items      */
  uint32_t exports;     /* views that exist                                 */
  uint16_t item_bytes;  /* 1 or 8                                           */
  uint16_t kind;        /* enum pmm_item_kind                               */
};

struct pmmi_view {
  struct pmmi_var var; /* length: bytes                                     */
  pmm_obj *owner;      /* a bytearray, array or bytes                       */
  size_t from;         /* first byte in the owner's data                    */
};

static_assert(sizeof(struct pmmi_buffer) == 40, "the drawing above");
static_assert(sizeof(struct pmmi_view) == 40, "the drawing above");

extern const struct pmmi_type pmmi_bytearray_type;
extern const struct pmmi_type pmmi_array_type;
extern const struct pmmi_type pmmi_view_type;

/** 1 for bytearrays and typed arrays. */
static inline int pmmi_is_buffer(const pmm_obj *o) {
  return o->type == &pmmi_bytearray_type || o->type == &pmmi_array_type;
}

/** An array of the same type and items, that nobody views. */
pmm_obj *pmmi_buffer_copy(pmm_rt *rt, pmm_obj *buffer);

/** Byte `index` of a view, which has it, as its owner's data are now. */
unsigned char pmmi_view_byte(const pmm_obj *view, size_t index);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_bytearray_new(pmm_rt *rt, size_t size);
enum pmm_status pmmi_bytearray_resize(pmm_rt *rt, pmm_obj *array, size_t size);
pmm_obj *pmmi_view_new(pmm_rt *rt, pmm_obj *owner, size_t from, size_t to);
pmm_obj *pmmi_array_new(pmm_rt *rt, enum pmm_item_kind kind, size_t n);

#endif /* PMMI_BUFFER_H */
