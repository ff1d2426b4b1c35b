/* SPDX-License-Identifier: MIT */
/*
 * test_sweep.c - every allocation of every operation fails once.
 *
 * See fixture.h for what must hold after each failure.  `least` of a case is
 * the number of failures that must have been met, so that a case that does
 * not allocate cannot pass by accident.
 */
#include "tests/fixture.h"
#include "types/buffer.h"
#include "types/copy.h"
#include "types/iter.h"

/* ---- inputs -------------------------------------------------------------- */

static pmm_obj *make_none(pmm_rt *rt) { return pmmi_none(rt); }

/* Full to its capacity, so that one more item moves the array. */
static pmm_obj *make_list(pmm_rt *rt) {
  pmm_obj *list = fixture_range(rt, 1000, 1016);
  return list;
}

static pmm_obj *make_tuple(pmm_rt *rt) {
  pmm_obj *list = fixture_range(rt, 1000, 1030);
  pmm_obj *tuple = pmmi_tuple_convert(rt, list);
  pmmi_release(rt, list);
  return tuple;
}

static pmm_obj *make_str(pmm_rt *rt) {
  return fixture_str(rt, "some text \xe2\x82\xac");
}

static pmm_obj *make_words(pmm_rt *rt) {
  pmm_obj *word = fixture_str(rt, "word");
  pmm_obj *list = pmmi_list_from(rt, (pmm_obj *[]){word, word, word}, 3);
  pmmi_release(rt, word);
  return list;
}

static pmm_obj *make_nested(pmm_rt *rt) {
  pmm_obj *inner = fixture_range(rt, 1000, 1003);
  pmm_obj *tuple = pmmi_tuple_from(rt, (pmm_obj *[]){inner, inner}, 2);
  pmm_obj *list = pmmi_list_from(rt, (pmm_obj *[]){inner, tuple, inner}, 3);
  (void)pmmi_list_append(rt, list, list);
  pmmi_release(rt, tuple);
  pmmi_release(rt, inner);
  return list;
}

static pmm_obj *make_bytes(pmm_rt *rt) {
  return pmmi_bytes_new(rt, "some bytes", 10);
}

static pmm_obj *make_array(pmm_rt *rt) { return pmmi_bytearray_new(rt, 100); }

/* ---- atoms --------------------------------------------------------------- */

static enum pmm_status run_int(pmm_rt *rt, pmm_obj *o) {
  (void)o;
  return sweep_done(rt, pmmi_int_new(rt, INT64_MAX));
}

static enum pmm_status run_parse(pmm_rt *rt, pmm_obj *o) {
  (void)o;
  return sweep_done(
      rt, pmmi_int_parse(rt, "1000000000000000000000000000000000000"));
}

static enum pmm_status run_float(pmm_rt *rt, pmm_obj *o) {
  (void)o;
  return sweep_done(rt, pmmi_float_new(rt, 1.5));
}

static enum pmm_status run_str(pmm_rt *rt, pmm_obj *o) {
  (void)o;
  return sweep_done(rt, fixture_str(rt, "abc"));
}

static enum pmm_status run_utf8(pmm_rt *rt, pmm_obj *o) {
  (void)o;
  size_t size;
  pmm_obj *s = make_str(rt);
  if (s != NULL) {
    (void)pmmi_str_utf8(rt, s, &size);
  }
  return sweep_done(rt, s);
}

static enum pmm_status run_str_slice(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_str_slice(rt, o, 1, 11));
}

static enum pmm_status run_str_concat(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_str_concat(rt, o, o));
}

static enum pmm_status run_str_repeat(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_str_repeat(rt, o, 9));
}

static enum pmm_status run_append_shared(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *left = pmmi_new_reference(rt, o);
  enum pmm_status status = pmmi_str_append(rt, &left, o);
  pmmi_xrelease(rt, left);
  return status;
}

static enum pmm_status run_append_alone(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *left = pmmi_str_concat(rt, o, o);
  if (left != NULL) {
    (void)pmmi_str_append(rt, &left, o);
  }
  return sweep_done(rt, left);
}

static enum pmm_status run_join(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_str_join(rt, pmmi_list_get(rt, o, 0), o));
}

static enum pmm_status run_join_iterator(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *iterator = pmmi_iter(rt, o);
  pmm_obj *sum = NULL;
  if (iterator != NULL) {
    sum = pmmi_str_join(rt, pmmi_list_get(rt, o, 0), iterator);
    pmmi_release(rt, iterator);
  }
  return sweep_done(rt, sum);
}

static enum pmm_status run_intern(pmm_rt *rt, pmm_obj *o) {
  (void)o;
  pmm_obj *s = fixture_str(rt, "interned");
  if (s != NULL) {
    (void)pmmi_str_intern(rt, &s);
  }
  return sweep_done(rt, s);
}

static enum pmm_status run_bytes_slice(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_bytes_slice(rt, o, 1, 5));
}

/* ---- tuples -------------------------------------------------------------- */

static enum pmm_status run_tuple_new(pmm_rt *rt, pmm_obj *o) {
  (void)o;
  return sweep_done(rt, pmmi_tuple_new(rt, 5));
}

static enum pmm_status run_tuple_concat(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_tuple_concat(rt, o, o));
}

static enum pmm_status run_tuple_slice(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_tuple_slice(rt, o, 1, 4));
}

static enum pmm_status run_tuple_repeat(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_tuple_repeat(rt, o, 7));
}

static enum pmm_status run_tuple_convert(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_tuple_convert(rt, o));
}

static enum pmm_status run_tuple_resize(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *t = pmmi_tuple_slice(rt, o, 0, 10);
  if (t != NULL) {
    (void)pmmi_tuple_resize(rt, &t, 4000);
  }
  return sweep_done(rt, t);
}

/* ---- lists --------------------------------------------------------------- */

static enum pmm_status run_list_from(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_list_from(rt, &o, 1));
}

static enum pmm_status run_append(pmm_rt *rt, pmm_obj *o) {
  return pmmi_list_append(rt, o, pmmi_none(rt));
}

static enum pmm_status run_insert(pmm_rt *rt, pmm_obj *o) {
  return pmmi_list_insert(rt, o, 1, pmmi_none(rt));
}

static enum pmm_status run_list_slice(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_list_slice(rt, o, 1, 9));
}

static enum pmm_status run_list_concat(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_list_concat(rt, o, o));
}

static enum pmm_status run_list_repeat(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_list_repeat(rt, o, pmmi_int_new(rt, 5)));
}

static enum pmm_status run_repeat_inplace(pmm_rt *rt, pmm_obj *o) {
  return pmmi_list_repeat_inplace(rt, o, pmmi_int_new(rt, 5));
}

static enum pmm_status run_extend_itself(pmm_rt *rt, pmm_obj *o) {
  return pmmi_list_extend(rt, o, o);
}

static enum pmm_status run_extend_text(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *text = make_str(rt);
  enum pmm_status status =
      text != NULL ? pmmi_list_extend(rt, o, text) : PMM_NO_MEMORY;
  pmmi_xrelease(rt, text);
  return status;
}

static enum pmm_status run_assign_itself(pmm_rt *rt, pmm_obj *o) {
  return pmmi_list_assign_slice(rt, o, 2, 3, o);
}

static enum pmm_status run_assign_over(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *slice = pmmi_list_slice(rt, o, 0, SIZE_MAX);
  enum pmm_status status =
      slice != NULL ? pmmi_list_assign_slice(rt, o, 1, 13, slice)
                    : PMM_NO_MEMORY;
  pmmi_xrelease(rt, slice);
  return status;
}

static enum pmm_status run_delete(pmm_rt *rt, pmm_obj *o) {
  return pmmi_list_assign_slice(rt, o, 1, 13, NULL);
}

static enum pmm_status run_convert_iterator(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *iterator = pmmi_iter(rt, o);
  pmm_obj *list = NULL;
  if (iterator != NULL) {
    list = pmmi_list_convert(rt, iterator);
    pmmi_release(rt, iterator);
  }
  return sweep_done(rt, list);
}

static enum pmm_status key_int(void *ctx, pmm_rt *rt, pmm_obj *o,
                               pmm_obj **result) {
  (void)ctx;
  int64_t value;
  enum pmm_status status = pmmi_int_value(rt, o, &value);
  *result = status == PMM_OK ? pmmi_int_new(rt, -value) : NULL;
  return *result != NULL ? PMM_OK : pmmi_error(rt);
}

static enum pmm_status run_sort(pmm_rt *rt, pmm_obj *o) {
  return pmmi_list_sort(rt, o, NULL, NULL);
}

static enum pmm_status run_sort_key(pmm_rt *rt, pmm_obj *o) {
  return pmmi_list_sort(rt, o, key_int, NULL);
}

/* ---- copies -------------------------------------------------------------- */

static enum pmm_status run_copy(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_copy(rt, o));
}

/* The input is a cycle through its last item; so is the copy. */
static enum pmm_status run_copy_deep(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *copy = pmmi_copy_deep(rt, o);
  if (copy != NULL) {
    (void)pmmi_list_clear(rt, copy);
  }
  return sweep_done(rt, copy);
}

static enum pmm_status run_view(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_view_new(rt, o, 1, 9));
}

static enum pmm_status run_resize(pmm_rt *rt, pmm_obj *o) {
  return pmmi_bytearray_resize(rt, o, 200);
}

static enum pmm_status run_tee(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *pair = pmmi_tee(rt, o);
  pmm_obj *item = NULL;
  if (pair != NULL) {
    item = pmmi_next(rt, pmmi_tuple_get(rt, pair, 0));
    pmmi_release(rt, pair);
  }
  return sweep_done(rt, item);
}

static const struct {
  struct sweep_case c;
  uint64_t least;
} cases[] = {
    {{"int_new", make_none, run_int}, 1},
    {{"int_parse", make_none, run_parse}, 2},
    {{"float_new", make_none, run_float}, 1},
    {{"repr of a list", make_list, sweep_repr}, 30},
    {{"repr of a tuple", make_tuple, sweep_repr}, 50},
    {{"repr of a str", make_str, sweep_repr}, 2},
    {{"repr of bytes", make_bytes, sweep_repr}, 2},
    {{"str_new", make_none, run_str}, 1},
    {{"str_utf8", make_none, run_utf8}, 2},
    {{"str_slice", make_str, run_str_slice}, 1},
    {{"str_concat", make_str, run_str_concat}, 1},
    {{"str_repeat", make_str, run_str_repeat}, 1},
    {{"str_append, shared", make_str, run_append_shared}, 1},
    {{"str_append, alone", make_str, run_append_alone}, 2},
    {{"str_join", make_words, run_join}, 1},
    {{"str_join, iterator", make_words, run_join_iterator}, 4},
    {{"str_intern", make_none, run_intern}, 2},
    {{"bytes_slice", make_bytes, run_bytes_slice}, 1},
    {{"tuple_new", make_none, run_tuple_new}, 1},
    {{"tuple_concat", make_tuple, run_tuple_concat}, 1},
    {{"tuple_slice", make_tuple, run_tuple_slice}, 1},
    {{"tuple_repeat", make_tuple, run_tuple_repeat}, 1},
    {{"tuple_convert, list", make_list, run_tuple_convert}, 1},
    {{"tuple_convert, str", make_str, run_tuple_convert}, 4},
    {{"tuple_resize", make_tuple, run_tuple_resize}, 2},
    {{"list_from", make_none, run_list_from}, 2},
    {{"list_append", make_list, run_append}, 1},
    {{"list_insert", make_list, run_insert}, 1},
    {{"list_slice", make_list, run_list_slice}, 2},
    {{"list_concat", make_list, run_list_concat}, 2},
    {{"list_repeat", make_list, run_list_repeat}, 2},
    {{"list_repeat_inplace", make_list, run_repeat_inplace}, 1},
    {{"list_extend, itself", make_list, run_extend_itself}, 1},
    {{"list_extend, str", make_list, run_extend_text}, 3},
    {{"list_assign_slice, itself", make_list, run_assign_itself}, 3},
    {{"list_assign_slice", make_list, run_assign_over}, 3},
    {{"list_assign_slice, delete", make_list, run_delete}, 1},
    {{"list_convert, iterator", make_list, run_convert_iterator}, 3},
    {{"list_sort", make_list, run_sort}, 1},
    {{"list_sort, key", make_list, run_sort_key}, 17},
    {{"copy of a list", make_list, run_copy}, 2},
    {{"copy of an array", make_array, run_copy}, 2},
    {{"copy_deep of a list", make_list, run_copy_deep}, 3},
    {{"copy_deep of a cycle", make_nested, run_copy_deep}, 8},
    {{"view_new", make_bytes, run_view}, 1},
    {{"bytearray_resize", make_array, run_resize}, 1},
    {{"tee", make_list, run_tee}, 5},
};

static void test_all(pmm_rt *rt) {
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sweep(rt, &cases[i].c, cases[i].least);
  }
}

/* Opening allocates too, before inject_arm can be called; a backend that
 * fails stands in for it. */
static struct {
  const struct pmm_backend *real;
  uint64_t left;
} scarce;

static void *scarce_alloc(void *heap, size_t size) {
  return scarce.left-- > 0 ? scarce.real->alloc(heap, size) : NULL;
}

static void *scarce_alloc_zero(void *heap, size_t n, size_t size) {
  return scarce.left-- > 0 ? scarce.real->alloc_zero(heap, n, size) : NULL;
}

static void test_open(void) {
  char message[128];
  scarce.real = pmmi_backend_find("pool", message, sizeof message);
  struct pmm_backend backend = *scarce.real;
  backend.alloc = scarce_alloc;
  backend.alloc_zero = scarce_alloc_zero;
  struct pmm_open_config config = {.struct_size = sizeof config,
                                   .backend = &backend};
  enum pmm_status status = PMM_NO_MEMORY;
  uint64_t k = 0;
  int good = 1;
  for (; status == PMM_NO_MEMORY && k < 100; k++) {
    pmm_rt *rt = NULL;
    scarce.left = k;
    status = pmmi_open(&config, &rt);
    good = good && (rt != NULL) == (status == PMM_OK);
    if (rt != NULL) {
      pmmi_close(rt);
    }
  }
  tap_ok(good && status == PMM_OK && k > 4,
         "open survives %llu failures", (unsigned long long)(k - 1));
}

int main(void) {
  tap_plan(0);
  fixture_each("sweep", test_all);
  test_open();
  return tap_done();
}
