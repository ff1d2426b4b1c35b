/* SPDX-License-Identifier: MIT */
/*
 * cases/wrf_act.c - what a weak callback or a helper may do to the others that
 * watch the same object (requirements WRF-041, 042).
 */
#include "rent.h"

enum { REFS = 3, MAPS = 3, HELPER = 50, REF = 10, TARGET = 1 };

/* An object with everything that can watch it.  Scratch memory; the handles
 * are the scene's own, so that a callback can drop them. */
struct scene {
  struct pmm_test *t;
  const struct act *act; /* NULL: done                                        */
  pmm_obj *refs[REFS];
  pmm_obj *helper;
  pmm_obj *maps[MAPS]; /* of each kind; the target is in each                 */
  pmm_obj *other;      /* lives on                                            */
  pmm_obj *made;
  int called[REFS];
  int helped;
};

/* One of the references.  Scratch memory. */
struct watcher {
  struct scene *scene;
  int index;
};

/** What the first callback does. */
struct act {
  const char *name;
  void (*act)(struct scene *scene, int index);
  int stored;  /* entries that it makes in each container                     */
  int drops;   /* references that it drops                                    */
  int detaches;
};

static void let_go(struct scene *scene, pmm_obj **o) {
  scene->t->ops->clear(scene->t->rt, o);
}

static void drop_own(struct scene *scene, int index) {
  let_go(scene, &scene->refs[index]);
}

static void drop_next(struct scene *scene, int index) {
  let_go(scene, &scene->refs[(index + 1) % REFS]);
}

static void drop_last(struct scene *scene, int index) {
  let_go(scene, &scene->refs[(index + REFS - 1) % REFS]);
}

static void drop_all(struct scene *scene, int index) {
  (void)index;
  for (int i = 0; i < REFS; i++) {
    let_go(scene, &scene->refs[i]);
  }
}

static void drop_maps(struct scene *scene, int index) {
  (void)index;
  for (int i = 0; i < MAPS; i++) {
    let_go(scene, &scene->maps[i]);
  }
}

static void drop_helper(struct scene *scene, int index) {
  (void)index;
  let_go(scene, &scene->helper);
}

static void detach(struct scene *scene, int index) {
  struct pmm_test *t = scene->t;
  (void)index;
  check(OPS->finalize_detach(RT, scene->helper) == PMM_OK);
}

static void watch_other(struct scene *scene, int index) {
  struct pmm_test *t = scene->t;
  (void)index;
  scene->made = OPS->weakref_new(RT, scene->other, NULL, NULL, 0);
  OPS->error_clear(RT);
}

static void look(struct scene *scene, int index) {
  struct pmm_test *t = scene->t;
  for (int i = 0; i < REFS; i++) {
    pmm_obj *found = OPS->weakref_get(RT, scene->refs[i]);
    check(found == NULL);
    OPS->xrelease(RT, found);
  }
  (void)index;
}

/* Garbage that owns one of the other references. */
static void collect_one(struct scene *scene, int index) {
  struct pmm_test *t = scene->t;
  pmm_obj **ref = &scene->refs[(index + 1) % REFS];
  pmm_obj *list = OPS->list_new(RT, 0);
  if (list != NULL && OPS->list_append(RT, list, list) == PMM_OK &&
      OPS->list_append(RT, list, *ref) == PMM_OK) {
    OPS->clear(RT, ref);
  }
  OPS->xrelease(RT, list);
  OPS->error_clear(RT);
  collect_inside(t, NULL);
}

static void store(struct scene *scene, int index) {
  struct pmm_test *t = scene->t;
  (void)index;
  for (int i = 0; i < MAPS; i++) {
    (void)OPS->weak_set(RT, scene->maps[i], scene->other, scene->other);
    OPS->error_clear(RT);
  }
}

static const struct act acts[] = {
    {"nothing", look, 0, 0, 0},
    {"drop itself", drop_own, 0, 1, 0},
    {"drop the next reference", drop_next, 0, 1, 0},
    {"drop the last reference", drop_last, 0, 1, 0},
    {"drop all references", drop_all, 0, REFS, 0},
    {"drop the containers", drop_maps, 0, 0, 0},
    {"drop the helper", drop_helper, 0, 0, 0},
    {"detach the helper", detach, 0, 0, 1},
    {"watch another object", watch_other, 0, 0, 0},
    {"collect a reference", collect_one, 0, 1, 0},
    {"store into the containers", store, 1, 0, 0}};

static void act_once(struct scene *scene, int index) {
  const struct act *act = scene->act;
  if (act != NULL) {
    scene->act = NULL;
    act->act(scene, index);
  }
}

static enum pmm_status watched(void *ctx, pmm_rt *rt, pmm_obj *weak) {
  struct watcher *watcher = ctx;
  (void)rt;
  (void)weak;
  watcher->scene->called[watcher->index]++;
  act_once(watcher->scene, watcher->index);
  return PMM_OK;
}

static enum pmm_status helped(void *ctx, pmm_rt *rt, pmm_obj *unused) {
  struct scene *scene = ctx;
  (void)rt;
  (void)unused;
  scene->helped++;
  act_once(scene, 0);
  return PMM_OK;
}

static void leave_scene(struct pmm_test *t, void *subject) {
  struct scene *scene = subject;
  scene->act = NULL;
  drop_all(scene, 0);
  drop_maps(scene, 0);
  let_go(scene, &scene->helper);
  let_go(scene, &scene->made);
  (void)t;
}

static struct scene *new_scene(struct pmm_test *t, pmm_obj *target,
                               const struct act *act) {
  static const enum pmm_weak_kind kinds[MAPS] = {PMM_WEAK_VALUES,
                                                 PMM_WEAK_KEYS, PMM_WEAK_SET};
  struct scene *scene = SCRATCH(struct scene);
  scene->t = t;
  defer(t, leave_scene, scene);
  scene->other = probe(t, 2);
  for (int i = 0; i < REFS; i++) {
    struct watcher *watcher = SCRATCH(struct watcher);
    *watcher = (struct watcher){scene, i};
    scene->refs[i] =
        GIVE(NEW(OPS->weakref_new(RT, target, watched, watcher, REF + i)));
  }
  scene->helper =
      GIVE(NEW(OPS->finalize_new(RT, target, helped, scene, HELPER)));
  for (int i = 0; i < MAPS; i++) {
    scene->maps[i] = GIVE(NEW(OPS->weak_new(RT, kinds[i])));
    pmm_obj *key = kinds[i] == PMM_WEAK_VALUES ? integer(t, 1000) : target;
    pmm_obj *value = kinds[i] == PMM_WEAK_VALUES ? target : integer(t, 1001);
    expect_ok(OPS->weak_set(RT, scene->maps[i], key, value));
  }
  scene->act = act;
  return scene;
}

static void expect_seen(struct pmm_test *t, const struct scene *scene,
                        const struct act *act) {
  int calls = 0;
  for (int i = 0; i < REFS; i++) {
    int n = scene->called[i];
    calls += n;
    pmm_obj *found =
        scene->refs[i] != NULL ? OPS->weakref_get(RT, scene->refs[i]) : NULL;
    OPS->xrelease(RT, found);
    if (n > 1 || (n == 0 && scene->refs[i] != NULL) || found != NULL) {
      fail("%s: reference %d is called %d times and is %s", act->name, i, n,
           found != NULL ? "alive" : "dead");
    }
  }
  if (calls < REFS - act->drops || scene->helped > 1 ||
      scene->helped + act->detaches < 1) {
    fail("%s: %d calls, the helper %d", act->name, calls, scene->helped);
  }
  for (int i = 0; i < MAPS && scene->maps[i] != NULL; i++) {
    size_t length = length_of(t, scene->maps[i]);
    if (length != (size_t)act->stored) {
      fail("%s: container %d has %zu entries", act->name, i, length);
    }
  }
}

static void die_watched(struct pmm_test *t, const struct act *act,
                        pmm_obj *target, int by_collection) {
  struct scene *scene = new_scene(t, target, act);
  DROP(target);
  if (by_collection) {
    collect(t);
  }
  expect_seen(t, scene, act);
  verify(t, act->name);
  leave_scene(t, scene);
  DROP_ALL();
  collect(t);
  if (happened(DEALLOCATED, TARGET) != 1 || happened(DEALLOCATED, 2) != 1) {
    fail("%s: the objects die %d and %d times", act->name,
         (int)happened(DEALLOCATED, TARGET), (int)happened(DEALLOCATED, 2));
  }
  log_clear(t);
}

#define OWN_POINTS OOM_EXEMPT("its callbacks look for what an act has changed")

/* "A weak reference callback or finalize helper may drop, create and read
 * weak references, finalize helpers and weak containers, also those of the
 * object that has died: every other callback or helper that still exists is
 * called once, and every entry of the dead object is gone." */
MUST(wrf, callbacks_change_what_watches,
     "A callback may drop, create and store weak references",
     REQ("WRF-041"), NEEDS(gc, list, weakref, weakref_cb, finalize,
                           weak_containers), OWN_POINTS) {
  quiet(t);
  for (size_t i = 0; i < COUNT_OF(acts); i++) {
    now_at(t, "%s", acts[i].name);
    die_watched(t, &acts[i], probe(t, TARGET), 0);
  }
}

/* "A weak reference callback or finalize helper may drop, create and read
 * weak references, finalize helpers and weak containers, also those of the
 * object that has died: every other callback or helper that still exists is
 * called once, and every entry of the dead object is gone." */
MUST(wrf, callbacks_in_a_collection_change_what_watches,
     "A callback in a collection may change the weak references",
     REQ("WRF-041"),
     NEEDS(gc, list, weakref, weakref_cb, finalize, weak_containers),
           OWN_POINTS) {
  quiet(t);
  collect(t);
  for (size_t i = 0; i < COUNT_OF(acts); i++) {
    now_at(t, "%s", acts[i].name);
    die_watched(t, &acts[i], self_cycle(t, TARGET), 1);
  }
}

/* ---- a reference that its own target holds ------------------------------ */

static void in_slot(struct pmm_test *t, pmm_obj *o, pmm_obj *ref) {
  expect_ok(OPS->slot_set(RT, o, 0, ref));
}

static void in_list_in_slot(struct pmm_test *t, pmm_obj *o, pmm_obj *ref) {
  pmm_obj *list = LIST(ref);
  expect_ok(OPS->slot_set(RT, o, 1, list));
  DROP(list);
}

static void in_attribute(struct pmm_test *t, pmm_obj *o, pmm_obj *ref) {
  expect_ok(OPS->attr_set(RT, o, "own", ref));
}

static enum pmm_status count_dead(void *ctx, pmm_rt *rt, pmm_obj *weak) {
  struct scene *scene = ctx;
  struct pmm_test *t = scene->t;
  pmm_obj *found = OPS->weakref_get(rt, weak);
  check(found == NULL);
  OPS->xrelease(rt, found);
  scene->helped++;
  return PMM_OK;
}

/* "The callback of a weak reference that only its target holds is called
 * like any other when the target dies by reference counting." */
MUST(wrf, own_references_are_called,
     "The callback of a reference that only its target holds is called",
     REQ("WRF-042"), NEEDS(gc, list, weakref, weakref_cb, prompt)) {
  void (*const puts[])(struct pmm_test *, pmm_obj *, pmm_obj *) = {
      in_slot, in_list_in_slot, in_attribute};
  quiet(t);
  for (size_t i = 0; i < COUNT_OF(puts); i++) {
    now_at(t, "held by row %zu", i);
    struct scene *scene = SCRATCH(struct scene);
    scene->t = t;
    const uint32_t flags = PMM_TYPE_GC | PMM_TYPE_WEAKREF | PMM_TYPE_DICT;
    pmm_obj *type = probe_type(t, "own", 2, flags, NULL, NULL);
    pmm_obj *o = probe_of(t, type, TARGET);
    pmm_obj *ref = NEW(OPS->weakref_new(RT, o, count_dead, scene, REF));
    puts[i](t, o, ref);
    DROP(ref);
    DROP(o);
    expect_eq(scene->helped, 1);
    expect_eq(happened(CALLBACK, REF), 1);
    expect_eq(happened(DEALLOCATED, TARGET), 1);
    log_clear(t);
  }
}
