/* SPDX-License-Identifier: MIT */
/*
 * cases/lst.c - lists: growth, shrinking, exact sizes, identity
 * (requirements LST-001 to LST-015).
 */
#include "case.h"

/* Slots the list has room for, as its size tells. */
static int64_t capacity(struct pmm_test *t, pmm_obj *list) {
  return ((int64_t)size_of(t, list) - profile_int(t, "list_empty_bytes")) /
         profile_int(t, "list_item_bytes");
}

/** What the allocator was asked for since the runtime was opened. */
struct requests {
  uint64_t count; /* blocks and resizes                                     */
  uint64_t bytes;
};

static struct requests requests(struct pmm_test *t) {
  struct pmm_memory memory = {.struct_size = sizeof memory};
  OPS->memory(RT, &memory);
  if (memory.allocations == PMM_UNKNOWN ||
      memory.reallocations == PMM_UNKNOWN ||
      memory.requested_bytes == PMM_UNKNOWN) {
    unsupported(t, "memory.reallocations");
  }
  return (struct requests){memory.allocations + memory.reallocations,
                           memory.requested_bytes};
}

/* [item] * n, sized exactly. */
static pmm_obj *repeated(struct pmm_test *t, pmm_obj *item, int64_t n) {
  return NEW(OPS->list_repeat(RT, LIST(item), integer(t, n)));
}

/* "Growing a list never moves the list object: its id is stable through any
 * number of appends." */
MUST(lst, growing_keeps_identity, "A growing list does not move",
     REQ("LST-001"), NEEDS(list)) {
  pmm_obj *list = empty_list(t);
  pmm_obj *item = NEW(OPS->none(RT));
  uintptr_t identity = OPS->identity(RT, list);
  for (int i = 0; i < 1000000; i++) {
    expect_ok(OPS->list_append(RT, list, item));
    if ((i & (i + 1)) == 0) {
      expect_eq(OPS->identity(RT, list), identity);
    }
  }
  expect_eq(OPS->identity(RT, list), identity);
  expect_eq(length_of(t, list), 1000000);
}

/* "On overflow to n items the new capacity is (n + n/8 + 6) rounded down to a
 * multiple of 4; from empty the capacities are
 * 4,8,16,24,32,40,52,64,76,92,108,128." */
MUST(lst, append_grows_by_the_rule, "Capacities follow the profile's rule",
     REQ("LST-002"), NEEDS(list, sizeof)) {
  size_t steps = 0;
  const int64_t *wanted = profile_ints(t, "list_capacities", &steps);
  pmm_obj *list = empty_list(t);
  pmm_obj *item = NEW(OPS->none(RT));
  int64_t room = 0;
  size_t step = 0;
  expect_eq(capacity(t, list), 0);
  for (int64_t n = 1; step < steps; n++) {
    expect_ok(OPS->list_append(RT, list, item));
    if (n > room) {
      room = wanted[step++];
    }
    expect_eq(capacity(t, list), room);
  }
}

/* "Appending n items causes O(log n) reallocations: at most 100 for n=1e6 and
 * total moved bytes <= 10x the final size." */
MUST(lst, append_is_amortised, "A million appends rarely move the array",
     REQ("LST-003"), NEEDS(list, sizeof)) {
  pmm_obj *list = empty_list(t);
  pmm_obj *item = NEW(OPS->none(RT));
  uint64_t moved = 0;
  int steps = 0;
  size_t size = size_of(t, list);
  for (int i = 0; i < 1000000; i++) {
    expect_ok(OPS->list_append(RT, list, item));
    size_t next = size_of(t, list);
    steps += next != size;
    moved += next != size ? size : 0;
    size = next;
  }
  expect_le(steps, 100);
  expect_le(moved, 10 * (uint64_t)size);
}

/* "Appending n items causes O(log n) reallocations: at most 100 for n=1e6 and
 * total moved bytes <= 10x the final size."  No block moves by more bytes than
 * it is asked for. */
MUST(lst, appending_asks_rarely, "A million appends rarely allocate",
     REQ("LST-003"), NEEDS(list, sizeof)) {
  pmm_obj *list = empty_list(t);
  pmm_obj *item = NEW(OPS->none(RT));
  quiet(t);
  struct requests before = requests(t);
  for (int i = 0; i < 1000000; i++) {
    expect_ok(OPS->list_append(RT, list, item));
  }
  struct requests after = requests(t);
  expect_gt(after.count, before.count);
  expect_le(after.count - before.count, 100);
  expect_le(after.bytes - before.bytes, 10 * (uint64_t)size_of(t, list));
}

/* "A list of 1,000,000 items built by append reports 8448728 bytes (3.9+),
 * i.e. 1056084 slots." */
MUST(lst, a_million_appends_have_the_size, "The size after a million appends",
     REQ("LST-004"), NEEDS(list, sizeof)) {
  pmm_obj *list = empty_list(t);
  pmm_obj *item = NEW(OPS->none(RT));
  for (int i = 0; i < 1000000; i++) {
    expect_ok(OPS->list_append(RT, list, item));
  }
  expect_eq(size_of(t, list), profile_int(t, "list_million_bytes"));
  expect_eq(capacity(t, list), profile_int(t, "list_capacity_million"));
}

/* "[x]*n and a+b allocate exactly the needed slots: 1e6 items give 8000056
 * bytes and 2e6 give 16000056." */
MUST(lst, repeat_and_concat_are_exact,
     "Repeat and concatenation allocate exactly",
     REQ("LST-005"), NEEDS(list, sizeof)) {
  pmm_obj *item = NEW(OPS->none(RT));
  pmm_obj *a = repeated(t, item, 1000000);
  pmm_obj *b = repeated(t, item, 1000000);
  pmm_obj *both = NEW(OPS->list_concat(RT, a, b));
  expect_eq(length_of(t, a), 1000000);
  expect_eq(capacity(t, a), 1000000);
  expect_eq(length_of(t, both), 2000000);
  expect_eq(capacity(t, both), 2000000);
  pmm_obj *odd = repeated(t, item, 5);
  expect_eq(capacity(t, odd), 5);
  expect_eq(capacity(t, NEW(OPS->list_concat(RT, odd, odd))), 10);
  expect_eq(capacity(t, NEW(OPS->list_concat(RT, odd, both))), 2000005);
}

/* "sizeof(a+b) = sizeof(a)+sizeof(b) minus one list header (56 bytes) for
 * exact lists." */
MUST(lst, concat_saves_one_header, "a+b is smaller than a and b together",
     REQ("LST-006"), NEEDS(list, sizeof)) {
  pmm_obj *item = NEW(OPS->none(RT));
  for (int64_t n = 1; n < 2000; n = n * 3 + 1) {
    pmm_obj *a = repeated(t, item, n);
    pmm_obj *b = repeated(t, item, 2 * n + 1);
    size_t both = size_of(t, NEW(OPS->list_concat(RT, a, b)));
    expect_eq((int64_t)(size_of(t, a) + size_of(t, b) - both),
              profile_int(t, "list_empty_bytes"));
  }
}

/* "a+b is a new list; items are not copied, each gains one reference per
 * occurrence; a and b unchanged." */
MUST(lst, concat_shares_items, "Concatenation copies no item",
     REQ("LST-007"), NEEDS(list, refcount)) {
  pmm_obj *o = probe(t, 1);
  pmm_obj *a = LIST(o, o);
  pmm_obj *b = LIST(o);
  expect_eq(OPS->refcount(RT, o), 4);
  pmm_obj *both = NEW(OPS->list_concat(RT, a, b));
  expect_distinct(both, a);
  expect_distinct(both, b);
  expect_eq(OPS->refcount(RT, o), 7);
  for (size_t i = 0; i < 3; i++) {
    expect_same(OPS->list_get(RT, both, i), o);
  }
  expect_eq(length_of(t, a), 2);
  expect_eq(length_of(t, b), 1);
  expect_same(OPS->list_get(RT, a, 0), o);
  expect_same(OPS->list_get(RT, a, 1), o);
  expect_same(OPS->list_get(RT, b, 0), o);
  DROP(both);
  expect_eq(OPS->refcount(RT, o), 4);
}

/* "a += b keeps a's id and is visible through aliases of a; a = a + b does
 * not." */
MUST(lst, extend_keeps_identity, "In-place extension shows in every alias",
     REQ("LST-008"), NEEDS(list)) {
  pmm_obj *a = list_of_ints(t, 3);
  pmm_obj *holder = probe(t, 1);
  expect_ok(OPS->slot_set(RT, holder, 0, a));
  uintptr_t identity = OPS->identity(RT, a);
  expect_ok(OPS->list_extend(RT, a, list_of_ints(t, 2)));
  expect_eq(OPS->identity(RT, a), identity);
  expect_eq(length_of(t, OPS->slot_get(RT, holder, 0)), 5);
  expect_distinct(NEW(OPS->list_concat(RT, a, list_of_ints(t, 2))), a);
  expect_eq(length_of(t, OPS->slot_get(RT, holder, 0)), 5);
  expect_int(OPS->list_get(RT, a, 4), 1);
}

/* "a += b keeps a's id and is visible through aliases of a; a = a + b does
 * not."  So do the other in-place forms. */
MUST(lst, in_place_forms_keep_identity,
     "Every in-place form shows in every alias", REQ("LST-008"), NEEDS(list)) {
  pmm_obj *a = list_of_ints(t, 3);
  pmm_obj *alias = KEEP(a);
  uintptr_t identity = OPS->identity(RT, a);
  expect_ok(OPS->list_extend(RT, a, a));
  expect_eq(length_of(t, alias), 6);
  expect_ok(OPS->list_repeat_inplace(RT, a, integer(t, 2)));
  expect_eq(length_of(t, alias), 12);
  for (size_t i = 0; i < 12; i++) {
    expect_int(OPS->list_get(RT, alias, i), (int64_t)i % 3);
  }
  expect_distinct(NEW(OPS->list_repeat(RT, a, integer(t, 2))), a);
  expect_ok(OPS->list_assign_slice(RT, a, 0, 9, LIST(integer(t, 7))));
  expect_eq(length_of(t, alias), 4);
  expect_int(OPS->list_get(RT, alias, 0), 7);
  expect_ok(OPS->list_repeat_inplace(RT, a, integer(t, 0)));
  expect_eq(length_of(t, alias), 0);
  expect_eq(OPS->identity(RT, a), identity);
}

/* Pop the list empty: wherever that changes the capacity, the profile has the
 * length and the new capacity, in this order. */
static void expect_shrinking(struct pmm_test *t, pmm_obj *list,
                             const char *lengths_key, const char *rooms_key) {
  size_t steps = 0;
  const int64_t *lengths = profile_ints(t, lengths_key, &steps);
  const int64_t *rooms = profile_ints(t, rooms_key, &steps);
  int64_t room = capacity(t, list);
  size_t step = 0;
  for (int64_t n = (int64_t)length_of(t, list) - 1; n >= 0; n--) {
    DROP(NEW(OPS->list_pop(RT, list, SIZE_MAX)));
    if (step < steps && n == lengths[step]) {
      room = rooms[step++];
    }
    expect_eq(capacity(t, list), room);
  }
  expect_eq(step, steps);
}

/* "When the length falls below half of the capacity the array is reallocated
 * by the growth rule; popping from 1000/1132 gives capacity 640 at 565 items,
 * 364 at 319, ... 4 at 1, 0 at 0." */
MUST(lst, popping_shrinks_by_the_rule, "Popping shrinks by the profile's rule",
     REQ("LST-009"), NEEDS(list, sizeof)) {
  int64_t start = profile_int(t, "list_shrink_start");
  pmm_obj *list = empty_list(t);
  for (int64_t i = 0; i < start; i++) {
    expect_ok(OPS->list_append(RT, list, integer(t, i)));
  }
  expect_shrinking(t, list, "list_shrink_lengths", "list_shrink_capacities");
}

/* "When the length falls below half of the capacity the array is reallocated
 * by the growth rule; popping from 1000/1132 gives capacity 640 at 565 items,
 * 364 at 319, ... 4 at 1, 0 at 0." */
MUST(lst, an_exact_list_shrinks_by_the_rule,
     "A list of exact size shrinks by the profile's rule", REQ("LST-009"),
     NEEDS(list, sizeof)) {
  pmm_obj *item = NEW(OPS->none(RT));
  pmm_obj *list = repeated(t, item, profile_int(t, "list_trim_start"));
  expect_ok(OPS->list_append(RT, list, item)); /* 1000 of 1132 and one more */
  expect_shrinking(t, list, "list_trim_lengths", "list_trim_capacities");
}

/* Append and pop, `times` times: neither the array nor the allocator moves. */
static void expect_rest(struct pmm_test *t, pmm_obj *list, int times) {
  pmm_obj *item = NEW(OPS->none(RT));
  size_t size = size_of(t, list);
  struct requests before = requests(t);
  for (int i = 0; i < times; i++) {
    expect_ok(OPS->list_append(RT, list, item));
    DROP(NEW(OPS->list_pop(RT, list, SIZE_MAX)));
  }
  expect_eq(requests(t).count, before.count);
  expect_eq(size_of(t, list), size);
  for (int i = 0; i < 100; i++) {
    expect_ok(OPS->list_append(RT, list, item));
    expect_eq(size_of(t, list), size);
    DROP(NEW(OPS->list_pop(RT, list, SIZE_MAX)));
    expect_eq(size_of(t, list), size);
  }
}

/* "Alternating append/pop with length within (capacity/2, capacity] performs
 * no reallocation." */
MUST(lst, between_half_and_full_nothing_moves,
     "Between half and full capacity the array is not reallocated",
     REQ("LST-010"),
     NEEDS(list, sizeof)) {
  enum { TIMES = 34000 }; /* three times as many are 1e5                    */
  pmm_obj *item = NEW(OPS->none(RT));
  pmm_obj *list = empty_list(t);
  quiet(t);
  for (int i = 0; i < 1000; i++) {
    expect_ok(OPS->list_append(RT, list, item));
  }
  int64_t room = capacity(t, list);
  while ((int64_t)length_of(t, list) < room - 1) {
    expect_ok(OPS->list_append(RT, list, item));
  }
  expect_rest(t, list, TIMES); /* between full and full but one             */
  while ((int64_t)length_of(t, list) > room * 3 / 4) {
    DROP(NEW(OPS->list_pop(RT, list, SIZE_MAX)));
  }
  expect_rest(t, list, TIMES);
  while ((int64_t)length_of(t, list) > room / 2 + 1) {
    DROP(NEW(OPS->list_pop(RT, list, SIZE_MAX)));
  }
  expect_rest(t, list, TIMES); /* just above half                           */
  expect_eq(capacity(t, list), room);
}

/* A list of 50 probes that it alone owns. */
static pmm_obj *list_of_probes(struct pmm_test *t) {
  pmm_obj *list = empty_list(t);
  for (int i = 0; i < 50; i++) {
    pmm_obj *o = probe(t, i);
    expect_ok(OPS->list_append(RT, list, o));
    DROP(o);
  }
  return list;
}

/* "Emptying a list (clear, del [:], [:]=[]) frees the item array: sizeof
 * returns to 56 and all items are released." */
MUST(lst, emptying_releases_storage, "An emptied list keeps no array",
     REQ("LST-011"), NEEDS(list, sizeof, prompt)) {
  size_t empty = size_of(t, empty_list(t));
  pmm_obj *cleared = list_of_probes(t);
  pmm_obj *deleted = list_of_probes(t);
  pmm_obj *assigned = list_of_probes(t);
  expect_ok(OPS->list_clear(RT, cleared));
  expect_eq(happened(DEALLOCATED, ANY), 50);
  expect_ok(OPS->list_assign_slice(RT, deleted, 0, 50, NULL));
  expect_eq(happened(DEALLOCATED, ANY), 100);
  expect_ok(OPS->list_assign_slice(RT, assigned, 0, 50, empty_list(t)));
  expect_eq(happened(DEALLOCATED, ANY), 150);
  expect_eq(size_of(t, cleared), empty);
  expect_eq(size_of(t, deleted), empty);
  expect_eq(size_of(t, assigned), empty);
}

/* "Removing a value releases one occurrence, shifts later items by one, and
 * keeps order." */
MUST(lst, removal_releases_one, "Removing takes out one occurrence",
     REQ("LST-012"), NEEDS(list, refcount)) {
  pmm_obj *o[3] = {probe(t, 0), probe(t, 1), probe(t, 2)};
  pmm_obj *list = LIST(o[0], o[1], o[2], o[1], o[0]);
  expect_ok(OPS->list_remove(RT, list, o[1]));
  expect_eq(OPS->refcount(RT, o[1]), 2);
  expect_ok(OPS->list_remove(RT, list, o[0]));
  expect_eq(OPS->refcount(RT, o[0]), 2);
  expect_eq(length_of(t, list), 3);
  for (size_t i = 0; i < 3; i++) {
    expect_same(OPS->list_get(RT, list, i), o[2 - i]);
  }
  expect_error(OPS->list_remove(RT, list, list), PMM_VALUE);
  expect_eq(length_of(t, list), 3);
}

/* "After removing 2 of 5 items the reported size stays the same because 3 is
 * not below half of the capacity." */
SHOULD(lst, removal_need_not_shrink, "Removing two of five keeps the size",
       REQ("LST-013"), NEEDS(list, sizeof)) {
  pmm_obj *list = NEW(OPS->list_convert(RT, sequence_of_ints(t, 5)));
  size_t size = size_of(t, list);
  expect_ok(OPS->list_remove(RT, list, integer(t, 1)));
  expect_eq(size_of(t, list), size);
  expect_ok(OPS->list_remove(RT, list, integer(t, 2)));
  expect_eq(size_of(t, list), size);
  expect_eq(length_of(t, list), 3);
}

/* "A list of 3 items has a capacity of 3 or 4, depending on how it was
 * built, and after 14 and 15 are appended its contents are
 * [11,12,13,14,15]." */
MUST(lst, a_full_literal_grows, "Appending to a literal reserves slack",
     REQ("LST-014"), NEEDS(list, sizeof)) {
  size_t n = 0;
  const int64_t *sizes = profile_ints(t, "list_literal_bytes", &n);
  pmm_obj *constants =
      CONTAINER(integer(t, 11), integer(t, 12), integer(t, 13));
  pmm_obj *list = empty_list(t);
  expect_ok(OPS->list_extend(RT, list, constants));
  expect_ge(capacity(t, list), 3);
  expect_le(capacity(t, list), 4);
  expect_eq(size_of(t, list), sizes[0]);
  for (int64_t value = 14; value <= 15; value++) {
    expect_ok(OPS->list_append(RT, list, integer(t, value)));
    expect_eq(size_of(t, list), sizes[value - 13]);
  }
  for (size_t i = 0; i < 5; i++) {
    expect_int(OPS->list_get(RT, list, i), 11 + (int64_t)i);
  }
}

/* "A list of 3 items has a capacity of 3 or 4, depending on how it was
 * built, and after 14 and 15 are appended its contents are
 * [11,12,13,14,15]." */
MUST(lst, an_exact_literal_grows,
     "A list of variables grows by the profile's rule",
     REQ("LST-014"), NEEDS(list, sizeof)) {
  pmm_obj *list = LIST(integer(t, 11), integer(t, 12), integer(t, 13));
  expect_ge(capacity(t, list), 3);
  expect_le(capacity(t, list), 4);
  for (int64_t value = 14; value <= 15; value++) {
    expect_ok(OPS->list_append(RT, list, integer(t, value)));
  }
  expect_eq(length_of(t, list), 5);
  expect_ge(capacity(t, list), 5);
  for (size_t i = 0; i < 5; i++) {
    expect_int(OPS->list_get(RT, list, i), 11 + (int64_t)i);
  }
}

/* "Building a list from a sized sequence of k items reserves k slots rounded
 * up to even (from 3.9)." */
SHOULD(lst, exact_constructors_round_to_even,
       "A list made from a sequence is sized by the profile's rule",
       REQ("LST-015"), NEEDS(list, sizeof)) {
  size_t n = 0;
  const int64_t *sizes = profile_ints(t, "list_from_tuple_bytes", &n);
  for (size_t k = 0; k < n; k++) {
    pmm_obj *sequence = sequence_of_ints(t, k);
    pmm_obj *list = NEW(OPS->list_convert(RT, sequence));
    expect_eq(size_of(t, list), sizes[k]);
    expect_eq(size_of(t, NEW(OPS->list_convert(RT, list))), sizes[k]);
  }
}
