/* SPDX-License-Identifier: MIT */
/*
 * cases/bounds.c - what must not grow with what ever was (requirements
 * DCT-033, WRF-046, WRF-047, PROF-011).
 */
#include <pthread.h>
#include <unistd.h>

#include "case.h"

/* ---- attributes --------------------------------------------------------- */

static const char *const orders[][3] = {
    {"alpha", "beta", "gamma"}, {"gamma", "beta", "alpha"},
    {"beta", "gamma", "alpha"}};

/* Bytes of so many instances, whose attributes are set in that order. */
static uint64_t bytes_of_order(struct pmm_test *t, pmm_obj *type,
                               const char *const names[3]) {
  enum { INSTANCES = 200 };
  uint64_t before = live_bytes(t);
  pmm_obj *list = empty_list(t);
  pmm_obj *none = NEW(OPS->none(RT));
  for (int i = 0; i < INSTANCES; i++) {
    pmm_obj *o = probe_of(t, type, i);
    for (int j = 0; j < 3; j++) {
      expect_ok(OPS->attr_set(RT, o, names[j], none));
    }
    expect_ok(OPS->list_append(RT, list, o));
    DROP(o);
  }
  uint64_t bytes = live_bytes(t) - before;
  DROP(list);
  return bytes;
}

/* "The memory of an instance does not depend on the order in which its
 * attributes were set: any order takes at most a quarter more than the
 * first one." */
SHOULD(dct, orders_of_attributes_cost_the_same,
       "Attributes in another order cost no more", REQ("DCT-033"),
       NEEDS(list), OOM_EXEMPT("it makes hundreds of instances"),
       STRESS_EXEMPT("it compares bytes")) {
  quiet(t);
  expect(profile_int(t, "probe_keys_shared"));
  pmm_obj *type =
      probe_type(t, "open", 0, PMM_TYPE_GC | PMM_TYPE_DICT, NULL, NULL);
  (void)bytes_of_order(t, type, orders[0]); /* what all orders share is made */
  uint64_t first = bytes_of_order(t, type, orders[0]);
  for (size_t i = 1; i < sizeof orders / sizeof *orders; i++) {
    expect_le(4 * bytes_of_order(t, type, orders[i]), 5 * first);
  }
}

/* ---- weak containers ---------------------------------------------------- */

/* One more entry, which dies before the call returns. */
static void come_and_go(struct pmm_test *t, pmm_obj *weak, int values,
                        int64_t i) {
  pmm_obj *item = probe(t, 1);
  pmm_obj *other = integer(t, 1000 + i);
  expect_ok(OPS->weak_set(RT, weak, values ? other : item,
                          values ? item : other));
  DROP(other);
  DROP(item);
}

/* Live bytes after so many entries have come and gone. */
static uint64_t bytes_after(struct pmm_test *t, pmm_obj *weak, int values,
                            int64_t entries) {
  for (int64_t i = 0; i < entries; i++) {
    come_and_go(t, weak, values, i);
  }
  (void)collect(t);
  log_clear(t);
  return live_bytes(t);
}

/* "The memory of a weak container depends on how many entries are alive at
 * the same time, not on how many there have ever been." */
MUST(wrf, weak_containers_do_not_grow_with_the_dead,
     "10000 entries that die leave a weak container small", REQ("WRF-046"),
     NEEDS(weak_containers, gc), OOM_EXEMPT("it stores thousands of entries"),
     STRESS_EXEMPT("so many collections take too long")) {
  enum { FEW = 500, MANY = 10000, SLACK = 2048 };
  const enum pmm_weak_kind kinds[] = {PMM_WEAK_VALUES, PMM_WEAK_KEYS,
                                      PMM_WEAK_SET};
  quiet(t);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    int values = kinds[i] == PMM_WEAK_VALUES;
    pmm_obj *weak = NEW(OPS->weak_new(RT, kinds[i]));
    uint64_t before = bytes_after(t, weak, values, FEW);
    expect_le(bytes_after(t, weak, values, MANY), before + SLACK);
    expect_eq(length_of(t, weak), 0);
    DROP(weak);
  }
}

/* "Whatever refers weakly to an object takes memory only while it is alive
 * itself: references that were made and dropped leave nothing behind." */
MUST(wrf, watchers_do_not_add_up,
     "10000 dropped weak references leave nothing behind", REQ("WRF-047"),
     NEEDS(weakref, weakref_cb, weakref_count),
     OOM_EXEMPT("it makes thousands of references"),
     STRESS_EXEMPT("so many collections take too long")) {
  enum { MANY = 10000 };
  quiet(t);
  pmm_obj *o = probe(t, 1);
  DROP(NEW(OPS->weakref_new(RT, o, NULL, NULL, 0)));
  uint64_t before = live_blocks(t);
  for (int i = 0; i < MANY; i++) {
    DROP(NEW(OPS->weakref_new(RT, o, NULL, NULL, 0)));
  }
  expect_eq(OPS->weakref_count(RT, o), 0);
  expect_le(live_blocks(t), before + 1);
}

/* ---- the tracer --------------------------------------------------------- */

enum { LIVES = 200, ROUNDS = 50, SIZE = 100, SECONDS = 3 };

/* A thread that does not hold the runtime.  Scratch memory. */
struct raw_worker {
  struct pmm_test *t;
  int refused;
};

static void *make_raw(void *ctx) {
  struct raw_worker *w = ctx;
  struct pmm_test *t = w->t;
  for (int i = 0; i < ROUNDS; i++) {
    void *block = OPS->domain_malloc(RT, PMM_DOMAIN_RAW, SIZE);
    w->refused += block == NULL;
    OPS->domain_free(RT, PMM_DOMAIN_RAW, block);
  }
  return NULL;
}

static void run_threads(struct pmm_test *t, struct raw_worker *w, int n) {
  for (int i = 0; i < n; i++) {
    pthread_t thread;
    expect_eq(pthread_create(&thread, NULL, make_raw, w), 0);
    expect_eq(pthread_join(thread, NULL), 0);
  }
}

/* In a process of its own, as a thread that waits for ever cannot be ended. */
static void trace_threads(struct pmm_test *t, void *subject) {
  struct raw_worker *w = subject;
  uint64_t current;
  uint64_t after;
  uint64_t peak;
  (void)alarm(SECONDS);
  expect_ok(OPS->trace_start(RT));
  run_threads(t, w, 2);
  uint64_t blocks = live_blocks(t);
  uint64_t overhead = OPS->trace_overhead(RT);
  OPS->trace_get(RT, &current, &peak);
  run_threads(t, w, LIVES);
  OPS->trace_get(RT, &after, &peak);
  expect_eq(after, current);
  expect_eq(live_blocks(t), blocks);
  expect_le(OPS->trace_overhead(RT), overhead + 4096);
  expect_eq(w->refused, 0);
  OPS->trace_stop(RT);
}

/* "Threads that start, use the raw domain while it is traced and end leave
 * nothing behind: neither in the traced bytes nor in the tracer's own
 * memory." */
MUST(prof, threads_leave_no_trace,
     "200 threads start and end while the tracer runs",
     REQ("PROF-011"), NEEDS(trace, domains, raw_threads),
     OOM_EXEMPT("threads are not the allocations that fail"),
     STRESS_EXEMPT("nothing is collected")) {
  quiet(t);
  struct raw_worker *w = SCRATCH(struct raw_worker);
  w->t = t;
  survives(t, trace_threads, w);
}
