/* SPDX-License-Identifier: MIT */
/*
 * cases/rent_list.c - lists and tuples whose items' code changes them while
 * they are compared, ordered, hashed or printed (RENT-040 to 043).
 */
#include "rent_code.h"

/* ---- acts --------------------------------------------------------------- */

static void empty_it(struct actor *a, pmm_obj *self) {
  (void)self;
  empty_the_list(a, a->source);
}

static void empty_other(struct actor *a, pmm_obj *self) {
  (void)self;
  empty_the_list(a, a->other);
}

static void empty_both(struct actor *a, pmm_obj *self) {
  empty_it(a, self);
  empty_other(a, self);
}

static void grow_both(struct actor *a, pmm_obj *self) {
  (void)self;
  grow_inside(a->t, a->source);
  grow_inside(a->t, a->other);
}

static void shrink(struct actor *a, pmm_obj *self) {
  struct pmm_test *t = a->t;
  (void)self;
  OPS->xrelease(RT, OPS->list_pop(RT, a->source, SIZE_MAX));
  OPS->error_clear(RT);
  OPS->xrelease(RT, OPS->list_pop(RT, a->other, 0));
}

static void rewrite(struct actor *a, pmm_obj *self) {
  (void)self;
  list_source.replace(a->t, a->source);
  list_source.replace(a->t, a->other);
}

/* As many items as before, in another array. */
static void refill(struct actor *a, pmm_obj *self) {
  struct pmm_test *t = a->t;
  empty_it(a, self);
  for (int i = 0; i < ITEMS; i++) {
    (void)OPS->list_append(RT, a->source, a->far);
  }
}

static void remove_it(struct actor *a, pmm_obj *self) {
  struct pmm_test *t = a->t;
  (void)OPS->list_remove(RT, a->source, self);
}

static void insert_it(struct actor *a, pmm_obj *self) {
  struct pmm_test *t = a->t;
  (void)OPS->list_insert(RT, a->source, 0, self);
}

static void use_again(struct actor *a, pmm_obj *self) {
  (void)self;
  (void)a->use->run(a);
}

static const struct act list_acts[] = {
    {"emptying it", empty_it},       {"emptying the other", empty_other},
    {"emptying both", empty_both},   {"growing both", grow_both},
    {"shrinking both", shrink},      {"rewriting both", rewrite},
    {"filling it anew", refill},     {"removing the item", remove_it},
    {"inserting the item", insert_it}, {"collecting", collect_young},
    {"doing it again", use_again}};

/* ---- the list ----------------------------------------------------------- */

static pmm_obj *make_list(struct actor *a, int64_t first) {
  struct pmm_test *t = a->t;
  pmm_obj *list = empty_list(t);
  for (int i = 0; i < ITEMS; i++) {
    pmm_obj *item = coded_item(a, first + i);
    expect_ok(OPS->list_append(RT, list, item));
    DROP(item);
  }
  return list;
}

static const struct family lists = {"list", make_list, list_acts,
                                    COUNT_OF(list_acts)};

/* ---- uses --------------------------------------------------------------- */

static enum pmm_status equal_lists(struct actor *a) {
  struct pmm_test *t = a->t;
  int equal = 0;
  return OPS->equals(RT, a->source, a->other, &equal);
}

static pmm_obj *in_list_of(struct actor *a, pmm_obj *o) {
  struct pmm_test *t = a->t;
  return OPS->list_from(RT, &o, 1);
}

/* [source] == [other] */
static enum pmm_status equal_nested(struct actor *a) {
  struct pmm_test *t = a->t;
  pmm_obj *left = in_list_of(a, a->source);
  pmm_obj *right = in_list_of(a, a->other);
  int equal = 0;
  enum pmm_status status = left != NULL && right != NULL
                               ? OPS->equals(RT, left, right, &equal)
                               : OPS->error(RT);
  OPS->xrelease(RT, left);
  OPS->xrelease(RT, right);
  return status;
}

static enum pmm_status in_a_dict(struct actor *a, pmm_obj *value) {
  struct pmm_test *t = a->t;
  pmm_obj *dict = OPS->dict_new(RT);
  pmm_obj *key = OPS->none(RT);
  enum pmm_status status = dict != NULL
                               ? OPS->dict_set(RT, dict, key, value)
                               : OPS->error(RT);
  pmm_obj *twin = status == PMM_OK ? OPS->dict_copy(RT, dict) : NULL;
  if (twin != NULL) {
    status = OPS->dict_set(RT, twin, key, a->other);
  }
  int equal = 0;
  if (status == PMM_OK && twin != NULL) {
    status = OPS->equals(RT, dict, twin, &equal);
  }
  OPS->release(RT, key);
  OPS->xrelease(RT, twin);
  OPS->xrelease(RT, dict);
  return status;
}

/* {None: source} == {None: other} */
static enum pmm_status equal_in_dicts(struct actor *a) {
  return in_a_dict(a, a->source);
}

static enum pmm_status remove_last(struct actor *a) {
  struct pmm_test *t = a->t;
  return OPS->list_remove(RT, a->source, a->near);
}

static enum pmm_status remove_none(struct actor *a) {
  struct pmm_test *t = a->t;
  return OPS->list_remove(RT, a->source, a->far);
}

/* sorted([other, source]): the two lists are compared. */
static enum pmm_status sort_outer(struct actor *a) {
  struct pmm_test *t = a->t;
  pmm_obj *both[] = {a->other, a->source};
  pmm_obj *outer = OPS->list_from(RT, both, 2);
  enum pmm_status status =
      outer != NULL ? OPS->list_sort(RT, outer, NULL, NULL) : OPS->error(RT);
  OPS->xrelease(RT, outer);
  return status;
}

static enum pmm_status sort_it(struct actor *a) {
  struct pmm_test *t = a->t;
  return OPS->list_sort(RT, a->source, NULL, NULL);
}

static enum pmm_status own_key(void *ctx, pmm_rt *rt, pmm_obj *arg,
                               pmm_obj **result) {
  struct pmm_test *t = ctx;
  OPS->retain(rt, arg);
  *result = arg;
  return PMM_OK;
}

static enum pmm_status sort_by_key(struct actor *a) {
  struct pmm_test *t = a->t;
  return OPS->list_sort(RT, a->source, own_key, t);
}

static enum pmm_status print(struct actor *a) {
  struct pmm_test *t = a->t;
  return dropped(a, OPS->repr(RT, a->source));
}

static enum pmm_status print_nested(struct actor *a) {
  struct pmm_test *t = a->t;
  pmm_obj *outer = in_list_of(a, a->source);
  enum pmm_status status = outer != NULL ? dropped(a, OPS->repr(RT, outer))
                                         : OPS->error(RT);
  OPS->xrelease(RT, outer);
  return status;
}

static enum pmm_status set_of_it(struct actor *a) {
  struct pmm_test *t = a->t;
  return dropped(a, OPS->set_new(RT, a->source));
}

static enum pmm_status frozenset_of_it(struct actor *a) {
  struct pmm_test *t = a->t;
  return dropped(a, OPS->frozenset_new(RT, a->source));
}

/* The tuple is the only owner of what the list has lost. */
static enum pmm_status hash_tuple(struct actor *a) {
  struct pmm_test *t = a->t;
  pmm_obj *tuple = OPS->tuple_convert(RT, a->source);
  int64_t hash;
  enum pmm_status status =
      tuple != NULL ? OPS->hash(RT, tuple, &hash) : OPS->error(RT);
  OPS->xrelease(RT, tuple);
  return status;
}

static enum pmm_status equal_tuples(struct actor *a) {
  struct pmm_test *t = a->t;
  pmm_obj *left = OPS->tuple_convert(RT, a->source);
  pmm_obj *right = OPS->tuple_convert(RT, a->other);
  int equal = 0;
  enum pmm_status status = left != NULL && right != NULL
                               ? OPS->equals(RT, left, right, &equal)
                               : OPS->error(RT);
  OPS->xrelease(RT, left);
  OPS->xrelease(RT, right);
  return status;
}

static const struct use comparing[] = {
    {"equality", equal_lists},
    {"equality inside lists", equal_nested},
    {"removal of the last", remove_last},
    {"removal of none", remove_none},
    {"equality of tuples", equal_tuples}};
static const struct use comparing_in_dicts[] = {
    {"equality inside dicts", equal_in_dicts}};
static const struct use ordering_equals[] = {{"order", sort_outer}};
static const struct use ordering[] = {{"order", sort_outer},
                                      {"sorting", sort_it}};
static const struct use ordering_by_keys[] = {
    {"sorting by keys", sort_by_key}};
static const struct use hashing[] = {{"hash of a tuple", hash_tuple}};
static const struct use hashing_into_sets[] = {
    {"set()", set_of_it}, {"frozenset()", frozenset_of_it}};
static const struct use printing[] = {{"text", print},
                                      {"text inside a list", print_nested}};

/* ---- the cases ---------------------------------------------------------- */

/* "An operation that compares the items of a container keeps what it
 * compares alive and uses the container as it is after each comparison:
 * ..." */
MUST(rent, comparing_changes_lists, "Equality of items may change their lists",
     REQ("RENT-040"), NEEDS(compare_code, list, tuple, str), OWN_CALLS) {
  OVER_USES(lists, comparing, EQUALS);
}

/* "An operation that compares the items of a container keeps what it
 * compares alive and uses the container as it is after each comparison:
 * ..." */
MUST(rent, comparing_changes_values,
     "Equality of values may change their dicts",
     REQ("RENT-040"), NEEDS(compare_code, list, dict, str), OWN_CALLS) {
  OVER_USES(lists, comparing_in_dicts, EQUALS);
}

/* "An operation that orders the items of a list keeps what it compares
 * alive: code of the items may empty, grow, rewrite and refill the ..." */
MUST(rent, ordering_changes_lists, "Ordering items may change their lists",
     REQ("RENT-041"), NEEDS(compare_code, list, sort, str), OWN_CALLS) {
  OVER_USES(lists, ordering_equals, EQUALS);
  OVER_USES(lists, ordering, LESS);
}

/* "An operation that orders the items of a list keeps what it compares
 * alive: code of the items may empty, grow, rewrite and refill the ..." */
MUST(rent, ordering_of_keys_changes_lists,
     "Comparing sort keys may change the list",
     REQ("RENT-041"), NEEDS(compare_code, list, sort, sort_key, str),
     OWN_CALLS) {
  OVER_USES(lists, ordering_by_keys, LESS);
}

/* "An operation that hashes or prints the items of a container keeps the
 * item it works on alive and uses the container as it is ..." */
MUST(rent, hashing_changes_lists, "Hashes of items may change their list",
     REQ("RENT-042"), NEEDS(compare_code, list, tuple, str), OWN_CALLS) {
  OVER_USES(lists, hashing, HASH);
}

/* "An operation that hashes or prints the items of a container keeps the
 * item it works on alive and uses the container as it is ..." */
MUST(rent, hashing_into_sets_changes_lists,
     "Hashes of items may change a list while a set is built from it",
     REQ("RENT-042"),
     NEEDS(compare_code, list, set, frozenset, str), OWN_CALLS) {
  OVER_USES(lists, hashing_into_sets, HASH);
  OVER_USES(lists, hashing_into_sets, EQUALS);
}

/* "An operation that hashes or prints the items of a container keeps the
 * item it works on alive and uses the container as it is ..." */
MUST(rent, printing_changes_lists, "Printing items may change their list",
     REQ("RENT-042"), NEEDS(compare_code, list, str), OWN_CALLS) {
  OVER_USES(lists, printing, REPR);
}

/* "An error that code of an item raises when it is compared, ordered,
 * hashed or printed ends the operation and is the error that the ..." */
MUST(rent, errors_of_items_leave_lists,
     "An error of an item's code is reported",
     REQ("RENT-043"), NEEDS(compare_code, list, tuple, sort, str), OWN_CALLS) {
  OVER_RAISING(lists, comparing, EQUALS);
  OVER_RAISING(lists, ordering, EQUALS);
  OVER_RAISING(lists, ordering, LESS);
  OVER_RAISING(lists, hashing, HASH);
  OVER_RAISING(lists, printing, REPR);
}
