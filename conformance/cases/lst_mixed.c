/* SPDX-License-Identifier: MIT */
/*
 * cases/lst_mixed.c - sorting lists with an odd item, at each place
 * (requirement LST-021).
 */
#include "case.h"

enum { PLACES = 5 };

/** Items that are alike: their i-th. */
struct alike {
  const char *name;
  pmm_obj *(*make)(struct pmm_test *t, int64_t i);
};

static pmm_obj *an_int(struct pmm_test *t, int64_t i) {
  return integer(t, 1000 - i);
}

static pmm_obj *a_float(struct pmm_test *t, int64_t i) {
  return NEW(OPS->float_new(RT, 0.5 - (double)i));
}

static pmm_obj *a_text(struct pmm_test *t, int64_t i) {
  const char name[2] = {(char)('f' - i), '\0'};
  return text(t, name);
}

static pmm_obj *a_none(struct pmm_test *t, int64_t i) {
  (void)i;
  return NEW(OPS->none(RT));
}

static pmm_obj *a_probe(struct pmm_test *t, int64_t i) { return probe(t, i); }

static pmm_obj *a_dict(struct pmm_test *t, int64_t i) {
  (void)i;
  return NEW(OPS->dict_new(RT));
}

/* In a tuple. */
static pmm_obj *within(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *tuple = TUPLE(item);
  DROP(item);
  return tuple;
}

static const struct alike ordered[] = {
    {"ints", an_int}, {"floats", a_float}, {"strs", a_text}};

static const struct alike odd[] = {{"None", a_none},
                                   {"an instance", a_probe},
                                   {"a dict", a_dict},
                                   {"a str", a_text},
                                   {"an int", an_int}};

static int may_compare(size_t i, size_t k) {
  return odd[k].make == ordered[i].make ||
         (ordered[i].make == a_float && odd[k].make == an_int);
}

/* One list: the odd one at its place.  A sort refuses it and keeps all. */
static void try_sort(struct pmm_test *t, size_t i, size_t k, int64_t place,
                     int nested) {
  pmm_obj *items[PLACES];
  pmm_obj *list = empty_list(t);
  for (int64_t at = 0; at < PLACES; at++) {
    items[at] = at == place ? odd[k].make(t, at) : ordered[i].make(t, at);
    items[at] = nested ? within(t, items[at]) : items[at];
    expect_ok(OPS->list_append(RT, list, items[at]));
  }
  enum pmm_status status = OPS->list_sort(RT, list, NULL, NULL);
  if (status == PMM_NO_MEMORY) {
    expect_ok(status);
  }
  OPS->error_clear(RT);
  if (status != PMM_TYPE || length_of(t, list) != PLACES) {
    fail("%s%s with %s at place %d: status %d, %d items",
         nested ? "tuples of " : "", ordered[i].name, odd[k].name, (int)place,
         (int)status, (int)length_of(t, list));
  }
  for (size_t at = 0; at < PLACES; at++) {
    int held = 0;
    for (size_t j = 0; j < PLACES; j++) {
      held += OPS->same(RT, OPS->list_get(RT, list, j), items[at]);
    }
    expect_ge(held, 1);
  }
  DROP_ALL();
  log_clear(t);
}

static void try_all(struct pmm_test *t, int nested) {
  quiet(t);
  for (size_t i = 0; i < sizeof ordered / sizeof *ordered; i++) {
    for (size_t k = 0; k < sizeof odd / sizeof *odd; k++) {
      for (int64_t at = 0; at < PLACES && !may_compare(i, k); at++) {
        now_at(t, "row %zu of ordered, row %zu of odd, at %lld", i, k,
               (long long)at);
        try_sort(t, i, k, at, nested);
      }
    }
  }
}

/* "Sorting a list whose items cannot be ordered fails with a type error and
 * leaves all items in the list." */
MUST(lst, sorting_refuses_an_odd_item,
     "Sorting refuses an item of another kind at any place", REQ("LST-021"),
     NEEDS(list, str, dict)) {
  try_all(t, 0);
}

/* "Sorting a list whose items cannot be ordered fails with a type error and
 * leaves all items in the list." So within tuples. */
MUST(lst, sorting_refuses_an_odd_item_in_tuples,
     "Sorting tuples refuses one that holds an item of another kind",
     REQ("LST-021"),
     NEEDS(list, tuple, str, dict)) {
  try_all(t, 1);
}
