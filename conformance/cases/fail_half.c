/* SPDX-License-Identifier: MIT */
/*
 * cases/fail_half.c - operations that fail half way for another reason than
 * memory: the third item, the second argument, the size (requirements OOM-031,
 * OOM-032, OOM-005, DCT-031).
 */
#include "codes.h"
#include "rent.h"

enum { LENGTH = 3 };

/* ---- sources ------------------------------------------------------------ */

/* for v1 in v0: yield v1  ; raise */
static const struct pmm_code raising =
    CODE("raising", 1, 2, {PMM_FOR_EACH, 1, 0, 0}, {PMM_YIELD, -1, 1, 0},
         {PMM_END, 0, 0, 0}, {PMM_RAISE, 0, PMM_USER, 0});

static const struct pmm_code giving =
    CODE("giving", 1, 2, {PMM_FOR_EACH, 1, 0, 0}, {PMM_YIELD, -1, 1, 0},
         {PMM_END, 0, 0, 0});

/** An operation over a source; what it makes is dropped. */
struct taker {
  const char *name;
  enum pmm_status (*take)(struct pmm_test *t, pmm_obj *target, pmm_obj *source);
};

static enum pmm_status made(struct pmm_test *t, pmm_obj *result) {
  OPS->xrelease(RT, result);
  return OPS->error(RT);
}

/* An iterator that was made of the source, until it fails. */
static enum pmm_status drained(struct pmm_test *t, pmm_obj *iterator) {
  if (iterator != NULL) {
    pmm_obj *o = NEW(iterator);
    pmm_obj *item;
    while ((item = OPS->next(RT, o)) != NULL) {
      OPS->release(RT, item);
    }
  }
  return OPS->error(RT);
}

static enum pmm_status of_tee(struct pmm_test *t, pmm_obj *source) {
  pmm_obj *two = NEW(OPS->tee(RT, source));
  pmm_obj *second = KEEP(OPS->tuple_get(RT, two, 1));
  (void)second; /* keeps what the first has read                              */
  return drained(t, OPS->iter(RT, OPS->tuple_get(RT, two, 0)));
}

#define TAKER(name, call)                                                     \
  static enum pmm_status name(struct pmm_test *t, pmm_obj *target,            \
                              pmm_obj *s) {                                   \
    (void)target;                                                             \
    return call;                                                              \
  }
TAKER(to_list, made(t, OPS->list_convert(RT, s)))
TAKER(to_tuple, made(t, OPS->tuple_convert(RT, s)))
TAKER(to_set, made(t, OPS->set_new(RT, s)))
TAKER(to_frozenset, made(t, OPS->frozenset_new(RT, s)))
TAKER(extending, OPS->list_extend(RT, target, s))
TAKER(assigning, OPS->list_assign_slice(RT, target, 1, 2, s))
TAKER(inserting, OPS->list_assign_slice(RT, target, 1, 1, s))
TAKER(joining, made(t, OPS->str_join(RT, text(t, ","), s)))
TAKER(in_chunks, drained(t, OPS->chunks(RT, s, 2)))
TAKER(splitting, of_tee(t, s))

static const struct taker takers[] = {
    {"list()", to_list},           {"tuple()", to_tuple},
    {"extending", extending},      {"assigning to a slice", assigning},
    {"inserting", inserting},      {"joining", joining}};
static const struct taker set_takers[] = {{"set()", to_set},
                                          {"frozenset()", to_frozenset}};
static const struct taker stream_takers[] = {{"chunks", in_chunks},
                                             {"a split", splitting}};

/* The list that operations change is as it was; one that was extended may keep
 * what came before the error, as Python's does. */
static void expect_same_list(struct pmm_test *t, const char *what,
                             pmm_obj *list) {
  int extended = strcmp(what, "extending") == 0;
  int same = extended || length_of(t, list) == LENGTH;
  for (int i = 0; same && i < LENGTH; i++) {
    same = int_of(t, OPS->list_get(RT, list, (size_t)i)) == i;
  }
  if (!same) {
    fail("%s, which failed, has changed its list", what);
  }
}

/* The probes of a list have died once with it. */
static void expect_died(struct pmm_test *t, const char *what, int n) {
  verify(t, what);
  DROP_ALL();
  for (int i = 0; i < n; i++) {
    if (happened(DEALLOCATED, i) != 1) {
      fail("%s, which failed: item %d dies %d times", what, i,
           (int)happened(DEALLOCATED, i));
    }
  }
  log_clear(t);
}

static pmm_obj *list_of_probes(struct pmm_test *t, int n) {
  pmm_obj *list = empty_list(t);
  for (int i = 0; i < n; i++) {
    pmm_obj *o = probe(t, i);
    expect_ok(OPS->list_append(RT, list, o));
    DROP(o);
  }
  return list;
}

/* Sources that raise behind 0, 1, 2 ... items. */
static void fail_behind(struct pmm_test *t, const struct taker *rows,
                        size_t n) {
  quiet(t);
  for (size_t i = 0; i < n; i++) {
    for (int items = 0; items < 6; items++) {
      now_at(t, "%s behind %d items", rows[i].name, items);
      pmm_obj *list = list_of_ints(t, LENGTH);
      pmm_obj *all = list_of_probes(t, items);
      pmm_obj *source = generator_with(t, &raising, all);
      enum pmm_status status = rows[i].take(t, list, source);
      OPS->error_clear(RT);
      if (status != PMM_USER && status != PMM_TYPE) {
        fail("%s of a source that raises behind %d items: status %d",
             rows[i].name, items, (int)status);
      }
      expect_same_list(t, rows[i].name, list);
      expect_died(t, rows[i].name, items);
    }
  }
}

#define OWN_POINTS OOM_EXEMPT("it goes through many failures")

/* "An operation that fails part of the way, at any item or argument,
 * releases once what it had acquired, and leaves its containers as they
 * were." */
MUST(oom, sources_that_raise_leave_nothing,
     "A source that raises leaves list and items as they were",
     REQ("OOM-031"), NEEDS(generator, list, str, tuple, gc), OWN_POINTS) {
  fail_behind(t, takers, COUNT_OF(takers));
}

/* "An operation that fails part of the way, at any item or argument,
 * releases once what it had acquired, and leaves its containers as they
 * were." */
MUST(oom, sources_that_raise_leave_no_set,
     "A source of a set that raises leaves its items as they were",
     REQ("OOM-031"), NEEDS(generator, list, set, frozenset, gc), OWN_POINTS) {
  fail_behind(t, set_takers, COUNT_OF(set_takers));
}

/* "An operation that fails part of the way, at any item or argument,
 * releases once what it had acquired, and leaves its containers as they
 * were." */
MUST(oom, sources_that_raise_leave_no_stream,
     "A source of chunks or of a split that raises leaves its items",
     REQ("OOM-031"), NEEDS(chunks, copy, generator, list, tuple, gc),
                           OWN_POINTS) {
  fail_behind(t, stream_takers, COUNT_OF(stream_takers));
}

/* An item without a hash at each place, from a list, tuple and generator. */
static void fail_at(struct pmm_test *t, const struct taker *taker, int at,
                    int kind) {
  pmm_obj *all = list_of_probes(t, LENGTH);
  pmm_obj *odd = empty_list(t);
  expect_ok(OPS->list_insert(RT, all, (size_t)at, odd));
  pmm_obj *source = kind == 0   ? all
                    : kind == 1 ? NEW(OPS->tuple_convert(RT, all))
                                : generator_with(t, &giving, all);
  enum pmm_status status = taker->take(t, NULL, source);
  OPS->error_clear(RT);
  uint64_t owners = OFFERED(refcount) ? OPS->refcount(RT, odd) : 0;
  if (status != PMM_TYPE ||
      (OFFERED(refcount) && kind < 2 && owners != 2 + (uint64_t)kind)) {
    fail("%s with an item without a hash at %d: status %d, %d owners",
         taker->name, at, (int)status, (int)owners);
  }
  expect_died(t, taker->name, LENGTH);
}

/* "An operation that fails part of the way, at any item or argument,
 * releases once what it had acquired, and leaves its containers as they
 * were." */
MUST(oom, unhashable_items_leave_nothing,
     "An item without a hash at any place leaves nothing behind",
     REQ("OOM-031"), NEEDS(generator, list, set, frozenset, tuple, gc),
                           OWN_POINTS) {
  quiet(t);
  for (size_t i = 0; i < COUNT_OF(set_takers); i++) {
    for (int at = 0; at <= LENGTH; at++) {
      for (int kind = 0; kind < 3; kind++) {
        now_at(t, "%s, the odd item at %d, source %d", set_takers[i].name, at,
               kind);
        fail_at(t, &set_takers[i], at, kind);
      }
    }
  }
}

/* ---- arguments ---------------------------------------------------------- */

/** An operation that is given an object of a wrong type. */
struct refusal {
  const char *name;
  enum pmm_status (*call)(struct pmm_test *t, pmm_obj *wrong);
};

#define REFUSAL(name, expression)                                             \
  static enum pmm_status name(struct pmm_test *t, pmm_obj *o) {               \
    return expression;                                                        \
  }

static enum pmm_status as_int(struct pmm_test *t, pmm_obj *o) {
  int64_t value;
  return OPS->int_value(RT, o, &value);
}

static enum pmm_status in_dict(struct pmm_test *t, pmm_obj *key) {
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  return OPS->dict_set(RT, dict, LIST(key), key);
}

static enum pmm_status in_set(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *set = NEW(OPS->set_new(RT, NULL));
  return OPS->set_add(RT, set, LIST(item));
}

static enum pmm_status join_with(struct pmm_test *t, pmm_obj *o) {
  return made(t, OPS->str_join(RT, text(t, ","), LIST(text(t, "a"), o)));
}

REFUSAL(times, made(t, OPS->list_repeat(RT, list_of_ints(t, 2), o)))
REFUSAL(times_itself, OPS->list_repeat_inplace(RT, list_of_ints(t, 2), o))
REFUSAL(stepped, made(t, OPS->next(RT, o)))
REFUSAL(iterated, made(t, OPS->iter(RT, o)))
REFUSAL(listed, made(t, OPS->list_convert(RT, o)))
REFUSAL(appended_to, OPS->list_extend(RT, list_of_ints(t, 2), o))
REFUSAL(assigned, OPS->list_assign_slice(RT, list_of_ints(t, 2), 0, 1, o))

static const struct refusal no_ints[] = {{"the value of an int", as_int},
                                         {"a product of a list", times},
                                         {"repeating in place", times_itself},
                                         {"a step", stepped},
                                         {"a key of a dict", in_dict}};
static const struct refusal no_iterables[] = {
    {"iterating", iterated},
    {"list()", listed},
    {"extending", appended_to},
    {"assigning to a slice", assigned},
    {"a step", stepped}};
static const struct refusal no_items[] = {{"an item of a set", in_set},
                                          {"joining", join_with}};

static void refuse(struct pmm_test *t, const struct refusal *rows, size_t n,
                   pmm_obj *const *objects, size_t count) {
  quiet(t);
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < count; j++) {
      now_at(t, "%s, object %zu", rows[i].name, j);
      uint64_t owners = OFFERED(refcount) ? OPS->refcount(RT, objects[j]) : 0;
      enum pmm_status status = rows[i].call(t, objects[j]);
      OPS->error_clear(RT);
      uint64_t after = OFFERED(refcount) ? OPS->refcount(RT, objects[j]) : 0;
      if (status != PMM_TYPE || after < owners) {
        fail("%s with a %s: status %d, its owners go from %d to %d",
             rows[i].name, OPS->type_name(RT, objects[j]), (int)status,
             (int)owners, (int)after);
      }
    }
  }
}

/* "An operation on an object of a wrong type reads nothing from it: it
 * fails with a type error and changes nothing." */
MUST(oom, no_int_is_no_int, "An object that is not an int is not read as one",
     REQ("OOM-032"), NEEDS(dict, list, str, tuple),
     OWN_POINTS) {
  pmm_obj *objects[] = {NEW(OPS->float_new(RT, 1.5)), text(t, "1"),
                        list_of_ints(t, 1), tuple_of_ints(t, 1),
                        NEW(OPS->dict_new(RT)), probe(t, 1),
                        NEW(OPS->none(RT))};
  refuse(t, no_ints, COUNT_OF(no_ints), objects, COUNT_OF(objects));
}

/* "An operation on an object of a wrong type reads nothing from it: it
 * fails with a type error and changes nothing." */
MUST(oom, no_iterable_is_not_walked,
     "An object that cannot be iterated is not read",
     REQ("OOM-032"), NEEDS(list), OWN_POINTS) {
  pmm_obj *objects[] = {integer(t, 1000), NEW(OPS->float_new(RT, 1.5)),
                        NEW(OPS->none(RT)), probe(t, 1)};
  refuse(t, no_iterables, COUNT_OF(no_iterables), objects, COUNT_OF(objects));
}

/* "An operation on an object of a wrong type reads nothing from it: it
 * fails with a type error and changes nothing." */
MUST(oom, no_str_is_not_joined,
     "Join and lookup refuse objects of the wrong type",
     REQ("OOM-032"), NEEDS(list, set, str), OWN_POINTS) {
  pmm_obj *objects[] = {integer(t, 1000), NEW(OPS->float_new(RT, 1.5)),
                        NEW(OPS->none(RT)), probe(t, 1), list_of_ints(t, 1)};
  refuse(t, no_items, COUNT_OF(no_items), objects, COUNT_OF(objects));
}

/* ---- frozensets --------------------------------------------------------- */

/* "A frozenset never changes: adding and discarding fail, and its items,
 * hash and printed form stay as they were." */
MUST(dct, frozensets_refuse_changes, "A frozenset refuses to change",
     REQ("DCT-031"), NEEDS(list, set, frozenset)) {
  pmm_obj *items = list_of_ints(t, LENGTH);
  pmm_obj *sets[] = {NEW(OPS->frozenset_new(RT, items)),
                     NEW(OPS->frozenset_new(RT, NULL))};
  for (size_t i = 0; i < COUNT_OF(sets); i++) {
    now_at(t, "%s frozenset", i == 0 ? "a full" : "an empty");
    pmm_obj *set = KEEP(sets[i]);
    pmm_obj *words = NEW(OPS->repr(RT, set));
    int64_t hash;
    int64_t hash_after;
    expect_ok(OPS->hash(RT, set, &hash));
    for (int item = 0; item <= LENGTH; item++) {
      expect(OPS->set_add(RT, set, integer(t, item)) != PMM_OK);
      OPS->error_clear(RT);
      expect(OPS->set_discard(RT, set, integer(t, item)) != PMM_OK);
      OPS->error_clear(RT);
    }
    expect_ok(OPS->hash(RT, set, &hash_after));
    expect_eq(hash, hash_after);
    expect_eq(length_of(t, set), i == 0 ? LENGTH : 0);
    expect_equal(NEW(OPS->repr(RT, set)), words);
    expect_same(NEW(OPS->set_copy(RT, set)), set);
  }
}

/* ---- sizes -------------------------------------------------------------- */

/* A count near which n items, their bytes, or the room they are rounded up to
 * do not fit a size. */
static int64_t edge(int power, int part, size_t n, int step) {
  uint64_t size = (UINT64_C(1) << power) / 9 * (uint64_t)part;
  return (int64_t)(size / n) + step;
}

static void repeat_to(struct pmm_test *t, pmm_obj *list, pmm_obj *tuple,
                      int64_t count) {
  size_t n = length_of(t, list);
  pmm_obj *times = integer(t, count);
  enum pmm_status in_place = OPS->list_repeat_inplace(RT, list, times);
  OPS->error_clear(RT);
  pmm_obj *product = OPS->list_repeat(RT, list, times);
  enum pmm_status of_list = OPS->error(RT);
  OPS->error_clear(RT);
  pmm_obj *other = OPS->tuple_repeat(RT, tuple, count);
  enum pmm_status of_tuple = OPS->error(RT);
  OPS->error_clear(RT);
  if (product != NULL || other != NULL || in_place != PMM_NO_MEMORY ||
      of_list != PMM_NO_MEMORY || of_tuple != PMM_NO_MEMORY) {
    fail("%zu items times %lld: status %d in place, %d for a list, %d for a "
         "tuple", n, (long long)count, (int)in_place, (int)of_list,
         (int)of_tuple);
  }
  DROP(times);
}

/* "Repeat or preallocation whose byte size overflows fails before touching
 * memory; in-place repeat keeps the list unchanged." */
MUST(oom, sizes_near_every_edge_fail,
     "Repeats near each size that overflows leave the list as it is",
     REQ("OOM-005"), NEEDS(list, tuple)) {
  for (size_t n = 1; n <= LENGTH; n++) {
    pmm_obj *list = list_of_ints(t, n);
    pmm_obj *tuple = tuple_of_ints(t, n);
    for (int power = 57; power <= 63; power++) {
      for (int part = 8; part <= 9; part++) {
        for (int step = -1; step <= 1; step++) {
          repeat_to(t, list, tuple, edge(power, part, n, step));
        }
      }
    }
    expect_eq(length_of(t, list), n);
    for (size_t i = 0; i < n; i++) {
      expect_int(OPS->list_get(RT, list, i), i);
    }
  }
}

/* "Repeat or preallocation whose byte size overflows fails before touching
 * memory ..." */
MUST(oom, buffers_near_every_edge_fail,
     "Strings, arrays and new lists of impossible sizes fail",
     REQ("OOM-005"), NEEDS(copy, list, str, tuple)) {
  pmm_obj *string = text(t, "abc");
  for (int power = 60; power <= 63; power++) {
    for (int step = -1; step <= 0; step++) {
      size_t n = (size_t)(UINT64_C(1) << power) - (size_t)(step < 0);
      n -= power == 63 && step == 0; /* PTRDIFF_MAX                           */
      pmm_obj *results[] = {OPS->list_new(RT, n), NULL, NULL, NULL, NULL};
      OPS->error_clear(RT);
      results[1] = OPS->tuple_new(RT, n);
      OPS->error_clear(RT);
      results[2] = OPS->str_repeat(RT, string, (int64_t)n);
      OPS->error_clear(RT);
      results[3] = OPS->array_new(RT, PMM_ITEM_DOUBLE, n);
      OPS->error_clear(RT);
      results[4] = OPS->bytearray_new(RT, n);
      OPS->error_clear(RT);
      for (size_t i = 0; i < COUNT_OF(results); i++) {
        if (results[i] != NULL) {
          fail("operation %zu makes something of %zu items", i, n);
        }
      }
    }
  }
}
