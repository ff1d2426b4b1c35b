/* SPDX-License-Identifier: MIT */
/*
 * test_sweep_mixed.c - as test_sweep.c: deep copies, subclasses of tuple, calls
 * of the host, weak references with callables, files that tell no size.
 */
#include "code/file.h"
#include "code/function.h"
#include "tests/fixture.h"
#include "types/buffer.h"
#include "types/copy.h"
#include "types/dict.h"
#include "types/instance.h"
#include "types/set.h"
#include "types/weakref.h"

/* ---- copies -------------------------------------------------------------- */

/* {0: [1000], 1: [1000], ...} */
static pmm_obj *make_dict(pmm_rt *rt) {
  pmm_obj *dict = pmmi_dict_new(rt);
  for (int64_t i = 0; i < 8; i++) {
    pmm_obj *list = fixture_range(rt, 1000, 1001);
    (void)pmmi_dict_set(rt, dict, pmmi_int_new(rt, i), list);
    pmmi_release(rt, list);
  }
  return dict;
}

static pmm_obj *make_tuple_of_list(pmm_rt *rt) {
  pmm_obj *list = fixture_range(rt, 1000, 1003);
  pmm_obj *tuple = pmmi_tuple_from(rt, &list, 1);
  pmmi_release(rt, list);
  return tuple;
}

static pmm_obj *make_set(pmm_rt *rt) {
  pmm_obj *numbers = fixture_range(rt, 1000, 1012);
  pmm_obj *set = pmmi_set_new(rt, numbers);
  pmmi_release(rt, numbers);
  return set;
}

/* As many as make the table of copies grow at a set, or at a tuple. */
static pmm_obj *make_six(pmm_rt *rt, pmm_obj *(*make)(pmm_rt *rt)) {
  pmm_obj *list = pmmi_list_new(rt, 0);
  for (int i = 0; i < 6; i++) {
    pmm_obj *item = make(rt);
    (void)pmmi_list_append(rt, list, item);
    pmmi_release(rt, item);
  }
  return list;
}

static pmm_obj *make_sets(pmm_rt *rt) { return make_six(rt, make_set); }

static pmm_obj *make_tuples(pmm_rt *rt) {
  return make_six(rt, make_tuple_of_list);
}

static pmm_obj *make_frozenset(pmm_rt *rt) {
  pmm_obj *numbers = fixture_range(rt, 1000, 1012);
  pmm_obj *set = pmmi_frozenset_new(rt, numbers);
  pmmi_release(rt, numbers);
  return set;
}

static pmm_obj *make_bytearray(pmm_rt *rt) {
  return pmmi_bytearray_new(rt, 100);
}

static pmm_obj *tuple_type(pmm_rt *rt) {
  const struct pmm_type_spec spec = {
      .struct_size = sizeof spec, .name = "pair", .flags = PMM_TYPE_TUPLE};
  return pmmi_type_new(rt, &spec);
}

/* An instance of a subclass of tuple that holds a list. */
static pmm_obj *make_subclass(pmm_rt *rt) {
  pmm_obj *type = tuple_type(rt);
  pmm_obj *list = fixture_range(rt, 1000, 1003);
  pmm_obj *tuple = pmmi_tuple_subtype_new(rt, type, &list, 1);
  pmmi_release(rt, list);
  pmmi_release(rt, type);
  return tuple;
}

static enum pmm_status run_copy(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_copy(rt, o));
}

static enum pmm_status run_subclass(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *type = tuple_type(rt);
  pmm_obj *tuple = NULL;
  if (type != NULL) {
    tuple = pmmi_tuple_subtype_new(rt, type, (pmm_obj *[]){o, o}, 2);
    pmmi_release(rt, type);
  }
  return sweep_done(rt, tuple);
}

/* ---- calls and weak references ------------------------------------------- */

static pmm_obj *make_none(pmm_rt *rt) { return pmmi_none(rt); }

static pmm_obj *make_target(pmm_rt *rt) {
  const struct pmm_type_spec spec = {.struct_size = sizeof spec,
                                     .name = "target",
                                     .flags = PMM_TYPE_WEAKREF};
  pmm_obj *type = pmmi_type_new(rt, &spec);
  pmm_obj *target = pmmi_instance_new(rt, type, 1);
  pmmi_release(rt, type);
  return target;
}

static enum pmm_status called(void *ctx, pmm_rt *rt, pmm_obj *arg,
                              pmm_obj **result) {
  (void)ctx;
  *result = pmmi_new_reference(rt, arg);
  return PMM_OK;
}

/* Two arguments reach the host as a tuple. */
static enum pmm_status run_call(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *callable = pmmi_callable_new(rt, called, NULL);
  pmm_obj *result = NULL;
  if (callable != NULL) {
    result = pmmi_call(rt, callable, (pmm_obj *[]){o, o}, 2);
    pmmi_release(rt, callable);
  }
  return sweep_done(rt, result);
}

static enum pmm_status run_weakref_with(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *callable = pmmi_callable_new(rt, called, NULL);
  pmm_obj *ref = NULL;
  if (callable != NULL) {
    ref = pmmi_weakref_with(rt, o, callable);
    pmmi_release(rt, callable);
  }
  return sweep_done(rt, ref);
}

/* ---- files --------------------------------------------------------------- */

/* A file that has no size beforehand, so that reading it grows. */
static pmm_obj *make_file(pmm_rt *rt) {
  return pmmi_file_open(rt, "/proc/self/smaps", "r");
}

static enum pmm_status run_read(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_file_read(rt, o, SIZE_MAX));
}

static enum pmm_status run_open(pmm_rt *rt, pmm_obj *o) {
  (void)o;
  pmm_obj *file = make_file(rt);
  if (file != NULL) {
    (void)pmmi_file_close(rt, file);
  }
  return sweep_done(rt, file);
}

static const struct {
  struct sweep_case c;
  uint64_t least;
} cases[] = {
    {{"copy_deep of a dict", make_dict, sweep_copy_deep}, 20},
    {{"copy_deep of a tuple", make_tuple_of_list, sweep_copy_deep}, 5},
    {{"copy_deep of a set", make_set, sweep_copy_deep}, 5},
    {{"copy_deep of sets", make_sets, sweep_copy_deep}, 20},
    {{"copy_deep of tuples", make_tuples, sweep_copy_deep}, 20},
    {{"copy_deep of a frozenset", make_frozenset, sweep_copy_deep}, 5},
    {{"copy_deep of an array", make_bytearray, sweep_copy_deep}, 2},
    {{"copy_deep of a subclass", make_subclass, sweep_copy_deep}, 5},
    {{"copy of a dict", make_dict, run_copy}, 2},
    {{"copy of a subclass", make_subclass, run_copy}, 1},
    {{"tuple_subtype_new", make_none, run_subclass}, 3},
    {{"call with two arguments", make_none, run_call}, 2},
    {{"weakref_with", make_target, run_weakref_with}, 2},
    {{"file_read", make_file, run_read}, 2},
    {{"file_open", make_none, run_open}, 2},
};

static void test_all(pmm_rt *rt) {
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sweep(rt, &cases[i].c, cases[i].least);
  }
}

int main(void) {
  tap_plan(0);
  fixture_each("sweep", test_all);
  return tap_done();
}
