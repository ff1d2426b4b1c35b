/* SPDX-License-Identifier: MIT */
/*
 * cases/strm_again.c - iterators over iterators that are stepped again while
 * they are being stepped: by the code of their source, and by a finalizer in
 * one of their allocations (requirement STRM-005).
 */
#include "codes.h"
#include "rent.h"

/** Items a source gives. */
enum { GIVEN = 7 };

/** A kind of iterator over a source, and which of it is stepped; new. */
struct stepper {
  const char *name;
  pmm_obj *(*over)(struct pmm_test *t, pmm_obj *source);
};

static pmm_obj *chunks_of(struct pmm_test *t, pmm_obj *source, size_t size) {
  return NEW(OPS->chunks(RT, source, size));
}

static pmm_obj *ones(struct pmm_test *t, pmm_obj *source) {
  return chunks_of(t, source, 1);
}

static pmm_obj *threes(struct pmm_test *t, pmm_obj *source) {
  return chunks_of(t, source, 3);
}

static pmm_obj *of_chunks(struct pmm_test *t, pmm_obj *source) {
  pmm_obj *inner = chunks_of(t, source, 1);
  pmm_obj *outer = chunks_of(t, inner, 2);
  DROP(inner);
  return outer;
}

/* One of two; the other one stays at the beginning, or is gone. */
static pmm_obj *reader(struct pmm_test *t, pmm_obj *source, int both) {
  pmm_obj *two = NEW(OPS->tee(RT, source));
  pmm_obj *one = KEEP(OPS->tuple_get(RT, two, 0));
  if (!both) {
    DROP(two);
  }
  return one;
}

static pmm_obj *one_reader(struct pmm_test *t, pmm_obj *source) {
  return reader(t, source, 0);
}

static pmm_obj *two_readers(struct pmm_test *t, pmm_obj *source) {
  return reader(t, source, 1);
}

static pmm_obj *reader_of_chunks(struct pmm_test *t, pmm_obj *source) {
  pmm_obj *inner = chunks_of(t, source, 1);
  pmm_obj *one = reader(t, inner, 1);
  DROP(inner);
  return one;
}

static const struct stepper steppers[] = {
    {"chunks of one", ones},
    {"chunks of three", threes},
    {"chunks of chunks", of_chunks},
    {"the one reader of a tee", one_reader},
    {"one of two readers of a tee", two_readers},
    {"a reader of chunks", reader_of_chunks}};

/* ---- stepping inside ---------------------------------------------------- */

static void step_inside(struct pmm_test *t, pmm_obj *iterator) {
  pmm_obj *item = OPS->next(RT, iterator);
  check((item == NULL) == (OPS->error(RT) != PMM_OK));
  OPS->xrelease(RT, item);
  OPS->error_clear(RT);
}

static void exhaust_inside(struct pmm_test *t, pmm_obj *iterator) {
  pmm_obj *item;
  for (int i = 0; i < 3 * GIVEN; i++) {
    item = OPS->next(RT, iterator);
    OPS->xrelease(RT, item);
    if (item == NULL) {
      break;
    }
  }
  OPS->error_clear(RT);
}

/** What the code inside does, by name. */
static const struct {
  const char *name;
  void (*act)(struct pmm_test *t, pmm_obj *iterator);
} acts[] = {{"once", step_inside}, {"to its end", exhaust_inside}};

/* Take what is left; an error other than the end ends it, too. */
static void exhaust(struct pmm_test *t, const char *what, pmm_obj *iterator) {
  pmm_obj *item = NULL;
  int taken = 0;
  while ((item = OPS->next(RT, iterator)) != NULL && taken <= GIVEN) {
    if (OPS->type_name(RT, item)[0] == '\0') {
      fail("%s: it gave what is no object", what);
    }
    OPS->release(RT, item);
    taken++;
  }
  if (OPS->error(RT) == PMM_NO_MEMORY) {
    expect_ok(PMM_NO_MEMORY);
  }
  if (item != NULL || OPS->error(RT) == PMM_OK) {
    fail("%s: it gave %d items, and no end", what, taken);
  }
  OPS->error_clear(RT);
}

static void expect_deaths(struct pmm_test *t, const char *what,
                          const char *how, int64_t made) {
  verify(t, what);
  DROP_ALL();
  collect(t);
  for (int64_t i = 0; i < made; i++) {
    if (happened(DEALLOCATED, i) != 1) {
      fail("%s, stepped %s inside: item %d died %d times", what, how, (int)i,
           (int)happened(DEALLOCATED, i));
    }
  }
  log_clear(t);
}

/* ---- by the source's code ----------------------------------------------- */

/* Gives probes, and steps the iterator over it.  Scratch memory. */
struct spring_source {
  struct trap *trap;
  pmm_obj *type; /* owned by the case                                       */
  int64_t made;
  int64_t at; /* the item at which the trap springs                         */
  int raises; /* 1: and which is an error then                              */
};

static enum pmm_status give_item(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                 pmm_obj **result) {
  struct spring_source *source = ctx;
  struct pmm_test *t = source->trap->t;
  if (source->made == source->at) {
    (void)spring(source->trap, rt, arg);
    if (source->raises) {
      *result = NULL;
      source->at = -1;
      OPS->error_set(rt, PMM_USER, "of the source");
      return PMM_USER;
    }
  }
  *result = OPS->instance_new(RT, source->type, source->made);
  source->made += *result != NULL;
  return OPS->error(RT);
}

static void try_source(struct pmm_test *t, const struct stepper *stepper,
                       size_t act, int64_t at, int raises) {
  struct spring_source *source = SCRATCH(struct spring_source);
  const struct pmm_code_call call = {give_item, source};
  struct pmm_code code =
      CODE("giving", 0, 2, {PMM_FOR_RANGE, 0, GIVEN, 0}, {PMM_CALL, 1, 0, -1},
           {PMM_YIELD, -1, 1, 0}, {PMM_DEL, 1, 0, 0}, {PMM_END, 0, 0, 0});
  code.calls = &call;
  code.call_count = 1;
  source->type = probe_type(t, "item", 0, PMM_TYPE_GC, NULL, NULL);
  source->at = at;
  source->raises = raises;
  pmm_obj *generator = generator_of(t, &code);
  pmm_obj *iterator = stepper->over(t, generator);
  DROP(generator);
  source->trap = new_trap(t, iterator, acts[act].act);
  exhaust(t, stepper->name, iterator);
  if (!source->trap->sprung) {
    fail("%s: its source did not run", stepper->name);
  }
  int64_t made = source->made;
  expect_deaths(t, stepper->name, acts[act].name, made);
}

/* "While an iterator is being stepped, code of its source, or of a
 * finalizer that runs inside one of its allocations, may step it as well,
 * once or to its end: each step gives an item, the end or an error, and
 * each item dies once." */
MUST(strm, sources_step_their_iterators,
     "Code of a source may step the iterator over it", REQ("STRM-005"),
     NEEDS(generator, chunks, copy, gc, list, tuple)) {
  quiet(t);
  for (size_t i = 0; i < COUNT_OF(steppers); i++) {
    for (size_t act = 0; act < COUNT_OF(acts); act++) {
      for (int64_t at = 0; at < 3; at++) {
        now_at(t, "%s, act %zu, step %lld", steppers[i].name, act,
               (long long)at);
        try_source(t, &steppers[i], act, at, 0);
        try_source(t, &steppers[i], act, at, 1);
      }
    }
  }
}

/* ---- by a finalizer in an allocation ------------------------------------ */

/** Containers that a step makes, at most. */
#define POINTS 5

static int try_allocation(struct pmm_test *t, const struct stepper *stepper,
                          size_t act, uint64_t k) {
  pmm_obj *list = empty_list(t);
  for (int64_t i = 0; i < GIVEN; i++) {
    pmm_obj *item = probe(t, i);
    expect_ok(OPS->list_append(RT, list, item));
    DROP(item);
  }
  pmm_obj *source = NEW(OPS->iter(RT, list));
  DROP(list);
  pmm_obj *iterator = stepper->over(t, source);
  DROP(source);
  struct trap *trap = new_trap(t, iterator, acts[act].act);
  lay(t, trap);
  collect_at(t, k);
  exhaust(t, stepper->name, iterator);
  OPS->gc_enable(RT, 0);
  trap->source = NULL;
  expect_deaths(t, stepper->name, acts[act].name, GIVEN);
  return trap->sprung;
}

/* "While an iterator is being stepped, code of its source, or of a
 * finalizer that runs inside one of its allocations, may step it as well,
 * once or to its end: each step gives an item, the end or an error, and
 * each item dies once." */
MUST(strm, allocations_step_their_iterators,
     "A finalizer run by a step may step the same iterator",
     REQ("STRM-005"), NEEDS(list, gc, gc_gen, finalizer, chunks, copy),
     OOM_EXEMPT("it goes through the points of its operations itself"),
     STRESS_EXEMPT("it says which allocation collects")) {
  int sprung = 0;
  quiet(t);
  collect(t);
  for (size_t i = 0; i < COUNT_OF(steppers); i++) {
    for (size_t act = 0; act < COUNT_OF(acts); act++) {
      for (uint64_t k = 1; k <= POINTS; k++) {
        now_at(t, "%s, act %zu, allocation %llu", steppers[i].name, act,
               (unsigned long long)k);
        sprung += try_allocation(t, &steppers[i], act, k);
      }
    }
  }
  if (sprung == 0) {
    unsupported(t, "allocation.runs_code");
  }
}

/* ---- in a loop ---------------------------------------------------------- */

static enum pmm_status next_of(void *ctx, pmm_rt *rt, pmm_obj *arg,
                               pmm_obj **result) {
  struct pmm_test *t = ctx;
  (void)rt;
  *result = OPS->next(RT, arg);
  if (*result == NULL && OPS->error(RT) == PMM_STOP) {
    OPS->error_clear(RT);
  }
  return OPS->error(RT);
}

/* for v1 in v0: next(v0); the number of rounds, one a log event */
static void run_loop(struct pmm_test *t, pmm_obj *iterator, int steps) {
  const struct pmm_code_call call = {next_of, t};
  const enum pmm_instruction_op op = steps ? PMM_CALL : PMM_MOVE;
  struct pmm_code code = CODE("looping", 1, 3, {PMM_FOR_EACH, 1, 0, 0},
                              {PMM_LOG, 0, 1, 0}, {op, 2, 0, 0},
                              {PMM_END, 0, 0, 0});
  code.calls = &call;
  code.call_count = 1;
  DROP(NEW(run_code(t, &code, iterator)));
}

/** Sequences to loop over. */
static const struct {
  const char *name;
  pmm_obj *(*of)(struct pmm_test *t, size_t n);
} sequences[] = {{"list", list_of_ints}, {"tuple", tuple_of_ints}};

static void try_loop(struct pmm_test *t, size_t kind, size_t n, int steps) {
  pmm_obj *sequence = sequences[kind].of(t, n);
  pmm_obj *iterator = NEW(OPS->iter(RT, sequence));
  size_t rounds = steps ? (n + 1) / 2 : n;
  run_loop(t, iterator, steps);
  if (happened(LOG, 1) != rounds || OPS->refcount(RT, sequence) != 1) {
    fail("a %s of %d: %d rounds, %d owners", sequences[kind].name, (int)n,
         (int)happened(LOG, 1), (int)OPS->refcount(RT, sequence));
  }
  if (kind == 0) {
    expect_ok(OPS->list_append(RT, sequence, iterator));
  }
  expect_null(OPS->next(RT, iterator), PMM_STOP);
  log_clear(t);
  DROP(iterator);
  if (kind == 0) {
    expect_ok(OPS->list_clear(RT, sequence));
  }
}

/* "An exhausted iterator stays exhausted, whatever happens to the object it
 * iterated over, and no longer owns that object." */
MUST(strm, loops_end_their_iterators,
     "A loop, or its body, may exhaust its iterator", REQ("LST-020"),
     NEEDS(frame, list, tuple, refcount)) {
  quiet(t);
  for (size_t kind = 0; kind < COUNT_OF(sequences); kind++) {
    for (size_t n = 1; n <= 6; n++) {
      now_at(t, "sequence %zu of %zu items", kind, n);
      try_loop(t, kind, n, 0);
      try_loop(t, kind, n, 1);
    }
  }
}
