/* SPDX-License-Identifier: MIT */
/*
 * cases/rent_entries.c - weak containers whose entries let go of what runs code
 * that changes the container (RENT-002), and walks that go on over a container
 * that has grown (WRF-021).
 */
#include "rent.h"

enum { ENTRIES = 6, NEW_KEYS = 40 };

/* A weak map of ENTRIES whose values, which it alone owns, run code when they
 * die.
 * Scratch memory; the handles are owned by the case. */
struct scene {
  struct pmm_test *t;
  pmm_obj *map;               /* of weak keys                                */
  pmm_obj *type;              /* of what is made inside                      */
  pmm_obj *keys[ENTRIES];
  pmm_obj *keeper;            /* a list: owns the keys of new entries        */
  void (*act)(struct scene *s); /* NULL: it has run                          */
  int at;
};

/* ---- what the code does ------------------------------------------------- */

static void forget_error(struct scene *s) { s->t->ops->error_clear(s->t->rt); }

static void put_new(struct scene *s, pmm_obj *key) {
  struct pmm_test *t = s->t;
  pmm_obj *o = OPS->instance_new(RT, s->type, LENT + 500);
  if (o != NULL && OPS->list_append(RT, s->keeper, o) == PMM_OK) {
    (void)OPS->weak_set(RT, s->map, key != NULL ? key : o, o);
  }
  OPS->xrelease(RT, o);
  forget_error(s);
}

static void empty_it(struct scene *s) {
  for (int i = 0; i < ENTRIES; i++) {
    (void)s->t->ops->weak_delete(s->t->rt, s->map, s->keys[i]);
    forget_error(s);
  }
}

static void grow_it(struct scene *s) {
  for (int i = 0; i < NEW_KEYS; i++) {
    put_new(s, NULL);
  }
}

static void grow_a_little(struct scene *s) {
  for (int i = 0; i <= s->at; i++) {
    put_new(s, NULL);
  }
}

static void put_again(struct scene *s) { put_new(s, s->keys[s->at]); }

static void put_all_again(struct scene *s) {
  for (int i = 0; i < ENTRIES; i++) {
    put_new(s, s->keys[i]);
  }
}

static void empty_and_grow(struct scene *s) {
  empty_it(s);
  grow_it(s);
}

static void collect_it(struct scene *s) { collect_inside(s->t, NULL); }

static const struct {
  const char *name;
  void (*act)(struct scene *s);
} acts[] = {{"empties it", empty_it},
            {"makes it grow", grow_it},
            {"makes it grow a little", grow_a_little},
            {"stores under the key again", put_again},
            {"stores under all keys again", put_all_again},
            {"empties it and makes it grow", empty_and_grow},
            {"collects", collect_it}};

static enum pmm_status spring_scene(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  struct scene *s = ctx;
  void (*act)(struct scene *) = s->act;
  (void)rt;
  (void)arg;
  if (act != NULL) {
    s->act = NULL;
    act(s);
  }
  return PMM_OK;
}

/* ---- what lets go of an entry ------------------------------------------- */

static enum pmm_status put_other(struct scene *s) {
  struct pmm_test *t = s->t;
  pmm_obj *other = probe(t, LENT + 600);
  return OPS->weak_set(RT, s->map, s->keys[s->at], other);
}

static enum pmm_status delete_it(struct scene *s) {
  return s->t->ops->weak_delete(s->t->rt, s->map, s->keys[s->at]);
}

static enum pmm_status weak_part_dies(struct scene *s) {
  struct pmm_test *t = s->t;
  pmm_obj *o = s->keys[s->at];
  s->keys[s->at] = NEW(OPS->none(RT));
  DROP(o);
  return PMM_OK;
}

static enum pmm_status clear_it(struct scene *s) {
  return s->t->ops->gc_clear(s->t->rt, s->map);
}

static const struct {
  const char *name;
  enum pmm_status (*drop)(struct scene *s);
} droppers[] = {{"replacing an entry", put_other},
                {"deleting a key", delete_it},
                {"the death of a weak part", weak_part_dies},
                {"the collector's clear", clear_it}};

/* ---- the sweep ---------------------------------------------------------- */

static void fill(struct scene *s) {
  struct pmm_test *t = s->t;
  pmm_obj *final =
      probe_type(t, "entry", 1, PMM_TYPE_GC, spring_scene, s);
  for (int i = 0; i < ENTRIES; i++) {
    s->keys[i] = probe(t, i);
    pmm_obj *value = probe_of(t, final, LENT + i);
    expect_ok(OPS->weak_set(RT, s->map, s->keys[i], value));
    DROP(value);
  }
  DROP(final);
}

static struct scene *new_scene(struct pmm_test *t,
                               void (*act)(struct scene *), int at) {
  struct scene *s = SCRATCH(struct scene);
  s->t = t;
  s->at = at;
  s->map = NEW(OPS->weak_new(RT, PMM_WEAK_KEYS));
  s->keeper = empty_list(t);
  s->type = probe_type(t, "new", 1, PMM_TYPE_GC | PMM_TYPE_WEAKREF, NULL, NULL);
  fill(s);
  s->act = act;
  return s;
}

static void expect_no_key_twice(struct scene *s, const char *what) {
  struct pmm_test *t = s->t;
  pmm_obj *keys = NEW(OPS->list_convert(RT, s->map));
  size_t n = length_of(t, keys);
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < i; j++) {
      if (OPS->same(RT, OPS->list_get(RT, keys, i),
                    OPS->list_get(RT, keys, j))) {
        fail("%s: a key is there twice", what);
      }
    }
  }
  DROP(keys);
}

/* Each key gives nothing, or an object that is whole. */
static void read_all(struct scene *s, const char *what) {
  struct pmm_test *t = s->t;
  for (int i = 0; i < ENTRIES; i++) {
    pmm_obj *found = OPS->weak_get(RT, s->map, s->keys[i]);
    if (found != NULL && OPS->instance_cookie(RT, found) < LENT) {
      fail("%s: key %d leads to what is no value", what, i);
    }
    OPS->xrelease(RT, found);
    OPS->error_clear(RT);
  }
  verify(t, what);
}

static void try_entry(struct pmm_test *t, size_t dropper, size_t act, int at) {
  struct scene *s = new_scene(t, acts[act].act, at);
  if (droppers[dropper].drop(s) != PMM_OK) {
    OPS->error_clear(RT); /* what it looks for may be gone                    */
  }
  if (s->act != NULL) {
    fail("%s: no code runs", droppers[dropper].name);
  }
  read_all(s, droppers[dropper].name);
  if (droppers[dropper].drop != clear_it) { /* which leaves no map */
    expect_no_key_twice(s, droppers[dropper].name);
  }
  DROP_ALL();
  collect(t);
  for (int i = 0; i < ENTRIES; i++) {
    if (happened(DEALLOCATED, i) != 1 || happened(DEALLOCATED, LENT + i) != 1) {
      fail("%s, the code %s: key %d dies %d times, its value %d",
           droppers[dropper].name, acts[act].name, i,
           (int)happened(DEALLOCATED, i), (int)happened(DEALLOCATED, LENT + i));
    }
  }
  log_clear(t);
}

/* "An operation that releases an item has already finished with the container,
 * or uses the container as it is afterwards: code of the item's finalizer or
 * weak reference callbacks may read and change it." */
MUST(rent, finalizers_change_weak_maps,
     "Finalizers of values may change their weak map", REQ("RENT-002"),
     NEEDS(weak_containers, list, gc, finalizer, finalizer_alive, gc_clear),
     OOM_EXEMPT("it goes through many operations; each has its own sweep")) {
  quiet(t);
  for (size_t i = 0; i < COUNT_OF(droppers); i++) {
    for (size_t j = 0; j < COUNT_OF(acts); j++) {
      for (int at = 0; at < ENTRIES; at++) {
        now_at(t, "%s, the code %s, entry %d", droppers[i].name, acts[j].name,
               at);
        try_entry(t, i, j, at);
      }
    }
  }
}

/* ---- walks over a container that grows ---------------------------------- */

enum { WALKED = 8, PASSED = 4 };

static void start_and_leave(struct pmm_test *t, pmm_obj *map, int walks) {
  pmm_obj **all = SCRATCH_ARRAY(pmm_obj *, walks + 1);
  for (int i = 0; i < walks; i++) {
    all[i] = NEW(OPS->iter(RT, map));
  }
  for (int i = 0; i < walks; i++) {
    DROP(all[i]);
  }
}

/* The keys that a walk still has to give are all given, each once, though
 * `others` have begun and ended meanwhile. */
static void walk_on(struct pmm_test *t, enum pmm_weak_kind kind, int more,
                    int others) {
  pmm_obj *map = NEW(OPS->weak_new(RT, kind));
  pmm_obj *keys[WALKED];
  int seen[WALKED] = {0};
  for (int i = 0; i < WALKED; i++) {
    keys[i] = probe(t, i);
    expect_ok(OPS->weak_set(RT, map, keys[i], keys[i]));
  }
  pmm_obj *walk = NEW(OPS->iter(RT, map));
  for (int i = 0; i < PASSED; i++) {
    pmm_obj *key = NEW(OPS->next(RT, walk));
    seen[OPS->instance_cookie(RT, key) % WALKED]++;
    DROP(key);
  }
  start_and_leave(t, map, others);
  for (int i = 0; i < WALKED; i++) { /* holes behind it                       */
    if (seen[i] && i % 2 == 0) {
      expect_ok(OPS->weak_delete(RT, map, keys[i]));
    }
  }
  for (int i = 0; i < more; i++) {
    pmm_obj *o = probe(t, 100 + WALKED * i);
    expect_ok(OPS->weak_set(RT, map, o, o));
  }
  pmm_obj *key;
  while ((key = OPS->next(RT, walk)) != NULL) {
    int64_t cookie = OPS->instance_cookie(RT, key);
    OPS->release(RT, key);
    if (cookie < WALKED) {
      seen[cookie]++;
    }
  }
  enum pmm_status status = OPS->error(RT);
  expect_ne(status, PMM_NO_MEMORY);
  OPS->error_clear(RT);
  for (int i = 0; i < WALKED && status == PMM_STOP; i++) {
    expect_eq(seen[i], 1);
  }
}

/* "Entries dying during iteration neither crash nor corrupt the iteration;
 * removals are deferred."  A container that grows meanwhile may end it by an
 * error, and else loses none of those that stayed. */
MUST(wrf, walks_go_on_over_what_grew,
     "Iteration gives all that stayed though the container grows",
     REQ("WRF-021"), NEEDS(weak_containers)) {
  const enum pmm_weak_kind kinds[] = {PMM_WEAK_KEYS, PMM_WEAK_VALUES,
                                      PMM_WEAK_SET};
  quiet(t);
  for (size_t i = 0; i < COUNT_OF(kinds); i++) {
    for (int more = 0; more <= 20; more += 4) {
      now_at(t, "kind %zu, %d more", i, more);
      walk_on(t, kinds[i], more, more == 20 ? 300 : 0);
      DROP_ALL();
      collect(t);
    }
  }
}
