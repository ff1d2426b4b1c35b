/* SPDX-License-Identifier: MIT */
/*
 * set.h - sets and frozensets: open addressing over keys and their hashes.
 *
 *   byte -16              0        8        16     24     32     40      48
 *        +----------------+--------+--------+------+------+------+-------+--
 *        | collector head | refcnt | type   | fill | used | mask | table |
 *        +----------------+--------+--------+------+------+------+---|---+--
 *                        48      56        64                192     v  200
 *                      --+-------+---------+-----------------+------+
 *                        | hash  | changes | 8 inline slots  | weak |
 *                      --+-------+---------+-----------------+------+
 *
 *   slot   key  hash      free: key NULL      deleted: key &pmmi_set_deleted
 *
 *   1. `table` leads to the inline slots until the set outgrows them.
 *   2. A set whose slots in use, deleted ones included, would reach three
 *      fifths of its mask moves to the least power of two of slots above
 *      four times its keys (twice beyond PMMI_SET_LARGE keys).
 *   3. A probe looks at up to PMMI_SET_NEAR neighbours, which share cache
 *      lines, before it jumps by more bits of the hash.
 *   4. Comparing and releasing may run code that changes this same set.
 *      `changes` counts every change of what a look-up walks over; one that
 *      finds it moved begins again.
 *   5. A frozenset never changes once it was handed out, so a copy of it is
 *      itself, and its hash is computed once.
 *
 * Invariant: `fill` slots are not free, `used` of them hold keys, fill < mask;
 * every key is met by the probe of its hash before a free slot.
 *
 * Source: CPython 3.11 Objects/setobject.c.
 */
#ifndef PMMI_SET_H
#define PMMI_SET_H

#include "core/object.h"
#include "types/keys_iter.h"
#include "types/weakref.h"

#define PMMI_SET_INLINE 8
#define PMMI_SET_NEAR 9
#define PMMI_SET_LARGE 50000

/** A slot; see the drawing. */
struct pmmi_set_slot {
  pmm_obj *key; /* owned                                                    */
  int64_t hash; /* of the key                                               */
};

struct pmmi_set {
  struct pmm_obj base;
  size_t fill;                 /* slots that are not free                   */
  size_t used;                 /* slots that hold a key                     */
  size_t mask;                 /* slots less 1; a power of two of slots     */
  struct pmmi_set_slot *table; /* `few`, or an owned block                  */
  int64_t hash;                /* of a frozenset; -1: not computed yet      */
  uint64_t changes;            /* additions, removals, moves                */
  struct pmmi_set_slot few[PMMI_SET_INLINE];
  struct pmmi_weakref *weak;   /* references to the set                     */
};

static_assert(offsetof(struct pmmi_set, few) == 64, "the drawing above");
static_assert(sizeof(struct pmmi_set) == 200, "the drawing above");

extern const struct pmmi_type pmmi_set_type;
extern const struct pmmi_type pmmi_frozenset_type;

/** What the key of a deleted slot is; no object. */
extern pmm_obj pmmi_set_deleted;

/** 1 for sets and frozensets. */
static inline int pmmi_is_set(const pmm_obj *o) {
  return o->type == &pmmi_set_type || o->type == &pmmi_frozenset_type;
}

/** The key at or behind slot *position, borrowed; *position goes behind it.
 *  NULL: there is none.  Runs no code; the set may change from one call to
 *  the next. */
pmm_obj *pmmi_set_next(const struct pmmi_set *set, size_t *position);

/** Add the key to a set, or to a frozenset nobody else has seen. */
enum pmm_status pmmi_set_insert(pmm_rt *rt, struct pmmi_set *set,
                                pmm_obj *key);

/** Check a set's invariant; NULL when it holds, else what is wrong. */
const char *pmmi_set_check(pmm_obj *set);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_set_new(pmm_rt *rt, pmm_obj *iterable);
pmm_obj *pmmi_frozenset_new(pmm_rt *rt, pmm_obj *iterable);
enum pmm_status pmmi_set_add(pmm_rt *rt, pmm_obj *set, pmm_obj *item);
enum pmm_status pmmi_set_contains(pmm_rt *rt, pmm_obj *set, pmm_obj *item,
                                  int *found);
enum pmm_status pmmi_set_discard(pmm_rt *rt, pmm_obj *set, pmm_obj *item);
pmm_obj *pmmi_set_copy(pmm_rt *rt, pmm_obj *set);

#endif /* PMMI_SET_H */
