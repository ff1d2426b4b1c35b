/* SPDX-License-Identifier: MIT */
/* holder.c - the lock and the holder; idea and invariant: holder.h. */
#include "memory/holder.h"

#include <stdatomic.h>

#include "memory/memory_state.h"

void pmmi_holder_init(pmm_rt *rt) {
  assert(pmmi_memory_state(rt)->above.fail != NULL);
  /* Of the default kind, which takes no memory and so cannot fail. */
  (void)pthread_mutex_init(&pmmi_holder_of(rt)->lock, NULL);
  pmmi_holder_of(rt)->tables = pmmi_raw_allocator;
  pmmi_hold(rt);
}

void pmmi_holder_fini(pmm_rt *rt) {
  (void)pthread_mutex_destroy(&pmmi_holder_of(rt)->lock);
}

void pmmi_lock(pmm_rt *rt) {
  int failed = pthread_mutex_lock(&pmmi_holder_of(rt)->lock);
  assert(failed == 0);
  (void)failed;
}

void pmmi_unlock(pmm_rt *rt) {
  int failed = pthread_mutex_unlock(&pmmi_holder_of(rt)->lock);
  assert(failed == 0);
  (void)failed;
}

/* Relaxed: a thread that is the holder has stored that itself, and what other
 * threads read is never their own. */
int pmmi_holds(pmm_rt *rt) {
  return pthread_equal(
      atomic_load_explicit(&pmmi_holder_of(rt)->holder, memory_order_relaxed),
      pthread_self());
}

void pmmi_hold(pmm_rt *rt) {
  atomic_store_explicit(&pmmi_holder_of(rt)->holder, pthread_self(),
                        memory_order_relaxed);
}
