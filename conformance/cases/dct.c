/* SPDX-License-Identifier: MIT */
/*
 * cases/dct.c - dictionaries and sets (requirements DCT-…).
 */
#include <stdio.h>

#include "case.h"

static pmm_obj *empty_dict(struct pmm_test *t) {
  return NEW(OPS->dict_new(RT));
}

static pmm_obj *empty_set(struct pmm_test *t) {
  return NEW(OPS->set_new(RT, NULL));
}

/* A key that is an int, or a str of its digits; owned by the case. */
static pmm_obj *key_of(struct pmm_test *t, size_t i, int as_text) {
  char digits[32];
  snprintf(digits, sizeof digits, "key %zu", i);
  return as_text ? text(t, digits) : integer(t, (int64_t)i);
}

/* Store key `i`; only the dict keeps it. */
static void store(struct pmm_test *t, pmm_obj *dict, size_t i, int as_text) {
  pmm_obj *key = key_of(t, i, as_text);
  expect_ok(OPS->dict_set(RT, dict, key, NEW(OPS->none(RT))));
  DROP(key);
}

/* A dict of the ints from .. to-1. */
static pmm_obj *dict_of_ints(struct pmm_test *t, size_t from, size_t to) {
  pmm_obj *dict = empty_dict(t);
  for (size_t i = from; i < to; i++) {
    store(t, dict, i, 0);
  }
  return dict;
}

/* The sizes of a growing dict are those of the profile, and it grows at the
 * profile's counts and nowhere else. */
static void expect_sizes(struct pmm_test *t, const char *key, int as_text) {
  size_t steps;
  size_t count;
  const int64_t *sizes = profile_ints(t, key, &count);
  const int64_t *grows = profile_ints(t, "dict_resize_counts", &steps);
  pmm_obj *dict = empty_dict(t);
  expect_eq(count, steps + 1);
  for (size_t n = 0, step = 0; step < steps; n++) {
    expect_eq(size_of(t, dict), sizes[step]);
    store(t, dict, n, as_text);
    step += (int64_t)n + 1 == grows[step];
  }
  expect_eq(size_of(t, dict), sizes[steps]);
}

/* "An empty dict uses a shared empty key table and reports 64 bytes; the first
 * insertion allocates 8 slots." */
SHOULD(dct, empty_dicts_have_no_table, "An empty dict has no table",
       REQ("DCT-001"), NEEDS(dict, sizeof)) {
  size_t n;
  const int64_t *sizes = profile_ints(t, "dict_int_bytes", &n);
  enum { DICTS = 100 };
  quiet(t);
  OPS->caches_flush(RT);
  for (int i = 0; i < 16; i++) {
    (void)empty_dict(t); /* what flushing itself leaves in a cache          */
  }
  uint64_t none = live_blocks(t);
  for (int i = 0; i < DICTS - 1; i++) {
    (void)empty_dict(t);
  }
  pmm_obj *dict = empty_dict(t);
  pmm_obj *key = integer(t, 1);
  expect_eq(live_blocks(t), none + DICTS); /* the objects, and no table      */
  expect_eq(size_of(t, dict), profile_int(t, "dict_empty_bytes"));
  OPS->caches_flush(RT);
  uint64_t blocks = live_blocks(t);
  expect_ok(OPS->dict_set(RT, dict, key, key));
  expect_eq(live_blocks(t), blocks + 1);
  expect_eq(size_of(t, dict), sizes[1]);
}

/* "Resizing happens when usable slots (2/3 of the table) are exhausted:
 * inserting entry 6, 11, 22, 43, 86, 171 ... moves to 16, 32, 64, 128
 * slots." */
MUST(dct, dicts_grow_at_two_thirds, "A dict grows at the declared counts",
     REQ("DCT-002"), NEEDS(dict, sizeof)) {
  size_t steps;
  const int64_t *grows = profile_ints(t, "dict_resize_counts", &steps);
  pmm_obj *dict = empty_dict(t);
  size_t step = 0;
  for (size_t n = 1; step < steps; n++) {
    size_t before = size_of(t, dict);
    store(t, dict, n, 0);
    if (size_of(t, dict) != before) {
      expect_eq(n, grows[step]);
      step++;
    }
    expect_le(n, grows[steps - 1]);
  }
}

/* "With int keys sizes are 64,224,352,632,1168,2264,4688; with only str keys
 * 64,184,272,464,832,1584,3328 (3.11+ has the smaller str-key entry)." */
MAY(dct, int_keys_have_the_declared_sizes, "Sizes of a dict with int keys",
    REQ("DCT-003"), NEEDS(dict, sizeof)) {
  expect_sizes(t, "dict_int_bytes", 0);
}

/* "With int keys sizes are 64,224,352,632,1168,2264,4688; with only str keys
 * 64,184,272,464,832,1584,3328 (3.11+ has the smaller str-key entry)." */
MAY(dct, str_keys_have_the_declared_sizes, "Sizes of a dict with str keys",
    REQ("DCT-003"), NEEDS(dict, sizeof, str)) {
  expect_sizes(t, "dict_str_bytes", 1);
}

/* "Deleting entries keeps the table size; only a rebuild (copy,
 * insert-triggered resize) or clear reduces it." */
MUST(dct, deletion_does_not_shrink, "Deleting keeps the table",
     REQ("DCT-004"), NEEDS(dict, sizeof)) {
  pmm_obj *dict = dict_of_ints(t, 0, 1000);
  size_t full = size_of(t, dict);
  for (size_t i = 0; i < 999; i++) {
    pmm_obj *key = integer(t, (int64_t)i);
    expect_ok(OPS->dict_delete(RT, dict, key));
    DROP(key);
  }
  expect_eq(length_of(t, dict), 1);
  expect_eq(size_of(t, dict), full);
  expect_lt(size_of(t, NEW(OPS->dict_copy(RT, dict))), full / 10);
  expect_ok(OPS->dict_clear(RT, dict));
  expect_eq(size_of(t, dict), profile_int(t, "dict_empty_bytes"));
}

/* "Deleting entries keeps the table size; only a rebuild (copy,
 * insert-triggered resize) or clear reduces it." */
MUST(dct, insertion_rebuilds_after_deletion, "An insertion may shrink a dict",
     REQ("DCT-004"), NEEDS(dict, sizeof)) {
  size_t n;
  size_t last = (size_t)profile_ints(t, "dict_resize_counts", &n)[6] - 1;
  pmm_obj *dict = dict_of_ints(t, 0, last); /* full */
  size_t full = size_of(t, dict);
  for (size_t i = 1; i < last; i++) {
    expect_ok(OPS->dict_delete(RT, dict, integer(t, (int64_t)i)));
  }
  expect_eq(size_of(t, dict), full);
  store(t, dict, last, 0);
  expect_eq(length_of(t, dict), 2);
  expect_lt(size_of(t, dict), full / 4);
}

/* "Removing an entry releases exactly one reference to key and value,
 * immediately." */
MUST(dct, deletion_releases_key_and_value,
     "Deleting an entry releases key and value at once",
     REQ("DCT-005"), NEEDS(dict, refcount)) {
  pmm_obj *dict = empty_dict(t);
  pmm_obj *key = probe(t, 1);
  pmm_obj *value = probe(t, 2);
  expect_ok(OPS->dict_set(RT, dict, key, value));
  expect_eq(OPS->refcount(RT, key), 2);
  expect_ok(OPS->dict_delete(RT, dict, key));
  expect_eq(OPS->refcount(RT, key), 1);
  expect_eq(OPS->refcount(RT, value), 1);
  expect_error(OPS->dict_delete(RT, dict, key), PMM_KEY);
  expect_ok(OPS->dict_set(RT, dict, key, value));
  DROP(value);
  expect_none(DEALLOCATED);
  expect_ok(OPS->dict_delete(RT, dict, key));
  expect_log(DEALLOCATED, 2);
  expect_eq(OPS->refcount(RT, key), 1);
}

/* "Removing an entry releases exactly one reference to key and value,
 * immediately."  Of many, those removed and no others. */
MUST(dct, deletion_releases_no_other,
     "Deleting an entry releases no other entry",
     REQ("DCT-005"), NEEDS(dict, tuple, refcount)) {
  enum { N = 50 };
  pmm_obj *dict = empty_dict(t);
  for (int64_t i = 0; i < N; i++) { /* only the dict keeps either           */
    pmm_obj *part = probe(t, i);
    pmm_obj *key = TUPLE(integer(t, i), part);
    pmm_obj *value = probe(t, N + i);
    DROP(part);
    expect_ok(OPS->dict_set(RT, dict, integer(t, i), key));
    expect_ok(OPS->dict_set(RT, dict, key, value));
    DROP(value);
    DROP(key);
  }
  for (int64_t i = 0; i < N; i++) {
    pmm_obj *number = integer(t, i);
    pmm_obj *key = NEW(OPS->dict_get_strong(RT, dict, number));
    expect_ok(OPS->dict_delete(RT, dict, number));
    expect_eq(happened(DEALLOCATED, ANY), 2 * i);
    expect_ok(OPS->dict_delete(RT, dict, key));
    expect_eq(happened(DEALLOCATED, N + i), 1);
    expect_eq(OPS->refcount(RT, key), 1);
    DROP(key);
    expect_eq(happened(DEALLOCATED, i), 1);
  }
  expect_eq(length_of(t, dict), 0);
}

/* "Assigning to an existing equal key keeps the first key object and releases
 * only the old value." */
MUST(dct, overwriting_keeps_the_key, "Overwriting keeps the old key",
     REQ("DCT-006"), NEEDS(dict, list, refcount)) {
  pmm_obj *dict = empty_dict(t);
  pmm_obj *first = integer(t, 100000);
  pmm_obj *second = integer(t, 100000);
  pmm_obj *old = probe(t, 1);
  expect_distinct(first, second);
  expect_ok(OPS->dict_set(RT, dict, first, old));
  DROP(old);
  expect_ok(OPS->dict_set(RT, dict, second, probe(t, 2)));
  expect_log(DEALLOCATED, 1);
  expect_eq(length_of(t, dict), 1);
  expect_eq(OPS->refcount(RT, first), 2);
  expect_eq(OPS->refcount(RT, second), 1);
  pmm_obj *keys = NEW(OPS->dict_keys(RT, dict));
  expect_same(OPS->list_get(RT, keys, 0), first);
}

/* The keys, in order, are these ints: those of the list and of the iterator. */
static void expect_keys(struct pmm_test *t, pmm_obj *dict,
                        const int64_t *wanted, size_t n) {
  pmm_obj *keys = NEW(OPS->dict_keys(RT, dict));
  pmm_obj *iterator = NEW(OPS->iter(RT, dict));
  expect_eq(length_of(t, keys), n);
  for (size_t i = 0; i < n; i++) {
    expect_int(OPS->list_get(RT, keys, i), wanted[i]);
    expect_int(NEW(OPS->next(RT, iterator)), wanted[i]);
  }
  expect_null(OPS->next(RT, iterator), PMM_STOP);
}

#define EXPECT_KEYS(dict, ...)                                                \
  expect_keys(t, dict, (const int64_t[]){__VA_ARGS__},                        \
              sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

/* "Assigning to an existing equal key keeps the first key object and releases
 * only the old value."  And its place: keys come in the order of insertion. */
MUST(dct, keys_keep_the_order_of_insertion, "Keys keep the order of insertion",
     REQ("DCT-006"), NEEDS(dict, list)) {
  static const int64_t order[] = {5, 100000, -3, 1, 70};
  pmm_obj *dict = empty_dict(t);
  for (size_t i = 0; i < 5; i++) {
    pmm_obj *key = integer(t, order[i]);
    expect_ok(OPS->dict_set(RT, dict, key, key));
  }
  EXPECT_KEYS(dict, 5, 100000, -3, 1, 70);
  expect_ok(OPS->dict_set(RT, dict, integer(t, -3), NEW(OPS->none(RT))));
  EXPECT_KEYS(dict, 5, 100000, -3, 1, 70); /* overwritten, not moved        */
  expect_ok(OPS->dict_delete(RT, dict, integer(t, 5)));
  expect_ok(OPS->dict_set(RT, dict, integer(t, 5), NEW(OPS->none(RT))));
  EXPECT_KEYS(dict, 100000, -3, 1, 70, 5); /* deleted, it comes last        */
  EXPECT_KEYS(NEW(OPS->dict_copy(RT, dict)), 100000, -3, 1, 70, 5);
  for (size_t i = 1000; i < 1200; i++) {
    store(t, dict, i, 0); /* moves the table, several times                 */
    expect_ok(OPS->dict_delete(RT, dict, integer(t, (int64_t)i)));
  }
  EXPECT_KEYS(dict, 100000, -3, 1, 70, 5);
  pmm_obj *values = NEW(OPS->dict_values(RT, dict));
  expect_int(OPS->list_get(RT, values, 0), 100000);
  expect_int(OPS->list_get(RT, values, 3), 70);
}

/* "Inserting while iterating raises an error rather than reading freed
 * memory." */
MUST(dct, iteration_notices_insertions, "An insertion ends an iteration",
     REQ("DCT-007"), NEEDS(dict)) {
  pmm_obj *dict = dict_of_ints(t, 0, 5);
  pmm_obj *iterator = NEW(OPS->iter(RT, dict));
  expect_int(NEW(OPS->next(RT, iterator)), 0);
  store(t, dict, 5, 0); /* moves the table */
  expect_null(OPS->next(RT, iterator), PMM_RUNTIME);
  expect_ok(OPS->dict_delete(RT, dict, integer(t, 5)));
  expect_null(OPS->next(RT, iterator), PMM_RUNTIME);
  pmm_obj *other = NEW(OPS->iter(RT, dict));
  for (int64_t i = 0; i < 5; i++) {
    expect_int(NEW(OPS->next(RT, other)), i);
  }
  expect_null(OPS->next(RT, other), PMM_STOP);
}

/* "Inserting while iterating raises an error rather than reading freed
 * memory."  So do the other changes of size. */
MUST(dct, iteration_notices_removals, "A removal ends an iteration",
     REQ("DCT-007"), NEEDS(dict)) {
  pmm_obj *dict = dict_of_ints(t, 0, 5);
  pmm_obj *iterator = NEW(OPS->iter(RT, dict));
  expect_int(NEW(OPS->next(RT, iterator)), 0);
  expect_ok(OPS->dict_delete(RT, dict, integer(t, 1)));
  expect_null(OPS->next(RT, iterator), PMM_RUNTIME);
  pmm_obj *other = NEW(OPS->iter(RT, dict));
  expect_int(NEW(OPS->next(RT, other)), 0);
  expect_ok(OPS->dict_clear(RT, dict)); /* the table is gone                */
  expect_null(OPS->next(RT, other), PMM_RUNTIME);
  pmm_obj *last = NEW(OPS->iter(RT, dict));
  for (size_t i = 0; i < 100; i++) {
    store(t, dict, i, 0); /* into a table that had not been there           */
  }
  expect_null(OPS->next(RT, last), PMM_RUNTIME);
  DROP(dict); /* iterators keep what they go over                           */
  expect_null(OPS->next(RT, iterator), PMM_RUNTIME);
}

/* "Inserting while iterating raises an error rather than reading freed
 * memory." */
MUST(dct, iteration_of_sets_notices_insertions,
     "An insertion ends the iteration of a set", REQ("DCT-007"),
     NEEDS(set, list)) {
  pmm_obj *set = NEW(OPS->set_new(RT, list_of_ints(t, 4)));
  pmm_obj *iterator = NEW(OPS->iter(RT, set));
  DROP(NEW(OPS->next(RT, iterator)));
  for (int64_t i = 4; i < 100; i++) {
    expect_ok(OPS->set_add(RT, set, integer(t, i)));
  }
  expect_null(OPS->next(RT, iterator), PMM_RUNTIME);
  expect_null(OPS->next(RT, iterator), PMM_RUNTIME);
}

enum { COUNT = 100 };

/* Live bytes of COUNT things that `make` makes, once as many are there: what
 * they share exists, and the runtime has learnt what to make room for. */
static uint64_t bytes_of(struct pmm_test *t, pmm_obj *type,
                         void (*make)(struct pmm_test *t, pmm_obj *type)) {
  uint64_t before = 0;
  for (size_t i = 0; i < 2 * COUNT; i++) {
    if (i == COUNT) {
      OPS->caches_flush(RT);
      before = live_bytes(t);
    }
    make(t, type);
  }
  return live_bytes(t) - before;
}

static const char *const attribute_names[] = {"x", "y", "z"};

static void make_dict(struct pmm_test *t, pmm_obj *type) {
  pmm_obj *dict = empty_dict(t);
  (void)type;
  for (size_t i = 0; i < 3; i++) {
    pmm_obj *name = text(t, attribute_names[i]);
    expect_ok(OPS->dict_set(RT, dict, name, NEW(OPS->none(RT))));
    DROP(name);
  }
}

static void make_plain(struct pmm_test *t, pmm_obj *type) {
  (void)probe_of(t, type, 1);
}

static void make_attributed(struct pmm_test *t, pmm_obj *type) {
  pmm_obj *o = probe_of(t, type, 1);
  for (size_t i = 0; i < 3; i++) {
    expect_ok(OPS->attr_set(RT, o, attribute_names[i], NEW(OPS->none(RT))));
  }
}

/* "Instances of one class with the same attribute set share one key table: 3
 * attributes cost less than a dict of 3." */
MUST(dct, instances_share_their_keys, "Attributes cost less than a dict",
     REQ("DCT-008"), NEEDS(dict, str, sizeof)) {
  expect(profile_int(t, "probe_keys_shared"));
  quiet(t);
  pmm_obj *plain = probe_type(t, "plain", 0, PMM_TYPE_GC, NULL, NULL);
  pmm_obj *open =
      probe_type(t, "open", 0, PMM_TYPE_GC | PMM_TYPE_DICT, NULL, NULL);
  uint64_t dicts = bytes_of(t, NULL, make_dict);
  uint64_t plains = bytes_of(t, plain, make_plain);
  uint64_t opens = bytes_of(t, open, make_attributed);
  expect_lt(opens - plains, dicts);
}

/* "A set starts with 8 inline slots (216 bytes) and grows to 32, 128, 512,
 * 2048, 8192 slots at the 5th, 19th, 77th, 307th, 1229th insertion." */
SHOULD(dct, sets_grow_at_three_fifths, "A set grows at the declared counts",
       REQ("DCT-009"), NEEDS(set, sizeof)) {
  size_t steps;
  size_t count;
  const int64_t *sizes = profile_ints(t, "set_bytes", &count);
  const int64_t *grows = profile_ints(t, "set_resize_counts", &steps);
  pmm_obj *set = empty_set(t);
  expect_eq(count, steps + 1);
  for (size_t n = 0, step = 0; step < steps; n++) {
    expect_eq(size_of(t, set), sizes[step]);
    pmm_obj *key = integer(t, (int64_t)n);
    expect_ok(OPS->set_add(RT, set, key));
    DROP(key);
    step += (int64_t)n + 1 == grows[step];
  }
  expect_eq(size_of(t, set), sizes[steps]);
}

/* "A set and a frozenset with the same items built the same way report the same
 * size." */
MUST(dct, frozensets_are_no_smaller, "A frozenset is as large as an equal set",
     REQ("DCT-010"), NEEDS(set, sizeof, list, frozenset)) {
  static const size_t counts[] = {0, 3, 5, 100};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    now_at(t, "%zu items", counts[i]);
    pmm_obj *items = list_of_ints(t, counts[i]);
    pmm_obj *set = NEW(OPS->set_new(RT, items));
    pmm_obj *frozen = NEW(OPS->frozenset_new(RT, items));
    expect_eq(size_of(t, set), size_of(t, frozen));
    expect_eq(length_of(t, frozen), counts[i]);
    expect_equal(set, frozen);
  }
}

/* "frozenset(fs) and fs.copy() of an exact frozenset return the same object;
 * set copies never do." */
MUST(dct, frozensets_are_shared, "A copy of a frozenset is itself",
     REQ("DCT-011"), NEEDS(set, copy, list, refcount, frozenset)) {
  pmm_obj *items = list_of_ints(t, 3);
  pmm_obj *frozen = NEW(OPS->frozenset_new(RT, items));
  pmm_obj *set = NEW(OPS->set_new(RT, items));
  expect_same(NEW(OPS->frozenset_new(RT, frozen)), frozen);
  expect_same(NEW(OPS->set_copy(RT, frozen)), frozen);
  expect_same(NEW(OPS->copy(RT, frozen)), frozen);
  expect_eq(OPS->refcount(RT, frozen), 4);
  pmm_obj *copy = NEW(OPS->set_copy(RT, set));
  expect_distinct(copy, set);
  expect_distinct(NEW(OPS->copy(RT, set)), set);
  expect_distinct(NEW(OPS->set_new(RT, set)), set);
  expect_equal(copy, set);
  expect_distinct(NEW(OPS->frozenset_new(RT, set)), set);
}

/* "Up to 3.13 an empty or atom-only dict is untracked, becomes tracked when a
 * trackable value is inserted, and is untracked again only by a full
 * collection; from 3.14 dicts are always tracked." */
SHOULD(dct, tracking_follows_contents, "A dict of atoms is not tracked",
       REQ("DCT-012"), NEEDS(dict, gc_track, gc, list)) {
  int always = !profile_int(t, "gc_dict_untracked");
  uint64_t found;
  quiet(t);
  pmm_obj *dict = dict_of_ints(t, 0, 2);
  expect_eq(OPS->gc_is_tracked(RT, empty_dict(t)), always);
  expect_eq(OPS->gc_is_tracked(RT, dict), always);
  expect_ok(OPS->dict_set(RT, dict, integer(t, 3), NEW(OPS->none(RT))));
  expect_eq(OPS->gc_is_tracked(RT, dict), always); /* atoms change nothing   */
  expect_ok(OPS->dict_set(RT, dict, integer(t, 2), empty_list(t)));
  expect_eq(OPS->gc_is_tracked(RT, dict), 1);
  expect_ok(OPS->dict_delete(RT, dict, integer(t, 2)));
  expect_eq(OPS->gc_is_tracked(RT, dict), 1);
  expect_ok(OPS->collect(RT, 0, &found));
  expect_eq(OPS->gc_is_tracked(RT, dict), 1);
  expect_ok(OPS->collect(RT, 2, &found));
  expect_eq(OPS->gc_is_tracked(RT, dict), always);
}

/* "Up to 3.13 an empty or atom-only dict is untracked, becomes tracked when a
 * trackable value is inserted, and is untracked again only by a full
 * collection; from 3.14 dicts are always tracked." */
SHOULD(dct, cycles_through_dicts_are_found, "A dict in a cycle is collected",
       REQ("DCT-012"), NEEDS(dict, gc, gc_track)) {
  quiet(t);
  pmm_obj *dict = empty_dict(t);
  pmm_obj *o = probe(t, 1);
  expect_ok(OPS->dict_set(RT, dict, integer(t, 1), dict));
  expect_ok(OPS->dict_set(RT, dict, integer(t, 2), o));
  expect_eq(OPS->gc_is_tracked(RT, dict), 1);
  DROP(o);
  DROP(dict);
  expect_none(DEALLOCATED);
  expect_ge(collect_and_count(t, 2), 1);
  expect_log(DEALLOCATED, 1);
}
