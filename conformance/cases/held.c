/* SPDX-License-Identifier: MIT */
/*
 * cases/held.c - who is called lives through the call: objects in their
 * finalizers, weak references and helpers in their callbacks (RENT-007).
 *
 * The code that runs collects, and then makes objects of each kind, so that the
 * place of whoever was let go is taken; then it asks the one that is called.
 */
#include "rent.h"

enum { STIRRED = 6, CALLED = 1, STIR = 77 };

/* What the code needs, and what it found.  Scratch memory. */
struct call {
  struct pmm_test *t;
  pmm_obj *type;  /* owned: of what is stirred; NULL: the case is over        */
  pmm_obj *final; /* owned: the type whose finalizer is asked for             */
  int runs;
  int wrong;
  pmm_obj *made[3 * STIRRED]; /* while the called one is asked                */
};

static enum pmm_status never(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)ctx;
  (void)rt;
  (void)arg;
  return PMM_OK;
}

/* Collect, and make objects, references and helpers. */
static void stir(struct call *call) {
  struct pmm_test *t = call->t;
  pmm_obj **made = call->made;
  collect_inside(t, NULL);
  for (int i = 0; i < STIRRED; i++) {
    pmm_obj *o = OPS->instance_new(RT, call->type, STIR);
    made[3 * i] = o;
    if (o != NULL && OFFERED(weakref_cb)) {
      made[3 * i + 1] = OPS->weakref_new(RT, o, never, call, STIR);
    }
    if (o != NULL && OFFERED(finalize)) {
      made[3 * i + 2] = OPS->finalize_new(RT, o, never, call, STIR);
    }
  }
  OPS->error_clear(RT);
}

static void let_go(struct call *call) {
  struct pmm_test *t = call->t;
  for (int i = 3 * STIRRED; i-- > 0;) {
    if (i % 3 == 2 && call->made[i] != NULL) {
      (void)OPS->finalize_detach(RT, call->made[i]);
    }
    OPS->clear(RT, &call->made[i]);
  }
  OPS->error_clear(RT);
}

static int may_run(struct call *call) {
  call->runs++;
  return call->type != NULL;
}

static enum pmm_status ask_object(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  struct call *call = ctx;
  struct pmm_test *t = call->t;
  (void)rt;
  if (may_run(call)) {
    stir(call);
    call->wrong += OPS->slot_get(RT, arg, 1) == NULL ||
                   OPS->instance_cookie(RT, arg) != CALLED;
    let_go(call);
  }
  return PMM_OK;
}

static enum pmm_status ask_reference(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  struct call *call = ctx;
  struct pmm_test *t = call->t;
  (void)rt;
  if (may_run(call)) {
    stir(call);
    pmm_obj *target = OPS->weakref_get(RT, arg);
    call->wrong += target != NULL || OPS->error(RT) != PMM_OK;
    OPS->xrelease(RT, target);
    let_go(call);
  }
  return PMM_OK;
}

/* 1 when this is a helper that has been called already. */
static int is_spent_helper(struct pmm_test *t, pmm_obj *o) {
  int called = 0;
  int answers = o != NULL && OPS->finalize_call(RT, o, &called) == PMM_OK;
  OPS->error_clear(RT);
  return answers && !called;
}

/* Not every runtime hands a helper to its callback. */
static enum pmm_status ask_helper(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  struct call *call = ctx;
  (void)rt;
  if (may_run(call)) {
    int handed = is_spent_helper(call->t, arg);
    stir(call);
    call->wrong += handed && !is_spent_helper(call->t, arg);
    let_go(call);
  }
  return PMM_OK;
}

static void drop_types(struct pmm_test *t, void *subject) {
  struct call *call = subject;
  OPS->clear(RT, &call->type);
  OPS->clear(RT, &call->final);
}

static struct call *new_call(struct pmm_test *t) {
  struct call *call = SCRATCH(struct call);
  call->t = t;
  defer(t, drop_types, call);
  call->type = GIVE(probe_type(t, "stirred", 2,
                               PMM_TYPE_GC | PMM_TYPE_WEAKREF, NULL, NULL));
  call->final =
      GIVE(probe_type(t, "asked", 2, PMM_TYPE_GC, ask_object, call));
  return call;
}

/* ---- deaths ------------------------------------------------------------- */

/** Who is called: the code owns all of it but the dying object. */
struct caller {
  const char *name;
  void (*watch)(struct pmm_test *t, struct call *call, pmm_obj *o);
  int finalized; /* the object's own finalizer is meant                       */
};

static void by_finalizer(struct pmm_test *t, struct call *call, pmm_obj *o) {
  (void)call;
  expect_ok(OPS->slot_set(RT, o, 1, integer(t, 5)));
}

/* Held by a list that the object owns, but when it is garbage too it is not
 * called; so the case holds it. */
static void by_reference(struct pmm_test *t, struct call *call, pmm_obj *o) {
  (void)NEW(OPS->weakref_new(RT, o, ask_reference, call, CALLED));
}

static void by_helper(struct pmm_test *t, struct call *call, pmm_obj *o) {
  DROP(NEW(OPS->finalize_new(RT, o, ask_helper, call, CALLED)));
}

static const struct caller callers[] = {
    {"an object in its finalizer", by_finalizer, 1},
    {"a weak reference in its callback", by_reference, 0},
    {"a helper in its call", by_helper, 0}};

static void die(struct pmm_test *t, const struct caller *caller, int cycle) {
  struct call *call = new_call(t);
  pmm_obj *type = caller->finalized ? call->final : call->type;
  pmm_obj *o = NEW(OPS->instance_new(RT, type, CALLED));
  caller->watch(t, call, o);
  if (cycle) {
    expect_ok(OPS->slot_set(RT, o, 0, o));
  }
  DROP(o);
  collect(t);
  if (call->runs != 1 || call->wrong != 0) {
    fail("%s, %s: %d calls, %d of them for the dead", caller->name,
         cycle ? "collected" : "dead by count", call->runs, call->wrong);
  }
  DROP_ALL();
}

/* "An object whose finalizer runs, and a weak reference or finalize helper
 * that is called, stays alive until that code returns, even where the code
 * collects or releases everything else." */
MUST(rent, who_is_called_is_held, "What is called stays alive through the call",
     REQ("RENT-007"), NEEDS(gc, finalizer, finalizer_alive, weakref,
                            weakref_cb, finalize)) {
  quiet(t);
  for (size_t i = 0; i < COUNT_OF(callers); i++) {
    for (int cycle = 0; cycle < 2; cycle++) {
      now_at(t, "%s, %s", callers[i].name, cycle ? "collected" : "by count");
      die(t, &callers[i], cycle);
    }
  }
}

/* ---- at the end --------------------------------------------------------- */

/* A finalizer makes garbage that has a finalizer itself. */
static enum pmm_status make_garbage(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  struct call *call = ctx;
  struct pmm_test *t = call->t;
  (void)rt;
  (void)arg;
  if (call->type != NULL) {
    pmm_obj *o = OPS->instance_new(RT, call->final, CALLED);
    pmm_obj *mark = OPS->int_new(RT, 5);
    call->wrong += OPS->slot_set(RT, o, 0, o) != PMM_OK;
    call->wrong += OPS->slot_set(RT, o, 1, mark) != PMM_OK;
    OPS->xrelease(RT, mark);
    OPS->xrelease(RT, o);
  }
  return PMM_OK;
}

#define OWN_END OOM_EXEMPT("what runs at the end is not to fail")

static void close_and_ask(struct pmm_test *t, void *ctx) {
  struct call *call = ctx;
  OPS->close(RT);
  expect_eq(call->wrong, 0);
}

/* "An object whose finalizer runs, and a weak reference or finalize helper
 * that is called, stays alive until that code returns, even where the code
 * collects or releases everything else." At the end, too. */
MUST(rent, helpers_at_the_end_are_held,
     "A helper that runs at the end stays alive through its call",
     REQ("RENT-007"), NEEDS(gc, finalizer, finalize), OWN_END) {
  quiet(t);
  struct call *call = new_call(t);
  by_helper(t, call, probe(t, 1));
  survives(t, close_and_ask, call);
}

/* "An object whose finalizer runs, and a weak reference or finalize helper
 * that is called, stays alive until that code returns, even where the code
 * collects or releases everything else." At the end, too. */
MUST(rent, who_is_called_at_the_end_is_held,
     "Garbage made at the end stays alive through its finalizer",
     REQ("RENT-007"), NEEDS(gc, finalizer, finalizer_alive), OWN_END) {
  quiet(t);
  struct call *call = new_call(t);
  pmm_obj *type =
      probe_type(t, "ends", 1, PMM_TYPE_GC, make_garbage, call);
  pmm_obj *o = probe_of(t, type, 9);
  expect_ok(OPS->slot_set(RT, o, 0, o));
  survives(t, close_and_ask, call);
}
