/* SPDX-License-Identifier: MIT */
/*
 * rent_code.h - code that runs while items are compared, hashed, ordered or
 * printed, and changes the containers they are in.
 *
 *   actor    what one trial shares with the code of its items: the containers,
 *            what to do (act), and at which call of which code (point, at)
 *   use      an operation that compares, hashes, orders or prints; it only
 *            calls operations, so that the code may run it again
 *
 * Items are instances whose code says that two are equal when their cookies
 * are, modulo LENT; all have one hash, so that a look-up compares with each.
 * A new operation is covered by its line in a table of uses.
 */
#ifndef PMM_CONFORM_RENT_CODE_H
#define PMM_CONFORM_RENT_CODE_H

#include "rent.h"

/** Which code of an item. */
enum point { EQUALS, LESS, HASH, REPR, POINT_KINDS };

/** Calls of that code that a trial springs at, at most. */
#define CALLS 7

struct actor;

/** Something done to the containers, from within. */
struct act {
  const char *name;
  void (*run)(struct actor *a, pmm_obj *self);
};

/** An operation. */
struct use {
  const char *name;
  enum pmm_status (*run)(struct actor *a);
};

/** How a kind of container is made and changed. */
struct family {
  const char *name;
  pmm_obj *(*make)(struct actor *a, int64_t first); /* ITEMS of them, new    */
  const struct act *acts;
  size_t act_count;
};

/** A trial.  Scratch memory; handles are the case's. */
struct actor {
  struct pmm_test *t;
  const struct family *family;
  const struct use *use;
  const struct act *act; /* NULL: sprung already, or not armed               */
  enum point point;
  int at;
  int calls;
  int sprung;
  int raises;    /* 1: the code raises after the act                         */
  int died;      /* 1: what was compared died in the act                     */
  pmm_obj *type;
  pmm_obj *source; /* with the items 0 ... ITEMS - 1                         */
  pmm_obj *other;  /* with items equal to them, but for the last             */
  pmm_obj *near;   /* equal to the last item                                 */
  pmm_obj *far;    /* equal to none                                          */
  pmm_obj *keep;   /* a list: owns what a weak container does not            */
};

/** An item whose code springs the trial. */
pmm_obj *coded_item(struct actor *a, int64_t cookie);

/** The operation has answered: the status of the error, or what it made. */
enum pmm_status dropped(struct actor *a, pmm_obj *made);

/** Collect what is young, as all of a trial is. */
void collect_young(struct actor *a, pmm_obj *self);

/** An act that suits any list. */
void empty_the_list(struct actor *a, pmm_obj *list);

/** Each use with each act at each call of that code of its items. */
void over_uses(struct pmm_test *t, const struct family *family,
               const struct use *uses, size_t n, enum point point);

/** Each use, when that code raises at each call: the error comes out, and
 *  nothing has changed. */
void over_raising(struct pmm_test *t, const struct family *family,
                  const struct use *uses, size_t n, enum point point);

#define OVER_USES(family, uses, point)                                        \
  over_uses(t, &(family), uses, COUNT_OF(uses), point)
#define OVER_RAISING(family, uses, point)                                     \
  over_raising(t, &(family), uses, COUNT_OF(uses), point)

#define OWN_CALLS                                                             \
  OOM_EXEMPT("it goes through the calls of its operations itself"),           \
      STRESS_EXEMPT("collecting is one of the acts")

#endif /* PMM_CONFORM_RENT_CODE_H */
