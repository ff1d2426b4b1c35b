/* SPDX-License-Identifier: MIT */
/*
 * cases/str.c - strings: compact storage, sharing, building
 * (requirements STR-…).
 */
#include "case.h"

/* The character, `n` times. */
static pmm_obj *repeated(struct pmm_test *t, const char *utf8, int64_t n) {
  return NEW(OPS->str_repeat(RT, text(t, utf8), n));
}

static int is_text(struct pmm_test *t, pmm_obj *str, const char *wanted) {
  size_t size = 0;
  const char *utf8 = OPS->str_utf8(RT, str, &size);
  expect(utf8 != NULL);
  return size == strlen(wanted) && memcmp(utf8, wanted, size) == 0;
}

/* "A string stores 1, 2 or 4 bytes per character according to its largest code
 * point." */
MUST(str, storage_is_compact, "The widest character decides the storage width",
     REQ("STR-001"), NEEDS(str, sizeof)) {
  static const struct {
    const char *utf8;
    size_t width;
  } of[] = {{"a", 1},        {"\xc3\xbf", 1},     {"\xc4\x80", 2},
            {"\xef\xbf\xbd", 2}, {"\xf0\x90\x80\x80", 4}};
  for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
    now_at(t, "characters of width %zu", of[i].width);
    pmm_obj *shorter = repeated(t, of[i].utf8, 500);
    pmm_obj *longer = repeated(t, of[i].utf8, 1500);
    expect_eq(size_of(t, longer) - size_of(t, shorter), 1000 * of[i].width);
  }
  pmm_obj *narrow = repeated(t, "a", 1000);
  pmm_obj *mixed = NEW(OPS->str_concat(RT, narrow, text(t, "\xc4\x80")));
  expect_eq(size_of(t, mixed),
            size_of(t, repeated(t, "\xc4\x80", 1001))); /* all are wide      */
}

/* "A string stores 1, 2 or 4 bytes per character according to its largest code
 * point."  However it was made. */
MUST(str, parts_are_compact_again,
     "A slice of a wide string is stored as narrow as it can be",
     REQ("STR-001"), NEEDS(str, sizeof, list)) {
  pmm_obj *narrow = repeated(t, "a", 500);
  pmm_obj *wide = text(t, "\xf0\x90\x80\x80");
  pmm_obj *mixed = NEW(OPS->str_concat(RT, wide, narrow));
  size_t size = size_of(t, narrow);
  expect_ge(size_of(t, mixed), 4 * 501);
  expect_eq(size_of(t, NEW(OPS->str_slice(RT, mixed, 1, 501))), size);
  pmm_obj *padded = NEW(OPS->str_join(
      RT, narrow, LIST(text(t, "\xe2\x80\x83"), text(t, "\xe2\x80\x83"))));
  expect_ge(size_of(t, padded), 2 * 502);
  expect_eq(size_of(t, NEW(OPS->str_strip(RT, padded))), size);
  expect_equal(NEW(OPS->str_strip(RT, padded)), narrow);
  pmm_obj *two = LIST(narrow, wide);
  expect_eq(size_of(t, NEW(OPS->str_join(RT, text(t, ""), two))),
            size_of(t, mixed));
  expect_eq(size_of(t, NEW(OPS->str_repeat(RT, mixed, 2))),
            size_of(t, mixed) + 4 * 501);
}

/* "On 64-bit the ASCII header plus terminator is 49 bytes up to 3.11 and 41
 * bytes from 3.12 (wstr fields removed)." */
MAY(str, headers_have_the_declared_size, "The header of a string, by width",
    REQ("STR-002"), NEEDS(str, sizeof)) {
  int64_t ascii = profile_int(t, "str_ascii_bytes");
  expect_eq(size_of(t, text(t, "")), ascii);
  expect_eq(size_of(t, repeated(t, "a", 1000)), ascii + 1000);
  expect_eq(size_of(t, repeated(t, "\xc3\xa9", 1000)),
            profile_int(t, "str_latin1_bytes") + 1000);
  expect_eq(size_of(t, repeated(t, "\xc4\x80", 1000)),
            profile_int(t, "str_ucs2_bytes") + 2 * 1000);
  expect_eq(size_of(t, repeated(t, "\xf0\x90\x80\x80", 1000)),
            profile_int(t, "str_ucs4_bytes") + 4 * 1000);
}

/* "No-op operations on an exact string (full slice, str(), *1, +'', join of
 * one, strip with nothing to strip) return the same object." */
MUST(str, what_changes_nothing_shares, "No-op operations return the string",
     REQ("STR-003"), NEEDS(str, list, utf8)) {
  pmm_obj *str = text(t, "a string of its own");
  pmm_obj *empty = text(t, "");
  expect_same(NEW(OPS->str_slice(RT, str, 0, length_of(t, str))), str);
  expect_same(NEW(OPS->str_repeat(RT, str, 1)), str);
  expect_same(NEW(OPS->str_concat(RT, str, empty)), str);
  expect_same(NEW(OPS->str_concat(RT, empty, str)), str);
  expect_same(NEW(OPS->str_join(RT, text(t, ", "), LIST(str))), str);
  expect_same(NEW(OPS->str_strip(RT, str)), str);
  expect_same(NEW(OPS->str_convert(RT, str)), str);
  expect_same(NEW(OPS->str_slice(RT, str, 0, SIZE_MAX)), str);
  expect(is_text(t, NEW(OPS->str_convert(RT, integer(t, -12))), "-12"));
}

/* "A proper slice is an independent object whose size depends on its own
 * length, and it stays valid after the source dies." */
MUST(str, slices_copy, "A slice does not keep its source",
     REQ("STR-004"), NEEDS(str, sizeof, utf8)) {
  pmm_obj *source = repeated(t, "xyz", 1000);
  size_t whole = size_of(t, source);
  pmm_obj *rest = NEW(OPS->str_slice(RT, source, 1, 3000));
  pmm_obj *part = NEW(OPS->str_slice(RT, source, 1, 6));
  expect_eq(size_of(t, rest), whole - 1);
  expect_eq(size_of(t, part), whole - 2995);
  DROP(source);
  pmm_obj *other = repeated(t, "123", 1000); /* takes the source's place     */
  expect_eq(length_of(t, rest), 2999);
  expect(is_text(t, NEW(OPS->str_slice(RT, rest, 2996, 2999)), "xyz"));
  DROP(rest);
  DROP(other);
  expect(is_text(t, part, "yzxyz"));
}

/* Bytes of all requests since the runtime was opened. */
static uint64_t requested_bytes(struct pmm_test *t) {
  struct pmm_memory memory = {.struct_size = sizeof memory};
  OPS->memory(RT, &memory);
  if (memory.requested_bytes == PMM_UNKNOWN) {
    unsupported(t, "memory.requested_bytes");
  }
  return memory.requested_bytes;
}

/* "Joining n pieces performs one result allocation of the exact total and O(n)
 * bytes copied." */
MUST(str, join_allocates_once, "Joining allocates the result and no more",
     REQ("STR-005"), NEEDS(str, list, sizeof)) {
  enum { N = 1000 };
  quiet(t);
  pmm_obj *piece = text(t, "piece");
  pmm_obj *list = empty_list(t);
  for (int i = 0; i < N; i++) {
    expect_ok(OPS->list_append(RT, list, piece));
  }
  pmm_obj *comma = text(t, ", ");
  size_t empty = size_of(t, text(t, ""));
  uint64_t before = allocations(t);
  uint64_t requested = requested_bytes(t);
  uint64_t bytes = live_bytes(t);
  pmm_obj *joined = NEW(OPS->str_join(RT, comma, list));
  /* one request, as large as the result: nothing was copied in between */
  expect_eq(allocations(t) - before, 1);
  expect_eq(requested_bytes(t) - requested, live_bytes(t) - bytes);
  expect_le(live_bytes(t) - bytes, 7 * N + empty + 16);
  expect_eq(length_of(t, joined), 7 * N - 2);
  expect_eq(size_of(t, joined), empty + 7 * N - 2);
}

static void clear_holder(struct pmm_test *t, void *holder) {
  OPS->clear(RT, holder);
}

/* "Building a string by += must give the right value; an in-place path is
 * allowed only when the left operand has one reference." */
MUST(str, append_respects_aliases,
     "+= never changes a string that others refer to",
     REQ("STR-006"), NEEDS(str, utf8), ALLOWED("in place", "copied")) {
  pmm_obj **left = SCRATCH(pmm_obj *);
  char wanted[201] = "";
  size_t moved = 0;
  *left = GIVE(text(t, ""));
  defer(t, clear_holder, left);
  for (int i = 0; i < 100; i++) {
    uintptr_t identity = OPS->identity(RT, *left);
    expect_ok(OPS->str_append(RT, left, text(t, i % 2 ? "ab" : "cd")));
    strcat(wanted, i % 2 ? "ab" : "cd");
    expect(is_text(t, *left, wanted));
    moved += OPS->identity(RT, *left) != identity;
  }
  pmm_obj *alias = KEEP(*left);
  expect_ok(OPS->str_append(RT, left, text(t, "x")));
  expect_distinct(*left, alias);
  expect(is_text(t, alias, wanted));
  expect_eq(length_of(t, *left), 201);
  outcome(t, moved < 100 ? "in place" : "copied");
}

/* "Building a string by += must give the right value; ..."  Whatever bytes its
 * characters take. */
MUST(str, append_keeps_every_width, "+= of characters of 1 to 4 bytes is exact",
     REQ("STR-006"), NEEDS(str, utf8)) {
  static const char *const parts[] = {"a", "\xc3\xa9", "\xe2\x82\xac",
                                      "\xf0\x9f\x98\x80", "z"};
  pmm_obj **left = SCRATCH(pmm_obj *);
  char wanted[64] = "";
  *left = GIVE(text(t, ""));
  defer(t, clear_holder, left);
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    now_at(t, "part %zu", i);
    expect_ok(OPS->str_append(RT, left, text(t, parts[i])));
    strcat(wanted, parts[i]);
    expect(is_text(t, *left, wanted));
    expect_eq(length_of(t, *left), i + 1);
  }
  pmm_obj *twice = NEW(OPS->str_repeat(RT, *left, 2));
  strcat(wanted, "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z");
  expect(is_text(t, twice, wanted));
}

/* "... an in-place path is allowed only when the left operand has one
 * reference."  What the runtime itself remembers of it goes with its value. */
MUST(str, append_forgets_what_was_cached,
     "+= leaves no stale hash, encoding or interned entry",
     REQ("STR-006"), NEEDS(str, dict, intern, utf8)) {
  static const char *const first = "caf\xc3\xa9 first";
  static const char *const whole = "caf\xc3\xa9 first\xc3\xa8s";
  pmm_obj **left = SCRATCH(pmm_obj *);
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  int64_t hash = 0;
  defer(t, clear_holder, left);
  for (int interned = 0; interned < 2; interned++) {
    *left = GIVE(text(t, first));
    expect_ok(OPS->hash(RT, *left, &hash));
    expect(is_text(t, *left, first));
    expect_ok(interned ? OPS->str_intern(RT, left) : PMM_OK);
    expect_ok(OPS->str_append(RT, left, text(t, "\xc3\xa8s")));
    expect(is_text(t, *left, whole));
    expect_ok(OPS->dict_set(RT, dict, *left, *left));
    expect_same(OPS->dict_get(RT, dict, text(t, whole)), *left);
    pmm_obj **again = SCRATCH(pmm_obj *);
    *again = GIVE(text(t, first));
    defer(t, clear_holder, again);
    expect_ok(OPS->str_intern(RT, again));
    expect(is_text(t, *again, first));
    expect_ok(OPS->dict_clear(RT, dict));
    OPS->clear(RT, again); /* or the next round finds it interned           */
    OPS->clear(RT, left);
  }
}

static void stop_tracing(struct pmm_test *t, void *unused) {
  (void)unused;
  OPS->trace_stop(RT);
}

/* How far the traced peak rose since it was reset at `start`. */
static uint64_t risen(struct pmm_test *t, uint64_t start) {
  uint64_t current;
  uint64_t peak;
  OPS->trace_get(RT, &current, &peak);
  return peak - start;
}

static uint64_t begin_peak(struct pmm_test *t) {
  uint64_t current;
  uint64_t peak;
  OPS->trace_reset_peak(RT);
  OPS->trace_get(RT, &current, &peak);
  return current;
}

/* "The workload reports peak and copied bytes for += and for join at n=1e5,
 * so that the tutorial's advice can be judged." What it reports is what the
 * runtime tells. */
SHOULD(str, concatenation_cost_is_visible,
       "Counters show the cost of += against join",
       REQ("STR-007"), NEEDS(str, list, trace)) {
  enum { N = 2000 };
  quiet(t);
  pmm_obj **left = SCRATCH(pmm_obj *);
  pmm_obj *piece = text(t, "x");
  pmm_obj *list = NEW(OPS->list_repeat(RT, LIST(piece), integer(t, N)));
  expect_ok(OPS->trace_start(RT));
  defer(t, stop_tracing, NULL);
  *left = GIVE(text(t, ""));
  defer(t, clear_holder, left);
  uint64_t start = begin_peak(t);
  uint64_t before = requested_bytes(t);
  pmm_obj *joined = NEW(OPS->str_join(RT, text(t, ""), list));
  expect_lt(requested_bytes(t) - before, 2 * N);
  expect_lt(risen(t, start), 2 * N);
  start = begin_peak(t);
  before = requested_bytes(t);
  for (int i = 0; i < N; i++) {
    pmm_obj *alias = KEEP(*left); /* as a module's variable has it */
    expect_ok(OPS->str_append(RT, left, piece));
    DROP(alias);
  }
  expect_ge(requested_bytes(t) - before, N * N / 2);
  expect_ge(risen(t, start), 2 * N - 2);
  expect_equal(*left, joined);
}

/* "A cached UTF-8 form of a non-ASCII string is freed with the string and
 * counted once it exists." */
SHOULD(str, cached_encodings_are_accounted,
       "The cached UTF-8 form is freed with its string",
       REQ("STR-008"), NEEDS(str, sizeof, utf8, prompt)) {
  size_t size = size_of(t, text(t, "asked once, so that caches are warm"));
  uint64_t blocks = live_blocks(t);
  pmm_obj *str = NEW(OPS->str_new(RT, "\xc3\xa4\xc4\x80 is wide", 12));
  size_t before = size_of(t, str);
  uint64_t bytes = live_bytes(t);
  expect(OPS->str_utf8(RT, str, &size) != NULL);
  expect_eq(size, 12);
  expect_eq(size_of(t, str) - before, live_bytes(t) - bytes);
  expect_gt(size_of(t, str), before);
  size_t counted = size_of(t, str);
  expect(OPS->str_utf8(RT, str, &size) != NULL); /* made once, kept          */
  expect_eq(size_of(t, str), counted);
  DROP(str);
  expect_eq(live_blocks(t), blocks);
}
