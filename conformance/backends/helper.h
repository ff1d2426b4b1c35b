/* SPDX-License-Identifier: MIT */
/*
 * helper.h - another thread that does what a case tells it, a piece at a time.
 *
 * helper_call() returns when the piece is done, so both threads never work at
 * once, and what a case sees does not depend on who was faster.
 */
#ifndef PMM_BACKENDS_HELPER_H
#define PMM_BACKENDS_HELPER_H

#include <pthread.h>

#include "check.h"

/** A piece of work; `check` is the thread's own. */
typedef void (*helper_work)(struct check *check, void *ctx);

struct helper {
  struct check check;    /* of the thread                                   */
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed; /* `work` was set or done                         */
  helper_work work;      /* to be done; NULL: none                          */
  void *ctx;
  int over;              /* 1: the thread shall end                         */
};

/** Start the thread and announce it to the heap.  -1: the case failed. */
int helper_start(struct helper *helper, struct check *check);

/** Let the thread do a piece.  -1: it failed, and so did the case. */
int helper_call(struct helper *helper, struct check *check, helper_work work,
                void *ctx);

/** End the thread. */
int helper_stop(struct helper *helper, struct check *check);

/** Announce the calling thread to the heap; 0 when it may go on. */
int helper_enter(struct check *check);
void helper_leave(struct check *check);

/** Start a thread with a small stack.  -1: the case failed. */
int helper_thread(struct check *check, pthread_t *thread,
                  void *(*run)(void *), void *argument);

#endif /* PMM_BACKENDS_HELPER_H */
