/* SPDX-License-Identifier: MIT */
/*
 * cases/deep_every.c - chains through every kind of kinds.h, and recursive
 * operations that nobody takes for recursive (requirements DEEP-003, 004).
 */
#include "kinds.h"
#include "stack.h"

#define LONG_CHAIN                                                            \
  OOM_EXEMPT("the chain takes too long for a round a failure"),               \
      STRESS_EXEMPT("so it does with a collection a container")

/* ---- letting go ----------------------------------------------------------- */

enum { DEPTH = 5000, MIXED = 300 };

/* A probe inside so many containers; the case owns the outermost. */
static pmm_obj *nest(struct pmm_test *t, const struct kind *kind, int depth,
                     pmm_obj *item) {
  for (int i = 0; i < depth; i++) {
    pmm_obj *outer = kind->make(t, item);
    DROP(item);
    item = outer;
  }
  return item;
}

static void check_chain(struct pmm_test *t, const struct kind *kind) {
  size_t stack = small_stack(t);
  release_on_stack(t, nest(t, kind, DEPTH, probe(t, 1)), stack);
  if (happened(DEALLOCATED, 1) != 1) {
    fail("%s: the end of the chain died %d times", kind->name,
         (int)happened(DEALLOCATED, 1));
  }
  DROP_ALL();
  log_clear(t);
}

/* "Objects whose release is deferred are released exactly once, and none is
 * left when the outermost release returns."  Of whatever kind they are. */
MUST(deep, chains_of_basic_kinds_die, "Chains of every basic kind die",
     REQ("DEEP-003"), NEEDS(trashcan), LONG_CHAIN) {
  quiet(t);
  OVER(basic, check_chain);
}

/* Kinds whose item may be anything. */
static const struct kind others[] = {
    {"values of a dict", in_values, 2, OF(dict)},
    {"iterator over a dict", in_dict_iterator, INDIRECT, OF(dict)},
    {"new generator", in_new_generator, INDIRECT, OF(generator)},
    {"suspended generator", in_generator, INDIRECT, OF(generator)},
    {"values of a map of weak keys", in_weak_keys, INDIRECT,
     OF(weak_containers)},
    {"chunks", in_chunks, INDIRECT, OF(chunks, list)}};

static const struct kind split[] = {
    {"iterator that was split", in_tee, INDIRECT, OF(copy, tuple, list)},
    {"iterator that was split and read", in_read_tee, INDIRECT,
     OF(copy, tuple, list)}};

static const struct kind called[] = {
    {"constants of a function", in_function, INDIRECT, OF(frame, list)},
    {"closure", in_closure, INDIRECT, OF(frame)}};

/* "Objects whose release is deferred are released exactly once, and none is
 * left when the outermost release returns."  Of whatever kind they are. */
MUST(deep, chains_of_other_kinds_die, "So do chains of the other kinds",
     REQ("DEEP-003"), NEEDS(trashcan), LONG_CHAIN) {
  quiet(t);
  OVER(others, check_chain);
}

/* "Objects whose release is deferred are released exactly once, and none is
 * left when the outermost release returns."  Of whatever kind they are. */
MUST(deep, chains_of_split_iterators_die, "So do chains of split iterators",
     REQ("DEEP-003"), NEEDS(trashcan, copy, tuple), LONG_CHAIN) {
  quiet(t);
  OVER(split, check_chain);
}

/* "Objects whose release is deferred are released exactly once, and none is
 * left when the outermost release returns."  Of whatever kind they are. */
MUST(deep, chains_of_functions_die, "So do chains of functions and closures",
     REQ("DEEP-003"), NEEDS(trashcan, frame), LONG_CHAIN) {
  quiet(t);
  OVER(called, check_chain);
}

/* "Objects whose release is deferred are released exactly once, and none is
 * left when the outermost release returns."  Of whatever kind they are. */
MUST(deep, chains_of_every_kind_die, "So does a chain of all of them",
     REQ("DEEP-003"),
     NEEDS(trashcan, list, tuple, dict, generator, chunks), LONG_CHAIN) {
  size_t stack = small_stack(t);
  quiet(t);
  pmm_obj *item = probe(t, 1);
  for (int i = 0; i < MIXED; i++) {
    for (size_t k = 0; k < COUNT(basic); k++) {
      item = nest(t, &basic[k], 1, item);
    }
    for (size_t k = 0; k < COUNT(others); k++) {
      if (lacking(t, &others[k]) == PMM_FEATURE_core) {
        item = nest(t, &others[k], 1, item);
      }
    }
  }
  release_on_stack(t, item, stack);
  expect_eq(happened(DEALLOCATED, 1), 1);
}

/* ---- stepping ------------------------------------------------------------- */

enum { NESTED = 100000, MODERATE = 100 };

static pmm_obj *chunked(struct pmm_test *t, pmm_obj *source) {
  return NEW(OPS->chunks(RT, source, 1));
}

static pmm_obj *split_one(struct pmm_test *t, pmm_obj *source) {
  pmm_obj *two = NEW(OPS->tee(RT, source));
  pmm_obj *one = KEEP(OPS->tuple_get(RT, two, 0));
  DROP(two);
  return one;
}

static void step_nested(struct pmm_test *t, size_t stack, int depth,
                        enum pmm_status wanted) {
  pmm_obj *source = NEW(OPS->iter(RT, list_of_ints(t, 3)));
  for (int i = 0; i < depth; i++) {
    pmm_obj *outer = i % 2 == 1 && OFFERED(chunks) ? chunked(t, source)
                                                   : split_one(t, source);
    DROP(source);
    source = outer;
  }
  pmm_obj *item = OPS->next(RT, source);
  enum pmm_status status = OPS->error(RT);
  OPS->xrelease(RT, item);
  OPS->error_clear(RT);
  if (status != wanted) {
    fail("%d iterators over one another: status %d", depth, (int)status);
  }
  release_on_stack(t, source, stack);
}

/* "Recursive operations on 1e5-deep data give a recursion error, never a
 * crash, and release what they took; ..."  A step of an iterator over others
 * is one. */
MUST(deep, nested_iterators_fail_cleanly,
     "Stepping 100000 iterators over one another fails cleanly",
     REQ("DEEP-004"), NEEDS(trashcan, list, tuple, copy), LONG_CHAIN) {
  size_t stack = small_stack(t);
  quiet(t);
  step_nested(t, stack, MODERATE, PMM_OK);
  step_nested(t, stack, NESTED, PMM_RECURSION);
}
