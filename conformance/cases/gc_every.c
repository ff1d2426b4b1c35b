/* SPDX-License-Identifier: MIT */
/*
 * cases/gc_every.c - what holds of every kind of kinds.h: it may be cleared
 * twice and then die (GC-008), and a type counts its instances through many
 * lives (REF-020).
 */
#include "kinds.h"

/* Clear a container twice, where its type can be cleared, and drop it. */
static void clear_and_drop(struct pmm_test *t, const struct kind *kind) {
  pmm_obj *item = probe(t, 1);
  pmm_obj *container = kind->make(t, item);
  for (int round = 0; round < 2; round++) {
    enum pmm_status status = t->view->ops.gc_clear(RT, container);
    if (status != PMM_OK && status != PMM_UNSUPPORTED) {
      expect_ok(status);
    }
    if (status == PMM_OK && OPS->error(RT) != PMM_OK) {
      fail("%s: clearing it leaves an error pending", kind->name);
    }
    OPS->error_clear(RT);
    if (OPS->refcount(RT, item) < 1 || happened(DEALLOCATED, 1) != 0) {
      fail("%s: clearing it took more than it owned", kind->name);
    }
  }
  DROP_ALL();
  collect(t);
  if (happened(DEALLOCATED, 1) != 1) {
    fail("%s: cleared and dropped, its item died %d times", kind->name,
         (int)happened(DEALLOCATED, 1));
  }
  log_clear(t);
}

/* "After the clear function the object can still be used without crash and be
 * deallocated later; clear may be called twice." */
MUST(gc, every_container_is_cleared_twice,
     "Every basic and hashed container may be cleared twice", REQ("GC-008"),
     NEEDS(gc, gc_clear, refcount)) {
  quiet(t);
  OVER(basic, clear_and_drop);
  OVER(hashed, clear_and_drop);
}

/* Chunks lose what they own once, which somebody else owns as well. */
static void clear_chunks(struct pmm_test *t) {
  pmm_obj *list = list_of_ints(t, 3);
  pmm_obj *source = NEW(OPS->iter(RT, list));
  pmm_obj *chunks = NEW(OPS->chunks(RT, source, 2));
  expect_eq(OPS->refcount(RT, source), 2);
  expect_ok(OPS->gc_clear(RT, chunks));
  expect_ok(OPS->gc_clear(RT, chunks));
  expect_eq(OPS->refcount(RT, source), 1);
  DROP(chunks);
  expect_eq(OPS->refcount(RT, source), 1);
}

/* "After the clear function the object can still be used without crash and be
 * deallocated later; clear may be called twice." */
MUST(gc, every_other_kind_is_cleared_twice,
     "Weak containers, streams and functions may be cleared twice",
     REQ("GC-008"),
     NEEDS(gc, gc_clear, refcount, frame, weak_containers, chunks, list)) {
  quiet(t);
  OVER(weak, clear_and_drop);
  OVER(streams, clear_and_drop);
  clear_and_drop(t, &frames[2]);
  clear_and_drop(t, &frames[3]);
  clear_chunks(t);
}

/* "A heap-allocated type gains one reference per live instance and loses it
 * when the instance dies."  Instances of a subclass of tuple do so, through
 * many lives, however deep they hang together. */
MUST(ref, subclass_instances_keep_their_type,
     "Instances of a tuple subclass count for their type", REQ("REF-020"),
     NEEDS(refcount, tuple)) {
  enum { LIVES = 50, DEEP = 300 };
  quiet(t);
  pmm_obj *type = probe_type(t, "pair", 0, PMM_TYPE_GC | PMM_TYPE_TUPLE, NULL,
                             NULL);
  pmm_obj *item = probe(t, 1);
  uint64_t before = OPS->refcount(RT, type);
  for (int i = 0; i < LIVES; i++) {
    pmm_obj *pair = NEW(OPS->tuple_subtype_new(RT, type, &item, 1));
    expect_eq(OPS->refcount(RT, type), before + 1);
    DROP(pair);
    expect_eq(OPS->refcount(RT, type), before);
  }
  pmm_obj *chain = KEEP(item);
  for (int i = 0; i < DEEP; i++) {
    pmm_obj *outer = NEW(OPS->tuple_subtype_new(RT, type, &chain, 1));
    DROP(chain);
    chain = outer;
  }
  expect_eq(OPS->refcount(RT, type), before + DEEP);
  DROP(chain);
  expect_eq(OPS->refcount(RT, type), before);
  expect_eq(OPS->refcount(RT, item), 1);
}
