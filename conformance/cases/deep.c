/* SPDX-License-Identifier: MIT */
/*
 * cases/deep.c - structures deeper than any stack (requirements DEEP-…).
 */
#include "stack.h"

#define LONG_CHAIN                                                            \
  OOM_EXEMPT("the chain takes too long for a round a failure")

enum wrapper { IN_LIST, IN_TUPLE, IN_DICT, IN_SLOT, IN_ATTRIBUTE };

/* A container of one kind that holds the item; owned by the case.  `with` is
 * the type of an instance, the key of a dict. */
static pmm_obj *wrap(struct pmm_test *t, enum wrapper kind, pmm_obj *with,
                     pmm_obj *item) {
  pmm_obj *outer;
  switch (kind) {
  case IN_LIST:
    return LIST(item);
  case IN_TUPLE:
    return TUPLE(item);
  case IN_DICT:
    outer = NEW(OPS->dict_new(RT));
    expect_ok(OPS->dict_set(RT, outer, with, item));
    return outer;
  case IN_SLOT:
    outer = probe_of(t, with, 2);
    expect_ok(OPS->slot_set(RT, outer, 0, item));
    return outer;
  case IN_ATTRIBUTE:
  default:
    outer = probe_of(t, with, 2);
    expect_ok(OPS->attr_set(RT, outer, "next", item));
    return outer;
  }
}

/* A probe inside `depth` such containers; the case owns the outermost. */
static pmm_obj *nest(struct pmm_test *t, enum wrapper kind, pmm_obj *with,
                     int depth) {
  pmm_obj *chain = probe(t, 1);
  for (int i = 0; i < depth; i++) {
    pmm_obj *outer = wrap(t, kind, with, chain);
    DROP(chain);
    chain = outer;
  }
  return chain;
}

/* What such a container holds, borrowed. */
static pmm_obj *inside(struct pmm_test *t, enum wrapper kind, pmm_obj *with,
                       pmm_obj *outer) {
  return kind == IN_LIST    ? OPS->list_get(RT, outer, 0)
         : kind == IN_TUPLE ? OPS->tuple_get(RT, outer, 0)
                            : OPS->dict_get(RT, outer, with);
}

/* "Dropping a 1e6-deep chain of lists, tuples or dicts on a 256 KiB stack
 * completes and frees every object. ..." */
MUST(deep, chains_of_lists_die, "A million nested lists die on a small stack",
     REQ("DEEP-001"), NEEDS(trashcan, list), LONG_CHAIN) {
  size_t stack = small_stack(t);
  quiet(t);
  release_on_stack(t, nest(t, IN_LIST, NULL, 1000000), stack);
  expect_log(DEALLOCATED, 1);
}

/* "Dropping a 1e6-deep chain of lists, tuples or dicts on a 256 KiB stack
 * completes and frees every object. ..." */
MUST(deep, chains_of_tuples_die, "A million nested tuples die on a small stack",
     REQ("DEEP-001"), NEEDS(trashcan, tuple), LONG_CHAIN) {
  size_t stack = small_stack(t);
  quiet(t);
  release_on_stack(t, nest(t, IN_TUPLE, NULL, 1000000), stack);
  expect_log(DEALLOCATED, 1);
}

/* "Dropping a 1e6-deep chain of lists, tuples or dicts on a 256 KiB stack
 * completes and frees every object. ..." */
MUST(deep, chains_of_dicts_die, "A million nested dicts die on a small stack",
     REQ("DEEP-001"), NEEDS(trashcan, dict), LONG_CHAIN) {
  size_t stack = small_stack(t);
  quiet(t);
  pmm_obj *key = integer(t, 1);
  release_on_stack(t, nest(t, IN_DICT, key, 1000000), stack);
  expect_log(DEALLOCATED, 1);
}

static void drop_instances(struct pmm_test *t, enum wrapper kind,
                           uint32_t slots, uint32_t flags) {
  size_t stack = small_stack(t);
  quiet(t);
  pmm_obj *type = probe_type(t, "link", slots, flags, NULL, NULL);
  release_on_stack(t, nest(t, kind, type, 300000), stack);
  expect_eq(happened(DEALLOCATED, 1), 1);
  expect_eq(happened(DEALLOCATED, 2), 300000);
}

/* "Chains of 300000 instances, ... with slots, are released on the same small
 * stack with every object freed." */
MUST(deep, chains_of_instances_die,
     "300000 nested instances die on a small stack", REQ("DEEP-002"),
     NEEDS(trashcan), LONG_CHAIN) {
  drop_instances(t, IN_SLOT, 1, PMM_TYPE_GC);
}

/* "Chains of 300000 instances, with a dict ..., are released on the same small
 * stack with every object freed." */
MUST(deep, chains_of_instances_with_a_dict_die,
     "300000 instances linked by attributes die on a small stack",
     REQ("DEEP-002"), NEEDS(trashcan), LONG_CHAIN) {
  drop_instances(t, IN_ATTRIBUTE, 0, PMM_TYPE_GC | PMM_TYPE_DICT);
}

/* "Objects whose release is deferred are released exactly once, and none is
 * left when the outermost release returns." */
MUST(deep, deferred_objects_die_once, "Deferred releases happen exactly once",
     REQ("DEEP-003"), NEEDS(trashcan, refcount, list)) {
  enum { N = 500 };
  quiet(t);
  pmm_obj *shared = probe(t, N);
  pmm_obj *chain = LIST(shared);
  for (int64_t i = 0; i < N; i++) {
    pmm_obj *o = probe(t, i);
    pmm_obj *outer = LIST(chain, shared, o);
    DROP(o);
    DROP(chain);
    chain = outer;
  }
  DROP(chain);
  expect_eq(OPS->refcount(RT, shared), 1);
  expect_eq(happened(DEALLOCATED, N), 0);
  for (int64_t i = 0; i < N; i++) {
    expect_eq(happened(DEALLOCATED, i), 1);
  }
}

/* "Objects whose release is deferred are released exactly once, and none is
 * left when the outermost release returns." */
MUST(deep, mixed_chains_die_once,
     "Chains of five kinds of objects die, each object once",
     REQ("DEEP-003"), NEEDS(trashcan, list, tuple, dict)) {
  enum { N = 500, KINDS = 5 };
  quiet(t);
  pmm_obj *with[KINDS] = {
      NULL, NULL, integer(t, 1),
      probe_type(t, "link", 1, PMM_TYPE_GC, NULL, NULL),
      probe_type(t, "linked", 0, PMM_TYPE_GC | PMM_TYPE_DICT, NULL, NULL)};
  pmm_obj *chain = probe(t, 1);
  for (int i = 0; i < N * KINDS; i++) {
    pmm_obj *outer =
        wrap(t, (enum wrapper)(i % KINDS), with[i % KINDS], chain);
    DROP(chain);
    chain = outer;
  }
  DROP(chain);
  expect_eq(happened(DEALLOCATED, 1), 1);
  expect_eq(happened(DEALLOCATED, 2), 2 * N);
}

/* Print, compare and copy a chain of containers of one kind that is too deep;
 * nothing of it may keep a reference. */
static void exhaust(struct pmm_test *t, enum wrapper kind, pmm_obj *with) {
  int depth = (int)profile_int(t, "recursion_fails_at");
  pmm_obj *a = nest(t, kind, with, depth);
  pmm_obj *b = nest(t, kind, with, depth);
  int equal = 0;
  expect_null(OPS->repr(RT, a), PMM_RECURSION);
  expect_error(OPS->equals(RT, a, b, &equal), PMM_RECURSION);
  expect_null(OPS->copy_deep(RT, a), PMM_RECURSION);
  pmm_obj *one = a;
  pmm_obj *other = b;
  for (int level = 0; level < depth; level++) {
    expect_eq(OPS->refcount(RT, one), 1);
    expect_eq(OPS->refcount(RT, other), 1);
    one = inside(t, kind, with, one);
    other = inside(t, kind, with, other);
  }
  log_clear(t); /* a copy that got as far as the probe has given it up */
  DROP(a);
  DROP(b);
  expect_log(DEALLOCATED, 1, 1);
}

/* "Recursive operations on 1e5-deep data (2e5 from 3.14) give a recursion
 * error, never a crash, and release what they took; ..." */
MUST(deep, recursive_operations_fail_cleanly,
     "Printing, comparing and copying too deep data fails cleanly",
     REQ("DEEP-004"), NEEDS(list, diag, copy, refcount), LONG_CHAIN) {
  quiet(t);
  exhaust(t, IN_LIST, NULL);
}

/* "Recursive operations on 1e5-deep data (2e5 from 3.14) give a recursion
 * error, never a crash, and release what they took; ..." */
MUST(deep, recursion_in_tuples_and_dicts_fails_cleanly,
     "Recursion into deep tuples and dicts fails cleanly", REQ("DEEP-004"),
     NEEDS(tuple, dict, diag, copy, refcount), LONG_CHAIN) {
  quiet(t);
  exhaust(t, IN_TUPLE, NULL);
  exhaust(t, IN_DICT, integer(t, 1));
}

/* "...; self-containing lists print with an ellipsis." */
MUST(deep, a_list_in_itself_prints,
     "A list that contains itself prints as [[...]]",
     REQ("DEEP-004"), NEEDS(list, diag, str, gc)) {
  pmm_obj *list = empty_list(t);
  expect_ok(OPS->list_append(RT, list, list));
  pmm_obj *printed = NEW(OPS->repr(RT, list));
  expect_equal(printed, text(t, "[[...]]"));
}
