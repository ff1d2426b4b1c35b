/* SPDX-License-Identifier: MIT */
/*
 * cases/fail_copy.c - deep copies that meet, behind some that can be copied,
 * what has no copy (requirement OOM-031).
 */
#include "codes.h"

enum { ITEM = 1 };

static const struct pmm_code waiting =
    CODE("waiting", 0, 0, {PMM_YIELD, -1, -1, 0});

/* A generator has no copy. */
static pmm_obj *no_copy(struct pmm_test *t) {
  return generator_of(t, &waiting);
}

/** A container of a good item and a bad one, in this order. */
struct holder {
  const char *name;
  pmm_obj *(*of)(struct pmm_test *t, pmm_obj *good, pmm_obj *bad);
};

static pmm_obj *in_list(struct pmm_test *t, pmm_obj *good, pmm_obj *bad) {
  return LIST(good, bad);
}

static pmm_obj *in_tuple(struct pmm_test *t, pmm_obj *good, pmm_obj *bad) {
  return TUPLE(good, bad);
}

static pmm_obj *in_values(struct pmm_test *t, pmm_obj *good, pmm_obj *bad) {
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  expect_ok(OPS->dict_set(RT, dict, integer(t, 1), good));
  expect_ok(OPS->dict_set(RT, dict, integer(t, 2), bad));
  return dict;
}

static pmm_obj *key_and_value(struct pmm_test *t, pmm_obj *good, pmm_obj *bad) {
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  expect_ok(OPS->dict_set(RT, dict, good, bad));
  return dict;
}

static pmm_obj *value_and_key(struct pmm_test *t, pmm_obj *good, pmm_obj *bad) {
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  expect_ok(OPS->dict_set(RT, dict, bad, good));
  return dict;
}

static pmm_obj *in_set(struct pmm_test *t, pmm_obj *good, pmm_obj *bad) {
  pmm_obj *set = NEW(OPS->set_new(RT, NULL));
  expect_ok(OPS->set_add(RT, set, good));
  expect_ok(OPS->set_add(RT, set, bad));
  return set;
}

static pmm_obj *in_slots(struct pmm_test *t, pmm_obj *good, pmm_obj *bad) {
  pmm_obj *o = probe(t, 2);
  expect_ok(OPS->slot_set(RT, o, 0, good));
  expect_ok(OPS->slot_set(RT, o, 1, bad));
  return o;
}

static pmm_obj *nested(struct pmm_test *t, pmm_obj *good, pmm_obj *bad) {
  return LIST(good, TUPLE(good, LIST(bad)));
}

static const struct holder holders[] = {
    {"a list", in_list},           {"a tuple", in_tuple},
    {"values", in_values},         {"a key and its value", key_and_value},
    {"a value and its key", value_and_key}, {"a set", in_set},
    {"slots", in_slots},           {"lists in tuples", nested}};

/* How many blocks are there when the copy has failed. */
static uint64_t left_by(struct pmm_test *t, pmm_obj *o) {
  expect_null(OPS->copy_deep(RT, o), PMM_TYPE);
  collect(t);
  OPS->caches_flush(RT);
  return live_blocks(t);
}

/* Whatever has been copied by then has died again, with the copy of the
 * container; only the originals are left.  The first time a runtime may also
 * make what it keeps for every copy. */
static void fail_to_copy(struct pmm_test *t, const struct holder *holder) {
  pmm_obj *good = probe(t, ITEM);
  pmm_obj *bad = no_copy(t);
  pmm_obj *o = holder->of(t, good, bad);
  uint64_t before = left_by(t, o);
  uint64_t after = left_by(t, o);
  if (after > before) {
    fail("a deep copy of %s that fails leaves %d blocks", holder->name,
         (int)(after - before));
  }
  DROP_ALL();
  log_clear(t);
}

/* "An operation that fails part of the way, at any item or argument, releases
 * once what it had acquired, and leaves its containers as they were." */
MUST(oom, deep_copies_that_fail_leave_nothing,
     "A deep copy that meets an object without a copy leaves nothing",
     REQ("OOM-031"), NEEDS(copy, list, tuple, dict, set, generator, gc),
     OOM_EXEMPT("it goes through many failures"),
     INEXACT("allocations frees requested_bytes",
             "a set is gone through in the order of its items' addresses")) {
  quiet(t);
  OPS->caches_flush(RT);
  for (size_t i = 0; i < sizeof holders / sizeof *holders; i++) {
    now_at(t, "%s", holders[i].name);
    fail_to_copy(t, &holders[i]);
  }
}
