/* SPDX-License-Identifier: MIT */
/* core_state.h - a runtime's state on the floor of core; see memory_state.h. */
#ifndef PMMI_CORE_STATE_H
#define PMMI_CORE_STATE_H

#include "core/caches.h"
#include "core/dealloc.h"
#include "core/errors.h"
#include "core/object.h"
#include "core/tracked.h"
#include "memory/memory_state.h"

/** The parts of this floor. */
struct pmmi_core_state {
  struct pmmi_memory_state below;
  struct pmmi_dealloc dealloc; /* nesting, and objects that wait            */
  struct pmmi_errors errors;   /* the pending error                         */
  struct pmmi_caches caches;   /* free lists of dead objects                */
  size_t recursion;            /* nested calls, comparisons, ...            */
  struct pmmi_tracked tracked; /* what the collector may look at            */
};

static_assert(offsetof(struct pmmi_core_state, below) == 0, "memory_state.h");

static inline struct pmmi_core_state *pmmi_core_state(pmm_rt *rt) {
  return (struct pmmi_core_state *)(void *)rt;
}

static inline struct pmmi_dealloc *pmmi_dealloc_of(pmm_rt *rt) {
  return &pmmi_core_state(rt)->dealloc;
}

static inline struct pmmi_errors *pmmi_errors_of(pmm_rt *rt) {
  return &pmmi_core_state(rt)->errors;
}

static inline struct pmmi_caches *pmmi_caches_of(pmm_rt *rt) {
  return &pmmi_core_state(rt)->caches;
}

static inline struct pmmi_tracked *pmmi_tracked_of(pmm_rt *rt) {
  return &pmmi_core_state(rt)->tracked;
}

/** Lend the floor of memory what it asks of this one; before anything else. */
void pmmi_core_init(pmm_rt *rt);

#endif /* PMMI_CORE_STATE_H */
