/* SPDX-License-Identifier: MIT */
/*
 * runtime.h - one open runtime.
 *
 * The state of every module, by value, in the order in which pmmi_open()
 * brings it to life; pmmi_close() goes backwards.  No state lives anywhere
 * else, so runtimes are apart from each other.  The structure itself is one
 * block of the backend's heap that the counters do not show.
 *
 * A module declares `struct pmmi_<module>` in its header and offers
 * `enum pmm_status pmmi_<module>_init(pmm_rt *rt)` and
 * `void pmmi_<module>_fini(pmm_rt *rt)`, called from runtime.c.
 */
#ifndef PMMI_RUNTIME_H
#define PMMI_RUNTIME_H

#include "object/dealloc.h"
#include "object/errors.h"
#include "object/memory.h"
#include "object/object.h"

struct pmm_rt {
  struct pmmi_memory memory;   /* first: memory.h's hot path relies on it   */
  struct pmmi_dealloc dealloc; /* nesting, and objects that wait            */
  struct pmmi_errors errors;   /* the pending error                         */
  struct pmm_host host;        /* a copy; all zero when nobody listens      */
  uint64_t seed;               /* as opened                                 */
  uint32_t flags;              /* enum pmm_open_flag, or-ed                 */
};

/** Tell the host, if it listens.  Runs no code of the runtime. */
static inline void pmmi_event(pmm_rt *rt, enum pmm_event_kind kind,
                              int64_t cookie, int64_t detail) {
  if (rt->host.event != NULL) {
    rt->host.event(rt->host.ctx, kind, cookie, detail);
  }
}

/** Add the figures that modules above memory keep: cached, tracked. */
void pmmi_runtime_figures(pmm_rt *rt, struct pmm_memory *out);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

enum pmm_status pmmi_open(const struct pmm_open_config *config, pmm_rt **rt);
void pmmi_close(pmm_rt *rt);
void pmmi_caches_flush(pmm_rt *rt);

#endif /* PMMI_RUNTIME_H */
