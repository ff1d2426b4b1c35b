/* SPDX-License-Identifier: MIT */
/*
 * failing.h - operations whose allocations are made to fail one by one, for
 * the cases that ask of each of a table what it reports and what it leaves.
 */
#ifndef PMM_CONFORM_FAILING_H
#define PMM_CONFORM_FAILING_H

#include "codes.h"

#define ARMS_ITSELF OOM_EXEMPT("arms the injection itself")

/** What operations work on. */
struct inputs {
  pmm_obj *list;
  pmm_obj *tuple;
  pmm_obj *text;
  pmm_obj *type;    /* with a finalizer                                     */
  pmm_obj *watched; /* takes weak references                                */
};

/** An operation to fail: returns what it made, or NULL with the error. */
typedef pmm_obj *(*operation_fn)(struct pmm_test *t, const struct inputs *in);

static inline enum pmm_status nothing(void *ctx, pmm_rt *rt, pmm_obj *self) {
  (void)ctx;
  (void)rt;
  (void)self;
  return PMM_OK;
}

static inline struct inputs new_inputs(struct pmm_test *t) {
  return (struct inputs){
      .list = list_of_ints(t, 100),
      .tuple = tuple_of_ints(t, 100),
      .text = text(t, "a text of some length that is in no table"),
      .type = probe_type(t, "watched", 1, PMM_TYPE_GC, nothing, NULL),
      .watched = probe(t, 0)};
}

/* Run an operation with its k-th allocation failing (and, persistently, all
 * after it); *failed tells how many did.  Drops what it made. */
static inline enum pmm_status try_operation(struct pmm_test *t,
                                     operation_fn operation,
                                     const struct inputs *in, uint64_t k,
                                     int persist, uint64_t *failed) {
  OPS->caches_flush(RT);
  OPS->inject_arm(RT, k, persist);
  pmm_obj *made = operation(t, in);
  enum pmm_status status = OPS->error(RT);
  *failed = OPS->inject_disarm(RT);
  OPS->error_clear(RT);
  expect((made == NULL) == (status != PMM_OK));
  OPS->xrelease(RT, made);
  return status;
}

/* Fail allocation 1, 2, 3 ... of each operation until none is left to fail. */
static inline void expect_reports(struct pmm_test *t, const operation_fn *all,
                           size_t n, int persist) {
  struct inputs in = new_inputs(t);
  uint64_t points = 0;
  for (size_t i = 0; i < n; i++) {
    uint64_t failed = 1;
    for (uint64_t k = 1; failed > 0; k++) {
      enum pmm_status status =
          try_operation(t, all[i], &in, k, persist, &failed);
      expect_eq(status, failed > 0 ? PMM_NO_MEMORY : PMM_OK);
      points += failed > 0;
    }
  }
  expect_ge(points, n);
}

/* What lives when the operation is done, failed or not, and its inputs and
 * what it made are dropped. */
static inline uint64_t blocks_after(struct pmm_test *t, operation_fn operation,
                             uint64_t k, uint64_t *failed) {
  struct inputs in = new_inputs(t);
  (void)try_operation(t, operation, &in, k, 0, failed);
  DROP_ALL();
  if (OFFERED(gc)) {
    collect(t);
  }
  OPS->caches_flush(RT);
  return live_blocks(t);
}

/* Where counters are exact, nothing more lives after a failure than after a
 * success.  Elsewhere a cache may have grown meanwhile: a leak is what grows
 * whenever the same allocation fails. */
static inline void expect_no_leak(struct pmm_test *t, operation_fn operation) {
  enum { WARM = 3, REPEATS = 5 };
  int repeats = profile_has(t, "exact_counters") ? 1 : REPEATS;
  uint64_t failed = 0;
  uint64_t before = 0;
  for (int i = 0; i < WARM; i++) {
    before = blocks_after(t, operation, UINT64_MAX, &failed);
  }
  failed = 1;
  for (uint64_t k = 1; failed > 0; k++) {
    int grown = 0;
    for (int i = 0; i < repeats; i++) {
      uint64_t left = blocks_after(t, operation, k, &failed);
      grown += left > before;
      before = left;
    }
    expect_lt(grown, repeats);
  }
}

#endif /* PMM_CONFORM_FAILING_H */
