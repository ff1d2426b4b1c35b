/* SPDX-License-Identifier: MIT */
/* types_state.h - a runtime's state on the floor of types: memory_state.h. */
#ifndef PMMI_TYPES_STATE_H
#define PMMI_TYPES_STATE_H

#include "gc/gc_state.h"
#include "types/finalizer.h"
#include "types/instance.h"
#include "types/int.h"
#include "types/list.h"
#include "types/str.h"
#include "types/tuple.h"

struct pmmi_repr;

/** The parts of this floor. */
struct pmmi_types_state {
  struct pmmi_gc_state below;
  struct pmmi_ints ints;       /* the small ones                            */
  struct pmmi_strs strs;       /* short ones, and the intern table          */
  struct pmmi_tuples tuples;   /* the empty one, dead ones, constants       */
  struct pmmi_lists lists;     /* dead ones                                 */
  struct pmmi_instances instances;   /* those the collector does not know   */
  struct pmmi_finalizers finalizers; /* armed ones                          */
  struct pmmi_repr *repr;      /* containers being printed, innermost first */
};

static_assert(offsetof(struct pmmi_types_state, below) == 0,
              "memory_state.h");

static inline struct pmmi_types_state *pmmi_types_state(pmm_rt *rt) {
  return (struct pmmi_types_state *)(void *)rt;
}

static inline struct pmmi_ints *pmmi_ints_of(pmm_rt *rt) {
  return &pmmi_types_state(rt)->ints;
}

static inline struct pmmi_strs *pmmi_strs_of(pmm_rt *rt) {
  return &pmmi_types_state(rt)->strs;
}

static inline struct pmmi_tuples *pmmi_tuples_of(pmm_rt *rt) {
  return &pmmi_types_state(rt)->tuples;
}

static inline struct pmmi_lists *pmmi_lists_of(pmm_rt *rt) {
  return &pmmi_types_state(rt)->lists;
}

static inline struct pmmi_instances *pmmi_instances_of(pmm_rt *rt) {
  return &pmmi_types_state(rt)->instances;
}

static inline struct pmmi_finalizers *pmmi_finalizers_of(pmm_rt *rt) {
  return &pmmi_types_state(rt)->finalizers;
}

#endif /* PMMI_TYPES_STATE_H */
