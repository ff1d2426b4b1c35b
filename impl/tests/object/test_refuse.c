/* SPDX-License-Identifier: MIT */
/*
 * test_refuse.c - operations on what they are not for.
 *
 * Each must say so with its status pending, keep its arguments as they are,
 * and leave nothing behind.
 */
#include "gc/gc.h"
#include "object/buffer.h"
#include "object/file.h"
#include "object/function.h"
#include "object/generator.h"
#include "object/set.h"
#include "object/weakmap.h"
#include "object/weakref.h"
#include "tests/object/fixture.h"

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
  return tap_done();
}
