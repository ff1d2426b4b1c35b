/* SPDX-License-Identifier: MIT */
/*
 * cases/rent_kept.c - what an operation takes from an iterator or a variable
 * that code empties meanwhile (requirement RENT-008).
 *
 * The code runs in an allocation of the operation (rent.h), or in what the
 * instruction calls.  A row of a table is an iterator or an instruction.
 */
#include "codes.h"
#include "rent.h"

/** Containers that an operation makes, at most. */
#define POINTS 5

#define OWN_POINTS                                                            \
  OOM_EXEMPT("it goes through the points of its operations itself"),          \
      STRESS_EXEMPT("it says which allocation collects")

static void expect_deaths(struct pmm_test *t, const char *what) {
  for (int i = 0; i < ITEMS; i++) {
    if (happened(DEALLOCATED, i) != 1) {
      fail("%s: item %d died %d times", what, i, (int)happened(DEALLOCATED, i));
    }
  }
  log_clear(t);
}

/* ---- copies of iterators ------------------------------------------------ */

/** An iterator over ITEMS probes, which owns what it goes over. */
struct walk {
  const char *name;
  pmm_obj *(*make)(struct pmm_test *t);
  enum pmm_feature needs;
};

static pmm_obj *iterator_of(struct pmm_test *t, pmm_obj *source) {
  pmm_obj *iterator = NEW(OPS->iter(RT, source));
  DROP(source);
  return iterator;
}

static pmm_obj *over_list(struct pmm_test *t) {
  return iterator_of(t, list_source.make(t));
}

static pmm_obj *over_tuple(struct pmm_test *t) {
  pmm_obj *list = list_source.make(t);
  pmm_obj *tuple = NEW(OPS->tuple_convert(RT, list));
  DROP(list);
  return iterator_of(t, tuple);
}

static pmm_obj *over_dict(struct pmm_test *t) {
  pmm_obj *set = set_source.make(t);
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  pmm_obj *all = iterator_of(t, set);
  pmm_obj *item;
  while ((item = OPS->next(RT, all)) != NULL) {
    expect_ok(OPS->dict_set(RT, dict, NEW(item), item));
    DROP(item);
  }
  OPS->error_clear(RT);
  DROP(all);
  return iterator_of(t, dict);
}

static pmm_obj *over_set(struct pmm_test *t) {
  return iterator_of(t, set_source.make(t));
}

/* One of the two readers of a split iterator; the other one is gone. */
static pmm_obj *reader(struct pmm_test *t) {
  pmm_obj *list = over_list(t);
  pmm_obj *two = NEW(OPS->tee(RT, list));
  pmm_obj *one = KEEP(OPS->tuple_get(RT, two, 0));
  DROP(two);
  DROP(list);
  return one;
}

static const struct walk walks[] = {
    {"an iterator over a list", over_list, PMM_FEATURE_list},
    {"an iterator over a tuple", over_tuple, PMM_FEATURE_tuple},
    {"an iterator over a dict", over_dict, PMM_FEATURE_dict},
    {"an iterator over a set", over_set, PMM_FEATURE_set},
    {"a reader of a split iterator", reader, PMM_FEATURE_tuple}};

/* Copy it while the k-th container that this makes runs it to its end. */
static int copy_one(struct pmm_test *t, const struct walk *walk, uint64_t k) {
  pmm_obj *iterator = walk->make(t);
  step(t, iterator);
  struct trap *trap = new_trap(t, iterator, iterate_inside);
  lay(t, trap);
  collect_at(t, k);
  pmm_obj *copy = OPS->copy(RT, iterator);
  OPS->gc_enable(RT, 0);
  if (copy != NULL) {
    copy = NEW(copy);
    read_items(t, walk->name, copy);
  }
  OPS->error_clear(RT);
  verify(t, walk->name);
  trap->source = NULL;
  DROP_ALL();
  collect(t);
  expect_deaths(t, walk->name);
  return trap->sprung;
}

/* "An operation keeps alive what it has taken from an iterator or from a
 * variable until it is done with it: ... may run the iterator to its end
 * ..." */
MUST(rent, copied_iterators_end_in_allocations,
     "A copy of an iterator is safe when an allocation ends the iterator",
     REQ("RENT-008"), NEEDS(copy, list, gc, gc_gen, finalizer,
                            finalizer_alive), OWN_POINTS) {
  int sprung = 0;
  quiet(t);
  collect(t);
  for (size_t i = 0; i < COUNT_OF(walks); i++) {
    for (uint64_t k = 1; k <= POINTS && is_offered(t, walks[i].needs); k++) {
      now_at(t, "%s, container %llu", walks[i].name, (unsigned long long)k);
      sprung += copy_one(t, &walks[i], k);
    }
  }
  if (sprung == 0) {
    unsupported(t, "allocation.runs_code");
  }
}

/* ---- variables ---------------------------------------------------------- */

/** A variable and the closure that empties it.  Scratch memory. */
struct variable {
  struct pmm_test *t;
  pmm_obj *value;   /* owned until the code takes it                         */
  pmm_obj *closure; /* owned                                                 */
  struct trap *trap;
  uint64_t point; /* the container that collects; 0: none                    */
  int wrong;
};

static void let_closure_go(struct pmm_test *t, void *subject) {
  struct variable *v = subject;
  OPS->clear(RT, &v->value);
  OPS->clear(RT, &v->closure);
}

static void call_inside(struct pmm_test *t, pmm_obj *closure) {
  OPS->xrelease(RT, OPS->call(RT, closure, NULL, 0));
  OPS->error_clear(RT);
}

static enum pmm_status give_value(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                  pmm_obj **result) {
  struct variable *v = ctx;
  (void)rt;
  (void)arg;
  *result = v->value;
  v->value = NULL;
  return PMM_OK;
}

/* Keep the closure, and let the next containers collect. */
static enum pmm_status arm(void *ctx, pmm_rt *rt, pmm_obj *arg,
                           pmm_obj **result) {
  struct variable *v = ctx;
  struct pmm_test *t = v->t;
  uint64_t counts[3];
  *result = NULL;
  OPS->retain(rt, arg);
  v->closure = arg;
  if (v->point > 0) {
    v->trap->source = arg;
    OPS->gc_counts(rt, counts);
    v->wrong += OPS->gc_set_thresholds(
                    rt, (uint64_t[]){counts[0] + v->point - 1, 1000000,
                                     1000000}) !=
                PMM_OK;
    OPS->gc_enable(rt, 1);
  }
  return PMM_OK;
}

/* The argument is whole although its variable is empty. */
static enum pmm_status use(void *ctx, pmm_rt *rt, pmm_obj *arg,
                           pmm_obj **result) {
  struct variable *v = ctx;
  size_t length = 0;
  *result = NULL;
  call_inside(v->t, v->closure);
  struct pmm_test *t = v->t;
  v->wrong += happened(DEALLOCATED, ANY) != 0;
  v->wrong += OPS->length(rt, arg, &length) != PMM_OK || length != ITEMS;
  return PMM_OK;
}

static enum pmm_status look(void *ctx, pmm_rt *rt, pmm_obj *arg,
                            pmm_obj **result) {
  struct variable *v = ctx;
  struct pmm_test *t = v->t;
  int64_t cookie = OPS->instance_cookie(rt, arg);
  *result = NULL;
  v->wrong += cookie < 0 || cookie >= ITEMS ||
              happened(DEALLOCATED, cookie) != 0;
  return PMM_OK;
}

/** What is done with v0.  A row may go on to its END. */
struct usage {
  const char *name;
  struct pmm_instruction does[3];
  int gives; /* 1: what the code gives is read                               */
};

static const struct usage usages[] = {
    {"a loop over it", {{PMM_FOR_EACH, 2, 0, 0}, {PMM_CALL, -1, 3, 2},
                        {PMM_END, 0, 0, 0}}, 0},
    {"yield from it", {{PMM_YIELD_FROM, 2, 0, 0}, {PMM_LOG, 0, 1, 0},
                       {PMM_LOG, 0, 2, 0}}, 1}};

static const struct usage passing[] = {
    {"passing it on", {{PMM_CALL, 2, 2, 0}, {PMM_LOG, 0, 1, 0},
                       {PMM_LOG, 0, 2, 0}}, 0}};

/* v0 = what is given; v1 = the closure; use v0 */
static void run_usage(struct pmm_test *t, struct variable *v,
                      const struct usage *usage) {
  static const struct pmm_code *const inside[] = {&emptying};
  const struct pmm_code_call calls[] = {
      {give_value, v}, {arm, v}, {use, v}, {look, v}};
  struct pmm_code code =
      CODE("using", 0, 3, {PMM_CALL, 0, 0, -1}, {PMM_CLOSURE, 1, 0, 0},
           {PMM_CALL, -1, 1, 1}, {PMM_DEL, 1, 0, 0}, usage->does[0],
           usage->does[1], usage->does[2]);
  code.codes = inside;
  code.code_count = 1;
  code.captured = 1;
  code.calls = calls;
  code.call_count = COUNT_OF(calls);
  pmm_obj *function = NEW(OPS->function_new(RT, &code));
  pmm_obj *result = OPS->call(RT, function, NULL, 0);
  if (result != NULL && usage->gives) {
    read_items(t, usage->name, NEW(result));
  } else {
    OPS->xrelease(RT, result);
  }
  OPS->gc_enable(RT, 0);
  OPS->error_clear(RT);
}

/* One usage, with the container that collects; 1 when the variable was emptied
 * in an allocation. */
static int use_one(struct pmm_test *t, const struct usage *usage, uint64_t k) {
  struct variable *v = SCRATCH(struct variable);
  v->t = t;
  v->value = GIVE(list_source.make(t));
  v->point = k;
  v->trap = new_trap(t, NULL, call_inside);
  defer(t, let_closure_go, v);
  lay(t, v->trap);
  if (k > 0) {
    collect_at(t, 1000000); /* its thresholds are put back at the end        */
    OPS->gc_enable(RT, 0);
  }
  run_usage(t, v, usage);
  expect_eq(v->wrong, 0);
  v->trap->source = NULL;
  verify(t, usage->name);
  let_closure_go(t, v);
  DROP_ALL();
  collect(t);
  expect_deaths(t, usage->name);
  return v->trap->sprung;
}

/* "An operation keeps alive what it has taken from an iterator or from a
 * variable until it is done with it: ... or empty the variable." */
MUST(rent, variables_are_emptied_in_calls,
     "What is passed on lives though the callee empties its variable",
     REQ("RENT-008"), NEEDS(frame, list, gc, finalizer)) {
  quiet(t);
  collect(t);
  for (size_t i = 0; i < COUNT_OF(passing); i++) {
    now_at(t, "%s", passing[i].name);
    (void)use_one(t, &passing[i], 0);
  }
}

/* "An operation keeps alive what it has taken from an iterator or from a
 * variable until it is done with it: code that runs in its allocations ...
 * may ... empty the variable." */
MUST(rent, variables_are_emptied_in_allocations,
     "What a variable held is safe when an allocation empties the variable",
     REQ("RENT-008"), NEEDS(frame, generator, list, gc, gc_gen, finalizer,
                            finalizer_alive), OWN_POINTS) {
  int sprung = 0;
  quiet(t);
  collect(t);
  for (size_t i = 0; i < COUNT_OF(usages); i++) {
    for (uint64_t k = 1; k <= POINTS; k++) {
      now_at(t, "%s, container %llu", usages[i].name, (unsigned long long)k);
      sprung += use_one(t, &usages[i], k);
    }
  }
  if (sprung == 0) {
    unsupported(t, "allocation.runs_code");
  }
}
