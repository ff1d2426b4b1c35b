/* SPDX-License-Identifier: MIT */
/*
 * cases/copy.c - what copies and what does not (requirements COPY-…).
 */
#include "codes.h"
#include "files.h"

/* "Passing or assigning an object of any size allocates nothing and keeps its
 * id." */
MUST(copy, assignment_copies_nothing,
     "Passing and assigning never copy an object",
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

/* "A deep copy copies each mutable object once: shared items stay shared and a
 * self-containing list maps to itself."  Through a tuple as well. */
MUST(copy, deep_copies_close_cycles_through_tuples,
     "A cycle through a tuple is copied once", REQ("COPY-003"),
     NEEDS(copy, list, tuple, gc)) {
  pmm_obj *list = empty_list(t);
  pmm_obj *tuple = TUPLE(list, integer(t, 5));
  expect_ok(OPS->list_append(RT, list, tuple));
  expect_ok(OPS->list_append(RT, list, tuple));
  pmm_obj *copy = NEW(OPS->copy_deep(RT, tuple));
  expect_distinct(copy, tuple);
  pmm_obj *inner = OPS->tuple_get(RT, copy, 0);
  expect_distinct(inner, list);
  expect_eq(length_of(t, inner), 2);
  expect_same(OPS->list_get(RT, inner, 0), copy);
  expect_same(OPS->list_get(RT, inner, 1), copy);
  expect_same(OPS->list_get(RT, list, 0), tuple);
}

/* "A deep copy copies each mutable object once: shared items stay shared and a
 * self-containing list maps to itself."  Sets and arrays are mutable too. */
MUST(copy, deep_copies_share_sets_and_arrays,
     "A deep copy copies a shared set or array once", REQ("COPY-003"),
     NEEDS(copy, list, set, dict)) {
  pmm_obj *shared[] = {NEW(OPS->set_new(RT, list_of_ints(t, 3))),
                       NEW(OPS->bytearray_new(RT, 3)),
                       NEW(OPS->array_new(RT, PMM_ITEM_INT64, 3)),
                       NEW(OPS->dict_new(RT))};
  for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
    now_at(t, "object %zu of the list", i);
    pmm_obj *copy = NEW(OPS->copy_deep(RT, LIST(shared[i], shared[i])));
    expect_same(OPS->list_get(RT, copy, 0), OPS->list_get(RT, copy, 1));
    expect_distinct(OPS->list_get(RT, copy, 0), shared[i]);
    expect_equal(OPS->list_get(RT, copy, 0), shared[i]);
  }
}

/* "A tuple of only immutable items deep-copies to itself; one holding a list
 * does not." */
MUST(copy, atomic_tuples_are_not_copied,
     "A deep copy of a tuple of atoms is the tuple itself",
     REQ("COPY-004"), NEEDS(copy, tuple, list)) {
  pmm_obj *atoms = TUPLE(integer(t, 4000), tuple_of_ints(t, 3));
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
MUST(copy, repetition_aliases_rows,
     "Repetition repeats references and copies no row",
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

/* "A memory view slice ... keeps its owner alive, and forbids resizing it."  By
 * however much. */
MUST(copy, views_forbid_every_resize,
     "A view makes a resize to any other size fail",
     REQ("COPY-006"), NEEDS(copy)) {
  enum { SIZE = 100 };
  const size_t sizes[] = {0, 1, SIZE / 2, SIZE - 1, SIZE + 1, 2 * SIZE};
  pmm_obj *owner = NEW(OPS->bytearray_new(RT, SIZE));
  pmm_obj *view = NEW(OPS->view_new(RT, owner, 1, 2));
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    now_at(t, "a resize to %zu", sizes[i]);
    expect_error(OPS->bytearray_resize(RT, owner, sizes[i]), PMM_BUFFER);
    expect_eq(length_of(t, owner), SIZE);
    expect_eq(length_of(t, view), 1);
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
  DROP(NEW(OPS->view_new(RT, owner, 1, SIZE - 1))); /* free lists are filled */
  uint64_t with_owner = live_bytes(t);
  pmm_obj *view = NEW(OPS->view_new(RT, owner, 1, SIZE - 1));
  expect_lt(live_bytes(t) - with_owner, 1024);
  expect_eq(length_of(t, view), SIZE - 2);
  expect_error(OPS->bytearray_resize(RT, owner, 2 * SIZE), PMM_BUFFER);
  expect_eq(length_of(t, owner), SIZE);
  uint64_t both = live_bytes(t);
  pmm_obj *narrow = NEW(OPS->view_new(RT, owner, 1, 2));
  expect_eq(live_bytes(t) - both, both - with_owner); /* whatever its length */
  DROP(narrow);
  expect_error(OPS->bytearray_resize(RT, owner, SIZE / 2), PMM_BUFFER);
  DROP(owner);
  expect_ge(live_bytes(t) - base, SIZE);
  expect_eq(length_of(t, view), SIZE - 2);
  DROP(view);
  OPS->caches_flush(RT);
  expect_lt(live_bytes(t) - base, 1024);
}

/* "A memory view slice costs under 1 KiB whatever its length, keeps its owner
 * alive, and forbids resizing it." */
MUST(copy, views_show_their_owner, "A view shows what is written to its owner",
     REQ("COPY-006"), NEEDS(copy, sparse)) {
  pmm_obj *owner = NEW(OPS->bytearray_new(RT, 100));
  pmm_obj *view = NEW(OPS->view_new(RT, owner, 10, 14));
  for (int64_t i = 0; i < 4; i++) {
    expect_ok(OPS->array_set(RT, owner, 10 + (size_t)i, integer(t, 200 + i)));
  }
  DROP(owner); /* the view keeps it                                         */
  pmm_obj *bytes = NEW(OPS->iter(RT, view));
  for (int64_t i = 0; i < 4; i++) {
    expect_int(NEW(OPS->next(RT, bytes)), 200 + i);
  }
  expect_null(OPS->next(RT, bytes), PMM_STOP);
}

/* "A memory view slice costs under 1 KiB whatever its length, keeps its owner
 * alive, and forbids resizing it." */
MUST(copy, views_of_bytes_keep_them, "A view of bytes keeps them alive",
     REQ("COPY-006"), NEEDS(copy, refcount, bytes)) {
  pmm_obj *owner = NEW(OPS->bytes_new(RT, "0123456789", 10));
  uint64_t alone = OPS->refcount(RT, owner);
  pmm_obj *view = NEW(OPS->view_new(RT, owner, 3, 6));
  expect_gt(OPS->refcount(RT, owner), alone);
  DROP(owner);
  pmm_obj *bytes = NEW(OPS->iter(RT, view));
  for (int64_t i = 0; i < 3; i++) {
    expect_int(NEW(OPS->next(RT, bytes)), '3' + i);
  }
}

/* "A memory view slice costs under 1 KiB whatever its length, keeps its owner
 * alive, and forbids resizing it." */
MUST(copy, without_views_owners_resize,
     "An owner can be resized once its views are gone",
     REQ("COPY-006"), NEEDS(copy)) {
  pmm_obj *owner = NEW(OPS->bytearray_new(RT, 1000));
  pmm_obj *view = NEW(OPS->view_new(RT, owner, 0, 10));
  expect_error(OPS->bytearray_resize(RT, owner, 10), PMM_BUFFER);
  DROP(view);
  expect_ok(OPS->bytearray_resize(RT, owner, 10));
  expect_eq(length_of(t, owner), 10);
}

/* ---- instances, iterators, files ---------------------------------------- */

/* "A shallow copy is a new container with the same items, each gaining one
 * reference." */
MUST(copy, instances_share_their_state,
     "A shallow copy of an instance shares its attribute values",
     REQ("COPY-002"), NEEDS(copy, refcount)) {
  pmm_obj *type = probe_type(t, "node", 2, PMM_TYPE_GC | PMM_TYPE_DICT, NULL,
                             NULL);
  pmm_obj *o = probe_of(t, type, 7);
  pmm_obj *item = probe(t, 1);
  pmm_obj *other = probe(t, 2);
  expect_ok(OPS->slot_set(RT, o, 1, item));
  expect_ok(OPS->attr_set(RT, o, "next", other));
  pmm_obj *copy = NEW(OPS->copy(RT, o));
  expect_distinct(copy, o);
  expect(strcmp(OPS->type_name(RT, copy), OPS->type_name(RT, o)) == 0);
  expect_eq(OPS->instance_cookie(RT, copy), 7);
  expect_null(OPS->slot_get(RT, copy, 0), PMM_OK);
  expect_same(OPS->slot_get(RT, copy, 1), item);
  expect_same(OPS->attr_get(RT, copy, "next"), other);
  expect_eq(OPS->refcount(RT, item), 3);
  expect_eq(OPS->refcount(RT, other), 3);
  expect_ok(OPS->slot_set(RT, copy, 1, NULL));
  expect_ok(OPS->attr_set(RT, copy, "next", item));
  expect_same(OPS->slot_get(RT, o, 1), item);
  expect_same(OPS->attr_get(RT, o, "next"), other);
}

static enum pmm_status count_run(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)rt;
  (void)arg;
  ++*(int *)ctx;
  return PMM_OK;
}

/* "A shallow copy is a new container ..." */
MUST(copy, copied_instances_die_alone, "A copied instance dies on its own",
     REQ("COPY-002"), NEEDS(copy, finalizer)) {
  int *runs = SCRATCH(int);
  pmm_obj *type = probe_type(t, "mortal", 0, PMM_TYPE_GC, count_run, runs);
  pmm_obj *o = probe_of(t, type, 3);
  pmm_obj *copy = NEW(OPS->copy(RT, o));
  DROP(o);
  expect_eq(*runs, 1);
  expect_log(DEALLOCATED, 3);
  DROP(copy);
  expect_eq(*runs, 2);
  expect_log(DEALLOCATED, 3, 3);
}

/* "A deep copy copies each mutable object once: shared items stay shared and a
 * self-containing list maps to itself." */
MUST(copy, deep_copies_of_instances, "A deep copy of instances keeps sharing",
     REQ("COPY-003"), NEEDS(copy, list, gc)) {
  pmm_obj *type = probe_type(t, "node", 2, PMM_TYPE_GC | PMM_TYPE_DICT, NULL,
                             NULL);
  pmm_obj *o = probe_of(t, type, 1);
  pmm_obj *list = list_of_ints(t, 2);
  expect_ok(OPS->slot_set(RT, o, 0, o));
  expect_ok(OPS->slot_set(RT, o, 1, list));
  expect_ok(OPS->attr_set(RT, o, "list", list));
  expect_ok(OPS->attr_set(RT, o, "self", o));
  pmm_obj *copy = NEW(OPS->copy_deep(RT, o));
  expect_distinct(copy, o);
  expect_same(OPS->slot_get(RT, copy, 0), copy);
  expect_same(OPS->attr_get(RT, copy, "self"), copy);
  pmm_obj *other = OPS->slot_get(RT, copy, 1);
  expect_same(OPS->attr_get(RT, copy, "list"), other);
  expect_distinct(other, list);
  expect_equal(other, list);
  expect_same(OPS->slot_get(RT, o, 1), list);
}

/* "... the same items, each gaining one reference." */
MUST(copy, iterators_go_on_alone,
     "The copy of an iterator continues from the same position",
     REQ("COPY-002"), NEEDS(copy, list, tuple, dict)) {
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  for (int64_t i = 0; i < 4; i++) {
    expect_ok(OPS->dict_set(RT, dict, integer(t, i), NEW(OPS->none(RT))));
  }
  pmm_obj *over[] = {list_of_ints(t, 4), tuple_of_ints(t, 4), dict};
  for (size_t i = 0; i < 3; i++) {
    pmm_obj *iterator = NEW(OPS->iter(RT, over[i]));
    expect_int(NEW(OPS->next(RT, iterator)), 0);
    pmm_obj *copy = NEW(OPS->copy(RT, iterator));
    for (int64_t n = 1; n < 4; n++) {
      expect_int(NEW(OPS->next(RT, copy)), n);
    }
    expect_null(OPS->next(RT, copy), PMM_STOP);
    expect_int(NEW(OPS->next(RT, iterator)), 1);
    pmm_obj *deep = NEW(OPS->copy_deep(RT, iterator));
    expect_int(NEW(OPS->next(RT, deep)), 2);
    expect_int(NEW(OPS->next(RT, iterator)), 2);
  }
}

/* "A shallow copy is a new container with the same items ..." */
MUST(copy, arrays_are_copied, "The copy of an array is independent",
     REQ("COPY-002"), NEEDS(copy, sparse)) {
  pmm_obj *arrays[] = {NEW(OPS->array_new(RT, PMM_ITEM_INT64, 3)),
                       NEW(OPS->array_new(RT, PMM_ITEM_BYTE, 3)),
                       NEW(OPS->array_new(RT, PMM_ITEM_DOUBLE, 3)),
                       NEW(OPS->bytearray_new(RT, 3))};
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
    now_at(t, "array %zu", i);
    expect_ok(OPS->array_set(RT, arrays[i], 1, integer(t, 7)));
    pmm_obj *copy = NEW(OPS->copy(RT, arrays[i]));
    expect_distinct(copy, arrays[i]);
    expect_equal(copy, arrays[i]);
    expect_ok(OPS->array_set(RT, copy, 1, integer(t, 8)));
    expect_equal(NEW(OPS->array_get(RT, arrays[i], 1)), integer(t, 7));
    expect_equal(NEW(OPS->array_get(RT, copy, 1)), integer(t, 8));
  }
}

/* "A shallow copy is a new container with the same items ..." */
MUST(copy, sparse_vectors_are_copied,
     "The copy of a sparse vector is independent",
     REQ("COPY-002"), NEEDS(copy, sparse)) {
  pmm_obj *vector = NEW(OPS->sparse_new(RT, 10));
  double value = 0.0;
  expect_ok(OPS->sparse_set(RT, vector, 3, 1.5));
  pmm_obj *copies[] = {NEW(OPS->copy(RT, vector)),
                       NEW(OPS->copy_deep(RT, vector))};
  for (size_t i = 0; i < 2; i++) {
    expect_distinct(copies[i], vector);
    expect_equal(copies[i], vector);
    expect_ok(OPS->sparse_set(RT, copies[i], 3, 0.0));
    expect_eq(length_of(t, copies[i]), 0);
  }
  expect_ok(OPS->sparse_get(RT, vector, 3, 0.0, &value));
  expect(value == 1.5);
  const struct pmm_triple triple = {0, 0, 1.0};
  pmm_obj *matrix = NEW(OPS->csr_new(RT, 1, 1, &triple, 1));
  expect_same(NEW(OPS->copy(RT, matrix)), matrix); /* it cannot change */
}

/* "A tuple of only immutable items deep-copies to itself; one holding a list
 * does not."  What stands for something is such an item. */
MUST(copy, functions_stand_for_themselves,
     "Functions, types and weak references are their own copies",
     REQ("COPY-004"), NEEDS(copy, tuple, frame, weakref)) {
  struct pmm_instruction body[] = {{PMM_RETURN, -1, 0, 0}};
  struct pmm_code code = {.struct_size = sizeof code, .name = "nothing",
                          .instructions = body, .instruction_count = 1};
  pmm_obj *o = probe(t, 1);
  pmm_obj *atoms =
      TUPLE(NEW(OPS->function_new(RT, &code)),
            NEW(OPS->callable_new(RT, do_nothing, NULL)),
            NEW(OPS->weakref_new(RT, o, NULL, NULL, 0)),
            probe_type(t, "type", 0, PMM_TYPE_GC, NULL, NULL),
            NEW(OPS->none(RT)), NEW(OPS->float_new(RT, 1.5)));
  for (size_t i = 0; i < length_of(t, atoms); i++) {
    pmm_obj *item = OPS->tuple_get(RT, atoms, i);
    expect_same(NEW(OPS->copy(RT, item)), item);
  }
  expect_same(NEW(OPS->copy_deep(RT, atoms)), atoms);
}

/* "Closing a closed file does nothing and never closes a descriptor number
 * reused by another file."  One owner for each descriptor: no copies. */
MUST(copy, files_have_no_copy,
     "A file cannot be copied, so its descriptor has one owner", REQ("CTX-007"),
     NEEDS(copy, file, list)) {
  pmm_obj *file = NEW(OPS->file_open(RT, file_of(t, 100), "r"));
  pmm_obj *list = LIST(file);
  expect_null(OPS->copy(RT, file), PMM_TYPE);
  expect_null(OPS->copy_deep(RT, file), PMM_TYPE);
  expect_null(OPS->copy_deep(RT, list), PMM_TYPE);
  expect_same(OPS->list_get(RT, NEW(OPS->copy(RT, list)), 0), file);
  expect_ok(OPS->file_close(RT, file));
}
