/* SPDX-License-Identifier: MIT */
/*
 * runtime.h - one open runtime.
 *
 * The state of every module, by value, floor upon floor (memory_state.h), in
 * about the order in which pmmi_open() brings it to life; pmmi_close() goes
 * backwards.  No state lives anywhere else, so runtimes are apart from each
 * other.  The structure itself is one block of the backend's heap that the
 * counters do not show.
 *
 * A module declares `struct pmmi_<module>` in its header and offers
 * `enum pmm_status pmmi_<module>_init(pmm_rt *rt)` and
 * `void pmmi_<module>_fini(pmm_rt *rt)`, called from runtime.c.
 */
#ifndef PMMI_RUNTIME_H
#define PMMI_RUNTIME_H

#include "code/code_state.h"

struct pmm_rt {
  struct pmmi_code_state below; /* the floors                               */
  uint64_t own_objects;         /* live once it was open: nobody's leak     */
  uint64_t seed;                /* as opened                                */
  uint32_t flags;               /* enum pmm_open_flag, or-ed                */
};

static_assert(offsetof(struct pmm_rt, below) == 0, "memory_state.h");

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

enum pmm_status pmmi_open(const struct pmm_open_config *config, pmm_rt **rt);
void pmmi_close(pmm_rt *rt);
void pmmi_caches_flush(pmm_rt *rt);
void pmmi_memory(pmm_rt *rt, struct pmm_memory *out);

#endif /* PMMI_RUNTIME_H */
