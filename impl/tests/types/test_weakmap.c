/* SPDX-License-Identifier: MIT */
/* test_weakmap.c - reading, removing and copying entries of weak maps. */
#include "tests/fixture.h"
#include "types/copy.h"
#include "types/instance.h"
#include "types/weakmap.h"

static pmm_obj *new_instance(pmm_rt *rt) {
  const struct pmm_type_spec spec = {.struct_size = sizeof spec,
                                     .name = "weak",
                                     .flags = PMM_TYPE_GC | PMM_TYPE_WEAKREF};
  pmm_obj *type = pmmi_type_new(rt, &spec);
  pmm_obj *o = pmmi_instance_new(rt, type, 1);
  pmmi_release(rt, type);
  return o;
}

/* 1 when the key leads to `value`, which NULL means it does not. */
static int leads_to(pmm_rt *rt, pmm_obj *map, pmm_obj *key,
                    const pmm_obj *value) {
  pmm_obj *read = pmmi_weak_get(rt, map, key);
  int same = read == value && pmmi_error(rt) == PMM_OK;
  pmmi_xrelease(rt, read);
  return same;
}

static void test_kind(pmm_rt *rt, enum pmm_weak_kind kind) {
  pmm_obj *map = pmmi_weak_new(rt, kind);
  pmm_obj *a = new_instance(rt);
  pmm_obj *b = new_instance(rt);
  (void)pmmi_weak_set(rt, map, a, b);
  (void)pmmi_weak_set(rt, map, b, a);
  pmm_obj *copy = pmmi_copy(rt, map);
  tap_ok(leads_to(rt, map, a, b) && leads_to(rt, copy, b, a) &&
             fixture_length(rt, copy) == 2,
         "a key leads to its value, in a copy too");
  tap_ok(pmmi_weak_delete(rt, map, a) == PMM_OK &&
             leads_to(rt, map, a, NULL) && leads_to(rt, copy, a, b) &&
             fixture_length(rt, map) == 1,
         "a removed key leads nowhere");
  tap_ok(pmmi_weak_delete(rt, map, a) == PMM_KEY &&
             fixture_failed(rt, PMM_KEY) &&
             pmmi_weak_get(rt, map, map) == NULL &&
             fixture_failed(rt, PMM_TYPE) &&
             pmmi_copy_deep(rt, map) == NULL && fixture_failed(rt, PMM_TYPE),
         "no key, no hash, no deep copy");
  pmm_obj *iterator = pmmi_iter(rt, copy);
  (void)pmmi_weak_delete(rt, copy, a);
  pmm_obj *left = pmmi_list_convert(rt, iterator);
  tap_ok(fixture_length(rt, left) == 1 && fixture_length(rt, copy) == 1,
         "removing during iteration");
  FIXTURE_DROP(rt, left, iterator, copy, map, a, b);
}

static void test_values(pmm_rt *rt) { test_kind(rt, PMM_WEAK_VALUES); }
static void test_keys(pmm_rt *rt) { test_kind(rt, PMM_WEAK_KEYS); }

static void test_set(pmm_rt *rt) {
  pmm_obj *set = pmmi_weak_new(rt, PMM_WEAK_SET);
  pmm_obj *a = new_instance(rt);
  (void)pmmi_weak_set(rt, set, a, NULL);
  pmm_obj *copy = pmmi_copy(rt, set);
  tap_ok(pmmi_weak_get(rt, set, a) == NULL && fixture_failed(rt, PMM_TYPE) &&
             pmmi_weak_get(rt, a, a) == NULL && fixture_failed(rt, PMM_TYPE),
         "a set has no values");
  tap_ok(pmmi_weak_delete(rt, set, a) == PMM_OK &&
             fixture_length(rt, set) == 0 && fixture_length(rt, copy) == 1,
         "its members can be removed");
  pmmi_release(rt, a);
  tap_ok(fixture_length(rt, copy) == 0, "and the copy keeps none alive");
  pmmi_release(rt, copy);
  pmmi_release(rt, set);
}

/* ---- failures ------------------------------------------------------------ */

/* A list of a map and what keeps its entries alive. */
static pmm_obj *make_map(pmm_rt *rt) {
  pmm_obj *map = pmmi_weak_new(rt, PMM_WEAK_VALUES);
  pmm_obj *list = pmmi_list_from(rt, &map, 1);
  for (int64_t i = 0; i < 10; i++) {
    pmm_obj *key = pmmi_int_new(rt, i);
    pmm_obj *value = new_instance(rt);
    (void)pmmi_weak_set(rt, map, key, value);
    (void)pmmi_list_append(rt, list, value);
    pmmi_release(rt, value);
    pmmi_release(rt, key);
  }
  pmmi_release(rt, map);
  return list;
}

static enum pmm_status run_copy(pmm_rt *rt, pmm_obj *o) {
  pmmi_xrelease(rt, pmmi_copy(rt, pmmi_list_get(rt, o, 0)));
  return pmmi_error(rt);
}

static void test_sweep(pmm_rt *rt) {
  sweep(rt, &(struct sweep_case){"copy of a weak map", make_map, run_copy},
        15);
}

int main(void) {
  tap_plan(0);
  fixture_each("weak values", test_values);
  fixture_each("weak keys", test_keys);
  fixture_each("weak set", test_set);
  fixture_each("sweep", test_sweep);
  return tap_done();
}
