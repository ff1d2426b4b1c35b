/* SPDX-License-Identifier: MIT */
/*
 * cases/again.c - objects made in the place of dead ones, and iterators that
 * have ended (requirements RENT-006, TUP-019, LST-020, PROF-010).
 */
#include "kinds.h"

enum { ROUNDS = 4 };

/* ---- a new life --------------------------------------------------------- */

/** A kind of object that a runtime may keep and hand out again. */
struct recycled {
  const char *name;
  pmm_obj *(*make)(struct pmm_test *t);
  const char *type_name; /* NULL: not asked                                  */
};

static pmm_obj *list_of_one(struct pmm_test *t) {
  return LIST(integer(t, 7));
}

static pmm_obj *tuple_of_two(struct pmm_test *t) {
  return TUPLE(integer(t, 7), integer(t, 8));
}

static pmm_obj *derived_tuple(struct pmm_test *t) {
  return in_subtuple(t, integer(t, 7));
}

static pmm_obj *tuple_of_one(struct pmm_test *t) {
  return TUPLE(integer(t, 7));
}

static pmm_obj *dict_of_one(struct pmm_test *t) {
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  expect_ok(OPS->dict_set(RT, dict, integer(t, 1), integer(t, 7)));
  return dict;
}

/* What a collection and a look at it leave in an object. */
static void use(struct pmm_test *t, pmm_obj *o) {
  size_t n = 0;
  if (OPS->length(RT, o, &n) != PMM_OK) {
    OPS->error_clear(RT);
  }
  if (OFFERED(gc)) {
    collect(t);
  }
}

static void expect_fresh(struct pmm_test *t, const struct recycled *kind,
                         pmm_obj *o, size_t length, int tracked) {
  const char *wrong = NULL;
  if (OPS->error(RT) != PMM_OK || length_of(t, o) != length) {
    wrong = "another length";
  } else if (kind->type_name != NULL &&
             strcmp(OPS->type_name(RT, o), kind->type_name) != 0) {
    wrong = "another type";
  } else if (OFFERED(refcount) && OPS->refcount(RT, o) != 1) {
    wrong = "another count";
  } else if (OFFERED(gc_track) && OPS->gc_is_tracked(RT, o) != tracked) {
    wrong = "another state of tracking";
  } else if (OFFERED(resurrection) && OPS->is_finalized(RT, o)) {
    wrong = "a finalizer that has run";
  }
  if (wrong != NULL) {
    fail("%s made again has %s than the first", kind->name, wrong);
  }
}

static void live_again(struct pmm_test *t, const struct recycled *kinds,
                       size_t n) {
  quiet(t);
  for (size_t i = 0; i < n; i++) {
    now_at(t, "%s", kinds[i].name);
    pmm_obj *first = kinds[i].make(t);
    size_t length = length_of(t, first);
    int tracked = OFFERED(gc_track) ? OPS->gc_is_tracked(RT, first) : 0;
    use(t, first);
    DROP(first);
    for (size_t j = 0; j < ROUNDS * n; j++) {
      pmm_obj *other = kinds[j % n].make(t);
      use(t, other);
      DROP(other);
      pmm_obj *again = kinds[i].make(t);
      expect_fresh(t, &kinds[i], again, length, tracked);
      DROP(again);
    }
  }
}

/* "An object that reuses the memory of a dead one starts afresh: its type,
 * count, items, tracking and flags are those of a newly allocated object." */
MUST(rent, containers_begin_anew, "Recycled containers are like new ones",
     REQ("RENT-006"), NEEDS(tuple, list, dict)) {
  const struct recycled kinds[] = {{"a list", list_of_one, "list"},
                                   {"an empty list", empty_list, "list"},
                                   {"a tuple of one", tuple_of_one, "tuple"},
                                   {"a tuple of two", tuple_of_two, "tuple"},
                                   {"a dict", dict_of_one, "dict"}};
  live_again(t, kinds, COUNT(kinds));
}

/* "An object that reuses the memory of a dead one starts afresh: its type,
 * count, items, tracking and flags are those of a newly allocated object." */
MUST(rent, subclasses_are_not_recycled_as_tuples,
     "A dead instance of a subclass never becomes a tuple",
     REQ("RENT-006"), NEEDS(tuple)) {
  const struct recycled kinds[] = {
      {"an instance of a subclass", derived_tuple, "pair"},
      {"a tuple of one", tuple_of_one, "tuple"}};
  live_again(t, kinds, COUNT(kinds));
}

/* "An object that reuses the memory of a dead one starts afresh: its type,
 * count, items, tracking and flags are those of a newly allocated object." */
MUST(rent, generators_begin_anew,
     "A recycled frame holds nothing of the previous one",
     REQ("RENT-006"), NEEDS(generator)) {
  const struct pmm_code reading =
      CODE("reading", 0, 2, {PMM_YIELD, 1, -1, 0}, {PMM_RETURN, 0, 0, 0});
  const struct pmm_code writing =
      CODE("writing", 1, 2, {PMM_MOVE, 1, 0, 0}, {PMM_YIELD, -1, 1, 0});
  for (int round = 0; round < ROUNDS; round++) {
    pmm_obj *held = probe(t, round);
    pmm_obj *writer = generator_with(t, &writing, held);
    step(t, writer);
    DROP(held);
    DROP(writer);
    expect_eq(happened(DEALLOCATED, round), 1);
    pmm_obj *reader = generator_of(t, &reading);
    step(t, reader);
    expect_null(OPS->next(RT, reader), PMM_RUNTIME); /* its local is empty    */
    DROP(reader);
  }
}

/* A tuple of the item and itself in a list: a cycle of the collector's. */
static void drop_cycle_in_tuple(struct pmm_test *t, size_t n, int64_t cookie) {
  pmm_obj *tuple = NEW(OPS->tuple_new(RT, n));
  pmm_obj *o = probe(t, cookie);
  for (size_t i = 0; i < n; i++) {
    expect_ok(OPS->tuple_set_steal(RT, tuple, i, GIVE(KEEP(o))));
  }
  expect_ok(OPS->slot_set(RT, o, 0, tuple));
  DROP(o);
  DROP(tuple);
}

/* "A tuple that reuses the memory of a tuple that a collection had
 * untracked is tracked, so that a cycle through it is collected. The same
 * ..." */
MUST(tup, recycled_tuples_are_tracked,
     "A recycled tuple is seen by the collector", REQ("TUP-019"),
     NEEDS(tuple, gc)) {
  quiet(t);
  for (size_t n = 1; n <= 4; n++) {
    now_at(t, "a tuple of %zu", n);
    pmm_obj *atoms = NEW(OPS->tuple_new(RT, n));
    for (size_t i = 0; i < n; i++) {
      pmm_obj *item = integer(t, 1000 + (int64_t)i);
      expect_ok(OPS->tuple_set_steal(RT, atoms, i, GIVE(item)));
    }
    collect(t); /* untracks it                                          */
    DROP(atoms);
    drop_cycle_in_tuple(t, n, (int64_t)n);
    collect(t);
    expect_eq(happened(DEALLOCATED, (int64_t)n), 1);
  }
}

/* "The same holds for an unshared tuple that was untracked and whose items are
 * then replaced." */
MUST(tup, refilled_tuples_are_tracked,
     "A tuple that is filled again is seen by the collector", REQ("TUP-019"),
     NEEDS(tuple, gc)) {
  quiet(t);
  pmm_obj *tuple = tuple_of_ints(t, 2);
  collect(t); /* untracks it                                            */
  pmm_obj *o = probe(t, 1);
  expect_ok(OPS->tuple_set_steal(RT, tuple, 1, GIVE(KEEP(o))));
  expect_ok(OPS->slot_set(RT, o, 0, tuple));
  DROP(o);
  DROP(tuple);
  expect_none(DEALLOCATED);
  collect(t);
  expect_log(DEALLOCATED, 1);
}

/* ---- what has ended stays so -------------------------------------------- */

static void end(struct pmm_test *t, pmm_obj *iterator) {
  pmm_obj *item;
  while ((item = OPS->next(RT, iterator)) != NULL) {
    OPS->release(RT, item);
  }
  expect_eq(OPS->error(RT), PMM_STOP);
  OPS->error_clear(RT);
}

/* "An exhausted iterator stays exhausted, whatever happens to the object it
 * iterated over, and no longer owns that object." */
MUST(lst, ended_iterators_stay_ended,
     "An exhausted list iterator stays exhausted",
     REQ("LST-020"), NEEDS(list)) {
  pmm_obj *list = list_of_ints(t, 3);
  pmm_obj *iterator = NEW(OPS->iter(RT, list));
  end(t, iterator);
  for (int i = 0; i < 3; i++) {
    expect_ok(OPS->list_append(RT, list, integer(t, i)));
    expect_null(OPS->next(RT, iterator), PMM_STOP);
  }
  expect_ok(OPS->list_clear(RT, list));
  expect_null(OPS->next(RT, iterator), PMM_STOP);
}

/* "An exhausted iterator stays exhausted, whatever happens to the object it
 * iterated over, and no longer owns that object." */
MUST(lst, ended_iterators_own_nothing,
     "An exhausted iterator releases its container", REQ("LST-020"),
     NEEDS(list, tuple, refcount)) {
  pmm_obj *sources[] = {list_of_ints(t, 2), tuple_of_ints(t, 2)};
  for (size_t i = 0; i < COUNT(sources); i++) {
    now_at(t, "%s", i == 0 ? "a list" : "a tuple");
    uint64_t count = OPS->refcount(RT, sources[i]);
    pmm_obj *iterator = NEW(OPS->iter(RT, sources[i]));
    expect_eq(OPS->refcount(RT, sources[i]), count + 1);
    end(t, iterator);
    expect_eq(OPS->refcount(RT, sources[i]), count);
    expect_null(OPS->next(RT, iterator), PMM_STOP);
  }
}

/* "An exhausted iterator stays exhausted, whatever happens to the object it
 * iterated over, and no longer owns that object." */
MUST(lst, ended_iterators_over_tables_stay_ended,
     "Exhausted iterators over dicts and sets stay exhausted", REQ("LST-020"),
     NEEDS(dict, set)) {
  pmm_obj *dict = dict_of_one(t);
  pmm_obj *set = NEW(OPS->set_new(RT, NULL));
  expect_ok(OPS->set_add(RT, set, integer(t, 1)));
  pmm_obj *over_dict = NEW(OPS->iter(RT, dict));
  pmm_obj *over_set = NEW(OPS->iter(RT, set));
  end(t, over_dict);
  end(t, over_set);
  expect_ok(OPS->dict_set(RT, dict, integer(t, 2), integer(t, 2)));
  expect_ok(OPS->set_add(RT, set, integer(t, 2)));
  expect_null(OPS->next(RT, over_dict), PMM_STOP);
  expect_null(OPS->next(RT, over_set), PMM_STOP);
}

/* ---- what is traced ----------------------------------------------------- */

static void stop_tracing(struct pmm_test *t, void *unused) {
  (void)unused;
  OPS->trace_stop(RT);
}

/* Blocks that a site has now. */
static uint64_t blocks_of(struct pmm_test *t, const char *site) {
  struct pmm_site sites[16];
  size_t n = OPS->trace_snapshot(RT, sites, COUNT(sites));
  expect_le(n, COUNT(sites));
  for (size_t i = 0; i < n; i++) {
    if (strcmp(sites[i].name, site) == 0) {
      return sites[i].blocks;
    }
  }
  return 0;
}

static pmm_obj *made_at(struct pmm_test *t, const char *site,
                        pmm_obj *(*make)(struct pmm_test *t)) {
  expect_ok(OPS->site_push(RT, site));
  pmm_obj *o = make(t);
  OPS->site_pop(RT);
  return o;
}

/* "A block that is handed out again is counted for the site that allocated
 * it this time, and for no other." */
MUST(prof, recycled_blocks_change_their_site,
     "A recycled object is counted for its latest site", REQ("PROF-010"),
     NEEDS(trace, tuple, list)) {
  pmm_obj *(*const makes[])(struct pmm_test *) = {tuple_of_two, list_of_one};
  quiet(t);
  (void)integer(t, 7);
  expect_ok(OPS->trace_start(RT));
  defer(t, stop_tracing, NULL);
  for (size_t i = 0; i < COUNT(makes); i++) {
    for (int round = 0; round < ROUNDS; round++) {
      now_at(t, "%s, round %d", i == 0 ? "a tuple" : "a list", round);
      DROP(made_at(t, "first", makes[i]));
      pmm_obj *kept = made_at(t, "second", makes[i]);
      expect_ge(blocks_of(t, "second"), 1);
      expect_eq(blocks_of(t, "first"), 0);
      DROP(kept);
    }
  }
}
