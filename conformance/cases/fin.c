/* SPDX-License-Identifier: MIT */
/*
 * cases/fin.c - finalizers: when they run, how often, what they see, and
 * resurrection (requirements FIN-…; PEP 442).
 */
#include "stack.h"

/* What a finalizer may be told to do. */
enum deed { JUST_LOOK, SAVE_SELF, CLEAR_SLOT, RAISE, MAKE_LISTS, MAKE_CYCLE };

/* Its orders and what it saw.  Scratch memory. */
struct script {
  struct pmm_test *t;
  enum deed act;
  pmm_obj *saved;      /* owned: what SAVE_SELF kept                        */
  int runs;            /* calls                                             */
  int64_t slot_cookie; /* of slot 0 as it was seen; -1: empty               */
  uint64_t count;      /* references while it ran; 0: not readable          */
  enum pmm_status status; /* of its deed                                    */
};

/* One that is told, and asks nothing. */
static enum pmm_status hear(void *ctx, pmm_rt *rt, pmm_obj *self) {
  struct script *script = ctx;
  (void)rt;
  (void)self;
  script->runs++;
  return PMM_OK;
}

/* Make lists that live together, more than any threshold lets pass. */
static enum pmm_status make_lists(struct pmm_test *t) {
  enum pmm_status status = PMM_OK;
  pmm_obj *all = OPS->list_new(RT, 0);
  for (int i = 0; all != NULL && status == PMM_OK && i < 3000; i++) {
    pmm_obj *list = OPS->list_new(RT, 0);
    status = list != NULL ? OPS->list_append(RT, all, list) : PMM_NO_MEMORY;
    OPS->xrelease(RT, list);
  }
  OPS->xrelease(RT, all);
  uint64_t unreachable;
  return all == NULL || status != PMM_OK ? PMM_NO_MEMORY
                                         : OPS->collect(RT, 2, &unreachable);
}

static enum pmm_status make_cycle(struct pmm_test *t) {
  pmm_obj *list = OPS->list_new(RT, 0);
  if (list == NULL) {
    return PMM_NO_MEMORY;
  }
  enum pmm_status status = OPS->list_append(RT, list, list);
  OPS->release(RT, list);
  return status;
}

static enum pmm_status act(struct script *script, pmm_obj *self) {
  struct pmm_test *t = script->t;
  switch (script->act) {
  case SAVE_SELF:
    OPS->retain(RT, self);
    script->saved = self;
    return PMM_OK;
  case CLEAR_SLOT:
    return OPS->slot_set(RT, self, 0, NULL);
  case RAISE:
    return PMM_USER;
  case MAKE_LISTS:
    return make_lists(t);
  case MAKE_CYCLE:
    return make_cycle(t);
  case JUST_LOOK:
  default:
    return PMM_OK;
  }
}

static enum pmm_status finalize(void *ctx, pmm_rt *rt, pmm_obj *self) {
  struct script *script = ctx;
  struct pmm_test *t = script->t;
  pmm_obj *first = OPS->slot_get(rt, self, 0);
  script->runs++;
  script->slot_cookie = first ? OPS->instance_cookie(rt, first) : -1;
  script->count = OFFERED(refcount) ? OPS->refcount(rt, self) : 0;
  script->status = act(script, self);
  return script->status;
}

static void forget(struct pmm_test *t, void *subject) {
  struct script *script = subject;
  pmm_obj *saved = script->saved;
  script->saved = NULL;
  script->act = JUST_LOOK;
  OPS->xrelease(RT, saved);
}

static struct script *new_script(struct pmm_test *t, enum deed what) {
  struct script *script = SCRATCH(struct script);
  script->t = t;
  script->act = what;
  defer(t, forget, script);
  return script;
}

static pmm_obj *scripted(struct pmm_test *t, struct script *script,
                         uint32_t flags, int64_t cookie) {
  return probe_of(t, probe_type(t, "scripted", 2, flags, finalize, script),
                  cookie);
}

static void expect_whole(struct pmm_test *t) {
  if (OFFERED(gc_verify)) {
    expect(OPS->heap_verify(RT) == NULL);
  }
}

#define MANY_LISTS                                                            \
  OOM_EXEMPT("thousands of lists take too long for a round a failure")

/* "The finalizer receives a live object with all fields intact and count at
 * least 1." */
MUST(fin, finalizer_sees_a_usable_object, "The finalizer gets an intact object",
     REQ("FIN-001"), NEEDS(finalizer, finalizer_alive, prompt)) {
  struct script *script = new_script(t, JUST_LOOK);
  pmm_obj *o = scripted(t, script, PMM_TYPE_GC, 1);
  pmm_obj *field = probe(t, 2);
  expect_ok(OPS->slot_set(RT, o, 0, field));
  DROP(field);
  DROP(o);
  expect_eq(script->runs, 1);
  expect_eq(script->slot_cookie, 2);
  expect(!OFFERED(refcount) || script->count >= 1);
  expect_log(DEALLOCATED, 2, 1);
  expect_lt(when(FINALIZED, 1), when(DEALLOCATED, 2));
}

/* "A collector-supported object's finalizer is called at most once in its
 * life, even if it is resurrected and dies again." */
MUST(fin, finalizer_runs_once, "A resurrected object is not finalized again",
     REQ("FIN-002"), NEEDS(finalizer, finalizer_alive, resurrection, prompt)) {
  struct script *script = new_script(t, SAVE_SELF);
  DROP(scripted(t, script, PMM_TYPE_GC, 1));
  expect_none(DEALLOCATED);
  expect(script->saved != NULL);
  OPS->clear(RT, &script->saved);
  expect_eq(script->runs, 1);
  expect_eq(happened(FINALIZED, 1), 1);
  expect_log(DEALLOCATED, 1);
}

/* "If the finalizer stores a new reference, the object stays alive with
 * correct count and contents and is later deallocated normally." */
MUST(fin, acyclic_resurrection_aborts_deallocation,
     "A resurrected object keeps count and contents", REQ("FIN-003"),
     NEEDS(finalizer, refcount, finalizer_alive, resurrection)) {
  struct script *script = new_script(t, SAVE_SELF);
  pmm_obj *o = scripted(t, script, PMM_TYPE_GC, 1);
  pmm_obj *field = probe(t, 2);
  expect_ok(OPS->slot_set(RT, o, 0, field));
  DROP(field);
  DROP(o);
  expect_eq(OPS->refcount(RT, script->saved), 1);
  expect_same(OPS->slot_get(RT, script->saved, 0), field);
  expect_none(DEALLOCATED);
  OPS->clear(RT, &script->saved);
  expect_eq(happened(DEALLOCATED, ANY), 2);
}

/* "Objects reachable from a resurrected member of a cycle stay intact; the
 * collection does not clear any of them." */
MUST(fin, cyclic_resurrection_keeps_what_it_reaches,
     "What a resurrected cycle member reaches stays intact", REQ("FIN-004"),
     NEEDS(finalizer, gc, finalizer_alive, resurrection)) {
  struct script *script = new_script(t, SAVE_SELF);
  pmm_obj *o = scripted(t, script, PMM_TYPE_GC, 1);
  pmm_obj *peer = probe(t, 2);
  pmm_obj *payload = probe(t, 3);
  expect_ok(OPS->slot_set(RT, o, 0, peer));
  expect_ok(OPS->slot_set(RT, peer, 0, o));
  expect_ok(OPS->slot_set(RT, peer, 1, payload));
  DROP(o);
  DROP(peer);
  DROP(payload);
  collect(t);
  expect(script->saved != NULL);
  expect_none(DEALLOCATED);
  expect_same(OPS->slot_get(RT, script->saved, 0), peer);
  expect_same(OPS->slot_get(RT, peer, 0), script->saved);
  expect_same(OPS->slot_get(RT, peer, 1), payload);
  OPS->clear(RT, &script->saved);
  collect(t);
  expect_eq(happened(DEALLOCATED, ANY), 3);
}

/* "Other unreachable objects found in the same collection are still freed." */
MUST(fin, resurrection_saves_no_unrelated_garbage,
     "Unrelated garbage is freed in spite of a resurrection", REQ("FIN-005"),
     NEEDS(finalizer, gc, finalizer_alive, resurrection)) {
  quiet(t);
  collect(t);
  struct script *script = new_script(t, SAVE_SELF);
  pmm_obj *phoenix = scripted(t, script, PMM_TYPE_GC, 1);
  pmm_obj *other = probe(t, 2);
  expect_ok(OPS->slot_set(RT, phoenix, 0, phoenix));
  expect_ok(OPS->slot_set(RT, other, 0, other));
  DROP(phoenix);
  DROP(other);
  expect_eq(collect_and_count(t, 2), 1);
  expect_log(DEALLOCATED, 2);
  expect(script->saved != NULL);
  expect_ok(OPS->slot_set(RT, script->saved, 0, NULL));
}

/* "Each finalizer in a garbage cycle sees every other member intact." */
MUST(fin, finalizers_run_before_links_are_cleared,
     "Every finalizer of a cycle sees its neighbour", REQ("FIN-006"),
     NEEDS(finalizer, gc, finalizer_alive)) {
  enum { N = 5 };
  struct script *scripts[N];
  pmm_obj *o[N];
  for (int i = 0; i < N; i++) {
    scripts[i] = new_script(t, JUST_LOOK);
    o[i] = scripted(t, scripts[i], PMM_TYPE_GC, i);
  }
  for (int i = 0; i < N; i++) {
    expect_ok(OPS->slot_set(RT, o[i], 0, o[(i + 1) % N]));
  }
  for (int i = 0; i < N; i++) {
    DROP(o[i]);
  }
  collect(t);
  for (int i = 0; i < N; i++) {
    now_at(t, "object %d", i);
    expect_eq(scripts[i]->runs, 1);
    expect_eq(scripts[i]->slot_cookie, (i + 1) % N);
    expect_eq(happened(DEALLOCATED, i), 1);
  }
}

/* "A finalizer that clears a link, freeing a member early, causes no double
 * free." */
MUST(fin, finalizer_may_break_the_cycle, "A finalizer may break its cycle",
     REQ("FIN-007"), NEEDS(finalizer, gc, finalizer_alive)) {
  pmm_obj *o[3];
  for (int i = 0; i < 3; i++) {
    o[i] = scripted(t, new_script(t, CLEAR_SLOT), PMM_TYPE_GC, i);
  }
  for (int i = 0; i < 3; i++) {
    expect_ok(OPS->slot_set(RT, o[i], 0, o[(i + 1) % 3]));
  }
  for (int i = 0; i < 3; i++) {
    DROP(o[i]);
  }
  collect(t);
  for (int i = 0; i < 3; i++) {
    expect_eq(happened(FINALIZED, i), 1);
    expect_eq(happened(DEALLOCATED, i), 1);
  }
}

/* "An error raised by a finalizer is passed to the unraisable reporter, later
 * finalizers run and deallocation completes." */
MUST(fin, errors_in_finalizers_are_reported,
     "A finalizer's error is reported and ignored", REQ("FIN-008"),
     NEEDS(finalizer, diag, gc, finalizer_alive)) {
  quiet(t);
  collect(t);
  pmm_obj *a = scripted(t, new_script(t, RAISE), PMM_TYPE_GC, 1);
  pmm_obj *b = scripted(t, new_script(t, RAISE), PMM_TYPE_GC, 2);
  expect_ok(OPS->slot_set(RT, a, 0, b));
  expect_ok(OPS->slot_set(RT, b, 0, a));
  DROP(a);
  DROP(b);
  expect_eq(collect_and_count(t, 2), 2);
  expect_eq(OPS->error(RT), PMM_OK);
  expect_eq(happened(UNRAISABLE, ANY), 2);
  for (int64_t cookie = 1; cookie <= 2; cookie++) {
    expect_eq(happened(FINALIZED, cookie), 1);
    expect_eq(happened(DEALLOCATED, cookie), 1);
  }
}

/* "An error raised by a finalizer is passed to the unraisable reporter, ...
 * and deallocation completes." */
MUST(fin, errors_of_counted_death_are_reported,
     "An error in a finalizer run by reference counting is reported",
     REQ("FIN-008"),
     NEEDS(finalizer, diag, finalizer_alive)) {
  DROP(scripted(t, new_script(t, RAISE), PMM_TYPE_GC, 1));
  expect_eq(OPS->error(RT), PMM_OK);
  expect_eq(happened(UNRAISABLE, ANY), 1);
  expect_eq(logged(t, (size_t)when(UNRAISABLE, ANY))->detail, PMM_USER);
  expect_log(DEALLOCATED, 1);
}

/* "A finalizer running while an error is propagating does not lose or replace
 * that error." */
MUST(fin, pending_error_is_preserved, "A finalizer leaves the pending error",
     REQ("FIN-009"), NEEDS(finalizer, diag, finalizer_alive)) {
  pmm_obj *quiet_one = scripted(t, new_script(t, JUST_LOOK), PMM_TYPE_GC, 1);
  pmm_obj *loud_one = scripted(t, new_script(t, RAISE), PMM_TYPE_GC, 2);
  OPS->error_set(RT, PMM_KEY, "propagating");
  DROP(quiet_one);
  enum pmm_status after_quiet = OPS->error(RT);
  DROP(loud_one);
  enum pmm_status after_loud = OPS->error(RT);
  int same = strstr(OPS->error_message(RT), "propagating") != NULL;
  OPS->error_clear(RT);
  expect_eq(after_quiet, PMM_KEY);
  expect_eq(after_loud, PMM_KEY);
  expect(same);
  expect_log(DEALLOCATED, 1, 2);
}

/* "A finalizer that allocates containers past the threshold, or calls collect,
 * leaves the heap consistent." */
MUST(fin, finalizers_may_allocate_and_collect,
     "A finalizer may allocate and collect", REQ("FIN-010"),
     NEEDS(finalizer, gc, list, finalizer_alive), MANY_LISTS) {
  struct script *script = new_script(t, MAKE_LISTS);
  pmm_obj *o = scripted(t, script, PMM_TYPE_GC, 1);
  pmm_obj *peer = probe(t, 2);
  expect_ok(OPS->slot_set(RT, o, 0, peer));
  expect_ok(OPS->slot_set(RT, peer, 0, o));
  DROP(o);
  DROP(peer);
  collect(t);
  expect_eq(script->runs, 1);
  expect_eq(script->status, PMM_OK);
  expect_eq(happened(DEALLOCATED, ANY), 2);
  expect_whole(t);
}

/* "A finalizer that allocates containers past the threshold, or calls collect,
 * leaves the heap consistent."  A death by count may start collections. */
MUST(fin, dying_objects_may_allocate_and_collect,
     "A finalizer run by reference counting may allocate and collect",
     REQ("FIN-010"),
     NEEDS(finalizer, gc, list, finalizer_alive, prompt), MANY_LISTS) {
  struct script *script = new_script(t, MAKE_LISTS);
  pmm_obj *o = scripted(t, script, PMM_TYPE_GC, 1);
  pmm_obj *peer = probe(t, 2);
  expect_ok(OPS->slot_set(RT, o, 0, peer));
  expect_ok(OPS->slot_set(RT, o, 1, self_cycle(t, 3)));
  DROP_ALL();
  expect_eq(script->runs, 1);
  expect_eq(script->status, PMM_OK);
  expect_eq(script->slot_cookie, 2);
  collect(t);
  for (int64_t cookie = 1; cookie <= 3; cookie++) {
    expect_eq(happened(DEALLOCATED, cookie), 1);
  }
  expect_whole(t);
}

/* "New cycles created by finalizers during a collection are collected by a
 * later one." */
MUST(fin, garbage_made_by_finalizers_is_not_lost,
     "A cycle made by a finalizer is collected later", REQ("FIN-011"),
     NEEDS(finalizer, gc, list, finalizer_alive)) {
  quiet(t);
  collect(t);
  pmm_obj *o = scripted(t, new_script(t, MAKE_CYCLE), PMM_TYPE_GC, 1);
  expect_ok(OPS->slot_set(RT, o, 0, o));
  DROP(o);
  expect_ge(collect_and_count(t, 2), 1);
  expect_log(DEALLOCATED, 1);
  expect_eq(collect_and_count(t, 2), 1);
  expect_eq(collect_and_count(t, 2), 0);
}

/* "A finalizer on an untracked type runs at zero, may resurrect, and may be
 * called again after resurrection for non-collector types." */
MUST(fin, plain_objects_have_finalizers,
     "An object without a collector header is finalized", REQ("FIN-013"),
     NEEDS(finalizer, finalizer_alive, resurrection, prompt)) {
  struct script *script = new_script(t, SAVE_SELF);
  DROP(scripted(t, script, 0, 1));
  expect_eq(script->runs, 1);
  expect_none(DEALLOCATED);
  script->act = JUST_LOOK;
  OPS->clear(RT, &script->saved);
  expect_ge(script->runs, 1);
  expect_le(script->runs, 2);
  expect_log(DEALLOCATED, 1);
}

/* A chain of n instances by slot 0; the caller owns its head. */
static pmm_obj *make_chain(struct pmm_test *t, pmm_obj *type, int64_t n) {
  pmm_obj *head = NULL;
  for (int64_t i = 0; i < n; i++) {
    pmm_obj *next = probe_of(t, type, i);
    expect_ok(OPS->slot_set(RT, next, 0, head));
    if (head != NULL) {
      DROP(head);
    }
    head = next;
  }
  return head;
}

/* "Dropping a 1e5-long chain whose members all have finalizers does not
 * overflow the profile's small stack and calls each finalizer once." */
MUST(fin, deep_chains_with_finalizers_are_safe,
     "A 100000-long chain with finalizers dies on a small stack",
     REQ("FIN-014"),
     NEEDS(finalizer, trashcan),
     OOM_EXEMPT("100000 instances take too long for a round a failure")) {
  enum { N = 100000 };
  size_t stack = small_stack(t);
  quiet(t);
  struct script *script = new_script(t, JUST_LOOK);
  pmm_obj *type = probe_type(t, "link", 1, PMM_TYPE_GC, hear, script);
  release_on_stack(t, make_chain(t, type, N), stack);
  expect_eq(script->runs, N);
  expect_eq(happened(DEALLOCATED, ANY), N);
}

/* "The finalized query is false before, true after the finalizer, also on a
 * resurrected object." */
MUST(fin, is_finalized_reports_the_flag,
     "The finalized flag is kept after resurrection",
     REQ("FIN-015"), NEEDS(finalizer, finalizer_alive, resurrection, prompt)) {
  struct script *script = new_script(t, SAVE_SELF);
  pmm_obj *o = scripted(t, script, PMM_TYPE_GC, 1);
  expect_eq(OPS->is_finalized(RT, o), 0);
  DROP(o);
  expect(script->saved != NULL);
  expect_eq(OPS->is_finalized(RT, script->saved), 1);
}

/* ---- the end of the runtime --------------------------------------------- */

static void close_and_look(struct pmm_test *t, void *ctx) {
  const int64_t *cookies = ctx;
  size_t before = log_length(t);
  OPS->close(RT);
  for (; *cookies != 0; cookies++) {
    expect_eq(happened(FINALIZED, *cookies), 1);
    expect_ge(when(FINALIZED, *cookies), before);
  }
}

/* "Objects alive at runtime shutdown, including members of cycles, are
 * finalized when the runtime is torn down in order." */
SHOULD(fin, closing_finalizes_cycles,
       "Closing the runtime finalizes members of cycles",
       REQ("FIN-012"), NEEDS(finalizer, gc)) {
  static int64_t cookies[] = {1, 2, 3, 0};
  quiet(t);
  pmm_obj *type = probe_type(t, "late", 2, PMM_TYPE_GC, hear,
                             new_script(t, JUST_LOOK));
  pmm_obj *a = probe_of(t, type, 1);
  pmm_obj *b = probe_of(t, type, 2);
  pmm_obj *hangs_off = probe_of(t, type, 3);
  expect_ok(OPS->slot_set(RT, a, 0, b));
  expect_ok(OPS->slot_set(RT, b, 0, a));
  expect_ok(OPS->slot_set(RT, b, 1, hangs_off));
  DROP(hangs_off);
  DROP(a);
  DROP(b);
  expect_none(FINALIZED);
  survives(t, close_and_look, cookies);
}

/* "Objects alive at runtime shutdown, including members of cycles, are
 * finalized when the runtime is torn down in order."  A runtime that outlives
 * its closing, as an interpreter does, cannot end what the host still holds;
 * its profile has no such key. */
SHOULD(fin, closing_finalizes_what_is_held,
       "Closing the runtime finalizes what the host still holds",
       REQ("FIN-012"),
       NEEDS(finalizer)) {
  static int64_t cookies[] = {1, 2, 0};
  expect_eq(profile_int(t, "close_finalizes_held"), 1);
  struct script *script = new_script(t, JUST_LOOK);
  pmm_obj *tracked = probe_type(t, "late", 1, PMM_TYPE_GC, hear, script);
  (void)probe_of(t, tracked, 1);
  (void)probe_of(t, probe_type(t, "plain", 1, 0, hear, script), 2);
  survives(t, close_and_look, cookies);
}
