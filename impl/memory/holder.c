/* SPDX-License-Identifier: MIT */
/* holder.c - the lock and the holder; idea and invariant: holder.h. */
#include "memory/holder.h"

#include <stdatomic.h>

#include "runtime/runtime.h"

void pmmi_shared_init(pmm_rt *rt) {
  /* Of the default kind, which takes no memory and so cannot fail. */
  (void)pthread_mutex_init(&rt->shared.lock, NULL);
  rt->shared.tables = pmmi_raw_heap;
  pmmi_hold(rt);
}

void pmmi_shared_fini(pmm_rt *rt) {
  (void)pthread_mutex_destroy(&rt->shared.lock);
}

void pmmi_lock(pmm_rt *rt) {
  int failed = pthread_mutex_lock(&rt->shared.lock);
  assert(failed == 0);
  (void)failed;
}

void pmmi_unlock(pmm_rt *rt) {
  int failed = pthread_mutex_unlock(&rt->shared.lock);
  assert(failed == 0);
  (void)failed;
}

/* Relaxed: a thread that is the holder has stored that itself, and what other
 * threads read is never their own. */
int pmmi_holds(pmm_rt *rt) {
  return pthread_equal(
      atomic_load_explicit(&rt->shared.holder, memory_order_relaxed),
      pthread_self());
}

void pmmi_hold(pmm_rt *rt) {
  atomic_store_explicit(&rt->shared.holder, pthread_self(),
                        memory_order_relaxed);
}
