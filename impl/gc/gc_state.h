/* SPDX-License-Identifier: MIT */
/* gc_state.h - a runtime's state on the floor of gc; see memory_state.h. */
#ifndef PMMI_GC_STATE_H
#define PMMI_GC_STATE_H

#include "core/core_state.h"
#include "gc/gc.h"
#include "gc/log.h"

/** The parts of this floor. */
struct pmmi_gc_state {
  struct pmmi_core_state below;
  struct pmmi_gc gc;         /* when to collect, and a search under way     */
  struct pmmi_gc_log gc_log; /* who hears of collections; the last runs     */
};

static_assert(offsetof(struct pmmi_gc_state, below) == 0, "memory_state.h");

static inline struct pmmi_gc *pmmi_gc_of(pmm_rt *rt) {
  return &((struct pmmi_gc_state *)(void *)rt)->gc;
}

static inline struct pmmi_gc_log *pmmi_gc_log_of(pmm_rt *rt) {
  return &((struct pmmi_gc_state *)(void *)rt)->gc_log;
}

#endif /* PMMI_GC_STATE_H */
