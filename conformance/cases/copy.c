/* SPDX-License-Identifier: MIT */
/*
 * cases/copy.c - what copies and what does not (requirements COPY-…).
 */
#include "case.h"

/* "Passing or assigning an object of any size allocates nothing and keeps its
 * id." */
MUST(copy, assignment_copies_nothing, "Passing and assigning never copy",
     REQ("COPY-001"), NEEDS(list, frame)) {
  struct pmm_instruction body[] = {{PMM_MOVE, 1, 0, 0}, {PMM_RETURN, 1, 0, 0}};
  struct pmm_code code = {.struct_size = sizeof code, .name = "identity",
                          .args = 1, .locals = 2, .instructions = body,
                          .instruction_count = 2};
  quiet(t);
  pmm_obj *function = NEW(OPS->function_new(RT, &code));
  pmm_obj *big = list_of_ints(t, 100000);
  pmm_obj *holder = probe(t, 1);
  expect_ok(OPS->slot_set(RT, holder, 0, empty_list(t)));
  DROP(NEW(OPS->call(RT, function, &function, 1)));
  uint64_t blocks = live_blocks(t);
  expect_ok(OPS->slot_set(RT, holder, 1, big));
  expect_same(NEW(OPS->call(RT, function, &big, 1)), big);
  expect_eq(live_blocks(t), blocks);
  expect_same(OPS->slot_get(RT, holder, 1), big);
}

/* "A shallow copy is a new container with the same items, each gaining one
 * reference." */
MUST(copy, shallow_copies_share_items, "A shallow copy shares its items",
     REQ("COPY-002"), NEEDS(copy, list, refcount)) {
  pmm_obj *o = probe(t, 1);
  pmm_obj *list = LIST(o, o, o);
  pmm_obj *copy = NEW(OPS->copy(RT, list));
  expect_distinct(copy, list);
  expect_eq(length_of(t, copy), 3);
  for (size_t i = 0; i < 3; i++) {
    expect_same(OPS->list_get(RT, copy, i), o);
  }
  expect_eq(OPS->refcount(RT, o), 7);
  expect_ok(OPS->list_clear(RT, copy));
  expect_eq(length_of(t, list), 3);
}

/* "A deep copy copies each mutable object once: shared items stay shared and a
 * self-containing list maps to itself." */
MUST(copy, deep_copies_keep_sharing, "A deep copy copies each object once",
     REQ("COPY-003"), NEEDS(copy, list, gc)) {
  pmm_obj *inner = list_of_ints(t, 2);
  pmm_obj *copy = NEW(OPS->copy_deep(RT, LIST(inner, inner)));
  expect_same(OPS->list_get(RT, copy, 0), OPS->list_get(RT, copy, 1));
  expect_distinct(OPS->list_get(RT, copy, 0), inner);
  expect_equal(OPS->list_get(RT, copy, 0), inner);
  pmm_obj *self = empty_list(t);
  expect_ok(OPS->list_append(RT, self, self));
  pmm_obj *other = NEW(OPS->copy_deep(RT, self));
  expect_distinct(other, self);
  expect_eq(length_of(t, other), 1);
  expect_same(OPS->list_get(RT, other, 0), other);
}

/* "A tuple of only immutable items deep-copies to itself; one holding a list
 * does not." */
MUST(copy, atomic_tuples_are_not_copied, "A tuple of atoms is its own copy",
     REQ("COPY-004"), NEEDS(copy, tuple, list)) {
  pmm_obj *atoms = TUPLE(integer(t, 1000), tuple_of_ints(t, 3));
  expect_same(NEW(OPS->copy_deep(RT, atoms)), atoms);
  expect_same(NEW(OPS->copy(RT, atoms)), atoms);
  pmm_obj *list = list_of_ints(t, 2);
  pmm_obj *mixed = TUPLE(atoms, list);
  pmm_obj *copy = NEW(OPS->copy_deep(RT, mixed));
  expect_distinct(copy, mixed);
  expect_same(OPS->tuple_get(RT, copy, 0), atoms);
  expect_distinct(OPS->tuple_get(RT, copy, 1), list);
  expect_equal(OPS->tuple_get(RT, copy, 1), list);
}

/* "[row]*3 holds the same row three times: a write through one shows in all,
 * and refcount rises by 3." */
MUST(copy, repetition_aliases_rows, "Repetition repeats the reference",
     REQ("COPY-005"), NEEDS(list, refcount)) {
  pmm_obj *row = list_of_ints(t, 3);
  pmm_obj *one = LIST(row);
  uint64_t before = OPS->refcount(RT, row);
  pmm_obj *rows = NEW(OPS->list_repeat(RT, one, integer(t, 3)));
  expect_eq(OPS->refcount(RT, row), before + 3);
  expect_ok(OPS->list_set(RT, OPS->list_get(RT, rows, 0), 0, integer(t, 9)));
  for (size_t i = 0; i < 3; i++) {
    expect_same(OPS->list_get(RT, rows, i), row);
    expect_int(OPS->list_get(RT, OPS->list_get(RT, rows, i), 0), 9);
  }
}

/* "A memory view slice costs under 1 KiB whatever its length, keeps its owner
 * alive, and forbids resizing it." */
MUST(copy, views_pin_their_owner, "A view copies nothing and pins its owner",
     REQ("COPY-006"), NEEDS(copy)) {
  enum { SIZE = 1000000 };
  quiet(t);
  OPS->caches_flush(RT);
  uint64_t base = live_bytes(t);
  pmm_obj *owner = NEW(OPS->bytearray_new(RT, SIZE));
  uint64_t with_owner = live_bytes(t);
  pmm_obj *view = NEW(OPS->view_new(RT, owner, 1, SIZE - 1));
  expect_lt(live_bytes(t) - with_owner, 1024);
  expect_eq(length_of(t, view), SIZE - 2);
  expect_error(OPS->bytearray_resize(RT, owner, 2 * SIZE), PMM_BUFFER);
  expect_eq(length_of(t, owner), SIZE);
  DROP(owner);
  expect_ge(live_bytes(t) - base, SIZE);
  DROP(view);
  OPS->caches_flush(RT);
  expect_lt(live_bytes(t) - base, 1024);
}

/* "A memory view slice costs under 1 KiB whatever its length, keeps its owner
 * alive, and forbids resizing it." */
MUST(copy, without_views_owners_resize, "Once the view is gone it resizes",
     REQ("COPY-006"), NEEDS(copy)) {
  pmm_obj *owner = NEW(OPS->bytearray_new(RT, 1000));
  pmm_obj *view = NEW(OPS->view_new(RT, owner, 0, 10));
  expect_error(OPS->bytearray_resize(RT, owner, 10), PMM_BUFFER);
  DROP(view);
  expect_ok(OPS->bytearray_resize(RT, owner, 10));
  expect_eq(length_of(t, owner), 10);
}
