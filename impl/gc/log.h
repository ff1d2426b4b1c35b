/* SPDX-License-Identifier: MIT */
/*
 * log.h - who hears of a collection, and what is noted of it.
 *
 *   1. At start and at stop of each collection the host gets an event; then
 *      the callbacks are called in the order in which they were added.
 *   2. While the log is on, a run is noted when it is over, before anybody
 *      hears of it, in a ring that lies in the runtime: noting needs no
 *      memory.
 *   3. A slice of a search (gc/search.h) is noted too, but nobody hears of it.
 *   4. A collection that is not the collector's own idea is announced with its
 *      reason (pmmi_gc_log_because).
 *
 * Invariant: listener_count <= listener_room; without listeners no memory is
 * held; entry n of the log lies in runs[(n - 1) % PMM_GC_LOG_RUNS].
 *
 * Source: CPython 3.11 Modules/gcmodule.c (invoke_gc_callback).
 */
#ifndef PMMI_GC_LOG_H
#define PMMI_GC_LOG_H

#include "pmm/types.h"

/** A callback of the host. */
struct pmmi_gc_listener {
  pmm_gc_fn fn;
  void *ctx; /* its first argument                                          */
};

/** Listeners and log of one runtime. */
struct pmmi_gc_log {
  struct pmmi_gc_listener *listeners; /* in the order of adding             */
  size_t listener_count;
  size_t listener_room;
  int on;             /* 1: runs are noted                                  */
  uint64_t because;   /* enum pmm_gc_reason of the next run; 0: the         */
                      /* collector's own                                    */
  uint64_t reason;    /* enum pmm_gc_reason of the run under way            */
  uint64_t objects;   /* live ones when the run under way began             */
  uint64_t count;     /* runs noted since the log was started               */
  struct pmm_gc_run runs[PMM_GC_LOG_RUNS];
};

/** A collection starts.  May run code. */
void pmmi_gc_log_started(pmm_rt *rt, int generation);

/** It is over.  Of `run` the caller fills in generation, start_ns, pause_ns,
 *  traversed, collected, uncollectable, and as garbage_left what it found and
 *  did not take.  May run code. */
void pmmi_gc_log_stopped(pmm_rt *rt, const struct pmm_gc_run *run);

/** A slice of a search over the old generation is over: it began at `start_ns`
 *  and has walked so many objects. */
void pmmi_gc_log_slice(pmm_rt *rt, uint64_t start_ns, uint64_t pause_ns,
                       uint64_t traversed);

/** The collections until the next call of this run for `reason`; 0: for one
 *  of the collector's own. */
void pmmi_gc_log_because(pmm_rt *rt, uint64_t reason);

/** Forget all callbacks. */
void pmmi_gc_log_fini(pmm_rt *rt);

/* ---- operations (contracts: pmm/subject.h) ------------------------------ */

enum pmm_status pmmi_gc_callback_add(pmm_rt *rt, pmm_gc_fn fn, void *ctx);
enum pmm_status pmmi_gc_callback_remove(pmm_rt *rt, pmm_gc_fn fn, void *ctx);
enum pmm_status pmmi_gc_log_start(pmm_rt *rt);
void pmmi_gc_log_stop(pmm_rt *rt);
uint64_t pmmi_gc_log_read(pmm_rt *rt, struct pmm_gc_run *out, size_t n);

#endif /* PMMI_GC_LOG_H */
