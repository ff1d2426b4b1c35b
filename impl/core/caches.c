/* SPDX-License-Identifier: MIT */
/* caches.c - the free lists of a runtime; idea and invariant: caches.h. */
#include "core/caches.h"

#include "core/core_state.h"

void pmmi_caches_add(pmm_rt *rt, const struct pmmi_cache *cache) {
  assert(cache->flush != NULL && cache->keep != NULL);
  struct pmmi_caches *caches = pmmi_caches_of(rt);
  assert(cache->figures != NULL);
  assert(caches->count < PMMI_CACHES);
  caches->at[caches->count++] = cache;
}

void pmmi_caches_empty(pmm_rt *rt) {
  const struct pmmi_caches *caches = pmmi_caches_of(rt);
  for (size_t i = 0; i < caches->count; i++) {
    caches->at[i]->flush(rt);
  }
}

void pmmi_caches_keep(pmm_rt *rt, int on) {
  const struct pmmi_caches *caches = pmmi_caches_of(rt);
  for (size_t i = 0; i < caches->count; i++) {
    caches->at[i]->keep(rt, on);
  }
}

void pmmi_caches_figures(pmm_rt *rt, struct pmm_memory *out) {
  const struct pmmi_caches *caches = pmmi_caches_of(rt);
  for (size_t i = 0; i < caches->count; i++) {
    caches->at[i]->figures(rt, out);
  }
}
