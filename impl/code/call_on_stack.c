/* SPDX-License-Identifier: MIT */
/*
 * call_on_stack.c - a thread with a small stack, waited for at once.
 *
 * Two threads never run in the runtime together, so nothing needs a lock: the
 * caller waits, and the thread holds the runtime meanwhile (holder.h).  The
 * backend hears of the thread, as it may keep state for each.
 */
#include "code/call_on_stack.h"

#include <pthread.h>
#include <unistd.h>

#include "code/code_state.h"

/** What the thread is to do, and what came of it. */
struct errand {
  pmm_rt *rt;
  pmm_fn fn;
  void *ctx;
  enum pmm_status status;
};

static void *run_errand(void *argument) {
  struct errand *errand = argument;
  assert(errand->fn != NULL);
  const struct pmmi_memory *memory = pmmi_memory_of(errand->rt);
  pmmi_hold(errand->rt);
  if (memory->backend->thread_enter != NULL &&
      memory->backend->thread_enter(memory->backend_heap) != 0) {
    errand->status = pmmi_fail(errand->rt, PMM_NO_MEMORY,
                               "the backend cannot serve another thread");
    return NULL;
  }
  errand->status =
      errand->fn(errand->ctx, errand->rt, pmmi_none(errand->rt));
  if (memory->backend->thread_leave != NULL) {
    memory->backend->thread_leave(memory->backend_heap);
  }
  return NULL;
}

enum pmm_status pmmi_call_on_stack(pmm_rt *rt, size_t stack_bytes, pmm_fn fn,
                                   void *ctx) {
  assert(fn != NULL && stack_bytes > 0);
  struct errand errand = {.rt = rt, .fn = fn, .ctx = ctx, .status = PMM_OK};
  pthread_attr_t attributes;
  pthread_t thread;
  size_t least = (size_t)sysconf(_SC_THREAD_STACK_MIN);
  if (pthread_attr_init(&attributes) != 0) {
    return pmmi_fail(rt, PMM_NO_MEMORY, "no memory for a stack");
  }
  int failed = pthread_attr_setstacksize(
                   &attributes, stack_bytes > least ? stack_bytes : least) ||
               pthread_create(&thread, &attributes, run_errand, &errand);
  pthread_attr_destroy(&attributes);
  if (failed) {
    return pmmi_fail(rt, PMM_NO_MEMORY, "no memory for a stack");
  }
  pthread_join(thread, NULL);
  pmmi_hold(rt);
  return errand.status;
}
