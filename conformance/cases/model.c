/* SPDX-License-Identifier: MIT */
/*
 * cases/model.c - sweeps against what must come out: slices, tables that are
 * rebuilt, numbers of objects, copies of iterators (requirements LST-031,
 * DCT-032, GC-002, COPY-031).
 */
#include "codes.h"
#include "rent.h"

#define OWN_SWEEP OOM_EXEMPT("a sweep over many sizes")

/* ---- slices ------------------------------------------------------------- */

enum { PUT = 500, MOST = 200 };

/** What a slice is replaced by. */
enum put { BY_LIST, BY_TUPLE, BY_GENERATOR, BY_ITSELF, BY_NOTHING, PUTS };

static const char *const put_names[PUTS] = {"a list", "a tuple", "a generator",
                                            "itself", "nothing"};

static const struct pmm_code giving =
    CODE("giving", 1, 2, {PMM_FOR_EACH, 1, 0, 0}, {PMM_YIELD, -1, 1, 0},
         {PMM_END, 0, 0, 0});

/* The numbers PUT, PUT + 1 ... as what replaces a slice. */
static pmm_obj *put_of(struct pmm_test *t, enum put put, pmm_obj *list,
                       size_t n) {
  if (put == BY_ITSELF || put == BY_NOTHING) {
    return put == BY_ITSELF ? list : NULL;
  }
  pmm_obj *items = empty_list(t);
  for (size_t i = 0; i < n; i++) {
    expect_ok(OPS->list_append(RT, items, integer(t, PUT + (int64_t)i)));
  }
  return put == BY_LIST    ? items
         : put == BY_TUPLE ? NEW(OPS->tuple_convert(RT, items))
                           : generator_with(t, &giving, items);
}

/* What must come out. */
static size_t model(int64_t *out, size_t length, size_t from, size_t to,
                    enum put put, size_t n) {
  size_t m = 0;
  size_t k = put == BY_ITSELF ? length : put == BY_NOTHING ? 0 : n;
  for (size_t i = 0; i < from; i++) {
    out[m++] = (int64_t)i;
  }
  for (size_t i = 0; i < k; i++) {
    out[m++] = (int64_t)i + (put == BY_ITSELF ? 0 : PUT);
  }
  for (size_t i = to; i < length; i++) {
    out[m++] = (int64_t)i;
  }
  return m;
}

static void assign(struct pmm_test *t, size_t length, size_t from, size_t to,
                   enum put put, size_t n) {
  int64_t wanted[2 * MOST];
  size_t m = model(wanted, length, from, to, put, n);
  pmm_obj *list = list_of_ints(t, length);
  pmm_obj *source = put_of(t, put, list, n);
  expect_ok(OPS->list_assign_slice(RT, list, from, to, source));
  int same = length_of(t, list) == m;
  for (size_t i = 0; same && i < m; i++) {
    same = int_of(t, OPS->list_get(RT, list, i)) == wanted[i];
  }
  if (!same) {
    fail("a list of %zu, its items %zu to %zu replaced by %zu of %s: another "
         "list comes out", length, from, to, n, put_names[put]);
  }
  DROP_ALL();
}

/* "After an assignment to a slice the list holds the items before the
 * slice, the new items and the items after it, in order, for every length,
 * position and source, including the list itself." */
MUST(lst, slices_are_as_the_model, "Every slice can be replaced by every other",
     REQ("LST-031"), NEEDS(generator, list, tuple), OWN_SWEEP) {
  static const size_t sizes[] = {0, 1, 2, 5};
  quiet(t);
  for (size_t length = 0; length <= 9; length += 3) {
    for (size_t from = 0; from <= length; from++) {
      for (size_t to = from; to <= length; to++) {
        for (int put = 0; put < PUTS; put++) {
          for (size_t i = 0; i < COUNT_OF(sizes); i++) {
            assign(t, length, from, to, (enum put)put, sizes[i]);
          }
        }
      }
    }
  }
}

/* "After an assignment to a slice the list holds the items before the
 * slice, the new items and the items after it, in order, for every length,
 * position and source, including the list itself." */
MUST(lst, long_slices_are_as_the_model,
     "Replacing slices of a long list moves its tail correctly",
     REQ("LST-031"), NEEDS(generator, list, tuple), OWN_SWEEP) {
  quiet(t);
  for (size_t length = 100; length <= MOST; length += 50) {
    for (size_t n = 0; n <= 20; n += 4) {
      assign(t, length, 10, 20, BY_LIST, n);
      assign(t, length, 1, 13, BY_TUPLE, n);
      assign(t, length, length - 10, length, BY_GENERATOR, n);
    }
    assign(t, length, 10, 90, BY_ITSELF, 0);
    assign(t, length, 10, 90, BY_NOTHING, 0);
  }
}

/* ---- tables ------------------------------------------------------------- */

/* Deletes all but every `step`-th of n keys. */
static void thin(struct pmm_test *t, pmm_obj *dict, pmm_obj *set, int n,
                 int step) {
  for (int i = 0; i < n; i++) {
    if (i % step != 0) {
      pmm_obj *key = integer(t, 1000 + i);
      expect_ok(OPS->dict_delete(RT, dict, key));
      expect_ok(OPS->set_discard(RT, set, key));
      DROP(key);
    }
  }
}

/* Those that stayed are found, in order, and no other. */
static void expect_left(struct pmm_test *t, pmm_obj *dict, pmm_obj *set, int n,
                        int step) {
  pmm_obj *keys = NEW(OPS->dict_keys(RT, dict));
  size_t at = 0;
  for (int i = 0; i < n; i++) {
    pmm_obj *key = integer(t, 1000 + i);
    int stays = i % step == 0;
    int found = -1;
    expect_ok(OPS->set_contains(RT, set, key, &found));
    pmm_obj *value = OPS->dict_get(RT, dict, key);
    if (found != stays || (value != NULL) != stays ||
        (stays && (int_of(t, value) != 1000 + i ||
                   int_of(t, OPS->list_get(RT, keys, at++)) != 1000 + i))) {
      fail("of %d keys every %d-th stayed: key %d is %s", n, step, i,
           stays ? "lost" : "still there");
    }
    DROP(key);
  }
  DROP(keys);
}

static void rebuild(struct pmm_test *t, int n, int step) {
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  pmm_obj *set = NEW(OPS->set_new(RT, NULL));
  for (int i = 0; i < n; i++) {
    pmm_obj *key = integer(t, 1000 + i);
    expect_ok(OPS->dict_set(RT, dict, key, key));
    expect_ok(OPS->set_add(RT, set, key));
    DROP(key);
  }
  thin(t, dict, set, n, step);
  expect_left(t, dict, set, n, step);
  for (int i = 0; i < n; i++) { /* at one of them it is rebuilt               */
    pmm_obj *other = integer(t, 100000 + i);
    expect_ok(OPS->dict_set(RT, dict, other, other));
    expect_ok(OPS->set_add(RT, set, other));
    DROP(other);
  }
  expect_left(t, dict, set, n, step);
  expect_eq(length_of(t, dict), (n + step - 1) / step + n);
  expect_eq(length_of(t, set), (n + step - 1) / step + n);
  verify(t, "a table that was rebuilt");
  DROP_ALL();
}

/* "After a table is rebuilt, whatever was deleted before, every remaining
 * entry is found, in order, and no deleted one is." */
MUST(dct, rebuilt_tables_find_all,
     "A rebuilt table finds all remaining entries",
     REQ("DCT-032"), NEEDS(dict, list, set), OWN_SWEEP) {
  static const int counts[] = {5, 6, 10, 11, 21, 22, 43, 86, 170};
  static const int steps[] = {1, 2, 7, 50, 1000};
  quiet(t);
  for (size_t i = 0; i < COUNT_OF(counts); i++) {
    for (size_t j = 0; j < COUNT_OF(steps); j++) {
      now_at(t, "%d keys, each %d-th stays", counts[i], steps[j]);
      rebuild(t, counts[i], steps[j]);
    }
  }
}

/* 2n keys that many tables want in one slot; every other one is deleted. */
static void share_a_slot(struct pmm_test *t, int n, int stride) {
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  pmm_obj *set = NEW(OPS->set_new(RT, NULL));
  for (int i = 0; i < 2 * n; i++) {
    pmm_obj *key = integer(t, 1000 + i * stride);
    expect_ok(OPS->dict_set(RT, dict, key, key));
    expect_ok(OPS->set_add(RT, set, key));
    if (i % 2 != 0) {
      expect_ok(OPS->dict_delete(RT, dict, key));
      expect_ok(OPS->set_discard(RT, set, key));
    }
    DROP(key);
  }
  for (int i = 0; i < 2 * n; i++) {
    pmm_obj *key = integer(t, 1000 + i * stride);
    int found = -1;
    expect_ok(OPS->set_contains(RT, set, key, &found));
    expect_eq(found, i % 2 == 0);
    expect_eq(OPS->dict_get(RT, dict, key) != NULL, i % 2 == 0);
    DROP(key);
  }
  DROP_ALL();
}

/* "After a table is rebuilt, whatever was deleted before, every remaining
 * entry is found, ... and no deleted one is."  Where all want the same slot. */
MUST(dct, keys_of_one_slot_are_told_apart,
     "Keys that want the same slot are found, and deleted ones are not",
     REQ("DCT-032"), NEEDS(dict, set), OWN_SWEEP) {
  quiet(t);
  for (int stride = 8; stride <= 4096; stride *= 8) {
    for (int n = 1; n <= 64; n *= 4) {
      now_at(t, "%d keys that are %d apart", n, stride);
      share_a_slot(t, n, stride);
    }
  }
}

/* ---- numbers of objects ------------------------------------------------- */

/* n tracked objects, the first and the last garbage. */
static void collect_ends(struct pmm_test *t, size_t n, int generation) {
  pmm_obj *all = empty_list(t);
  pmm_obj *first = self_cycle(t, 1);
  for (size_t i = 0; i < n; i++) {
    pmm_obj *list = empty_list(t);
    expect_ok(OPS->list_append(RT, all, list));
    DROP(list);
  }
  pmm_obj *last = self_cycle(t, 2);
  DROP(first);
  DROP(last);
  uint64_t unreachable = collect_and_count(t, generation);
  if (unreachable != 2 || happened(DEALLOCATED, 1) != 1 ||
      happened(DEALLOCATED, 2) != 1 || length_of(t, all) != n) {
    fail("2 of %zu objects are garbage, the first and the last: %d are found",
         n, (int)unreachable);
  }
  for (size_t i = 0; i < n; i += n / 7 + 1) {
    expect_eq(length_of(t, OPS->list_get(RT, all, i)), 0);
  }
  verify(t, "the first and the last object are garbage");
  DROP(all);
  log_clear(t);
}

/* "Garbage that was made first or last among any number of tracked objects
 * is found by a collection of each generation, and nothing else is." */
MUST(gc, garbage_at_the_ends_is_found,
     "Garbage made first or last is found",
     REQ("GC-041"), NEEDS(gc, list), OWN_SWEEP) {
  quiet(t);
  for (size_t power = 256; power <= 2048; power *= 2) {
    for (size_t n = power - 3; n <= power + 1; n++) {
      collect(t);
      collect_ends(t, n, n % 2 == 0 ? 2 : 0);
    }
  }
}

/* ---- copies of iterators ------------------------------------------------ */

static pmm_obj *in_dict(struct pmm_test *t) {
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  expect_ok(OPS->dict_set(RT, dict, integer(t, 1000), integer(t, 1)));
  return dict;
}

static void end(struct pmm_test *t, pmm_obj *iterator) {
  pmm_obj *item;
  while ((item = OPS->next(RT, iterator)) != NULL) {
    OPS->release(RT, item);
  }
  expect_eq(OPS->error(RT), PMM_STOP);
  OPS->error_clear(RT);
}

/* Shallow and deep copies of one that has ended. */
static void copy_ended(struct pmm_test *t, pmm_obj *container) {
  pmm_obj *iterator = NEW(OPS->iter(RT, container));
  end(t, iterator);
  uint64_t owners = OFFERED(refcount) ? OPS->refcount(RT, container) : 0;
  pmm_obj *copies[] = {NEW(OPS->copy(RT, iterator)),
                       NEW(OPS->copy_deep(RT, iterator))};
  for (size_t i = 0; i < COUNT_OF(copies); i++) {
    pmm_obj *item = OPS->next(RT, copies[i]);
    if (item != NULL || OPS->error(RT) != PMM_STOP) {
      fail("a copy of an ended iterator over a %s goes on",
           OPS->type_name(RT, container));
    }
    OPS->error_clear(RT);
  }
  expect(!OFFERED(refcount) || OPS->refcount(RT, container) == owners);
  if (strcmp(OPS->type_name(RT, container), "list") == 0) {
    expect_ok(OPS->list_append(RT, container, container));
    expect_null(OPS->next(RT, copies[0]), PMM_STOP);
    expect_null(OPS->next(RT, copies[1]), PMM_STOP);
    expect_ok(OPS->list_clear(RT, container));
  }
}

/* "A copy of an exhausted iterator is exhausted too, and owns nothing." */
MUST(copy, copies_of_ended_iterators,
     "A copy of an exhausted iterator is exhausted",
     REQ("COPY-031"), NEEDS(copy, dict, list, str, tuple, bytes)) {
  pmm_obj *containers[] = {
      list_of_ints(t, 2), tuple_of_ints(t, 2), text(t, "ab"), in_dict(t),
      NEW(OPS->bytes_new(RT, "ab", 2)),
      NEW(OPS->array_new(RT, PMM_ITEM_DOUBLE, 2))};
  for (size_t i = 0; i < COUNT_OF(containers); i++) {
    now_at(t, "container %zu", i);
    copy_ended(t, containers[i]);
  }
}
