/* SPDX-License-Identifier: MIT */
/*
 * rent.h - re-entrancy: code that runs inside an operation and changes the
 * container that the operation reads or changes.
 *
 *   source   a container of ITEMS probes with the cookies 0 ... ITEMS - 1
 *   act      what the code does to it: empty it, make it grow, ...
 *   trap     the code, armed once; a finalizer or a callback springs it
 *
 * A table of operations is swept: each operation with each act, at each point
 * where the trap can spring.  A new operation is covered by its line.
 *
 * What an operation returns is read item by item, so that one that was freed
 * meanwhile is met: its cookie is wrong, it is dead a second time, or the
 * process ends.
 */
#ifndef PMM_CONFORM_RENT_H
#define PMM_CONFORM_RENT_H

#include "case.h"

enum { ITEMS = 6, GROWTH = 40, LENT = 1000 };

#define COUNT_OF(table) (sizeof(table) / sizeof *(table))

/* What springs, once.  Scratch memory. */
struct trap {
  struct pmm_test *t;
  pmm_obj *source; /* borrowed; NULL: not armed                             */
  void (*act)(struct pmm_test *t, pmm_obj *source);
  int sprung;
};

/** A kind of container: how it is made and what may be done to it. */
struct source {
  const char *name;
  pmm_obj *(*make)(struct pmm_test *t);
  void (*empty)(struct pmm_test *t, pmm_obj *source);
  void (*grow)(struct pmm_test *t, pmm_obj *source);
  void (*replace)(struct pmm_test *t, pmm_obj *source);
};

extern const struct source list_source;
extern const struct source dict_source;
extern const struct source set_source;

/** Append to a list. */
void grow_inside(struct pmm_test *t, pmm_obj *list);
/** Collect all, which finds nothing. */
void collect_inside(struct pmm_test *t, pmm_obj *source);
/** Iterate over the source and read each item. */
void iterate_inside(struct pmm_test *t, pmm_obj *source);

/** A trap for the source; disarmed at the end of the case. */
struct trap *new_trap(struct pmm_test *t, pmm_obj *source,
                      void (*act)(struct pmm_test *t, pmm_obj *source));
/** The finalizer or callback that springs it; `ctx` is the trap. */
enum pmm_status spring(void *ctx, pmm_rt *rt, pmm_obj *arg);

/** The k-th container from here on starts a collection of the youngest. */
void collect_at(struct pmm_test *t, uint64_t k);
/** Garbage, just made, that springs the trap when it is collected. */
void lay(struct pmm_test *t, struct trap *trap);

/** Read every item of what an operation has returned. */
void read_items(struct pmm_test *t, const char *what, pmm_obj *container);
/** The heap is whole, as far as the subject can tell. */
void verify(struct pmm_test *t, const char *what);

#endif /* PMM_CONFORM_RENT_H */
