/* SPDX-License-Identifier: MIT */
/*
 * cases/oom_every.c - every operation that makes something, with each of its
 * allocations failed once (requirements OOM-001, OOM-002).  A row of the table
 * is an operation and the feature that it needs.
 */
#include "failing.h"

/** An operation of a feature. */
struct making {
  const char *name;
  operation_fn make;
  enum pmm_feature needs;
};

#define MAKING(name, call)                                                    \
  static pmm_obj *name(struct pmm_test *t, const struct inputs *in) {         \
    (void)in;                                                                 \
    return call;                                                              \
  }

/* What was made, or NULL where something that was done to it failed. */
static pmm_obj *kept_if(struct pmm_test *t, pmm_obj *made,
                        enum pmm_status status) {
  if (status == PMM_OK) {
    return made;
  }
  OPS->xrelease(RT, made);
  return NULL;
}

MAKING(an_iterator, OPS->iter(RT, in->list))
MAKING(a_chunk_iterator, OPS->chunks(RT, in->list, 3))
MAKING(a_split, OPS->tee(RT, in->list))
MAKING(a_copy, OPS->copy(RT, in->list))
MAKING(a_callable, OPS->callable_new(RT, do_nothing, NULL))
MAKING(an_exit_stack, OPS->exit_stack_new(RT))
MAKING(a_weak_map, OPS->weak_new(RT, PMM_WEAK_KEYS))
MAKING(a_proxy, OPS->proxy_new(RT, in->watched))
MAKING(a_bytearray, OPS->bytearray_new(RT, 100))
MAKING(an_array, OPS->array_new(RT, PMM_ITEM_INT64, 10))
MAKING(a_frozenset, OPS->frozenset_new(RT, in->tuple))
MAKING(a_text_of, OPS->repr(RT, in->tuple))

static pmm_obj *a_type(struct pmm_test *t, const struct inputs *in) {
  const struct pmm_type_spec spec = {.struct_size = sizeof spec,
                                     .name = "made",
                                     .slots = 2,
                                     .flags = type_flags(t, PMM_TYPE_GC)};
  (void)in;
  return OPS->type_new(RT, &spec);
}

/* The iterator that chunks and a split are over dies with them. */
static pmm_obj *over_an_iterator(struct pmm_test *t, const struct inputs *in,
                                 int split) {
  pmm_obj *iterator = an_iterator(t, in);
  pmm_obj *made = iterator == NULL ? NULL
                  : split          ? OPS->tee(RT, iterator)
                                   : OPS->chunks(RT, iterator, 3);
  OPS->xrelease(RT, iterator);
  return made;
}

MAKING(chunks_of_an_iterator, over_an_iterator(t, in, 0))
MAKING(a_split_iterator, over_an_iterator(t, in, 1))

/* More names than the instances of a type can share. */
static pmm_obj *attributes(struct pmm_test *t, const struct inputs *in) {
  const struct pmm_type_spec spec = {
      .struct_size = sizeof spec,
      .name = "named",
      .flags = type_flags(t, PMM_TYPE_GC | PMM_TYPE_DICT)};
  pmm_obj *type = OPS->type_new(RT, &spec);
  pmm_obj *o = type == NULL ? NULL : OPS->instance_new(RT, type, 5);
  enum pmm_status status = o == NULL ? OPS->error(RT) : PMM_OK;
  for (int i = 0; status == PMM_OK && i < 45; i++) {
    const char name[] = {'a', (char)('a' + i / 10), (char)('0' + i % 10), '\0'};
    status = OPS->attr_set(RT, o, name, in->list);
  }
  OPS->xrelease(RT, type);
  return kept_if(t, o, status);
}

static enum pmm_status ends(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)ctx;
  (void)rt;
  (void)arg;
  return PMM_OK;
}

static pmm_obj *exits(struct pmm_test *t, const struct inputs *in) {
  pmm_obj *stack = an_exit_stack(t, in);
  enum pmm_status status = stack == NULL ? OPS->error(RT) : PMM_OK;
  for (int i = 0; status == PMM_OK && i < 40; i++) {
    status = OPS->exit_stack_push(RT, stack, ends, NULL);
  }
  return kept_if(t, stack, status);
}

static pmm_obj *weak_entries(struct pmm_test *t, const struct inputs *in) {
  pmm_obj *map = a_weak_map(t, in);
  enum pmm_status status = map == NULL ? OPS->error(RT) : PMM_OK;
  if (status == PMM_OK) {
    status = OPS->weak_set(RT, map, in->watched, in->list);
  }
  return kept_if(t, map, status);
}

static pmm_obj *appended(struct pmm_test *t, const struct inputs *in) {
  pmm_obj *sum = OPS->str_concat(RT, in->text, in->text);
  if (sum != NULL) {
    (void)OPS->str_append(RT, &sum, in->text);
  }
  return sum;
}

static pmm_obj *positions(struct pmm_test *t, const struct inputs *in) {
  (void)in;
  pmm_obj *vector = OPS->sparse_new(RT, 1000);
  enum pmm_status status = vector == NULL ? OPS->error(RT) : PMM_OK;
  for (size_t i = 0; status == PMM_OK && i < 40; i++) {
    status = OPS->sparse_set(RT, vector, i * 7 % 40, 1.0);
  }
  return kept_if(t, vector, status);
}

static const struct making makings[] = {
    {"an iterator", an_iterator, PMM_FEATURE_list},
    {"chunks", a_chunk_iterator, PMM_FEATURE_chunks},
    {"chunks of an iterator", chunks_of_an_iterator, PMM_FEATURE_chunks},
    {"a split list", a_split, PMM_FEATURE_copy},
    {"a split iterator", a_split_iterator, PMM_FEATURE_copy},
    {"a copy", a_copy, PMM_FEATURE_copy},
    {"a bytearray", a_bytearray, PMM_FEATURE_copy},
    {"an array", an_array, PMM_FEATURE_copy},
    {"a frozenset", a_frozenset, PMM_FEATURE_frozenset},
    {"the text of a tuple", a_text_of, PMM_FEATURE_tuple},
    {"a text that grows", appended, PMM_FEATURE_str},
    {"a type", a_type, PMM_FEATURE_core},
    {"attributes", attributes, PMM_FEATURE_dict},
    {"a callable", a_callable, PMM_FEATURE_frame},
    {"an exit stack", an_exit_stack, PMM_FEATURE_context},
    {"exits", exits, PMM_FEATURE_context},
    {"a weak map", a_weak_map, PMM_FEATURE_weak_containers},
    {"a weak entry", weak_entries, PMM_FEATURE_weak_containers},
    {"a proxy", a_proxy, PMM_FEATURE_proxy},
    {"a sparse vector", positions, PMM_FEATURE_sparse}};

/* "After a failed operation and release of its inputs, live blocks equal the
 * baseline." */
MUST(oom, every_failed_operation_leaves_nothing,
     "Whatever makes something leaves no block when it fails", REQ("OOM-002"),
     NEEDS(fail_inject, list, tuple, str, finalizer, weakref), ARMS_ITSELF) {
  /* Elsewhere the caches of what is made along the way grow, too. */
  (void)profile_int(t, "exact_counters");
  quiet(t);
  for (size_t i = 0; i < sizeof makings / sizeof *makings; i++) {
    if (is_offered(t, makings[i].needs)) {
      now_at(t, "%s", makings[i].name);
      expect_no_leak(t, makings[i].make);
    }
  }
}
