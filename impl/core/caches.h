/* SPDX-License-Identifier: MIT */
/*
 * caches.h - the free lists of a runtime.
 *
 * A type that keeps its dead objects for the next ones says so here, so that
 * whoever wants them given back (a full collection, the tracer, the host) need
 * not know which types those are.  What a type keeps, and how, is its business;
 * nothing here is on the way of an object that is made or dies.
 *
 * Invariant: each cache is in the list once, in the order in which they came.
 */
#ifndef PMMI_CACHES_H
#define PMMI_CACHES_H

#include "pmm/types.h"

/** Most types that keep dead objects. */
#define PMMI_CACHES 4

/** The free lists of one type. */
struct pmmi_cache {
  /** Give back all that is kept. */
  void (*flush)(pmm_rt *rt);
  /** Give it back and keep no more (0), or keep again (1). */
  void (*keep)(pmm_rt *rt, int on);
  /** Add what is kept to the figures of what is cached. */
  void (*figures)(pmm_rt *rt, struct pmm_memory *out);
};

/** Those of a runtime. */
struct pmmi_caches {
  const struct pmmi_cache *at[PMMI_CACHES];
  size_t count;
};

/** One more; there is room. */
void pmmi_caches_add(pmm_rt *rt, const struct pmmi_cache *cache);

/** The functions of struct pmmi_cache, for all. */
void pmmi_caches_empty(pmm_rt *rt);
void pmmi_caches_keep(pmm_rt *rt, int on);
void pmmi_caches_figures(pmm_rt *rt, struct pmm_memory *out);

#endif /* PMMI_CACHES_H */
