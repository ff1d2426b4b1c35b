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
  enum pmm_feature needs[3]; /* up to PMM_FEATURE_core                       */
};

/** The features of a kind: OF(list), OF(frame, list). */
#define OF(...) {OF_EACH(__VA_ARGS__, OF3, OF2, OF1, 0)(__VA_ARGS__)}
#define OF_EACH(a, b, c, picked, ...) picked
#define OF1(a) PMM_FEATURE_##a, PMM_FEATURE_core, PMM_FEATURE_core
#define OF2(a, b) PMM_FEATURE_##a, PMM_FEATURE_##b, PMM_FEATURE_core
#define OF3(a, b, c) PMM_FEATURE_##a, PMM_FEATURE_##b, PMM_FEATURE_##c

/** The first feature of the kind that the subject has not; core: none. */
static inline enum pmm_feature lacking(struct pmm_test *t,
                                       const struct kind *kind) {
  for (size_t i = 0; i < 3; i++) {
    enum pmm_feature need = kind->needs[i];
    if (!is_offered(t, need)) {
      return need;
    }
  }
  return PMM_FEATURE_core;
}

/** Ask of those kinds that the subject has; it must have one. */
static inline void over(struct pmm_test *t, const struct kind *kinds, size_t n,
                        void (*ask)(struct pmm_test *, const struct kind *)) {
  size_t asked = 0;
  for (size_t i = 0; i < n; i++) {
    if (lacking(t, &kinds[i]) == PMM_FEATURE_core) {
      now_at(t, "%s", kinds[i].name);
      ask(t, &kinds[i]);
      asked++;
    }
  }
  if (asked == 0) {
    unsupported(t, pmm_feature_name(lacking(t, &kinds[0])));
  }
}

#define OVER(kinds, ask) over(t, kinds, COUNT(kinds), ask)

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

/* What is walked over is held by the walk alone. */
static inline pmm_obj *in_weak_iterator(struct pmm_test *t, pmm_obj *item) {
  return iterator_of(t, in_weak_keys(t, item));
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
    {"list", in_list, 2, OF(list)},
    {"tuple", in_tuple, 2, OF(tuple)},
    {"subclass of tuple", in_subtuple, 1, OF(tuple)},
    {"instance with slots", in_slots, 2, OF(core)},
    {"instance with attributes", in_attributes, INDIRECT, OF(dict)},
    {"iterator over a list", in_list_iterator, INDIRECT, OF(list)},
    {"iterator over a tuple", in_tuple_iterator, INDIRECT, OF(tuple)}};

static const struct kind hashed[] = {
    {"values of a dict", in_values, 2, OF(dict)},
    {"keys of a dict", in_keys, 1, OF(dict)},
    {"key and value of a dict", in_key_and_value, 2, OF(dict)},
    {"set", in_set, 1, OF(set)},
    {"frozenset", in_frozenset, 1, OF(set, frozenset)},
    {"iterator over a dict", in_dict_iterator, INDIRECT, OF(dict)},
    {"iterator over a set", in_set_iterator, INDIRECT, OF(set)}};

static const struct kind frames[] = {
    {"new generator", in_new_generator, INDIRECT, OF(generator)},
    {"suspended generator", in_generator, INDIRECT, OF(generator)},
    {"constants of a function", in_function, INDIRECT, OF(frame, list)},
    {"closure", in_closure, INDIRECT, OF(frame)}};

static const struct kind weak[] = {
    {"keys of a map of weak values", in_weak_values, INDIRECT,
     OF(weak_containers)},
    {"values of a map of weak keys", in_weak_keys, INDIRECT,
     OF(weak_containers)},
    {"iterator over a map of weak keys", in_weak_iterator, INDIRECT,
     OF(weak_containers)},
    {"callback of a weak reference", in_callback, INDIRECT,
     OF(weakref_cb, frame, list)}};

static const struct kind streams[] = {
    {"iterator that was split", in_tee, INDIRECT, OF(copy, tuple, list)},
    {"iterator that was split and read", in_read_tee, INDIRECT,
     OF(copy, tuple, list)},
    {"chunks", in_chunks, INDIRECT, OF(chunks, list)}};

#endif /* PMM_CONFORM_KINDS_H */
