/* SPDX-License-Identifier: MIT */
/*
 * cases/lst_code.c - lists while finalizers and keys run, and list recycling
 * (requirements LST-016 to LST-019).
 */
#include "case.h"

/** What the code of this file works on. */
struct scene {
  struct pmm_test *t;
  pmm_obj *list;
  pmm_obj *mark;
  int calls;
  int is_set; /* 1 while finalizers may touch the list                      */
};

static void append_no_more(struct pmm_test *t, void *subject) {
  struct scene *s = subject;
  (void)t;
  s->is_set = 0;
}

static struct scene *scene(struct pmm_test *t) {
  struct scene *s = SCRATCH(struct scene);
  s->t = t;
  s->list = empty_list(t);
  s->mark = integer(t, 77777);
  defer(t, append_no_more, s);
  return s;
}

static enum pmm_status append_mark(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  struct scene *s = ctx;
  (void)arg;
  if (!s->is_set) {
    return PMM_OK;
  }
  s->calls++;
  return s->t->ops->list_append(rt, s->list, s->mark);
}

static void append_dying(struct pmm_test *t, struct scene *s, pmm_obj *type,
                         int64_t cookie) {
  pmm_obj *o = probe_of(t, type, cookie);
  expect_ok(OPS->list_append(RT, s->list, o));
  DROP(o);
}

/* "Finalizers of released items may append to the same list during clear or
 * slice assignment without corrupting it; items added survive." */
MUST(lst, clearing_is_reentrant,
     "Finalizers may append to a list that is being cleared",
     REQ("LST-016"), NEEDS(list, finalizer, finalizer_alive, prompt)) {
  struct scene *s = scene(t);
  pmm_obj *type = probe_type(t, "writer", 0, 0, append_mark, s);
  append_dying(t, s, type, 1);
  append_dying(t, s, type, 2);
  s->is_set = 1;
  enum pmm_status status = OPS->list_clear(RT, s->list);
  s->is_set = 0;
  expect_ok(status);
  expect_eq(s->calls, 2);
  expect_eq(length_of(t, s->list), 2);
  expect_same(OPS->list_get(RT, s->list, 0), s->mark);
  expect_same(OPS->list_get(RT, s->list, 1), s->mark);
  expect_log(DEALLOCATED, 2, 1);
}

/* "Finalizers of released items may append to the same list during clear or
 * slice assignment without corrupting it; items added survive." */
MUST(lst, slice_assignment_is_reentrant,
     "Finalizers may append while a slice is replaced", REQ("LST-016"),
     NEEDS(list, finalizer, finalizer_alive, prompt)) {
  struct scene *s = scene(t);
  pmm_obj *type = probe_type(t, "writer", 0, 0, append_mark, s);
  expect_ok(OPS->list_append(RT, s->list, integer(t, 1)));
  expect_ok(OPS->list_append(RT, s->list, integer(t, 2)));
  append_dying(t, s, type, 3);
  s->is_set = 1;
  enum pmm_status status = OPS->list_assign_slice(RT, s->list, 2, 3, NULL);
  s->is_set = 0;
  expect_ok(status);
  expect_eq(s->calls, 1);
  expect_eq(length_of(t, s->list), 3);
  expect_int(OPS->list_get(RT, s->list, 0), 1);
  expect_int(OPS->list_get(RT, s->list, 1), 2);
  expect_same(OPS->list_get(RT, s->list, 2), s->mark);
}

static pmm_obj *four_probes(struct pmm_test *t) {
  pmm_obj *list = NEW(OPS->list_new(RT, 4));
  for (size_t i = 0; i < 4; i++) {
    pmm_obj *o = probe(t, (int64_t)i);
    expect_ok(OPS->list_set_steal(RT, list, i, GIVE(o)));
  }
  return list;
}

/* "A list's items are released from the end when the list dies or is
 * cleared." */
MUST(lst, items_die_last_to_first, "A list's items die last to first",
     REQ("LST-017"), NEEDS(list, prompt)) {
  DROP(four_probes(t));
  expect_log(DEALLOCATED, 3, 2, 1, 0);
  log_clear(t);
  pmm_obj *list = four_probes(t);
  expect_ok(OPS->list_clear(RT, list));
  expect_log(DEALLOCATED, 3, 2, 1, 0);
  log_clear(t);
  list = four_probes(t);
  expect_ok(OPS->list_assign_slice(RT, list, 0, 4, NULL));
  expect_log(DEALLOCATED, 3, 2, 1, 0);
}

/* A list of 150: probes, and ints and tuples of a probe between them. */
static pmm_obj *many_items(struct pmm_test *t) {
  pmm_obj *list = empty_list(t);
  for (int64_t i = 0; i < 150; i++) {
    pmm_obj *o = i % 3 == 2 ? integer(t, 100000 + i) : probe(t, i);
    pmm_obj *item = i % 3 == 1 ? CONTAINER(o) : KEEP(o);
    expect_ok(OPS->list_append(RT, list, item));
    DROP(item);
    DROP(o);
  }
  return list;
}

/* All the probes have died, the last one first. */
static void expect_backwards(struct pmm_test *t) {
  int64_t last = 150;
  for (size_t i = 0; i < log_length(t); i++) {
    expect_lt(logged(t, i)->cookie, last);
    last = logged(t, i)->cookie;
  }
  expect_eq(happened(DEALLOCATED, ANY), 100);
  log_clear(t);
}

/* "A list's items are released from the end when the list dies or is
 * cleared."  However many, and whatever lies between those one hears of. */
MUST(lst, many_items_die_last_to_first, "Many items die last to first",
     REQ("LST-017"), NEEDS(list, prompt)) {
  quiet(t);
  DROP(many_items(t));
  expect_backwards(t);
  pmm_obj *list = many_items(t);
  expect_ok(OPS->list_clear(RT, list));
  expect_backwards(t);
  list = many_items(t);
  expect_ok(OPS->list_assign_slice(RT, list, 0, 150, NULL));
  expect_backwards(t);
}

/* A key that appends to the list being sorted. */
static enum pmm_status mutating_key(void *ctx, pmm_rt *rt, pmm_obj *item,
                                    pmm_obj **result) {
  struct scene *s = ctx;
  s->calls++;
  s->t->ops->retain(rt, item);
  *result = item;
  return s->t->ops->list_append(rt, s->list, s->mark);
}

/* A key that takes the list away from the sort and fails at the last item. */
static enum pmm_status failing_key(void *ctx, pmm_rt *rt, pmm_obj *item,
                                   pmm_obj **result) {
  struct scene *s = ctx;
  (void)item;
  *result = NULL;
  if (++s->calls < 10) {
    return s->t->ops->list_clear(rt, s->list);
  }
  return PMM_USER;
}

/* "Mutating a list while it is being sorted raises an error and leaves a valid
 * list with all references accounted for." */
MUST(lst, a_sort_that_fails_keeps_its_items,
     "A sort whose key fails leaves the list as it was", REQ("LST-018"),
     NEEDS(list, refcount, sort, sort_key)) {
  struct scene *s = scene(t);
  pmm_obj *o = probe(t, 1);
  for (int i = 0; i < 10; i++) {
    expect_ok(OPS->list_append(RT, s->list, o));
  }
  expect_error(OPS->list_sort(RT, s->list, failing_key, s), PMM_USER);
  expect_eq(s->calls, 10);
  expect_eq(length_of(t, s->list), 10);
  expect_eq(OPS->refcount(RT, o), 11);
  expect_ok(OPS->list_clear(RT, s->list));
  expect_eq(OPS->refcount(RT, o), 1);
}

/* "Mutating a list while it is being sorted raises an error and leaves a valid
 * list with all references accounted for." */
MUST(lst, sorting_detects_mutation,
     "Sorting fails when the list is changed meanwhile",
     REQ("LST-018"), NEEDS(list, refcount, sort, sort_key)) {
  struct scene *s = scene(t);
  for (int64_t i = 0; i < 20; i++) {
    expect_ok(OPS->list_append(RT, s->list, integer(t, (i * 7) % 20 + 1000)));
  }
  expect_error(OPS->list_sort(RT, s->list, mutating_key, s), PMM_VALUE);
  expect_eq(s->calls, 20);
  expect_eq(length_of(t, s->list), 20);
  expect_eq(OPS->refcount(RT, s->mark), 1);
  int64_t sum = 0;
  for (size_t i = 0; i < 20; i++) {
    sum += int_of(t, OPS->list_get(RT, s->list, i));
  }
  expect_eq(sum, 20 * 1000 + 190);
  expect_ok(OPS->list_sort(RT, s->list, NULL, NULL));
  expect_int(OPS->list_get(RT, s->list, 0), 1000);
  expect_int(OPS->list_get(RT, s->list, 19), 1019);
}

/* A key that appends to the list being sorted and takes it back. */
static enum pmm_status undoing_key(void *ctx, pmm_rt *rt, pmm_obj *item,
                                   pmm_obj **result) {
  struct scene *s = ctx;
  enum pmm_status status = mutating_key(ctx, rt, item, result);
  return status == PMM_OK ? s->t->ops->list_clear(rt, s->list) : status;
}

/* "Mutating a list while it is being sorted raises an error and leaves a valid
 * list with all references accounted for." */
MUST(lst, sorting_detects_what_was_undone,
     "Sorting fails after a change that was undone",
     REQ("LST-018"), NEEDS(list, refcount, sort, sort_key)) {
  struct scene *s = scene(t);
  for (int64_t i = 0; i < 3; i++) {
    expect_ok(OPS->list_append(RT, s->list, integer(t, 1003 - i)));
  }
  expect_error(OPS->list_sort(RT, s->list, undoing_key, s), PMM_VALUE);
  expect_eq(length_of(t, s->list), 3);
  expect_eq(OPS->refcount(RT, s->mark), 1);
}

/* "Up to 80 dead list objects are cached for reuse and are released by a full
 * collection." */
SHOULD(lst, list_objects_are_recycled, "A bounded number of lists is cached",
       REQ("LST-019"), NEEDS(list, gc)) {
  enum { N = 500 };
  pmm_obj **lists = SCRATCH_ARRAY(pmm_obj *, N);
  int64_t most = profile_int(t, "list_freelist_max");
  quiet(t);
  OPS->caches_flush(RT);
  uint64_t blocks = live_blocks(t);
  for (int i = 0; i < N; i++) {
    lists[i] = empty_list(t);
  }
  for (int i = N; i-- > 0;) {
    DROP(lists[i]);
  }
  expect_le(live_blocks(t), blocks + (uint64_t)most + 4);
  expect_ge(live_blocks(t), blocks + (uint64_t)most - 4); /* it does cache */
  collect(t);
  expect_le(live_blocks(t), blocks + 8);
}
