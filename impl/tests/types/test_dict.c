/* SPDX-License-Identifier: MIT */
/* test_dict.c - dictionaries: sizes, holes, order, re-entrancy, failures. */
#include "tests/fixture.h"
#include "types/copy.h"
#include "types/dict.h"
#include "types/instance.h"

/* Store the int `key` with the int `value`; the status. */
static enum pmm_status put(pmm_rt *rt, pmm_obj *dict, int64_t key,
                           int64_t value) {
  pmm_obj *k = pmmi_int_new(rt, key);
  pmm_obj *v = pmmi_int_new(rt, value);
  enum pmm_status status = pmmi_dict_set(rt, dict, k, v);
  pmmi_release(rt, v);
  pmmi_release(rt, k);
  return status;
}

static enum pmm_status take(pmm_rt *rt, pmm_obj *dict, int64_t key) {
  pmm_obj *k = pmmi_int_new(rt, key);
  enum pmm_status status = pmmi_dict_delete(rt, dict, k);
  pmmi_release(rt, k);
  return status;
}

/* The value of an int key; -1: it is not there. */
static int64_t at(pmm_rt *rt, pmm_obj *dict, int64_t key) {
  pmm_obj *k = pmmi_int_new(rt, key);
  pmm_obj *v = pmmi_dict_get(rt, dict, k);
  int64_t value = -1;
  if (v != NULL) {
    (void)pmmi_int_value(rt, v, &value);
  }
  pmmi_release(rt, k);
  return value;
}

static pmm_obj *range(pmm_rt *rt, int64_t from, int64_t to) {
  pmm_obj *dict = pmmi_dict_new(rt);
  for (int64_t i = from; i < to; i++) {
    (void)put(rt, dict, i, 2 * i);
  }
  return dict;
}

static int is_whole(pmm_obj *dict) {
  return fixture_whole(pmmi_dict_check(dict));
}

/* ---- sizes and holes ----------------------------------------------------- */

static void test_sizes(pmm_rt *rt) {
  static const struct {
    int64_t entries;
    size_t bytes;
  } expected[] = {{0, 64},       {1, 224},      {5, 224},      {6, 352},
                  {11, 632},     {22, 1168},    {86, 4688},    {171, 9304},
                  {21845, 1507504}, {21846, 1966248}};
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    pmm_obj *dict = range(rt, 0, expected[i].entries);
    size_t slots = ((struct pmmi_dict *)dict)->table == NULL
                       ? 0
                       : ((struct pmmi_dict *)dict)->table->mask + 1;
    if (i < 8) {
      tap_ok(fixture_size(rt, dict) == expected[i].bytes,
             "%lld entries: %zu bytes", (long long)expected[i].entries,
             fixture_size(rt, dict));
    } else {
      tap_ok(slots == (i == 8 ? 32768 : 65536), "%lld entries: %zu slots",
             (long long)expected[i].entries, slots);
    }
    tap_ok(is_whole(dict), "and it is whole");
    pmmi_release(rt, dict);
  }
}

static void test_holes(pmm_rt *rt) {
  pmm_obj *dict = range(rt, 0, 1000);
  size_t full = fixture_size(rt, dict);
  for (int64_t i = 0; i < 999; i++) {
    (void)take(rt, dict, i);
  }
  tap_ok(fixture_size(rt, dict) == full && is_whole(dict),
         "deleting keeps the table");
  tap_ok(at(rt, dict, 999) == 1998 && at(rt, dict, 5) == -1, "what is left");
  pmm_obj *copy = pmmi_dict_copy(rt, dict);
  tap_ok(fixture_size(rt, copy) == 224 && is_whole(copy), "a copy is small");
  for (int64_t i = 0; i < 700; i++) { /* more than there was room for */
    (void)put(rt, dict, i, i);
    (void)take(rt, dict, i);
  }
  tap_ok(fixture_size(rt, dict) < full / 4 && is_whole(dict),
         "an insertion that finds no room closes holes");
  (void)pmmi_dict_clear(rt, dict);
  tap_ok(fixture_size(rt, dict) == 64 && fixture_length(rt, dict) == 0,
         "clear gives the table back");
  tap_ok(put(rt, dict, 1, 1) == PMM_OK && at(rt, dict, 1) == 1,
         "and it can be filled again");
  pmmi_release(rt, copy);
  pmmi_release(rt, dict);
}

static void test_keys_of_two_kinds(pmm_rt *rt) {
  pmm_obj *dict = pmmi_dict_new(rt);
  for (char name[2] = "a"; name[0] <= 'd'; name[0]++) {
    pmm_obj *key = fixture_str(rt, name);
    (void)pmmi_dict_set(rt, dict, key, pmmi_none(rt));
    pmmi_release(rt, key);
  }
  tap_ok(fixture_size(rt, dict) == 184, "keys that are all strings: 184");
  pmm_obj *copy = pmmi_dict_copy(rt, dict);
  tap_ok(fixture_size(rt, copy) == 184 && is_whole(copy), "so is a copy");
  tap_ok(at(rt, dict, 7) == -1, "no int is there");
  (void)put(rt, dict, 7, 8);
  tap_ok(fixture_size(rt, dict) == 224 && is_whole(dict),
         "an int makes the entries wider");
  tap_ok(fixture_reads(rt, dict,
                       "{'a': None, 'b': None, 'c': None, 'd': None, 7: 8}"),
         "in order of insertion");
  (void)put(rt, copy, 1, 1);
  (void)put(rt, copy, 2, 2); /* widens and grows */
  tap_ok(is_whole(copy) && fixture_size(rt, copy) == 352, "both at once");
  pmmi_release(rt, copy);
  pmmi_release(rt, dict);
}

/* Against an array, with the invariant checked all the time. */
static void test_random(pmm_rt *rt) {
  int64_t model[64];
  uint64_t state = 88172645463325252u;
  int good = 1;
  pmm_obj *dict = pmmi_dict_new(rt);
  memset(model, -1, sizeof model);
  for (int step = 0; step < 20000 && good; step++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    int64_t key = (int64_t)(state >> 20) & 63;
    int64_t value = (int64_t)(state >> 30) & 1023;
    if ((state & 7) < 5) {
      good = put(rt, dict, key * 1000003, value) == PMM_OK;
      model[key] = value;
    } else {
      good = (take(rt, dict, key * 1000003) == PMM_OK) == (model[key] != -1);
      pmmi_error_clear(rt);
      model[key] = -1;
    }
    good = good && at(rt, dict, key * 1000003) == model[key] && is_whole(dict);
  }
  tap_ok(good, "20000 random changes");
  pmmi_release(rt, dict);
}

/* ---- entries ------------------------------------------------------------- */

static void test_entries(pmm_rt *rt) {
  pmm_obj *dict = range(rt, 0, 3);
  pmm_obj *list = pmmi_list_new(rt, 0);
  (void)put(rt, dict, 1, 11);
  (void)take(rt, dict, 0);
  (void)put(rt, dict, 0, 10);
  tap_ok(fixture_reads(rt, dict, "{1: 11, 2: 4, 0: 10}"), "order of insertion");
  pmm_obj *keys = pmmi_dict_keys(rt, dict);
  pmm_obj *values = pmmi_dict_values(rt, dict);
  tap_ok(fixture_reads(rt, keys, "[1, 2, 0]") &&
             fixture_reads(rt, values, "[11, 4, 10]"),
         "keys and values");
  tap_ok(take(rt, dict, 9) == PMM_KEY && fixture_failed(rt, PMM_KEY),
         "an absent key cannot be deleted");
  tap_ok(pmmi_dict_set(rt, dict, list, list) == PMM_TYPE &&
             fixture_failed(rt, PMM_TYPE) && list->refcnt == 1,
         "a list is no key");
  tap_ok(pmmi_dict_get(rt, dict, list) == NULL && fixture_failed(rt, PMM_TYPE),
         "nor can it be looked up");
  int64_t hash;
  tap_ok(pmmi_hash(rt, dict, &hash) == PMM_TYPE && fixture_failed(rt, PMM_TYPE),
         "a dict has no hash");
  tap_ok(pmmi_dict_keys(rt, list) == NULL && fixture_failed(rt, PMM_TYPE) &&
             pmmi_dict_copy(rt, list) == NULL && fixture_failed(rt, PMM_TYPE) &&
             pmmi_dict_clear(rt, list) == PMM_TYPE &&
             fixture_failed(rt, PMM_TYPE) &&
             pmmi_dict_delete(rt, list, list) == PMM_TYPE &&
             fixture_failed(rt, PMM_TYPE) &&
             pmmi_dict_set(rt, list, list, list) == PMM_TYPE &&
             fixture_failed(rt, PMM_TYPE),
         "a list is no dict");
  pmmi_release(rt, values);
  pmmi_release(rt, keys);
  pmmi_release(rt, list);
  pmmi_release(rt, dict);
}

static void test_equality(pmm_rt *rt) {
  pmm_obj *a = range(rt, 0, 20);
  pmm_obj *b = pmmi_dict_new(rt);
  int equal = 0;
  for (int64_t i = 20; i-- > 0;) {
    (void)put(rt, b, i, 2 * i);
  }
  tap_ok(pmmi_equals(rt, a, b, &equal) == PMM_OK && equal,
         "the order does not matter");
  (void)put(rt, b, 7, 0);
  tap_ok(pmmi_equals(rt, a, b, &equal) == PMM_OK && !equal, "a value does");
  (void)take(rt, b, 7);
  tap_ok(pmmi_equals(rt, a, b, &equal) == PMM_OK && !equal, "a length does");
  (void)put(rt, b, 70, 14);
  tap_ok(pmmi_equals(rt, a, b, &equal) == PMM_OK && !equal, "a key does");
  pmmi_release(rt, b);
  pmmi_release(rt, a);
}

static void test_self(pmm_rt *rt) {
  pmm_obj *dict = range(rt, 1, 2);
  pmm_obj *key = pmmi_int_new(rt, 2);
  int equal;
  (void)pmmi_dict_set(rt, dict, key, dict);
  tap_ok(fixture_reads(rt, dict, "{1: 2, 2: {...}}"), "one within itself");
  pmm_obj *deep = pmmi_copy_deep(rt, dict);
  tap_ok(deep != dict && pmmi_dict_get(rt, deep, key) == deep,
         "has a deep copy within itself");
  tap_ok(pmmi_equals(rt, dict, deep, &equal) == PMM_RECURSION &&
             fixture_failed(rt, PMM_RECURSION),
         "and cannot be compared with it");
  (void)pmmi_dict_clear(rt, deep);
  (void)pmmi_dict_clear(rt, dict);
  pmmi_release(rt, deep);
  pmmi_release(rt, key);
  pmmi_release(rt, dict);
}

static void test_iteration(pmm_rt *rt) {
  pmm_obj *dict = range(rt, 0, 3);
  pmm_obj *list = pmmi_list_convert(rt, dict);
  tap_ok(fixture_reads(rt, list, "[0, 1, 2]"), "its keys are iterated over");
  pmm_obj *iterator = pmmi_iter(rt, dict);
  pmmi_release(rt, pmmi_next(rt, iterator));
  (void)take(rt, dict, 0);
  (void)put(rt, dict, 3, 3); /* as many as before */
  pmmi_release(rt, pmmi_next(rt, iterator));
  pmmi_release(rt, pmmi_next(rt, iterator));
  tap_ok(pmmi_next(rt, iterator) == NULL && fixture_failed(rt, PMM_RUNTIME),
         "a key too many is noticed");
  tap_ok(pmmi_next(rt, iterator) == NULL && fixture_failed(rt, PMM_RUNTIME),
         "for ever");
  pmmi_release(rt, iterator);
  iterator = pmmi_iter(rt, dict);
  (void)pmmi_dict_clear(rt, dict);
  tap_ok(pmmi_next(rt, iterator) == NULL && fixture_failed(rt, PMM_RUNTIME),
         "so is a dict that was emptied");
  pmmi_release(rt, iterator);
  pmmi_release(rt, list);
  pmmi_release(rt, dict);
}

static void test_tracking(pmm_rt *rt) {
  uint64_t found;
  pmm_obj *dict = range(rt, 0, 3);
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmm_obj *key = pmmi_int_new(rt, 1);
  tap_ok(!pmmi_gc_is_tracked(rt, dict), "a dict of ints is not tracked");
  (void)pmmi_dict_set(rt, dict, key, list);
  tap_ok(pmmi_gc_is_tracked(rt, dict), "one with a list is");
  pmm_obj *copy = pmmi_dict_copy(rt, dict);
  tap_ok(pmmi_gc_is_tracked(rt, copy), "and so is its copy");
  (void)pmmi_dict_delete(rt, dict, key);
  (void)pmmi_collect(rt, 1, &found);
  tap_ok(pmmi_gc_is_tracked(rt, dict), "a small collection leaves it");
  (void)pmmi_collect(rt, 2, &found);
  tap_ok(!pmmi_gc_is_tracked(rt, dict) && pmmi_gc_is_tracked(rt, copy),
         "a full one untracks what has lost its list");
  pmmi_release(rt, copy);
  pmmi_release(rt, key);
  pmmi_release(rt, list);
  pmmi_release(rt, dict);
}

static void test_deep(pmm_rt *rt) {
  pmm_obj *key = fixture_str(rt, "inner");
  pmm_obj *dict = pmmi_dict_new(rt);
  for (int i = 0; i < 200000; i++) {
    pmm_obj *outer = pmmi_dict_new(rt);
    (void)pmmi_dict_set(rt, outer, key, dict);
    pmmi_release(rt, dict);
    dict = outer;
  }
  pmmi_release(rt, dict);
  tap_ok(key->refcnt == 1, "200000 dicts within each other die");
  pmmi_release(rt, key);
}

int main(void) {
  fixture_each("sizes", test_sizes);
  fixture_each("holes", test_holes);
  fixture_each("keys of two kinds", test_keys_of_two_kinds);
  fixture_each("random", test_random);
  fixture_each("entries", test_entries);
  fixture_each("equality", test_equality);
  fixture_each("self", test_self);
  fixture_each("iteration", test_iteration);
  fixture_each("tracking", test_tracking);
  fixture_each("deep", test_deep);
  return tap_done();
}
