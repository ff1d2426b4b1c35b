/* SPDX-License-Identifier: MIT */
/*
 * cases/rent_iter.c - iterables whose code changes the list that is filled
 * from them, and finalizers of attributes that set others (requirements
 * RENT-031, 032).
 */
#include "codes.h"
#include "rent.h"

/* ---- a list filled from a generator that changes it --------------------- */

enum { GIVEN = 5 };

/* What the generator calls for each item.  Scratch memory. */
struct giver {
  struct pmm_test *t;
  pmm_obj *type; /* borrowed                                                  */
  struct trap *trap;
  int at;     /* the item before which the trap springs                       */
  int raises; /* the call that raises; 0: none                                */
  int count;
};

static enum pmm_status give(void *ctx, pmm_rt *rt, pmm_obj *arg,
                            pmm_obj **result) {
  struct giver *giver = ctx;
  struct pmm_test *t = giver->t;
  (void)arg;
  *result = NULL;
  giver->count++;
  if (giver->count == giver->at) {
    (void)spring(giver->trap, rt, NULL);
  }
  if (giver->count == giver->raises) {
    OPS->error_set(rt, PMM_USER, "of the source");
    return PMM_USER;
  }
  *result = OPS->instance_new(rt, giver->type, LENT + giver->count % ITEMS);
  return OPS->error(rt);
}

/* for v0 in range(5): yield call() */
static const struct pmm_code giving =
    CODE("giving", 0, 2, {PMM_FOR_RANGE, 0, GIVEN, 0}, {PMM_CALL, 1, 0, -1},
         {PMM_YIELD, -1, 1, 0}, {PMM_END, 0, 0, 0});

static pmm_obj *generator_by(struct pmm_test *t, struct giver *giver) {
  const struct pmm_code_call call = {give, giver};
  struct pmm_code code = giving;
  code.calls = &call;
  code.call_count = 1;
  return generator_of(t, &code);
}

/** A way to fill a list. */
struct filler {
  const char *name;
  enum pmm_status (*fill)(struct pmm_test *t, pmm_obj *list, pmm_obj *source);
};

#define FILLER(name, call)                                                    \
  static enum pmm_status name(struct pmm_test *t, pmm_obj *l, pmm_obj *s) {   \
    return call;                                                              \
  }
FILLER(extending, OPS->list_extend(RT, l, s))
FILLER(assigning, OPS->list_assign_slice(RT, l, 1, 4, s))
FILLER(assigning_few, OPS->list_assign_slice(RT, l, 2, 3, s))
FILLER(inserting, OPS->list_assign_slice(RT, l, 3, 3, s))
FILLER(assigning_all, OPS->list_assign_slice(RT, l, 0, ITEMS, s))
FILLER(adding_behind, OPS->list_assign_slice(RT, l, ITEMS, ITEMS, s))

static const struct filler fillers[] = {
    {"extending", extending},
    {"assigning to a slice", assigning},
    {"assigning more than there is", assigning_few},
    {"inserting", inserting},
    {"assigning to all", assigning_all},
    {"assigning behind the last", adding_behind}};

static void fill(struct pmm_test *t, const struct filler *filler,
                 void (*act)(struct pmm_test *, pmm_obj *), int at,
                 int raises) {
  struct giver *giver = SCRATCH(struct giver);
  pmm_obj *list = list_source.make(t);
  *giver = (struct giver){
      t, probe_type(t, "probe", 0, PMM_TYPE_GC, NULL, NULL),
      new_trap(t, list, act), at, raises, 0};
  pmm_obj *source = generator_by(t, giver);
  enum pmm_status status = filler->fill(t, list, source);
  OPS->error_clear(RT);
  if (status != (raises ? PMM_USER : PMM_OK) || !giver->trap->sprung) {
    fail("%s from a source that changes the list: status %d", filler->name,
         (int)status);
  }
  int count = giver->count;
  read_items(t, filler->name, list);
  verify(t, filler->name);
  giver->trap->source = NULL;
  DROP_ALL();
  int died = 0;
  for (int i = 0; i < ITEMS; i++) {
    died += (int)happened(DEALLOCATED, LENT + i);
    if (happened(DEALLOCATED, i) != 1) {
      fail("%s from a source that changes the list: item %d dies %d times",
           filler->name, i, (int)happened(DEALLOCATED, i));
    }
  }
  if (died != count - (raises > 0)) {
    fail("%s from a source that changes the list: %d of %d new items die",
         filler->name, died, count);
  }
  log_clear(t);
}

static void fill_each(struct pmm_test *t, int fails) {
  void (*const acts[])(struct pmm_test *, pmm_obj *) = {
      list_source.empty, list_source.grow, list_source.replace, collect_inside,
      iterate_inside};
  quiet(t);
  for (size_t i = 0; i < COUNT_OF(fillers); i++) {
    for (size_t j = 0; j < COUNT_OF(acts); j++) {
      for (int at = 1; at <= GIVEN; at += 4) {
        now_at(t, "%s, act %zu, step %d", fillers[i].name, j, at);
        fill(t, &fillers[i], acts[j], at, fails ? GIVEN : 0);
      }
    }
  }
}

#define OWN_SWEEP                                                             \
  OOM_EXEMPT("it goes through many operations; each has its own sweep")

/* "An operation that fills a container from an iterable does not rely on
 * what it saw of the container before: code of the iterable may empty, grow
 * and rewrite the container, and may fail." */
MUST(rent, sources_change_what_is_filled,
     "The source of a list's items may change the list",
     REQ("RENT-031"), NEEDS(gc, generator, list), OWN_SWEEP) {
  fill_each(t, 0);
}

/* "An operation that fills a container from an iterable does not rely on
 * what it saw of the container before: code of the iterable may empty, grow
 * and rewrite the container, and may fail." */
MUST(rent, sources_change_what_is_filled_and_fail,
     "The source of a list's items may change the list and then fail",
     REQ("RENT-031"), NEEDS(gc, generator, list), OWN_SWEEP) {
  fill_each(t, 1);
}

/* ---- attributes and slots ----------------------------------------------- */

static const char *const names[] = {"a", "b", "c"};

/* An instance with three attributes and two slots, of items 0 to 4. */
static pmm_obj *owner_of(struct pmm_test *t) {
  pmm_obj *type =
      probe_type(t, "owner", 2, PMM_TYPE_GC | PMM_TYPE_DICT, NULL, NULL);
  pmm_obj *o = probe_of(t, type, 90);
  for (int i = 0; i < 5; i++) {
    pmm_obj *item = probe(t, i);
    expect_ok(i < 3 ? OPS->attr_set(RT, o, names[i], item)
                    : OPS->slot_set(RT, o, (size_t)i - 3, item));
    DROP(item);
  }
  DROP(type);
  return o;
}

/* Twenty attributes more, by names of every length. */
static void set_more(struct pmm_test *t, pmm_obj *o) {
  char name[] = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";
  pmm_obj *none = OPS->none(RT);
  for (size_t i = 0; i + 1 < sizeof name; i++) {
    (void)OPS->attr_set(RT, o, name + i, none);
    OPS->error_clear(RT);
  }
  OPS->release(RT, none);
}

static void rewrite(struct pmm_test *t, pmm_obj *o) {
  pmm_obj *none = OPS->none(RT);
  for (size_t i = 0; i < 3; i++) {
    (void)OPS->attr_set(RT, o, names[i], none);
    OPS->error_clear(RT);
  }
  (void)OPS->slot_set(RT, o, 0, none);
  (void)OPS->slot_set(RT, o, 1, NULL);
  OPS->error_clear(RT);
  OPS->release(RT, none);
}

static void clear_inside(struct pmm_test *t, pmm_obj *o) {
  (void)OPS->gc_clear(RT, o);
  OPS->error_clear(RT);
}

static void collect_around(struct pmm_test *t, pmm_obj *o) {
  (void)o;
  collect_inside(t, NULL);
}

/** An operation that lets go of an attribute or a slot. */
struct letting {
  const char *name;
  enum pmm_status (*let)(struct pmm_test *t, pmm_obj *o);
  int item; /* that dies                                                      */
};

#define LETTING(name, call)                                                   \
  static enum pmm_status name(struct pmm_test *t, pmm_obj *o) { return call; }
LETTING(attr_first, OPS->attr_set(RT, o, "a", NEW(OPS->none(RT))))
LETTING(attr_last, OPS->attr_set(RT, o, "c", NEW(OPS->none(RT))))
LETTING(slot_first, OPS->slot_set(RT, o, 0, NEW(OPS->none(RT))))
LETTING(slot_emptied, OPS->slot_set(RT, o, 1, NULL))
LETTING(cleared, OPS->gc_clear(RT, o))

static const struct letting lettings[] = {
    {"overwriting the first attribute", attr_first, 0},
    {"overwriting the last attribute", attr_last, 2},
    {"overwriting a slot", slot_first, 3},
    {"emptying a slot", slot_emptied, 4},
    {"the collector's clear", cleared, 1}};

static void let_go(struct pmm_test *t, const struct letting *letting,
                   void (*act)(struct pmm_test *, pmm_obj *)) {
  pmm_obj *o = owner_of(t);
  struct trap *trap = new_trap(t, o, act);
  pmm_obj *type = probe_type(t, "finalized", 1, PMM_TYPE_GC, spring, trap);
  pmm_obj *item = probe_of(t, type, LENT);
  expect_ok(letting->item < 3
                ? OPS->attr_set(RT, o, names[letting->item], item)
                : OPS->slot_set(RT, o, (size_t)letting->item - 3, item));
  DROP(item);
  (void)letting->let(t, o);
  OPS->error_clear(RT);
  int sprung = trap->sprung;
  verify(t, letting->name);
  trap->source = NULL;
  DROP_ALL();
  for (int i = 0; i < 5; i++) {
    if (happened(DEALLOCATED, i) != 1 || happened(DEALLOCATED, LENT) != 1) {
      fail("%s: item %d dies %d times, the finalized one %d times",
           letting->name, i, (int)happened(DEALLOCATED, i),
           (int)happened(DEALLOCATED, LENT));
    }
  }
  if (letting->item != 1 && !sprung) {
    fail("%s: nothing is let go of", letting->name);
  }
  log_clear(t);
}

/* "An operation that sets an attribute or a slot has finished with the
 * instance when it releases the old value: the old value's finalizer may
 * set, overwrite and clear any attribute or slot of the instance." */
MUST(rent, finalizers_change_their_owner,
     "A finalizer of an attribute or slot may set the others",
     REQ("RENT-032"), NEEDS(finalizer, gc, finalizer_alive, gc_clear),
                            OWN_SWEEP) {
  void (*const acts[])(struct pmm_test *, pmm_obj *) = {
      set_more, rewrite, clear_inside, collect_around};
  quiet(t);
  for (size_t i = 0; i < COUNT_OF(lettings); i++) {
    for (size_t j = 0; j < COUNT_OF(acts); j++) {
      now_at(t, "%s, act %zu", lettings[i].name, j);
      let_go(t, &lettings[i], acts[j]);
    }
  }
}
