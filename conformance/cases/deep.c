/* SPDX-License-Identifier: MIT */
/*
 * cases/deep.c - structures deeper than any stack (requirements DEEP-…).
 */
#include "case.h"

struct release_work {
  const struct pmm_ops *ops;
  pmm_obj *o; /* owned until released */
};

static enum pmm_status release_it(void *ctx, pmm_rt *rt, pmm_obj *unused) {
  struct release_work *work = ctx;
  (void)unused;
  pmm_obj *o = work->o;
  work->o = NULL;
  work->ops->release(rt, o);
  return PMM_OK;
}

/* Release an owned object on the stack the profile declares. */
static void release_on_small_stack(struct pmm_test *t, pmm_obj *o) {
  struct release_work *work = SCRATCH(struct release_work);
  work->ops = OPS;
  work->o = GIVE(o);
  expect_ok(OPS->call_on_stack(RT, (size_t)profile_int(t, "deep_stack_bytes"),
                               release_it, work));
}

#define LONG_CHAIN                                                            \
  OOM_EXEMPT("the chain takes too long for a round a failure")

enum wrapper { IN_LIST, IN_TUPLE, IN_INSTANCE };

/* A probe inside `depth` containers of one kind; the case owns the outermost.
 */
static pmm_obj *nest(struct pmm_test *t, enum wrapper kind, pmm_obj *type,
                     int depth) {
  pmm_obj *chain = probe(t, 1);
  for (int i = 0; i < depth; i++) {
    pmm_obj *outer;
    if (kind == IN_LIST) {
      outer = LIST(chain);
    } else if (kind == IN_TUPLE) {
      outer = TUPLE(chain);
    } else {
      outer = probe_of(t, type, 2);
      expect_ok(OPS->slot_set(RT, outer, 0, chain));
    }
    DROP(chain);
    chain = outer;
  }
  return chain;
}

/* "Dropping a 1e6-deep chain of lists, tuples or dicts on a 256 KiB stack
 * completes and frees every object. ..." */
MUST(deep, chains_of_lists_die, "A million nested lists die on a small stack",
     REQ("DEEP-001"), NEEDS(trashcan, list), LONG_CHAIN) {
  quiet(t);
  release_on_small_stack(t, nest(t, IN_LIST, NULL, 1000000));
  expect_log(DEALLOCATED, 1);
}

/* "Dropping a 1e6-deep chain of lists, tuples or dicts on a 256 KiB stack
 * completes and frees every object. ..." */
MUST(deep, chains_of_tuples_die, "A million nested tuples die on a small stack",
     REQ("DEEP-001"), NEEDS(trashcan, tuple), LONG_CHAIN) {
  quiet(t);
  release_on_small_stack(t, nest(t, IN_TUPLE, NULL, 1000000));
  expect_log(DEALLOCATED, 1);
}

/* "Chains of 300000 instances, with a dict and with slots, are released on the
 * same small stack with every object freed." */
MUST(deep, chains_of_instances_die,
     "300000 nested instances die on a small stack", REQ("DEEP-002"),
     NEEDS(trashcan), LONG_CHAIN) {
  quiet(t);
  pmm_obj *type = probe_type(t, "link", 1, PMM_TYPE_GC, NULL, NULL);
  release_on_small_stack(t, nest(t, IN_INSTANCE, type, 300000));
  expect_eq(happened(DEALLOCATED, 1), 1);
  expect_eq(happened(DEALLOCATED, 2), 300000);
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

/* "Recursive operations on 1e5-deep data give a recursion error, never a
 * crash, and release what they took; ..." */
MUST(deep, recursive_operations_fail_cleanly,
     "Printing, comparing, copying 100000 levels fail cleanly",
     REQ("DEEP-004"), NEEDS(list, diag, copy, refcount), LONG_CHAIN) {
  enum { DEPTH = 100000 };
  quiet(t);
  pmm_obj *a = nest(t, IN_LIST, NULL, DEPTH);
  pmm_obj *b = nest(t, IN_LIST, NULL, DEPTH);
  pmm_obj *inner = OPS->list_get(RT, a, 0);
  int equal = 0;
  expect_null(OPS->repr(RT, a), PMM_RECURSION);
  expect_error(OPS->equals(RT, a, b, &equal), PMM_RECURSION);
  expect_null(OPS->copy_deep(RT, a), PMM_RECURSION);
  for (int level = 0; level < DEPTH - 1; level++) {
    expect_eq(OPS->refcount(RT, inner), 1);
    inner = OPS->list_get(RT, inner, 0);
  }
  log_clear(t); /* a copy that got as far as the probe has given it up */
  DROP_ALL();
  expect_log(DEALLOCATED, 1, 1);
}

/* "...; self-containing lists print with an ellipsis." */
MUST(deep, a_list_in_itself_prints, "A list in itself prints as [[...]]",
     REQ("DEEP-004"), NEEDS(list, diag, str)) {
  pmm_obj *list = empty_list(t);
  expect_ok(OPS->list_append(RT, list, list));
  pmm_obj *printed = NEW(OPS->repr(RT, list));
  expect_equal(printed, text(t, "[[...]]"));
}
