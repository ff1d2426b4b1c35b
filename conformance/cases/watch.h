/* SPDX-License-Identifier: MIT */
/*
 * watch.h - what cases on weak references watch: which references were alive
 * while a callback or a finalizer ran.
 */
#ifndef PMM_CONFORM_WATCH_H
#define PMM_CONFORM_WATCH_H

#include "case.h"

/* What a callback or a finalizer saw.  Scratch memory. */
struct watch {
  struct pmm_test *t;
  pmm_obj *weak[4];      /* borrowed: references to read while it runs     */
  size_t weak_count;
  int runs;              /* calls                                          */
  int alive;             /* how many of `weak` were alive in the last call */
  int ever_alive;        /* the same, added up over all calls              */
  int argument_dead;     /* the callback's own reference read as dead      */
  pmm_obj *argument;     /* what it was called with; not owned             */
  pmm_obj *saved;        /* owned                                          */
  int save;              /* a finalizer keeps its object                   */
  enum pmm_status raise; /* what it raises                                 */
};

static inline int is_alive(struct pmm_test *t, pmm_obj *weak) {
  pmm_obj *target = OPS->weakref_get(RT, weak);
  OPS->xrelease(RT, target);
  return target != NULL;
}

static inline void look(struct watch *watch) {
  watch->runs++;
  watch->alive = 0;
  for (size_t i = 0; i < watch->weak_count; i++) {
    watch->alive += is_alive(watch->t, watch->weak[i]);
  }
  watch->ever_alive += watch->alive;
}

static inline enum pmm_status callback(void *ctx, pmm_rt *rt, pmm_obj *weak) {
  struct watch *watch = ctx;
  (void)rt;
  look(watch);
  watch->argument = weak;
  watch->argument_dead = !is_alive(watch->t, weak);
  return watch->raise;
}

/* For finalize helpers, which outlive their target and get nothing of it. */
static inline enum pmm_status count_call(void *ctx, pmm_rt *rt,
                                         pmm_obj *unused) {
  struct watch *watch = ctx;
  (void)rt;
  (void)unused;
  watch->runs++;
  return PMM_OK;
}

static inline enum pmm_status finalize(void *ctx, pmm_rt *rt, pmm_obj *self) {
  struct watch *watch = ctx;
  struct pmm_test *t = watch->t;
  look(watch);
  if (watch->save) {
    OPS->retain(rt, self);
    watch->saved = self;
  }
  return watch->raise;
}

static inline void forget(struct pmm_test *t, void *subject) {
  struct watch *watch = subject;
  watch->save = 0;
  watch->weak_count = 0;
  OPS->clear(RT, &watch->saved);
}

static inline struct watch *new_watch(struct pmm_test *t) {
  struct watch *watch = SCRATCH(struct watch);
  watch->t = t;
  defer(t, forget, watch);
  return watch;
}

static inline pmm_obj *weak_to(struct pmm_test *t, pmm_obj *target) {
  return NEW(OPS->weakref_new(RT, target, NULL, NULL, 0));
}

static inline pmm_obj *watched(struct pmm_test *t, pmm_obj *target,
                               struct watch *watch, int64_t cookie) {
  return NEW(OPS->weakref_new(RT, target, callback, watch, cookie));
}

static inline pmm_obj *finalized(struct pmm_test *t, struct watch *watch,
                                 int64_t cookie) {
  pmm_obj *type = probe_type(t, "finalized", 2,
                             PMM_TYPE_GC | PMM_TYPE_WEAKREF, finalize, watch);
  return probe_of(t, type, cookie);
}

static inline void expect_dead(struct pmm_test *t, pmm_obj *weak) {
  expect(!is_alive(t, weak));
  expect_eq(OPS->error(RT), PMM_OK);
}

#endif /* PMM_CONFORM_WATCH_H */
