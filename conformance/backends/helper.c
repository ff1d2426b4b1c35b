/* SPDX-License-Identifier: MIT */
/* helper.c - see helper.h. */
#include "helper.h"

#include <string.h>

enum { STACK_BYTES = 256 << 10 };

int helper_enter(struct check *check) {
  const struct pmm_backend *b = check->backend;
  REQUIRE(check, b->thread_enter == NULL || b->thread_enter(check->heap) == 0,
          "thread_enter failed");
  return 0;
}

void helper_leave(struct check *check) {
  if (check->backend->thread_leave != NULL) {
    check->backend->thread_leave(check->heap);
  }
}

int helper_thread(struct check *check, pthread_t *thread,
                  void *(*run)(void *), void *argument) {
  pthread_attr_t attributes;
  (void)pthread_attr_init(&attributes);
  (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
  int error = pthread_create(thread, &attributes, run, argument);
  (void)pthread_attr_destroy(&attributes);
  REQUIRE(check, error == 0, "cannot start a thread: %s", strerror(error));
  return 0;
}

static void *helper_main(void *argument) {
  struct helper *helper = argument;
  if (helper_enter(&helper->check) != 0) {
    return NULL;
  }
  (void)pthread_mutex_lock(&helper->lock);
  while (!helper->over) {
    if (helper->work != NULL) {
      helper->work(&helper->check, helper->ctx);
      helper->work = NULL;
      (void)pthread_cond_broadcast(&helper->changed);
    }
    (void)pthread_cond_wait(&helper->changed, &helper->lock);
  }
  (void)pthread_mutex_unlock(&helper->lock);
  helper_leave(&helper->check);
  return NULL;
}

int helper_start(struct helper *helper, struct check *check) {
  memset(helper, 0, sizeof *helper);
  check_branch(&helper->check, check, ++check->made);
  (void)pthread_mutex_init(&helper->lock, NULL);
  (void)pthread_cond_init(&helper->changed, NULL);
  return helper_thread(check, &helper->thread, helper_main, helper);
}

int helper_call(struct helper *helper, struct check *check, helper_work work,
                void *ctx) {
  (void)pthread_mutex_lock(&helper->lock);
  helper->work = work;
  helper->ctx = ctx;
  (void)pthread_cond_broadcast(&helper->changed);
  while (helper->work != NULL) {
    (void)pthread_cond_wait(&helper->changed, &helper->lock);
  }
  (void)pthread_mutex_unlock(&helper->lock);
  check_merge(check, &helper->check);
  return check_failed(check) ? -1 : 0;
}

int helper_stop(struct helper *helper, struct check *check) {
  (void)pthread_mutex_lock(&helper->lock);
  helper->over = 1;
  (void)pthread_cond_broadcast(&helper->changed);
  (void)pthread_mutex_unlock(&helper->lock);
  (void)pthread_join(helper->thread, NULL);
  check_merge(check, &helper->check);
  return check_failed(check) ? -1 : 0;
}
