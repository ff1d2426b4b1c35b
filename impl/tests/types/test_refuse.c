/* SPDX-License-Identifier: MIT */
/*
 * test_refuse.c - operations on what they are not for.
 *
 * Each must say so with its status pending, keep its arguments as they are,
 * and leave nothing behind.
 */
#include "code/chunks.h"
#include "code/file.h"
#include "code/function.h"
#include "code/generator.h"
#include "gc/gc.h"
#include "tests/fixture.h"
#include "types/buffer.h"
#include "types/compare.h"
#include "types/dict.h"
#include "types/finalizer.h"
#include "types/set.h"
#include "types/weakmap.h"
#include "types/weakref.h"

/* A status operation, a handle operation: `call` fails with `status`. */
#define REFUSES(call, status) \
  tap_ok((call) == (status) && fixture_failed(rt, status), #call)
#define GIVES_NULL(call, status) \
  tap_ok((const void *)(call) == NULL && fixture_failed(rt, status), #call)

static void test_lists(pmm_rt *rt) {
  pmm_obj *none = pmmi_none(rt);
  REFUSES(pmmi_list_append(rt, none, none), PMM_TYPE);
  REFUSES(pmmi_list_insert(rt, none, 0, none), PMM_TYPE);
  REFUSES(pmmi_list_remove(rt, none, none), PMM_TYPE);
  REFUSES(pmmi_list_clear(rt, none), PMM_TYPE);
  REFUSES(pmmi_list_extend(rt, none, none), PMM_TYPE);
  REFUSES(pmmi_list_repeat_inplace(rt, none, none), PMM_TYPE);
  REFUSES(pmmi_list_assign_slice(rt, none, 0, 1, none), PMM_TYPE);
  REFUSES(pmmi_list_reverse(rt, none), PMM_TYPE);
  REFUSES(pmmi_list_sort(rt, none, NULL, NULL), PMM_TYPE);
  GIVES_NULL(pmmi_list_pop(rt, none, 0), PMM_TYPE);
  GIVES_NULL(pmmi_list_slice(rt, none, 0, 1), PMM_TYPE);
  GIVES_NULL(pmmi_list_concat(rt, none, none), PMM_TYPE);
  GIVES_NULL(pmmi_list_repeat(rt, none, none), PMM_TYPE);
}

static void test_tuples_and_text(pmm_rt *rt) {
  pmm_obj *none = pmmi_none(rt);
  size_t size;
  pmm_obj *name = none;
  REFUSES(pmmi_tuple_set_steal(rt, none, 0, none), PMM_TYPE);
  GIVES_NULL(pmmi_tuple_slice(rt, none, 0, 1), PMM_TYPE);
  GIVES_NULL(pmmi_tuple_concat(rt, none, none), PMM_TYPE);
  GIVES_NULL(pmmi_tuple_repeat(rt, none, 2), PMM_TYPE);
  GIVES_NULL(pmmi_str_slice(rt, none, 0, 1), PMM_TYPE);
  GIVES_NULL(pmmi_str_repeat(rt, none, 2), PMM_TYPE);
  GIVES_NULL(pmmi_str_strip(rt, none), PMM_TYPE);
  GIVES_NULL(pmmi_str_join(rt, none, none), PMM_TYPE);
  GIVES_NULL(pmmi_str_utf8(rt, none, &size), PMM_TYPE);
  REFUSES(pmmi_str_intern(rt, &name), PMM_TYPE);
  GIVES_NULL(pmmi_bytes_data(rt, none, &size), PMM_TYPE);
  GIVES_NULL(pmmi_bytes_slice(rt, none, 0, 1), PMM_TYPE);
  REFUSES(pmmi_bytearray_resize(rt, none, 1), PMM_TYPE);
  GIVES_NULL(pmmi_array_new(rt, (enum pmm_item_kind)9, 1), PMM_VALUE);
}

static void test_numbers(pmm_rt *rt) {
  pmm_obj *none = pmmi_none(rt);
  int64_t integer;
  double real;
  size_t length;
  REFUSES(pmmi_int_value(rt, none, &integer), PMM_TYPE);
  REFUSES(pmmi_float_value(rt, none, &real), PMM_TYPE);
  REFUSES(pmmi_length(rt, none, &length), PMM_TYPE);
  GIVES_NULL(pmmi_int_parse(rt, "12x"), PMM_VALUE);
  GIVES_NULL(pmmi_iter(rt, none), PMM_TYPE);
  GIVES_NULL(pmmi_next(rt, none), PMM_TYPE);
}

static void test_instances(pmm_rt *rt) {
  struct pmm_type_spec spec = {
      .struct_size = sizeof spec, .name = "plain", .slots = 1};
  pmm_obj *none = pmmi_none(rt);
  pmm_obj *type = pmmi_type_new(rt, &spec);
  tap_need(type != NULL);
  pmm_obj *o = pmmi_instance_new(rt, type, 1);
  tap_need(o != NULL);
  GIVES_NULL(pmmi_instance_new(rt, none, 1), PMM_TYPE);
  GIVES_NULL(pmmi_slot_get(rt, none, 0), PMM_TYPE);
  GIVES_NULL(pmmi_slot_get(rt, o, 1), PMM_INDEX);
  REFUSES(pmmi_slot_set(rt, none, 0, none), PMM_TYPE);
  REFUSES(pmmi_slot_set(rt, o, 1, none), PMM_INDEX);
  GIVES_NULL(pmmi_attr_get(rt, o, "colour"), PMM_TYPE);
  REFUSES(pmmi_attr_set(rt, o, "colour", none), PMM_TYPE);
  tap_ok(pmmi_instance_cookie(rt, o) == 1 &&
             pmmi_instance_cookie(rt, none) == 0,
         "only instances have cookies");
  spec.slots = PMMI_INSTANCE_SLOTS + 1;
  GIVES_NULL(pmmi_type_new(rt, &spec), PMM_UNSUPPORTED);
  spec.slots = 1;
  spec.flags = PMM_TYPE_TUPLE;
  GIVES_NULL(pmmi_type_new(rt, &spec), PMM_UNSUPPORTED);
  GIVES_NULL(pmmi_tuple_subtype_new(rt, type, NULL, 0), PMM_TYPE);
  pmmi_release(rt, o);
  pmmi_release(rt, type);
}

static void test_weak(pmm_rt *rt) {
  pmm_obj *none = pmmi_none(rt);
  size_t length;
  GIVES_NULL(pmmi_weakref_new(rt, none, NULL, NULL, 0), PMM_TYPE);
  GIVES_NULL(pmmi_weakref_with(rt, none, none), PMM_TYPE);
  GIVES_NULL(pmmi_weakref_get(rt, none), PMM_TYPE);
  GIVES_NULL(pmmi_proxy_slot(rt, none, 0), PMM_TYPE);
  tap_ok(pmmi_weakref_count(rt, none) == 0, "none has no weak references");
  GIVES_NULL(pmmi_weak_new(rt, (enum pmm_weak_kind)9), PMM_VALUE);
  REFUSES(pmmi_weak_set(rt, none, none, none), PMM_TYPE);
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmm_obj *set = pmmi_set_new(rt, list);
  tap_need(set != NULL);
  pmm_obj *proxy = pmmi_proxy_new(rt, set);
  tap_need(proxy != NULL);
  tap_ok(pmmi_length(rt, proxy, &length) == PMM_OK && length == 0,
         "a proxy has its target's length");
  pmmi_release(rt, set);
  REFUSES(pmmi_length(rt, proxy, &length), PMM_REFERENCE);
  pmmi_release(rt, proxy);
  pmmi_release(rt, list);
}

static void test_running(pmm_rt *rt) {
  pmm_obj *none = pmmi_none(rt);
  GIVES_NULL(pmmi_call(rt, none, NULL, 0), PMM_TYPE);
  GIVES_NULL(pmmi_callable_new(rt, NULL, NULL), PMM_VALUE);
  GIVES_NULL(pmmi_generator_send(rt, none, NULL), PMM_TYPE);
  GIVES_NULL(pmmi_generator_throw(rt, none, PMM_USER), PMM_TYPE);
  REFUSES(pmmi_generator_close(rt, none), PMM_TYPE);
  GIVES_NULL(pmmi_file_read(rt, none, 1), PMM_TYPE);
  GIVES_NULL(pmmi_file_read_line(rt, none), PMM_TYPE);
  REFUSES(pmmi_file_write(rt, none, "x", 1), PMM_TYPE);
}

static void test_collector(pmm_rt *rt) {
  struct pmm_gc_stats stats = {.struct_size = sizeof stats};
  uint64_t found;
  REFUSES(pmmi_collect(rt, 3, &found), PMM_VALUE);
  REFUSES(pmmi_gc_stats(rt, 3, &stats), PMM_VALUE);
  REFUSES(pmmi_gc_debug_set(rt, 1u << 30), PMM_VALUE);
  GIVES_NULL(pmmi_gc_objects(rt, 3), PMM_VALUE);
  pmm_obj *nobody = pmmi_gc_referents(rt, pmmi_none(rt));
  tap_ok(nobody != NULL && fixture_length(rt, nobody) == 0,
         "none refers to nobody");
  pmmi_xrelease(rt, nobody);
}

/* The first operand is right, the second is not, or the other way round. */
static void test_second_operands(pmm_rt *rt) {
  pmm_obj *none = pmmi_none(rt);
  pmm_obj *list = fixture_range(rt, 1000, 1003);
  pmm_obj *tuple = pmmi_tuple_convert(rt, list);
  pmm_obj *text = fixture_str(rt, "text");
  pmm_obj *holder = pmmi_new_reference(rt, text);
  GIVES_NULL(pmmi_list_concat(rt, list, none), PMM_TYPE);
  GIVES_NULL(pmmi_tuple_concat(rt, tuple, none), PMM_TYPE);
  GIVES_NULL(pmmi_str_concat(rt, text, none), PMM_TYPE);
  GIVES_NULL(pmmi_str_concat(rt, none, text), PMM_TYPE);
  REFUSES(pmmi_str_append(rt, &holder, none), PMM_TYPE);
  tap_ok(holder == NULL, "a failed in-place sum empties its holder");
  holder = none;
  REFUSES(pmmi_str_append(rt, &holder, text), PMM_TYPE);
  GIVES_NULL(pmmi_list_get(rt, none, 0), PMM_TYPE);
  GIVES_NULL(pmmi_list_get(rt, list, 3), PMM_INDEX);
  REFUSES(pmmi_list_set(rt, none, 0, text), PMM_TYPE);
  REFUSES(pmmi_list_set(rt, list, 3, text), PMM_INDEX);
  REFUSES(pmmi_refcount_set(rt, text, 0), PMM_VALUE);
  REFUSES(pmmi_refcount_set(rt, text, UINT64_MAX), PMM_VALUE);
  REFUSES(pmmi_refcount_set(rt, none, 1), PMM_VALUE);
  tap_ok(pmmi_refcount(rt, text) == 1, "and gives back what it was given");
  pmmi_release(rt, text);
  pmmi_release(rt, tuple);
  pmmi_release(rt, list);
}

static void test_wrong_text(pmm_rt *rt) {
  static const char *const texts[] = {"\x80",         "\xc1\x80",
                                      "\xc3(",        "\xe2\x82(",
                                      "\xe2\x82",     "\xf5\x80\x80\x80",
                                      "\xe0\x80\x80", "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    tap_ok(fixture_str(rt, texts[i]) == NULL &&
               fixture_failed(rt, PMM_VALUE),
           "bytes %zu are no UTF-8", i);
  }
  pmmi_error_set(rt, PMM_USER, NULL);
  tap_ok(pmmi_error_message(rt)[0] == '\0' && fixture_failed(rt, PMM_USER),
         "an error may have no words");
}

static void test_keys_and_sizes(pmm_rt *rt) {
  pmm_obj *none = pmmi_none(rt);
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmm_obj *target = pmmi_set_new(rt, list);
  pmm_obj *values = pmmi_weak_new(rt, PMM_WEAK_VALUES);
  pmm_obj *bytes = pmmi_bytearray_new(rt, 5);
  GIVES_NULL(pmmi_weak_new(rt, (enum pmm_weak_kind)0), PMM_VALUE);
  REFUSES(pmmi_weak_set(rt, values, list, target), PMM_TYPE);
  REFUSES(pmmi_weak_delete(rt, values, none), PMM_KEY);
  REFUSES(pmmi_weak_delete(rt, values, list), PMM_TYPE);
  GIVES_NULL(pmmi_array_new(rt, (enum pmm_item_kind)0, 1), PMM_VALUE);
  GIVES_NULL(pmmi_array_new(rt, PMM_ITEM_INT64, SIZE_MAX), PMM_NO_MEMORY);
  tap_ok(pmmi_bytearray_resize(rt, bytes, 5) == PMM_OK &&
             fixture_length(rt, bytes) == 5,
         "the same size is no change");
  GIVES_NULL(pmmi_chunks(rt, list, 0), PMM_VALUE);
  pmmi_release(rt, bytes);
  pmmi_release(rt, values);
  pmmi_release(rt, target);
  pmmi_release(rt, list);
}

static void test_dicts(pmm_rt *rt) {
  pmm_obj *none = pmmi_none(rt);
  pmm_obj *dict = pmmi_dict_new(rt);
  GIVES_NULL(pmmi_dict_get(rt, none, none), PMM_TYPE);
  tap_ok(pmmi_dict_set(rt, dict, none, none) == PMM_OK &&
             pmmi_dict_delete(rt, dict, none) == PMM_OK,
         "an entry comes and goes");
  pmm_obj *copy = pmmi_dict_copy(rt, dict);
  tap_ok(copy != NULL && fixture_length(rt, copy) == 0,
         "a dict that was emptied is copied");
  pmmi_release(rt, copy);
  pmmi_release(rt, dict);
}

static void test_tuple_resize(pmm_rt *rt) {
  struct pmm_type_spec spec = {
      .struct_size = sizeof spec, .name = "point", .flags = PMM_TYPE_TUPLE};
  pmm_obj *type = pmmi_type_new(rt, &spec);
  pmm_obj *tuple = pmmi_tuple_new(rt, 3);
  tap_ok(pmmi_tuple_resize(rt, &tuple, 3) == PMM_OK &&
             fixture_length(rt, tuple) == 3,
         "the same length is no change");
  pmmi_release(rt, tuple);
  tuple = pmmi_tuple_subtype_new(rt, type, (pmm_obj *[]){pmmi_none(rt)}, 1);
  REFUSES(pmmi_tuple_resize(rt, &tuple, 2), PMM_SYSTEM);
  tap_ok(tuple == NULL, "a failed resize takes the tuple");
  pmmi_release(rt, type);
}

static enum pmm_status count_call(void *ctx, pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  (void)o;
  ++*(int *)ctx;
  return PMM_OK;
}

static void test_finalizers(pmm_rt *rt) {
  int calls = 0;
  int called = 1;
  pmm_obj *none = pmmi_none(rt);
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmm_obj *target = pmmi_set_new(rt, list);
  pmm_obj *finalize = pmmi_finalize_new(rt, target, count_call, &calls, 0);
  REFUSES(pmmi_finalize_call(rt, none, &called), PMM_TYPE);
  REFUSES(pmmi_finalize_detach(rt, none), PMM_TYPE);
  tap_ok(!called, "what is no finalizer is not called");
  tap_ok(pmmi_finalize_call(rt, finalize, &called) == PMM_OK && called &&
             pmmi_finalize_call(rt, finalize, &called) == PMM_OK && !called &&
             calls == 1,
         "one is called once");
  tap_ok(pmmi_finalize_detach(rt, finalize) == PMM_OK,
         "and has then nothing to detach");
  pmmi_release(rt, finalize);
  pmmi_release(rt, target);
  pmmi_release(rt, list);
  tap_ok(calls == 1, "nor to call when its target dies");
}

/* Types that cannot be: what a flag excludes. */
static void test_types(pmm_rt *rt) {
  static const struct pmm_type_spec wrong[] = {
      {.name = "t", .flags = PMM_TYPE_TUPLE, .finalizer = count_call},
      {.name = "t", .flags = PMM_TYPE_TUPLE | PMM_TYPE_WEAKREF},
      {.name = "t", .flags = PMM_TYPE_TUPLE | PMM_TYPE_DICT},
      {.name = "t", .flags = PMM_TYPE_GC | PMM_TYPE_FAULT_SKIP},
      {.name = "t", .flags = PMM_TYPE_TUPLE | PMM_TYPE_FAULT_BORROW}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct pmm_type_spec spec = wrong[i];
    spec.struct_size = sizeof spec;
    GIVES_NULL(pmmi_type_new(rt, &spec), PMM_UNSUPPORTED);
  }
  struct pmm_type_spec spec = {.struct_size = sizeof spec};
  pmm_obj *type = pmmi_type_new(rt, &spec);
  pmm_obj *o = pmmi_instance_new(rt, type, 1);
  tap_ok(o != NULL && strcmp(pmmi_type_name(rt, o), "object") == 0,
         "a type without a name is \"object\"");
  pmmi_release(rt, o);
  pmmi_release(rt, type);
}

/* A list in a list in a list, deeper than any comparison goes. */
static pmm_obj *deep(pmm_rt *rt) {
  pmm_obj *o = pmmi_list_new(rt, 0);
  for (int i = 0; i < 5000 && o != NULL; i++) {
    pmm_obj *outer = pmmi_list_from(rt, &o, 1);
    pmmi_release(rt, o);
    o = outer;
  }
  return o;
}

static void test_too_deep(pmm_rt *rt) {
  pmm_obj *a = deep(rt);
  pmm_obj *b = deep(rt);
  pmm_obj *list = pmmi_list_from(rt, &a, 1);
  pmm_obj *both = pmmi_list_from(rt, (pmm_obj *[]){a, b}, 2);
  int answer = -1;
  REFUSES(pmmi_equals(rt, a, b, &answer), PMM_RECURSION);
  REFUSES(pmmi_less(rt, a, b, &answer), PMM_RECURSION);
  REFUSES(pmmi_list_remove(rt, list, b), PMM_RECURSION);
  REFUSES(pmmi_list_sort(rt, both, NULL, NULL), PMM_RECURSION);
  tap_ok(fixture_length(rt, list) == 1 && fixture_length(rt, both) == 2,
         "no list has changed");
  pmmi_release(rt, both);
  pmmi_release(rt, list);
  pmmi_release(rt, b);
  pmmi_release(rt, a);
}

/* The callback is an object here: it is called with the dead reference. */
static enum pmm_status note_death(void *ctx, pmm_rt *rt, pmm_obj *ref,
                                  pmm_obj **result) {
  int *calls = ctx;
  *calls += pmmi_weakref_get(rt, ref) == NULL;
  *result = NULL;
  return PMM_OK;
}

static void test_callback_object(pmm_rt *rt) {
  int calls = 0;
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmm_obj *target = pmmi_set_new(rt, list);
  pmm_obj *callable = pmmi_callable_new(rt, note_death, &calls);
  tap_need(target != NULL && callable != NULL);
  pmm_obj *ref = pmmi_weakref_with(rt, target, callable);
  tap_need(ref != NULL);
  pmmi_release(rt, callable);
  pmmi_release(rt, target);
  tap_ok(calls == 1, "an object that is a callback is called once");
  pmmi_release(rt, ref);
  pmmi_release(rt, list);
}

int main(void) {
  tap_plan(0);
  fixture_each("lists", test_lists);
  fixture_each("tuples and text", test_tuples_and_text);
  fixture_each("numbers", test_numbers);
  fixture_each("instances", test_instances);
  fixture_each("weak references", test_weak);
  fixture_each("running", test_running);
  fixture_each("the collector", test_collector);
  fixture_each("callback objects", test_callback_object);
  fixture_each("second operands", test_second_operands);
  fixture_each("wrong text", test_wrong_text);
  fixture_each("keys and sizes", test_keys_and_sizes);
  fixture_each("dicts", test_dicts);
  fixture_each("resizing tuples", test_tuple_resize);
  fixture_each("finalizers", test_finalizers);
  fixture_each("what is too deep", test_too_deep);
  fixture_each("types", test_types);
  return tap_done();
}
