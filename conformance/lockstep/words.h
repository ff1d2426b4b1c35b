/* SPDX-License-Identifier: MIT */
/*
 * words.h - what random programs and the cases printed from them speak of.
 *
 *   r[0..11]  registers: each is empty or owns one reference
 *   types     0 Plain, 1 Told, 2 Saver, 3 Dropper, 4 Emptier, 5 Attributed
 *   codes     functions whose calls are generators
 *   held      one reference more, which code of the host drops or empties
 *   saved     what a Saver's finalizer brought back to life
 *
 * Each type has two slots, the collector and weak references.  A finalizer may
 * do what programs do: that is how operations are re-entered.
 *
 * Invariant: no operation gets `held` as an argument, so that it may go away
 * in the middle of any.
 */
#ifndef PMM_LOCKSTEP_WORDS_H
#define PMM_LOCKSTEP_WORDS_H

#include "pmm/ops.h"

enum { WORDS_REGISTERS = 12, WORDS_TYPES = 6, WORDS_CODES = 4 };

struct words {
  pmm_rt *rt;
  const struct pmm_ops *ops;
  pmm_obj *r[WORDS_REGISTERS];
  pmm_obj *types[WORDS_TYPES];
  pmm_obj *codes[WORDS_CODES]; /* NULL where there are no functions         */
  pmm_obj *held;
  pmm_obj *saved;
};

/** Make types and codes of an open runtime; automatic collection goes off.
 *  PMM_OK, or why one could not be made; close it all the same. */
enum pmm_status words_open(struct words *w, pmm_rt *rt,
                           const struct pmm_ops *ops);
/** Empty registers, `held` and `saved`.  May run code. */
void words_drop_all(struct words *w);
/** And collect, until what finalizers saved or released is gone, too. */
void words_end(struct words *w);
/** And give back types and codes. */
void words_close(struct words *w);

/* ---- what operations.inc calls ------------------------------------------- */

#define PAIR(a, b) ((pmm_obj *const[]){a, b})

/** Store in a register what an operation gave: a new handle, a borrowed one.
 *  NULL leaves it as it is; the error is removed.  May run code. */
void put(struct words *w, int reg, pmm_obj *o);
void lend(struct words *w, int reg, pmm_obj *o);
/** Hold one more reference to `o`, and let go of what was held. */
enum pmm_status hold(struct words *w, pmm_obj *o);
/** The saved object, which is saved no longer; NULL: there is none. */
pmm_obj *take_saved(struct words *w);
/** Whether it has a hash; PMM_TYPE: none. */
enum pmm_status hashable(struct words *w, pmm_obj *o);
/** A deep copy where all that is reached has one in every runtime (numbers,
 *  texts, lists, tuples, dicts, instances); else the object itself. */
pmm_obj *copy_deep(struct words *w, pmm_obj *o);
/** Sort a list of ints; leave any other alone, as who compares what with what
 *  is no part of the contract. */
enum pmm_status sort_ints(struct words *w, pmm_obj *list);
/** Resize to a size that it has not got. */
enum pmm_status bytearray_grow(struct words *w, pmm_obj *array, size_t by);
/** A slot read through a proxy; NULL without error when it is empty. */
pmm_obj *proxy_slot(struct words *w, pmm_obj *proxy, size_t index);
/** Collect up to that generation. */
enum pmm_status collect_up_to(struct words *w, int generation);
/** Empty a register. */
enum pmm_status drop(struct words *w, pmm_obj **reg);
/** Callbacks: do nothing; let go of what is held.  `ctx` is the words. */
enum pmm_status told(void *ctx, pmm_rt *rt, pmm_obj *arg);
enum pmm_status drop_held(void *ctx, pmm_rt *rt, pmm_obj *arg);

#endif /* PMM_LOCKSTEP_WORDS_H */
