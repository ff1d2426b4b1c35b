/* SPDX-License-Identifier: MIT */
/*
 * cases/wrf_walk.c - what is put off while a weak map is walked, and what
 * dropping a weak reference takes (WRF-002, WRF-021).
 */
#include "case.h"

/* "Weak references never cause reclamation: as long as one strong reference
 * exists the target stays."  Nor does the death of one. */
MUST(wrf, dropping_references_takes_nothing,
     "A target outlives the weak references to it", REQ("WRF-002"),
     NEEDS(weakref, refcount, proxy)) {
  pmm_obj *o = probe(t, 1);
  for (int i = 0; i < 3; i++) {
    pmm_obj *plain = NEW(OPS->weakref_new(RT, o, NULL, NULL, 0));
    pmm_obj *proxy = NEW(OPS->proxy_new(RT, o));
    DROP(plain);
    DROP(proxy);
    expect_eq(OPS->refcount(RT, o), 1);
  }
  expect_none(DEALLOCATED);
  DROP(o);
  expect_log(DEALLOCATED, 1);
}

/* "Entries dying during iteration neither crash nor corrupt the iteration;
 * removals are deferred."  They are not forgotten: at its end the other parts
 * go. */
MUST(wrf, deferred_removals_are_made_up_for,
     "Dead entries are removed after the iteration", REQ("WRF-021"),
     NEEDS(weak_containers)) {
  enum { N = 4 };
  pmm_obj *map = NEW(OPS->weak_new(RT, PMM_WEAK_KEYS));
  pmm_obj *keys[N];
  for (int i = 0; i < N; i++) {
    keys[i] = probe(t, i);
    pmm_obj *value = probe(t, 10 + i);
    expect_ok(OPS->weak_set(RT, map, keys[i], value));
    DROP(value);
  }
  pmm_obj *iterator = NEW(OPS->iter(RT, map));
  pmm_obj *first = NEW(OPS->next(RT, iterator));
  for (int i = 0; i < N; i++) {
    DROP(keys[i]);
  }
  expect_null(OPS->next(RT, iterator), PMM_STOP);
  DROP(iterator);
  expect_eq(length_of(t, map), 1);
  expect_eq(happened(DEALLOCATED, ANY), 2 * (N - 1));
  DROP(first);
  expect_eq(happened(DEALLOCATED, ANY), 2 * N);
}
