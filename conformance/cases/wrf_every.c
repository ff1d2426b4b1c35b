/* SPDX-License-Identifier: MIT */
/*
 * cases/wrf_every.c - weak references in every state, and to every kind of
 * target: plain instances, live and dead targets with and without an
 * operation, overlapping walks, targets that the collector cannot see
 * (requirements WRF-010, 016, 017, 019, 020, 021).
 */
#include "codes.h"
#include "stack.h"
#include "watch.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/** The kinds of weak containers, and which part of an entry is weak. */
static const struct {
  const char *name;
  enum pmm_weak_kind kind;
} containers[] = {{"a map of weak values", PMM_WEAK_VALUES},
                  {"a map of weak keys", PMM_WEAK_KEYS},
                  {"a weak set", PMM_WEAK_SET}};

/* Store the target in the weak part, and `other` in the strong one. */
static void store(struct pmm_test *t, enum pmm_weak_kind kind, pmm_obj *map,
                  pmm_obj *target, pmm_obj *other) {
  int values = kind == PMM_WEAK_VALUES;
  expect_ok(OPS->weak_set(RT, map, values ? other : target,
                          values ? target : other));
}

/* ---- targets without a collector's head --------------------------------- */

static void try_plain(struct pmm_test *t, uint32_t slots) {
  struct watch *watch = new_watch(t);
  pmm_obj *type =
      probe_type(t, "plain", slots, PMM_TYPE_WEAKREF, NULL, NULL);
  pmm_obj *o = probe_of(t, type, 1);
  pmm_obj *item = probe(t, 2);
  pmm_obj *weak = watched(t, o, watch, 7);
  pmm_obj *plain = weak_to(t, o);
  pmm_obj *maps[COUNT(containers)];
  for (size_t i = 0; i < COUNT(containers); i++) {
    maps[i] = NEW(OPS->weak_new(RT, containers[i].kind));
    store(t, containers[i].kind, maps[i], o, item);
  }
  for (uint32_t i = 0; i < slots; i++) {
    expect_ok(OPS->slot_set(RT, o, i, item));
  }
  expect_same(NEW(OPS->weakref_get(RT, plain)), o);
  expect_eq(OPS->instance_cookie(RT, o), 1);
  DROP(o);
  DROP(o); /* what weakref_get gave                                          */
  if (happened(DEALLOCATED, 1) != 1 || watch->runs != 1) {
    fail("a plain target of %d slots: %d deaths, %d calls", (int)slots,
         (int)happened(DEALLOCATED, 1), watch->runs);
  }
  expect_dead(t, weak);
  expect_dead(t, plain);
  for (size_t i = 0; i < COUNT(containers); i++) {
    expect_eq(length_of(t, maps[i]), 0);
  }
  DROP_ALL();
  expect_eq(happened(DEALLOCATED, 2), 1);
  log_clear(t);
}

/* "Instances, functions, generators, sets, frozensets, files and types accept
 * weak references; ..."  Those of a type without the collector's head too. */
MUST(wrf, plain_instances_are_targets,
     "Instances without a collector header can be weakly referenced",
     REQ("WRF-017"),
     NEEDS(weakref, weakref_cb, weak_containers)) {
  quiet(t);
  for (uint32_t slots = 0; slots <= 3; slots++) {
    try_plain(t, slots);
  }
}

/* ---- each operation on each reference ----------------------------------- */

/** An operation on a reference: its status; a result is dropped. */
struct question {
  const char *name;
  enum pmm_status (*ask)(struct pmm_test *t, pmm_obj *o);
};

static enum pmm_status status_of(struct pmm_test *t, pmm_obj *result) {
  enum pmm_status status = OPS->error(RT);
  check((result == NULL) == (status != PMM_OK));
  OPS->xrelease(RT, result);
  OPS->error_clear(RT);
  return status;
}

#define QUESTION(name, call)                                                  \
  static enum pmm_status name(struct pmm_test *t, pmm_obj *o) {               \
    return status_of(t, call);                                                \
  }

QUESTION(repr_of, OPS->repr(RT, o))
QUESTION(iter_of, OPS->iter(RT, o))
QUESTION(next_of, OPS->next(RT, o))
QUESTION(called, OPS->call(RT, o, NULL, 0))
QUESTION(copied, OPS->copy(RT, o))

static enum pmm_status hash_of(struct pmm_test *t, pmm_obj *o) {
  int64_t hash;
  enum pmm_status status = OPS->hash(RT, o, &hash);
  OPS->error_clear(RT);
  return status;
}

static enum pmm_status counted(struct pmm_test *t, pmm_obj *o) {
  size_t length;
  enum pmm_status status = OPS->length(RT, o, &length);
  OPS->error_clear(RT);
  return status;
}

static enum pmm_status compared(struct pmm_test *t, pmm_obj *o) {
  int equal = 0;
  enum pmm_status status = OPS->equals(RT, o, OPS->none(RT), &equal);
  OPS->error_clear(RT);
  return status;
}

static const struct question questions[] = {
    {"repr", repr_of}, {"iter", iter_of},   {"next", next_of},
    {"call", called},  {"copy", copied},    {"hash", hash_of},
    {"len", counted},  {"equals", compared}};

static pmm_obj *a_probe(struct pmm_test *t) { return probe(t, 1); }

static pmm_obj *a_set(struct pmm_test *t) {
  return NEW(OPS->set_new(RT, NULL));
}

static pmm_obj *a_generator(struct pmm_test *t) {
  const struct pmm_code code = CODE("one", 0, 1, {PMM_YIELD, -1, -1, 0});
  return generator_of(t, &code);
}

/** Targets that have some of the operations and lack others. */
static const struct {
  const char *name;
  pmm_obj *(*make)(struct pmm_test *t);
} targets[] = {
    {"an instance", a_probe}, {"a set", a_set}, {"a generator", a_generator}};

/* A dead one answers no question by its target. */
static void ask_all(struct pmm_test *t, const char *target, pmm_obj *proxy,
                    pmm_obj *weak, int dead) {
  for (size_t i = 0; i < COUNT(questions); i++) {
    enum pmm_status of_proxy = questions[i].ask(t, proxy);
    (void)questions[i].ask(t, weak);
    int passes = questions[i].ask != repr_of && questions[i].ask != compared &&
                 questions[i].ask != copied;
    if (dead && passes && of_proxy != PMM_REFERENCE && of_proxy != PMM_TYPE) {
      fail("%s of a dead proxy of %s: status %d", questions[i].name, target,
           (int)of_proxy);
    }
  }
  expect_eq(hash_of(t, proxy), PMM_TYPE);
  expect_eq(counted(t, proxy) == PMM_REFERENCE, dead);
  expect_eq(next_of(t, weak), PMM_TYPE);
}

/* "Using a proxy after death raises a reference error; proxies are unhashable
 * ..."  What a target does not have is a type error, too. */
MUST(wrf, proxies_answer_every_question,
     "Proxies and references, live and dead, answer each operation",
     REQ("WRF-019"), NEEDS(proxy, frame, set, generator, copy, diag)) {
  quiet(t);
  for (size_t i = 0; i < COUNT(targets); i++) {
    now_at(t, "%s", targets[i].name);
    pmm_obj *o = targets[i].make(t);
    pmm_obj *proxy = NEW(OPS->proxy_new(RT, o));
    pmm_obj *weak = weak_to(t, o);
    ask_all(t, targets[i].name, proxy, weak, 0);
    DROP(o);
    expect_dead(t, weak);
    ask_all(t, targets[i].name, proxy, weak, 1);
  }
}

/* ---- walks -------------------------------------------------------------- */

/* Two walks; entries die in both, and the first ends before the second. */
static void overlap(struct pmm_test *t, size_t which) {
  enum { N = 6 };
  pmm_obj *map = NEW(OPS->weak_new(RT, containers[which].kind));
  pmm_obj *held[N];
  for (int i = 0; i < N; i++) {
    held[i] = probe(t, i);
    pmm_obj *other = probe(t, 10 + i);
    store(t, containers[which].kind, map, held[i], other);
    DROP(other);
  }
  pmm_obj *first = NEW(OPS->iter(RT, map));
  pmm_obj *second = NEW(OPS->iter(RT, map));
  pmm_obj *kept[2] = {NEW(OPS->next(RT, first)), NEW(OPS->next(RT, second))};
  for (int i = 0; i < N; i++) {
    DROP(held[i]);
  }
  size_t before = happened(DEALLOCATED, ANY);
  DROP(first);
  if (happened(DEALLOCATED, ANY) != before) {
    fail("%s: an entry was removed while it is walked", containers[which].name);
  }
  pmm_obj *item = OPS->next(RT, second);
  OPS->xrelease(RT, item);
  OPS->error_clear(RT);
  DROP(second);
  DROP(kept[0]);
  DROP(kept[1]);
  expect_eq(length_of(t, map), 0);
  DROP(map);
  expect_eq(happened(DEALLOCATED, ANY), 2 * N);
  log_clear(t);
}

/* "Entries dying during iteration neither crash nor corrupt the iteration;
 * removals are deferred."  Until the last of several iterations ends. */
MUST(wrf, walks_may_overlap,
     "With two iterations, dead entries stay until both end",
     REQ("WRF-021"), NEEDS(weakref, weakref_cb, weak_containers)) {
  quiet(t);
  for (size_t i = 0; i < COUNT(containers); i++) {
    now_at(t, "%s", containers[i].name);
    overlap(t, i);
  }
}

static enum pmm_status last_of(void *ctx, pmm_rt *rt, pmm_obj *unused) {
  struct release_work *work = ctx;
  struct pmm_test *t = work->t;
  (void)unused;
  pmm_obj *item = OPS->next(rt, work->o);
  check(item != NULL);
  OPS->xrelease(rt, item);
  return OPS->error(rt);
}

/* "Entries dying during iteration neither crash nor corrupt the iteration;
 * removals are deferred."  However many there are in a row. */
MUST(wrf, dead_entries_in_a_row_are_passed,
     "Iterating past 20000 dead entries needs no deep stack", REQ("WRF-021"),
     NEEDS(weakref, weak_containers, list, trashcan),
     OOM_EXEMPT("the entries take too long for a round a failure")) {
  enum { N = 20000 };
  size_t stack = small_stack(t);
  quiet(t);
  pmm_obj *set = NEW(OPS->weak_new(RT, PMM_WEAK_SET));
  pmm_obj *owner = empty_list(t);
  for (int i = 0; i < N; i++) {
    pmm_obj *o = probe(t, i);
    expect_ok(OPS->weak_set(RT, set, o, NULL));
    expect_ok(OPS->list_append(RT, owner, o));
    DROP(o);
  }
  pmm_obj *last = KEEP(OPS->list_get(RT, owner, N - 1));
  struct release_work *work = SCRATCH(struct release_work);
  *work = (struct release_work){.t = t, .o = NEW(OPS->iter(RT, set))};
  DROP(owner);
  expect_eq(happened(DEALLOCATED, ANY), N - 1);
  expect_ok(OPS->call_on_stack(RT, stack, last_of, work));
  DROP(last);
}
