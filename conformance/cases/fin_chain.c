/* SPDX-License-Identifier: MIT */
/*
 * cases/fin_chain.c - an object that its finalizer saves while the chain that
 * it is part of dies (requirement FIN-003).
 */
#include "case.h"

/* Links that a chain has, and those that are saved in their turn, as a runtime
 * puts off one death in so many. */
enum { LINKS = 250, SAVED = 120 };

/* Which link is saved, and where.  Scratch memory. */
struct saving {
  struct pmm_test *t;
  int64_t cookie;
  pmm_obj *saved; /* owned                                                   */
};

static enum pmm_status save(void *ctx, pmm_rt *rt, pmm_obj *dying) {
  struct saving *saving = ctx;
  struct pmm_test *t = saving->t;
  if (OPS->instance_cookie(rt, dying) == saving->cookie) {
    OPS->retain(rt, dying);
    saving->saved = dying;
  }
  return PMM_OK;
}

static void let_go(struct pmm_test *t, void *subject) {
  OPS->clear(RT, &((struct saving *)subject)->saved);
}

/* LINKS instances that hang together, the newest outermost; a weak reference
 * to the one that will be saved. */
static pmm_obj *chain_of(struct pmm_test *t, pmm_obj *type, int64_t watched,
                         pmm_obj **weak) {
  pmm_obj *chain = probe_of(t, type, 0);
  for (int64_t i = 1; i < LINKS; i++) {
    pmm_obj *outer = probe_of(t, type, i);
    expect_ok(OPS->slot_set(RT, outer, 0, chain));
    if (i == watched) {
      *weak = NEW(OPS->weakref_new(RT, outer, NULL, NULL, 0));
    }
    DROP(chain);
    chain = outer;
  }
  return chain;
}

/* Save one link; then close it into a cycle, and let it go. */
static void save_link(struct pmm_test *t, int64_t cookie) {
  struct saving *saving = SCRATCH(struct saving);
  *saving = (struct saving){.t = t, .cookie = cookie};
  defer(t, let_go, saving);
  pmm_obj *weak = NULL;
  pmm_obj *type = probe_type(t, "link", 2, PMM_TYPE_GC | PMM_TYPE_WEAKREF,
                             save, saving);
  DROP(chain_of(t, type, cookie, &weak));
  pmm_obj *saved = saving->saved;
  expect(saved != NULL);
  expect_eq(happened(DEALLOCATED, ANY), LINKS - 1 - cookie);
  expect_eq(OPS->refcount(RT, saved), 1);
  expect_eq(OPS->instance_cookie(RT, OPS->slot_get(RT, saved, 0)), cookie - 1);
  pmm_obj *again = OPS->weakref_get(RT, weak);
  expect_same(again, saved);
  OPS->xrelease(RT, again);
  expect_ok(OPS->slot_set(RT, saved, 1, saved));
  let_go(t, saving);
  expect_eq(happened(DEALLOCATED, cookie), 0);
  collect(t);
  expect_eq(happened(DEALLOCATED, ANY), LINKS);
  DROP_ALL();
  log_clear(t);
}

/* "If the finalizer stores a new reference, the object stays alive with correct
 * count and contents and is later deallocated normally."  However deep in a
 * dying chain it hung; the collector and weak references still know it. */
MUST(fin, links_of_a_chain_are_saved, "A link of a dying chain is saved whole",
     REQ("FIN-003"), NEEDS(gc, refcount, finalizer, finalizer_alive,
                           resurrection, weakref),
     OOM_EXEMPT("each of many chains allocates alike")) {
  quiet(t);
  for (int64_t link = LINKS - SAVED; link < LINKS; link++) {
    now_at(t, "link %lld", (long long)link);
    save_link(t, link);
  }
}
