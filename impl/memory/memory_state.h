/* SPDX-License-Identifier: MIT */
/*
 * memory_state.h - what an open runtime holds on the floor of memory.
 *
 *   pmm_rt *
 *   v
 *   +--------+------+----+-------+------+----------+
 *   | memory | core | gc | types | code | runtime  |      struct pmm_rt
 *   +--------+------+----+-------+------+----------+
 *   |        struct pmmi_core_state     |
 *   +--------+------+
 *
 *   1. The state of a floor begins with the state of the floor below, and that
 *      of the highest is struct pmm_rt (runtime/runtime.h).  So they all have
 *      one address, and a part is at a constant distance from it.
 *   2. A floor reaches its own parts and those below: pmmi_<part>_of(rt).  It
 *      cannot name a part of a floor above, as it does not see that structure.
 *   3. Where memory needs something done above, it asks through struct
 *      pmmi_above.
 *
 * Invariant: a floor's state is the first member of the next one's, which the
 * header of that one asserts.
 */
#ifndef PMMI_MEMORY_STATE_H
#define PMMI_MEMORY_STATE_H

#include "memory/arenas.h"
#include "memory/debug.h"
#include "memory/domain.h"
#include "memory/domain_raw.h"
#include "memory/holder.h"
#include "memory/memory.h"
#include "memory/trace.h"

/** What memory asks of the floors above it. */
struct pmmi_above {
  /** Make `status` pending, with static text. */
  void (*fail)(pmm_rt *rt, enum pmm_status status, const char *message);
  /** Free lists give back what they keep, and keep no more (0) or again (1). */
  void (*keep)(pmm_rt *rt, int on);
};

/** The parts of this floor. */
struct pmmi_memory_state {
  struct pmmi_memory memory;   /* first: memory.h's hot path relies on it   */
  struct pmmi_domains domains; /* raw, mem and object, and their hooks      */
  struct pmmi_holder holder;   /* the lock; which thread holds the runtime  */
  struct pmmi_raw raw;         /* raw blocks, of any thread                 */
  struct pmmi_debug debug;     /* guards and the quarantine                 */
  struct pmmi_arenas *arenas;  /* NULL: the backend maps pages by itself    */
  struct pmmi_trace trace;     /* traced blocks and their sites             */
  struct pmm_host host;        /* a copy; all zero when nobody listens      */
  struct pmmi_above above;     /* set before anything can fail              */
};

static_assert(offsetof(struct pmmi_memory_state, memory) == 0,
              "pmmi_memory_of()");

static inline struct pmmi_memory_state *pmmi_memory_state(pmm_rt *rt) {
  return (struct pmmi_memory_state *)(void *)rt;
}

static inline struct pmmi_domains *pmmi_domains_of(pmm_rt *rt) {
  return &pmmi_memory_state(rt)->domains;
}

static inline struct pmmi_holder *pmmi_holder_of(pmm_rt *rt) {
  return &pmmi_memory_state(rt)->holder;
}

static inline struct pmmi_raw *pmmi_raw_of(pmm_rt *rt) {
  return &pmmi_memory_state(rt)->raw;
}

static inline struct pmmi_debug *pmmi_debug_of(pmm_rt *rt) {
  return &pmmi_memory_state(rt)->debug;
}

static inline struct pmmi_trace *pmmi_trace_of(pmm_rt *rt) {
  return &pmmi_memory_state(rt)->trace;
}

/** Tell the host, if it listens.  Runs no code of the runtime. */
static inline void pmmi_event(pmm_rt *rt, enum pmm_event_kind kind,
                              int64_t cookie, int64_t detail) {
  const struct pmm_host *host = &pmmi_memory_state(rt)->host;
  if (host->event != NULL) {
    host->event(host->ctx, kind, cookie, detail);
  }
}

/** Make `status` pending, and return it.  `message` is static text. */
static inline enum pmm_status pmmi_memory_fail(pmm_rt *rt,
                                               enum pmm_status status,
                                               const char *message) {
  assert(status != PMM_OK);
  pmmi_memory_state(rt)->above.fail(rt, status, message);
  return status;
}

#endif /* PMMI_MEMORY_STATE_H */
