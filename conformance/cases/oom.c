/* SPDX-License-Identifier: MIT */
/*
 * cases/oom.c - failing allocations, one operation at a time (requirements
 * OOM-…).  The lanes oom-once and oom-persist do the same to every case.
 *
 * A case arms the injection, makes its call, disarms, and only then expects.
 * Memory that really runs out is in oom_limit.c.
 */
#include "failing.h"

/* A small int that no runtime has to make. */
#define SHARED_INT 7

/* ---- operations to fail ------------------------------------------------- */

/* for i in range(300): yield i - some shared, some made */
static const struct pmm_code range =
    CODE("range", 0, 1, {PMM_FOR_RANGE, 0, 300, 0}, {PMM_YIELD, -1, 0, 0},
         {PMM_END, 0, 0, 0});

static pmm_obj *make_list(struct pmm_test *t, const struct inputs *in) {
  return OPS->list_from(RT, (pmm_obj *[]){in->list, in->tuple}, 2);
}

static pmm_obj *make_slice(struct pmm_test *t, const struct inputs *in) {
  return OPS->list_slice(RT, in->list, 0, 60);
}

static pmm_obj *make_sum(struct pmm_test *t, const struct inputs *in) {
  return OPS->list_concat(RT, in->list, in->list);
}

static pmm_obj *make_tuple(struct pmm_test *t, const struct inputs *in) {
  return OPS->tuple_convert(RT, in->list);
}

static pmm_obj *make_text(struct pmm_test *t, const struct inputs *in) {
  return OPS->str_concat(RT, in->text, in->text);
}

static pmm_obj *make_bytes(struct pmm_test *t, const struct inputs *in) {
  (void)in;
  return OPS->bytes_new(RT, "twenty bytes of data", 20);
}

static pmm_obj *make_integer(struct pmm_test *t, const struct inputs *in) {
  (void)in;
  return OPS->int_parse(RT, "123456789012345678901234567890");
}

static pmm_obj *make_instance(struct pmm_test *t, const struct inputs *in) {
  return OPS->instance_new(RT, in->type, 1);
}

static pmm_obj *make_reference(struct pmm_test *t, const struct inputs *in) {
  return OPS->weakref_new(RT, in->watched, NULL, NULL, 1);
}

static const operation_fn operations[] = {
    make_list,  make_slice,   make_sum,      make_tuple, make_text,
    make_bytes, make_integer, make_instance, make_reference};
#define OPERATIONS (sizeof operations / sizeof *operations)

static pmm_obj *make_dict(struct pmm_test *t, const struct inputs *in) {
  pmm_obj *dict = OPS->dict_new(RT);
  if (dict != NULL && OPS->dict_set(RT, dict, in->text, in->list) != PMM_OK) {
    OPS->release(RT, dict);
    return NULL;
  }
  return dict;
}

static pmm_obj *make_set(struct pmm_test *t, const struct inputs *in) {
  return OPS->set_new(RT, in->tuple);
}

static pmm_obj *make_generator(struct pmm_test *t, const struct inputs *in) {
  (void)in;
  return OPS->generator_new(RT, &range, NULL, 0);
}

static pmm_obj *make_sequence(struct pmm_test *t, const struct inputs *in) {
  pmm_obj *generator = make_generator(t, in);
  pmm_obj *list = generator == NULL ? NULL : OPS->list_convert(RT, generator);
  OPS->xrelease(RT, generator);
  return list;
}

static pmm_obj *make_deep_copy(struct pmm_test *t, const struct inputs *in) {
  return OPS->copy_deep(RT, in->list);
}

static const operation_fn further[] = {make_dict, make_set, make_generator,
                                       make_sequence, make_deep_copy};
#define FURTHER (sizeof further / sizeof *further)

/* "If the k-th allocation of an operation fails, the operation returns an
 * out-of-memory error for every k until it succeeds." */
MUST(oom, failure_is_reported,
     "A failed allocation is reported", REQ("OOM-001"),
     NEEDS(fail_inject, list, tuple, str, finalizer, weakref, bytes),
     ARMS_ITSELF) {
  quiet(t);
  expect_reports(t, operations, OPERATIONS, 0);
}

/* "If the k-th allocation of an operation fails, the operation returns an
 * out-of-memory error for every k until it succeeds." */
MUST(oom, failure_in_containers_is_reported,
     "Failed allocations in dicts, sets, generators, copies are reported",
     REQ("OOM-001"),
     NEEDS(fail_inject, dict, set, generator, copy, finalizer, list, str,
           tuple), ARMS_ITSELF) {
  quiet(t);
  expect_reports(t, further, FURTHER, 0);
}

/* "After a failed operation and release of its inputs, live blocks equal the
 * baseline." */
MUST(oom, failure_leaks_nothing, "A failed operation leaves no block",
     REQ("OOM-002"), NEEDS(fail_inject, list, tuple, str, finalizer, weakref,
           bytes),
     ARMS_ITSELF) {
  quiet(t);
  for (size_t i = 0; i < OPERATIONS; i++) {
    now_at(t, "operation %zu", i);
    expect_no_leak(t, operations[i]);
  }
}

/* "After a failed operation and release of its inputs, live blocks equal the
 * baseline." */
MUST(oom, failure_in_containers_leaks_nothing,
     "Failed operations on dicts, sets, generators, copies leave no block",
     REQ("OOM-002"),
     NEEDS(fail_inject, dict, set, generator, copy, finalizer, list, str,
           tuple), ARMS_ITSELF) {
  quiet(t);
  for (size_t i = 0; i < FURTHER; i++) {
    expect_no_leak(t, further[i]);
  }
}

/* "After a failed operation and release of its inputs, live blocks equal the
 * baseline." */
MUST(oom, failed_list_of_a_tuple_leaks_nothing,
     "A failed list(tuple) releases the tuple", REQ("OOM-002"),
     NEEDS(fail_inject, list, tuple, refcount), ARMS_ITSELF) {
  pmm_obj *tuple = tuple_of_ints(t, 100);
  uint64_t count = OPS->refcount(RT, tuple);
  uint64_t failed = 1;
  for (uint64_t k = 1; failed > 0; k++) {
    OPS->caches_flush(RT);
    OPS->inject_arm(RT, k, 0);
    pmm_obj *list = OPS->list_convert(RT, tuple);
    failed = OPS->inject_disarm(RT);
    OPS->error_clear(RT);
    OPS->xrelease(RT, list);
    expect_eq(OPS->refcount(RT, tuple), count);
  }
}

/* "Raising the out-of-memory error needs no successful allocation." */
MUST(oom, error_needs_no_memory,
     "The memory error is raised when no allocation succeeds",
     REQ("OOM-008"), NEEDS(fail_inject, list, tuple, str, finalizer, weakref,
           bytes),
     ARMS_ITSELF) {
  quiet(t);
  expect_reports(t, operations, OPERATIONS, 1);
}

/* "An object whose allocation failed is never finalized, ..." */
MUST(oom, what_was_not_made_is_not_finalized,
     "An object that was not made is not finalized",
     REQ("OOM-010"), NEEDS(fail_inject, list, tuple, str, finalizer, prompt),
     ARMS_ITSELF) {
  quiet(t);
  struct inputs in = new_inputs(t);
  uint64_t failed = 1;
  for (uint64_t k = 1; failed > 0; k++) {
    log_clear(t);
    size_t made =
        try_operation(t, make_instance, &in, k, 0, &failed) == PMM_OK;
    expect_eq(happened(FINALIZED, ANY), made);
    expect_le(happened(DEALLOCATED, ANY), 1);
    expect_ge(happened(DEALLOCATED, ANY), made);
  }
}

/* "... one whose initialiser failed is released once." */
MUST(oom, what_was_half_made_is_released_once,
     "A failed list(...) releases once what it took", REQ("OOM-010"),
     NEEDS(list, generator, finalizer)) {
  const struct pmm_code failing =
      CODE("failing", 1, 1, {PMM_YIELD, -1, 0, 0}, {PMM_DEL, 0, 0, 0},
           {PMM_RAISE, 0, PMM_USER, 0});
  pmm_obj *type = probe_type(t, "watched", 1, PMM_TYPE_GC, nothing, NULL);
  pmm_obj *item = probe_of(t, type, 1);
  pmm_obj *generator = generator_with(t, &failing, item);
  DROP(item);
  expect_null(OPS->list_convert(RT, generator), PMM_USER);
  expect_log(FINALIZED, 1);
  expect_log(DEALLOCATED, 1);
}

/* ---- containers --------------------------------------------------------- */

/* "A failing append leaves length, contents and capacity unchanged and the
 * list usable." */
MUST(oom, append_is_atomic, "A failed append changes nothing", REQ("OOM-003"),
     NEEDS(fail_inject, list, sizeof), ARMS_ITSELF) {
  pmm_obj *list = list_of_ints(t, 4);
  pmm_obj *item = integer(t, SHARED_INT);
  size_t bytes = size_of(t, list);
  OPS->inject_arm(RT, 1, 0);
  enum pmm_status status = OPS->list_append(RT, list, item);
  uint64_t failed = OPS->inject_disarm(RT);
  expect_error(status, PMM_NO_MEMORY);
  expect_eq(failed, 1);
  expect_eq(length_of(t, list), 4);
  expect_eq(size_of(t, list), bytes);
  expect_ok(OPS->list_append(RT, list, item));
  expect_eq(length_of(t, list), 5);
  for (size_t i = 0; i < 5; i++) {
    expect_int(OPS->list_get(RT, list, i), i < 4 ? (int64_t)i : SHARED_INT);
  }
}

/* "A failing insert leaves all old entries reachable and a later insert
 * succeeds." */
MUST(oom, dict_insertion_is_atomic, "A failed insert loses no entry",
     REQ("OOM-004"), NEEDS(fail_inject, dict, str), ARMS_ITSELF) {
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  size_t n;
  int64_t grows = profile_ints(t, "dict_resize_counts", &n)[1];
  pmm_obj *value = text(t, "value");
  for (int64_t i = 1; i < grows; i++) {
    expect_ok(OPS->dict_set(RT, dict, integer(t, i), value));
  }
  pmm_obj *last = integer(t, grows);
  OPS->inject_arm(RT, 1, 0);
  enum pmm_status status = OPS->dict_set(RT, dict, last, value);
  (void)OPS->inject_disarm(RT);
  expect_error(status, PMM_NO_MEMORY);
  expect_eq(length_of(t, dict), grows - 1);
  expect_ok(OPS->dict_set(RT, dict, last, value));
  expect_eq(length_of(t, dict), grows);
  for (int64_t i = 1; i <= grows; i++) {
    expect_same(OPS->dict_get(RT, dict, integer(t, i)), value);
  }
}

/* "Repeat or preallocation whose byte size overflows fails before touching
 * memory; in-place repeat keeps the list unchanged." */
MUST(oom, impossible_sizes_fail_early, "Sizes that overflow fail at once",
     REQ("OOM-005"), NEEDS(list, tuple)) {
  pmm_obj *list = list_of_ints(t, 4);
  pmm_obj *tuple = tuple_of_ints(t, 4);
  pmm_obj *huge = NEW(OPS->int_parse(RT, "4611686018427387904"));
  OPS->memory_reset_peak(RT);
  uint64_t before = live_bytes(t);
  expect_null(OPS->list_repeat(RT, list, huge), PMM_NO_MEMORY);
  expect_error(OPS->list_repeat_inplace(RT, list, huge), PMM_NO_MEMORY);
  expect_null(OPS->tuple_repeat(RT, tuple, INT64_C(1) << 62), PMM_NO_MEMORY);
  expect_null(OPS->list_new(RT, (size_t)1 << 61), PMM_NO_MEMORY);
  expect_null(OPS->tuple_new(RT, (size_t)1 << 61), PMM_NO_MEMORY);
  struct pmm_memory memory = {.struct_size = sizeof memory};
  OPS->memory(RT, &memory);
  expect(memory.peak_bytes == PMM_UNKNOWN ||
         memory.peak_bytes < before + 65536);
  expect_eq(length_of(t, list), 4);
  for (size_t i = 0; i < 4; i++) {
    expect_int(OPS->list_get(RT, list, i), i);
  }
}

/* "A count that does not fit the signed size type raises an overflow error,
 * not out-of-memory." */
MUST(oom, index_overflow_is_another_error,
     "A size of 2**63 is an overflow error",
     REQ("OOM-006"), NEEDS(list)) {
  pmm_obj *list = list_of_ints(t, 4);
  pmm_obj *count = NEW(OPS->int_parse(RT, "9223372036854775808"));
  expect_null(OPS->list_repeat(RT, list, count), PMM_OVERFLOW);
  expect_error(OPS->list_repeat_inplace(RT, list, count), PMM_OVERFLOW);
  expect_eq(length_of(t, list), 4);
}

/* ---- releasing ---------------------------------------------------------- */

/* "Releasing objects and collecting work with all allocations failing." */
MUST(oom, release_never_fails, "Releasing and collecting need no memory",
     REQ("OOM-009"), NEEDS(fail_inject, gc, list, tuple, finalizer, prompt),
     ARMS_ITSELF) {
  quiet(t);
  collect(t);
  pmm_obj *type = probe_type(t, "watched", 2, PMM_TYPE_GC, nothing, NULL);
  pmm_obj *o[4];
  for (int64_t i = 0; i < 4; i++) {
    o[i] = probe_of(t, type, i);
  }
  expect_ok(OPS->slot_set(RT, o[0], 0, LIST(o[1], TUPLE(o[2]))));
  expect_ok(OPS->slot_set(RT, o[2], 0, o[3]));
  expect_ok(OPS->slot_set(RT, o[3], 0, o[2]));
  uint64_t unreachable = 0;
  OPS->inject_arm(RT, 1, 1);
  DROP_ALL();
  size_t by_count = happened(DEALLOCATED, ANY);
  enum pmm_status status = OPS->collect(RT, 2, &unreachable);
  (void)OPS->inject_disarm(RT);
  expect_eq(status, PMM_OK);
  expect_eq(by_count, 2);
  expect_ge(unreachable, 2);
  expect_eq(happened(FINALIZED, ANY), 4);
  expect_eq(happened(DEALLOCATED, ANY), 4);
}

/* "A failed weak reference creation leaves the referent's list unchanged and
 * the referent collectable." */
MUST(oom, weakref_creation_is_atomic,
     "A failed weak reference leaves nothing behind",
     REQ("OOM-012"), NEEDS(fail_inject, weakref, weakref_cb, gc, weakref_count),
     ARMS_ITSELF) {
  quiet(t);
  pmm_obj *target = probe(t, 1);
  expect_ok(OPS->slot_set(RT, target, 0, target));
  pmm_obj *first = NEW(OPS->weakref_new(RT, target, NULL, NULL, 1));
  uint64_t failed = 1;
  for (uint64_t k = 1; failed > 0; k++) {
    OPS->caches_flush(RT);
    OPS->inject_arm(RT, k, 0);
    pmm_obj *made = OPS->weakref_new(RT, target, nothing, NULL, 2);
    enum pmm_status status = OPS->error(RT);
    failed = OPS->inject_disarm(RT);
    OPS->error_clear(RT);
    expect(made != NULL || status == PMM_NO_MEMORY);
    expect_eq(OPS->weakref_count(RT, target), made != NULL ? 2 : 1);
    OPS->xrelease(RT, made);
  }
  DROP(target);
  collect(t);
  expect_log(DEALLOCATED, 1);
  expect(OPS->weakref_get(RT, first) == NULL);
}
