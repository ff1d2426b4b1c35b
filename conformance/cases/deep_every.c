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

/* ---- letting go --------------------------------------------------------- */

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
MUST(deep, chains_of_basic_kinds_die,
     "Long chains of every basic kind die on a small stack",
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
MUST(deep, chains_of_other_kinds_die, "Chains of the other kinds die",
     REQ("DEEP-003"), NEEDS(trashcan), LONG_CHAIN) {
  quiet(t);
  OVER(others, check_chain);
}

/* "Objects whose release is deferred are released exactly once, and none is
 * left when the outermost release returns."  Of whatever kind they are. */
MUST(deep, chains_of_split_iterators_die, "Chains of split iterators die",
     REQ("DEEP-003"), NEEDS(trashcan, copy, tuple), LONG_CHAIN) {
  quiet(t);
  OVER(split, check_chain);
}

/* "Objects whose release is deferred are released exactly once, and none is
 * left when the outermost release returns."  Of whatever kind they are. */
MUST(deep, chains_of_functions_die, "Chains of functions and closures die",
     REQ("DEEP-003"), NEEDS(trashcan, frame), LONG_CHAIN) {
  quiet(t);
  OVER(called, check_chain);
}

/* "Objects whose release is deferred are released exactly once, and none is
 * left when the outermost release returns."  Of whatever kind they are. */
MUST(deep, chains_of_every_kind_die, "A chain of objects of every kind dies",
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

/* ---- stepping ----------------------------------------------------------- */

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

static pmm_obj *both(struct pmm_test *t, pmm_obj *source) {
  pmm_obj *inner = chunked(t, source);
  pmm_obj *outer = split_one(t, inner);
  DROP(inner);
  return outer;
}

/* Iterators over one another, the innermost over a list. */
static pmm_obj *over_one_another(struct pmm_test *t, int depth,
                                 pmm_obj *(*wrap)(struct pmm_test *,
                                                  pmm_obj *)) {
  pmm_obj *list = list_of_ints(t, 3);
  pmm_obj *source = NEW(OPS->iter(RT, list));
  DROP(list);
  for (int i = 0; i < depth; i++) {
    pmm_obj *outer = wrap(t, source);
    DROP(source);
    source = outer;
  }
  return source;
}

static void expect_step(struct pmm_test *t, pmm_obj *source, const char *name,
                        enum pmm_status wanted) {
  pmm_obj *item = OPS->next(RT, source);
  enum pmm_status status = OPS->error(RT);
  OPS->xrelease(RT, item);
  OPS->error_clear(RT);
  if (status != wanted) {
    fail("%s over one another: status %d", name, (int)status);
  }
}

/* "Objects whose release is deferred are released exactly once, ..."
 * "Recursive operations on 1e5-deep data (2e5 from 3.14) give a recursion
 * error, never a crash, and release what they took; ..."  A step is one. */
MUST(deep, nested_chunks_fail_cleanly,
     "Stepping 100000 nested chunk iterators fails cleanly",
     REQ("DEEP-003", "DEEP-004"), NEEDS(trashcan, list, chunks), LONG_CHAIN) {
  size_t stack = small_stack(t);
  quiet(t);
  expect_step(t, over_one_another(t, MODERATE, chunked), "chunks", PMM_OK);
  pmm_obj *outer = over_one_another(t, NESTED, chunked);
  expect_step(t, outer, "chunks", PMM_RECURSION);
  release_on_stack(t, outer, stack);
}

/* "Recursive operations on 1e5-deep data (2e5 from 3.14) give a recursion
 * error, never a crash, and release what they took; ..."  A step is one. */
MUST(deep, nested_tees_fail_cleanly,
     "Stepping 50000 nested tees and chunks fails cleanly",
     REQ("DEEP-004"), NEEDS(list, tuple, copy, chunks), LONG_CHAIN) {
  quiet(t);
  expect_step(t, over_one_another(t, MODERATE, both), "tees", PMM_OK);
  pmm_obj *outer = over_one_another(t, NESTED / 2, both);
  expect_step(t, outer, "tees", PMM_RECURSION);
  DROP(outer);
}
