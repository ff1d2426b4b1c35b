/* SPDX-License-Identifier: MIT */
/*
 * cases/again_dirty.c - objects with finalizers, weak references and attributes
 * that are made again, and containers that were never filled, over memory that
 * others have used (requirements RENT-006, RENT-033).
 */
#include "codes.h"
#include "files.h"
#include "kinds.h"

enum { LIVES = 2, DIRT = 3 };

/* ---- a new life --------------------------------------------------------- */

/** An object, what a first look must show of it, and what its death does. */
struct life {
  const char *name;
  pmm_obj *(*make)(struct pmm_test *t, int *runs);
  int runs; /* calls of the host at its death                                 */
};

static enum pmm_status count_run(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)rt;
  (void)arg;
  ++*(int *)ctx;
  return PMM_OK;
}

static pmm_obj *instance(struct pmm_test *t, uint32_t flags, pmm_fn finalizer,
                         int *runs) {
  pmm_obj *type =
      probe_type(t, "life", 2, PMM_TYPE_GC | flags, finalizer, runs);
  pmm_obj *o = probe_of(t, type, 1);
  DROP(type);
  for (size_t slot = 0; slot < 2; slot++) {
    if (OPS->slot_get(RT, o, slot) != NULL) {
      fail("slot %zu of a fresh instance is not empty", slot);
    }
  }
  expect(!OFFERED(resurrection) || !OPS->is_finalized(RT, o));
  return o;
}

static pmm_obj *plain(struct pmm_test *t, int *runs) {
  pmm_obj *o = instance(t, 0, NULL, runs);
  expect_ok(OPS->slot_set(RT, o, 0, o));
  expect_ok(OPS->slot_set(RT, o, 0, NULL));
  expect_ok(OPS->slot_set(RT, o, 1, integer(t, 1000)));
  return o;
}

static pmm_obj *finalized(struct pmm_test *t, int *runs) {
  return instance(t, 0, count_run, runs);
}

static pmm_obj *watched(struct pmm_test *t, int *runs) {
  pmm_obj *o = instance(t, PMM_TYPE_WEAKREF, NULL, runs);
  expect_eq(OPS->weakref_count(RT, o), 0);
  (void)NEW(OPS->weakref_new(RT, o, NULL, NULL, 0));
  (void)NEW(OPS->weakref_new(RT, o, count_run, runs, 2));
  expect_eq(OPS->weakref_count(RT, o), 2);
  return o;
}

static pmm_obj *watched_and_finalized(struct pmm_test *t, int *runs) {
  pmm_obj *o = instance(t, PMM_TYPE_WEAKREF, count_run, runs);
  expect_eq(OPS->weakref_count(RT, o), 0);
  (void)NEW(OPS->weakref_new(RT, o, count_run, runs, 2));
  return o;
}

static pmm_obj *attributed(struct pmm_test *t, int *runs) {
  pmm_obj *o = instance(t, PMM_TYPE_DICT, NULL, runs);
  expect_null(OPS->attr_get(RT, o, "a"), PMM_KEY);
  expect_ok(OPS->attr_set(RT, o, "a", integer(t, 1000)));
  return o;
}

static enum pmm_status run_from_code(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                     pmm_obj **result) {
  *result = NULL;
  return count_run(ctx, rt, arg);
}

static pmm_obj *suspended(struct pmm_test *t, int *runs) {
  const struct pmm_code_call call = {run_from_code, runs};
  struct pmm_code code =
      CODE("waiting", 0, 1, {PMM_TRY, 0, 0, 0}, {PMM_YIELD, -1, -1, 0},
           {PMM_FINALLY, 0, 0, 0}, {PMM_CALL, -1, 0, -1}, {PMM_END, 0, 0, 0});
  code.calls = &call;
  code.call_count = 1;
  pmm_obj *generator = generator_of(t, &code);
  expect_eq(OPS->generator_finished(RT, generator), 0);
  step(t, generator);
  return generator;
}

static pmm_obj *set_of_one(struct pmm_test *t, int *runs) {
  pmm_obj *set = NEW(OPS->set_new(RT, NULL));
  int found = 1;
  (void)runs;
  expect_eq(length_of(t, set), 0);
  expect_ok(OPS->set_contains(RT, set, integer(t, 1000), &found));
  expect_eq(found, 0);
  expect_ok(OPS->set_add(RT, set, integer(t, 1000)));
  return set;
}

/* By its count, and in a cycle where it has a slot for one. */
static void live_and_die(struct pmm_test *t, const struct life *life,
                         int in_cycle) {
  int *runs = SCRATCH(int);
  pmm_obj *o = life->make(t, runs);
  if (in_cycle && life->make != suspended && life->make != set_of_one) {
    expect_ok(OPS->slot_set(RT, o, 1, o));
  }
  DROP(o);
  if (in_cycle) {
    collect(t);
  }
  if (*runs != life->runs) {
    fail("%s, made again: its death calls the host %d times", life->name,
         *runs);
  }
  DROP_ALL();
  log_clear(t);
}

static void live_often(struct pmm_test *t, const struct life *lives,
                       size_t n) {
  quiet(t);
  for (int round = 0; round < LIVES; round++) {
    for (size_t i = 0; i < n; i++) {
      for (size_t j = 0; j < n; j++) {
        now_at(t, "%s, then %s", lives[i].name, lives[j].name);
        live_and_die(t, &lives[i], round & 1);
        live_and_die(t, &lives[j], !(round & 1));
      }
    }
  }
}

#define OWN_ROUNDS OOM_EXEMPT("it goes through many lives")

/* "An object that reuses the memory of a dead one starts afresh: its type,
 * count, items, tracking and flags are those of a newly allocated object." */
MUST(rent, instances_begin_anew,
     "A recycled instance is finalized and notified like a new one",
     REQ("RENT-006"), NEEDS(finalizer, gc, weakref, finalizer_alive, weakref_cb,
                             weakref_count), OWN_ROUNDS) {
  const struct life lives[] = {
      {"an instance", plain, 0},
      {"an instance with a finalizer", finalized, 1},
      {"an instance with weak references", watched, 1},
      {"one with both", watched_and_finalized, 2},
      {"one with attributes", attributed, 0}};
  live_often(t, lives, COUNT(lives));
}

/* "An object that reuses the memory of a dead one starts afresh: its type,
 * count, items, tracking and flags are those of a newly allocated object." */
MUST(rent, cleanups_begin_anew,
     "Recycled generators and instances are like new ones",
     REQ("RENT-006"), NEEDS(finalizer, gc, generator, set, finalizer_alive),
                            OWN_ROUNDS) {
  const struct life lives[] = {
      {"a generator with a cleanup", suspended, 1},
      {"an instance with a finalizer", finalized, 1},
      {"an instance", plain, 0},
      {"a set", set_of_one, 0}};
  live_often(t, lives, COUNT(lives));
}

/* ---- slots that were never filled --------------------------------------- */

/* Blocks of this size hold references to what is dead. */
static void leave_dirt(struct pmm_test *t, size_t n) {
  for (int i = 0; i < DIRT; i++) {
    pmm_obj *list = empty_list(t);
    for (size_t j = 0; j < n; j++) {
      pmm_obj *o = probe(t, (int64_t)j);
      expect_ok(OPS->list_append(RT, list, o));
      DROP(o);
    }
    pmm_obj *exact = NEW(OPS->list_slice(RT, list, 0, n));
    pmm_obj *tuple = NEW(OPS->tuple_convert(RT, list));
    DROP(list);
    DROP(exact);
    DROP(tuple);
  }
}

static int note(void *ctx, pmm_obj *referent) {
  (void)referent;
  ++*(int *)ctx;
  return 0;
}

/* Only `wanted` references are visited, and it can be listed and collected. */
static void expect_visited(struct pmm_test *t, const char *what, size_t n,
                           pmm_obj *o, int wanted) {
  int visited = 0;
  (void)OPS->gc_traverse(RT, o, note, &visited);
  pmm_obj *referents = NEW(OPS->gc_referents(RT, o));
  if (visited != wanted || length_of(t, referents) != (size_t)wanted) {
    fail("%s of %zu empty slots: %d references are visited, %zu listed", what,
         n, visited, length_of(t, referents));
  }
  DROP(referents);
  collect(t);
  const char *wrong = OFFERED(gc_verify) ? OPS->heap_verify(RT) : NULL;
  if (wrong != NULL) {
    fail("%s of %zu empty slots: %s", what, n, wrong);
  }
}

static void make_unfilled(struct pmm_test *t, size_t n) {
  pmm_obj *item = integer(t, 1000);
  leave_dirt(t, n);
  pmm_obj *list = NEW(OPS->list_new(RT, n));
  expect_visited(t, "a list", n, list, 0);
  expect_ok(OPS->list_append(RT, list, item));
  expect_eq(length_of(t, list), n + 1);
  expect_visited(t, "an appended list", n, list, 1);
  leave_dirt(t, n);
  pmm_obj *tuple = NEW(OPS->tuple_new(RT, n));
  expect_visited(t, "a tuple", n, tuple, 0);
  expect_ok(OPS->tuple_set_steal(RT, tuple, n - 1, GIVE(KEEP(item))));
  expect_visited(t, "a tuple with its last slot", n, tuple, 1);
  DROP(tuple);
  DROP(list);
  DROP(item);
}

/* "A slot that was never set is empty, whatever was in its memory before:
 * it is not visited, listed or released." */
MUST(rent, unfilled_slots_are_empty,
     "Slots that were never set are empty in reused memory",
     REQ("RENT-033"), NEEDS(gc, list, tuple, gc_referents, gc_traverse),
                            OWN_ROUNDS) {
  quiet(t);
  for (size_t n = 1; n <= 40; n += n < 4 ? 1 : 9) {
    now_at(t, "size %zu", n);
    make_unfilled(t, n);
  }
  make_unfilled(t, 64);
  make_unfilled(t, 200);
}

/* Grows a tuple over used memory.  The case owns what comes of it. */
static pmm_obj *grown(struct pmm_test *t, pmm_obj *tuple, size_t n) {
  pmm_obj **holder = SCRATCH(pmm_obj *);
  *holder = GIVE(tuple);
  expect_ok(OPS->tuple_resize(RT, holder, n));
  return NEW(*holder);
}

/* "A slot that was never set is empty, whatever was in its memory before:
 * it is not visited, listed or released." */
MUST(rent, added_slots_are_empty, "Slots that a resize adds are empty",
     REQ("RENT-033"), NEEDS(gc, list, tuple, gc_referents, gc_traverse),
                            OWN_ROUNDS) {
  quiet(t);
  for (size_t n = 1; n <= 40; n += n < 6 ? 1 : 7) {
    now_at(t, "size %zu", n);
    pmm_obj *item = probe(t, 99);
    pmm_obj *tuple = NEW(OPS->tuple_new(RT, 1));
    expect_ok(OPS->tuple_set_steal(RT, tuple, 0, GIVE(KEEP(item))));
    leave_dirt(t, n + 1);
    tuple = grown(t, tuple, n + 1);
    expect_visited(t, "a tuple that was resized", n, tuple, 1);
    expect(OPS->tuple_get(RT, tuple, n) == NULL);
    DROP(tuple);
    DROP(item);
  }
}
