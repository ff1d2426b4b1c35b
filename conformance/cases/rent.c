/* SPDX-License-Identifier: MIT */
/*
 * cases/rent.c - code that runs inside an allocation, where the author of an
 * operation does not think of it (requirements RENT-001, 002).
 *
 * Garbage whose finalizer changes the source lies in the youngest generation,
 * and the thresholds are such that the k-th container that the operation makes
 * starts a collection.  A subject that collects elsewhere alone (CPython from
 * 3.12 on) says so: UNSUPPORTED("allocation.runs_code").
 */
#include "rent.h"

/** Containers that an operation makes, at most. */
#define POINTS 5

/** An operation that makes something of a source: new, or NULL with an error
 *  pending. */
struct maker {
  const char *name;
  pmm_obj *(*make)(struct pmm_test *t, pmm_obj *source);
};

#define MAKER(name, call)                                                     \
  static pmm_obj *name(struct pmm_test *t, pmm_obj *s) { return call; }

/* What keeps the source's items in a container of the case. */
static pmm_obj *into(struct pmm_test *t, pmm_obj *target,
                     enum pmm_status status) {
  if (status != PMM_OK) {
    DROP(target);
    return NULL;
  }
  return GIVE(target);
}

static pmm_obj *joined(struct pmm_test *t, pmm_obj *s, int left) {
  pmm_obj *other = list_of_ints(t, 2);
  pmm_obj *sum = left ? OPS->list_concat(RT, s, other)
                      : OPS->list_concat(RT, other, s);
  return sum;
}

/* The next item of an iterator that was made of an iterator over the source;
 * the rest is read as well. */
static pmm_obj *all_of(struct pmm_test *t, pmm_obj *iterator) {
  pmm_obj *all = NEW(OPS->list_new(RT, 0));
  pmm_obj *item;
  while ((item = OPS->next(RT, iterator)) != NULL) {
    enum pmm_status status = OPS->list_append(RT, all, item);
    OPS->release(RT, item);
    expect_ok(status);
  }
  OPS->error_clear(RT);
  return GIVE(all);
}

MAKER(list_slice, OPS->list_slice(RT, s, 0, ITEMS))
MAKER(list_part, OPS->list_slice(RT, s, 1, ITEMS - 1))
MAKER(list_left, joined(t, s, 1))
MAKER(list_right, joined(t, s, 0))
MAKER(list_repeat, OPS->list_repeat(RT, s, integer(t, 3)))
MAKER(to_list, OPS->list_convert(RT, s))
MAKER(to_tuple, OPS->tuple_convert(RT, s))
MAKER(to_set, OPS->set_new(RT, s))
MAKER(to_frozenset, OPS->frozenset_new(RT, s))
MAKER(copied, OPS->copy(RT, s))
MAKER(dict_copy, OPS->dict_copy(RT, s))
MAKER(dict_keys, OPS->dict_keys(RT, s))
MAKER(dict_values, OPS->dict_values(RT, s))
MAKER(set_copy, OPS->set_copy(RT, s))
MAKER(referents, OPS->gc_referents(RT, s))
MAKER(chunked, all_of(t, NEW(OPS->chunks(RT, s, 4))))
MAKER(iterated, all_of(t, NEW(OPS->iter(RT, s))))

static pmm_obj *extended(struct pmm_test *t, pmm_obj *s) {
  pmm_obj *target = list_of_ints(t, 1);
  return into(t, target, OPS->list_extend(RT, target, s));
}

static pmm_obj *assigned(struct pmm_test *t, pmm_obj *s) {
  pmm_obj *target = list_of_ints(t, 4);
  return into(t, target, OPS->list_assign_slice(RT, target, 1, 2, s));
}

static pmm_obj *self_extended(struct pmm_test *t, pmm_obj *s) {
  return OPS->list_extend(RT, s, s) == PMM_OK ? GIVE(KEEP(s)) : NULL;
}

static pmm_obj *self_assigned(struct pmm_test *t, pmm_obj *s) {
  return OPS->list_assign_slice(RT, s, 1, 2, s) == PMM_OK ? GIVE(KEEP(s))
                                                          : NULL;
}

static const struct maker of_lists[] = {
    {"a slice", list_slice},
    {"a part", list_part},
    {"a sum, on its left", list_left},
    {"a sum, on its right", list_right},
    {"a product", list_repeat},
    {"list()", to_list},
    {"tuple()", to_tuple},
    {"extending another list", extended},
    {"extending itself", self_extended},
    {"assigning to a slice of another list", assigned},
    {"assigning to a slice of itself", self_assigned},
    {"referents", referents},
    {"iterating", iterated}};

static const struct maker of_lists_too[] = {{"a copy", copied}};
static const struct maker of_lists_in_sets[] = {{"set()", to_set},
                                                {"frozenset()", to_frozenset}};
static const struct maker of_lists_in_chunks[] = {{"chunks", chunked}};

static const struct maker of_dicts[] = {{"a copy", dict_copy},
                                        {"its keys", dict_keys},
                                        {"its values", dict_values},
                                        {"list()", to_list},
                                        {"tuple()", to_tuple},
                                        {"iterating", iterated}};

static const struct maker of_sets[] = {{"a copy", set_copy},
                                       {"set()", to_set},
                                       {"frozenset()", to_frozenset},
                                       {"list()", to_list},
                                       {"tuple()", to_tuple},
                                       {"iterating", iterated}};

/* ---- sweeping ----------------------------------------------------------- */

/* One operation, one act, one point; 1 when the trap has sprung. */
static int try_one(struct pmm_test *t, const struct source *kind,
                   const struct maker *maker,
                   void (*act)(struct pmm_test *, pmm_obj *), uint64_t k) {
  pmm_obj *source = kind->make(t);
  struct trap *trap = new_trap(t, source, act);
  lay(t, trap);
  collect_at(t, k);
  pmm_obj *made = maker->make(t, source);
  OPS->gc_enable(RT, 0);
  if (made != NULL) {
    made = NEW(made);
    read_items(t, maker->name, made);
  }
  OPS->error_clear(RT);
  read_items(t, maker->name, source);
  verify(t, maker->name);
  trap->source = NULL;
  DROP_ALL();
  collect(t);
  for (int i = 0; i < ITEMS; i++) {
    if (happened(DEALLOCATED, i) != 1) {
      fail("%s of a %s, changed at its container %d: item %d died %d times",
           maker->name, kind->name, (int)k, i, (int)happened(DEALLOCATED, i));
    }
  }
  log_clear(t);
  return trap->sprung;
}

static void sweep(struct pmm_test *t, const struct source *kind,
                  const struct maker *makers, size_t n,
                  void (*act)(struct pmm_test *, pmm_obj *)) {
  int sprung = 0;
  quiet(t);
  collect(t);
  for (size_t i = 0; i < n; i++) {
    for (uint64_t k = 1; k <= POINTS; k++) {
      now_at(t, "%s of a %s, container %llu", makers[i].name, kind->name,
             (unsigned long long)k);
      sprung += try_one(t, kind, &makers[i], act, k);
    }
  }
  if (sprung == 0) {
    unsupported(t, "allocation.runs_code");
  }
}

#define OWN_POINTS                                                            \
  OOM_EXEMPT("it goes through the points of its operations itself"),          \
      STRESS_EXEMPT("it says which allocation collects")

#define SWEEP(kind, makers, act)                                              \
  sweep(t, &kind, makers, COUNT_OF(makers), kind.act)

/* ---- RENT-001 ----------------------------------------------------------- */

/* "An operation that builds something from a container stays correct
 * whatever code that runs inside its allocations does to the container:
 * ..." */
MUST(rent, lists_are_emptied_in_allocations,
     "What reads a list is safe when an allocation empties it",
     REQ("RENT-001"), NEEDS(list, gc, gc_gen, finalizer, tuple,
           finalizer_alive, gc_referents), OWN_POINTS) {
  SWEEP(list_source, of_lists, empty);
}

/* "An operation that builds something from a container stays correct
 * whatever code that runs inside its allocations does to the container:
 * ..." */
MUST(rent, lists_grow_in_allocations,
     "What reads a list is safe when an allocation moves its array",
     REQ("RENT-001"), NEEDS(list, gc, gc_gen, finalizer, tuple,
           finalizer_alive, gc_referents), OWN_POINTS) {
  SWEEP(list_source, of_lists, grow);
}

/* "An operation that builds something from a container stays correct
 * whatever code that runs inside its allocations does to the container:
 * ..." */
MUST(rent, items_are_replaced_in_allocations,
     "What reads a list is safe when an allocation replaces its items",
     REQ("RENT-001"), NEEDS(list, gc, gc_gen, finalizer, tuple,
           finalizer_alive, gc_referents), OWN_POINTS) {
  SWEEP(list_source, of_lists, replace);
}

/* "An operation that builds something from a container stays correct
 * whatever code that runs inside its allocations does to the container:
 * ..." */
MUST(rent, copies_of_lists_survive_allocations,
     "A copy of a list is safe when an allocation changes the list",
     REQ("RENT-001"), NEEDS(list, gc, gc_gen, finalizer, copy,
           finalizer_alive), OWN_POINTS) {
  SWEEP(list_source, of_lists_too, empty);
  SWEEP(list_source, of_lists_too, grow);
}

/* "An operation that builds something from a container stays correct
 * whatever code that runs inside its allocations does to the container:
 * ..." */
MUST(rent, sets_of_lists_survive_allocations,
     "A set of a list's items is safe when an allocation changes the list",
     REQ("RENT-001"), NEEDS(list, gc, gc_gen, finalizer, set, finalizer_alive,
           frozenset), OWN_POINTS) {
  SWEEP(list_source, of_lists_in_sets, empty);
  SWEEP(list_source, of_lists_in_sets, grow);
}

/* "An operation that builds something from a container stays correct
 * whatever code that runs inside its allocations does to the container:
 * ..." */
MUST(rent, chunks_survive_allocations,
     "Chunks of a list are safe when an allocation changes the list",
     REQ("RENT-001"), NEEDS(list, gc, gc_gen, finalizer, chunks,
           finalizer_alive), OWN_POINTS) {
  SWEEP(list_source, of_lists_in_chunks, empty);
  SWEEP(list_source, of_lists_in_chunks, grow);
}

/* "An operation that builds something from a container stays correct
 * whatever code that runs inside its allocations does to the container:
 * ..." */
MUST(rent, dicts_are_emptied_in_allocations,
     "What reads a dict is safe when an allocation empties it",
     REQ("RENT-001"), NEEDS(dict, list, gc, gc_gen, finalizer, finalizer_alive,
           tuple), OWN_POINTS) {
  SWEEP(dict_source, of_dicts, empty);
}

/* "An operation that builds something from a container stays correct
 * whatever code that runs inside its allocations does to the container:
 * ..." */
MUST(rent, dicts_grow_in_allocations,
     "What reads a dict is safe when an allocation changes it",
     REQ("RENT-001"), NEEDS(dict, list, gc, gc_gen, finalizer, finalizer_alive,
           tuple), OWN_POINTS) {
  SWEEP(dict_source, of_dicts, grow);
  SWEEP(dict_source, of_dicts, replace);
}

/* "An operation that builds something from a container stays correct
 * whatever code that runs inside its allocations does to the container:
 * ..." */
MUST(rent, sets_are_emptied_in_allocations,
     "What reads a set is safe when an allocation empties it",
     REQ("RENT-001"), NEEDS(set, list, gc, gc_gen, finalizer, finalizer_alive,
           frozenset, tuple), OWN_POINTS) {
  SWEEP(set_source, of_sets, empty);
}

/* "An operation that builds something from a container stays correct
 * whatever code that runs inside its allocations does to the container:
 * ..." */
MUST(rent, sets_grow_in_allocations,
     "What reads a set is safe when an allocation changes it",
     REQ("RENT-001"), NEEDS(set, list, gc, gc_gen, finalizer, finalizer_alive,
           frozenset, tuple), OWN_POINTS) {
  SWEEP(set_source, of_sets, grow);
  SWEEP(set_source, of_sets, replace);
}
