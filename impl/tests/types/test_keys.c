/* SPDX-License-Identifier: MIT */
/*
 * test_keys.c - dicts and sets whose keys and values run code that changes
 * them, and whose every allocation fails once.
 */
#include "tests/fixture.h"
#include "types/copy.h"
#include "types/dict.h"
#include "types/set.h"

/* ---- keys with code ------------------------------------------------------ */

/** A key whose comparison runs `act` on `victim`, `times` times. */
struct key {
  pmm_obj base;
  int64_t value;  /* keys of one value are equal, hashes collide            */
};

static struct {
  pmm_obj *victim;
  void (*act)(pmm_rt *rt, pmm_obj *victim);
  int times;
} plot;

static enum pmm_status key_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                  int *equal) {
  if (plot.times > 0) {
    plot.times--;
    plot.act(rt, plot.victim);
  }
  *equal = ((struct key *)a)->value == ((struct key *)b)->value;
  return PMM_OK;
}

static enum pmm_status key_hash(pmm_rt *rt, pmm_obj *o, int64_t *hash) {
  (void)rt;
  (void)o;
  *hash = 42;
  return PMM_OK;
}

static const struct pmmi_type key_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "key",
    .basic_size = sizeof(struct key),
    .dealloc = pmmi_object_free,
    .equals = key_equals,
    .hash = key_hash,
};

static pmm_obj *key_new(pmm_rt *rt, int64_t value) {
  pmm_obj *o = pmmi_object_new(rt, &key_type, 0);
  ((struct key *)o)->value = value;
  return o;
}

static void arm(pmm_obj *victim, void (*act)(pmm_rt *, pmm_obj *),
                int times) {
  plot.victim = victim;
  plot.act = act;
  plot.times = times;
}

static pmm_obj *dict_of_keys(pmm_rt *rt, int64_t n) {
  pmm_obj *dict = pmmi_dict_new(rt);
  for (int64_t i = 0; i < n; i++) {
    pmm_obj *key = key_new(rt, i);
    (void)pmmi_dict_set(rt, dict, key, pmmi_none(rt));
    pmmi_release(rt, key);
  }
  return dict;
}

static pmm_obj *set_of_keys(pmm_rt *rt, int64_t n) {
  pmm_obj *set = pmmi_set_new(rt, NULL);
  for (int64_t i = 0; i < n; i++) {
    pmm_obj *key = key_new(rt, i);
    (void)pmmi_set_add(rt, set, key);
    pmmi_release(rt, key);
  }
  return set;
}

/* ---- what they do -------------------------------------------------------- */

static void empty_dict(pmm_rt *rt, pmm_obj *victim) {
  (void)pmmi_dict_clear(rt, victim);
}

static void grow_dict(pmm_rt *rt, pmm_obj *victim) {
  for (int64_t i = 1000; i < 1100; i++) {
    pmm_obj *key = pmmi_int_new(rt, i);
    (void)pmmi_dict_set(rt, victim, key, key);
    pmmi_release(rt, key);
  }
}

/* Put the very key in that the look-up is after. */
static void forestall(pmm_rt *rt, pmm_obj *victim) {
  pmm_obj *key = key_new(rt, 3);
  (void)pmmi_dict_set(rt, victim, key, key);
  pmmi_release(rt, key);
}

static void empty_set(pmm_rt *rt, pmm_obj *victim) {
  pmm_obj *items = pmmi_list_convert(rt, victim);
  struct pmmi_list *list = (struct pmmi_list *)items;
  for (size_t i = 0; i < list->var.length; i++) {
    (void)pmmi_set_discard(rt, victim, list->items[i]);
  }
  pmmi_release(rt, items);
}

static void grow_set(pmm_rt *rt, pmm_obj *victim) {
  for (int64_t i = 1000; i < 1100; i++) {
    pmm_obj *item = pmmi_int_new(rt, i);
    (void)pmmi_set_add(rt, victim, item);
    pmmi_release(rt, item);
  }
}

static void test_dict_changes(pmm_rt *rt) {
  pmm_obj *key = key_new(rt, 3);
  pmm_obj *dict = dict_of_keys(rt, 4);
  arm(dict, empty_dict, 1);
  tap_ok(pmmi_dict_get(rt, dict, key) == NULL && fixture_length(rt, dict) == 0,
         "a dict that is emptied under a look-up");
  pmmi_release(rt, dict);
  dict = dict_of_keys(rt, 4);
  arm(dict, grow_dict, 1);
  tap_ok(pmmi_dict_get(rt, dict, key) == pmmi_none(rt) &&
             fixture_length(rt, dict) == 104 && pmmi_dict_check(dict) == NULL,
         "one that grows");
  pmmi_release(rt, dict);
  dict = dict_of_keys(rt, 3);
  arm(dict, forestall, 1);
  (void)pmmi_dict_set(rt, dict, key, pmmi_none(rt));
  tap_ok(fixture_length(rt, dict) == 4 && pmmi_dict_check(dict) == NULL &&
             pmmi_dict_get(rt, dict, key) == pmmi_none(rt),
         "a key that comes in meanwhile is not stored twice");
  arm(dict, empty_dict, 1);
  tap_ok(pmmi_dict_delete(rt, dict, key) == PMM_KEY, "one that goes is gone");
  pmmi_error_clear(rt);
  pmmi_release(rt, dict);
  pmmi_release(rt, key);
}

static void test_dict_comparison_changes(pmm_rt *rt) {
  pmm_obj *a = dict_of_keys(rt, 4);
  pmm_obj *b = dict_of_keys(rt, 4);
  int equal;
  arm(b, empty_dict, 1);
  tap_ok(pmmi_equals(rt, a, b, &equal) == PMM_OK && !equal,
         "the right side of a comparison is emptied");
  pmmi_release(rt, b);
  b = dict_of_keys(rt, 4);
  arm(a, empty_dict, 1);
  tap_ok(pmmi_equals(rt, a, b, &equal) == PMM_OK, "the left side is");
  pmmi_release(rt, b);
  pmmi_release(rt, a);
}

static void test_set_changes(pmm_rt *rt) {
  pmm_obj *key = key_new(rt, 3);
  pmm_obj *set = set_of_keys(rt, 4);
  int found;
  arm(set, empty_set, 1);
  tap_ok(pmmi_set_contains(rt, set, key, &found) == PMM_OK && !found &&
             fixture_length(rt, set) == 0,
         "a set that is emptied under a look-up");
  pmmi_release(rt, set);
  set = set_of_keys(rt, 4);
  arm(set, grow_set, 1);
  tap_ok(pmmi_set_contains(rt, set, key, &found) == PMM_OK && found &&
             fixture_length(rt, set) == 104 && pmmi_set_check(set) == NULL,
         "one that grows");
  pmm_obj *other = pmmi_set_copy(rt, set);
  arm(set, empty_set, 1);
  tap_ok(pmmi_equals(rt, set, other, &found) == PMM_OK,
         "one that is emptied by a comparison");
  pmmi_release(rt, other);
  pmmi_release(rt, set);
  pmmi_release(rt, key);
}

/* ---- values with code ---------------------------------------------------- */

static enum pmm_status clear_victim(void *ctx, pmm_rt *rt, pmm_obj *o) {
  (void)ctx;
  (void)o;
  (void)pmmi_dict_clear(rt, plot.victim);
  grow_dict(rt, plot.victim);
  return PMM_OK;
}

/* Overwriting, deleting and clearing release a value that changes the dict. */
static void test_dying_values(pmm_rt *rt) {
  struct pmm_type_spec spec = {.struct_size = sizeof spec,
                               .name = "vengeful",
                               .flags = PMM_TYPE_GC,
                               .finalizer = clear_victim};
  pmm_obj *type = pmmi_type_new(rt, &spec);
  pmm_obj *key = pmmi_int_new(rt, 1);
  for (int way = 0; way < 3; way++) {
    pmm_obj *dict = dict_of_keys(rt, 4);
    pmm_obj *value = pmmi_instance_new(rt, type, 1);
    (void)pmmi_dict_set(rt, dict, key, value);
    pmmi_release(rt, value);
    arm(dict, NULL, 0);
    enum pmm_status status =
        way == 0   ? pmmi_dict_set(rt, dict, key, pmmi_none(rt))
        : way == 1 ? pmmi_dict_delete(rt, dict, key)
                   : pmmi_dict_clear(rt, dict);
    tap_ok(status == PMM_OK && fixture_length(rt, dict) == 100 &&
               pmmi_dict_check(dict) == NULL,
           "a value that changes its dict as it goes, way %d", way);
    pmmi_release(rt, dict);
  }
  pmmi_release(rt, key);
  pmmi_release(rt, type);
}

/* ---- failures ------------------------------------------------------------ */

/* Full, so that one more key moves the table. */
static pmm_obj *make_dict(pmm_rt *rt) {
  pmm_obj *dict = pmmi_dict_new(rt);
  for (int64_t i = 0; i < 5; i++) {
    pmm_obj *key = pmmi_int_new(rt, i);
    pmm_obj *value = i == 0 ? pmmi_list_new(rt, 0) : pmmi_none(rt);
    (void)pmmi_dict_set(rt, dict, key, value);
    pmmi_release(rt, value);
    pmmi_release(rt, key);
  }
  return dict;
}

static pmm_obj *make_texts(pmm_rt *rt) {
  pmm_obj *dict = pmmi_dict_new(rt);
  pmm_obj *key = fixture_str(rt, "key");
  (void)pmmi_dict_set(rt, dict, key, pmmi_none(rt));
  pmmi_release(rt, key);
  return dict;
}

static pmm_obj *make_set(pmm_rt *rt) {
  pmm_obj *items = fixture_range(rt, 0, 4);
  pmm_obj *set = pmmi_set_new(rt, items);
  pmmi_release(rt, items);
  return set;
}

static pmm_obj *make_list(pmm_rt *rt) { return fixture_range(rt, 0, 30); }

static pmm_obj *make_none(pmm_rt *rt) { return pmmi_none(rt); }

static enum pmm_status run_new(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *dict = pmmi_dict_new(rt);
  if (dict != NULL) {
    (void)pmmi_dict_set(rt, dict, o, o);
  }
  return sweep_done(rt, dict);
}

/* The second time, after the failure, the key is there and is overwritten. */
static enum pmm_status run_set(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *key = pmmi_int_new(rt, 1000);
  if (key != NULL) {
    (void)pmmi_dict_set(rt, o, key, key);
  }
  return sweep_done(rt, key);
}

static enum pmm_status run_dict_copy(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_dict_copy(rt, o));
}

static enum pmm_status run_keys(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_dict_keys(rt, o));
}

static enum pmm_status run_iterate(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_tuple_convert(rt, o));
}

static enum pmm_status run_add(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *item = pmmi_int_new(rt, 1000);
  if (item != NULL) {
    (void)pmmi_set_add(rt, o, item);
  }
  return sweep_done(rt, item);
}

static enum pmm_status run_set_new(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_set_new(rt, o));
}

static enum pmm_status run_frozen(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_frozenset_new(rt, o));
}

static const struct {
  struct sweep_case test;
  uint64_t least; /* failures that must have been met                       */
} sweeps[] = {
    {{"an empty dict and its first key", make_none, run_new}, 2},
    {{"an insertion that grows", make_dict, run_set}, 2},
    {{"an insertion that widens", make_texts, run_set}, 2},
    {{"a dict's copy", make_dict, run_dict_copy}, 2},
    {{"a dict's keys", make_dict, run_keys}, 1},
    {{"a dict's deep copy", make_dict, sweep_copy_deep}, 4},
    {{"a dict's text", make_dict, sweep_repr}, 3},
    {{"an iteration over a dict", make_dict, run_iterate}, 2},
    {{"an addition that grows", make_set, run_add}, 2},
    {{"a set from a list", make_list, run_set_new}, 4},
    {{"a frozenset from a list", make_list, run_frozen}, 4},
    {{"a set from a set", make_set, run_set_new}, 1},
    {{"a set's deep copy", make_set, sweep_copy_deep}, 4},
    {{"a set's text", make_set, sweep_repr}, 2},
    {{"an iteration over a set", make_set, run_iterate}, 2},
};

static void test_failures(pmm_rt *rt) {
  for (size_t i = 0; i < sizeof sweeps / sizeof *sweeps; i++) {
    sweep(rt, &sweeps[i].test, sweeps[i].least);
  }
}

int main(void) {
  fixture_each("changes under a dict's look-up", test_dict_changes);
  fixture_each("changes under a comparison", test_dict_comparison_changes);
  fixture_each("changes under a set's look-up", test_set_changes);
  fixture_each("values that change their dict", test_dying_values);
  fixture_each("failures", test_failures);
  return tap_done();
}
