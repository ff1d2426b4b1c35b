/* SPDX-License-Identifier: MIT */
/*
 * cases/rent_weak.c - collections inside the allocations of operations on weak
 * containers, weak references and the list of all objects (RENT-001, WRF-005).
 */
#include "rent.h"

/** Containers that an operation makes, at most. */
#define POINTS 5

/* What a trial is about.  Scratch memory. */
struct trial {
  pmm_obj *weak; /* a weak container with ITEMS entries                      */
  pmm_obj *keep; /* a list: the only owner of their weak parts               */
  pmm_obj *more; /* a list: the container, and what can be stored in it       */
};

/** An operation; what it makes is new, NULL with an error pending. */
struct reader {
  const char *name;
  pmm_obj *(*read)(struct pmm_test *t, const struct trial *trial);
};

#define READER(name, call)                                                    \
  static pmm_obj *name(struct pmm_test *t, const struct trial *s) {           \
    return call;                                                              \
  }
READER(copied, OPS->copy(RT, s->weak))
READER(to_list, OPS->list_convert(RT, s->weak))
READER(listed, (s ? OPS->gc_objects(RT, -1) : NULL))
READER(young, (s ? OPS->gc_objects(RT, 0) : NULL))
READER(referred, OPS->gc_referents(RT, s->keep))
READER(referrers, OPS->gc_referrers(RT, s->keep))

/* Stores under keys that are there, and reads. */
static pmm_obj *stored(struct pmm_test *t, const struct trial *s) {
  pmm_obj *iterator = OPS->iter(RT, s->keep);
  pmm_obj *item;
  while (iterator != NULL && (item = OPS->next(RT, iterator)) != NULL) {
    enum pmm_status status = OPS->weak_set(RT, s->weak, item, item);
    OPS->release(RT, item);
    if (status != PMM_OK) {
      break;
    }
  }
  OPS->error_clear(RT);
  OPS->xrelease(RT, iterator);
  return OPS->list_convert(RT, s->weak);
}

static const struct reader of_weak[] = {{"a copy", copied},
                                        {"list()", to_list},
                                        {"storing again", stored}};
static const struct reader of_heap[] = {{"the list of all objects", listed},
                                        {"the list of young objects", young},
                                        {"referents", referred},
                                        {"referrers", referrers}};

/* What an allocation runs: the weak parts die, or more is stored. */
static void empty_keeper(struct pmm_test *t, pmm_obj *keep) {
  list_source.empty(t, keep);
}

static void store_more(struct pmm_test *t, pmm_obj *more) {
  pmm_obj *map = OPS->list_get(RT, more, 0);
  for (size_t i = 1; i <= GROWTH; i++) {
    pmm_obj *item = OPS->list_get(RT, more, i);
    (void)OPS->weak_set(RT, map, item, item);
    OPS->error_clear(RT);
  }
}

static void prepare_more(struct pmm_test *t, struct trial *trial) {
  trial->more = LIST(trial->weak);
  for (int i = 0; i < GROWTH; i++) {
    pmm_obj *item = probe(t, LENT * (2 + i));
    expect_ok(OPS->list_append(RT, trial->more, item));
    DROP(item);
  }
}

static void fill(struct pmm_test *t, struct trial *trial,
                 enum pmm_weak_kind kind) {
  trial->keep = empty_list(t);
  trial->weak = NEW(OPS->weak_new(RT, kind));
  for (int i = 0; i < ITEMS; i++) {
    pmm_obj *item = probe(t, i);
    pmm_obj *other = integer(t, 1000 + i);
    int values = kind == PMM_WEAK_VALUES;
    expect_ok(OPS->weak_set(RT, trial->weak, values ? other : item,
                            values ? item : other));
    expect_ok(OPS->list_append(RT, trial->keep, item));
    DROP(other);
    DROP(item);
  }
}

static int try_reader(struct pmm_test *t, const struct reader *reader,
                      enum pmm_weak_kind kind, uint64_t k, int grows) {
  struct trial *trial = SCRATCH(struct trial);
  fill(t, trial, kind);
  prepare_more(t, trial);
  struct trap *trap = grows ? new_trap(t, trial->more, store_more)
                            : new_trap(t, trial->keep, empty_keeper);
  lay(t, trap);
  collect_at(t, k);
  pmm_obj *made = reader->read(t, trial);
  OPS->gc_enable(RT, 0);
  if (made != NULL) {
    read_items(t, reader->name, NEW(made));
  }
  OPS->error_clear(RT);
  read_items(t, reader->name, trial->weak);
  verify(t, reader->name);
  trap->source = NULL;
  DROP_ALL();
  (void)collect(t);
  for (int i = 0; i < ITEMS; i++) {
    if (happened(DEALLOCATED, i) != 1) {
      fail("%s, when its container %d collects: item %d died %d times",
           reader->name, (int)k, i, (int)happened(DEALLOCATED, i));
    }
  }
  log_clear(t);
  return trap->sprung;
}

static void sweep(struct pmm_test *t, const struct reader *readers, size_t n) {
  static const enum pmm_weak_kind kinds[] = {PMM_WEAK_VALUES, PMM_WEAK_KEYS,
                                             PMM_WEAK_SET};
  int sprung = 0;
  quiet(t);
  (void)collect(t);
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < COUNT_OF(kinds); j++) {
      for (uint64_t k = 1; k <= POINTS; k++) {
        now_at(t, "%s of kind %zu, allocation %d", readers[i].name, j, (int)k);
        sprung += try_reader(t, &readers[i], kinds[j], k, 0);
        sprung += try_reader(t, &readers[i], kinds[j], k, 1);
      }
    }
  }
  if (sprung == 0) {
    unsupported(t, "allocation.runs_code");
  }
}

#define OWN_POINTS                                                            \
  OOM_EXEMPT("it goes through the points of its operations itself"),          \
      STRESS_EXEMPT("it says which allocation collects")

/* "An operation that builds something from a container stays correct
 * whatever code that runs inside its allocations does to the container:
 * ..." */
MUST(rent, weak_containers_survive_allocations,
     "What reads a weak container is safe when an allocation empties it",
     REQ("RENT-001"), NEEDS(weak_containers, list, gc, gc_gen, finalizer,
           finalizer_alive, copy), OWN_POINTS) {
  sweep(t, of_weak, COUNT_OF(of_weak));
}

/* "An operation that builds something from a container stays correct
 * whatever code that runs inside its allocations does to the container:
 * ..." The list of all objects is one. */
MUST(rent, listings_survive_allocations,
     "Listing the objects is safe when an allocation collects",
     REQ("RENT-001"), NEEDS(weak_containers, list, gc, gc_gen, finalizer,
           finalizer_alive, gc_referents, gc_referrers), OWN_POINTS) {
  for (int i = 0; i < GROWTH; i++) { /* holes for the table to close          */
    DROP(self_cycle(t, LENT));
    (void)NEW(OPS->list_new(RT, 0));
  }
  sweep(t, of_heap, COUNT_OF(of_heap));
}

/* ---- plain references --------------------------------------------------- */

/* Make the plain reference, and have the target keep it. */
static void refer_inside(struct pmm_test *t, pmm_obj *target) {
  pmm_obj *plain = OPS->weakref_new(RT, target, NULL, NULL, 0);
  check(plain != NULL && OPS->slot_set(RT, target, 0, plain) == PMM_OK);
  OPS->xrelease(RT, plain);
}

/* The one plain reference to `target` is in garbage, when another is asked
 * for, or there is none and code makes one; the collection is in its allocation
 * or before.  Code that it runs does `act`. */
static int reference_at(struct pmm_test *t, uint64_t k, int with_callback,
                        void (*act)(struct pmm_test *, pmm_obj *)) {
  pmm_obj *target = probe(t, 1);
  pmm_obj *cycle = empty_list(t);
  expect_ok(OPS->list_append(RT, cycle, cycle));
  if (act != refer_inside) {
    pmm_obj *plain = NEW(OPS->weakref_new(RT, target, NULL, NULL, 0));
    expect_ok(OPS->list_append(RT, cycle, plain));
    DROP(plain);
  }
  struct trap *trap = new_trap(t, target, act);
  lay(t, trap);
  DROP(cycle);
  collect_at(t, k);
  size_t expected = 0;
  if (with_callback) {
    (void)NEW(OPS->weakref_new(RT, target, spring, trap, 2));
    expected++;
  }
  pmm_obj *first = NEW(OPS->weakref_new(RT, target, NULL, NULL, 0));
  pmm_obj *again = NEW(OPS->weakref_new(RT, target, NULL, NULL, 0));
  OPS->gc_enable(RT, 0);
  (void)collect(t);
  expect_same(first, again);
  expect_eq(OPS->weakref_count(RT, target), expected + 1);
  expect_same(NEW(OPS->weakref_get(RT, first)), target);
  verify(t, "a plain reference");
  trap->source = NULL;
  DROP_ALL();
  expect_eq(happened(DEALLOCATED, 1), 1);
  log_clear(t);
  return trap->sprung;
}

/* "Two plain references to one object are the same weak reference object; ..."
 * Also when the one that is there dies while another is made. */
MUST(wrf, plain_references_die_in_allocations,
     "A dying shared reference is not handed out",
     REQ("WRF-005"), NEEDS(weakref, weakref_count, weakref_cb, list, gc, gc_gen,
           finalizer, finalizer_alive), OWN_POINTS) {
  quiet(t);
  (void)collect(t);
  for (uint64_t k = 1; k <= POINTS; k++) {
    (void)reference_at(t, k, 0, collect_inside);
    (void)reference_at(t, k, 1, collect_inside);
    (void)reference_at(t, k, 0, refer_inside);
  }
}
