/* SPDX-License-Identifier: MIT */
/*
 * cases/rent_keys.c - dicts, sets and weak containers whose keys' code changes
 * them while they are looked up (RENT-040, 042, 043).
 */
#include "rent_code.h"

/* ---- acts on all of them ------------------------------------------------ */

static void use_again(struct actor *a, pmm_obj *self) {
  (void)self;
  (void)a->use->run(a);
}

#define USE(name, call)                                                       \
  static enum pmm_status name(struct actor *a) {                              \
    struct pmm_test *t = a->t;                                                \
    return call;                                                              \
  }

static enum pmm_status compare(struct actor *a) {
  struct pmm_test *t = a->t;
  int equal = 0;
  return OPS->equals(RT, a->source, a->other, &equal);
}

USE(print, dropped(a, OPS->repr(RT, a->source)))

/* ---- dicts -------------------------------------------------------------- */

static void fill_dict(struct actor *a, pmm_obj *dict, int64_t first) {
  struct pmm_test *t = a->t;
  for (int i = 0; i < ITEMS; i++) {
    pmm_obj *key = coded_item(a, first + i);
    pmm_obj *value = coded_item(a, 4 * LENT + first + i);
    expect_ok(OPS->dict_set(RT, dict, key, value));
    DROP(value);
    DROP(key);
  }
}

static pmm_obj *make_dict(struct actor *a, int64_t first) {
  struct pmm_test *t = a->t;
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  fill_dict(a, dict, first);
  return dict;
}

static void empty_dict(struct actor *a, pmm_obj *self) {
  (void)self;
  dict_source.empty(a->t, a->source);
}

static void empty_dicts(struct actor *a, pmm_obj *self) {
  empty_dict(a, self);
  dict_source.empty(a->t, a->other);
}

static void grow_dicts(struct actor *a, pmm_obj *self) {
  (void)self;
  dict_source.grow(a->t, a->source);
  dict_source.grow(a->t, a->other);
}

/* Every value is None. */
static void rewrite_dict(struct actor *a, pmm_obj *self) {
  struct pmm_test *t = a->t;
  pmm_obj *keys = OPS->dict_keys(RT, a->source);
  pmm_obj *none = OPS->none(RT);
  size_t n = 0;
  (void)self;
  if (keys != NULL) {
    (void)OPS->length(RT, keys, &n);
  }
  for (size_t i = 0; i < n; i++) {
    (void)OPS->dict_set(RT, a->source, OPS->list_get(RT, keys, i), none);
  }
  OPS->release(RT, none);
  OPS->xrelease(RT, keys);
}

static void delete_key(struct actor *a, pmm_obj *self) {
  struct pmm_test *t = a->t;
  (void)OPS->dict_delete(RT, a->source, self);
  OPS->error_clear(RT);
  (void)OPS->dict_delete(RT, a->other, self);
}

/* As many keys as before, in a new table. */
static void refill_dict(struct actor *a, pmm_obj *self) {
  struct pmm_test *t = a->t;
  empty_dict(a, self);
  (void)OPS->dict_set(RT, a->source, a->far, a->near);
  (void)OPS->dict_set(RT, a->source, a->near, a->far);
  for (int i = 0; i < ITEMS - 2; i++) {
    pmm_obj *key = OPS->int_new(RT, LENT + i);
    if (key != NULL) {
      (void)OPS->dict_set(RT, a->source, key, key);
    }
    OPS->xrelease(RT, key);
  }
}

/* The key that is looked for comes in meanwhile. */
static void insert_keys(struct actor *a, pmm_obj *self) {
  struct pmm_test *t = a->t;
  (void)self;
  (void)OPS->dict_set(RT, a->source, a->near, a->far);
  (void)OPS->dict_set(RT, a->source, a->far, a->near);
}

static const struct act dict_acts[] = {
    {"emptying it", empty_dict},        {"emptying both", empty_dicts},
    {"growing both", grow_dicts},       {"rewriting its values", rewrite_dict},
    {"deleting the key", delete_key},   {"filling it anew", refill_dict},
    {"inserting the key", insert_keys}, {"collecting", collect_young},
    {"doing it again", use_again}};

static const struct family dicts = {"dict", make_dict, dict_acts,
                                    COUNT_OF(dict_acts)};

/* What a look-up answers; NULL without an error: absent. */
static enum pmm_status look_up(struct actor *a, pmm_obj *key) {
  struct pmm_test *t = a->t;
  pmm_obj *borrowed = OPS->dict_get(RT, a->source, key);
  return borrowed != NULL ? PMM_OK : OPS->error(RT);
}

static enum pmm_status dict_get(struct actor *a) { return look_up(a, a->near); }

static enum pmm_status dict_get_none(struct actor *a) {
  return look_up(a, a->far);
}

USE(dict_get_strong, dropped(a, OPS->dict_get_strong(RT, a->source, a->near)))
USE(dict_replace, OPS->dict_set(RT, a->source, a->near, a->far))
USE(dict_insert, OPS->dict_set(RT, a->source, a->far, a->near))
USE(dict_delete, OPS->dict_delete(RT, a->source, a->near))
USE(dict_delete_none, OPS->dict_delete(RT, a->source, a->far))

static const struct use of_dicts[] = {
    {"look-up", dict_get},         {"vain look-up", dict_get_none},
    {"owning look-up", dict_get_strong}, {"replacement", dict_replace},
    {"insertion", dict_insert},    {"deletion", dict_delete},
    {"vain deletion", dict_delete_none}};
static const struct use of_two[] = {{"equality", compare}};
static const struct use printing[] = {{"text", print}};

/* ---- sets --------------------------------------------------------------- */

static pmm_obj *make_set(struct actor *a, int64_t first) {
  struct pmm_test *t = a->t;
  pmm_obj *set = NEW(OPS->set_new(RT, NULL));
  for (int i = 0; i < ITEMS; i++) {
    pmm_obj *item = coded_item(a, first + i);
    expect_ok(OPS->set_add(RT, set, item));
    DROP(item);
  }
  return set;
}

static void empty_set(struct actor *a, pmm_obj *self) {
  (void)self;
  set_source.empty(a->t, a->source);
}

static void empty_sets(struct actor *a, pmm_obj *self) {
  empty_set(a, self);
  set_source.empty(a->t, a->other);
}

static void grow_sets(struct actor *a, pmm_obj *self) {
  (void)self;
  set_source.grow(a->t, a->source);
  set_source.grow(a->t, a->other);
}

static void replace_set(struct actor *a, pmm_obj *self) {
  (void)self;
  set_source.replace(a->t, a->source);
}

static void discard_item(struct actor *a, pmm_obj *self) {
  struct pmm_test *t = a->t;
  (void)OPS->set_discard(RT, a->source, self);
  OPS->error_clear(RT);
  (void)OPS->set_discard(RT, a->other, self);
}

static void refill_set(struct actor *a, pmm_obj *self) {
  struct pmm_test *t = a->t;
  empty_set(a, self);
  (void)OPS->set_add(RT, a->source, a->far);
  (void)OPS->set_add(RT, a->source, a->near);
}

static void add_items(struct actor *a, pmm_obj *self) {
  struct pmm_test *t = a->t;
  (void)self;
  (void)OPS->set_add(RT, a->source, a->far);
  (void)OPS->set_add(RT, a->source, a->near);
}

static const struct act set_acts[] = {
    {"emptying it", empty_set},       {"emptying both", empty_sets},
    {"growing both", grow_sets},      {"replacing all", replace_set},
    {"discarding the item", discard_item}, {"filling it anew", refill_set},
    {"adding the item", add_items},   {"collecting", collect_young},
    {"doing it again", use_again}};

static const struct family sets = {"set", make_set, set_acts,
                                   COUNT_OF(set_acts)};

static enum pmm_status contains(struct actor *a, pmm_obj *item) {
  struct pmm_test *t = a->t;
  int found = 0;
  return OPS->set_contains(RT, a->source, item, &found);
}

static enum pmm_status set_contains(struct actor *a) {
  return contains(a, a->near);
}

static enum pmm_status set_lacks(struct actor *a) {
  return contains(a, a->far);
}

USE(set_add, OPS->set_add(RT, a->source, a->far))
USE(set_add_again, OPS->set_add(RT, a->source, a->near))
USE(set_discard, OPS->set_discard(RT, a->source, a->near))
USE(set_discard_none, OPS->set_discard(RT, a->source, a->far))

static const struct use of_sets[] = {
    {"containment", set_contains},  {"vain containment", set_lacks},
    {"addition", set_add},          {"vain addition", set_add_again},
    {"discarding", set_discard},    {"vain discarding", set_discard_none},
    {"equality", compare}};

/* ---- weak containers ---------------------------------------------------- */

/* The list `keep` owns what the container does not; the values of a map of
 * weak keys and the keys of one of weak values are in it, too. */
static void fill_weak(struct actor *a, pmm_obj *weak, int values,
                      int64_t first) {
  struct pmm_test *t = a->t;
  for (int i = 0; i < ITEMS; i++) {
    pmm_obj *key = coded_item(a, first + i);
    pmm_obj *value = coded_item(a, first + LENT / 2 + i);
    expect_ok(OPS->list_append(RT, a->keep, values ? value : key));
    expect_ok(OPS->weak_set(RT, weak, key, value));
    DROP(value);
    DROP(key);
  }
}

static pmm_obj *make_weak(struct actor *a, enum pmm_weak_kind kind,
                          int64_t first) {
  struct pmm_test *t = a->t;
  pmm_obj *weak = NEW(OPS->weak_new(RT, kind));
  fill_weak(a, weak, kind == PMM_WEAK_VALUES, first);
  return weak;
}

static pmm_obj *make_weak_keys(struct actor *a, int64_t first) {
  return make_weak(a, PMM_WEAK_KEYS, first);
}

static pmm_obj *make_weak_values(struct actor *a, int64_t first) {
  return make_weak(a, PMM_WEAK_VALUES, first);
}

static pmm_obj *make_weak_set(struct actor *a, int64_t first) {
  return make_weak(a, PMM_WEAK_SET, first);
}

/* What is compared is held by who compares; all else dies. */
static void let_die(struct actor *a, pmm_obj *self) {
  (void)self;
  empty_the_list(a, a->keep);
}

static void delete_weak(struct actor *a, pmm_obj *self) {
  struct pmm_test *t = a->t;
  (void)OPS->weak_delete(RT, a->source, self);
}

static void insert_weak(struct actor *a, pmm_obj *self) {
  struct pmm_test *t = a->t;
  (void)self;
  (void)OPS->weak_set(RT, a->source, a->far, a->near);
  OPS->error_clear(RT);
  (void)OPS->weak_set(RT, a->source, a->near, a->far);
}

/* Many more, each with a number of its own. */
static void grow_weak(struct actor *a, pmm_obj *self) {
  struct pmm_test *t = a->t;
  (void)self;
  for (int i = 0; i < GROWTH; i++) {
    pmm_obj *more = OPS->instance_new(RT, a->type, 9 * LENT + LENT / 4 + i);
    if (more != NULL && OPS->list_append(RT, a->keep, more) == PMM_OK) {
      (void)OPS->weak_set(RT, a->source, more, more);
    }
    OPS->xrelease(RT, more);
    OPS->error_clear(RT);
  }
}

static const struct act weak_acts[] = {
    {"letting all die", let_die},      {"deleting the key", delete_weak},
    {"inserting the key", insert_weak}, {"growing it", grow_weak},
    {"collecting", collect_young},       {"doing it again", use_again}};

#define WEAK_FAMILY(text, make)                                               \
  {text, make, weak_acts, COUNT_OF(weak_acts)}
static const struct family weak_families[] = {
    WEAK_FAMILY("map of weak keys", make_weak_keys),
    WEAK_FAMILY("map of weak values", make_weak_values),
    WEAK_FAMILY("weak set", make_weak_set)};

USE(weak_get, dropped(a, OPS->weak_get(RT, a->source, a->near)))
USE(weak_get_none, dropped(a, OPS->weak_get(RT, a->source, a->far)))
USE(weak_replace, OPS->weak_set(RT, a->source, a->near, a->far))
USE(weak_insert, OPS->weak_set(RT, a->source, a->far, a->near))
USE(weak_delete, OPS->weak_delete(RT, a->source, a->near))
USE(weak_delete_none, OPS->weak_delete(RT, a->source, a->far))

static const struct use of_weak[] = {
    {"replacement", weak_replace},  {"insertion", weak_insert},
    {"deletion", weak_delete},      {"vain deletion", weak_delete_none},
    {"look-up", weak_get},          {"vain look-up", weak_get_none}};

/** Those that a weak set has: all but the look-ups. */
#define OF_WEAK_SETS (COUNT_OF(of_weak) - 2)

/* ---- the cases ---------------------------------------------------------- */

/* "An operation that compares the items of a container keeps what it
 * compares alive and uses the container as it is after each comparison:
 * ..." */
MUST(rent, comparing_changes_dicts, "Equality of keys may change their dict",
     REQ("RENT-040"), NEEDS(compare_code, dict, list, str), OWN_CALLS) {
  OVER_USES(dicts, of_dicts, EQUALS);
  OVER_USES(dicts, of_two, EQUALS);
}

/* "An operation that compares the items of a container keeps what it
 * compares alive and uses the container as it is after each comparison:
 * ..." */
MUST(rent, comparing_changes_sets, "Equality of items may change their set",
     REQ("RENT-040"), NEEDS(compare_code, set, list, str), OWN_CALLS) {
  OVER_USES(sets, of_sets, EQUALS);
}

/* "An operation that compares the items of a container keeps what it
 * compares alive and uses the container as it is after each comparison:
 * ..." */
MUST(rent, comparing_changes_weak_containers,
     "Equality of keys may change their weak container", REQ("RENT-040"),
     NEEDS(compare_code, weak_containers, list, str), OWN_CALLS) {
  OVER_USES(weak_families[0], of_weak, EQUALS);
  OVER_USES(weak_families[1], of_weak, EQUALS);
  over_uses(t, &weak_families[2], of_weak, OF_WEAK_SETS, EQUALS);
}

/* "An operation that hashes or prints the items of a container keeps the
 * item it works on alive and uses the container as it is ..." */
MUST(rent, hashing_changes_keyed_containers,
     "Hashes of keys may change their dict or set", REQ("RENT-042"),
     NEEDS(compare_code, dict, set, list, str), OWN_CALLS) {
  OVER_USES(dicts, of_dicts, HASH);
  over_uses(t, &sets, of_sets, COUNT_OF(of_sets) - 1, HASH);
}

/* "An operation that hashes or prints the items of a container keeps the
 * item it works on alive and uses the container as it is ..." */
MUST(rent, hashing_changes_weak_containers,
     "Hashes of keys may change their weak container", REQ("RENT-042"),
     NEEDS(compare_code, weak_containers, list, str), OWN_CALLS) {
  OVER_USES(weak_families[0], of_weak, HASH);
  OVER_USES(weak_families[1], of_weak, HASH);
  over_uses(t, &weak_families[2], of_weak, OF_WEAK_SETS, HASH);
}

/* "An operation that hashes or prints the items of a container keeps the
 * item it works on alive and uses the container as it is ..." */
MUST(rent, printing_changes_keyed_containers,
     "Printing keys may change their dict or set", REQ("RENT-042"),
     NEEDS(compare_code, dict, set, list, str), OWN_CALLS) {
  OVER_USES(dicts, printing, REPR);
  OVER_USES(sets, printing, REPR);
}

/* "An error that code of an item raises when it is compared, ordered,
 * hashed or printed ends the operation and is the error that the ..." */
MUST(rent, errors_of_keys_leave_containers,
     "An error of a key's code leaves its container as it was",
     REQ("RENT-043"), NEEDS(compare_code, dict, set, list, str), OWN_CALLS) {
  OVER_RAISING(dicts, of_dicts, EQUALS);
  OVER_RAISING(dicts, of_two, EQUALS);
  OVER_RAISING(dicts, of_dicts, HASH);
  OVER_RAISING(dicts, printing, REPR);
  OVER_RAISING(sets, of_sets, EQUALS);
  OVER_RAISING(sets, of_sets, HASH);
  OVER_RAISING(sets, printing, REPR);
}

/* "An error that code of an item raises when it is compared, ordered,
 * hashed or printed ends the operation and is the error that the ..." */
MUST(rent, errors_of_keys_leave_weak_containers,
     "An error of a key's code leaves its weak container as it was",
     REQ("RENT-043"),
     NEEDS(compare_code, weak_containers, list, str), OWN_CALLS) {
  for (size_t i = 0; i < COUNT_OF(weak_families); i++) {
    size_t uses = i == 2 ? OF_WEAK_SETS : COUNT_OF(of_weak);
    over_raising(t, &weak_families[i], of_weak, uses, EQUALS);
    over_raising(t, &weak_families[i], of_weak, uses, HASH);
  }
}
