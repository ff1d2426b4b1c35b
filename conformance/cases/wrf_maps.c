/* SPDX-License-Identifier: MIT */
/*
 * cases/wrf_maps.c - weak maps and sets, and trees with weak parents
 * (requirements WRF-020 to WRF-022).
 */
#include "case.h"

/* "A weak value map, weak key map or weak set entry disappears as soon as its
 * weak part dies; the length drops by one and the other part is released." */
MUST(wrf, weak_containers_drop_entries, "Entries go when their weak part dies",
     REQ("WRF-020"), NEEDS(weakref_cb)) {
  pmm_obj *values = NEW(OPS->weak_new(RT, PMM_WEAK_VALUES));
  pmm_obj *keys = NEW(OPS->weak_new(RT, PMM_WEAK_KEYS));
  pmm_obj *set = NEW(OPS->weak_new(RT, PMM_WEAK_SET));
  pmm_obj *weak = probe(t, 1);
  pmm_obj *key = probe(t, 2);
  pmm_obj *value = probe(t, 3);
  expect_ok(OPS->weak_set(RT, values, key, weak));
  expect_ok(OPS->weak_set(RT, keys, weak, value));
  expect_ok(OPS->weak_set(RT, set, weak, NULL));
  DROP(key);
  DROP(value);
  expect_none(DEALLOCATED);
  pmm_obj *maps[] = {values, keys, set};
  for (size_t i = 0; i < 3; i++) {
    expect_eq(length_of(t, maps[i]), 1);
  }
  DROP(weak);
  for (size_t i = 0; i < 3; i++) {
    expect_eq(length_of(t, maps[i]), 0);
  }
  expect_eq(happened(DEALLOCATED, ANY), 3);
}

/* "Entries dying during iteration neither crash nor corrupt the iteration;
 * removals are deferred." */
MUST(wrf, iterating_while_entries_die_is_safe,
     "Entries may die while a weak set is walked", REQ("WRF-021"),
     NEEDS(weakref_cb)) {
  pmm_obj *set = NEW(OPS->weak_new(RT, PMM_WEAK_SET));
  pmm_obj *o[8];
  for (int i = 0; i < 8; i++) {
    o[i] = probe(t, i);
    expect_ok(OPS->weak_set(RT, set, o[i], NULL));
  }
  pmm_obj *iterator = NEW(OPS->iter(RT, set));
  pmm_obj *first = NEW(OPS->next(RT, iterator));
  for (int i = 0; i < 8; i++) {
    DROP(o[i]);
  }
  expect_eq(happened(DEALLOCATED, ANY), 7);
  expect_null(OPS->next(RT, iterator), PMM_STOP);
  DROP(iterator);
  DROP(first);
  expect_eq(happened(DEALLOCATED, ANY), 8);
  expect_eq(length_of(t, set), 0);
}

/* "A tree with strong child and weak parent links is freed by reference
 * counting alone." */
MUST(wrf, weak_parents_break_cycles, "Weak parent links need no collector",
     REQ("WRF-022"), NEEDS(weakref)) {
  quiet(t);
  pmm_obj *root = probe(t, 0);
  for (int64_t i = 0; i < 2; i++) {
    pmm_obj *weak = NEW(OPS->weakref_new(RT, root, NULL, NULL, 0));
    pmm_obj *child = probe(t, i + 1);
    expect_ok(OPS->slot_set(RT, child, 0, weak));
    expect_ok(OPS->slot_set(RT, root, (size_t)i, child));
  }
  DROP_ALL();
  expect_eq(happened(DEALLOCATED, ANY), 3);
  expect_none(GC_START);
}
