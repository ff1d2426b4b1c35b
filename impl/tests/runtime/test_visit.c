/* SPDX-License-Identifier: MIT */
/*
 * test_visit.c - a visit stops where its visitor says so.
 *
 * Of every kind of object that owns others one is made.  A visitor that stops
 * at the k-th reference, for each k, must be called k times, and its answer
 * must come back: a collector's step that was cut short would else go on
 * behind its budget.
 */
#include "tests/code/lab.h"

#include "code/chunks.h"
#include "code/exception.h"
#include "gc/visit.h"
#include "types/dict.h"
#include "types/finalizer.h"
#include "types/instance.h"
#include "types/iter.h"
#include "types/set.h"
#include "types/weakmap.h"

enum { STOPPED = 7 };

struct visitor {
  size_t seen;
  size_t stop_at; /* 0: never                                               */
};

static int visit_one(void *ctx, pmm_obj *o) {
  struct visitor *v = ctx;
  (void)o;
  return ++v->seen == v->stop_at ? STOPPED : 0;
}

/* Visit it with every stop; releases it.  `least` references it owns. */
static void obeys(pmm_rt *rt, const char *what, pmm_obj *o, size_t least) {
  tap_need(o != NULL);
  struct visitor all = {0, 0};
  int good = pmmi_visit(o, visit_one, &all) == 0 && all.seen >= least;
  for (size_t k = 1; k <= all.seen; k++) {
    struct visitor some = {0, k};
    good = pmmi_visit(o, visit_one, &some) == STOPPED && some.seen == k &&
           good;
    some = (struct visitor){0, k};
    good = o->type->traverse(o, visit_one, &some) == STOPPED &&
           some.seen == k && good;
  }
  tap_ok(good, "%s with %zu references", what, all.seen);
  pmmi_release(rt, o);
}

/* ---- one of each kind ---------------------------------------------------- */

static pmm_obj *list_of(pmm_rt *rt, size_t n) {
  pmm_obj *list = pmmi_list_new(rt, 0);
  for (size_t i = 0; i < n; i++) {
    pmm_obj *probe = lab_probe(rt, (int64_t)i);
    (void)pmmi_list_append(rt, list, probe);
    pmmi_release(rt, probe);
  }
  return list;
}

static void containers(pmm_rt *rt) {
  pmm_obj *list = list_of(rt, 3);
  obeys(rt, "a tuple", pmmi_tuple_convert(rt, list), 3);
  obeys(rt, "a set", pmmi_set_new(rt, list), 3);
  obeys(rt, "a frozenset", pmmi_frozenset_new(rt, list), 3);
  pmm_obj *dict = pmmi_dict_new(rt);
  for (size_t i = 0; i < 3; i++) {
    pmm_obj *item = pmmi_list_get(rt, list, i);
    (void)pmmi_dict_set(rt, dict, item, item);
  }
  obeys(rt, "an iterator of a dict", pmmi_dict_iter(rt, dict), 1);
  obeys(rt, "a dict", dict, 6);
  pmm_obj *map = pmmi_weak_new(rt, PMM_WEAK_VALUES);
  for (size_t i = 0; i < 2; i++) {
    pmm_obj *item = pmmi_list_get(rt, list, i);
    (void)pmmi_weak_set(rt, map, item, item);
  }
  obeys(rt, "a map of weak values", map, 4);
  obeys(rt, "a list", list, 3);
}

static void iterators(pmm_rt *rt) {
  pmm_obj *list = list_of(rt, 3);
  obeys(rt, "an iterator", pmmi_iter(rt, list), 1);
  obeys(rt, "chunks", pmmi_chunks(rt, list, 2), 1);
  pmm_obj *iterator = pmmi_iter(rt, list);
  pmm_obj *pair = pmmi_tee(rt, iterator);
  tap_need(pair != NULL);
  pmm_obj *first = pmmi_new_reference(rt, pmmi_tuple_get(rt, pair, 0));
  pmm_obj *second = pmmi_new_reference(rt, pmmi_tuple_get(rt, pair, 1));
  pmmi_release(rt, pair);
  pmmi_release(rt, iterator);
  pmmi_xrelease(rt, pmmi_next(rt, first));
  pmmi_xrelease(rt, pmmi_next(rt, first));
  struct visitor all = {0, 0};
  tap_ok(pmmi_visit(second, visit_one, &all) == 0 && all.seen > 0,
         "the slower of two has items to come");
  obeys(rt, "a tee that is ahead", first, 1);
  obeys(rt, "a tee that is behind", second, 1);
  pmmi_release(rt, list);
}

static pmm_obj *with_attributes(pmm_rt *rt, pmm_obj *value, int n) {
  struct pmm_type_spec spec = {.struct_size = sizeof spec,
                               .name = "open",
                               .slots = 2,
                               .flags = PMM_TYPE_GC | PMM_TYPE_DICT};
  pmm_obj *type = pmmi_type_new(rt, &spec);
  pmm_obj *o = pmmi_instance_new(rt, type, 1);
  (void)pmmi_slot_set(rt, o, 1, value);
  for (int i = 0; i < n; i++) {
    char name[16];
    (void)snprintf(name, sizeof name, "name%d", i);
    (void)pmmi_attr_set(rt, o, name, value);
  }
  pmmi_release(rt, type);
  return o;
}

static void instances(pmm_rt *rt) {
  pmm_obj *list = list_of(rt, 1);
  obeys(rt, "an instance", with_attributes(rt, list, 0), 1);
  obeys(rt, "one with attributes", with_attributes(rt, list, 3), 4);
  obeys(rt, "one with names of its own", with_attributes(rt, list, 40), 41);
  pmm_obj *target = pmmi_list_get(rt, list, 0);
  pmm_obj *callable = pmmi_callable_new(rt, answer_none, NULL);
  obeys(rt, "a weak reference", pmmi_weakref_new(rt, target, NULL, NULL, 0),
        0);
  obeys(rt, "one that calls back", pmmi_weakref_with(rt, target, callable),
        1);
  pmmi_release(rt, callable);
  pmmi_release(rt, list);
}

/* An inner function, with a constant, that captures a local. */
static void functions(pmm_rt *rt) {
  pmm_obj *constant = list_of(rt, 1);
  struct pmm_code inner = CODE(0, 1, RETURN(0));
  const struct pmm_code *const inside[] = {&inner, &inner};
  struct pmm_code code =
      CODE(1, 3, CONST(1, 0), {PMM_CLOSURE, 2, 0, 0}, RETURN(2));
  inner.captured = 1;
  code.captured = 1;
  code.codes = inside;
  code.code_count = 2;
  code.constants = &constant;
  code.constant_count = 1;
  pmm_obj *outer = pmmi_function_new(rt, &code);
  tap_need(outer != NULL);
  pmm_obj *closure = pmmi_call(rt, outer, &constant, 1);
  tap_need(closure != NULL);
  struct pmmi_function *function = (struct pmmi_function *)(void *)outer;
  struct pmmi_function *inside_it = (struct pmmi_function *)(void *)closure;
  obeys(rt, "a code", pmmi_new_reference(rt, &function->code->base), 3);
  obeys(rt, "cells", pmmi_new_reference(rt, inside_it->cells), 1);
  obeys(rt, "a closure", closure, 2);
  obeys(rt, "a function", outer, 1);
  pmmi_release(rt, constant);
}

/* Suspended in a handler within a loop: its frame owns the code, three locals,
 * the iterator, the error and the frame's object. */
static void generators(pmm_rt *rt) {
  pmm_obj *list = list_of(rt, 2);
  struct pmm_code code =
      CODE(1, 3, EACH(1, 0), TRY, RAISE(PMM_VALUE), EXCEPT_AS(2, PMM_VALUE),
           YIELD(2), END, END);
  pmm_obj *generator = pmmi_generator_new(rt, &code, &list, 1);
  tap_need(generator != NULL);
  pmm_obj *exception = pmmi_next(rt, generator);
  tap_need(exception != NULL);
  obeys(rt, "a generator in a handler", generator, 7);
  pmm_obj *frames = ((struct pmmi_exception *)(void *)exception)->frames;
  obeys(rt, "a frame that was kept",
        pmmi_new_reference(rt, pmmi_list_get(rt, frames, 0)), 0);
  obeys(rt, "an exception", exception, 1);
  pmmi_release(rt, list);
}

int main(int argc, char **argv) {
  pmm_rt *rt = lab_open(argc, argv);
  tap_plan(0);
  containers(rt);
  iterators(rt);
  instances(rt);
  functions(rt);
  generators(rt);
  tap_ok(lab_clean(rt), "nothing is left");
  pmmi_close(rt);
  return tap_done();
}
