/* SPDX-License-Identifier: MIT */
/* test_copy_state.c - copies of what has a state: instances, iterators. */
#include "code/function.h"
#include "tests/fixture.h"
#include "types/copy.h"
#include "types/dict.h"
#include "types/instance.h"
#include "types/iter.h"
#include "types/set.h"
#include "types/weakref.h"

static pmm_obj *new_type(pmm_rt *rt, uint32_t flags) {
  const struct pmm_type_spec spec = {.struct_size = sizeof spec,
                                     .name = "node",
                                     .slots = 2,
                                     .flags = flags};
  return pmmi_type_new(rt, &spec);
}

/* With a list in slot 0, the list again as 35 attributes, slot 1 empty. */
static pmm_obj *new_node(pmm_rt *rt, uint32_t flags) {
  pmm_obj *type = new_type(rt, flags);
  pmm_obj *node = pmmi_instance_new(rt, type, 5);
  pmm_obj *list = fixture_range(rt, 0, 2);
  (void)pmmi_slot_set(rt, node, 0, list);
  for (int i = 0; i < 35 && (flags & PMM_TYPE_DICT) != 0; i++) {
    char name[8];
    snprintf(name, sizeof name, "a%d", i);
    (void)pmmi_attr_set(rt, node, name, list);
  }
  pmmi_release(rt, list);
  pmmi_release(rt, type);
  return node;
}

static pmm_obj *make_node(pmm_rt *rt) {
  return new_node(rt, PMM_TYPE_GC | PMM_TYPE_DICT);
}

static pmm_obj *make_plain(pmm_rt *rt) { return new_node(rt, 0); }

/* 1 when every attribute of `o` is `value`. */
static int all_are(pmm_rt *rt, pmm_obj *o, const pmm_obj *value) {
  int same = 1;
  for (int i = 0; i < 35; i++) {
    char name[8];
    snprintf(name, sizeof name, "a%d", i);
    same = same && pmmi_attr_get(rt, o, name) == value;
  }
  return same;
}

static void test_instances(pmm_rt *rt) {
  pmm_obj *node = make_node(rt);
  pmm_obj *list = pmmi_slot_get(rt, node, 0);
  pmm_obj *copy = pmmi_copy(rt, node);
  tap_ok(copy != node && copy->type == node->type &&
             pmmi_instance_cookie(rt, copy) == 5 &&
             pmmi_slot_get(rt, copy, 0) == list &&
             pmmi_slot_get(rt, copy, 1) == NULL && all_are(rt, copy, list),
         "a copy shares slots, shared names and own names");
  tap_ok(pmmi_refcount(rt, list) == 2 * 36, "each gains a reference");
  pmm_obj *deep = pmmi_copy_deep(rt, node);
  pmm_obj *other = pmmi_slot_get(rt, deep, 0);
  tap_ok(other != list && fixture_reads(rt, other, "[0, 1]") &&
             all_are(rt, deep, other),
         "a deep copy copies what is shared once");
  pmm_obj *plain = make_plain(rt);
  pmm_obj *plain_copy = pmmi_copy_deep(rt, plain);
  tap_ok(plain_copy != plain &&
             pmmi_slot_get(rt, plain_copy, 0) != pmmi_slot_get(rt, plain, 0),
         "one without a collector header too");
  FIXTURE_DROP(rt, plain_copy, plain, deep, copy, node);
}

static void test_cycles(pmm_rt *rt) {
  pmm_obj *node = make_node(rt);
  pmm_obj *view_of = pmmi_bytes_new(rt, "x", 1);
  (void)pmmi_slot_set(rt, node, 1, node);
  (void)pmmi_attr_set(rt, node, "a34", node);
  pmm_obj *copy = pmmi_copy_deep(rt, node);
  tap_ok(pmmi_slot_get(rt, copy, 1) == copy &&
             pmmi_attr_get(rt, copy, "a34") == copy,
         "an instance in itself maps to its copy");
  pmm_obj *generator = pmmi_iter(rt, pmmi_slot_get(rt, node, 0));
  pmm_obj *pair = pmmi_tee(rt, generator);
  (void)pmmi_attr_set(rt, node, "a3", pair);
  tap_ok(pmmi_copy_deep(rt, node) == NULL && fixture_failed(rt, PMM_TYPE),
         "what has no copy fails it, and the begun cycle is undone");
  pmmi_instance_clear(rt, copy);
  pmmi_instance_clear(rt, node);
  FIXTURE_DROP(rt, pair, generator, copy, view_of, node);
}

/* Take all; 1 when they read so. */
static int rest_reads(pmm_rt *rt, pmm_obj *iterator, const char *text) {
  pmm_obj *rest = pmmi_list_convert(rt, iterator);
  int same = rest != NULL && fixture_reads(rt, rest, text);
  pmmi_xrelease(rt, rest);
  return same;
}

static void test_iterator_over(pmm_rt *rt, pmm_obj *over, const char *rest) {
  pmm_obj *iterator = pmmi_iter(rt, over);
  pmmi_xrelease(rt, pmmi_next(rt, iterator));
  pmm_obj *copy = pmmi_copy(rt, iterator);
  pmm_obj *deep = pmmi_copy_deep(rt, iterator);
  tap_ok(copy != NULL && deep != NULL && rest_reads(rt, copy, rest) &&
             rest_reads(rt, iterator, rest) && rest_reads(rt, deep, rest),
         "copies of a %s go on from where it was", iterator->type->name);
  pmm_obj *end = pmmi_copy_deep(rt, copy);
  tap_ok(rest_reads(rt, end, "[]"), "that of an ended one is at its end");
  pmm_obj *objects[] = {end, deep, copy, iterator};
  for (size_t i = 0; i < 4; i++) {
    pmmi_xrelease(rt, objects[i]);
  }
}

static void test_iterators(pmm_rt *rt) {
  pmm_obj *list = fixture_range(rt, 0, 4);
  pmm_obj *set = pmmi_set_new(rt, list);
  pmm_obj *dict = pmmi_dict_new(rt);
  for (size_t i = 0; i < 4; i++) {
    (void)pmmi_dict_set(rt, dict, pmmi_list_get(rt, list, i), pmmi_none(rt));
  }
  pmm_obj *text = fixture_str(rt, "abcd");
  test_iterator_over(rt, list, "[1, 2, 3]");
  test_iterator_over(rt, set, "[1, 2, 3]");
  test_iterator_over(rt, dict, "[1, 2, 3]");
  test_iterator_over(rt, text, "['b', 'c', 'd']");
  pmm_obj *iterator = pmmi_iter(rt, dict);
  (void)pmmi_dict_delete(rt, dict, pmmi_list_get(rt, list, 0));
  tap_ok(pmmi_copy(rt, iterator) == NULL && fixture_failed(rt, PMM_RUNTIME),
         "one whose dict has changed size has none");
  pmm_obj *pair = pmmi_tee(rt, list);
  pmm_obj *copy = pmmi_copy(rt, pmmi_tuple_get(rt, pair, 0));
  tap_ok(rest_reads(rt, copy, "[0, 1, 2, 3]") &&
             rest_reads(rt, pmmi_tuple_get(rt, pair, 0), "[0, 1, 2, 3]") &&
             rest_reads(rt, pmmi_tuple_get(rt, pair, 1), "[0, 1, 2, 3]"),
         "a copy of a split stream is a third reader");
  pmm_obj *objects[] = {copy, pair, iterator, text, dict, set, list};
  for (size_t i = 0; i < 7; i++) {
    pmmi_release(rt, objects[i]);
  }
}

static void test_stands_for_itself(pmm_rt *rt) {
  static const struct pmm_instruction body[] = {{PMM_RETURN, -1, 0, 0}};
  const struct pmm_code code = {.struct_size = sizeof code,
                                .name = "f",
                                .instructions = body,
                                .instruction_count = 1};
  pmm_obj *function = pmmi_function_new(rt, &code);
  pmm_obj *weak = pmmi_weakref_new(rt, function, NULL, NULL, 0);
  pmm_obj *copies[] = {pmmi_copy(rt, function), pmmi_copy_deep(rt, function),
                       pmmi_copy(rt, weak), pmmi_copy_deep(rt, weak)};
  tap_ok(copies[0] == function && copies[1] == function &&
             copies[2] == weak && copies[3] == weak,
         "functions and weak references are their own copies");
  for (size_t i = 0; i < 4; i++) {
    pmmi_release(rt, copies[i]);
  }
  pmmi_release(rt, weak);
  pmmi_release(rt, function);
}

/* ---- failures ------------------------------------------------------------ */

static enum pmm_status run_copy(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_copy(rt, o));
}

static pmm_obj *make_dict(pmm_rt *rt) {
  pmm_obj *dict = pmmi_dict_new(rt);
  for (int64_t i = 0; i < 4; i++) {
    pmm_obj *key = pmmi_int_new(rt, i);
    (void)pmmi_dict_set(rt, dict, key, key);
    pmmi_release(rt, key);
  }
  return dict;
}

static enum pmm_status run_iterator(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *iterator = pmmi_iter(rt, o);
  pmm_obj *copy = iterator != NULL ? pmmi_copy_deep(rt, iterator) : NULL;
  pmmi_xrelease(rt, iterator);
  return sweep_done(rt, copy);
}

static void test_sweep(pmm_rt *rt) {
  sweep(rt, &(struct sweep_case){"copy of a node", make_node, run_copy}, 8);
  sweep(rt,
        &(struct sweep_case){"deep copy of a node", make_node,
                             sweep_copy_deep},
        11);
  sweep(rt, &(struct sweep_case){"copy of a plain one", make_plain, run_copy},
        1);
  sweep(rt, &(struct sweep_case){"iterator over a dict", make_dict,
                                 run_iterator},
        6);
}

int main(void) {
  tap_plan(0);
  fixture_each("instances", test_instances);
  fixture_each("cycles", test_cycles);
  fixture_each("iterators", test_iterators);
  fixture_each("own copies", test_stands_for_itself);
  fixture_each("sweep", test_sweep);
  return tap_done();
}
