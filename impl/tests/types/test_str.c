/* SPDX-License-Identifier: MIT */
/* test_str.c - strings, interning and bytes. */
#include "tests/fixture.h"

/* 1 when the string is exactly this UTF-8. */
static int is_text(pmm_rt *rt, pmm_obj *o, const char *text) {
  size_t size = 0;
  const char *utf8 = o != NULL ? pmmi_str_utf8(rt, o, &size) : NULL;
  return utf8 != NULL && size == strlen(text) && strcmp(utf8, text) == 0;
}

static void test_kinds(pmm_rt *rt) {
  static const struct {
    const char *text;
    size_t size;
  } cases[] = {{"abc", 49 + 3}, {"ab\xc3\xa9", 49 + 3},
               {"ab\xc4\x80", 48 + 4 * 2}, {"ab\xe2\x82\xac", 48 + 4 * 2},
               {"ab\xf0\x9f\x98\x80", 48 + 4 * 4}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint64_t live = fixture_memory(rt).live_bytes;
    pmm_obj *s = fixture_str(rt, cases[i].text);
    tap_ok(fixture_length(rt, s) == 3 &&
               fixture_size(rt, s) == cases[i].size &&
               fixture_memory(rt).live_bytes == live + cases[i].size,
           "%s has %zu bytes", cases[i].text, cases[i].size);
    tap_ok(is_text(rt, s, cases[i].text), "and reads back");
    tap_ok(fixture_memory(rt).live_bytes == live + fixture_size(rt, s),
           "its UTF-8 form is accounted");
    pmmi_release(rt, s);
  }
  static const char *const bad[] = {"\xff", "\xc0\x80", "\xe2\x82",
                                    "\xed\xa0\x80", "\xf4\x90\x80\x80"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    tap_ok(fixture_str(rt, bad[i]) == NULL && fixture_failed(rt, PMM_VALUE),
           "invalid UTF-8 %zu is refused", i);
  }
}

static void test_shared(pmm_rt *rt) {
  struct pmm_memory before = fixture_memory(rt);
  pmm_obj *source = fixture_str(rt, "xyz");
  pmm_obj *e = pmmi_str_slice(rt, source, 2, 2);
  pmm_obj *x = pmmi_str_slice(rt, source, 0, 1);
  tap_ok(e == fixture_str(rt, "") && fixture_size(rt, e) == 49,
         "one empty string of 49 bytes");
  tap_ok(x == fixture_str(rt, "x") && pmmi_is_immortal(rt, x),
         "one string of one Latin-1 character");
  pmm_obj *accent = fixture_str(rt, "\xc3\xbf");
  tap_ok(accent == fixture_str(rt, "\xc3\xbf") &&
             is_text(rt, accent, "\xc3\xbf"),
         "up to U+00FF");
  pmm_obj *a = fixture_str(rt, "\xc4\x80");
  pmm_obj *b = fixture_str(rt, "\xc4\x80");
  tap_ok(a != b && pmmi_refcount(rt, a) == 1, "but not U+0100");
  pmmi_release(rt, a);
  pmmi_release(rt, b);
  pmmi_release(rt, source);
  tap_ok(fixture_is_back(rt, before), "sharing costs nothing");
}

static void test_same_object(pmm_rt *rt) {
  pmm_obj *s = fixture_str(rt, "hello");
  pmm_obj *empty = fixture_str(rt, "");
  pmm_obj *one = pmmi_list_from(rt, &s, 1);
  pmm_obj *results[] = {
      pmmi_str_slice(rt, s, 0, SIZE_MAX), pmmi_str_concat(rt, s, empty),
      pmmi_str_concat(rt, empty, s),      pmmi_str_repeat(rt, s, 1),
      pmmi_str_join(rt, empty, one),      pmmi_str_strip(rt, s),
      pmmi_str_convert(rt, s)};
  size_t n = sizeof results / sizeof *results;
  tap_ok(pmmi_refcount(rt, s) == 2 + n, "each no-op adds one owner");
  for (size_t i = 0; i < n; i++) {
    tap_ok(results[i] == s, "no-op %zu gives the same object", i);
    pmmi_xrelease(rt, results[i]);
  }
  pmmi_release(rt, one);
  pmmi_release(rt, s);
}

static void test_build(pmm_rt *rt) {
  pmm_obj *ascii = fixture_str(rt, "  ab ");
  pmm_obj *wide = fixture_str(rt, "\xe2\x82\xac\xf0\x9f\x98\x80");
  pmm_obj *sum = pmmi_str_concat(rt, ascii, wide);
  tap_ok(is_text(rt, sum, "  ab \xe2\x82\xac\xf0\x9f\x98\x80"), "concat");
  pmm_obj *part = pmmi_str_slice(rt, sum, 1, 4);
  pmmi_release(rt, sum);
  tap_ok(is_text(rt, part, " ab") && fixture_size(rt, part) == 49 + 3,
         "a slice is as narrow as what is in it, and outlives its source");
  pmm_obj *number = pmmi_int_new(rt, -7000);
  pmm_obj *digits = pmmi_str_convert(rt, number);
  tap_ok(is_text(rt, digits, "-7000"), "what is no str gives its text");
  pmmi_release(rt, digits);
  pmmi_release(rt, number);
  pmm_obj *bare = pmmi_str_strip(rt, ascii);
  tap_ok(is_text(rt, bare, "ab"), "strip");
  pmm_obj *many = pmmi_str_repeat(rt, wide, 3);
  tap_ok(fixture_length(rt, many) == 6, "repeat");
  tap_ok(pmmi_str_repeat(rt, wide, -1) == fixture_str(rt, ""), "by less");
  tap_ok(pmmi_str_repeat(rt, wide, INT64_MAX) == NULL &&
             fixture_failed(rt, PMM_NO_MEMORY),
         "a repeat that overflows fails");
  tap_ok(pmmi_str_concat(rt, wide, pmmi_none(rt)) == NULL &&
             fixture_failed(rt, PMM_TYPE),
         "strings only");
  pmmi_release(rt, many);
  pmmi_release(rt, bare);
  pmmi_release(rt, part);
  pmmi_release(rt, ascii);
  pmmi_release(rt, wide);
}

static void test_append(pmm_rt *rt) {
  pmm_obj *dot = fixture_str(rt, "...");
  pmm_obj *s = fixture_str(rt, "start");
  pmm_obj *alias = pmmi_new_reference(rt, s);
  tap_ok(pmmi_str_append(rt, &s, dot) == PMM_OK && s != alias &&
             is_text(rt, s, "start...") && is_text(rt, alias, "start"),
         "a shared string stays as it was");
  struct pmm_memory before = fixture_memory(rt);
  for (int i = 0; i < 100; i++) {
    (void)pmmi_str_append(rt, &s, dot);
  }
  struct pmm_memory after = fixture_memory(rt);
  tap_ok(fixture_length(rt, s) == 308 &&
             after.allocations == before.allocations &&
             after.live_bytes == before.live_bytes + 300,
         "an unshared one grows in place");
  pmm_obj *euro = fixture_str(rt, "\xe2\x82\xac");
  tap_ok(pmmi_str_append(rt, &s, euro) == PMM_OK &&
             fixture_length(rt, s) == 309,
         "or moves when it must widen");
  tap_ok(pmmi_str_append(rt, &s, s) == PMM_OK && fixture_length(rt, s) == 618,
         "appending itself works");
  tap_ok(pmmi_str_append(rt, &s, pmmi_none(rt)) == PMM_TYPE && s == NULL &&
             fixture_failed(rt, PMM_TYPE),
         "a failure releases the left one");
  pmmi_release(rt, euro);
  pmmi_release(rt, alias);
  pmmi_release(rt, dot);
}

static void test_join(pmm_rt *rt) {
  pmm_obj *comma = fixture_str(rt, ", ");
  pmm_obj *list = pmmi_list_new(rt, 0);
  static const char *const words[] = {"a", "bc", "\xc3\xa9", "\xe2\x82\xac"};
  for (size_t i = 0; i < 4; i++) {
    pmm_obj *word = fixture_str(rt, words[i]);
    (void)pmmi_list_append(rt, list, word);
    pmmi_release(rt, word);
  }
  struct pmm_memory before = fixture_memory(rt);
  pmm_obj *sum = pmmi_str_join(rt, comma, list);
  struct pmm_memory after = fixture_memory(rt);
  tap_ok(is_text(rt, sum, "a, bc, \xc3\xa9, \xe2\x82\xac"), "join");
  tap_ok(after.allocations == before.allocations + 1, "in one allocation");
  pmmi_release(rt, sum);
  (void)pmmi_list_append(rt, list, pmmi_none(rt));
  tap_ok(pmmi_str_join(rt, comma, list) == NULL &&
             fixture_failed(rt, PMM_TYPE),
         "strings only");
  (void)pmmi_list_clear(rt, list);
  tap_ok(pmmi_str_join(rt, comma, list) == fixture_str(rt, ""),
         "nothing joined is the empty string");
  pmmi_release(rt, list);
  pmmi_release(rt, comma);
}

static void test_intern(pmm_rt *rt) {
  struct pmm_memory before = fixture_memory(rt);
  pmm_obj *kept[200];
  int unique = 1;
  for (int i = 0; i < 200; i++) {
    char text[16];
    snprintf(text, sizeof text, "name%d", i);
    kept[i] = fixture_str(rt, text);
    pmm_obj *other = fixture_str(rt, text);
    unique = unique && pmmi_str_intern(rt, &kept[i]) == PMM_OK &&
             pmmi_str_intern(rt, &other) == PMM_OK && other == kept[i] &&
             pmmi_refcount(rt, other) == 2 && is_text(rt, other, text);
    pmmi_release(rt, other);
  }
  tap_ok(unique, "equal strings become one object");
  for (int i = 0; i < 200; i += 2) {
    pmmi_release(rt, kept[i]);
  }
  for (int i = 1; i < 200; i += 2) {
    char text[16];
    snprintf(text, sizeof text, "name%d", i);
    pmm_obj *other = fixture_str(rt, text);
    unique = unique && pmmi_str_intern(rt, &other) == PMM_OK &&
             other == kept[i];
    pmmi_release(rt, other);
  }
  tap_ok(unique && pmmi_strs_of(rt)->interned_count == 100,
         "the dead leave the table, the others stay to be found");
  for (int i = 1; i < 200; i += 2) {
    pmmi_release(rt, kept[i]);
  }
  tap_ok(fixture_is_back(rt, before), "the table goes with the last one");
}

static void test_repr(pmm_rt *rt) {
  pmm_obj *s = fixture_str(rt, "it's\n\\\x01");
  tap_ok(fixture_reads(rt, s, "\"it's\\n\\\\\\x01\""), "escapes");
  pmmi_release(rt, s);
  s = fixture_str(rt, "a\"'\xc3\xa9");
  tap_ok(fixture_reads(rt, s, "'a\"\\'\xc3\xa9'"), "both quotes");
  pmmi_release(rt, s);
  pmm_obj *b = pmmi_bytes_new(rt, "a'\xff\x00", 4);
  tap_ok(fixture_reads(rt, b, "b'a\\'\\xff\\x00'"), "bytes");
  pmmi_release(rt, b);
}

static void test_bytes(pmm_rt *rt) {
  pmm_obj *b = pmmi_bytes_new(rt, "abcd", 4);
  size_t size = 0;
  const char *data = pmmi_bytes_data(rt, b, &size);
  tap_ok(size == 4 && memcmp(data, "abcd", 5) == 0 &&
             fixture_size(rt, b) == 37,
         "4 bytes in 37");
  tap_ok(pmmi_bytes_new(rt, "", 0) == pmmi_bytes_slice(rt, b, 2, 2) &&
             fixture_size(rt, pmmi_bytes_new(rt, "", 0)) == 33,
         "one empty bytes of 33");
  tap_ok(pmmi_bytes_slice(rt, b, 1, 2) == pmmi_bytes_new(rt, "b", 1),
         "single bytes are shared");
  pmm_obj *whole = pmmi_bytes_slice(rt, b, 0, 9);
  tap_ok(whole == b, "a full slice is the same object");
  pmmi_release(rt, whole);
  pmm_obj *part = pmmi_bytes_slice(rt, b, 1, 3);
  pmmi_release(rt, b);
  tap_ok(fixture_reads(rt, part, "b'bc'"), "a slice outlives its source");
  pmmi_release(rt, part);
  pmm_obj *cut = pmmi_bytes_cut(rt, pmmi_bytes_new(rt, "abcdef", 6), 3);
  tap_ok(fixture_reads(rt, cut, "b'abc'") && fixture_size(rt, cut) == 36,
         "cut to what is needed");
  cut = pmmi_bytes_cut(rt, cut, 1);
  tap_ok(cut == pmmi_bytes_new(rt, "a", 1), "down to a shared one");
}

static void test_iter(pmm_rt *rt) {
  pmm_obj *s = fixture_str(rt, "a\xe2\x82\xac");
  pmm_obj *list = pmmi_list_convert(rt, s);
  tap_ok(fixture_reads(rt, list, "['a', '\xe2\x82\xac']"), "characters");
  pmmi_release(rt, list);
  pmmi_release(rt, s);
  pmm_obj *b = pmmi_bytes_new(rt, "\x01\xff", 2);
  pmm_obj *tuple = pmmi_tuple_convert(rt, b);
  tap_ok(fixture_reads(rt, tuple, "(1, 255)"), "bytes as ints");
  pmmi_release(rt, tuple);
  pmmi_release(rt, b);
}

int main(void) {
  tap_plan(0);
  fixture_each("kinds", test_kinds);
  fixture_each("shared", test_shared);
  fixture_each("same object", test_same_object);
  fixture_each("build", test_build);
  fixture_each("append", test_append);
  fixture_each("join", test_join);
  fixture_each("intern", test_intern);
  fixture_each("repr", test_repr);
  fixture_each("bytes", test_bytes);
  fixture_each("iter", test_iter);
  return tap_done();
}
