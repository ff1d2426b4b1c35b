/* SPDX-License-Identifier: MIT */
/*
 * kinds.h - containers of each kind, each the only owner of an item, for the
 * cases that ask something of every container type.
 */
#ifndef PMM_CONFORM_KINDS_H
#define PMM_CONFORM_KINDS_H

#include "codes.h"

/** How often a traverse visits the item, if something lies between. */
#define INDIRECT (-1)

struct kind {
  const char *name;
  pmm_obj *(*make)(struct pmm_test *t, pmm_obj *item);
  int owned; /* references to the item; INDIRECT: they are another's         */
};

#define COUNT(kinds) (sizeof(kinds) / sizeof *(kinds))

static inline pmm_obj *in_list(struct pmm_test *t, pmm_obj *item) {
  return LIST(item, item);
}

static inline pmm_obj *in_tuple(struct pmm_test *t, pmm_obj *item) {
  return TUPLE(item, item);
}

static inline pmm_obj *in_subtuple(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *type = probe_type(t, "pair", 0, PMM_TYPE_GC | PMM_TYPE_TUPLE, NULL,
                             NULL);
  pmm_obj *pair = NEW(OPS->tuple_subtype_new(RT, type, &item, 1));
  DROP(type);
  return pair;
}

static inline pmm_obj *in_slots(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *o = probe(t, 2);
  expect_ok(OPS->slot_set(RT, o, 0, item));
  expect_ok(OPS->slot_set(RT, o, 1, item));
  return o;
}

static inline pmm_obj *in_attributes(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *type = probe_type(t, "attributes", 0, PMM_TYPE_GC | PMM_TYPE_DICT,
                             NULL, NULL);
  pmm_obj *o = probe_of(t, type, 2);
  DROP(type);
  expect_ok(OPS->attr_set(RT, o, "a", item));
  expect_ok(OPS->attr_set(RT, o, "b", item));
  return o;
}

/* An iterator, which owns its container. */
static inline pmm_obj *iterator_of(struct pmm_test *t, pmm_obj *container) {
  pmm_obj *iterator = NEW(OPS->iter(RT, container));
  DROP(container);
  return iterator;
}

static inline pmm_obj *in_list_iterator(struct pmm_test *t, pmm_obj *item) {
  return iterator_of(t, in_list(t, item));
}

static inline pmm_obj *in_tuple_iterator(struct pmm_test *t, pmm_obj *item) {
  return iterator_of(t, in_tuple(t, item));
}

static inline pmm_obj *in_values(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  expect_ok(OPS->dict_set(RT, dict, NEW(OPS->none(RT)), item));
  expect_ok(OPS->dict_set(RT, dict, NEW(OPS->boolean(RT, 1)), item));
  return dict;
}

static inline pmm_obj *in_keys(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  expect_ok(OPS->dict_set(RT, dict, item, NEW(OPS->none(RT))));
  expect_ok(OPS->dict_set(RT, dict, NEW(OPS->none(RT)), NEW(OPS->none(RT))));
  return dict;
}

static inline pmm_obj *in_key_and_value(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  expect_ok(OPS->dict_set(RT, dict, item, item));
  return dict;
}

static inline pmm_obj *in_set(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *set = NEW(OPS->set_new(RT, NULL));
  expect_ok(OPS->set_add(RT, set, NEW(OPS->none(RT))));
  expect_ok(OPS->set_add(RT, set, item));
  expect_ok(OPS->set_add(RT, set, NEW(OPS->boolean(RT, 1))));
  return set;
}

static inline pmm_obj *in_frozenset(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *set = in_set(t, item);
  pmm_obj *frozen = NEW(OPS->frozenset_new(RT, set));
  DROP(set);
  return frozen;
}

static inline pmm_obj *in_dict_iterator(struct pmm_test *t, pmm_obj *item) {
  return iterator_of(t, in_values(t, item));
}

static inline pmm_obj *in_set_iterator(struct pmm_test *t, pmm_obj *item) {
  return iterator_of(t, in_set(t, item));
}

/* yield its argument for ever: for i in range(1000): yield v0 */
static const struct pmm_code keeping =
    CODE("keeping", 1, 2, {PMM_FOR_RANGE, 1, 1000, 0}, {PMM_YIELD, -1, -1, 0},
         {PMM_END, 0, 0, 0});

static inline pmm_obj *in_new_generator(struct pmm_test *t, pmm_obj *item) {
  return generator_with(t, &keeping, item);
}

static inline pmm_obj *in_generator(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *generator = in_new_generator(t, item);
  step(t, generator);
  return generator;
}

/* A function whose code has a list with the item among its constants. */
static inline pmm_obj *in_function(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *list = in_list(t, item);
  struct pmm_code code = CODE("function", 0, 1, {PMM_CONST, 0, 0, 0});
  code.constants = &list;
  code.constant_count = 1;
  pmm_obj *function = NEW(OPS->function_new(RT, &code));
  DROP(list);
  return function;
}

/* lambda: v0 - in a cell that the function shares with nobody any more */
static inline pmm_obj *in_closure(struct pmm_test *t, pmm_obj *item) {
  static const struct pmm_code *const inner[] = {&return_captured};
  struct pmm_code code = CODE("making", 1, 2, {PMM_CLOSURE, 1, 0, 0},
                              {PMM_RETURN, 1, 0, 0});
  code.codes = inner;
  code.code_count = 1;
  code.captured = 1;
  pmm_obj *function = NEW(OPS->function_new(RT, &code));
  pmm_obj *closure = NEW(OPS->call(RT, function, &item, 1));
  DROP(function);
  return closure;
}

static inline pmm_obj *in_weak_values(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *map = NEW(OPS->weak_new(RT, PMM_WEAK_VALUES));
  expect_ok(OPS->weak_set(RT, map, item, probe(t, 3)));
  return map;
}

static inline pmm_obj *in_weak_keys(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *map = NEW(OPS->weak_new(RT, PMM_WEAK_KEYS));
  expect_ok(OPS->weak_set(RT, map, probe(t, 3), item));
  return map;
}

static inline pmm_obj *in_callback(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *function = in_function(t, item);
  pmm_obj *weak = NEW(OPS->weakref_with(RT, probe(t, 3), function));
  DROP(function);
  return weak;
}

static inline pmm_obj *in_tee(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *iterator = in_list_iterator(t, item);
  pmm_obj *two = NEW(OPS->tee(RT, iterator));
  DROP(iterator);
  return two;
}

/* One of the two has taken the item, which waits for the other one. */
static inline pmm_obj *in_read_tee(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *two = in_tee(t, item);
  step(t, OPS->tuple_get(RT, two, 0));
  return two;
}

static inline pmm_obj *in_chunks(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *list = in_list(t, item);
  pmm_obj *chunks = NEW(OPS->chunks(RT, list, 1));
  DROP(list);
  return chunks;
}

static inline pmm_obj *in_manager(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *generator = in_new_generator(t, item);
  pmm_obj *manager = NEW(OPS->manager_from_generator(RT, generator));
  DROP(generator);
  return manager;
}

static const struct kind basic[] = {
    {"list", in_list, 2},
    {"tuple", in_tuple, 2},
    {"subclass of tuple", in_subtuple, 1},
    {"instance with slots", in_slots, 2},
    {"instance with attributes", in_attributes, INDIRECT},
    {"iterator over a list", in_list_iterator, INDIRECT},
    {"iterator over a tuple", in_tuple_iterator, INDIRECT}};

static const struct kind hashed[] = {
    {"values of a dict", in_values, 2},
    {"keys of a dict", in_keys, 1},
    {"key and value of a dict", in_key_and_value, 2},
    {"set", in_set, 1},
    {"frozenset", in_frozenset, 1},
    {"iterator over a dict", in_dict_iterator, INDIRECT},
    {"iterator over a set", in_set_iterator, INDIRECT}};

static const struct kind frames[] = {
    {"new generator", in_new_generator, INDIRECT},
    {"suspended generator", in_generator, INDIRECT},
    {"constants of a function", in_function, INDIRECT},
    {"closure", in_closure, INDIRECT}};

static const struct kind weak[] = {
    {"keys of a map of weak values", in_weak_values, INDIRECT},
    {"values of a map of weak keys", in_weak_keys, INDIRECT},
    {"callback of a weak reference", in_callback, INDIRECT}};

static const struct kind streams[] = {
    {"iterator that was split", in_tee, INDIRECT},
    {"iterator that was split and read", in_read_tee, INDIRECT},
    {"chunks", in_chunks, INDIRECT}};

#endif /* PMM_CONFORM_KINDS_H */
