/* SPDX-License-Identifier: MIT */
/*
 * cases/dct_hashes.c - the hash of a key is that of when it was stored
 * (requirement DCT-036).
 */
#include "case.h"

enum { KEYS = 6, OTHERS = 300 };

/* Code of keys, whose hashes change.  Scratch memory. */
struct hashing {
  int64_t salt;
  int calls;
};

static enum pmm_status salted(void *ctx, pmm_rt *rt, pmm_obj *o,
                              int64_t *hash) {
  struct hashing *h = ctx;
  (void)rt;
  (void)o;
  h->calls++;
  *hash = (INT64_C(1) << 40) + h->salt;
  return PMM_OK;
}

static enum pmm_status never_equal(void *ctx, pmm_rt *rt, pmm_obj *a,
                                   pmm_obj *b, int *equal) {
  (void)rt;
  (void)a;
  (void)b;
  ((struct hashing *)ctx)->calls++;
  *equal = 0;
  return PMM_OK;
}

/* A list of keys whose code has not been asked yet. */
static pmm_obj *keys_of(struct pmm_test *t, struct hashing *h) {
  const struct pmm_type_spec spec = {.struct_size = sizeof spec,
                                     .name = "key",
                                     .flags = type_flags(t, PMM_TYPE_GC)};
  const struct pmm_compare_code code = {.struct_size = sizeof code,
                                        .ctx = h,
                                        .equals = never_equal,
                                        .hash = salted};
  pmm_obj *type = NEW(OPS->type_with_code(RT, &spec, &code));
  pmm_obj *keys = empty_list(t);
  for (int i = 0; i < KEYS; i++) {
    pmm_obj *key = NEW(OPS->instance_new(RT, type, i));
    expect_ok(OPS->list_append(RT, keys, key));
    DROP(key);
  }
  return keys;
}

/* The keys are asked for their hashes while they are stored, each another. */
static pmm_obj *stored(struct pmm_test *t, struct hashing *h, pmm_obj *keys,
                       int in_dict) {
  pmm_obj *o = in_dict ? NEW(OPS->dict_new(RT)) : NEW(OPS->set_new(RT, NULL));
  for (int i = 0; i < KEYS; i++) {
    pmm_obj *key = OPS->list_get(RT, keys, (size_t)i);
    h->salt = i;
    expect_ok(in_dict ? OPS->dict_set(RT, o, key, key)
                      : OPS->set_add(RT, o, key));
  }
  h->salt = 1000;
  h->calls = 0;
  return o;
}

/* Each key is found by the hash that it had. */
static void expect_found(struct pmm_test *t, struct hashing *h, pmm_obj *o,
                         pmm_obj *keys, int in_dict) {
  expect_eq(h->calls, 0);
  for (int i = 0; i < KEYS; i++) {
    pmm_obj *key = OPS->list_get(RT, keys, (size_t)i);
    int found = 0;
    h->salt = i;
    if (in_dict) {
      found = OPS->dict_get(RT, o, key) == key;
    } else {
      expect_ok(OPS->set_contains(RT, o, key, &found));
    }
    expect_eq(found, 1);
  }
  h->salt = 1000;
  h->calls = 0;
}

/* "The hash of a key is that of when it was stored: copying a dict or a set,
 * and growing it, asks no key." */
SHOULD(dct, dicts_ask_their_keys_once, "Copies of dicts and growth ask no key",
       REQ("DCT-036"), NEEDS(dict, compare_code, list)) {
  struct hashing *h = SCRATCH(struct hashing);
  pmm_obj *keys = keys_of(t, h);
  pmm_obj *dict = stored(t, h, keys, 1);
  expect_found(t, h, NEW(OPS->dict_copy(RT, dict)), keys, 1);
  for (int i = 0; i < OTHERS; i++) {
    pmm_obj *other = integer(t, i);
    expect_ok(OPS->dict_set(RT, dict, other, other));
    DROP(other);
  }
  expect_found(t, h, dict, keys, 1);
}

/* "The hash of a key is that of when it was stored: copying a dict or a set,
 * and growing it, asks no key." */
SHOULD(dct, sets_ask_their_keys_once, "Copies of sets and growth ask no key",
       REQ("DCT-036"), NEEDS(set, frozenset, compare_code, list)) {
  struct hashing *h = SCRATCH(struct hashing);
  pmm_obj *keys = keys_of(t, h);
  pmm_obj *set = stored(t, h, keys, 0);
  expect_found(t, h, NEW(OPS->set_copy(RT, set)), keys, 0);
  expect_found(t, h, NEW(OPS->frozenset_new(RT, set)), keys, 0);
  for (int i = 0; i < OTHERS; i++) {
    pmm_obj *other = integer(t, i);
    expect_ok(OPS->set_add(RT, set, other));
    DROP(other);
  }
  expect_found(t, h, set, keys, 0);
}
