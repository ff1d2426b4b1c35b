/* SPDX-License-Identifier: MIT */
/*
 * object.h - what every object of the reference runtime is.
 *
 *   byte 0        8        16       24
 *        +--------+--------+--------+----------------
 *        | refcnt | type   | length | items or fields     variable size
 *        +--------+--------+--------+----------------
 *        | refcnt | type   | fields                       fixed size
 *        +--------+--------+-------------------------
 *
 * A type with PMMI_TYPE_GC has 16 more bytes in front (tracked.h); the handle
 * points behind them, so `refcnt` is at offset 0 of every handle.
 *
 *   1. An object starts with one reference, owned by who made it.
 *   2. pmmi_release() of the last reference calls the type's dealloc before
 *      it returns.  Nesting is bounded: beyond PMMI_DEALLOC_DEPTH containers
 *      wait in a chain that the outermost release drains.
 *   3. An immortal object's count is PMMI_IMMORTAL and never moves.
 *
 * Invariant: the count of a live, mortal object equals the number of owners;
 * it is suspended only inside dealloc, where it is 0.
 *
 * Source: CPython 3.11 Include/object.h, Doc/c-api/refcounting.rst, PEP 683.
 */
#ifndef PMMI_OBJECT_H
#define PMMI_OBJECT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "core/errors.h"
#include "memory/memory.h"
#include "pmm/types.h"

/** Count of an object that is never freed. */
#define PMMI_IMMORTAL (UINT64_MAX >> 1)

/** Nested calls, comparisons and the like that a runtime allows. */
#define PMMI_RECURSION_LIMIT 1000

/** Containers that may be deallocated inside one another on the C stack. */
#define PMMI_DEALLOC_DEPTH 40

struct pmmi_type;

/** The header of every object. */
struct pmm_obj {
  uint64_t refcnt;              /* owners; PMMI_IMMORTAL: does not move     */
  const struct pmmi_type *type; /* heap types own themselves per instance   */
};

/** The header of an object whose size is chosen when it is made. */
struct pmmi_var {
  struct pmm_obj base;
  size_t length; /* items                                                   */
};

/** An object of a type with PMMI_TYPE_INLINE. */
struct pmmi_inline {
  struct pmmi_var var;
  pmm_obj *items[]; /* owned; NULL: never filled                            */
};

/** An object of a type with PMMI_TYPE_BEHIND. */
struct pmmi_behind {
  struct pmmi_var var;
  pmm_obj **items; /* owned, and so is each of them; NULL: never filled     */
};

static_assert(sizeof(struct pmm_obj) == 16 &&
                  offsetof(struct pmm_obj, type) == 8,
              "the drawing above");
static_assert(offsetof(struct pmmi_var, length) == 16, "the drawing above");
static_assert(offsetof(struct pmmi_inline, items) == 24, "tuple.h's drawing");
static_assert(offsetof(struct pmmi_behind, items) == 24, "list.h's drawing");

enum pmmi_type_flag {
  PMMI_TYPE_GC = 1u << 0,     /* a collector header in front                */
  PMMI_TYPE_HEAP = 1u << 1,   /* made at run time; counts its instances     */
  PMMI_TYPE_ATOM = 1u << 2,   /* owns no object: never part of a cycle      */
  PMMI_TYPE_TUPLE = 1u << 3,  /* laid out as a tuple (tuple.h)              */
  PMMI_TYPE_PLAIN = 1u << 5,  /* an atom that is nothing but its block      */
  PMMI_TYPE_OWN_COPY = 1u << 6, /* stands for itself: each is its own copy  */
  PMMI_TYPE_INLINE = 1u << 7, /* owns the items in its block alone (struct  */
                              /* pmmi_inline), which are never changed      */
  PMMI_TYPE_BEHIND = 1u << 8, /* owns the items behind a pointer alone      */
                              /* (struct pmmi_behind)                       */
  PMMI_TYPE_WEAK = 1u << 9,   /* laid out as a struct pmmi_weakref          */
  PMMI_TYPE_LEGACY_DEL = 1u << 4 /* in a cycle it is kept: its finalizer is a
                                  * delete slot from before PEP 442         */
};

/** What the runtime needs to know of a type.  A null function means that the
 *  operation is not there, save where a comment says otherwise. */
struct pmmi_type {
  struct pmm_obj base;
  const char *name;
  size_t basic_size;    /* bytes of an instance without items              */
  size_t item_size;     /* bytes of an item behind it; 0: fixed size       */
  uint32_t flags;       /* enum pmmi_type_flag, or-ed                      */
  size_t weak_offset;   /* of a struct pmmi_weakref *; 0: no weak references */
  size_t apart_offset;  /* of a pointer to a block of its own that a visit   */
                        /* reads, so that it can be fetched; 0: none        */

  /** Drop everything owned and give the memory back.  The count is 0; the
   *  finalizer has run and the weak references are gone (dealloc.h). */
  void (*dealloc)(pmm_rt *rt, pmm_obj *o);
  /** Visit every owned reference once; stop at a result other than 0. */
  int (*traverse)(pmm_obj *o, pmm_visit visit, void *ctx);
  /** As traverse, for the collector, which has no use for references to atoms:
   *  they may be left out.  Null: traverse will do. */
  int (*walk)(pmm_obj *o, pmm_visit visit, void *ctx);
  /** Visit some `most` owned references from `at` on, which is 0 or what the
   *  last call returned; 0: all are visited.  Null: the object is never so
   *  large that it is visited in parts.  Needs `length`. */
  size_t (*visit_part)(pmm_obj *o, size_t at, size_t most, pmm_visit visit,
                       void *ctx);
  /** 1 when nothing in the object can ever be tracked.  Null: cannot tell. */
  int (*is_atomic)(pmm_obj *o);
  /** The object's own invariant: NULL when it holds, else what is wrong.
   *  Null: nothing is checked. */
  const char *(*check)(pmm_obj *o);
  /** Drop references that can close a cycle; the object stays valid. */
  void (*clear)(pmm_rt *rt, pmm_obj *o);
  /** PEP 442: run before dealloc, at most once for a GC type. */
  void (*finalize)(pmm_rt *rt, pmm_obj *o);

  /** *equal; both have types with this function.  Null: identity. */
  enum pmm_status (*equals)(pmm_rt *rt, pmm_obj *a, pmm_obj *b, int *equal);
  /** 1 when `a` equals an object whose type has another `equals`.  Null: it
   *  equals none. */
  int (*equals_other)(const pmm_obj *a, const pmm_obj *b);
  /** Null: by identity.  Unhashable types set PMM_TYPE. */
  enum pmm_status (*hash)(pmm_rt *rt, pmm_obj *o, int64_t *hash);
  pmm_obj *(*repr)(pmm_rt *rt, pmm_obj *o);
  size_t (*length)(pmm_obj *o);
  /** Length where asking for it may fail.  Null: `length` is asked. */
  enum pmm_status (*length_through)(pmm_rt *rt, pmm_obj *o, size_t *length);
  pmm_obj *(*iter)(pmm_rt *rt, pmm_obj *o);
  /** New, or NULL with PMM_STOP pending. */
  pmm_obj *(*next)(pmm_rt *rt, pmm_obj *o);
  pmm_obj *(*call)(pmm_rt *rt, pmm_obj *callable, pmm_obj *const *args,
                   size_t n);
  /** Context manager: enter gives a new reference; exit as pmm_exit_fn. */
  pmm_obj *(*enter)(pmm_rt *rt, pmm_obj *o);
  enum pmm_status (*exit)(pmm_rt *rt, pmm_obj *o, enum pmm_status error,
                          int *suppress);
  /** Bytes this object alone owns beside itself.  Null: none. */
  size_t (*owned_bytes)(pmm_obj *o);
  /** Bytes of the object itself, collector header not included.  Null:
   *  basic_size and item_size for each item. */
  size_t (*block_size)(const pmm_obj *o);
  /** A shallow copy, new.  Null: an atom is its own copy, nothing else has
   *  one (copy.h). */
  pmm_obj *(*copy)(pmm_rt *rt, pmm_obj *o);
};

/* ---- references (see pmm/subject.h for the contracts) -------------------- */

/** Deallocate an object whose count reached 0: finalizer, weak references and
 *  their callbacks, then the type's dealloc (dealloc.c).  May run code. */
void pmmi_object_dealloc(pmm_rt *rt, pmm_obj *o);

static inline void pmmi_retain(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  if (o->refcnt != PMMI_IMMORTAL) {
    o->refcnt++;
  }
}

static inline void pmmi_release(pmm_rt *rt, pmm_obj *o) {
  if (o->refcnt != PMMI_IMMORTAL) {
    assert(o->refcnt > 0);
    if (--o->refcnt == 0) {
      pmmi_object_dealloc(rt, o);
    }
  }
}

static inline void pmmi_xretain(pmm_rt *rt, pmm_obj *o) {
  if (o != NULL) {
    pmmi_retain(rt, o);
  }
}

static inline void pmmi_xrelease(pmm_rt *rt, pmm_obj *o) {
  if (o != NULL) {
    pmmi_release(rt, o);
  }
}

/** Empty the holder, then release what it held.  May run code. */
static inline void pmmi_clear(pmm_rt *rt, pmm_obj **holder) {
  pmm_obj *o = *holder;
  *holder = NULL;
  pmmi_xrelease(rt, o);
}

/** `o`, with one more reference. */
static inline pmm_obj *pmmi_new_reference(pmm_rt *rt, pmm_obj *o) {
  pmmi_retain(rt, o);
  return o;
}

/* ---- making objects ------------------------------------------------------ */

/** Fill the header of a block: count 1, one more live object; a heap type
 *  gains a reference. */
static inline void pmmi_object_init(pmm_rt *rt, pmm_obj *o,
                                    const struct pmmi_type *type) {
  o->refcnt = 1;
  o->type = type;
  pmmi_memory_of(rt)->objects++;
  if (type->flags & PMMI_TYPE_HEAP) {
    pmmi_retain(rt, (pmm_obj *)(uintptr_t)type);
  }
}

/** A new object of a type without a collector header, body zeroed, count 1;
 *  `n` items behind it.  NULL with PMM_NO_MEMORY pending.  A heap type gains
 *  a reference. */
pmm_obj *pmmi_object_new(pmm_rt *rt, const struct pmmi_type *type, size_t n);

/** Give back the memory of an object made by pmmi_object_new(); drops the
 *  reference to a heap type.  Owned references must be gone already. */
void pmmi_object_free(pmm_rt *rt, pmm_obj *o);

/** Bytes of the object itself, collector header not included. */
size_t pmmi_object_size(const pmm_obj *o);

/* ---- operations every type has ------------------------------------------- */

/** One level deeper; PMM_RECURSION at the limit.  Leave only what was
 *  entered. */
enum pmm_status pmmi_recursion_enter(pmm_rt *rt);
void pmmi_recursion_leave(pmm_rt *rt);

enum pmm_status pmmi_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b, int *equal);
enum pmm_status pmmi_hash(pmm_rt *rt, pmm_obj *o, int64_t *hash);
enum pmm_status pmmi_length(pmm_rt *rt, pmm_obj *o, size_t *length);
pmm_obj *pmmi_iter(pmm_rt *rt, pmm_obj *o);
pmm_obj *pmmi_next(pmm_rt *rt, pmm_obj *iterator);
enum pmm_status pmmi_size_of(pmm_rt *rt, pmm_obj *o, size_t *bytes);
int pmmi_same(pmm_rt *rt, pmm_obj *a, pmm_obj *b);
uintptr_t pmmi_identity(pmm_rt *rt, pmm_obj *o);
const char *pmmi_type_name(pmm_rt *rt, pmm_obj *o);
uint64_t pmmi_refcount(pmm_rt *rt, pmm_obj *o);
uint64_t pmmi_refcount_reported(pmm_rt *rt, pmm_obj *o);
enum pmm_status pmmi_refcount_set(pmm_rt *rt, pmm_obj *o, uint64_t count);
int pmmi_is_immortal(pmm_rt *rt, pmm_obj *o);

/** For a type's `hash`: PMM_TYPE, as mutable containers are unhashable. */
enum pmm_status pmmi_hash_refuse(pmm_rt *rt, pmm_obj *o, int64_t *hash);

/** The hash of an object that is equal only to itself. */
int64_t pmmi_hash_identity(const pmm_obj *o);

#endif /* PMMI_OBJECT_H */
