/* SPDX-License-Identifier: MIT */
/*
 * walk.h - walking objects and keeping their balances; what mark.c (exact,
 * at once) and search.c (a slice at a time) have in common.
 *
 * A mark, beside each slot of the table:
 *
 *     31                                    5   4   3   2   1   0
 *    +----------------------------------------+---+---+---+---+---+
 *    | balance: owners less references found  | S | H | A | R | M |
 *    +----------------------------------------+---+---+---+---+---+
 *
 *    bit  meaning                          set by             cleared by
 *    M    candidate; later: garbage        mark.c             mark.c, untrack
 *    R    reached, waits for a sweep       reaching           sweep, settle
 *    A    a tuple or dict of atoms         counting (mark.c)  settle
 *    H    held, whatever its balance       counting, reaching settle
 *    S    part of the search under way     search.c           search.c, untrack
 *
 *   1. Counting an object adds its reference count to its own balance, and
 *      takes 1 from the balance of each member that it refers to.  Members
 *      are what the walk looks at: M for mark.c, S for search.c.
 *   2. An object whose balance is then not 0 has an owner outside.
 *   3. Reaching from an object makes held what it refers to.  Objects in front
 *      of the finger wait for it, those behind it on a stack; when that is
 *      full, in the table (R), for another sweep.
 *   4. References that were found wait in a batch while their targets' heads,
 *      and then the marks, are fetched: in a shuffled heap both are misses.
 *
 * Invariant: nothing here allocates, recurses, runs code or writes a reference
 * count.  An object with PMMI_MARK_MANY owners or more is held, so that a
 * balance never wraps to 0; one above that means that owners visit too often.
 */
#ifndef PMMI_WALK_H
#define PMMI_WALK_H

#include "core/tracked.h"

#define PMMI_MARK_MEMBER UINT32_C(1)          /* M                          */
#define PMMI_MARK_WAITS (UINT32_C(1) << 1)    /* R                          */
#define PMMI_MARK_ATOMIC (UINT32_C(1) << 2)   /* A                          */
#define PMMI_MARK_HELD (UINT32_C(1) << 3)     /* H                          */
#define PMMI_MARK_SEARCHED (UINT32_C(1) << 4) /* S                          */
#define PMMI_MARK_ONE (UINT32_C(1) << 5)      /* a balance of 1             */
#define PMMI_MARK_BALANCE (~(PMMI_MARK_ONE - 1))
#define PMMI_MARK_NEGATIVE (UINT32_C(1) << 31)

/** Owners from which on an object counts as held. */
#define PMMI_MARK_MANY (UINT64_C(1) << 26)

/** References that wait together. */
#define PMMI_WALK_BATCH 64u

/** Objects on the stack. */
#define PMMI_WALK_STACK 256u

/** Sweeps that overflow may cost, so that the work stays linear. */
#define PMMI_WALK_SWEEPS 8u

/** References of one object that are walked in one go, when the work is
 *  limited. */
#define PMMI_WALK_PART 2048u

/** A walk under way. */
struct pmmi_walk {
  pmm_rt *rt;
  struct pmmi_tracked *table;
  uint32_t member;     /* M or S                                            */
  uint32_t from;       /* the range                                         */
  uint32_t span;       /* its length                                        */
  uint32_t finger;     /* slots up to it have been passed                   */
  uint32_t again;      /* first slot that waits for another sweep           */
  uint32_t sweeps;     /* begun                                             */
  uint32_t left;       /* members that nobody holds, as far as known; with  */
                       /* PMMI_MARK_SEARCHED, not kept                      */
  uint32_t atomics;    /* marks with A                                      */
  uint32_t needs;      /* enum pmmi_gc_needs of the types met               */
  int full;            /* 1: dicts may be untracked                         */
  int chains;          /* 1: reaching may use the heads when all is full    */
  uint64_t objects;    /* walked                                            */
  uint64_t work;       /* objects and references walked                     */
  uint64_t limit;      /* of the work; UINT64_MAX: none                     */
  size_t part;         /* references of the object at hand walked before    */
  unsigned depth;      /* of the stack                                      */
  unsigned waiting;    /* in the batch                                      */
  pmm_obj *chain;      /* the same as the stack, linked, without limit      */
  pmm_obj *batch[PMMI_WALK_BATCH]; /* references found                    */
  pmm_obj *stack[PMMI_WALK_STACK]; /* reached behind the finger           */
};

/** Begin a walk over a range, with nothing waiting and no limit. */
void pmmi_walk_init(struct pmmi_walk *m, pmm_rt *rt, struct pmmi_gc_range range,
                    uint32_t member);

/** Count the members in the slots from `slot` on, until `to` or the limit;
 *  returns the first slot that is not done.  Without a limit, holes lose
 *  their mark. */
uint32_t pmmi_walk_count(struct pmmi_walk *m, uint32_t slot, uint32_t to);

/** Reach from the held members in the slots from `slot` on (in a later sweep:
 *  from those that wait), until `to`, the limit, or all are held; returns the
 *  first slot that is not done. */
uint32_t pmmi_walk_reach(struct pmmi_walk *m, uint32_t slot, uint32_t to);

/** Reach from one object. */
void pmmi_walk_reach_from(struct pmmi_walk *m, pmm_obj *o);

/** Reach from all that waits on the stack, up to the limit: what is left then
 *  stays on it. */
void pmmi_walk_drain(struct pmmi_walk *m);

/** 1 for a member that nobody holds, as far as known. */
static inline int pmmi_mark_is_unheld(uint32_t mark, uint32_t member) {
  return (mark & (member | PMMI_MARK_HELD | PMMI_MARK_BALANCE)) == member;
}

/** Neighbouring slots of one chunk. */
struct pmmi_run {
  pmm_obj **objects;
  uint32_t *marks;
  uint8_t *marked; /* of the chunk; 0: no slot has M                         */
  uint32_t length;
};

/** Those from `slot` on, up to `to` or the end of the chunk. */
static inline struct pmmi_run pmmi_run_at(const struct pmmi_tracked *table,
                                          uint32_t slot, uint32_t to) {
  uint32_t room = PMMI_GC_CHUNK_SLOTS - slot % PMMI_GC_CHUNK_SLOTS;
  return (struct pmmi_run){pmmi_gc_object_at(table, slot),
                           pmmi_gc_mark_at(table, slot),
                           &table->marked[slot / PMMI_GC_CHUNK_SLOTS],
                           to - slot < room ? to - slot : room};
}

#endif /* PMMI_WALK_H */
