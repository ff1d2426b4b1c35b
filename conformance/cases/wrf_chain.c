/* SPDX-License-Identifier: MIT */
/*
 * cases/wrf_chain.c - weak containers that die of one another, and objects
 * that are looked up while they die (requirements WRF-043, 044, 045).
 */
#include "rent.h"

enum { CHAIN = 5, KINDS = 3, NEST = 60, DYING = 100, SEER = 101 };

static const enum pmm_weak_kind kinds[KINDS] = {PMM_WEAK_VALUES, PMM_WEAK_KEYS,
                                                PMM_WEAK_SET};
static const char *const kind_names[KINDS] = {"values", "keys", "set"};

/* Two ways to die. */
static pmm_obj *mortal(struct pmm_test *t, int in_cycle, int64_t cookie) {
  return in_cycle ? self_cycle(t, cookie) : probe(t, cookie);
}

/* Put the object into a container as what is weak there. */
static void put(struct pmm_test *t, pmm_obj *map, enum pmm_weak_kind kind,
                pmm_obj *o) {
  pmm_obj *other = integer(t, 1000);
  int values = kind == PMM_WEAK_VALUES;
  expect_ok(OPS->weak_set(RT, map, values ? other : o, values ? o : other));
}

#define OWN_POINTS OOM_EXEMPT("it goes through many containers")

/* ---- a container that dies of its neighbour's entry --------------------- */

/* The object is in a map of weak keys whose value is the only owner of another
 * container that has the object, too. */
static void own_by_entry(struct pmm_test *t, size_t kind, int outer_first,
                         int in_cycle) {
  pmm_obj *o = mortal(t, in_cycle, DYING);
  pmm_obj *outer = NEW(OPS->weak_new(RT, PMM_WEAK_KEYS));
  pmm_obj *inner = NEW(OPS->weak_new(RT, kinds[kind]));
  pmm_obj *ref = NEW(OPS->weakref_new(RT, inner, NULL, NULL, 0));
  if (outer_first) {
    expect_ok(OPS->weak_set(RT, outer, o, inner));
  }
  put(t, inner, kinds[kind], o);
  if (!outer_first) {
    expect_ok(OPS->weak_set(RT, outer, o, inner));
  }
  DROP(inner);
  DROP(o);
  collect(t);
  pmm_obj *found = OPS->weakref_get(RT, ref);
  OPS->xrelease(RT, found);
  if (found != NULL || length_of(t, outer) != 0 ||
      happened(DEALLOCATED, DYING) != 1) {
    fail("a weak %s owned by an entry: it is %s, the outer one has %zu entries",
         kind_names[kind], found != NULL ? "alive" : "dead",
         length_of(t, outer));
  }
  verify(t, kind_names[kind]);
  DROP_ALL();
  log_clear(t);
}

/* "The entries of a dying object are removed one by one: what an entry
 * releases may be another weak container with an entry of the object, or
 * the weak part of an entry elsewhere, which is then removed as well." */
MUST(wrf, entries_own_containers,
     "An entry may own another container of the same object",
     REQ("WRF-043"), NEEDS(gc, weakref, weak_containers), OWN_POINTS) {
  quiet(t);
  for (size_t kind = 0; kind < KINDS; kind++) {
    for (int how = 0; how < 4; how++) {
      now_at(t, "map of kind %zu, way %d", kind, how);
      own_by_entry(t, kind, how & 1, how & 2);
    }
  }
}

/* Map i holds what is weak in map i + 1. */
static void make_chain(struct pmm_test *t, pmm_obj **maps, int values,
                       int in_cycle) {
  pmm_obj *o = mortal(t, in_cycle, 0);
  for (int i = 0; i < CHAIN; i++) {
    pmm_obj *next = probe(t, i + 1);
    maps[i] =
        NEW(OPS->weak_new(RT, values ? PMM_WEAK_VALUES : PMM_WEAK_KEYS));
    expect_ok(OPS->weak_set(RT, maps[i], values ? next : o, values ? o : next));
    DROP(o);
    o = next;
  }
  DROP(o);
}

/* "The entries of a dying object are removed one by one: what an entry
 * releases may be another weak container with an entry of the object, or
 * the weak part of an entry elsewhere, which is then removed as well." */
MUST(wrf, entries_own_weak_parts,
     "A chain of weak maps dies with its first object",
     REQ("WRF-043"), NEEDS(gc, weakref, weak_containers), OWN_POINTS) {
  quiet(t);
  for (int how = 0; how < 4; how++) {
    pmm_obj *maps[CHAIN];
    make_chain(t, maps, how & 1, how & 2);
    collect(t);
    pmm_obj *stranger = probe(t, 9);
    for (int i = 0; i < CHAIN; i++) {
      if (length_of(t, maps[i]) != 0 || happened(DEALLOCATED, i) != 1) {
        fail("map %d of the chain (weak %s) has %zu entries, its object died "
             "%d times", i, kind_names[(how & 1) == 0], length_of(t, maps[i]),
             (int)happened(DEALLOCATED, i));
      }
      expect(OPS->weak_get(RT, maps[i], stranger) == NULL);
      expect_eq(OPS->error(RT), PMM_OK);
    }
    expect_eq(happened(DEALLOCATED, CHAIN), 1);
    DROP_ALL();
    log_clear(t);
  }
}

/* ---- what watches and what is watched in one garbage -------------------- */

static enum pmm_status count_call(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)rt;
  (void)arg;
  ++*(int *)ctx;
  return PMM_OK;
}

/* The i-th of three watchers of an object, into the list. */
static void watch(struct pmm_test *t, pmm_obj *list, pmm_obj *o, size_t kind,
                  int i, int *calls) {
  pmm_obj *watcher = i == 0   ? NEW(OPS->weak_new(RT, kinds[kind]))
                     : i == 1 ? NEW(OPS->weakref_new(RT, o, count_call,
                                                     &calls[0], 3))
                              : NEW(OPS->finalize_new(RT, o, count_call,
                                                      &calls[1], 4));
  if (i == 0) {
    put(t, watcher, kinds[kind], o);
  }
  if (i != 2) {
    expect_ok(OPS->list_append(RT, list, watcher));
  }
  DROP(watcher);
}

static void in_one_garbage(struct pmm_test *t, size_t kind, const int *order) {
  int *calls = SCRATCH_ARRAY(int, 2);
  pmm_obj *list = empty_list(t);
  pmm_obj *o = probe(t, DYING);
  expect_ok(OPS->list_append(RT, list, list));
  expect_ok(OPS->list_append(RT, list, o));
  expect_ok(OPS->slot_set(RT, o, 0, list));
  for (int i = 0; i < 3; i++) {
    watch(t, list, o, kind, order[i], calls);
  }
  DROP(list);
  DROP(o);
  collect(t);
  if (calls[0] != 0 || calls[1] != 1 || happened(DEALLOCATED, DYING) != 1) {
    fail("a weak %s in the garbage of what it has, order %d%d%d: %d calls of "
         "the garbage reference, %d of the helper", kind_names[kind], order[0],
         order[1], order[2], calls[0], calls[1]);
  }
  verify(t, kind_names[kind]);
  DROP_ALL();
  log_clear(t);
}

/* "Whatever refers weakly to an object may be part of the same garbage,
 * whichever was made first: it is not notified, and nothing of it is
 * touched once it is dead; whatever is not garbage is notified once." */
MUST(wrf, watchers_are_garbage_too,
     "Weak containers may die in the same collection as their entries",
     REQ("WRF-044"), NEEDS(gc, list, weakref, weakref_cb, finalize,
                           weak_containers), OWN_POINTS) {
  static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                   {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  quiet(t);
  collect(t);
  for (size_t kind = 0; kind < KINDS; kind++) {
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
      now_at(t, "map of kind %zu, order %zu", kind, i);
      in_one_garbage(t, kind, orders[i]);
    }
  }
}

/* ---- looking up who is dying -------------------------------------------- */

/* All ways to an object.  Scratch memory. */
struct ways {
  struct pmm_test *t;
  pmm_obj *ref;
  pmm_obj *proxy;
  pmm_obj *map; /* of weak values, under None                                 */
  pmm_obj *key;
  int asked;
  int found;
};

static void take(struct ways *ways, pmm_obj *o) {
  struct pmm_test *t = ways->t;
  if (o != NULL) {
    ways->found++;
    check(OPS->instance_cookie(RT, o) == DYING);
    check(happened(DEALLOCATED, DYING) == 0);
    check(!OFFERED(refcount) || OPS->refcount(RT, o) >= 1);
    OPS->release(RT, o);
  } else {
    check(OPS->error(RT) == PMM_OK);
  }
  OPS->error_clear(RT);
}

static enum pmm_status look_up(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  struct ways *ways = ctx;
  struct pmm_test *t = ways->t;
  (void)arg;
  if (ways->ref == NULL) {
    return PMM_OK;
  }
  ways->asked++;
  int before = ways->found;
  take(ways, OPS->weakref_get(rt, ways->ref));
  take(ways, OPS->weak_get(rt, ways->map, ways->key));
  pmm_obj *slot = OPS->proxy_slot(rt, ways->proxy, 1);
  int found = OPS->error(rt) == PMM_OK;
  check(found || OPS->error(rt) == PMM_REFERENCE);
  OPS->error_clear(rt);
  OPS->xrelease(rt, slot);
  check(ways->found - before == 2 * found); /* all say the same               */
  return PMM_OK;
}

static void forget(struct pmm_test *t, void *subject) {
  (void)t;
  ((struct ways *)subject)->ref = NULL;
}

static void watch_all_ways(struct pmm_test *t, struct ways *ways, pmm_obj *o) {
  ways->t = t;
  defer(t, forget, ways);
  ways->key = NEW(OPS->none(RT));
  ways->map = NEW(OPS->weak_new(RT, PMM_WEAK_VALUES));
  ways->proxy = NEW(OPS->proxy_new(RT, o));
  expect_ok(OPS->weak_set(RT, ways->map, ways->key, o));
  ways->ref = NEW(OPS->weakref_new(RT, o, NULL, NULL, 0));
}

static pmm_obj *seer(struct pmm_test *t, struct ways *ways, int64_t cookie) {
  pmm_obj *type = probe_type(t, "seer", 2, PMM_TYPE_GC | PMM_TYPE_WEAKREF,
                             look_up, ways);
  pmm_obj *o = probe_of(t, type, cookie);
  DROP(type);
  return o;
}

static void expect_dead(struct pmm_test *t, const char *what,
                        const struct ways *ways, int found) {
  if (ways->asked == 0 || happened(DEALLOCATED, DYING) != 1 ||
      (found >= 0 && ways->found != found)) {
    fail("%s: asked %d times, found %d times, died %d times", what,
         ways->asked, ways->found, (int)happened(DEALLOCATED, DYING));
  }
  verify(t, what);
  DROP_ALL();
  log_clear(t);
}

/* "Looking up a dying object through a weak reference, a proxy or a weak
 * container gives the living object, owned, or nothing; once the object is
 * finally dead it always gives nothing." */
MUST(wrf, finalizers_look_themselves_up,
     "A finalizer can look its own object up, or finds nothing",
     REQ("WRF-045"), NEEDS(finalizer, gc, weakref, finalizer_alive, proxy,
                           weak_containers)) {
  quiet(t);
  for (int in_cycle = 0; in_cycle < 2; in_cycle++) {
    struct ways *ways = SCRATCH(struct ways);
    pmm_obj *o = seer(t, ways, DYING);
    expect_ok(OPS->slot_set(RT, o, 1, integer(t, 1000)));
    watch_all_ways(t, ways, o);
    if (in_cycle) {
      expect_ok(OPS->slot_set(RT, o, 0, o));
    }
    DROP(o);
    collect(t);
    expect_dead(t, in_cycle ? "in a cycle" : "by its count", ways,
                in_cycle ? -1 : 2);
  }
}

/* "Looking up a dying object through a weak reference, a proxy or a weak
 * container gives the living object, owned, or nothing; once the object is
 * finally dead it always gives nothing." */
MUST(wrf, the_dead_are_not_found,
     "Neither a dying owner nor its callbacks can be looked up",
     REQ("WRF-045"), NEEDS(finalizer, gc, weakref, weakref_cb, finalizer_alive,
                           proxy, weak_containers)) {
  quiet(t);
  for (int how = 0; how < 4; how++) {
    struct ways *ways = SCRATCH(struct ways);
    pmm_obj *o = probe(t, DYING);
    watch_all_ways(t, ways, o);
    if (how & 1) {
      pmm_obj *item = seer(t, ways, SEER);
      expect_ok(OPS->slot_set(RT, o, 1, item));
      DROP(item);
    } else {
      (void)NEW(OPS->weakref_new(RT, o, look_up, ways, 5));
    }
    if (how & 2) {
      expect_ok(OPS->slot_set(RT, o, 0, o));
    }
    DROP(o);
    collect(t);
    expect_dead(t, how & 1 ? "an item's finalizer" : "a weak callback", ways,
                0);
  }
}

/* A list in lists, so that its items wait for their death. */
static pmm_obj *nested(struct pmm_test *t, pmm_obj *list, int depth) {
  for (int i = 0; i < depth; i++) {
    pmm_obj *outer = LIST(list);
    DROP(list);
    list = outer;
  }
  return list;
}

/* "Looking up a dying object through a weak reference, a proxy or a weak
 * container gives the living object, owned, or nothing; once the object is
 * finally dead it always gives nothing." */
MUST(wrf, waiting_objects_are_found_whole,
     "An object whose death is deferred is found alive, or not at all",
     REQ("WRF-045"), NEEDS(finalizer, gc, list, weakref, finalizer_alive,
                           proxy, weak_containers),
     OWN_POINTS) {
  quiet(t);
  for (int depth = 0; depth < NEST; depth += depth < 30 ? 10 : 3) {
    for (int first = 0; first < 2; first++) {
      struct ways *ways = SCRATCH(struct ways);
      pmm_obj *o = probe(t, DYING);
      expect_ok(OPS->slot_set(RT, o, 1, integer(t, 1000)));
      watch_all_ways(t, ways, o);
      pmm_obj *eye = seer(t, ways, SEER);
      pmm_obj *list = first ? LIST(o, eye) : LIST(eye, o);
      DROP(o);
      DROP(eye);
      DROP(nested(t, list, depth));
      expect_dead(t, "deep in lists", ways, -1);
    }
  }
}
