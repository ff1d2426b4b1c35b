/* SPDX-License-Identifier: MIT */
/*
 * weak_list.h - what watches an object's death: the list of its weak references
 * (their types: types/weakref.h).
 *
 *   target                  references, in the order in which they are called
 *   +-------------+      +-------+    +-------+    +--------+    +--------+
 *   | ... | weak -|----->| plain |<-->| plain |<-->| newest |<-->| oldest |
 *   +-------------+      | ref   |    | proxy |    | with a callback     |
 *                        +-------+    +-------+    +--------+    +--------+
 *
 *   1. A target's references form a list; its type says where it begins
 *      (weak_offset).  A reference borrows its target and never moves a
 *      count.
 *   2. A target that dies first leaves all its references: each loses its
 *      target.  Only then are the callbacks called.  So none of them can
 *      obtain the target, and a collection that clears the references of all
 *      its garbage first lets none obtain any part of it.
 *   3. References that are to be called wait in a chain through the links
 *      that the list needs no more.  So death needs no memory.
 *
 * Invariant: a reference is in its target's list exactly while `target` is
 * set; at most one live plain reference and one live plain proxy are in a
 * list, and they stand in front.
 *
 * Source: CPython 3.11 Objects/weakrefobject.c, Modules/gcmodule.c
 * (handle_weakrefs), Lib/weakref.py.
 */
#ifndef PMMI_WEAK_LIST_H
#define PMMI_WEAK_LIST_H

#include "core/dealloc.h"

struct pmmi_weakref;

/** What the runtime itself does when a target has died; `ref` has lost it.
 *  May run code. */
typedef void (*pmmi_weakref_act)(pmm_rt *rt, struct pmmi_weakref *ref);

enum pmmi_weakref_flag {
  PMMI_WEAKREF_PLAIN = 1u << 0, /* without a callback: shared               */
  PMMI_WEAKREF_HASHED = 1u << 1, /* `hash` is known                         */
  PMMI_WEAKREF_PROXY = 1u << 2  /* stands for its target                    */
};

/** A weak reference or a proxy: an object of a type with PMMI_TYPE_WEAK. */
struct pmmi_weakref {
  struct pmm_obj base;
  pmm_obj *target;               /* borrowed; NULL: dead                    */
  struct pmmi_weakref *previous; /* in the target's list; NULL: first       */
  struct pmmi_weakref *next;     /* the same, or the next to be called      */
  pmm_obj *callable;             /* owned callback, or NULL                 */
  pmm_fn fn;                     /* host's callback, or NULL                */
  pmmi_weakref_act act;          /* runtime's callback, or NULL             */
  void *ctx;                     /* of fn or act                            */
  int64_t cookie;                /* of the event, or act's own              */
  int64_t hash;                  /* of the target                           */
  uint64_t flags;                /* enum pmmi_weakref_flag, or-ed           */
};

/** References whose targets have died and that wait to be called; each is
 *  owned by the chain. */
struct pmmi_weakref_calls {
  struct pmmi_weakref *first;
  struct pmmi_weakref **end; /* where the next one is linked                */
};

/** Where the references to an object begin.  Its type has a weak_offset. */
static inline struct pmmi_weakref **pmmi_weakref_list(pmm_obj *o) {
  assert(o->type->weak_offset != 0);
  return (struct pmmi_weakref **)(void *)((char *)o + o->type->weak_offset);
}

/** 1 for a weak reference, a proxy and what is laid out like them. */
static inline int pmmi_is_weakref(const pmm_obj *o) {
  return (o->type->flags & PMMI_TYPE_WEAK) != 0;
}

/** Enter the target's list, behind those of lower rank.  Cannot fail. */
void pmmi_weakref_enter(struct pmmi_weakref *ref, pmm_obj *target);

/** Leave the target's list; no callback will come.  Cannot fail. */
void pmmi_weakref_leave(struct pmmi_weakref *ref);

/** The object dies by its count: clear its references, call their callbacks.
 *  May run code. */
void pmmi_weakref_clear_dying(pmm_rt *rt, pmm_obj *o);

/** The object is garbage of a collection: clear its references and add those
 *  that are to be called to `calls`; a weak reference is silenced.  Runs no
 *  code. */
void pmmi_weakref_clear_garbage(pmm_rt *rt, pmm_obj *o,
                                struct pmmi_weakref_calls *calls);

void pmmi_weakref_calls_init(struct pmmi_weakref_calls *calls);

/** Call them all, first to last.  A pending error is kept.  May run code. */
void pmmi_weakref_calls_run(pmm_rt *rt, struct pmmi_weakref_calls *calls);

/** Check an object's list; NULL when it holds, else what is wrong. */
const char *pmmi_weakref_check(pmm_obj *o);

#endif /* PMMI_WEAK_LIST_H */
