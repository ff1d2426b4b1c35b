/* SPDX-License-Identifier: MIT */
/* bytes.h - bytes; drawn beside strings in str.h. */
#ifndef PMMI_BYTES_H
#define PMMI_BYTES_H

#include "core/object.h"

struct pmmi_bytes {
  struct pmmi_var var;   /* length: bytes                                   */
  int64_t hash;          /* -1: not computed yet                            */
  unsigned char bytes[]; /* length + 1 of them                              */
};

static_assert(offsetof(struct pmmi_bytes, bytes) == 32, "str.h's drawing");

/** Room for shared bytes, at most one; only seen as a struct pmmi_bytes. */
struct pmmi_bytes_room {
  _Alignas(16) unsigned char memory[48];
};

extern const struct pmmi_type pmmi_bytes_type;

static inline int pmmi_is_bytes(const pmm_obj *o) {
  return o->type == &pmmi_bytes_type;
}

/** The part of pmmi_strs_init() that bytes.c does. */
void pmmi_bytes_init(pmm_rt *rt);

/** New bytes with unspecified contents, for the caller to fill; `size` is at
 *  least 2, as shorter ones are shared. */
pmm_obj *pmmi_bytes_alloc(pmm_rt *rt, size_t size);

/** Cut bytes that nobody else holds to `size` of them; steals and returns.
 *  NULL with PMM_NO_MEMORY when the backend cannot even shrink a block. */
pmm_obj *pmmi_bytes_cut(pmm_rt *rt, pmm_obj *bytes, size_t size);

/** Order of two bytes: below, at or above 0. */
int pmmi_bytes_order(const pmm_obj *a, const pmm_obj *b);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_bytes_new(pmm_rt *rt, const void *data, size_t size);
const void *pmmi_bytes_data(pmm_rt *rt, pmm_obj *bytes, size_t *size);
pmm_obj *pmmi_bytes_slice(pmm_rt *rt, pmm_obj *bytes, size_t from, size_t to);

#endif /* PMMI_BYTES_H */
