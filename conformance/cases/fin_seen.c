/* SPDX-License-Identifier: MIT */
/*
 * cases/fin_seen.c - what finalizers find: every field, every member of the
 * garbage; and how often one runs in a cycle (requirements FIN-001, 002, 006,
 * 015; PEP 442).
 */
#include "case.h"

enum { SLOTS = 3, RING = 6 };

/* What finalizers found.  Scratch memory. */
struct sight {
  struct pmm_test *t;
  int runs;
  int whole;       /* calls that found every field                          */
  int save;        /* keep the object that is finalized                     */
  pmm_obj *saved;  /* owned                                                 */
};

static void forget(struct pmm_test *t, void *subject) {
  struct sight *sight = subject;
  sight->save = 0;
  OPS->clear(RT, &sight->saved);
}

static struct sight *new_sight(struct pmm_test *t) {
  struct sight *sight = SCRATCH(struct sight);
  sight->t = t;
  defer(t, forget, sight);
  return sight;
}

/* ---- every field -------------------------------------------------------- */

/* Slots hold probes 10, 11, 12; the attribute "a" holds probe 13. */
static enum pmm_status see_fields(void *ctx, pmm_rt *rt, pmm_obj *self) {
  struct sight *sight = ctx;
  struct pmm_test *t = sight->t;
  int found = 0;
  sight->runs++;
  for (size_t i = 0; i < SLOTS; i++) {
    pmm_obj *field = OPS->slot_get(rt, self, i);
    found += field != NULL &&
             OPS->instance_cookie(rt, field) == (int64_t)(10 + i);
  }
  pmm_obj *attribute = OPS->attr_get(rt, self, "a");
  found += attribute != NULL && OPS->instance_cookie(rt, attribute) == 13;
  found += !OFFERED(refcount) || OPS->refcount(rt, self) >= 1;
  sight->whole += found == SLOTS + 2;
  return OPS->error(rt);
}

static pmm_obj *with_fields(struct pmm_test *t, struct sight *sight) {
  pmm_obj *type = probe_type(t, "fields", SLOTS, PMM_TYPE_GC | PMM_TYPE_DICT,
                             see_fields, sight);
  pmm_obj *o = probe_of(t, type, 1);
  for (size_t i = 0; i < SLOTS; i++) {
    expect_ok(OPS->slot_set(RT, o, i, probe(t, (int64_t)(10 + i))));
  }
  expect_ok(OPS->attr_set(RT, o, "a", probe(t, 13)));
  return o;
}

/* "The finalizer receives a live object with all fields intact and count at
 * least 1." */
MUST(fin, finalizer_sees_every_field,
     "A finalizer sees all slots and attributes of its object",
     REQ("FIN-001"), NEEDS(finalizer, dict, finalizer_alive, prompt)) {
  struct sight *sight = new_sight(t);
  (void)with_fields(t, sight);
  DROP_ALL();
  expect_eq(sight->runs, 1);
  expect_eq(sight->whole, 1);
  expect_eq(happened(DEALLOCATED, ANY), SLOTS + 2);
}

/* "The finalizer receives a live object with all fields intact and count at
 * least 1." */
MUST(fin, finalizer_in_a_cycle_sees_every_field,
     "In a collected cycle a finalizer sees all slots and attributes",
     REQ("FIN-001"),
     NEEDS(finalizer, gc, finalizer_alive)) {
  quiet(t);
  struct sight *sight = new_sight(t);
  pmm_obj *o = with_fields(t, sight);
  expect_ok(OPS->slot_set(RT, OPS->slot_get(RT, o, 0), 0, o));
  DROP_ALL();
  expect_none(FINALIZED);
  collect(t);
  expect_eq(sight->runs, 1);
  expect_eq(sight->whole, 1);
  expect_eq(happened(DEALLOCATED, ANY), SLOTS + 2);
}

/* ---- every member ------------------------------------------------------- */

/* Follow slot 0 once around the ring; slot 1 of each member holds a probe
 * with its cookie and a hundred. */
static enum pmm_status see_ring(void *ctx, pmm_rt *rt, pmm_obj *self) {
  struct sight *sight = ctx;
  struct pmm_test *t = sight->t;
  int64_t cookie = OPS->instance_cookie(rt, self);
  pmm_obj *at = self;
  int found = 0;
  sight->runs++;
  for (int i = 0; i < RING && at != NULL; i++) {
    pmm_obj *payload = OPS->slot_get(rt, at, 1);
    found += OPS->instance_cookie(rt, at) == (cookie + i) % RING &&
             payload != NULL &&
             OPS->instance_cookie(rt, payload) == 100 + (cookie + i) % RING;
    at = OPS->slot_get(rt, at, 0);
  }
  sight->whole += found == RING && at != NULL && OPS->same(rt, at, self);
  return PMM_OK;
}

/* "Each finalizer in a garbage cycle sees every other member intact." */
MUST(fin, finalizers_see_the_whole_cycle,
     "Every finalizer of a cycle can read every member",
     REQ("FIN-006"), NEEDS(finalizer, gc, finalizer_alive)) {
  quiet(t);
  collect(t);
  struct sight *sight = new_sight(t);
  pmm_obj *type = probe_type(t, "ring", 2, PMM_TYPE_GC, see_ring, sight);
  pmm_obj *o[RING];
  for (int i = 0; i < RING; i++) {
    o[i] = probe_of(t, type, i);
    expect_ok(OPS->slot_set(RT, o[i], 1, probe(t, 100 + i)));
  }
  for (int i = 0; i < RING; i++) {
    expect_ok(OPS->slot_set(RT, o[i], 0, o[(i + 1) % RING]));
  }
  DROP_ALL(); /* the type too, which may be a cycle of its own */
  expect_ge(collect_and_count(t, 2), 2 * RING);
  expect_eq(sight->runs, RING);
  expect_eq(sight->whole, RING);
  for (int i = 0; i < RING; i++) {
    expect_eq(happened(DEALLOCATED, i), 1);
    expect_eq(happened(DEALLOCATED, 100 + i), 1);
  }
}

/* ---- how often ---------------------------------------------------------- */

static enum pmm_status save(void *ctx, pmm_rt *rt, pmm_obj *self) {
  struct sight *sight = ctx;
  struct pmm_test *t = sight->t;
  sight->runs++;
  if (sight->save) {
    OPS->retain(rt, self);
    sight->saved = self;
  }
  return PMM_OK;
}

/* An object in a cycle of its own, which saves itself; owned by the case. */
static pmm_obj *phoenix(struct pmm_test *t, struct sight *sight) {
  sight->save = 1;
  pmm_obj *o = probe_of(
      t, probe_type(t, "phoenix", 1, PMM_TYPE_GC, save, sight), 1);
  expect_ok(OPS->slot_set(RT, o, 0, o));
  return o;
}

/* "A collector-supported object's finalizer is called at most once in its
 * life, even if it is resurrected and dies again." */
MUST(fin, finalizer_runs_once_in_a_cycle,
     "A resurrected cycle is not finalized again", REQ("FIN-002"),
     NEEDS(finalizer, gc, finalizer_alive, resurrection)) {
  quiet(t);
  collect(t);
  struct sight *sight = new_sight(t);
  DROP(phoenix(t, sight));
  expect_eq(collect_and_count(t, 2), 0);
  expect(sight->saved != NULL);
  OPS->clear(RT, &sight->saved);
  expect_none(DEALLOCATED);
  expect_eq(collect_and_count(t, 2), 1);
  expect_eq(sight->runs, 1);
  expect_log(FINALIZED, 1);
  expect_log(DEALLOCATED, 1);
}

/* "A collector-supported object's finalizer is called at most once in its
 * life, even if it is resurrected and dies again." */
MUST(fin, one_finalizer_for_both_ways_to_die,
     "An object finalized by a collection is not finalized again",
     REQ("FIN-002"),
     NEEDS(finalizer, gc, finalizer_alive, resurrection, prompt)) {
  quiet(t);
  struct sight *sight = new_sight(t);
  DROP(phoenix(t, sight));
  collect(t);
  expect_ok(OPS->slot_set(RT, sight->saved, 0, NULL));
  OPS->clear(RT, &sight->saved);
  expect_log(FINALIZED, 1);
  expect_log(DEALLOCATED, 1);
  expect_eq(sight->runs, 1);
}

/* "The finalized query is false before, true after the finalizer, also on a
 * resurrected object." */
MUST(fin, is_finalized_in_a_cycle, "A collection sets the finalized flag too",
     REQ("FIN-015"), NEEDS(finalizer, gc, finalizer_alive, resurrection)) {
  quiet(t);
  struct sight *sight = new_sight(t);
  pmm_obj *o = phoenix(t, sight);
  pmm_obj *without = probe(t, 2);
  expect_ok(OPS->slot_set(RT, without, 0, o));
  expect_ok(OPS->slot_set(RT, o, 0, without));
  collect(t);
  expect_eq(OPS->is_finalized(RT, o), 0);
  DROP(o);
  DROP(without);
  collect(t);
  expect(sight->saved != NULL);
  expect_eq(OPS->is_finalized(RT, sight->saved), 1);
  expect_ok(OPS->slot_set(RT, sight->saved, 0, NULL));
  expect_eq(OPS->is_finalized(RT, sight->saved), 1);
}
