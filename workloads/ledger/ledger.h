/* SPDX-License-Identifier: MIT */
/*
 * ledger.h - what a collector leaves, finds and costs, object by object.
 *
 *   1. `made` objects are made one after the other, each of which refers to
 *      itself.  A ring holds the last `window` of them; who falls out of it is
 *      garbage that only the collector can free.  `live` empty lists are there
 *      all the time.
 *   2. Garbage is counted in three ways that know nothing of each other: what
 *      collections say that they found (gc_callbacks), finalizers that ran,
 *      and who is still tracked at the end (gc_objects).
 *   3. While it counts, a collector in slices has a budget that it does not
 *      reach: work ends a slice, not the clock, and two runs are equal.
 *   4. Pauses are taken in a run of its own, whose objects have no finalizer,
 *      with the usual budget.
 *
 * The same program for interpreters is reports/pmm/inside/gc/ledger.py; both
 * print the same document.
 */
#ifndef PMM_LEDGER_H
#define PMM_LEDGER_H

#include <jansson.h>

#include "pmm/view.h"

enum { LEDGER_GENERATIONS = 3 };

/** Objects between two points of the curve. */
#define LEDGER_STEP 100u
/** Pauses that are kept; later ones are counted alone. */
#define LEDGER_PAUSES 65536u

/** What is to be done. */
struct ledger_asked {
  uint64_t made;
  uint64_t live;
  uint64_t window; /* objects that are held                                 */
};

/** Figures of one generation. */
struct ledger_generation {
  uint64_t collections;
  uint64_t collected;  /* unreachable objects that were found               */
  uint64_t candidates; /* objects that were examined                        */
};

/** A run. */
struct ledger {
  const struct pmm_ops *ops;
  pmm_rt *rt;
  const struct ledger_asked *asked;
  pmm_obj *type;   /* of the objects                                        */
  pmm_obj *held;   /* list of the live lists                                */
  pmm_obj **ring;  /* owned; the last `window` objects                      */
  uint32_t *waits; /* how many waited after each object was made            */
  uint64_t inside; /* objects in the ring                                   */
  uint64_t dead;   /* finalizers that ran                                   */
  uint64_t found;  /* by what collections said                              */
  uint64_t apart;  /* collections after which those two did not agree       */
  uint64_t runs;   /* entries of the collector's log that were read         */
  uint64_t sliced; /* objects that slices walked                            */
  uint64_t slices;
  uint64_t began_ns;    /* of the collection under way                      */
  uint64_t pause_ns;    /* of the step under way                            */
  uint64_t pause_count;
  uint64_t *pauses_ns;
  struct ledger_generation generations[LEDGER_GENERATIONS];
};

/** Count what waits.  A new document, or NULL: out of memory, or the subject
 *  failed, with its error pending. */
json_t *ledger_count(struct ledger *ledger);

/** Take pauses and times.  Likewise. */
json_t *ledger_time(struct ledger *ledger);

#endif /* PMM_LEDGER_H */
