/* SPDX-License-Identifier: MIT */
/*
 * cases/imm.c - shared immutable objects: small integers, singletons,
 * interned strings, immortality (requirements IMM-…).
 */
#include <inttypes.h>
#include "files.h"

/* The int of the value's decimal digits: another way to the same number. */
static pmm_obj *parsed(struct pmm_test *t, int64_t value) {
  char digits[32];
  (void)snprintf(digits, sizeof digits, "%" PRId64, value);
  return NEW(OPS->int_parse(RT, digits));
}

/* "Integers from -5 to 256 inclusive (to 1024 from 3.15) are preallocated: two
 * independent constructions of the same value give the same object." */
MUST(imm, small_integers_are_shared, "Small integers are one object each",
     REQ("IMM-001")) {
  int64_t low = profile_int(t, "small_int_min");
  int64_t high = profile_int(t, "small_int_max");
  expect_lt(low, high);
  for (int64_t value = low; value <= high; value++) {
    pmm_obj *a = integer(t, value);
    expect_same(a, integer(t, value));
    expect_same(a, parsed(t, value));
    expect_int(a, value);
  }
}

/* "Independent constructions of -6 and of the first value above the cache (257,
 * or 1025 from 3.15) give distinct objects of equal value." */
MUST(imm, other_integers_are_distinct, "Other integers are separate objects",
     REQ("IMM-002")) {
  int64_t below = profile_int(t, "small_int_min") - 1;
  int64_t above = profile_int(t, "small_int_max") + 1;
  pmm_obj *pairs[] = {integer(t, below), integer(t, below), integer(t, above),
                      integer(t, above)};
  for (int i = 0; i < 4; i += 2) {
    expect_distinct(pairs[i], pairs[i + 1]);
    expect_equal(pairs[i], pairs[i + 1]);
    expect_distinct(pairs[i], parsed(t, int_of(t, pairs[i])));
  }
}

/* "Dropping all user references to a cached integer, the empty tuple or None
 * leaves a valid object at the same address." */
MUST(imm, cached_objects_stay, "Cached objects outlive their users",
     REQ("IMM-003"), NEEDS(tuple)) {
  for (int round = 0; round < 3; round++) {
    pmm_obj *seven = integer(t, 7);
    pmm_obj *empty = NEW(OPS->tuple_new(RT, 0));
    pmm_obj *none = NEW(OPS->none(RT));
    uintptr_t where[] = {OPS->identity(RT, seven), OPS->identity(RT, empty),
                         OPS->identity(RT, none)};
    DROP(seven);
    DROP(empty);
    DROP(none);
    OPS->caches_flush(RT);
    expect_eq(OPS->identity(RT, integer(t, 7)), where[0]);
    expect_eq(OPS->identity(RT, NEW(OPS->tuple_new(RT, 0))), where[1]);
    expect_eq(OPS->identity(RT, NEW(OPS->none(RT))), where[2]);
    expect_int(integer(t, 7), 7);
    expect_eq(length_of(t, NEW(OPS->tuple_new(RT, 0))), 0);
    expect(strcmp(OPS->type_name(RT, NEW(OPS->none(RT))), "NoneType") == 0);
  }
}

/* By how much 1000 references more raise the object's count. */
static int64_t raised(struct pmm_test *t, pmm_obj *o) {
  uint64_t before = OPS->refcount(RT, o);
  for (int i = 0; i < 1000; i++) {
    OPS->retain(RT, o);
  }
  int64_t delta = (int64_t)(OPS->refcount(RT, o) - before);
  for (int i = 0; i < 1000; i++) {
    OPS->release(RT, o);
  }
  expect_eq(OPS->refcount(RT, o), before);
  return delta;
}

/* "With immortal objects (3.12+), any number of increments and decrements
 * leaves the reported count of None, True, small ints, the empty tuple and
 * static types unchanged." */
SHOULD(imm, immortal_counts_do_not_move,
       "Reference counts of immortal objects do not move",
       REQ("IMM-004"), NEEDS(immortal, refcount, tuple)) {
  pmm_obj *shared[] = {NEW(OPS->none(RT)), NEW(OPS->boolean(RT, 1)),
                       NEW(OPS->boolean(RT, 0)), integer(t, 1),
                       integer(t, profile_int(t, "small_int_min")),
                       integer(t, profile_int(t, "small_int_max")),
                       NEW(OPS->tuple_new(RT, 0))};
  for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
    now_at(t, "object %zu of the table", i);
    expect(OPS->is_immortal(RT, shared[i]));
    expect_eq(raised(t, shared[i]), 0);
  }
  expect(!OPS->is_immortal(RT, integer(t, 100000)));
  expect_eq(raised(t, integer(t, 100000)), 1000);
  expect(!OPS->is_immortal(RT, probe(t, 1)));
}

/** What containers do with an item, often; `count` is its own. */
static void hold_often(struct pmm_test *t, pmm_obj *o, uint64_t count) {
  enum { TIMES = 100 };
  pmm_obj *list = LIST(o, o, o);
  for (int i = 0; i < TIMES; i++) {
    expect_ok(OPS->list_append(RT, list, o));
  }
  pmm_obj *const made[] = {
      NEW(OPS->list_repeat(RT, list, integer(t, TIMES))),
      NEW(OPS->list_concat(RT, list, list)),
      NEW(OPS->list_slice(RT, list, 1, TIMES)),
      NEW(OPS->list_convert(RT, list)), NEW(OPS->tuple_convert(RT, list))};
  expect_eq(OPS->refcount(RT, o), count);
  expect_ok(OPS->list_repeat_inplace(RT, list, integer(t, 3)));
  expect_eq(OPS->refcount(RT, o), count);
  expect_ok(OPS->list_assign_slice(RT, list, 0, TIMES, list));
  expect_ok(OPS->list_clear(RT, list));
  DROP(list);
  for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
    DROP(made[i]);
  }
}

/* "With immortal objects (3.12+), any number of increments and decrements
 * leaves the reported count of None, True, small ints, the empty tuple and
 * static types unchanged."  Whoever takes and drops them. */
SHOULD(imm, containers_leave_immortals_alone,
       "Containers do not move the counts of immortals", REQ("IMM-004"),
       NEEDS(immortal, refcount, list, tuple)) {
  pmm_obj *shared[] = {NEW(OPS->none(RT)), NEW(OPS->boolean(RT, 1)),
                       integer(t, 1), NEW(OPS->tuple_new(RT, 0))};
  for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
    now_at(t, "object %zu of the table", i);
    uint64_t count = OPS->refcount(RT, shared[i]);
    hold_often(t, shared[i], count);
    expect(OPS->is_immortal(RT, shared[i]));
    expect_eq(OPS->refcount(RT, shared[i]), count);
  }
}

/* "... and static types unchanged."  No operation hands one out, but a type
 * made at run time may refer to those it is made of. */
SHOULD(imm, static_types_do_not_count, "Counts of static types do not move",
       REQ("IMM-004"), NEEDS(immortal, refcount, gc, gc_referents, list)) {
  pmm_obj *type = probe_type(t, "made", 0, PMM_TYPE_GC, NULL, NULL);
  pmm_obj *referents = NEW(OPS->gc_referents(RT, type));
  for (size_t i = 0; i < length_of(t, referents); i++) {
    pmm_obj *o = OPS->list_get(RT, referents, i);
    if (strcmp(OPS->type_name(RT, o), "type") == 0 && !OPS->same(RT, o, type)) {
      expect(OPS->is_immortal(RT, o));
      expect_eq(raised(t, o), 0);
    }
  }
}

/* "Without immortality, the same objects count references normally: 1000 new
 * references raise the count by 1000." */
SHOULD(imm, mortal_singletons_count,
       "Without immortality singletons are counted",
       REQ("IMM-005"), NEEDS(refcount, tuple, immortal)) {
  int64_t wanted = profile_int(t, "immortal") ? 0 : 1000;
  expect_eq(OFFERED(immortal), profile_int(t, "immortal"));
  expect_eq(raised(t, NEW(OPS->none(RT))), wanted);
  expect_eq(raised(t, NEW(OPS->boolean(RT, 1))), wanted);
  expect_eq(raised(t, integer(t, 1)), wanted);
  expect_eq(raised(t, NEW(OPS->tuple_new(RT, 0))), wanted);
}

/* "On 64-bit CPython 3.12 and later an object is immortal when the lower 32
 * bits of its reference count are all set; 1e6 decrements leave None
 * immortal." */
MAY(imm, immortals_survive_decrements, "A million releases leave None immortal",
    REQ("IMM-006"), NEEDS(immortal, refcount)) {
  pmm_obj *none = NEW(OPS->none(RT));
  uint64_t count = OPS->refcount(RT, none);
  for (int i = 0; i < 1000000; i++) {
    OPS->release(RT, none);
  }
  expect(OPS->is_immortal(RT, none));
  expect_eq(OPS->refcount(RT, none), count);
}

/* Intern a string; the result is owned by the case. */
static pmm_obj *interned(struct pmm_test *t, const char *utf8) {
  pmm_obj **holder = SCRATCH(pmm_obj *);
  *holder = GIVE(text(t, utf8));
  enum pmm_status status = OPS->str_intern(RT, holder);
  pmm_obj *result = NEW(*holder); /* replaced, or on failure as it was */
  expect_ok(status);
  return result;
}

/* "Interning two equal strings built separately yields the same object;
 * interning does not change the value." */
MUST(imm, interning_gives_one_object, "Equal interned strings are one object",
     REQ("IMM-007"), NEEDS(str, intern, utf8)) {
  const char *value = "a value nobody has interned \xc3\xa9";
  size_t size = 0;
  expect_distinct(text(t, value), text(t, value));
  pmm_obj *a = interned(t, value);
  pmm_obj *b = interned(t, value);
  expect_same(a, b);
  expect_distinct(a, interned(t, "another value"));
  const char *utf8 = OPS->str_utf8(RT, a, &size);
  expect(utf8 != NULL && strcmp(utf8, value) == 0);
  expect_eq(size, strlen(value));
  expect_same(a, interned(t, value)); /* however often it is asked for */
}

/* "An interned string with no other owner is removed from the table and freed
 * (the table holds no owning reference)." */
SHOULD(imm, interned_strings_are_mortal,
       "The intern table keeps no string alive",
       REQ("IMM-008"), NEEDS(str, intern)) {
  DROP(interned(t, "first, so that the table has its memory"));
  uint64_t blocks = live_blocks(t);
  for (int i = 0; i < 100; i++) {
    char value[] = "string 00 of this very loop";
    value[7] = (char)('0' + i / 10);
    value[8] = (char)('0' + i % 10);
    DROP(interned(t, value));
  }
  expect_le(live_blocks(t), blocks + 4); /* the table itself may have grown */
}

static pmm_obj *character(struct pmm_test *t, unsigned code) {
  char utf8[3] = {(char)(0xc0 | code >> 6), (char)(0x80 | (code & 0x3f)), 0};
  char ascii[1] = {(char)code};
  return code < 0x80 ? NEW(OPS->str_new(RT, ascii, 1))
                     : NEW(OPS->str_new(RT, utf8, 2));
}

/* "One-character strings U+0000..U+00FF and all 256 single-byte bytes objects
 * are singletons; U+0100 is not." */
SHOULD(imm, single_characters_are_shared, "Latin-1 characters are shared",
       REQ("IMM-009"), NEEDS(str, bytes)) {
  for (unsigned code = 0; code < 256; code++) {
    unsigned char byte = (unsigned char)code;
    expect_same(character(t, code), character(t, code));
    expect_same(NEW(OPS->bytes_new(RT, &byte, 1)),
                NEW(OPS->bytes_new(RT, &byte, 1)));
  }
  expect_distinct(character(t, 256), character(t, 256));
}

/* "One-character strings U+0000..U+00FF and all 256 single-byte bytes objects
 * are singletons; U+0100 is not." */
SHOULD(imm, parts_of_one_character_are_shared,
       "A one-character slice is the shared object", REQ("IMM-009"),
       NEEDS(str, bytes)) {
  for (unsigned code = 0; code < 256; code++) {
    unsigned char byte[] = {'x', (unsigned char)code, 'x'};
    pmm_obj *wide = NEW(OPS->str_concat(RT, character(t, code),
                                        text(t, "\xc4\x80")));
    pmm_obj *bytes = NEW(OPS->bytes_new(RT, byte, 3));
    expect_same(NEW(OPS->str_slice(RT, wide, 0, 1)), character(t, code));
    expect_same(NEW(OPS->bytes_slice(RT, bytes, 1, 2)),
                NEW(OPS->bytes_new(RT, byte + 1, 1)));
    expect_distinct(NEW(OPS->str_slice(RT, wide, 1, 2)), character(t, 256));
  }
  expect_same(NEW(OPS->str_strip(RT, text(t, " a "))), character(t, 'a'));
}

/* "Every empty tuple, empty str and empty bytes produced by any constructor is
 * one object." */
MUST(imm, empty_immutables_are_singletons, "Each empty immutable is one object",
     REQ("IMM-010"), NEEDS(tuple, list, str, bytes)) {
  pmm_obj *tuple = NEW(OPS->tuple_new(RT, 0));
  pmm_obj *str = text(t, "");
  pmm_obj *bytes = NEW(OPS->bytes_new(RT, "", 0));
  pmm_obj *three = tuple_of_ints(t, 3);
  expect_same(NEW(OPS->tuple_slice(RT, three, 1, 1)), tuple);
  expect_same(NEW(OPS->tuple_repeat(RT, three, 0)), tuple);
  expect_same(NEW(OPS->tuple_repeat(RT, three, -1)), tuple);
  expect_same(NEW(OPS->tuple_concat(RT, tuple, tuple)), tuple);
  expect_same(NEW(OPS->tuple_convert(RT, empty_list(t))), tuple);
  expect_same(NEW(OPS->str_slice(RT, text(t, "abc"), 2, 2)), str);
  expect_same(NEW(OPS->str_repeat(RT, text(t, "abc"), 0)), str);
  expect_same(NEW(OPS->str_join(RT, text(t, ","), empty_list(t))), str);
  expect_same(NEW(OPS->str_strip(RT, text(t, "  "))), str);
  expect_same(NEW(OPS->bytes_slice(RT, NEW(OPS->bytes_new(RT, "xy", 2)), 1, 1)),
              bytes);
  expect_same(NEW(OPS->tuple_from(RT, NULL, 0)), tuple);
  expect_same(NEW(OPS->tuple_slice(RT, three, 5, 9)), tuple);
}

/* "Every empty tuple, empty str and empty bytes produced by any constructor is
 * one object." */
MUST(imm, empty_results_are_singletons,
     "An empty result of any operation is the one object", REQ("IMM-010"),
     NEEDS(tuple, list, str, dict, set, bytes)) {
  pmm_obj *tuple = NEW(OPS->tuple_new(RT, 0));
  pmm_obj *str = text(t, "");
  pmm_obj *bytes = NEW(OPS->bytes_new(RT, "", 0));
  expect_same(NEW(OPS->tuple_convert(RT, NEW(OPS->dict_new(RT)))), tuple);
  expect_same(NEW(OPS->tuple_convert(RT, NEW(OPS->set_new(RT, NULL)))), tuple);
  expect_same(NEW(OPS->tuple_convert(RT, NEW(OPS->iter(RT, str)))), tuple);
  expect_same(NEW(OPS->tuple_convert(RT, tuple)), tuple);
  expect_same(NEW(OPS->str_new(RT, "", 0)), str);
  expect_same(NEW(OPS->str_convert(RT, str)), str);
  expect_same(NEW(OPS->str_concat(RT, str, str)), str);
  expect_same(NEW(OPS->str_repeat(RT, text(t, "abc"), -1)), str);
  expect_same(NEW(OPS->str_repeat(RT, str, 5)), str);
  expect_same(NEW(OPS->str_join(RT, str, LIST(str, str))), str);
  pmm_obj *wide = text(t, "\xc4\x80\xc4\x80");
  expect_same(NEW(OPS->str_slice(RT, wide, 1, 1)), str);
  expect_same(NEW(OPS->str_strip(RT, text(t, "\xe2\x80\x83 "))), str);
  expect_same(NEW(OPS->bytes_slice(RT, bytes, 0, 1)), bytes);
  pmm_obj *abc = NEW(OPS->bytes_new(RT, "abc", 3));
  expect_same(NEW(OPS->bytes_slice(RT, abc, 3, 9)), bytes);
}

/* "Every empty tuple, empty str and empty bytes produced by any constructor is
 * one object." */
MUST(imm, reading_nothing_gives_the_singleton,
     "Reading at the end of a file gives the empty bytes singleton",
     REQ("IMM-010"),
     NEEDS(file, bytes)) {
  pmm_obj *bytes = NEW(OPS->bytes_new(RT, "", 0));
  pmm_obj *file = NEW(OPS->file_open(RT, file_of(t, 10), "r"));
  expect_same(NEW(OPS->file_read(RT, file, 0)), bytes);
  expect_eq(length_of(t, NEW(OPS->file_read(RT, file, SIZE_MAX))), 10);
  expect_same(NEW(OPS->file_read(RT, file, SIZE_MAX)), bytes);
  expect_same(NEW(OPS->file_read(RT, file, 5)), bytes);
  expect_same(NEW(OPS->file_read_line(RT, file)), bytes);
  expect_ok(OPS->file_close(RT, file));
}
