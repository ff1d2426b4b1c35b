/* SPDX-License-Identifier: MIT */
/*
 * cases/siz.c - reported sizes (requirements SIZ-…).
 */
#include "case.h"

/* "The reported size covers the object itself and memory it alone owns (item
 * array, table) but not referenced objects." */
MUST(siz, sizes_are_shallow,
     "The size of a container excludes its items", REQ("SIZ-001"),
     NEEDS(sizeof, list)) {
  pmm_obj *none = NEW(OPS->none(RT));
  pmm_obj *big = NEW(OPS->list_repeat(RT, LIST(none), integer(t, 1000)));
  expect_ge(size_of(t, big), 1000 * sizeof(void *));
  expect_eq(size_of(t, LIST(big)), size_of(t, LIST(none)));
  expect_eq(size_of(t, CONTAINER(big)), size_of(t, CONTAINER(none)));
}

/* "The reported size covers the object itself and memory it alone owns (item
 * array, table) but not referenced objects." */
MUST(siz, sizes_of_tables_are_shallow, "The size of a table excludes its items",
     REQ("SIZ-001"), NEEDS(sizeof, dict, set, tuple)) {
  pmm_obj *none = NEW(OPS->none(RT));
  pmm_obj *big = tuple_of_ints(t, 1000);
  pmm_obj *dicts[] = {NEW(OPS->dict_new(RT)), NEW(OPS->dict_new(RT))};
  pmm_obj *sets[] = {NEW(OPS->set_new(RT, NULL)), NEW(OPS->set_new(RT, NULL))};
  pmm_obj *holders[] = {probe(t, 1), probe(t, 2)};
  for (size_t i = 0; i < 2; i++) {
    pmm_obj *item = i == 0 ? none : big;
    expect_ok(OPS->dict_set(RT, dicts[i], integer(t, 1), item));
    expect_ok(OPS->dict_set(RT, dicts[i], item, item));
    expect_ok(OPS->set_add(RT, sets[i], item));
    expect_ok(OPS->slot_set(RT, holders[i], 0, item));
  }
  expect_eq(size_of(t, dicts[0]), size_of(t, dicts[1]));
  expect_eq(size_of(t, sets[0]), size_of(t, sets[1]));
  expect_eq(size_of(t, holders[0]), size_of(t, holders[1]));
  for (int64_t i = 2; i < 1000; i++) { /* and owns what its items lie in     */
    expect_ok(OPS->dict_set(RT, dicts[0], integer(t, i), none));
    expect_ok(OPS->set_add(RT, sets[0], integer(t, i)));
  }
  expect_ge(size_of(t, dicts[0]), 1000 * sizeof(void *));
  expect_ge(size_of(t, sets[0]), 1000 * sizeof(void *));
}

/* "For tracked-capable objects getsizeof = own size + 16 bytes collector header
 * (two pointers, default build); for others no addition." */
MUST(siz, collector_headers_count_once, "The collector's header is included",
     REQ("SIZ-002"), NEEDS(sizeof, tuple, list)) {
  int64_t header = profile_int(t, "gc_header_bytes");
  int64_t item = profile_int(t, "pointer_bytes");
  expect_eq(size_of(t, NEW(OPS->tuple_new(RT, 0))),
            profile_int(t, "var_object_bytes") +
                profile_int(t, "tuple_hash_bytes") + header);
  expect_eq(size_of(t, empty_list(t)),
            profile_int(t, "var_object_bytes") + 2 * item + header);
  expect_eq(size_of(t, NEW(OPS->none(RT))), profile_int(t, "object_bytes"));
}

/* "For tracked-capable objects getsizeof = own size + 16 bytes collector header
 * (two pointers, default build); for others no addition." */
MUST(siz, atoms_have_no_collector_header, "Atoms have no collector header",
     REQ("SIZ-002"), NEEDS(sizeof, bytes)) {
  int64_t object = profile_int(t, "object_bytes");
  int64_t variable = profile_int(t, "var_object_bytes");
  expect_eq(size_of(t, NEW(OPS->boolean(RT, 1))), size_of(t, integer(t, 1)));
  expect_eq(size_of(t, NEW(OPS->float_new(RT, 0.5))), object + 8);
  expect_eq(size_of(t, integer(t, 1)),
            variable + profile_int(t, "int_digit_bytes"));
  expect_eq(size_of(t, NEW(OPS->bytes_new(RT, "xyz", 3))),
            variable + 8 + 4); /* a hash, three bytes and a zero             */
}

/* "Every object starts with a reference count and a type pointer, 16 bytes on
 * 64-bit; only variable-size objects add a length word." */
MUST(siz, headers_have_the_declared_size,
     "An object header has a count, a type and maybe a length",
     REQ("SIZ-003"), NEEDS(sizeof, tuple)) {
  int64_t object = profile_int(t, "object_bytes");
  int64_t variable = profile_int(t, "var_object_bytes");
  int64_t hash = profile_int(t, "tuple_hash_bytes");
  expect_eq(variable - object, profile_int(t, "pointer_bytes"));
  expect_eq(size_of(t, NEW(OPS->none(RT))), object);
  expect_eq(size_of(t, NEW(OPS->float_new(RT, 0.5))), object + 8);
  for (size_t n = 0; n < 4; n++) {
    expect_eq(size_of(t, NEW(OPS->tuple_new(RT, n))),
              variable + hash + profile_int(t, "gc_header_bytes") +
                  (int64_t)n * profile_int(t, "tuple_item_bytes"));
  }
}

static pmm_obj *parsed(struct pmm_test *t, const char *digits) {
  return NEW(OPS->int_parse(RT, digits));
}

/* "None 16, float 24, int 28 up to 2^30-1 then +4 per 30-bit digit, empty bytes
 * 33, () 40, [] 56, {} 64, set() 216." */
MUST(siz, numbers_have_the_declared_size, "Sizes of None, floats and ints",
     REQ("SIZ-004"), NEEDS(sizeof)) {
  int64_t base = profile_int(t, "int_bytes");
  int64_t digit = profile_int(t, "int_digit_bytes");
  expect_eq(profile_int(t, "int_digit_bits"), 30);
  expect_eq(size_of(t, NEW(OPS->none(RT))), profile_int(t, "none_bytes"));
  expect_eq(size_of(t, NEW(OPS->float_new(RT, 1.5))),
            profile_int(t, "float_bytes"));
  expect_eq(size_of(t, integer(t, 1)), base);
  expect_eq(size_of(t, integer(t, (1 << 30) - 1)), base);
  expect_eq(size_of(t, integer(t, 1 << 30)), base + digit);
  expect_eq(size_of(t, integer(t, -(INT64_C(1) << 60))), base + 2 * digit);
  expect_eq(size_of(t, parsed(t, "1267650600228229401496703205376")),
            base + 3 * digit); /* 2^100: four digits */
}

/* "None 16, float 24, int 28 up to 2^30-1 then +4 per 30-bit digit, empty bytes
 * 33, () 40, [] 56, {} 64, set() 216." */
MUST(siz, sequences_have_the_declared_size, "Sizes of empty sequences",
     REQ("SIZ-004"), NEEDS(sizeof, tuple, list, bytes)) {
  expect_eq(size_of(t, NEW(OPS->tuple_new(RT, 0))),
            profile_int(t, "tuple_empty_bytes"));
  expect_eq(size_of(t, empty_list(t)), profile_int(t, "list_empty_bytes"));
  expect_eq(size_of(t, NEW(OPS->bytes_new(RT, "", 0))),
            profile_int(t, "bytes_empty_bytes"));
  expect_eq(size_of(t, NEW(OPS->bytes_new(RT, "12345", 5))),
            profile_int(t, "bytes_empty_bytes") + 5);
}

/* "None 16, float 24, int 28 up to 2^30-1 then +4 per 30-bit digit, empty bytes
 * 33, () 40, [] 56, {} 64, set() 216." */
MUST(siz, a_dict_has_the_declared_size, "Size of an empty dictionary",
     REQ("SIZ-004"), NEEDS(sizeof, dict)) {
  expect_eq(size_of(t, NEW(OPS->dict_new(RT))),
            profile_int(t, "dict_empty_bytes"));
}

/* "None 16, float 24, int 28 up to 2^30-1 then +4 per 30-bit digit, empty bytes
 * 33, () 40, [] 56, {} 64, set() 216." */
MUST(siz, a_set_has_the_declared_size, "Size of an empty set",
     REQ("SIZ-004"), NEEDS(sizeof, set)) {
  expect_eq(size_of(t, NEW(OPS->set_new(RT, NULL))),
            profile_int(t, "set_empty_bytes"));
}

/** Counters before an object is made. */
struct level {
  uint64_t blocks, bytes;
};

/* With empty caches: an object from a cache is not asked for again.  What a
 * flush itself leaves in the cache of lists goes into the lists held here. */
static struct level level(struct pmm_test *t) {
  OPS->caches_flush(RT);
  for (int i = 0; i < 4; i++) {
    (void)empty_list(t);
  }
  return (struct level){live_blocks(t), live_bytes(t)};
}

/* The size against what the allocator was asked for since the level. */
static void expect_near(struct pmm_test *t, pmm_obj *o, struct level before) {
  uint64_t requested = live_bytes(t) - before.bytes;
  uint64_t count = live_blocks(t) - before.blocks;
  expect_le(size_of(t, o), requested);
  expect_le(requested - size_of(t, o), 16 * count);
}

/* "Reported size of an exact list, tuple, dict, bytes or str is at most the
 * bytes requested from the allocator and within 16 bytes per block of them." */
SHOULD(siz, sizes_match_requests,
       "The reported size matches what was allocated",
       REQ("SIZ-005"), NEEDS(sizeof, list, tuple, str, bytes)) {
  char filler[900];
  memset(filler, 'x', sizeof filler);
  quiet(t);
  for (size_t n = 30; n < sizeof filler; n = n * 2 + 1) {
    now_at(t, "%zu items", n);
    struct level before = level(t);
    expect_near(t, NEW(OPS->list_new(RT, n)), before);
    before = level(t);
    pmm_obj *grown = empty_list(t);
    for (size_t i = 0; i < n; i++) { /* with more slots than items           */
      expect_ok(OPS->list_append(RT, grown, NEW(OPS->none(RT))));
    }
    expect_near(t, grown, before);
    before = level(t);
    expect_near(t, NEW(OPS->tuple_new(RT, n)), before);
    before = level(t);
    expect_near(t, NEW(OPS->str_new(RT, filler, n)), before);
    before = level(t);
    expect_near(t, NEW(OPS->bytes_new(RT, filler, n)), before);
  }
}
