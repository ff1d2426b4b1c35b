/* SPDX-License-Identifier: MIT */
/*
 * area_objects.c - atoms, sequences, probes, weak references and files.
 */
#include "areas.h"

#include <string.h>

int pmmi_area_atoms(pmm_rt *rt) {
  pmm_obj *n = pmmi_ops->int_new(rt, 1234567);
  pmm_obj *big = pmmi_ops->int_parse(rt, "123456789012345678901234567890");
  int64_t value = 0;
  HOLDS(pmmi_ops->refcount(rt, n) == 1);
  HOLDS(pmmi_ops->refcount_reported(rt, n) == 2);
  HOLDS(pmmi_ops->int_value(rt, n, &value) == PMM_OK && value == 1234567);
  HOLDS(pmmi_ops->int_value(rt, big, &value) == PMM_OVERFLOW);
  HOLDS(pmmi_ops->error(rt) == PMM_OVERFLOW);
  pmmi_ops->error_clear(rt);
  HOLDS(pmmi_ops->int_parse(rt, "twelve") == NULL);
  HOLDS(pmmi_ops->error(rt) == PMM_VALUE);
  HOLDS(strlen(pmmi_ops->error_message(rt)) > 0);
  pmmi_ops->error_clear(rt);
  HOLDS(strcmp(pmmi_ops->type_name(rt, n), "int") == 0);
  pmmi_ops->error_set(rt, PMM_USER, "mine");
  HOLDS(pmmi_ops->error(rt) == PMM_USER);
  HOLDS(strcmp(pmmi_ops->error_message(rt), "mine") == 0);
  pmmi_ops->error_clear(rt);
  pmmi_ops->release(rt, big);
  pmmi_ops->release(rt, n);
  return 1;
}

int pmmi_area_sequences(pmm_rt *rt) {
  pmm_obj *item = pmmi_ops->int_new(rt, 1000000);
  pmm_obj *list = pmmi_ops->list_new(rt, 0);
  pmm_obj *tuple;
  pmm_obj *owner;
  pmm_obj *popped;
  for (int i = 0; i < 5; i++) {
    HOLDS(pmmi_ops->list_append(rt, list, item) == PMM_OK);
  }
  HOLDS(pmmi_ops->refcount(rt, item) == 6);
  tuple = pmmi_ops->tuple_convert(rt, list);
  HOLDS(pmmi_ops->refcount(rt, item) == 11);
  HOLDS(pmmi_ops->tuple_get(rt, tuple, 5) == NULL);
  HOLDS(pmmi_ops->error(rt) == PMM_INDEX);
  pmmi_ops->error_clear(rt);
  owner = tuple;
  pmmi_ops->retain(rt, owner);
  pmmi_ops->retain(rt, item);
  HOLDS(pmmi_ops->tuple_set_steal(rt, tuple, 0, item) == PMM_SYSTEM);
  pmmi_ops->error_clear(rt);
  HOLDS(pmmi_ops->tuple_resize(rt, &tuple, 2) == PMM_SYSTEM && tuple == NULL);
  pmmi_ops->error_clear(rt);
  popped = pmmi_ops->list_pop(rt, list, SIZE_MAX);
  HOLDS(pmmi_ops->same(rt, popped, item));
  pmmi_ops->release(rt, popped);
  pmmi_ops->release(rt, owner);
  pmmi_ops->release(rt, list);
  HOLDS(pmmi_ops->refcount(rt, item) == 1);
  pmmi_ops->release(rt, item);
  return 1;
}

/** A probe with a finalizer dies by count, and another in a cycle. */
int pmmi_area_probes(pmm_rt *rt) {
  static int calls;
  struct pmm_type_spec spec = {.struct_size = sizeof spec,
                               .name = "node",
                               .slots = 2,
                               .flags = PMM_TYPE_GC | PMM_TYPE_WEAKREF,
                               .finalizer = pmmi_refuse,
                               .ctx = &calls};
  pmm_obj *type = pmmi_ops->type_new(rt, &spec);
  pmm_obj *o = pmmi_ops->instance_new(rt, type, 7);
  pmm_obj *weak = pmmi_ops->weakref_new(rt, o, NULL, NULL, 0);
  pmm_obj *target;
  uint64_t found = 0;
  calls = 0;
  HOLDS(strcmp(pmmi_ops->type_name(rt, o), "node") == 0);
  HOLDS(pmmi_ops->instance_cookie(rt, o) == 7);
  HOLDS(pmmi_ops->slot_set(rt, o, 2, o) == PMM_INDEX);
  pmmi_ops->error_clear(rt);
  target = pmmi_ops->weakref_get(rt, weak);
  HOLDS(target == o);
  pmmi_ops->release(rt, target);
  pmmi_ops->release(rt, o);
  HOLDS(calls == 1 && pmmi_ear.cookie[PMM_EVENT_FINALIZED] == 7);
  HOLDS(pmmi_ear.detail[PMM_EVENT_UNRAISABLE] == PMM_USER);
  HOLDS(pmmi_ear.count[PMM_EVENT_DEALLOCATED] == 1);
  HOLDS(pmmi_ops->weakref_get(rt, weak) == NULL);
  HOLDS(pmmi_ops->error(rt) == PMM_OK);
  pmmi_ops->release(rt, weak);
  o = pmmi_ops->instance_new(rt, type, 8);
  HOLDS(pmmi_ops->slot_set(rt, o, 0, o) == PMM_OK);
  pmmi_ops->release(rt, o);
  HOLDS(pmmi_ear.count[PMM_EVENT_DEALLOCATED] == 1);
  HOLDS(pmmi_ops->collect(rt, 2, &found) == PMM_OK && found >= 1);
  HOLDS(pmmi_ear.count[PMM_EVENT_DEALLOCATED] == 2 && calls == 2);
  pmmi_ops->release(rt, type);
  return 1;
}

/** Types of every kind: their slots are dropped and their deaths told. */
int pmmi_area_kinds(pmm_rt *rt) {
  static const uint32_t flags[] = {0, PMM_TYPE_WEAKREF, PMM_TYPE_GC,
                                   PMM_TYPE_GC | PMM_TYPE_DICT,
                                   PMM_TYPE_DICT | PMM_TYPE_WEAKREF};
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
    struct pmm_type_spec spec = {.struct_size = sizeof spec,
                                 .name = "kind",
                                 .slots = 1,
                                 .flags = flags[i]};
    pmm_obj *type = pmmi_ops->type_new(rt, &spec);
    pmm_obj *o = pmmi_ops->instance_new(rt, type, (int64_t)i);
    pmm_obj *item = pmmi_ops->int_new(rt, 1000000);
    HOLDS(pmmi_ops->slot_set(rt, o, 0, item) == PMM_OK);
    if ((flags[i] & PMM_TYPE_DICT) != 0) {
      HOLDS(pmmi_ops->attr_set(rt, o, "name", item) == PMM_OK);
      HOLDS(pmmi_ops->same(rt, pmmi_ops->attr_get(rt, o, "name"), item));
      HOLDS(pmmi_ops->attr_get(rt, o, "other") == NULL);
      HOLDS(pmmi_ops->error(rt) == PMM_KEY);
      pmmi_ops->error_clear(rt);
    }
    pmmi_ops->release(rt, o);
    HOLDS(pmmi_ear.count[PMM_EVENT_DEALLOCATED] == i + 1);
    HOLDS(pmmi_ops->refcount(rt, item) == 1);
    pmmi_ops->release(rt, item);
    pmmi_ops->release(rt, type);
  }
  return 1;
}

int pmmi_area_weak_references(pmm_rt *rt) {
  static int calls;
  pmm_obj *o = pmmi_ops->set_new(rt, NULL);
  pmm_obj *weak = pmmi_ops->weakref_new(rt, o, pmmi_note, &calls, 3);
  pmm_obj *proxy = pmmi_ops->proxy_new(rt, o);
  pmm_obj *finalize = pmmi_ops->finalize_new(rt, o, pmmi_note, &calls, 4);
  size_t length = 1;
  calls = 0;
  HOLDS(weak != NULL && proxy != NULL && finalize != NULL);
  HOLDS(pmmi_ops->weakref_count(rt, o) == 3);
  HOLDS(pmmi_ops->length(rt, proxy, &length) == PMM_OK && length == 0);
  pmmi_ops->release(rt, o);
  HOLDS(calls == 2 && pmmi_ear.count[PMM_EVENT_CALLBACK] == 2);
  HOLDS(pmmi_ops->length(rt, proxy, &length) == PMM_REFERENCE);
  pmmi_ops->error_clear(rt);
  pmmi_ops->release(rt, finalize);
  pmmi_ops->release(rt, proxy);
  pmmi_ops->release(rt, weak);
  return 1;
}

int pmmi_area_files(pmm_rt *rt) {
  pmm_obj *file = pmmi_ops->file_open(rt, "/dev/null", "r");
  int descriptor = pmmi_ops->file_descriptor(rt, file);
  HOLDS(descriptor > 2);
  pmmi_ops->release(rt, file);
  HOLDS(pmmi_ear.count[PMM_EVENT_WARNING] == 1);
  HOLDS(pmmi_ear.detail[PMM_EVENT_WARNING] == descriptor);
  HOLDS(pmmi_ops->file_open(rt, "/dev/null/none", "r") == NULL);
  HOLDS(pmmi_ops->error(rt) == PMM_OS && pmmi_ops->os_errno(rt) == 20);
  pmmi_ops->error_clear(rt);
  return 1;
}
