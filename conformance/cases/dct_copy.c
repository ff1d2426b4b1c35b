/* SPDX-License-Identifier: MIT */
/*
 * cases/dct_copy.c - what other areas ask of dictionaries and sets
 * (requirements REF-011, SIZ-005, COPY-002, COPY-003, WRF-017, OOM-004).
 */
#include "case.h"

static pmm_obj *empty_dict(struct pmm_test *t) {
  return NEW(OPS->dict_new(RT));
}

static void store(struct pmm_test *t, pmm_obj *dict, int64_t key,
                  pmm_obj *value) {
  expect_ok(OPS->dict_set(RT, dict, integer(t, key), value));
}

static pmm_obj *value_at(struct pmm_test *t, pmm_obj *dict, int64_t key) {
  return OPS->dict_get(RT, dict, integer(t, key));
}

/* "The strong item accessor returns an owned reference (+1) that survives
 * removal of the item from the container." */
SHOULD(ref, strong_dict_reads_add_one, "A strong read of a dict is owned",
       REQ("REF-011"), NEEDS(refcount, dict)) {
  pmm_obj *dict = empty_dict(t);
  pmm_obj *o = probe(t, 1);
  pmm_obj *key = integer(t, 1);
  store(t, dict, 1, o);
  DROP(o);
  pmm_obj *strong = NEW(OPS->dict_get_strong(RT, dict, key));
  expect_eq(OPS->refcount(RT, strong), 2);
  expect_ok(OPS->dict_clear(RT, dict));
  expect_eq(OPS->refcount(RT, strong), 1);
  expect_none(DEALLOCATED);
  DROP(strong);
  expect_log(DEALLOCATED, 1);
}

/* "Reported size of an exact list, tuple, dict, bytes or str is at most the
 * bytes requested from the allocator and within 16 bytes per block of them." */
SHOULD(siz, dict_sizes_match_requests,
       "A dict's size matches what was allocated",
       REQ("SIZ-005"), NEEDS(sizeof, dict)) {
  quiet(t);
  for (int64_t n = 0; n < 200; n = n * 2 + 1) {
    OPS->caches_flush(RT);
    for (int spare = 0; spare < 16; spare++) {
      (void)empty_dict(t); /* out of a cache, if flushing fills one */
    }
    uint64_t bytes = live_bytes(t);
    uint64_t blocks = live_blocks(t);
    pmm_obj *dict = empty_dict(t);
    for (int64_t i = 0; i < n; i++) {
      store(t, dict, i, NEW(OPS->none(RT))); /* small ints cost nothing */
    }
    OPS->caches_flush(RT);
    uint64_t requested = live_bytes(t) - bytes;
    expect_le(size_of(t, dict), requested);
    expect_le(requested - size_of(t, dict), 16 * (live_blocks(t) - blocks));
  }
}

/* "A shallow copy is a new container with the same items, each gaining one
 * reference." */
MUST(copy, shallow_dict_copies_share_items, "A copy of a dict shares its items",
     REQ("COPY-002"), NEEDS(copy, dict, refcount)) {
  pmm_obj *dict = empty_dict(t);
  pmm_obj *key = probe(t, 1);
  pmm_obj *value = probe(t, 2);
  expect_ok(OPS->dict_set(RT, dict, key, value));
  pmm_obj *copy = NEW(OPS->copy(RT, dict));
  expect_distinct(copy, dict);
  expect_equal(copy, dict);
  expect_eq(OPS->refcount(RT, key), 3);
  expect_eq(OPS->refcount(RT, value), 3);
  expect_same(OPS->dict_get(RT, copy, key), value);
  expect_ok(OPS->dict_clear(RT, copy));
  expect_eq(OPS->refcount(RT, key), 2);
  expect_same(OPS->dict_get(RT, dict, key), value);
}

/* "A shallow copy is a new container with the same items, each gaining one
 * reference." */
MUST(copy, shallow_set_copies_share_items, "A copy of a set shares its items",
     REQ("COPY-002"), NEEDS(copy, set, refcount)) {
  pmm_obj *set = NEW(OPS->set_new(RT, NULL));
  pmm_obj *o = probe(t, 1);
  int found = 0;
  expect_ok(OPS->set_add(RT, set, o));
  pmm_obj *copy = NEW(OPS->copy(RT, set));
  expect_eq(OPS->refcount(RT, o), 3);
  expect_ok(OPS->set_discard(RT, copy, o));
  expect_eq(OPS->refcount(RT, o), 2);
  expect_ok(OPS->set_contains(RT, copy, o, &found));
  expect_eq(found, 0);
  expect_ok(OPS->set_contains(RT, set, o, &found));
  expect_eq(found, 1);
}

/* "A deep copy copies each mutable object once: shared items stay shared and a
 * self-containing list maps to itself." */
MUST(copy, deep_dict_copies_keep_sharing, "A deep copy of a dict keeps sharing",
     REQ("COPY-003"), NEEDS(copy, dict, list, gc)) {
  pmm_obj *inner = list_of_ints(t, 2);
  pmm_obj *dict = empty_dict(t);
  store(t, dict, 1, inner);
  store(t, dict, 2, inner);
  store(t, dict, 3, dict);
  pmm_obj *copy = NEW(OPS->copy_deep(RT, dict));
  expect_distinct(copy, dict);
  expect_eq(length_of(t, copy), 3);
  expect_same(value_at(t, copy, 1), value_at(t, copy, 2));
  expect_distinct(value_at(t, copy, 1), inner);
  expect_equal(value_at(t, copy, 1), inner);
  expect_same(value_at(t, copy, 3), copy);
}

/* "Instances, functions, generators, sets, frozensets, files and types accept
 * weak references; int, str, tuple, list, dict, plain object and slotted types
 * without a weak slot give a type error and change nothing." */
MUST(wrf, sets_accept_and_dicts_refuse, "Sets accept weak references",
     REQ("WRF-017"), NEEDS(weakref, set, dict, tuple, refcount, frozenset,
           weakref_count)) {
  /* Not empty: up to CPython 3.9 there is one empty frozenset. */
  pmm_obj *sets[] = {
      NEW(OPS->set_new(RT, NULL)),
      NEW(OPS->frozenset_new(RT, NEW(OPS->set_new(RT, tuple_of_ints(t, 2)))))};
  for (size_t i = 0; i < 2; i++) {
    pmm_obj *weak = NEW(OPS->weakref_new(RT, sets[i], NULL, NULL, 0));
    expect_eq(OPS->refcount(RT, sets[i]), 1);
    expect_eq(OPS->weakref_count(RT, sets[i]), 1);
    pmm_obj *strong = NEW(OPS->weakref_get(RT, weak));
    expect_same(strong, sets[i]);
    DROP(strong);
    DROP(sets[i]);
    expect_null(OPS->weakref_get(RT, weak), PMM_OK);
  }
  pmm_obj *dict = empty_dict(t);
  expect_null(OPS->weakref_new(RT, dict, NULL, NULL, 0), PMM_TYPE);
  expect_eq(OPS->refcount(RT, dict), 1);
}

/* "A failing insert leaves all old entries reachable and a later insert
 * succeeds." */
MUST(oom, failed_dict_insertions_change_nothing, "A failed insertion is undone",
     REQ("OOM-004"), NEEDS(fail_inject, dict, refcount),
     OOM_EXEMPT("arms the injection itself")) {
  quiet(t);
  pmm_obj *dict = empty_dict(t);
  pmm_obj *key = probe(t, 1);
  for (int64_t i = 0; i < 5; i++) {
    store(t, dict, i, integer(t, i));
  }
  OPS->inject_arm(RT, 1, 0);
  enum pmm_status status = OPS->dict_set(RT, dict, key, key);
  expect_eq(OPS->inject_disarm(RT), 1);
  expect_error(status, PMM_NO_MEMORY);
  expect_eq(length_of(t, dict), 5);
  expect_eq(OPS->refcount(RT, key), 1);
  for (int64_t i = 0; i < 5; i++) {
    expect_int(value_at(t, dict, i), i);
  }
  expect_ok(OPS->dict_set(RT, dict, key, key));
  expect_eq(length_of(t, dict), 6);
  expect_same(OPS->dict_get(RT, dict, key), key);
}
