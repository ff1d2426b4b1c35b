/* SPDX-License-Identifier: MIT */
/*
 * cases/tup.c - tuples: fixed size, sharing, free lists, tracking
 * (requirements TUP-…).
 */
#include "case.h"

/* "After publication a tuple's length and slots cannot change through public
 * operations; an attempt fails with an error and no effect." */
MUST(tup, a_shared_tuple_cannot_change, "A shared tuple cannot change",
     REQ("TUP-001"), NEEDS(tuple)) {
  pmm_obj *tuple = tuple_of_ints(t, 3);
  (void)KEEP(tuple);
  expect_error(OPS->tuple_set_steal(RT, tuple, 0, GIVE(integer(t, 9))),
               PMM_SYSTEM);
  pmm_obj *holder = GIVE(KEEP(tuple));
  enum pmm_status status = OPS->tuple_resize(RT, &holder, 2);
  expect(holder == NULL); /* the reference it had is gone */
  expect_error(status, PMM_SYSTEM);
  expect_eq(length_of(t, tuple), 3);
  for (size_t i = 0; i < 3; i++) {
    expect_int(OPS->tuple_get(RT, tuple, i), i);
  }
}

/* "After publication a tuple's length and slots cannot change through public
 * operations; an attempt fails with an error and no effect." */
MUST(tup, what_changes_lists_refuses_tuples,
     "No operation that changes lists changes a tuple", REQ("TUP-001"),
     NEEDS(tuple, list, sort)) {
  pmm_obj *tuple = tuple_of_ints(t, 3); /* one owner: still no list */
  pmm_obj *item = integer(t, 9);
  for (int i = 0; i < 9; i++) {
    enum pmm_status status =
        i == 0   ? OPS->list_append(RT, tuple, item)
        : i == 1 ? OPS->list_insert(RT, tuple, 0, item)
        : i == 2 ? OPS->list_set(RT, tuple, 0, item)
        : i == 3 ? OPS->list_assign_slice(RT, tuple, 0, 2, NULL)
        : i == 4 ? OPS->list_extend(RT, tuple, LIST(item))
        : i == 5 ? OPS->list_clear(RT, tuple)
        : i == 6 ? OPS->list_reverse(RT, tuple)
        : i == 7 ? OPS->list_remove(RT, tuple, integer(t, 1))
                 : OPS->list_sort(RT, tuple, NULL, NULL);
    expect(status != PMM_OK && OPS->error(RT) == status);
    OPS->error_clear(RT);
  }
  expect_equal(tuple, tuple_of_ints(t, 3));
  expect_eq(length_of(t, tuple), 3);
}

/* "All zero-length tuples share one address and creating them allocates
 * nothing." */
MUST(tup, the_empty_tuple_is_one_object, "There is one empty tuple",
     REQ("TUP-002"), NEEDS(tuple)) {
  quiet(t);
  pmm_obj *empty = NEW(OPS->tuple_new(RT, 0));
  uint64_t blocks = live_blocks(t);
  for (int i = 0; i < 500; i++) {
    expect_same(NEW(OPS->tuple_new(RT, 0)), empty);
    expect_same(NEW(OPS->tuple_from(RT, NULL, 0)), empty);
  }
  expect_eq(live_blocks(t), blocks);
}

/* "Converting an exact tuple to tuple, slicing it whole, adding the empty
 * tuple, and repeating it once return the same object." */
MUST(tup, whole_conversions_share,
     "Whole-tuple conversions return the same tuple",
     REQ("TUP-003"), NEEDS(tuple)) {
  pmm_obj *tuple = tuple_of_ints(t, 4);
  pmm_obj *empty = NEW(OPS->tuple_new(RT, 0));
  expect_same(NEW(OPS->tuple_convert(RT, tuple)), tuple);
  expect_same(NEW(OPS->tuple_slice(RT, tuple, 0, 4)), tuple);
  expect_same(NEW(OPS->tuple_concat(RT, tuple, empty)), tuple);
  expect_same(NEW(OPS->tuple_concat(RT, empty, tuple)), tuple);
  expect_same(NEW(OPS->tuple_repeat(RT, tuple, 1)), tuple);
}

/* "Conversion or full slice of a tuple-subclass instance yields a new exact
 * tuple, and an empty subclass instance is not the singleton." */
MUST(tup, subclass_instances_are_not_shared,
     "A subclass instance never stands for an exact tuple", REQ("TUP-004"),
     NEEDS(tuple)) {
  pmm_obj *type = probe_type(t, "pair", 0, PMM_TYPE_TUPLE, NULL, NULL);
  pmm_obj *items[] = {integer(t, 1), integer(t, 2)};
  pmm_obj *pair = NEW(OPS->tuple_subtype_new(RT, type, items, 2));
  pmm_obj *exact = NEW(OPS->tuple_convert(RT, pair));
  pmm_obj *slice = NEW(OPS->tuple_slice(RT, pair, 0, 2));
  expect_distinct(exact, pair);
  expect_distinct(slice, pair);
  expect(strcmp(OPS->type_name(RT, exact), "tuple") == 0);
  expect(strcmp(OPS->type_name(RT, slice), "tuple") == 0);
  expect_int(OPS->tuple_get(RT, exact, 1), 2);
  expect_int(OPS->tuple_get(RT, slice, 0), 1);
  expect_eq(length_of(t, exact), 2);
  expect_eq(length_of(t, slice), 2);
  pmm_obj *empty = NEW(OPS->tuple_subtype_new(RT, type, NULL, 0));
  expect_distinct(empty, NEW(OPS->tuple_new(RT, 0)));
  expect(strcmp(OPS->type_name(RT, empty), "pair") == 0);
  expect_same(NEW(OPS->tuple_convert(RT, empty)), NEW(OPS->tuple_new(RT, 0)));
}

/* "k owners of one tuple cost k counts on the tuple and only one count per
 * item." */
MUST(tup, sharing_counts_items_once, "Sharing a tuple counts its items once",
     REQ("TUP-005"), NEEDS(tuple, refcount)) {
  pmm_obj *o = probe(t, 1);
  pmm_obj *tuple = TUPLE(o);
  for (int k = 1; k <= 50; k++) {
    expect_eq(OPS->refcount(RT, tuple), k);
    expect_eq(OPS->refcount(RT, o), 2);
    (void)(k % 2 ? KEEP(tuple) : NEW(OPS->tuple_convert(RT, tuple)));
  }
}

/* "A tuple made only of constants in code is materialised once and the same
 * object is returned on every execution." */
SHOULD(tup, constants_are_made_once, "A tuple of constants is made once",
       REQ("TUP-006"), NEEDS(tuple)) {
  int64_t shared = profile_int(t, "tuple_constant_shared");
  quiet(t);
  for (unsigned site = 1; site < 8; site++) {
    pmm_obj *first = NEW(OPS->tuple_constant(RT, site));
    uint64_t blocks = live_blocks(t);
    pmm_obj *second = NEW(OPS->tuple_constant(RT, site));
    expect_eq(OPS->same(RT, first, second), shared);
    for (int i = 0; i < 100 && shared; i++) {
      expect_same(NEW(OPS->tuple_constant(RT, site)), first);
    }
    if (shared) {
      expect_eq(live_blocks(t), blocks);
    }
    expect_eq(length_of(t, first), site + 1);
    expect_int(OPS->tuple_get(RT, second, site), site);
  }
}

/* "Freeing a tuple of length 1..19 and at once creating one of equal length
 * returns the same address." */
SHOULD(tup, freed_tuples_are_recycled, "The tuple freed last is used first",
       REQ("TUP-007"), NEEDS(tuple, tuple_freelist)) {
  int64_t longest = profile_int(t, "tuple_freelist_reused_length");
  quiet(t);
  for (int64_t n = 1; n <= longest; n++) {
    pmm_obj *tuple = tuple_of_ints(t, (size_t)n);
    uintptr_t address = OPS->identity(RT, tuple);
    DROP(tuple);
    pmm_obj *next = NEW(OPS->tuple_new(RT, (size_t)n));
    expect_eq(OPS->identity(RT, next), address);
  }
}

static void churn(struct pmm_test *t, size_t count, size_t length) {
  pmm_obj **tuples = SCRATCH_ARRAY(pmm_obj *, count);
  for (size_t i = 0; i < count; i++) {
    tuples[i] = NEW(OPS->tuple_new(RT, length));
  }
  for (size_t i = count; i-- > 0;) {
    DROP(tuples[i]);
  }
}

/* What a free list keeps of `count` dead tuples is alive as blocks. */
static uint64_t blocks_after_churn(struct pmm_test *t, uint64_t before,
                                   size_t count, size_t length) {
  churn(t, count, length);
  return live_blocks(t) - before;
}

/* "Lengths 1..20 are kept on per-length lists; 3.11 and 3.12.1 keep length 20
 * on release but do not take it again (gh-121439, fixed in 3.13), 3.10 handles
 * 1..19." */
MAY(tup, kept_lengths_are_the_profiles,
    "Tuples up to the profile's length are recycled",
    REQ("TUP-008"), NEEDS(tuple, tuple_freelist)) {
  enum { N = 200, SLACK = 16 };
  int64_t kept = profile_int(t, "tuple_freelist_lengths");
  int64_t reused = profile_int(t, "tuple_freelist_reused_length");
  quiet(t);
  for (int64_t length = 1; length <= kept + 2; length++) {
    OPS->caches_flush(RT);
    uint64_t blocks = live_blocks(t);
    uint64_t once = blocks_after_churn(t, blocks, N, (size_t)length);
    uint64_t twice = blocks_after_churn(t, blocks, N, (size_t)length);
    if (length > kept) {
      expect_le(twice, SLACK);
    } else if (length <= reused) {
      expect_ge(once, N - SLACK);
      expect_le(twice, once + SLACK);
    } else {
      expect_ge(twice, 2 * N - SLACK); /* kept and never taken */
    }
  }
}

/* "At most 2000 dead tuples are kept per length; the rest go back to the
 * allocator." */
SHOULD(tup, free_lists_are_bounded, "A free list keeps a bounded number",
       REQ("TUP-009"), NEEDS(tuple, tuple_freelist)) {
  uint64_t most = (uint64_t)profile_int(t, "tuple_freelist_max");
  quiet(t);
  for (size_t length = 1; length <= 21; length += 4) {
    OPS->caches_flush(RT);
    uint64_t blocks = live_blocks(t);
    churn(t, (size_t)most + 1000, length);
    expect_le(live_blocks(t), blocks + most + 16);
  }
}

/* "A collection of the oldest generation returns cached tuples, lists, dicts
 * and floats to the allocator." */
SHOULD(tup, full_collection_empties_free_lists,
       "A full collection frees cached tuples", REQ("TUP-010"),
       NEEDS(tuple, tuple_freelist, gc)) {
  uint64_t unreachable = 0;
  quiet(t);
  collect(t);
  uint64_t blocks = live_blocks(t);
  churn(t, 500, 3);
  uint64_t retained = live_blocks(t);
  expect_ge(retained, blocks + 400);
  expect_ok(OPS->collect(RT, 0, &unreachable));
  expect_ge(live_blocks(t), retained);
  collect(t);
  expect_le(live_blocks(t), blocks + 8);
}

/* "A collection of the oldest generation returns cached tuples, lists, dicts
 * and floats to the allocator." */
SHOULD(tup, full_collection_empties_every_cache,
       "A full collection frees cached lists, dicts and floats",
       REQ("TUP-010"), NEEDS(tuple, tuple_freelist, gc, list, dict)) {
  enum { N = 100 };
  pmm_obj **made = SCRATCH_ARRAY(pmm_obj *, 3 * N);
  quiet(t);
  collect(t);
  uint64_t blocks = live_blocks(t);
  for (int i = 0; i < N; i++) {
    made[i] = empty_list(t);
    made[N + i] = NEW(OPS->dict_new(RT));
    made[2 * N + i] = NEW(OPS->float_new(RT, i + 0.5));
  }
  expect_ge(live_blocks(t), blocks + 3 * N);
  for (int i = 3 * N; i-- > 0;) {
    DROP(made[i]);
  }
  collect(t);
  expect_le(live_blocks(t), blocks + 8);
}

/* "A tuple taken from the free list has all slots null or initialised and
 * count 1, and the collector may run before it is filled." */
MUST(tup, recycled_tuples_are_clean, "A recycled tuple shows no old items",
     REQ("TUP-011"), NEEDS(tuple, refcount, tuple_freelist, gc)) {
  for (size_t n = 1; n <= 20; n++) {
    pmm_obj *old = NEW(OPS->tuple_new(RT, n));
    for (size_t i = 0; i < n; i++) {
      expect_ok(OPS->tuple_set_steal(RT, old, i, GIVE(probe(t, 1))));
    }
    DROP(old);
    pmm_obj *tuple = NEW(OPS->tuple_new(RT, n));
    expect_eq(OPS->refcount(RT, tuple), 1);
    collect(t);
    for (size_t i = 0; i < n; i++) {
      expect(OPS->tuple_get(RT, tuple, i) == NULL);
    }
    expect_ok(OPS->tuple_set_steal(RT, tuple, 0, GIVE(integer(t, 5))));
    collect(t);
    expect_int(OPS->tuple_get(RT, tuple, 0), 5);
  }
}

/* "Dropping the last reference to a tuple destroys items it solely owned and
 * makes the block available: tuples are deallocated." */
MUST(tup, deallocation_releases_items, "A dead tuple releases all its items",
     REQ("TUP-012"), NEEDS(tuple, refcount)) {
  enum { N = 100 };
  quiet(t);
  pmm_obj *kept = probe(t, N);
  OPS->caches_flush(RT);
  uint64_t blocks = live_blocks(t);
  pmm_obj *tuple = NEW(OPS->tuple_new(RT, N));
  for (size_t i = 0; i < N; i++) {
    pmm_obj *item = i == 50 ? KEEP(kept) : probe(t, (int64_t)i);
    expect_ok(OPS->tuple_set_steal(RT, tuple, i, GIVE(item)));
  }
  expect_ge(live_blocks(t), blocks + N);
  DROP(tuple);
  OPS->caches_flush(RT);
  expect_eq(live_blocks(t), blocks);
  expect_eq(happened(DEALLOCATED, ANY), N - 1);
  expect_eq(OPS->refcount(RT, kept), 1);
}

/* "A tuple's items are released from the highest index down." */
SHOULD(tup, items_die_last_to_first, "A tuple's items die last to first",
       REQ("TUP-013"), NEEDS(tuple, prompt)) {
  pmm_obj *tuple = NEW(OPS->tuple_new(RT, 4));
  for (size_t i = 0; i < 4; i++) {
    pmm_obj *item = probe(t, (int64_t)i);
    expect_ok(OPS->tuple_set_steal(RT, tuple, i, GIVE(item)));
  }
  DROP(tuple);
  expect_log(DEALLOCATED, 3, 2, 1, 0);
}

/* "A tuple's items are released from the highest index down."  However many,
 * and whatever lies between those one hears of. */
SHOULD(tup, many_items_die_last_to_first, "Many items die last to first",
       REQ("TUP-013"), NEEDS(tuple, prompt)) {
  enum { N = 150 };
  quiet(t);
  pmm_obj *tuple = NEW(OPS->tuple_new(RT, N));
  for (size_t i = 0; i < N; i++) {
    pmm_obj *item = probe(t, (int64_t)i);
    if (i % 3 == 1) { /* one that dies inside another                       */
      pmm_obj *outer = TUPLE(item, integer(t, 4000));
      DROP(item);
      item = outer;
    } else if (i % 3 == 2) {
      DROP(item);
      item = integer(t, 100000 + (int64_t)i);
    }
    expect_ok(OPS->tuple_set_steal(RT, tuple, i, GIVE(item)));
  }
  log_clear(t);
  DROP(tuple);
  int64_t last = N;
  for (size_t i = 0; i < log_length(t); i++) {
    expect_lt(logged(t, i)->cookie, last);
    last = logged(t, i)->cookie;
  }
  expect_eq(happened(DEALLOCATED, ANY), 2 * N / 3);
}

/* "A fresh non-empty tuple is tracked; after a collection that visits it, it
 * is untracked when no item is or can become tracked." */
MUST(tup, atomic_tuples_become_untracked,
     "A collection untracks a tuple of atoms", REQ("TUP-014"),
     NEEDS(tuple, gc, gc_track)) {
  quiet(t);
  pmm_obj *tuple = TUPLE(integer(t, 4000), NEW(OPS->none(RT)),
                         NEW(OPS->float_new(RT, 0.5)));
  pmm_obj *empty = NEW(OPS->tuple_new(RT, 0));
  expect(OPS->gc_is_tracked(RT, tuple));
  expect(!OPS->gc_is_tracked(RT, empty));
  collect(t);
  expect(!OPS->gc_is_tracked(RT, tuple));
}

/* "A fresh non-empty tuple is tracked; after a collection that visits it, it
 * is untracked when no item is or can become tracked."  A dict of atoms can,
 * and so can what an empty slot will hold. */
MUST(tup, tuples_that_may_join_a_cycle_stay_tracked,
     "A tuple of an untracked dict stays tracked", REQ("TUP-014"),
     NEEDS(tuple, dict, gc, gc_track)) {
  quiet(t);
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  pmm_obj *tuple = TUPLE(dict, integer(t, 4000));
  pmm_obj *unfilled = NEW(OPS->tuple_new(RT, 2));
  collect(t);
  expect(OPS->gc_is_tracked(RT, tuple));
  expect_ok(OPS->dict_set(RT, dict, integer(t, 1), tuple));
  expect_ok(OPS->tuple_set_steal(RT, unfilled, 0, GIVE(KEEP(dict))));
  expect(OPS->gc_is_tracked(RT, unfilled));
  expect_ok(OPS->dict_set(RT, dict, integer(t, 2), unfilled));
  expect_ok(OPS->dict_set(RT, dict, integer(t, 3), probe(t, 1)));
  DROP_ALL();
  expect_none(DEALLOCATED);
  expect_ge(collect_and_count(t, 2), 3);
  expect_log(DEALLOCATED, 1);
}

/* "A tuple whose item is tracked (e.g. a list) remains tracked after any
 * number of collections." */
MUST(tup, tuples_of_containers_stay_tracked,
     "A tuple that holds a list stays tracked", REQ("TUP-015"),
     NEEDS(tuple, list, gc, gc_track)) {
  pmm_obj *inner = TUPLE(empty_list(t));
  pmm_obj *tuples[] = {TUPLE(empty_list(t), integer(t, 1)), inner,
                       TUPLE(integer(t, 1), inner), TUPLE(probe(t, 1))};
  for (size_t i = 0; i < 5 * 4; i++) {
    expect(OPS->gc_is_tracked(RT, tuples[i % 4]));
    if (i % 4 == 3) {
      collect(t);
    }
  }
  for (size_t i = 0; i < 4; i++) {
    expect(OPS->gc_is_tracked(RT, tuples[i]));
  }
}

/* "A tuple of tuples of atoms is untracked within at most depth+1 full
 * collections." */
SHOULD(tup, nested_tuples_become_untracked,
       "Nested tuples of atoms are untracked level by level", REQ("TUP-016"),
       NEEDS(tuple, gc, gc_track)) {
  enum { DEPTH = 4 };
  pmm_obj *tuple = TUPLE(integer(t, 4000));
  int tracked = 1;
  for (int i = 1; i < DEPTH; i++) {
    tuple = TUPLE(tuple);
  }
  for (int i = 0; i <= DEPTH; i++) {
    expect_le(OPS->gc_is_tracked(RT, tuple), tracked);
    tracked = OPS->gc_is_tracked(RT, tuple);
    collect(t);
  }
  expect(!OPS->gc_is_tracked(RT, tuple));
}

static pmm_obj **holder_of(struct pmm_test *t, pmm_obj *o) {
  pmm_obj **holder = SCRATCH(pmm_obj *);
  *holder = o;
  return holder;
}

static void clear_holder(struct pmm_test *t, void *subject) {
  OPS->clear(RT, subject);
}

/* "Growing or shrinking a tuple in place succeeds only with count 1; otherwise
 * it fails, releases it and nulls the caller's pointer; new slots are null." */
MUST(tup, resize_needs_a_sole_owner, "Only an unshared tuple is resized",
     REQ("TUP-017"), NEEDS(tuple, refcount)) {
  pmm_obj *made = tuple_of_ints(t, 3);
  pmm_obj **tuple = holder_of(t, GIVE(made));
  defer(t, clear_holder, tuple);
  expect_ok(OPS->tuple_resize(RT, tuple, 30));
  expect_eq(length_of(t, *tuple), 30);
  expect_int(OPS->tuple_get(RT, *tuple, 2), 2);
  expect(OPS->tuple_get(RT, *tuple, 3) == NULL);
  expect(OPS->tuple_get(RT, *tuple, 29) == NULL);
  expect_ok(OPS->tuple_resize(RT, tuple, 2));
  expect_eq(length_of(t, *tuple), 2);
  pmm_obj *shared = KEEP(*tuple);
  expect_error(OPS->tuple_resize(RT, tuple, 3), PMM_SYSTEM);
  expect(*tuple == NULL);
  expect_eq(OPS->refcount(RT, shared), 1);
  expect_equal(shared, tuple_of_ints(t, 2));
}

/* "Growing or shrinking a tuple in place succeeds only with count 1; otherwise
 * it fails, releases it and nulls the caller's pointer; new slots are null." */
MUST(tup, resize_keeps_and_releases_items,
     "Growing empties new slots, shrinking releases old ones", REQ("TUP-017"),
     NEEDS(tuple, refcount)) {
  pmm_obj *o = probe(t, 9);
  pmm_obj *made = TUPLE(o, o, o);
  pmm_obj **tuple = holder_of(t, GIVE(made));
  defer(t, clear_holder, tuple);
  static const size_t lengths[] = {4, 5, 19, 20, 21, 60, 3, 2, 1};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    now_at(t, "length %zu", lengths[i]);
    size_t n = lengths[i];
    size_t kept = n < 3 ? n : 3;
    expect_ok(OPS->tuple_resize(RT, tuple, n));
    expect_eq(OPS->refcount(RT, *tuple), 1);
    expect_eq(length_of(t, *tuple), n);
    expect_eq(OPS->refcount(RT, o), 1 + kept);
    for (size_t slot = 0; slot < n; slot++) {
      pmm_obj *item = OPS->tuple_get(RT, *tuple, slot);
      expect(slot < kept ? OPS->same(RT, item, o) : item == NULL);
    }
  }
  expect_ok(OPS->tuple_resize(RT, tuple, 0));
  expect_eq(OPS->refcount(RT, o), 1);
  expect_eq(length_of(t, *tuple), 0);
}

/* "For equal n > 0 an n-tuple occupies fewer bytes than an n-list and lies in
 * one block instead of two; each further item costs one reference (8 bytes on
 * 64-bit)." */
MUST(tup, tuples_are_smaller_than_lists,
     "A tuple is smaller than a list of the same items",
     REQ("TUP-018"), NEEDS(tuple, list, sizeof)) {
  for (size_t n = 1; n < 100; n += 7) {
    size_t size = size_of(t, NEW(OPS->tuple_new(RT, n)));
    expect_lt(size, size_of(t, NEW(OPS->list_new(RT, n))));
    expect_eq(size_of(t, NEW(OPS->tuple_new(RT, n + 1))),
              size + sizeof(void *));
  }
  quiet(t);
  OPS->caches_flush(RT);
  uint64_t blocks = live_blocks(t);
  (void)NEW(OPS->tuple_new(RT, 40));
  expect_eq(live_blocks(t), blocks + 1);
  (void)NEW(OPS->list_new(RT, 40));
  expect_eq(live_blocks(t), blocks + 3);
}
