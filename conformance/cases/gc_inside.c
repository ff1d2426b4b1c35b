/* SPDX-License-Identifier: MIT */
/*
 * cases/gc_inside.c - what code asks and changes while a collection runs, and
 * garbage beside frozen objects (requirements GC-012, 016, 018, GEN-015,
 * PROF-009).
 */
#include "case.h"

/* ---- asking ------------------------------------------------------------- */

/* What the code inside did.  Scratch memory. */
struct asker {
  struct pmm_test *t;
  pmm_obj *held; /* borrowed: an object that lives through it               */
  int asked;
};

static void ask(struct asker *asker) {
  struct pmm_test *t = asker->t;
  uint64_t found = 1;
  if (asker->held == NULL) {
    return;
  }
  asker->asked++;
  for (int generation = -1; generation <= 2; generation++) {
    OPS->xrelease(RT, OPS->gc_objects(RT, generation));
  }
  OPS->xrelease(RT, OPS->gc_referrers(RT, asker->held));
  OPS->xrelease(RT, OPS->gc_referents(RT, asker->held));
  check(OPS->collect(RT, 2, &found) == PMM_OK && found == 0);
  OPS->error_clear(RT);
}

static enum pmm_status ask_with(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)rt;
  (void)arg;
  ask(ctx);
  return PMM_OK;
}

static enum pmm_status ask_at_phase(void *ctx, pmm_rt *rt,
                                    const struct pmm_gc_info *info) {
  (void)rt;
  (void)info;
  ask(ctx);
  return PMM_OK;
}

static void stop_asking(struct pmm_test *t, void *subject) {
  struct asker *asker = subject;
  asker->held = NULL;
  (void)OPS->gc_callback_remove(RT, ask_at_phase, asker);
  OPS->error_clear(RT);
}

/* A ring of probes with a finalizer or without; garbage once dropped. */
static void make_ring(struct pmm_test *t, struct asker *asker, int n) {
  pmm_obj *type = probe_type(t, "asking", 2, PMM_TYPE_GC | PMM_TYPE_WEAKREF,
                             ask_with, asker);
  pmm_obj *first = probe_of(t, type, 0);
  pmm_obj *last = first;
  for (int i = 1; i < n; i++) {
    pmm_obj *o = i % 2 == 1 ? probe(t, i) : probe_of(t, type, i);
    expect_ok(OPS->slot_set(RT, last, 0, o));
    expect_ok(OPS->slot_set(RT, o, 1, asker->held));
    if (last != first) {
      DROP(last);
    }
    last = o;
  }
  expect_ok(OPS->slot_set(RT, last, 0, first));
  DROP(last);
  DROP(first);
  DROP(type);
}

/* "A collection started from a finalizer or callback during a collection
 * returns at once with 0."  "After a collection every survivor has its previous
 * reference count."  Whatever is asked of the collector meanwhile. */
MUST(gc, asking_inside_spoils_nothing,
     "Finalizers and callbacks may list objects during a collection",
     REQ("GC-012", "GC-016"),
     NEEDS(gc, gc_gen, gc_callbacks, finalizer, weakref, weakref_cb, refcount,
           weakref_count)) {
  enum { N = 6 };
  quiet(t);
  struct asker *asker = SCRATCH(struct asker);
  asker->t = t;
  pmm_obj *held = probe(t, 99);
  asker->held = held;
  (void)NEW(OPS->weakref_new(RT, held, NULL, NULL, 0));
  make_ring(t, asker, N);
  pmm_obj *cycle = self_cycle(t, N);
  (void)NEW(OPS->weakref_new(RT, cycle, ask_with, asker, 7));
  expect_ok(OPS->gc_callback_add(RT, ask_at_phase, asker));
  defer(t, stop_asking, asker);
  DROP(cycle);
  collect(t);
  expect_eq(happened(DEALLOCATED, ANY), N + 1);
  expect_eq(OPS->refcount(RT, held), 1);
  expect_ge(asker->asked, 2 + N / 2 + 1);
  expect_eq(OPS->weakref_count(RT, held), 1);
}

/* ---- callbacks that change the callbacks -------------------------------- */

enum { CALLBACKS = 5 };

/* Callbacks in a row; one of them changes them.  Scratch memory. */
struct row {
  struct pmm_test *t;
  int calls[3 * CALLBACKS];
  int removed[3 * CALLBACKS]; /* calls after it was removed                 */
  int gone[3 * CALLBACKS];
  struct member {
    struct row *row;
    int index;
  } members[3 * CALLBACKS];
  int at; /* who changes them; -1: nobody                                   */
  void (*change)(struct row *row);
};

static enum pmm_status count_phase(void *ctx, pmm_rt *rt,
                                   const struct pmm_gc_info *info) {
  const struct member *member = ctx;
  struct row *row = member->row;
  (void)rt;
  (void)info;
  row->calls[member->index]++;
  row->removed[member->index] += row->gone[member->index];
  if (row->at == member->index) {
    row->at = -1;
    row->change(row);
  }
  return PMM_OK;
}

static void remove_one(struct row *row, int index) {
  struct pmm_test *t = row->t;
  if (OPS->gc_callback_remove(RT, count_phase, &row->members[index]) ==
      PMM_OK) {
    row->gone[index] = 1;
  }
  OPS->error_clear(RT);
}

static void remove_itself(struct row *row) { remove_one(row, 2); }
static void remove_next(struct row *row) { remove_one(row, 3); }

static void remove_all(struct row *row) {
  for (int i = 0; i < 3 * CALLBACKS; i++) {
    remove_one(row, i);
  }
}

static void add_many(struct row *row) {
  struct pmm_test *t = row->t;
  for (int i = CALLBACKS; i < 3 * CALLBACKS; i++) {
    (void)OPS->gc_callback_add(RT, count_phase, &row->members[i]);
    OPS->error_clear(RT);
  }
}

static const struct {
  const char *name;
  void (*change)(struct row *row);
} changes[] = {{"itself", remove_itself},
               {"the next one", remove_next},
               {"all of them", remove_all},
               {"none, and adds ten", add_many}};

static void undo_row(struct pmm_test *t, void *subject) {
  (void)t;
  remove_all(subject);
}

static void try_change(struct pmm_test *t, size_t which) {
  struct row *row = SCRATCH(struct row);
  *row = (struct row){.t = t, .at = 2, .change = changes[which].change};
  defer(t, undo_row, row);
  for (int i = 0; i < 3 * CALLBACKS; i++) {
    row->members[i] = (struct member){row, i};
  }
  for (int i = 0; i < CALLBACKS; i++) {
    expect_ok(OPS->gc_callback_add(RT, count_phase, &row->members[i]));
  }
  collect(t);
  int before[CALLBACKS];
  for (int i = 0; i < CALLBACKS; i++) {
    before[i] = row->calls[i];
  }
  collect(t);
  for (int i = 0; i < CALLBACKS; i++) {
    if (row->removed[i] != 0 ||
        row->calls[i] - before[i] != (row->gone[i] ? 0 : 2)) {
      fail("a callback removes %s: number %d was called %d times, %d after "
           "its removal",
           changes[which].name, i, row->calls[i] - before[i], row->removed[i]);
    }
  }
  remove_all(row);
}

/* "Each collection calls every callback with start then stop, ..."  Those that
 * are there; one that was removed is not called. */
MUST(gen, callbacks_change_the_callbacks,
     "A callback of the collector removes and adds callbacks",
     REQ("GEN-015"), NEEDS(gc, gc_callbacks)) {
  quiet(t);
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    now_at(t, "change %zu", i);
    try_change(t, i);
  }
}

/* ---- frozen objects ----------------------------------------------------- */

static void unfreeze(struct pmm_test *t, void *unused) {
  (void)unused;
  (void)OPS->gc_unfreeze(RT);
}

/* "After freeze, tracked objects move to a permanent set ..."  "After a
 * collection every survivor has its previous reference count."  Garbage may
 * refer to them. */
MUST(gc, garbage_may_refer_to_frozen_objects,
     "Collecting garbage keeps the counts of frozen objects right",
     REQ("GC-012", "GC-018"), NEEDS(gc, gc_freeze, refcount)) {
  quiet(t);
  pmm_obj *frozen = probe(t, 1);
  expect_ok(OPS->gc_freeze(RT));
  defer(t, unfreeze, NULL);
  pmm_obj *live = probe(t, 2);
  pmm_obj *garbage = self_cycle(t, 3);
  expect_ok(OPS->slot_set(RT, live, 0, frozen));
  expect_ok(OPS->slot_set(RT, garbage, 1, frozen));
  expect_eq(OPS->refcount(RT, frozen), 3);
  DROP(garbage);
  collect(t);
  expect_log(DEALLOCATED, 3);
  expect_eq(OPS->refcount(RT, frozen), 2);
  expect_ok(OPS->gc_unfreeze(RT));
  collect(t);
  expect_log(DEALLOCATED, 3);
  expect_eq(OPS->refcount(RT, frozen), 2);
  DROP(live);
  DROP(frozen);
  expect_log(DEALLOCATED, 3, 2, 1);
}

static void count_probes(void *ctx, const struct pmm_census *row) {
  uint64_t *count = ctx;
  *count += strcmp(row->type, "frozen") == 0 ? row->count : 0;
}

static uint64_t frozen_in_census(struct pmm_test *t) {
  uint64_t count = 0;
  expect_ok(OPS->census(RT, count_probes, &count));
  return count;
}

/* "A census counts the live objects of each type ...: it moves by exactly what
 * was made and dropped."  Frozen ones are among them. */
MUST(prof, census_counts_frozen_objects,
     "A census counts frozen objects like others", REQ("PROF-009"),
     NEEDS(census, gc_freeze)) {
  enum { N = 5 };
  quiet(t);
  pmm_obj *type = probe_type(t, "frozen", 1, PMM_TYPE_GC, NULL, NULL);
  for (int i = 0; i < N; i++) {
    (void)probe_of(t, type, i);
  }
  expect_eq(frozen_in_census(t), N);
  expect_ok(OPS->gc_freeze(RT));
  defer(t, unfreeze, NULL);
  expect_eq(frozen_in_census(t), N);
  expect_ok(OPS->gc_unfreeze(RT));
  expect_eq(frozen_in_census(t), N);
}
