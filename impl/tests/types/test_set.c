/* SPDX-License-Identifier: MIT */
/* test_set.c - sets and frozensets: sizes, equality, hash, text. */
#include "tests/fixture.h"
#include "types/copy.h"
#include "types/set.h"

static enum pmm_status add(pmm_rt *rt, pmm_obj *set, int64_t value) {
  pmm_obj *item = pmmi_int_new(rt, value);
  enum pmm_status status = pmmi_set_add(rt, set, item);
  pmmi_release(rt, item);
  return status;
}

static enum pmm_status discard(pmm_rt *rt, pmm_obj *set, int64_t value) {
  pmm_obj *item = pmmi_int_new(rt, value);
  enum pmm_status status = pmmi_set_discard(rt, set, item);
  pmmi_release(rt, item);
  return status;
}

static int has(pmm_rt *rt, pmm_obj *set, int64_t value) {
  int found = 0;
  pmm_obj *item = pmmi_int_new(rt, value);
  (void)pmmi_set_contains(rt, set, item, &found);
  pmmi_release(rt, item);
  return found;
}

static pmm_obj *made(pmm_rt *rt, int64_t from, int64_t to,
                     pmm_obj *(*make)(pmm_rt *rt, pmm_obj *iterable)) {
  pmm_obj *items = fixture_range(rt, from, to);
  pmm_obj *set = make(rt, items);
  pmmi_release(rt, items);
  return set;
}

static int is_whole(pmm_obj *set) {
  return fixture_whole(pmmi_set_check(set));
}

static void test_growth(pmm_rt *rt) {
  static const size_t expected[][2] = {{4, 216},    {5, 728},    {18, 728},
                                       {19, 2264},  {76, 2264},  {77, 8408},
                                       {306, 8408}, {307, 32984}};
  pmm_obj *set = pmmi_set_new(rt, NULL);
  size_t step = 0;
  tap_ok(fixture_size(rt, set) == 216, "an empty set has 216 bytes");
  for (size_t n = 1; n <= 307; n++) {
    (void)add(rt, set, (int64_t)n * 7919);
    if (n == expected[step][0]) {
      tap_ok(fixture_size(rt, set) == expected[step][1] && is_whole(set),
             "%zu items: %zu bytes", n, fixture_size(rt, set));
      step++;
    }
  }
  pmm_obj *large = made(rt, 0, 100000, pmmi_set_new);
  tap_ok(fixture_length(rt, large) == 100000 && is_whole(large),
         "100000 items");
  tap_ok(fixture_size(rt, large) == 216 + 16 * 262144,
         "beyond 50000 a set doubles: %zu", fixture_size(rt, large));
  pmmi_release(rt, large);
  pmmi_release(rt, set);
}

static void test_removal(pmm_rt *rt) {
  pmm_obj *set = made(rt, 0, 1000, pmmi_set_new);
  size_t full = fixture_size(rt, set);
  for (int64_t i = 0; i < 999; i++) {
    (void)discard(rt, set, i);
  }
  tap_ok(fixture_size(rt, set) == full && is_whole(set) &&
             fixture_length(rt, set) == 1,
         "removal keeps the table");
  tap_ok(has(rt, set, 999) && !has(rt, set, 5), "what is left");
  tap_ok(discard(rt, set, 5) == PMM_OK, "an absent item may be discarded");
  pmm_obj *copy = pmmi_set_copy(rt, set);
  tap_ok(fixture_size(rt, copy) == 216 && has(rt, copy, 999),
         "a copy leaves the removed ones behind");
  (void)discard(rt, set, 999);
  for (int64_t i = 0; i < 3000; i++) { /* more than there are slots */
    (void)add(rt, set, 5000 + i);
    (void)discard(rt, set, 5000 + i);
  }
  tap_ok(fixture_size(rt, set) == 216 && !has(rt, set, 999) && is_whole(set),
         "an addition closes holes, back to the inline slots");
  pmmi_release(rt, copy);
  pmmi_release(rt, set);
}

/* Against an array, with the invariant checked all the time. */
static void test_random(pmm_rt *rt) {
  char model[64] = {0};
  uint64_t state = 88172645463325252u;
  int good = 1;
  pmm_obj *set = pmmi_set_new(rt, NULL);
  for (int step = 0; step < 20000 && good; step++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    size_t key = (size_t)(state >> 20) & 63;
    int64_t item = (int64_t)key * 1024;
    model[key] = (state & 7) < 5;
    good = (model[key] ? add(rt, set, item) : discard(rt, set, item)) ==
               PMM_OK &&
           has(rt, set, item) == model[key] && is_whole(set);
  }
  tap_ok(good, "20000 random changes");
  pmmi_release(rt, set);
}

static void test_equality(pmm_rt *rt) {
  pmm_obj *set = made(rt, 0, 30, pmmi_set_new);
  pmm_obj *frozen = made(rt, 0, 30, pmmi_frozenset_new);
  pmm_obj *widened = made(rt, 0, 60, pmmi_set_new);
  int64_t hash = 0;
  int64_t other = 1;
  int equal = 0;
  for (int64_t i = 30; i < 60; i++) {
    (void)discard(rt, widened, i);
  }
  pmm_obj *same = pmmi_frozenset_new(rt, widened);
  tap_ok(pmmi_equals(rt, set, frozen, &equal) == PMM_OK && equal,
         "a set equals a frozenset");
  tap_ok(pmmi_hash(rt, frozen, &hash) == PMM_OK &&
             pmmi_hash(rt, same, &other) == PMM_OK && hash == other,
         "the hash does not depend on the table");
  tap_ok(pmmi_hash(rt, set, &hash) == PMM_TYPE && fixture_failed(rt, PMM_TYPE),
         "a set has none");
  (void)discard(rt, set, 3);
  tap_ok(pmmi_equals(rt, set, frozen, &equal) == PMM_OK && !equal,
         "an item less");
  (void)add(rt, set, 300);
  tap_ok(pmmi_equals(rt, set, frozen, &equal) == PMM_OK && !equal,
         "another item");
  pmm_obj *outer = pmmi_set_new(rt, NULL);
  (void)pmmi_set_add(rt, outer, frozen);
  tap_ok(pmmi_set_contains(rt, outer, same, &equal) == PMM_OK && equal,
         "a frozenset is found in a set");
  pmmi_release(rt, outer);
  pmmi_release(rt, same);
  pmmi_release(rt, widened);
  pmmi_release(rt, frozen);
  pmmi_release(rt, set);
}

static void test_text(pmm_rt *rt) {
  pmm_obj *set = made(rt, 1, 4, pmmi_set_new);
  pmm_obj *frozen = made(rt, 1, 4, pmmi_frozenset_new);
  pmm_obj *none = pmmi_set_new(rt, NULL);
  pmm_obj *frozen_none = pmmi_frozenset_new(rt, NULL);
  tap_ok(fixture_reads(rt, set, "{1, 2, 3}"), "a set");
  tap_ok(fixture_reads(rt, frozen, "frozenset({1, 2, 3})"), "a frozenset");
  tap_ok(fixture_reads(rt, none, "set()"), "an empty set");
  tap_ok(fixture_reads(rt, frozen_none, "frozenset()"), "an empty frozenset");
  pmmi_release(rt, frozen_none);
  pmmi_release(rt, none);
  pmmi_release(rt, frozen);
  pmmi_release(rt, set);
}

static void test_refusals(pmm_rt *rt) {
  pmm_obj *frozen = made(rt, 0, 3, pmmi_frozenset_new);
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmm_obj *lists = pmmi_list_from(rt, (pmm_obj *[]){list}, 1);
  int found = 7;
  tap_ok(pmmi_set_add(rt, frozen, list) == PMM_SYSTEM &&
             fixture_failed(rt, PMM_SYSTEM) &&
             pmmi_set_discard(rt, frozen, list) == PMM_SYSTEM &&
             fixture_failed(rt, PMM_SYSTEM),
         "a frozenset cannot be changed");
  tap_ok(pmmi_set_add(rt, list, list) == PMM_TYPE &&
             fixture_failed(rt, PMM_TYPE),
         "a list is no set");
  tap_ok(pmmi_set_contains(rt, list, list, &found) == PMM_TYPE && !found &&
             fixture_failed(rt, PMM_TYPE) && pmmi_set_copy(rt, list) == NULL &&
             fixture_failed(rt, PMM_TYPE),
         "however it is asked");
  tap_ok(pmmi_set_new(rt, lists) == NULL && fixture_failed(rt, PMM_TYPE) &&
             list->refcnt == 2,
         "a list is no item");
  tap_ok(pmmi_set_new(rt, pmmi_none(rt)) == NULL &&
             fixture_failed(rt, PMM_TYPE),
         "None is no iterable");
  pmmi_release(rt, lists);
  pmmi_release(rt, list);
  pmmi_release(rt, frozen);
}

static void test_copies(pmm_rt *rt) {
  pmm_obj *set = made(rt, 0, 3, pmmi_set_new);
  pmm_obj *frozen = made(rt, 0, 3, pmmi_frozenset_new);
  pmm_obj *shallow = pmmi_copy(rt, frozen);
  pmm_obj *deep = pmmi_copy_deep(rt, set);
  pmm_obj *deep_frozen = pmmi_copy_deep(rt, frozen);
  int equal;
  tap_ok(shallow == frozen, "a frozenset is its own copy");
  tap_ok(deep != set && pmmi_equals(rt, deep, set, &equal) == PMM_OK && equal,
         "a set's deep copy");
  tap_ok(deep_frozen->type == &pmmi_frozenset_type &&
             pmmi_equals(rt, deep_frozen, frozen, &equal) == PMM_OK && equal,
         "a frozenset's deep copy");
  pmm_obj *weak = pmmi_weakref_new(rt, set, NULL, NULL, 0);
  pmmi_release(rt, set);
  tap_ok(pmmi_weakref_get(rt, weak) == NULL, "a set's weak reference dies");
  pmmi_release(rt, weak);
  pmmi_release(rt, deep_frozen);
  pmmi_release(rt, deep);
  pmmi_release(rt, shallow);
  pmmi_release(rt, frozen);
}

static void test_iteration(pmm_rt *rt) {
  pmm_obj *set = made(rt, 0, 3, pmmi_set_new);
  pmm_obj *iterator = pmmi_iter(rt, set);
  pmmi_release(rt, pmmi_next(rt, iterator));
  (void)add(rt, set, 3);
  tap_ok(pmmi_next(rt, iterator) == NULL && fixture_failed(rt, PMM_RUNTIME),
         "an addition is noticed");
  pmmi_release(rt, iterator);
  iterator = pmmi_iter(rt, set);
  for (int i = 0; i < 4; i++) {
    pmmi_release(rt, pmmi_next(rt, iterator));
  }
  tap_ok(pmmi_next(rt, iterator) == NULL && fixture_failed(rt, PMM_STOP) &&
             pmmi_next(rt, iterator) == NULL && fixture_failed(rt, PMM_STOP),
         "the end stays the end");
  pmmi_release(rt, iterator);
  pmmi_release(rt, set);
}

static void test_deep(pmm_rt *rt) {
  pmm_obj *set = pmmi_frozenset_new(rt, NULL);
  for (int i = 0; i < 100000; i++) {
    pmm_obj *items = pmmi_list_from(rt, &set, 1);
    int64_t hash;
    (void)pmmi_hash(rt, set, &hash); /* so that hashing does not nest */
    pmm_obj *outer = pmmi_frozenset_new(rt, items);
    pmmi_release(rt, items);
    pmmi_release(rt, set);
    set = outer;
  }
  tap_ok(fixture_length(rt, set) == 1, "100000 sets within each other die");
  pmmi_release(rt, set);
}

int main(void) {
  fixture_each("growth", test_growth);
  fixture_each("removal", test_removal);
  fixture_each("random", test_random);
  fixture_each("equality", test_equality);
  fixture_each("text", test_text);
  fixture_each("refusals", test_refusals);
  fixture_each("copies", test_copies);
  fixture_each("iteration", test_iteration);
  fixture_each("deep", test_deep);
  return tap_done();
}
