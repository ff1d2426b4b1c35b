/* SPDX-License-Identifier: MIT */
/*
 * holder.h - what threads reach that do not hold the runtime.
 *
 *   1. One thread *holds* a runtime: the one that opened it or, inside
 *      call_on_stack(), the one that runs for it.  All state is its own, save
 *      what this lock guards.
 *   2. Any thread may use the raw domain.  So the lock guards what such a call
 *      can reach: the sizes and figures of the raw domain (domain_raw.h), the
 *      debug layer (debug.h) and the tracer (trace.h).
 *   3. It is held for a few steps on tables, never while a domain, a backend, a
 *      hook or the host is called.  So it is never taken twice, and hooks may
 *      do what they like.
 *   4. Those tables come from the C library, as a backend's heap may serve one
 *      thread only.
 *
 * Invariant: with the tracer and the debug layer off, no request of the mem
 * and the object domain takes the lock.
 */
#ifndef PMMI_HOLDER_H
#define PMMI_HOLDER_H

#include <pthread.h>

#include "memory/memory.h"

/** What a runtime shares among threads. */
struct pmmi_holder {
  pthread_mutex_t lock;    /* what it guards: above                         */
  struct pmmi_allocator tables; /* serves guarded tables: the C library     */
  _Atomic(pthread_t) holder; /* who holds the runtime                       */
};

/** The calling thread holds the runtime.  Cannot fail. */
void pmmi_holder_init(pmm_rt *rt);

/** After the last call of any thread. */
void pmmi_holder_fini(pmm_rt *rt);

void pmmi_lock(pmm_rt *rt);
void pmmi_unlock(pmm_rt *rt);

/** 1 when the calling thread holds the runtime. */
int pmmi_holds(pmm_rt *rt);

/** Make the calling thread the holder.  Who was it knows by other means, such
 *  as starting or joining a thread. */
void pmmi_hold(pmm_rt *rt);

#endif /* PMMI_HOLDER_H */
