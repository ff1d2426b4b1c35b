/* SPDX-License-Identifier: MIT */
/*
 * cases/cost.c - what it costs to make and drop one thing among many
 * (requirement REF-021).
 *
 * The processor time of one round of operations is taken, the least of several
 * rounds, among few things and among many.  A walk over the others makes the
 * second a hundred times the first; what differs by the caches stays far below
 * the bound.  No counter of the case depends on the time.
 */
#include <stdio.h>
#include <time.h>

#include "case.h"

enum { FEW = 16, MANY = 4096, STEPS = 512, TRIES = 7, BOUND = 16 };

#define TOO_MANY_POINTS                                                       \
  OOM_EXEMPT("thousands of objects take too long for a round a failure"),     \
      STRESS_EXEMPT("a collection for each of them would be what is timed")

static uint64_t now_ns(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- REF-021 ------------------------------------------------------------ */

/** Things that exist together, the oldest at `oldest`.  Scratch memory. */
struct crowd {
  pmm_obj *target; /* of weak references and helpers; owned by the case      */
  pmm_obj *type;
  pmm_obj **one; /* owned                                                    */
  size_t count;
  size_t oldest;
  int64_t made;
};

/** A kind of thing: new, one reference. */
struct crowded {
  const char *name;
  pmm_obj *(*make)(struct pmm_test *t, struct crowd *crowd);
  enum pmm_feature needs;
};

static enum pmm_status ignore(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)ctx;
  (void)rt;
  (void)arg;
  return PMM_OK;
}

static pmm_obj *one_instance(struct pmm_test *t, struct crowd *crowd) {
  return OPS->instance_new(RT, crowd->type, 1);
}

static pmm_obj *one_list(struct pmm_test *t, struct crowd *crowd) {
  (void)crowd;
  return OPS->list_new(RT, 1);
}

static pmm_obj *one_reference(struct pmm_test *t, struct crowd *crowd) {
  return OPS->weakref_new(RT, crowd->target, ignore, NULL, 1);
}

static pmm_obj *one_helper(struct pmm_test *t, struct crowd *crowd) {
  return OPS->finalize_new(RT, crowd->target, ignore, NULL, 1);
}

static pmm_obj *one_text(struct pmm_test *t, struct crowd *crowd) {
  char name[32];
  int n = snprintf(name, sizeof name, "crowd_%lld", (long long)crowd->made);
  pmm_obj *o = OPS->str_new(RT, name, (size_t)n);
  if (o != NULL) {
    (void)OPS->str_intern(RT, &o);
  }
  return o;
}

static const struct crowded crowds[] = {
    {"plain instances", one_instance, PMM_FEATURE_core},
    {"lists", one_list, PMM_FEATURE_list},
    {"weak references to one object", one_reference, PMM_FEATURE_weakref_cb},
    {"finalize helpers of one object", one_helper, PMM_FEATURE_finalize},
    {"interned strings", one_text, PMM_FEATURE_intern}};

static void drop_one(struct pmm_test *t, struct crowd *crowd, size_t i,
                     const struct crowded *kind) {
  if (crowd->one[i] != NULL && kind->needs == PMM_FEATURE_finalize) {
    (void)OPS->finalize_detach(RT, crowd->one[i]);
  }
  OPS->clear(RT, &crowd->one[i]);
}

/* The oldest goes, and a new one comes. */
static void renew(struct pmm_test *t, struct crowd *crowd,
                  const struct crowded *kind) {
  drop_one(t, crowd, crowd->oldest, kind);
  crowd->made++;
  crowd->one[crowd->oldest] = kind->make(t, crowd);
  expect(crowd->one[crowd->oldest] != NULL);
  crowd->oldest = (crowd->oldest + 1) % crowd->count;
}

/* What STEPS of these cost among `count`, at the least. */
static uint64_t cost_among(struct pmm_test *t, const struct crowded *kind,
                           size_t count) {
  uint64_t least = UINT64_MAX;
  struct crowd *crowd = SCRATCH(struct crowd);
  crowd->type = probe_type(t, "crowded", 0, 0, NULL, NULL);
  crowd->target = probe(t, 1);
  crowd->one = SCRATCH_ARRAY(pmm_obj *, count);
  crowd->count = count;
  for (size_t i = 0; i < count; i++) {
    renew(t, crowd, kind);
  }
  for (int n = 0; n < TRIES; n++) {
    uint64_t start = now_ns();
    for (int i = 0; i < STEPS; i++) {
      renew(t, crowd, kind);
    }
    uint64_t cost = now_ns() - start;
    least = cost < least ? cost : least;
  }
  for (size_t i = 0; i < count; i++) {
    drop_one(t, crowd, i, kind);
  }
  DROP_ALL();
  log_clear(t);
  return least;
}

/* "What it costs to make and to drop one object, weak reference, finalize
 * helper or interned string does not grow with the number of others." */
SHOULD(ref, one_of_many_costs_what_one_of_few_does,
       "Making and dropping one thing costs the same among many",
       REQ("REF-021"), NEEDS(gc), TOO_MANY_POINTS) {
  quiet(t);
  for (size_t i = 0; i < sizeof crowds / sizeof *crowds; i++) {
    if (!is_offered(t, crowds[i].needs)) {
      continue;
    }
    now_at(t, "%s", crowds[i].name);
    uint64_t few = cost_among(t, &crowds[i], FEW);
    uint64_t many = cost_among(t, &crowds[i], MANY);
    expect_lt(many, BOUND * few);
  }
}
