/* SPDX-License-Identifier: MIT */
/*
 * test_edges.c - what is empty, whole, or added to itself.
 *
 * Results without items, lists replaced or repeated as a whole, hashes that
 * are remembered, sums made in place, figures that a backend does not have.
 */
#include "memory/size_classes.h"
#include "tests/fixture.h"
#include "types/buffer.h"
#include "types/dict.h"
#include "types/set.h"
#include "types/weakref.h"

static void test_empty_results(pmm_rt *rt) {
  pmm_obj *text = fixture_str(rt, "text");
  pmm_obj *empty = fixture_str(rt, "");
  pmm_obj *list = fixture_range(rt, 1000, 1003);
  pmm_obj *tuple = pmmi_tuple_convert(rt, list);
  pmm_obj *less = pmmi_int_new(rt, -1);
  pmm_obj *results[] = {pmmi_str_repeat(rt, text, -1),
                        pmmi_str_repeat(rt, empty, 5),
                        pmmi_tuple_repeat(rt, tuple, 0),
                        pmmi_tuple_slice(rt, tuple, 2, 2),
                        pmmi_list_repeat(rt, list, less),
                        pmmi_bytearray_new(rt, 0)};
  for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
    tap_ok(results[i] != NULL && fixture_length(rt, results[i]) == 0,
           "result %zu is empty", i);
  }
  tap_ok(pmmi_list_repeat_inplace(rt, list, less) == PMM_OK &&
             fixture_length(rt, list) == 0,
         "a list repeated less than never is emptied");
  tap_ok(pmmi_list_repeat_inplace(rt, list, less) == PMM_OK,
         "and an empty one stays empty");
  pmm_obj *again = pmmi_tuple_repeat(rt, results[3], 5);
  tap_ok(again != NULL && fixture_length(rt, again) == 0,
         "an empty tuple repeated is empty");
  pmmi_xrelease(rt, again);
  for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
    pmmi_xrelease(rt, results[i]);
  }
  pmmi_release(rt, less);
  pmmi_release(rt, tuple);
  pmmi_release(rt, list);
  pmmi_release(rt, empty);
  pmmi_release(rt, text);
}

static void test_whole_lists(pmm_rt *rt) {
  pmm_obj *one = pmmi_int_new(rt, 1);
  pmm_obj *list = fixture_range(rt, 1000, 1003);
  pmm_obj *other = fixture_range(rt, 2000, 2002);
  tap_ok(pmmi_list_repeat_inplace(rt, list, one) == PMM_OK &&
             fixture_reads(rt, list, "[1000, 1001, 1002]"),
         "a list repeated once is as it was");
  tap_ok(pmmi_list_assign_slice(rt, list, 0, 3, other) == PMM_OK &&
             fixture_reads(rt, list, "[2000, 2001]"),
         "all of a list is replaced");
  pmmi_release(rt, other);
  pmmi_release(rt, list);
  pmmi_release(rt, one);
}

/* Equal bytes hash alike, and find each other in a dict; a reference to what
 * cannot be hashed cannot be either. */
static void test_hashes(pmm_rt *rt) {
  pmm_obj *a = pmmi_bytes_new(rt, "some bytes", 10);
  pmm_obj *b = pmmi_bytes_new(rt, "some bytes", 10);
  pmm_obj *dict = pmmi_dict_new(rt);
  int64_t hashes[2] = {0, 1};
  tap_ok(pmmi_hash(rt, a, &hashes[0]) == PMM_OK &&
             pmmi_hash(rt, b, &hashes[1]) == PMM_OK && hashes[0] == hashes[1],
         "equal bytes have one hash");
  tap_ok(pmmi_hash(rt, a, &hashes[1]) == PMM_OK && hashes[0] == hashes[1],
         "which is remembered");
  tap_ok(pmmi_dict_set(rt, dict, a, a) == PMM_OK &&
             pmmi_dict_get(rt, dict, b) == a,
         "bytes are keys");
  pmm_obj *set = pmmi_set_new(rt, dict);
  pmm_obj *ref = pmmi_weakref_new(rt, set, NULL, NULL, 0);
  tap_ok(pmmi_hash(rt, ref, &hashes[0]) == PMM_TYPE &&
             fixture_failed(rt, PMM_TYPE),
         "a reference to a set has none");
  pmmi_release(rt, ref);
  pmmi_release(rt, set);
  pmmi_release(rt, dict);
  pmmi_release(rt, b);
  pmmi_release(rt, a);
}

/* What a sum in place must renew: the cached UTF-8, the width, the mark of
 * plain ASCII. */
static void test_appending(pmm_rt *rt) {
  static const struct {
    const char *left;
    const char *right;
    const char *sum;
  } rows[] = {{"some text", " more", "'some text more'"},
              {"some text", "", "'some text'"},
              {"", "more", "'more'"},
              {"some text", "\xc3\xa9", "'some text\xc3\xa9'"},
              {"\xc3\xa9 text", "more", "'\xc3\xa9 textmore'"},
              {"\xe2\x82\xac text", "more", "'\xe2\x82\xac textmore'"},
              {"text", "\xe2\x82\xac", "'text\xe2\x82\xac'"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    pmm_obj *left = fixture_str(rt, rows[i].left);
    pmm_obj *right = fixture_str(rt, rows[i].right);
    size_t size = 0;
    (void)pmmi_str_utf8(rt, left, &size);
    tap_ok(pmmi_str_append(rt, &left, right) == PMM_OK &&
               fixture_reads(rt, left, rows[i].sum) &&
               pmmi_str_utf8(rt, left, &size) != NULL,
           "\"%s\" and \"%s\"", rows[i].left, rows[i].right);
    pmmi_release(rt, right);
    pmmi_release(rt, left);
  }
  pmm_obj *word = fixture_str(rt, "interned word");
  tap_ok(pmmi_str_intern(rt, &word) == PMM_OK &&
             pmmi_str_intern(rt, &word) == PMM_OK,
         "interned twice is interned once");
  pmm_obj *more = fixture_str(rt, " more");
  tap_ok(pmmi_str_append(rt, &word, more) == PMM_OK &&
             fixture_reads(rt, word, "'interned word more'"),
         "what is interned is not changed in place");
  tap_ok(pmmi_str_append(rt, &word, word) == PMM_OK &&
             fixture_reads(rt, word, "'interned word moreinterned word more'"),
         "nor what is added to itself");
  pmm_obj *letter = fixture_str(rt, "a");
  tap_ok(pmmi_str_intern(rt, &letter) == PMM_OK, "a letter is shared anyway");
  pmmi_release(rt, letter);
  pmmi_release(rt, more);
  pmmi_release(rt, word);
}

/* Over a backend without classes there are no figures of them. */
static void test_figures(pmm_rt *rt) {
  struct pmm_class_stats classes = {.struct_size = sizeof classes};
  struct pmm_arena_stats arenas = {.struct_size = sizeof arenas};
  int pool = strcmp(pmmi_memory_of(rt)->backend->name, "pool") == 0;
  tap_ok((pmmi_class_stats(rt, 0, &classes) == 0) == pool &&
             (pmmi_arena_stats(rt, 0, &arenas) == 0) == pool,
         "figures of classes and arenas over %s",
         pmmi_memory_of(rt)->backend->name);
  pmmi_inject_arm(rt, 0, 0);
  tap_ok(pmmi_list_new(rt, 100) == NULL && fixture_failed(rt, PMM_NO_MEMORY),
         "a failure that is armed for number 0 comes");
  tap_ok(pmmi_inject_disarm(rt) == 1, "number 0 is the next allocation, too");
}

int main(void) {
  tap_plan(0);
  fixture_each("empty results", test_empty_results);
  fixture_each("whole lists", test_whole_lists);
  fixture_each("hashes", test_hashes);
  fixture_each("appending", test_appending);
  fixture_each("figures", test_figures);
  return tap_done();
}
