/* SPDX-License-Identifier: MIT */
/*
 * area_memory.c - failing allocations, sites, leaks.
 */
#include "areas.h"

#include <string.h>

int pmmi_area_injection(pmm_rt *rt) {
  pmm_obj *list;
  if (pmmi_ops->inject_arm == NULL) {
    return 1;
  }
  pmmi_ops->caches_flush(rt);
  pmmi_ops->inject_arm(rt, 1, 1);
  list = pmmi_ops->list_new(rt, 100);
  HOLDS(pmmi_ops->inject_disarm(rt) >= 1);
  HOLDS(list == NULL && pmmi_ops->error(rt) == PMM_NO_MEMORY);
  pmmi_ops->error_clear(rt);
  list = pmmi_ops->list_new(rt, 100);
  HOLDS(list != NULL);
  pmmi_ops->release(rt, list);
  return 1;
}

/** A pushed name is the site of what is allocated under it. */
int pmmi_area_sites(pmm_rt *rt) {
  static const char zeros[1000000];
  struct pmm_site site[4];
  pmm_obj *data;
  size_t count;
  HOLDS(pmmi_ops->trace_snapshot(rt, site, 4) == SIZE_MAX);
  HOLDS(pmmi_ops->error(rt) == PMM_RUNTIME);
  pmmi_ops->error_clear(rt);
  HOLDS(pmmi_ops->trace_start(rt) == PMM_OK);
  HOLDS(pmmi_ops->site_push(rt, "planted") == PMM_OK);
  data = pmmi_ops->bytes_new(rt, zeros, sizeof zeros);
  pmmi_ops->site_pop(rt);
  count = pmmi_ops->trace_snapshot(rt, site, 4);
  HOLDS(count >= 1 && count != SIZE_MAX);
  HOLDS(strcmp(site[0].name, "planted") == 0);
  HOLDS(site[0].blocks == 1 && site[0].bytes >= 1000000);
  pmmi_ops->release(rt, data);
  pmmi_ops->trace_stop(rt);
  return 1;
}

struct found {
  unsigned cycles, references;
};

static void find_leak(void *ctx, const struct pmm_leak *leak) {
  struct found *found = ctx;
  if (strcmp(leak->type, "lost") == 0) {
    found->cycles += leak->kind == PMM_LEAK_CYCLE;
    found->references += leak->kind == PMM_LEAK_REFERENCE;
  }
}

int pmmi_area_leaks(pmm_rt *rt) {
  struct pmm_type_spec spec = {.struct_size = sizeof spec,
                               .name = "lost",
                               .slots = 1,
                               .flags = PMM_TYPE_GC};
  pmm_obj *type = pmmi_ops->type_new(rt, &spec);
  pmm_obj *held = pmmi_ops->instance_new(rt, type, 1);
  pmm_obj *cycle = pmmi_ops->instance_new(rt, type, 2);
  struct found found = {0, 0};
  HOLDS(pmmi_ops->slot_set(rt, cycle, 0, cycle) == PMM_OK);
  pmmi_ops->gc_enable(rt, 0);
  pmmi_ops->release(rt, cycle);
  HOLDS(pmmi_ops->leaks(rt, find_leak, &found) == PMM_OK);
  HOLDS(found.references == 1 && found.cycles == 1);
  pmmi_ops->release(rt, held);
  pmmi_ops->release(rt, type);
  pmmi_ops->gc_enable(rt, 1);
  return 1;
}

/** An object with fewer references than are found is told. */
int pmmi_area_verification(pmm_rt *rt) {
  pmm_obj *list = pmmi_ops->list_new(rt, 0);
  pmm_obj *item = pmmi_ops->list_new(rt, 0);
  uint64_t count;
  for (int i = 0; i < 3; i++) {
    HOLDS(pmmi_ops->list_append(rt, list, item) == PMM_OK);
  }
  HOLDS(pmmi_ops->heap_verify(rt) == NULL);
  count = pmmi_ops->refcount(rt, item);
  HOLDS(pmmi_ops->refcount_set(rt, item, count - 2) == PMM_OK);
  HOLDS(pmmi_ops->heap_verify(rt) != NULL);
  HOLDS(pmmi_ops->refcount_set(rt, item, count) == PMM_OK);
  HOLDS(pmmi_ops->heap_verify(rt) == NULL);
  pmmi_ops->release(rt, item);
  pmmi_ops->release(rt, list);
  return 1;
}
