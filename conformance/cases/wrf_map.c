/* SPDX-License-Identifier: MIT */
/*
 * cases/wrf_map.c - reading and removing entries of weak maps (requirements
 * WRF-…).
 */
#include "case.h"

/* "A weak value map ... entry disappears as soon as its weak part dies; the
 * length drops by one and the other part is released." */
MUST(wrf, weak_values_can_be_read, "A weak value map forgets dead values",
     REQ("WRF-020"), NEEDS(weakref_cb, refcount)) {
  pmm_obj *map = NEW(OPS->weak_new(RT, PMM_WEAK_VALUES));
  pmm_obj *key = probe(t, 1);
  pmm_obj *value = probe(t, 2);
  expect_null(OPS->weak_get(RT, map, key), PMM_OK);
  expect_ok(OPS->weak_set(RT, map, key, value));
  expect_eq(OPS->refcount(RT, value), 1);
  pmm_obj *read = NEW(OPS->weak_get(RT, map, key));
  expect_same(read, value);
  DROP(read);
  expect_gt(OPS->refcount(RT, key), 1);
  DROP(value);
  expect_null(OPS->weak_get(RT, map, key), PMM_OK);
  expect_eq(OPS->refcount(RT, key), 1);
  expect_error(OPS->weak_delete(RT, map, key), PMM_KEY);
}

/* "... weak key map ... entry disappears as soon as its weak part dies; the
 * length drops by one and the other part is released." */
MUST(wrf, weak_keys_can_be_removed, "Removing an entry releases its value",
     REQ("WRF-020"), NEEDS(weakref_cb, refcount)) {
  pmm_obj *map = NEW(OPS->weak_new(RT, PMM_WEAK_KEYS));
  pmm_obj *set = NEW(OPS->weak_new(RT, PMM_WEAK_SET));
  pmm_obj *key = probe(t, 1);
  pmm_obj *other = probe(t, 2);
  pmm_obj *value = probe(t, 3);
  expect_ok(OPS->weak_set(RT, map, key, value));
  expect_ok(OPS->weak_set(RT, map, other, value));
  expect_ok(OPS->weak_set(RT, set, key, NULL));
  expect_eq(OPS->refcount(RT, value), 3);
  expect_same(NEW(OPS->weak_get(RT, map, key)), value);
  expect_ok(OPS->weak_delete(RT, map, key));
  expect_ok(OPS->weak_delete(RT, set, key));
  expect_eq(length_of(t, map), 1);
  expect_eq(length_of(t, set), 0);
  expect_null(OPS->weak_get(RT, map, key), PMM_OK);
  expect_error(OPS->weak_delete(RT, set, key), PMM_KEY);
  expect_null(OPS->weak_get(RT, set, key), PMM_TYPE);
  DROP(other);
  expect_eq(length_of(t, map), 0);
}

/* "... the length drops by one and the other part is released." */
MUST(wrf, weak_maps_are_copied, "The copy of a weak map is weak too",
     REQ("WRF-020"), NEEDS(weakref_cb, copy)) {
  pmm_obj *map = NEW(OPS->weak_new(RT, PMM_WEAK_VALUES));
  pmm_obj *key = probe(t, 1);
  pmm_obj *value = probe(t, 2);
  expect_ok(OPS->weak_set(RT, map, key, value));
  pmm_obj *copy = NEW(OPS->copy(RT, map));
  expect_distinct(copy, map);
  expect_same(NEW(OPS->weak_get(RT, copy, key)), value);
  expect_ok(OPS->weak_delete(RT, map, key));
  expect_eq(length_of(t, copy), 1);
  DROP_ALL();
  expect_eq(happened(DEALLOCATED, ANY), 2);
}
