/* SPDX-License-Identifier: MIT */
/*
 * cases/gc_watched.c - weak references to a container of any kind are none of
 * its references (requirement GC-006).
 */
#include "kinds.h"

static int count_visit(void *ctx, pmm_obj *referent) {
  (void)referent;
  ++*(int *)ctx;
  return 0;
}

static int visits_of(struct pmm_test *t, pmm_obj *container) {
  int visits = 0;
  expect_eq(OPS->gc_traverse(RT, container, count_visit, &visits), 0);
  return visits;
}

static enum pmm_status do_not_care(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)ctx;
  (void)rt;
  (void)arg;
  return PMM_OK;
}

/* With a plain reference and one with a callback, where it accepts any. */
static void check_watched(struct pmm_test *t, const struct kind *kind) {
  pmm_obj *item = probe(t, 1);
  pmm_obj *container = kind->make(t, item);
  int visits = visits_of(t, container);
  pmm_obj *plain = OPS->weakref_new(RT, container, NULL, NULL, 0);
  if (plain == NULL) {
    expect_eq(OPS->error(RT), PMM_TYPE);
    OPS->error_clear(RT);
    DROP_ALL();
    return;
  }
  plain = NEW(plain);
  pmm_obj *called = NEW(OPS->weakref_new(RT, container, do_not_care, NULL, 7));
  expect_eq(visits_of(t, container), visits);
  uint64_t owners = OPS->refcount(RT, plain); /* it may be shared             */
  collect(t);
  expect_eq(OPS->refcount(RT, plain), owners);
  expect_eq(OPS->refcount(RT, called), 1);
  expect_eq(happened(FAULT, ANY), 0);
  DROP(container);
  expect(OPS->weakref_get(RT, plain) == NULL);
  DROP_ALL();
  log_clear(t);
}

/* "For every container type the visitor is called exactly once per owned
 * reference to a trackable object."  A container owns no weak reference to
 * it. */
MUST(gc, watching_references_are_not_visited,
     "No container visits the weak references to it", REQ("GC-006"),
     NEEDS(gc, refcount, gc_traverse, weakref, weakref_cb)) {
  quiet(t);
  OVER(basic, check_watched);
  OVER(hashed, check_watched);
  OVER(frames, check_watched);
  OVER(weak, check_watched);
  OVER(streams, check_watched);
}
