/* SPDX-License-Identifier: MIT */
/* type.c - types of the host; the layout they choose: instance.h. */
#include "types/type.h"

#include <string.h>

#include "types/attrs.h"
#include "types/instance.h"
#include "types/types_state.h"

static void type_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0 && o->type == &pmmi_type_type);
  struct pmmi_heap_type *type = (struct pmmi_heap_type *)o;
  pmmi_attr_names_drop(rt, type->attr_names);
  pmmi_mem_free(rt, (void *)(uintptr_t)type->type.name, type->name_bytes);
  pmmi_object_free(rt, o);
}

static size_t type_owned_bytes(pmm_obj *o) {
  assert(o->type == &pmmi_type_type);
  const struct pmmi_heap_type *type = (const struct pmmi_heap_type *)o;
  return type->name_bytes + pmmi_attr_names_bytes(type->attr_names);
}

const struct pmmi_type pmmi_type_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "type",
    .basic_size = sizeof(struct pmmi_heap_type),
    .flags = PMMI_TYPE_OWN_COPY,
    .weak_offset = offsetof(struct pmmi_heap_type, weak),
    .dealloc = type_dealloc,
    .owned_bytes = type_owned_bytes,
};

/* What cannot be had together. */
static const char *why_unsupported(const struct pmm_type_spec *spec) {
  if (spec->slots > PMMI_INSTANCE_SLOTS) {
    return "an instance has at most 16 slots";
  }
  if ((spec->flags & PMM_TYPE_TUPLE) != 0 &&
      (spec->slots > 0 || spec->finalizer != NULL ||
       (spec->flags & (PMM_TYPE_WEAKREF | PMM_TYPE_DICT)) != 0)) {
    return "a subclass of tuple can have only items";
  }
  if ((spec->flags & (PMM_TYPE_FAULT_SKIP | PMM_TYPE_FAULT_BORROW)) != 0 &&
      (spec->slots == 0 || (spec->flags & PMM_TYPE_TUPLE) != 0)) {
    return "a fault in traverse needs a slot to act on";
  }
  return NULL;
}

/* Take `bytes` at the end of the instance; returns where they begin. */
static uint32_t take(struct pmmi_type *type, size_t bytes) {
  assert(bytes % sizeof(void *) == 0);
  size_t offset = type->basic_size;
  type->basic_size += bytes;
  return (uint32_t)offset;
}

static void lay_out_instance(struct pmmi_heap_type *heap,
                             const struct pmm_type_spec *spec) {
  assert((spec->flags & PMM_TYPE_TUPLE) == 0);
  struct pmmi_type *type = &heap->type;
  pmmi_instance_fill_type(type, spec->flags);
  type->flags |= PMMI_TYPE_HEAP;
  (void)take(type, spec->slots * sizeof(pmm_obj *));
  if ((spec->flags & PMM_TYPE_WEAKREF) != 0) {
    type->weak_offset = take(type, sizeof(struct pmmi_weakref *));
  }
  if ((spec->flags & PMM_TYPE_DICT) != 0) {
    heap->attrs_offset = take(type, sizeof(void *));
  }
  if ((spec->flags & PMM_TYPE_GC) != 0) {
    type->flags |= PMMI_TYPE_GC;
  } else {
    heap->links_offset = take(type, sizeof(struct pmmi_instance_links));
  }
  if ((spec->flags & PMM_TYPE_LEGACY_DEL) != 0) {
    type->flags |= PMMI_TYPE_LEGACY_DEL;
  }
  if (spec->finalizer == NULL) {
    type->finalize = NULL;
  }
}

/* Everything a tuple is, with a name and a count of its own. */
static void lay_out_tuple(struct pmmi_heap_type *heap) {
  assert(heap->attr_names == NULL);
  struct pmm_obj base = heap->type.base;
  heap->type = pmmi_tuple_type;
  heap->type.base = base;
  heap->type.flags |= PMMI_TYPE_HEAP;
  heap->type.flags &= ~(uint32_t)PMMI_TYPE_INLINE; /* it owns its type too */
}

pmm_obj *pmmi_type_new(pmm_rt *rt, const struct pmm_type_spec *spec) {
  assert(spec != NULL);
  const char *why = why_unsupported(spec);
  if (why != NULL) {
    return pmmi_fail_null(rt, PMM_UNSUPPORTED, why);
  }
  const char *name = spec->name != NULL ? spec->name : "object";
  size_t name_bytes = strlen(name) + 1;
  char *copy = pmmi_mem_alloc(rt, name_bytes);
  if (copy == NULL) {
    return pmmi_fail_null(rt, PMM_NO_MEMORY, "no memory for a type");
  }
  pmm_obj *o = pmmi_object_new(rt, &pmmi_type_type, 0);
  if (o == NULL) {
    pmmi_mem_free(rt, copy, name_bytes);
    return NULL;
  }
  struct pmmi_heap_type *heap = (struct pmmi_heap_type *)o;
  if ((spec->flags & PMM_TYPE_TUPLE) != 0) {
    lay_out_tuple(heap);
  } else {
    lay_out_instance(heap, spec);
  }
  heap->type.name = memcpy(copy, name, name_bytes);
  heap->name_bytes = (uint32_t)name_bytes;
  heap->slots = spec->slots;
  heap->finalizer = spec->finalizer;
  heap->ctx = spec->ctx;
  return o;
}

pmm_obj *pmmi_type_with_code(pmm_rt *rt, const struct pmm_type_spec *spec,
                             const struct pmm_compare_code *code) {
  assert(spec != NULL && code != NULL);
  if ((spec->flags & PMM_TYPE_TUPLE) != 0) {
    return pmmi_fail_null(rt, PMM_UNSUPPORTED,
                          "a subclass of tuple compares as tuples do");
  }
  pmm_obj *o = pmmi_type_new(rt, spec);
  if (o != NULL) {
    pmmi_instance_fill_code((struct pmmi_heap_type *)o, code);
  }
  return o;
}
