/* SPDX-License-Identifier: MIT */
/*
 * object.c - what every object can do, whatever its type; see object.h.
 *
 * The operations here look at the type and hand on; a type that lacks one
 * gets the answer that Python gives (identity, or a type error).  Nested
 * comparison, hashing and printing share the runtime's recursion limit.
 */
#include "core/object.h"

#include "core/core_state.h"

/* ---- life ---------------------------------------------------------------- */

pmm_obj *pmmi_object_new(pmm_rt *rt, const struct pmmi_type *type, size_t n) {
  assert(!(type->flags & PMMI_TYPE_GC) && type->block_size == NULL);
  size_t size;
  pmm_obj *o = NULL;
  if (pmmi_size_fits(n, type->item_size, type->basic_size, &size)) {
    o = pmmi_alloc_zero(rt, size);
  }
  if (o == NULL) {
    return pmmi_fail_null(rt, PMM_NO_MEMORY, "no memory for an object");
  }
  pmmi_object_init(rt, o, type);
  if (type->item_size != 0) {
    ((struct pmmi_var *)o)->length = n;
  }
  return o;
}

void pmmi_object_free(pmm_rt *rt, pmm_obj *o) {
  assert(o->type != NULL && !pmmi_gc_is_collectable(o));
  const struct pmmi_type *type = o->type;
  assert(pmmi_memory_of(rt)->objects > 0);
  pmmi_memory_of(rt)->objects--;
  pmmi_free(rt, o, pmmi_object_size(o));
  if (type->flags & PMMI_TYPE_HEAP) {
    pmmi_release(rt, (pmm_obj *)(uintptr_t)type);
  }
}

size_t pmmi_object_size(const pmm_obj *o) {
  assert(o->type->basic_size >= sizeof *o || o->type->block_size != NULL);
  const struct pmmi_type *type = o->type;
  if (type->block_size != NULL) {
    return type->block_size(o);
  }
  size_t size = type->basic_size;
  if (type->item_size != 0) {
    size += ((const struct pmmi_var *)o)->length * type->item_size;
  }
  return size;
}

enum pmm_status pmmi_size_of(pmm_rt *rt, pmm_obj *o, size_t *bytes) {
  assert(bytes != NULL);
  (void)rt;
  *bytes = pmmi_object_size(o);
  if (o->type->flags & PMMI_TYPE_GC) {
    *bytes += PMMI_GC_HEAD_BYTES;
  }
  if (o->type->owned_bytes != NULL) {
    *bytes += o->type->owned_bytes(o);
  }
  return PMM_OK;
}

/* ---- references ---------------------------------------------------------- */

int pmmi_same(pmm_rt *rt, pmm_obj *a, pmm_obj *b) {
  (void)rt;
  return a == b;
}

uintptr_t pmmi_identity(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  return (uintptr_t)o;
}

const char *pmmi_type_name(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  return o->type->name;
}

uint64_t pmmi_refcount(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  return o->refcnt;
}

/* No argument of an operation is a counted reference, so both agree. */
uint64_t pmmi_refcount_reported(pmm_rt *rt, pmm_obj *o) {
  return pmmi_refcount(rt, o);
}

enum pmm_status pmmi_refcount_set(pmm_rt *rt, pmm_obj *o, uint64_t count) {
  if (o->refcnt == PMMI_IMMORTAL || count == 0 || count >= PMMI_IMMORTAL) {
    return pmmi_fail(rt, PMM_VALUE, "not a count of this object");
  }
  o->refcnt = count;
  return PMM_OK;
}

int pmmi_is_immortal(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  return o->refcnt == PMMI_IMMORTAL;
}

/* ---- operations every type has ------------------------------------------- */

enum pmm_status pmmi_recursion_enter(pmm_rt *rt) {
  assert(pmmi_core_state(rt)->recursion <= SIZE_MAX / 2);
  if (pmmi_core_state(rt)->recursion >= PMMI_RECURSION_LIMIT) {
    return pmmi_fail(rt, PMM_RECURSION, "maximum recursion depth exceeded");
  }
  pmmi_core_state(rt)->recursion++;
  return PMM_OK;
}

void pmmi_recursion_leave(pmm_rt *rt) {
  assert(pmmi_core_state(rt)->recursion > 0);
  pmmi_core_state(rt)->recursion--;
}

enum pmm_status pmmi_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b, int *equal) {
  assert(equal != NULL);
  *equal = a == b;
  if (a == b) {
    return PMM_OK;
  }
  const struct pmmi_type *type = a->type;
  if (type != b->type && (type->equals != b->type->equals)) {
    *equal = type->equals_other != NULL && type->equals_other(a, b);
    return PMM_OK;
  }
  if (type->equals == NULL) {
    return PMM_OK;
  }
  enum pmm_status status = pmmi_recursion_enter(rt);
  if (status == PMM_OK) {
    status = type->equals(rt, a, b, equal);
    pmmi_recursion_leave(rt);
  }
  return status;
}

enum pmm_status pmmi_hash(pmm_rt *rt, pmm_obj *o, int64_t *hash) {
  assert(hash != NULL);
  if (o->type->hash == NULL) {
    *hash = pmmi_hash_identity(o);
    return PMM_OK;
  }
  enum pmm_status status = pmmi_recursion_enter(rt);
  if (status == PMM_OK) {
    status = o->type->hash(rt, o, hash);
    pmmi_recursion_leave(rt);
  }
  return status;
}

/* Blocks are aligned to 16, so the low bits say nothing. */
int64_t pmmi_hash_identity(const pmm_obj *o) {
  uintptr_t address = (uintptr_t)o;
  return (int64_t)(address >> 4 | address << 60);
}

enum pmm_status pmmi_hash_refuse(pmm_rt *rt, pmm_obj *o, int64_t *hash) {
  assert(hash != NULL);
  (void)o;
  *hash = -1;
  return pmmi_fail(rt, PMM_TYPE, "unhashable type");
}

enum pmm_status pmmi_length(pmm_rt *rt, pmm_obj *o, size_t *length) {
  assert(length != NULL);
  if (o->type->length_through != NULL) {
    return o->type->length_through(rt, o, length);
  }
  if (o->type->length == NULL) {
    return pmmi_fail(rt, PMM_TYPE, "object has no length");
  }
  *length = o->type->length(o);
  return PMM_OK;
}

pmm_obj *pmmi_iter(pmm_rt *rt, pmm_obj *o) {
  if (o->type->iter == NULL) {
    return pmmi_fail_null(rt, PMM_TYPE, "object is not iterable");
  }
  return o->type->iter(rt, o);
}

pmm_obj *pmmi_next(pmm_rt *rt, pmm_obj *iterator) {
  if (iterator->type->next == NULL) {
    return pmmi_fail_null(rt, PMM_TYPE, "object is not an iterator");
  }
  return iterator->type->next(rt, iterator);
}
