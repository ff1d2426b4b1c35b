/* SPDX-License-Identifier: MIT */
/*
 * cases/ref.c - reference counts: ownership, immediate destruction, stealing
 * and borrowing, order of a store and a release (requirements REF-…).
 */
#include "case.h"

/* "A constructor that returns a new object hands exactly one owned reference
 * to the caller, so its count reads 1." */
MUST(ref, new_object_owns_one, "A new object owns one reference",
     REQ("REF-001"), NEEDS(refcount)) {
  expect_eq(OPS->refcount(RT, probe(t, 1)), 1);
  expect_eq(OPS->refcount(RT, integer(t, 1000000)), 1);
  expect_eq(OPS->refcount(RT, NEW(OPS->float_new(RT, 0.5))), 1);
}

/* "n increments followed by n decrements leave the count at its starting value
 * for every n from 0 to 100000, and the object is not destroyed in between."
 */
MUST(ref, increments_and_decrements_are_exact,
     "n increments and n decrements cancel out", REQ("REF-002"),
     NEEDS(refcount)) {
  pmm_obj *o = probe(t, 1);
  for (uint64_t n = 0; n <= 100000; n = n * 10 + (n == 0)) {
    for (uint64_t i = 0; i < n; i++) {
      OPS->retain(RT, o);
      expect_eq(OPS->refcount(RT, o), i + 2);
    }
    for (uint64_t i = n; i > 0; i--) { /* so as many decrements as i undo i */
      expect_eq(OPS->refcount(RT, o), i + 1);
      OPS->release(RT, o);
    }
    expect_eq(OPS->refcount(RT, o), 1);
  }
  expect_none(FINALIZED);
  expect_none(DEALLOCATED);
}

/* "When the last reference is dropped the deallocator runs synchronously,
 * before the dropping call returns, with no collector run." */
MUST(ref, destruction_at_zero_is_immediate,
     "The last release destroys before it returns", REQ("REF-003"),
     NEEDS(prompt)) {
  quiet(t);
  pmm_obj *o = probe(t, 7);
  DROP(KEEP(o));
  expect_none(DEALLOCATED);
  DROP(o);
  expect_log(DEALLOCATED, 7);
  OPS->xrelease(RT, GIVE(probe(t, 8)));
  expect_log(DEALLOCATED, 7, 8);
  pmm_obj *holder = GIVE(probe(t, 9));
  OPS->clear(RT, &holder);
  expect_log(DEALLOCATED, 7, 8, 9);
  expect_none(GC_START);
}

/* "Each object is deallocated once and only once whatever the path (refcount,
 * container teardown, collector)." */
MUST(ref, destruction_happens_once, "Each object dies exactly once",
     REQ("REF-004"), NEEDS(list, gc, prompt)) {
  enum { N = 300 };
  pmm_obj **o = SCRATCH_ARRAY(pmm_obj *, N);
  uint32_t random = 12345;
  quiet(t);
  pmm_obj *list = empty_list(t);
  for (int i = 0; i < N; i++) {
    o[i] = probe(t, i);
    expect_ok(OPS->list_append(RT, list, CONTAINER(o[i], o[i / 2])));
  }
  for (int i = 0; i < N; i++) {
    for (size_t slot = 0; slot < 2; slot++) {
      random = random * 1664525u + 1013904223u;
      expect_ok(OPS->slot_set(RT, o[i], slot, o[random % N]));
    }
  }
  DROP_ALL();
  size_t by_count = happened(DEALLOCATED, ANY); /* nobody pointed at some */
  expect_gt(by_count, 0);
  expect_lt(by_count, N);
  collect(t);
  for (int i = 0; i < N; i++) {
    expect_eq(happened(DEALLOCATED, i), 1);
  }
}

/* "Destroying a container drops exactly one reference per stored occurrence,
 * so an item stored k times loses k." */
MUST(ref, containers_release_each_occurrence,
     "A dying container releases each occurrence of an item", REQ("REF-005"),
     NEEDS(refcount, list)) {
  pmm_obj *o = probe(t, 1);
  pmm_obj *list = LIST(o, o, o, o, o);
  expect_eq(OPS->refcount(RT, o), 6);
  pmm_obj *other = CONTAINER(o, o, o, o, o);
  expect_eq(OPS->refcount(RT, o), 11);
  DROP(list);
  expect_eq(OPS->refcount(RT, o), 6);
  DROP(other);
  expect_eq(OPS->refcount(RT, o), 1);
  expect_none(DEALLOCATED);
}

/* "Binding another owner to an object adds one; removing that owner subtracts
 * one; neither copies the object." */
MUST(ref, an_alias_adds_one, "An alias adds one and copies nothing",
     REQ("REF-006"), NEEDS(refcount)) {
  pmm_obj *o = probe(t, 1);
  pmm_obj *holder = probe(t, 2);
  uintptr_t identity = OPS->identity(RT, o);
  expect_ok(OPS->slot_set(RT, holder, 0, o));
  expect_eq(OPS->refcount(RT, o), 2);
  expect_same(OPS->slot_get(RT, holder, 0), o);
  expect_eq(OPS->identity(RT, OPS->slot_get(RT, holder, 0)), identity);
  expect_ok(OPS->slot_set(RT, holder, 0, NULL));
  expect_eq(OPS->refcount(RT, o), 1);
}

/* "Storing into a fresh tuple or list slot with the stealing operation
 * transfers ownership, so the count is unchanged and the caller must not
 * release it." */
MUST(ref, stealing_setters_add_nothing,
     "A stealing setter takes over the reference",
     REQ("REF-007"), NEEDS(refcount, tuple, list)) {
  pmm_obj *tuple = NEW(OPS->tuple_new(RT, 1));
  pmm_obj *list = NEW(OPS->list_new(RT, 1));
  pmm_obj *a = probe(t, 1);
  pmm_obj *b = probe(t, 2);
  expect_ok(OPS->tuple_set_steal(RT, tuple, 0, GIVE(a)));
  expect_ok(OPS->list_set_steal(RT, list, 0, GIVE(b)));
  expect_eq(OPS->refcount(RT, a), 1);
  expect_eq(OPS->refcount(RT, b), 1);
  DROP(tuple);
  DROP(list);
  expect_log(DEALLOCATED, 1, 2);
}

/* "When a stealing setter fails (index out of range, shared tuple) the passed
 * reference is released nevertheless." */
MUST(ref, failed_stealing_setters_consume,
     "A stealing setter that fails releases its argument", REQ("REF-008"),
     NEEDS(refcount, tuple, list)) {
  pmm_obj *tuple = NEW(OPS->tuple_new(RT, 1));
  pmm_obj *list = NEW(OPS->list_new(RT, 1));
  expect_error(OPS->tuple_set_steal(RT, tuple, 1, GIVE(probe(t, 1))),
               PMM_INDEX);
  expect_error(OPS->list_set_steal(RT, list, 1, GIVE(probe(t, 2))), PMM_INDEX);
  (void)KEEP(tuple);
  expect_error(OPS->tuple_set_steal(RT, tuple, 0, GIVE(probe(t, 3))),
               PMM_SYSTEM);
  expect_log(DEALLOCATED, 1, 2, 3);
}

/* "List append and dict/set insertion take their own reference and leave the
 * caller's untouched." */
MUST(ref, list_append_adds_one, "Appending to a list adds one reference",
     REQ("REF-009"), NEEDS(refcount, list)) {
  pmm_obj *list = empty_list(t);
  pmm_obj *o = probe(t, 1);
  expect_ok(OPS->list_append(RT, list, o));
  expect_eq(OPS->refcount(RT, o), 2);
  expect_ok(OPS->list_insert(RT, list, 0, o));
  expect_eq(OPS->refcount(RT, o), 3);
  DROP(list);
  expect_eq(OPS->refcount(RT, o), 1);
}

/* "List append and dict/set insertion take their own reference and leave the
 * caller's untouched." */
MUST(ref, dict_insertion_adds_one, "Storing in a dictionary adds one reference",
     REQ("REF-009"), NEEDS(refcount, dict)) {
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  pmm_obj *key = probe(t, 1);
  pmm_obj *value = probe(t, 2);
  expect_ok(OPS->dict_set(RT, dict, key, value));
  expect_eq(OPS->refcount(RT, key), 2);
  expect_eq(OPS->refcount(RT, value), 2);
  expect_ok(OPS->dict_set(RT, dict, key, key));
  expect_eq(OPS->refcount(RT, key), 3);
  expect_eq(OPS->refcount(RT, value), 1);
}

/* "List append and dict/set insertion take their own reference and leave the
 * caller's untouched." */
MUST(ref, set_insertion_adds_one, "Adding to a set adds one reference",
     REQ("REF-009"), NEEDS(refcount, set)) {
  pmm_obj *set = NEW(OPS->set_new(RT, NULL));
  pmm_obj *o = probe(t, 1);
  expect_ok(OPS->set_add(RT, set, o));
  expect_ok(OPS->set_add(RT, set, o));
  expect_eq(OPS->refcount(RT, o), 2);
  expect_ok(OPS->set_discard(RT, set, o));
  expect_eq(OPS->refcount(RT, o), 1);
}

/* "An item accessor documented as borrowing returns the object with its count
 * unchanged." */
MUST(ref, borrowed_reads_add_nothing, "A borrowing accessor adds nothing",
     REQ("REF-010"), NEEDS(refcount, tuple, list)) {
  pmm_obj *o = probe(t, 1);
  pmm_obj *tuple = TUPLE(o);
  pmm_obj *list = LIST(o);
  for (int i = 0; i < 100; i++) {
    expect_same(OPS->tuple_get(RT, tuple, 0), o);
    expect_same(OPS->list_get(RT, list, 0), o);
  }
  expect_eq(OPS->refcount(RT, o), 3);
}

/* "The strong item accessor returns an owned reference (+1) that survives
 * removal of the item from the container." */
SHOULD(ref, strong_reads_add_one, "A strong accessor returns an owned item",
       REQ("REF-011"), NEEDS(refcount, list)) {
  pmm_obj *list = empty_list(t);
  pmm_obj *o = probe(t, 1);
  expect_ok(OPS->list_append(RT, list, o));
  DROP(o);
  pmm_obj *strong = NEW(OPS->list_get_strong(RT, list, 0));
  expect_eq(OPS->refcount(RT, strong), 2);
  expect_ok(OPS->list_clear(RT, list));
  expect_eq(OPS->refcount(RT, strong), 1);
  expect_none(DEALLOCATED);
  DROP(strong);
  expect_log(DEALLOCATED, 1);
}

/** What a finalizer of this file looks at, and what it saw. */
struct scene {
  struct pmm_test *t;
  pmm_obj *container;
  pmm_obj *holder;
  int64_t seen;
  int is_set; /* 1 while the finalizer may touch container and holder       */
};

static struct scene *scene(struct pmm_test *t) {
  struct scene *s = SCRATCH(struct scene);
  s->t = t;
  return s;
}

static enum pmm_status read_first_item(void *ctx, pmm_rt *rt, pmm_obj *dying) {
  struct scene *s = ctx;
  struct pmm_test *t = s->t;
  (void)dying;
  if (!s->is_set) {
    return PMM_OK;
  }
  pmm_obj *item = OPS->list_get(rt, s->container, 0);
  check(item != NULL && OPS->int_value(rt, item, &s->seen) == PMM_OK);
  return PMM_OK;
}

/* "Replacing a slot stores the new value first and only then drops the old
 * one, so a finalizer of the old item sees the new value." */
MUST(ref, overwriting_stores_before_release,
     "The old item's finalizer sees the new item", REQ("REF-012"),
     NEEDS(list, finalizer, finalizer_alive, prompt)) {
  struct scene *s = scene(t);
  pmm_obj *type = probe_type(t, "watcher", 0, 0, read_first_item, s);
  s->container = empty_list(t);
  pmm_obj *o = probe_of(t, type, 1);
  expect_ok(OPS->list_append(RT, s->container, o));
  DROP(o);
  pmm_obj *value = integer(t, 4711);
  s->is_set = 1;
  enum pmm_status status = OPS->list_set(RT, s->container, 0, value);
  s->is_set = 0;
  expect_ok(status);
  expect_log(DEALLOCATED, 1);
  expect_eq(s->seen, 4711);
}

static enum pmm_status read_holder(void *ctx, pmm_rt *rt, pmm_obj *dying) {
  struct scene *s = ctx;
  (void)rt;
  (void)dying;
  s->seen = s->holder == NULL ? 1 : 2;
  return PMM_OK;
}

/* "The clear helper sets the holder to null before it drops the reference." */
MUST(ref, clear_nulls_before_release,
     "The finalizer sees the holder already null",
     REQ("REF-013"), NEEDS(finalizer, prompt)) {
  struct scene *s = scene(t);
  pmm_obj *type = probe_type(t, "held", 0, 0, read_holder, s);
  pmm_obj *o = probe_of(t, type, 1);
  s->holder = GIVE(o);
  OPS->clear(RT, &s->holder);
  expect_log(DEALLOCATED, 1);
  expect_eq(s->seen, 1);
  expect(s->holder == NULL);
}

/* "The X-variants of increment, decrement and clear accept null and do
 * nothing." */
MUST(ref, null_is_ignored, "xretain, xrelease and clear accept null",
     REQ("REF-014"), NEEDS(refcount)) {
  pmm_obj *nothing = NULL;
  quiet(t);
  pmm_obj *o = probe(t, 1);
  uint64_t blocks = live_blocks(t);
  size_t events = log_length(t);
  OPS->xretain(RT, NULL);
  OPS->xrelease(RT, NULL);
  OPS->clear(RT, &nothing);
  expect(nothing == NULL);
  expect_eq(live_blocks(t), blocks);
  expect_eq(log_length(t), events);
  OPS->xretain(RT, o);
  expect_eq(OPS->refcount(RT, o), 2);
  OPS->xrelease(RT, o);
  expect_eq(OPS->refcount(RT, o), 1);
}

/* "The high-level count query may report one more than the owned references
 * because its argument is a reference; the low-level query reports the exact
 * value." */
MUST(ref, reported_count_has_the_declared_bias,
     "The reported count exceeds the exact one by the profile's bias",
     REQ("REF-015"), NEEDS(refcount)) {
  int64_t bias = profile_int(t, "refcount_bias");
  pmm_obj *o = probe(t, 1);
  expect(bias == 0 || bias == 1);
  for (int n = 1; n <= 4; n++) {
    expect_eq(OPS->refcount(RT, o), n);
    expect_eq(OPS->refcount_reported(RT, o), n + bias);
    (void)KEEP(o);
  }
}

static enum pmm_status empty_container(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                       pmm_obj **result) {
  struct scene *s = ctx;
  struct pmm_test *t = s->t;
  *result = NULL;
  check(OPS->list_clear(rt, s->container) == PMM_OK);
  check(happened(DEALLOCATED, ANY) == 0);
  s->seen = OPS->instance_cookie(rt, arg);
  return PMM_OK;
}

static enum pmm_status look_again(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                  pmm_obj **result) {
  struct scene *s = ctx;
  struct pmm_test *t = s->t;
  *result = NULL;
  check(happened(DEALLOCATED, ANY) == 0);
  s->seen += OPS->instance_cookie(rt, arg);
  return PMM_OK;
}

/* "While a callee runs, its argument objects stay alive even if the caller's
 * only other reference is removed during the call." */
MUST(ref, a_call_keeps_its_argument, "An argument lives as long as the call",
     REQ("REF-016"), NEEDS(list, frame)) {
  struct scene *s = scene(t);
  struct pmm_code_call calls[] = {{empty_container, s}, {look_again, s}};
  struct pmm_instruction body[] = {{PMM_CALL, 1, 0, 0}, {PMM_CALL, 1, 1, 0}};
  struct pmm_code code = {.struct_size = sizeof code, .name = "callee",
                          .args = 1, .locals = 2, .instructions = body,
                          .instruction_count = 2, .calls = calls,
                          .call_count = 2};
  pmm_obj *function = NEW(OPS->function_new(RT, &code));
  s->container = empty_list(t);
  pmm_obj *o = probe(t, 5);
  expect_ok(OPS->list_append(RT, s->container, o));
  DROP(o);
  DROP(NEW(OPS->call(RT, function, &o, 1)));
  expect_eq(s->seen, 10);
  expect_log(DEALLOCATED, 5);
}

static enum pmm_status make_probe(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                  pmm_obj **result) {
  struct scene *s = ctx;
  struct pmm_test *t = s->t;
  (void)arg;
  *result = OPS->instance_new(rt, s->container, 5);
  return *result != NULL ? PMM_OK : OPS->error(rt);
}

/* "Returning an owned object neither adds nor drops a reference and the object
 * outlives the callee's frame." */
MUST(ref, return_transfers_ownership, "A returned object has one owner",
     REQ("REF-017"), NEEDS(refcount, frame)) {
  struct scene *s = scene(t);
  struct pmm_code_call call = {make_probe, s};
  struct pmm_instruction body[] = {{PMM_CALL, 0, 0, -1},
                                   {PMM_RETURN, 0, 0, 0}};
  struct pmm_code code = {.struct_size = sizeof code, .name = "maker",
                          .locals = 1, .instructions = body,
                          .instruction_count = 2, .calls = &call,
                          .call_count = 1};
  s->container = probe_type(t, "made", 0, 0, NULL, NULL);
  pmm_obj *function = NEW(OPS->function_new(RT, &code));
  pmm_obj *o = NEW(OPS->call(RT, function, NULL, 0));
  expect_none(DEALLOCATED);
  expect_eq(OPS->refcount(RT, o), 1);
  DROP(o);
  expect_log(DEALLOCATED, 5);
}

/* "An object may hold more than 2^31 outstanding references without overflow
 * on a 64-bit subject (count field 64-bit in 3.11; 32-bit saturating field
 * from 3.12)." */
SHOULD(ref, counts_pass_two_to_the_31, "2^31 references do not overflow",
       REQ("REF-018"), NEEDS(refcount)) {
  pmm_obj *o = probe(t, 1);
  uint64_t many = (UINT64_C(1) << 31) - 2;
  expect_ok(OPS->refcount_set(RT, o, many));
  for (uint64_t i = 1; i <= 4; i++) {
    OPS->retain(RT, o);
    expect_eq(OPS->refcount(RT, o), many + i);
  }
  for (int i = 0; i < 4; i++) {
    OPS->release(RT, o);
  }
  expect_none(DEALLOCATED);
  uint64_t left = OPS->refcount(RT, o); /* one that saturated stays          */
  expect(left == many || (OFFERED(immortal) && left == many + 4));
  expect_ok(OPS->refcount_set(RT, o, 1));
}

static enum pmm_status leave_registry(void *ctx, pmm_rt *rt, pmm_obj *dying) {
  struct scene *s = ctx;
  struct pmm_test *t = s->t;
  size_t length = 9;
  if (!s->is_set) {
    return PMM_OK;
  }
  s->seen++;
  enum pmm_status status = OPS->list_append(rt, s->container, dying);
  if (status != PMM_OK) {
    return status;
  }
  check(OPS->list_clear(rt, s->container) == PMM_OK);
  check(OPS->slot_set(rt, s->holder, 0, NULL) == PMM_OK);
  check(OPS->length(rt, s->container, &length) == PMM_OK && length == 0);
  return PMM_OK;
}

/* "A finalizer that removes its own object from a registry while it is being
 * released does not free it twice." */
MUST(ref, self_removal_is_safe, "A finalizer may remove its own object",
     REQ("REF-019"), NEEDS(list, finalizer, finalizer_alive, prompt)) {
  struct scene *s = scene(t);
  pmm_obj *type =
      probe_type(t, "registered", 1, PMM_TYPE_GC, leave_registry, s);
  s->container = empty_list(t);
  s->holder = probe(t, 2);
  pmm_obj *o = probe_of(t, type, 1);
  expect_ok(OPS->slot_set(RT, s->holder, 0, o));
  DROP(o);
  s->is_set = 1;
  enum pmm_status status = OPS->slot_set(RT, s->holder, 0, NULL);
  s->is_set = 0;
  expect_ok(status);
  expect_eq(s->seen, 1);
  expect_log(FINALIZED, 1);
  expect_log(DEALLOCATED, 1);
}

static void expect_an_owner_each(struct pmm_test *t, pmm_obj *type) {
  uint64_t alone = OPS->refcount(RT, type);
  pmm_obj *a = probe_of(t, type, 1);
  pmm_obj *b = probe_of(t, type, 2);
  expect_eq(OPS->refcount(RT, type), alone + 2);
  DROP(a);
  expect_eq(OPS->refcount(RT, type), alone + 1);
  DROP(b);
  expect_eq(OPS->refcount(RT, type), alone);
}

/* "A heap-allocated type gains one reference per live instance and loses it
 * when the instance dies."  Whether or not the collector knows them. */
MUST(ref, plain_instances_keep_their_type,
     "An instance without collector header owns its type", REQ("REF-020"),
     NEEDS(refcount)) {
  expect_an_owner_each(t, probe_type(t, "plain", 1, 0, NULL, NULL));
}

/* "A heap-allocated type gains one reference per live instance and loses it
 * when the instance dies." */
MUST(ref, instances_keep_their_type, "Each instance owns its type once",
     REQ("REF-020"), NEEDS(refcount)) {
  pmm_obj *type = probe_type(t, "counted", 1, PMM_TYPE_GC, NULL, NULL);
  expect_an_owner_each(t, type);
  pmm_obj *last = probe_of(t, type, 3);
  DROP(type);
  expect(strcmp(OPS->type_name(RT, last), "counted") == 0);
  DROP(last);
  expect_log(DEALLOCATED, 1, 2, 3);
}
