/* SPDX-License-Identifier: MIT */
/*
 * cases/gc.c - cycle collection: what is found, what survives, what a
 * collection must not do (requirements GC-…).
 */
#include "rings.h"

/* Two probes that refer to each other by slot 0. */
static void link_pair(struct pmm_test *t, pmm_obj *a, pmm_obj *b) {
  expect_ok(OPS->slot_set(RT, a, 0, b));
  expect_ok(OPS->slot_set(RT, b, 0, a));
}

/* "An object whose only reference is its own is not freed by counting but is
 * freed by the next collection of its generation, and the collection reports
 * it." */
MUST(gc, self_cycle_is_reclaimed,
     "A self-cycle is freed by the collector alone",
     REQ("GC-001"), NEEDS(gc)) {
  quiet(t);
  collect(t);
  DROP(self_cycle(t, 1));
  expect_none(DEALLOCATED);
  expect_eq(collect_and_count(t, 2), 1);
  expect_log(DEALLOCATED, 1);
}

/* "An object whose only reference is its own is not freed by counting but is
 * freed by the next collection of its generation, and the collection reports
 * it." */
MUST(gc, young_cycle_goes_with_its_generation,
     "A young collection frees a new self-cycle", REQ("GC-001"),
     NEEDS(gc)) {
  quiet(t);
  collect(t);
  DROP(self_cycle(t, 1));
  expect_none(DEALLOCATED);
  expect_eq(collect_and_count(t, 0), 1);
  expect_log(DEALLOCATED, 1);
  expect_eq(collect_and_count(t, 2), 0);
}

/* "An object whose only reference is its own is not freed by counting but is
 * freed by the next collection of its generation, and the collection reports
 * it." "Collect returns the number of unreachable objects found ..." */
MUST(gc, self_list_is_counted_once,
     "A list that contains itself counts as one object",
     REQ("GC-001", "GC-017"), NEEDS(gc, list)) {
  quiet(t);
  collect(t);
  pmm_obj *list = empty_list(t);
  expect_ok(OPS->list_append(RT, list, list));
  DROP(list);
  expect_eq(collect_and_count(t, 2), 1);
  expect_eq(collect_and_count(t, 2), 0);
}

/* "An unreachable ring of n tracked objects is freed completely in one full
 * collection, for n from 2 to 100000." */
MUST(gc, rings_are_reclaimed_whole,
     "A ring of any size is freed by one collection",
     REQ("GC-002"), NEEDS(gc, list),
     OOM_EXEMPT("100000 lists take too long for a round a failure")) {
  quiet(t);
  collect(t);
  for (size_t n = 2; n <= 100000; n = n < 10 ? n + 1 : n * 10) {
    make_garbage_ring(t, n);
    expect_eq(collect_and_count(t, 2), n);
  }
}

/* "An unreachable ring of n tracked objects is freed completely in one full
 * collection, for n from 2 to 100000." */
MUST(gc, rings_leave_no_remnant, "A collected ring leaves no member behind",
     REQ("GC-002"), NEEDS(gc),
     OOM_EXEMPT("100000 probes take too long for a round a failure")) {
  quiet(t);
  collect(t);
  for (int64_t n = 2; n <= 100000; n = n < 10 ? n + 1 : n * 10) {
    pmm_obj *first = probe(t, 0);
    pmm_obj *last = KEEP(first);
    for (int64_t i = 1; i < n; i++) {
      pmm_obj *next = probe(t, i);
      expect_ok(OPS->slot_set(RT, last, (size_t)(i % 2), next));
      DROP(last);
      last = next;
    }
    expect_ok(OPS->slot_set(RT, last, 0, first));
    DROP(last);
    DROP(first);
    log_clear(t);
    expect_eq(collect_and_count(t, 2), n);
    expect_eq(happened(DEALLOCATED, ANY), n);
    expect_eq(collect_and_count(t, 2), 0);
  }
}

/* "Objects reachable only from an unreachable cycle are freed too, tracked or
 * not." */
MUST(gc, what_hangs_off_garbage_goes,
     "Objects that hang off a garbage cycle are freed",
     REQ("GC-003"), NEEDS(gc)) {
  quiet(t);
  pmm_obj *cycle = self_cycle(t, 1);
  pmm_obj *untracked = probe_of(t, probe_type(t, "plain", 0, 0, NULL, NULL), 3);
  pmm_obj *tail = CONTAINER(probe(t, 2), untracked);
  expect_ok(OPS->slot_set(RT, cycle, 1, tail));
  DROP_ALL();
  expect_none(DEALLOCATED);
  collect(t);
  for (int64_t cookie = 1; cookie <= 3; cookie++) {
    expect_eq(happened(DEALLOCATED, cookie), 1);
  }
}

/* "A cycle with one reference from outside the candidate set (other object,
 * native holder, frame) is not touched." */
MUST(gc, cycle_held_from_outside_survives,
     "One reference from outside keeps a whole cycle alive",
     REQ("GC-004"), NEEDS(gc)) {
  pmm_obj *holder = probe(t, 3);
  pmm_obj *a = probe(t, 1);
  pmm_obj *b = probe(t, 2);
  link_pair(t, a, b);
  expect_ok(OPS->slot_set(RT, holder, 0, a));
  DROP(a);
  DROP(b);
  collect(t);
  expect_none(DEALLOCATED);
  expect_same(OPS->slot_get(RT, OPS->slot_get(RT, holder, 0), 0), b);
  DROP(holder);
  collect(t);
  expect_eq(happened(DEALLOCATED, ANY), 3);
}

/* "A reference held by native code or by an untracked object counts as
 * external even though the collector cannot see it." */
MUST(gc, native_reference_keeps_alive,
     "A reference the collector cannot see keeps its object alive",
     REQ("GC-005"),
     NEEDS(gc)) {
  pmm_obj *held = self_cycle(t, 1);
  for (int i = 0; i < 3; i++) {
    collect(t);
  }
  expect_none(DEALLOCATED);
  expect_same(OPS->slot_get(RT, held, 0), held);
}

/* "A reference held by native code or by an untracked object counts as
 * external even though the collector cannot see it." */
MUST(gc, untracked_holder_keeps_alive,
     "An untracked holder keeps its objects alive",
     REQ("GC-005"), NEEDS(gc, prompt)) {
  pmm_obj *type = probe_type(t, "untracked_holder", 1, 0, NULL, NULL);
  pmm_obj *holder = probe_of(t, type, 2);
  pmm_obj *cycle = self_cycle(t, 1);
  expect_ok(OPS->slot_set(RT, holder, 0, cycle));
  DROP(cycle);
  collect(t);
  expect_none(DEALLOCATED);
  DROP(holder);
  expect_log(DEALLOCATED, 2);
  collect(t);
  expect_log(DEALLOCATED, 2, 1);
}

/* "For every container type the visitor is called exactly once per owned
 * reference to a trackable object." */
MUST(gc, traversal_visits_each_reference_once,
     "Referents are exactly the owned references", REQ("GC-006"),
     NEEDS(list, gc_referents)) {
  pmm_obj *a = probe(t, 1);
  pmm_obj *b = probe(t, 2);
  pmm_obj *containers[] = {LIST(a, b, a), CONTAINER(a, b, a)};
  for (size_t c = 0; c < 2; c++) {
    pmm_obj *referents = NEW(OPS->gc_referents(RT, containers[c]));
    size_t seen[2] = {0, 0};
    for (size_t i = 0; i < length_of(t, referents); i++) {
      pmm_obj *item = OPS->list_get(RT, referents, i);
      seen[0] += OPS->same(RT, item, a) ? 1 : 0;
      seen[1] += OPS->same(RT, item, b) ? 1 : 0;
    }
    expect_eq(seen[0], 2);
    expect_eq(seen[1], 1);
  }
}

/* "For every container type the visitor is called exactly once per owned
 * reference to a trackable object." */
MUST(gc, referrers_mirror_referents,
     "Every object that refers to another is among its referrers",
     REQ("GC-006"), NEEDS(list, gc_referrers)) {
  pmm_obj *target = probe(t, 1);
  pmm_obj *holder = LIST(target);
  pmm_obj *slot_holder = probe(t, 2);
  expect_ok(OPS->slot_set(RT, slot_holder, 1, target));
  pmm_obj *referrers = NEW(OPS->gc_referrers(RT, target));
  int found = 0;
  for (size_t i = 0; i < length_of(t, referrers); i++) {
    pmm_obj *item = OPS->list_get(RT, referrers, i);
    found += OPS->same(RT, item, holder) || OPS->same(RT, item, slot_holder);
  }
  expect_eq(found, 2);
}

struct counted {
  int calls;
  int stop_at;
};

static int count_until(void *ctx, pmm_obj *referent) {
  struct counted *counted = ctx;
  (void)referent;
  counted->calls++;
  return counted->calls == counted->stop_at ? 77 : 0;
}

/* "A non-zero result from the visitor is returned at once from the traverse
 * function." */
MUST(gc, visitor_stops_the_traversal,
     "A non-zero visitor result stops the traversal",
     REQ("GC-007"), NEEDS(list, gc_traverse)) {
  pmm_obj *list = LIST(probe(t, 1), probe(t, 2), probe(t, 3));
  for (int stop = 1; stop <= 3; stop++) {
    struct counted counted = {0, stop};
    expect_eq(OPS->gc_traverse(RT, list, count_until, &counted), 77);
    expect_eq(counted.calls, stop);
  }
  struct counted counted = {0, 0};
  expect_eq(OPS->gc_traverse(RT, list, count_until, &counted), 0);
  expect_eq(counted.calls, 3);
}

/* "After the clear function the object can still be used without crash and be
 * deallocated later; clear may be called twice." */
MUST(gc, cleared_objects_stay_valid, "A cleared object can be used and dropped",
     REQ("GC-008"), NEEDS(list, gc_clear)) {
  pmm_obj *list = LIST(probe(t, 1), probe(t, 2));
  pmm_obj *instance = self_cycle(t, 3);
  for (int round = 0; round < 2; round++) {
    expect_ok(OPS->gc_clear(RT, list));
    expect_ok(OPS->gc_clear(RT, instance));
  }
  expect_eq(length_of(t, list), 0);
  expect(OPS->slot_get(RT, instance, 0) == NULL);
  expect_ok(OPS->list_append(RT, list, instance));
  DROP_ALL();
  expect_eq(happened(DEALLOCATED, ANY), 3);
}

/* "Atoms (int, str, bytes, float) are never tracked and cannot be tracked by
 * being referenced." */
MUST(gc, atoms_are_never_tracked, "Atoms are not tracked, containers are",
     REQ("GC-009"), NEEDS(gc, gc_track, str, list, dict, bytes)) {
  pmm_obj *atoms[] = {integer(t, 4000), text(t, "atom"),
                      NEW(OPS->bytes_new(RT, "ab", 2)),
                      NEW(OPS->float_new(RT, 0.5)), NEW(OPS->none(RT))};
  pmm_obj *list = empty_list(t);
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  pmm_obj *cycle = self_cycle(t, 2);
  for (size_t i = 0; i < sizeof atoms / sizeof *atoms; i++) {
    now_at(t, "atom %zu of the table", i);
    expect_ok(OPS->list_append(RT, list, atoms[i]));
    expect_ok(OPS->dict_set(RT, dict, atoms[i], atoms[i]));
    expect_ok(OPS->slot_set(RT, cycle, 1, atoms[i]));
    expect_eq(OPS->gc_is_tracked(RT, atoms[i]), 0);
    collect(t);
    expect_eq(OPS->gc_is_tracked(RT, atoms[i]), 0);
  }
  expect_eq(OPS->gc_is_tracked(RT, list), 1);
  expect_eq(OPS->gc_is_tracked(RT, probe(t, 1)), 1);
}

/* "A container under construction is not visible to the collector until it is
 * tracked; a collection during construction is harmless." */
MUST(gc, collection_during_construction_is_harmless,
     "Collecting before a container is filled does no harm", REQ("GC-010"),
     NEEDS(gc, tuple, list, gc_referents)) {
  pmm_obj *dead = probe(t, 1);
  DROP(TUPLE(dead, dead, dead));
  pmm_obj *tuple = NEW(OPS->tuple_new(RT, 3));
  pmm_obj *list = NEW(OPS->list_new(RT, 3));
  expect_eq(length_of(t, NEW(OPS->gc_referents(RT, tuple))), 0);
  for (size_t i = 0; i < 3; i++) {
    collect(t);
    expect_ok(OPS->tuple_set_steal(RT, tuple, i, GIVE(integer(t, 4000))));
    expect_ok(OPS->list_set_steal(RT, list, i, GIVE(integer(t, 4000))));
  }
  collect(t);
  expect_int(OPS->tuple_get(RT, tuple, 2), 4000);
  expect_int(OPS->list_get(RT, list, 2), 4000);
}

struct collector {
  struct pmm_test *t;
  uint64_t inner; /* what the inner collection counted */
  int calls;
};

/* A finalizer that collects while its object dies. */
static enum pmm_status collect_inside(void *ctx, pmm_rt *rt, pmm_obj *self) {
  struct collector *collector = ctx;
  struct pmm_test *t = collector->t;
  (void)self;
  collector->calls++;
  check(OPS->collect(rt, 2, &collector->inner) == PMM_OK);
  return PMM_OK;
}

static pmm_obj *collecting_type(struct pmm_test *t, struct collector **out) {
  *out = SCRATCH(struct collector);
  (*out)->t = t;
  (*out)->inner = UINT64_MAX;
  return probe_type(t, "collecting", 1, PMM_TYPE_GC, collect_inside, *out);
}

/* "A deallocator removes the object from tracking before it invalidates
 * fields; a collection triggered from an item's finalizer is harmless." */
MUST(gc, teardown_hides_the_container_first,
     "Collecting while a container dies does no harm", REQ("GC-011"),
     NEEDS(gc, finalizer, list, finalizer_alive, prompt)) {
  struct collector *seen;
  pmm_obj *type = collecting_type(t, &seen);
  pmm_obj *list = LIST(probe(t, 1), probe_of(t, type, 2), probe(t, 3));
  pmm_obj *outer = CONTAINER(list, probe_of(t, type, 4), probe(t, 5));
  pmm_obj *holder = probe(t, 6);
  expect_ok(OPS->slot_set(RT, holder, 0, outer));
  DROP_ALL();
  expect_eq(seen->calls, 2);
  expect_eq(happened(DEALLOCATED, ANY), 6);
}

/* "After a collection every survivor has its previous reference count." */
MUST(gc, counts_of_survivors_are_unchanged,
     "A collection leaves every survivor's count", REQ("GC-012"),
     NEEDS(gc, refcount, list)) {
  enum { N = 60 };
  pmm_obj **o = SCRATCH_ARRAY(pmm_obj *, N);
  uint64_t *before = SCRATCH_ARRAY(uint64_t, N);
  uint32_t random = 2463534242u;
  for (int i = 0; i < N; i++) {
    o[i] = i % 3 == 0 ? probe(t, i) : empty_list(t);
  }
  for (int i = 0; i < N; i++) {
    random = random * 1664525u + 1013904223u;
    pmm_obj *to = o[random % N];
    expect_ok(i % 3 == 0 ? OPS->slot_set(RT, o[i], 0, to)
                         : OPS->list_append(RT, o[i], CONTAINER(to, o[i])));
  }
  for (int i = 0; i < N; i++) {
    before[i] = OPS->refcount(RT, o[i]);
  }
  collect(t);
  for (int i = 0; i < N; i++) {
    expect_eq(OPS->refcount(RT, o[i]), before[i]);
  }
}

/* "A collection moves no object and changes no container content." */
MUST(gc, survivors_keep_identity_and_contents,
     "A collection moves no object and changes no contents", REQ("GC-013"),
     NEEDS(gc, list)) {
  pmm_obj *inner = LIST(integer(t, 4000), integer(t, 2000));
  pmm_obj *outer = LIST(inner, inner);
  expect_ok(OPS->list_append(RT, inner, outer));
  uintptr_t where = OPS->identity(RT, outer);
  collect(t);
  expect_eq(OPS->identity(RT, outer), where);
  expect_eq(length_of(t, outer), 2);
  expect_same(OPS->list_get(RT, outer, 1), inner);
  expect_int(OPS->list_get(RT, inner, 1), 2000);
  expect_same(OPS->list_get(RT, inner, 2), outer);
}

/* "Collect returns the number of unreachable objects found (collected plus
 * uncollectable), not counting resurrected ones." */
MUST(gc, collect_counts_what_is_unreachable,
     "Collect returns the number of unreachable objects", REQ("GC-017"),
     NEEDS(gc, list)) {
  quiet(t);
  collect(t);
  expect_eq(collect_and_count(t, 2), 0);
  for (size_t n = 1; n <= 4; n++) {
    make_garbage_ring(t, n);
  }
  expect_eq(collect_and_count(t, 2), 10);
}

/* "Collect returns the number of unreachable objects found (collected plus
 * uncollectable), ..."  Attributes may be an object of their own. */
MUST(gc, instance_cycles_count_as_declared,
     "A collected instance cycle counts as the profile declares",
     REQ("GC-017"), NEEDS(gc)) {
  quiet(t);
  collect(t);
  uint32_t flags = PMM_TYPE_GC | PMM_TYPE_DICT;
  pmm_obj *o = probe_of(t, probe_type(t, "node", 0, flags, NULL, NULL), 1);
  expect_ok(OPS->attr_set(RT, o, "itself", o));
  DROP(o);
  expect_none(DEALLOCATED);
  expect_eq(collect_and_count(t, 2), profile_int(t, "gc_instance_cycle_count"));
  expect_log(DEALLOCATED, 1);
}

struct keeper {
  struct pmm_test *t;
  pmm_obj *saved; /* owned */
};

/* A finalizer that stores a reference to its object. */
static enum pmm_status resurrect(void *ctx, pmm_rt *rt, pmm_obj *self) {
  struct keeper *keeper = ctx;
  struct pmm_test *t = keeper->t;
  OPS->retain(rt, self);
  keeper->saved = self;
  return PMM_OK;
}

static void drop_saved(struct pmm_test *t, void *subject) {
  struct keeper *keeper = subject;
  OPS->xrelease(RT, keeper->saved);
  keeper->saved = NULL;
}

/* "Collect returns the number of unreachable objects found ..., not counting
 * resurrected ones." */
MUST(gc, resurrected_objects_are_not_counted,
     "A resurrected self-cycle is not counted", REQ("GC-017"),
     NEEDS(gc, finalizer, finalizer_alive, resurrection)) {
  quiet(t);
  collect(t);
  struct keeper *keeper = SCRATCH(struct keeper);
  keeper->t = t;
  defer(t, drop_saved, keeper);
  pmm_obj *o = probe_of(
      t, probe_type(t, "phoenix", 1, PMM_TYPE_GC, resurrect, keeper), 1);
  expect_ok(OPS->slot_set(RT, o, 0, o));
  DROP(o);
  expect_eq(collect_and_count(t, 2), 0);
  expect(keeper->saved != NULL);
  expect_none(DEALLOCATED);
}
