/* SPDX-License-Identifier: MIT */
/*
 * cases/gc_made.c - what is looked at while it is made, cycles of one kind
 * alone, and garbage without end (requirements GC-010, GC-042, GEN-007, 020).
 */
#include "kinds.h"
#include "rent.h"

#define OWN_POINTS                                                            \
  OOM_EXEMPT("it goes through the points of its operations itself"),          \
      STRESS_EXEMPT("it says which allocation collects")

/* ---- made while somebody looks ------------------------------------------ */

/* Ask of every object what it refers to. */
static void look_around(struct pmm_test *t, pmm_obj *unused) {
  pmm_obj *all = OPS->gc_objects(RT, -1);
  size_t n = 0;
  (void)unused;
  if (all != NULL) {
    (void)OPS->length(RT, all, &n);
  }
  for (size_t i = 0; i < n; i++) {
    OPS->xrelease(RT, OPS->gc_referents(RT, OPS->list_get(RT, all, i)));
    OPS->error_clear(RT);
  }
  OPS->xrelease(RT, all);
}

/* Containers that making one of a kind makes, at most. */
#define POINTS 8

static int make_at(struct pmm_test *t, const struct kind *kind, uint64_t k) {
  pmm_obj *item = probe(t, 1);
  struct trap *trap = new_trap(t, item, look_around);
  lay(t, trap);
  collect_at(t, k);
  pmm_obj *container = kind->make(t, item);
  OPS->gc_enable(RT, 0);
  int sprung = trap->sprung;
  trap->source = NULL;
  verify(t, kind->name);
  expect_ok(OPS->slot_set(RT, item, 0, container));
  (void)collect(t);
  if (OPS->refcount(RT, item) < 2 || happened(DEALLOCATED, 1) != 0) {
    fail("%s, whose container %d collects: it does not own its item",
         kind->name, (int)k);
  }
  DROP_ALL();
  (void)collect(t);
  if (happened(DEALLOCATED, 1) != 1) {
    fail("%s, whose container %d collects: its item died %d times", kind->name,
         (int)k, (int)happened(DEALLOCATED, 1));
  }
  log_clear(t);
  return sprung;
}

static int make_each(struct pmm_test *t, const struct kind *kinds, size_t n) {
  int sprung = 0;
  for (size_t i = 0; i < n; i++) {
    for (uint64_t k = 1; k <= POINTS; k++) {
      if (lacking(t, &kinds[i]) == PMM_FEATURE_core) {
        sprung += make_at(t, &kinds[i], k);
      }
    }
  }
  return sprung;
}

/* "A container under construction is not visible to the collector until it is
 * tracked; a collection during construction is harmless."  Nor to code that
 * such a collection runs. */
MUST(gc, making_every_kind_is_not_seen,
     "Objects under construction are not seen by code of a collection",
     REQ("GC-010"), NEEDS(gc, gc_gen, gc_referents, refcount, list, finalizer,
           finalizer_alive), OWN_POINTS) {
  quiet(t);
  (void)collect(t);
  int sprung = make_each(t, basic, COUNT(basic));
  sprung += make_each(t, hashed, COUNT(hashed));
  sprung += make_each(t, frames, COUNT(frames));
  sprung += make_each(t, weak, COUNT(weak));
  sprung += make_each(t, streams, COUNT(streams));
  if (sprung == 0) {
    unsupported(t, "allocation.runs_code");
  }
}

/* ---- cycles of one kind alone ------------------------------------------- */

static pmm_obj *lone_list(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *list = LIST(item);
  expect_ok(OPS->list_append(RT, list, list));
  return list;
}

static pmm_obj *lone_dict(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *dict = in_values(t, item);
  expect_ok(OPS->dict_set(RT, dict, integer(t, 7), dict));
  return dict;
}

/* Its item is in a tuple, which nothing can clear. */
static pmm_obj *lone_tuple(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *list = empty_list(t);
  pmm_obj *tuple = TUPLE(item, list);
  expect_ok(OPS->list_append(RT, list, tuple));
  DROP(list);
  return tuple;
}

/* g = generator(g): the one that waits owns itself. */
static pmm_obj *lone_generator(struct pmm_test *t, pmm_obj *item) {
  const struct pmm_code code =
      CODE("lone", 2, 4, {PMM_FOR_EACH, 2, 0, 0}, {PMM_YIELD, -1, 2, 0},
           {PMM_END, 0, 0, 0});
  pmm_obj *list = empty_list(t);
  pmm_obj *args[2] = {list, item};
  pmm_obj *generator = NEW(OPS->generator_new(RT, &code, args, 2));
  expect_ok(OPS->list_append(RT, list, generator));
  step(t, generator);
  DROP(list);
  return generator;
}

/* Chunks over a generator that owns them. */
static pmm_obj *lone_chunks(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *list = LIST(item);
  pmm_obj *iterator = NEW(OPS->iter(RT, list));
  pmm_obj *chunks = NEW(OPS->chunks(RT, iterator, 2));
  expect_ok(OPS->list_append(RT, list, chunks));
  DROP(iterator);
  DROP(list);
  return chunks;
}

static pmm_obj *lone_tee(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *list = LIST(item);
  pmm_obj *iterator = NEW(OPS->iter(RT, list));
  pmm_obj *two = NEW(OPS->tee(RT, iterator));
  step(t, OPS->tuple_get(RT, two, 0));
  expect_ok(OPS->list_append(RT, list, two));
  DROP(iterator);
  DROP(list);
  return two;
}

/* A map of weak values among whose keys is one that owns it. */
static pmm_obj *lone_weak(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *map = NEW(OPS->weak_new(RT, PMM_WEAK_KEYS));
  pmm_obj *value = TUPLE(map, item);
  expect_ok(OPS->weak_set(RT, map, item, value));
  DROP(value);
  return map;
}

static pmm_obj *lone_iterator(struct pmm_test *t, pmm_obj *item) {
  pmm_obj *list = LIST(item);
  pmm_obj *iterator = NEW(OPS->iter(RT, list));
  expect_ok(OPS->list_append(RT, list, iterator));
  DROP(list);
  return iterator;
}

/* lambda: v0 - a closure that shares with itself where it is stored */
static pmm_obj *lone_closure(struct pmm_test *t, pmm_obj *item) {
  struct pmm_code inner = CODE("inner", 0, 2, {PMM_RETURN, 0, 0, 0});
  const struct pmm_code *const codes[] = {&inner};
  struct pmm_code making = CODE("making", 1, 2, {PMM_CLOSURE, 1, 0, 0},
                                {PMM_RETURN, 1, 0, 0});
  inner.captured = making.captured = 3;
  making.codes = codes;
  making.code_count = 1;
  pmm_obj *function = NEW(OPS->function_new(RT, &making));
  pmm_obj *closure = NEW(OPS->call(RT, function, &item, 1));
  DROP(function);
  return closure;
}

static const struct kind lone[] = {
    {"a list in itself", lone_list, 1, OF(list)},
    {"a dict in itself", lone_dict, 1, OF(dict)},
    {"a tuple in its list", lone_tuple, 1, OF(tuple, list)},
    {"an iterator in its list", lone_iterator, 1, OF(list)},
    {"a generator in its own local", lone_generator, 1, OF(generator, list)},
    {"chunks of what holds them", lone_chunks, 1, OF(chunks, list)},
    {"a split iterator in its source", lone_tee, 1, OF(copy, tuple, list)},
    {"a closure in its own cell", lone_closure, 1, OF(frame)},
    {"a weak map in its own value", lone_weak, 1, OF(weak_containers, tuple)}};

/* The item has no header of the collector, so it clears nothing. */
static void expect_reclaimed(struct pmm_test *t, const struct kind *kind) {
  pmm_obj *type =
      probe_type(t, "plain", 0, PMM_TYPE_WEAKREF, NULL, NULL);
  pmm_obj *item = probe_of(t, type, 1);
  pmm_obj *container = kind->make(t, item);
  DROP_ALL();
  (void)container;
  if (happened(DEALLOCATED, 1) != 0) {
    fail("%s: it is no cycle", kind->name);
  }
  (void)collect(t);
  (void)collect(t);
  if (happened(DEALLOCATED, 1) != 1) {
    fail("%s: its item died %d times", kind->name,
         (int)happened(DEALLOCATED, 1));
  }
  log_clear(t);
}

/* "A cycle of containers of any kind is reclaimed even when no instance is
 * part of it: what only the cycle refers to dies." */
MUST(gc, lone_cycles_are_reclaimed,
     "A cycle of each kind of container alone is collected", REQ("GC-042"),
     NEEDS(gc)) {
  quiet(t);
  OVER(lone, expect_reclaimed);
}

/* ---- pacing ------------------------------------------------------------- */

static enum pmm_status nothing(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)ctx;
  (void)rt;
  (void)arg;
  return PMM_OK;
}

static void no_phase(struct pmm_test *t, void *unused) {
  (void)unused;
  OPS->gc_enable(RT, 0);
}

/* Runs of the collector so far, of all generations. */
static uint64_t runs(struct pmm_test *t) {
  uint64_t sum = 0;
  for (int generation = 0; generation < 3; generation++) {
    struct pmm_gc_stats stats = {.struct_size = sizeof stats};
    expect_ok(OPS->gc_stats(RT, generation, &stats));
    sum += stats.collections;
  }
  return sum;
}

static pmm_obj *finalized(struct pmm_test *t, pmm_obj *type) {
  return probe_of(t, type, 1);
}

static pmm_obj *watched(struct pmm_test *t, pmm_obj *type) {
  pmm_obj *o = probe_of(t, type, 1);
  DROP(NEW(OPS->weakref_new(RT, o, NULL, NULL, 0)));
  return o;
}

static pmm_obj *stored_weakly(struct pmm_test *t, pmm_obj *type) {
  pmm_obj *o = probe_of(t, type, 1);
  pmm_obj *map = NEW(OPS->weak_new(RT, PMM_WEAK_KEYS));
  expect_ok(OPS->weak_set(RT, map, o, type));
  DROP(map);
  return o;
}

static pmm_obj *holding(struct pmm_test *t, pmm_obj *type) {
  (void)type;
  return LIST(NEW(OPS->none(RT)));
}

static const struct {
  const char *name;
  pmm_obj *(*make)(struct pmm_test *t, pmm_obj *type);
  enum pmm_feature needs;
} mortals[] = {{"a list", holding, PMM_FEATURE_list},
               {"an instance with a finalizer", finalized,
                PMM_FEATURE_finalizer},
               {"an instance that is weakly referred to", watched,
                PMM_FEATURE_weakref},
               {"a key of a weak map", stored_weakly,
                PMM_FEATURE_weak_containers}};

static void make_and_drop(struct pmm_test *t, size_t which, pmm_obj *type) {
  enum { MADE = 3000 };
  DROP(mortals[which].make(t, type));
  (void)collect(t);
  uint64_t before = runs(t);
  OPS->gc_enable(RT, 1);
  for (int i = 0; i < MADE; i++) {
    DROP(mortals[which].make(t, type));
  }
  OPS->gc_enable(RT, 0);
  uint64_t after = runs(t);
  if (after != before) {
    fail("%s, %d times made and dropped: %d collections", mortals[which].name,
         MADE, (int)(after - before));
  }
}

/* "Create-and-drop loops that leave no net growth trigger no collection."
 * Whatever there was to do at the deaths. */
MUST(gen, mortals_collect_nothing,
     "Transient finalized or weakly referenced objects trigger nothing",
     REQ("GEN-007"), NEEDS(gc_gen, gc),
     STRESS_EXEMPT("a collection at every container is no pacing"),
     OOM_EXEMPT("it makes thousands of objects")) {
  quiet(t);
  defer(t, no_phase, NULL);
  pmm_obj *type = probe_type(t, "mortal", 1, PMM_TYPE_GC | PMM_TYPE_WEAKREF,
                             OFFERED(finalizer) ? nothing : NULL, NULL);
  for (size_t i = 0; i < sizeof mortals / sizeof *mortals; i++) {
    if (is_offered(t, mortals[i].needs)) {
      make_and_drop(t, i, type);
    }
  }
}

/* CYCLES are made, of which the last `lag` live: garbage that is older has been
 * through so many collections.  How many there were at most. */
static size_t make_garbage(struct pmm_test *t, size_t lag) {
  enum { KEPT = 10000, CYCLES = 100000 };
  defer(t, no_phase, NULL);
  pmm_obj *kept = empty_list(t);
  for (size_t i = 0; i < KEPT + lag; i++) {
    pmm_obj *list = empty_list(t);
    expect_ok(OPS->list_append(RT, kept, list));
    DROP(list);
  }
  pmm_obj *type = probe_type(t, "cycle", 1, PMM_TYPE_GC, NULL, NULL);
  OPS->gc_enable(RT, 1);
  size_t most = 0;
  for (size_t i = 1; i <= CYCLES; i++) {
    pmm_obj *o = probe_of(t, type, 1);
    expect_ok(OPS->slot_set(RT, o, 0, o));
    if (lag > 0) {
      expect_ok(OPS->list_set(RT, kept, i % lag, o));
    }
    DROP(o);
    size_t left = i % 1000 == 0 ? i - happened(DEALLOCATED, 1) : 0;
    most = left > most ? left : most;
  }
  OPS->gc_enable(RT, 0);
  return most;
}

#define ENDLESS                                                               \
  STRESS_EXEMPT("a collection at every container takes too long"),            \
      OOM_EXEMPT("it makes many thousands of objects")

/* "While garbage is made continuously, automatic collections keep the
 * number of existing objects below a few times the sum of the reachable
 * objects and the first threshold." */
MUST(gen, garbage_without_end_is_bounded,
     "100000 cycles made over a live heap leave little garbage",
     REQ("GEN-020"), NEEDS(gc_gen, gc, list), ENDLESS) {
  needs_mode(t, "generational incremental full proportional");
  quiet(t);
  expect_lt(make_garbage(t, 0), 60000);
}

/* "While garbage is made continuously, automatic collections keep the
 * number of existing objects below a few times the sum of the reachable
 * objects and the first threshold."  Also what had grown old. */
MUST(gen, old_garbage_without_end_is_bounded,
     "100000 cycles that grow old before they are garbage leave little",
     REQ("GEN-020"), NEEDS(gc_gen, gc, list), ENDLESS,
     INEXACT("collections", "a search in slices ends each by the clock, too")) {
  needs_mode(t, "generational incremental full proportional");
  quiet(t);
  expect_lt(make_garbage(t, 5000), 60000);
}
