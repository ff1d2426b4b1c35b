/* SPDX-License-Identifier: MIT */
/*
 * cases/wrf_map.c - what accepts weak references, weak maps and their entries,
 * and trees with weak parents (requirements WRF-…).
 */
#include "codes.h"
#include "files.h"

/* "Instances, functions, generators, sets, frozensets, files and types accept
 * weak references ..." */
MUST(wrf, many_types_accept, "Seven kinds of objects accept weak references",
     REQ("WRF-017"), NEEDS(weakref, frame, generator, set, file, frozenset,
           tuple, weakref_count)) {
  enum { KINDS = 7 };
  const struct pmm_code code =
      CODE("f", 0, 0, {PMM_YIELD, -1, -1, 0}, {PMM_RETURN, -1, 0, 0});
  pmm_obj *type = probe_type(t, "type", 0, PMM_TYPE_GC | PMM_TYPE_WEAKREF,
                             NULL, NULL);
  pmm_obj *accepting[KINDS] = {
      probe_of(t, type, 1),
      NEW(OPS->function_new(RT, &code)),
      generator_of(t, &code),
      NEW(OPS->set_new(RT, NULL)),
      NEW(OPS->frozenset_new(RT, tuple_of_ints(t, 2))),
      NEW(OPS->file_open(RT, file_of(t, 0), "r")),
      probe_type(t, "other", 0, PMM_TYPE_GC, NULL, NULL)};
  expect_ok(OPS->file_close(RT, accepting[5]));
  for (size_t i = 0; i < KINDS; i++) {
    now_at(t, "object %zu of the table", i);
    pmm_obj *weak = NEW(OPS->weakref_new(RT, accepting[i], NULL, NULL, 0));
    expect_same(NEW(OPS->weakref_get(RT, weak)), accepting[i]);
    expect_eq(OPS->weakref_count(RT, accepting[i]), 1);
  }
}

/* "A weak value map ... entry disappears as soon as its weak part dies; the
 * length drops by one and the other part is released." */
MUST(wrf, weak_values_can_be_read, "A weak value map forgets dead values",
     REQ("WRF-020"), NEEDS(refcount, weak_containers)) {
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
     REQ("WRF-020"), NEEDS(refcount, weak_containers)) {
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
     REQ("WRF-020"), NEEDS(copy, weak_containers)) {
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

/* "A weak value map, weak key map or weak set entry disappears as soon as its
 * weak part dies; the length drops by one and the other part is released." */
MUST(wrf, weak_containers_drop_entries,
     "Entries are removed when their weak part dies",
     REQ("WRF-020"), NEEDS(weak_containers)) {
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
     "Entries may die while a weak set is iterated", REQ("WRF-021"),
     NEEDS(weak_containers)) {
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

enum { ENTRIES = 8, OTHERS = 100 };

/* A map of weak parts with the cookies 0, 1, … and others from 100 on; the case
 * owns the weak parts alone. */
static pmm_obj *filled_map(struct pmm_test *t, enum pmm_weak_kind kind,
                           pmm_obj *weak[ENTRIES]) {
  pmm_obj *map = NEW(OPS->weak_new(RT, kind));
  for (int i = 0; i < ENTRIES; i++) {
    pmm_obj *other = probe(t, OTHERS + i);
    weak[i] = probe(t, i);
    expect_ok(kind == PMM_WEAK_KEYS
                  ? OPS->weak_set(RT, map, weak[i], other)
                  : OPS->weak_set(RT, map, other, weak[i]));
    DROP(other);
  }
  return map;
}

/* How many of the others are freed. */
static size_t others_freed(struct pmm_test *t) {
  size_t freed = 0;
  for (int i = 0; i < ENTRIES; i++) {
    freed += happened(DEALLOCATED, OTHERS + i);
  }
  return freed;
}

/* "Entries dying during iteration neither crash nor corrupt the iteration;
 * removals are deferred." */
MUST(wrf, maps_may_lose_entries_while_walked,
     "Entries may die while a weak map is iterated", REQ("WRF-021"),
     NEEDS(weak_containers)) {
  const enum pmm_weak_kind kinds[] = {PMM_WEAK_VALUES, PMM_WEAK_KEYS};
  for (size_t k = 0; k < 2; k++) {
    pmm_obj *weak[ENTRIES];
    log_clear(t);
    pmm_obj *map = filled_map(t, kinds[k], weak);
    pmm_obj *iterator = NEW(OPS->iter(RT, map));
    pmm_obj *first = NEW(OPS->next(RT, iterator));
    for (int i = 0; i < ENTRIES; i++) {
      DROP(weak[i]);
    }
    expect_eq(happened(DEALLOCATED, ANY), ENTRIES - k);
    expect_eq(others_freed(t), 0);
    expect_null(OPS->next(RT, iterator), PMM_STOP);
    DROP(iterator);
    DROP(first);
    expect_eq(length_of(t, map), 0);
    expect_eq(others_freed(t), ENTRIES);
  }
}

/* "A tree with strong child and weak parent links is freed by reference
 * counting alone." */
MUST(wrf, weak_parents_break_cycles, "Weak parent links need no collector",
     REQ("WRF-022"), NEEDS(weakref, prompt)) {
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
