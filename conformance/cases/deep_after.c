/* SPDX-License-Identifier: MIT */
/*
 * cases/deep_after.c - an operation that failed gives back the depth that it
 * took (requirement DEEP-009).
 *
 * Each row of a table fails more often than calls may nest; then as much nests
 * as before.
 */
#include "codes.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/** Things that fail.  Handles are the case's. */
struct failing {
  struct pmm_test *t;
  pmm_obj *item;     /* its code raises                                      */
  pmm_obj *other;    /* another one                                          */
  pmm_obj *list;     /* holds the item, as does the tuple                    */
  pmm_obj *lists;    /* holds two lists that hold one each                   */
  pmm_obj *tuple;
  pmm_obj *function; /* raises                                               */
  pmm_obj *callable; /* of the host, raises                                  */
};

/** An operation that fails. */
struct failure {
  const char *name;
  void (*run)(struct failing *f);
};

static enum pmm_status raise(pmm_rt *rt, struct pmm_test *t) {
  OPS->error_set(rt, PMM_USER, "of the item");
  return PMM_USER;
}

static enum pmm_status bad_equals(void *ctx, pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                  int *equal) {
  (void)a;
  (void)b;
  *equal = 0;
  return raise(rt, ctx);
}

static enum pmm_status bad_hash(void *ctx, pmm_rt *rt, pmm_obj *o,
                                int64_t *hash) {
  (void)o;
  *hash = 0;
  return raise(rt, ctx);
}

static enum pmm_status bad_repr(void *ctx, pmm_rt *rt, pmm_obj *o,
                                pmm_obj **text) {
  (void)o;
  *text = NULL;
  return raise(rt, ctx);
}

static enum pmm_status bad_call(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                pmm_obj **result) {
  (void)arg;
  *result = NULL;
  return raise(rt, ctx);
}

#define FAILURE(name, call)                                                   \
  static void name(struct failing *f) {                                       \
    struct pmm_test *t = f->t;                                                \
    call;                                                                     \
  }

FAILURE(comparing, int e; (void)OPS->equals(RT, f->item, f->other, &e))
FAILURE(comparing_lists, pmm_obj *l = LIST(f->other); int e;
        (void)OPS->equals(RT, f->list, l, &e); DROP(l))
FAILURE(sorting, (void)OPS->list_sort(RT, f->lists, NULL, NULL))
FAILURE(hashing, int64_t h; (void)OPS->hash(RT, f->tuple, &h))
FAILURE(printing, OPS->xrelease(RT, OPS->repr(RT, f->list)))
FAILURE(calling, OPS->xrelease(RT, OPS->call(RT, f->function, NULL, 0)))
FAILURE(calling_out, OPS->xrelease(RT, OPS->call(RT, f->callable, NULL, 0)))

/* A step into something that raises; new. */
static void step_over(struct failing *f, pmm_obj *iterator) {
  struct pmm_test *t = f->t;
  OPS->xrelease(RT, OPS->next(RT, iterator));
  enum pmm_status error = OPS->error(RT);
  OPS->error_clear(RT);
  DROP(iterator);
  OPS->error_set(RT, error, "of the step");
}

static pmm_obj *raiser(struct failing *f) {
  const struct pmm_code code = CODE("raising", 0, 0,
                                    {PMM_RAISE, 0, PMM_USER, 0},
                                    {PMM_YIELD, -1, -1, 0});
  return generator_of(f->t, &code);
}

static void stepping(struct failing *f) { step_over(f, raiser(f)); }

static void stepping_chunks(struct failing *f) {
  struct pmm_test *t = f->t;
  pmm_obj *source = raiser(f);
  pmm_obj *chunks = NEW(OPS->chunks(RT, source, 2));
  DROP(source);
  step_over(f, chunks);
}

static void stepping_tee(struct failing *f) {
  struct pmm_test *t = f->t;
  pmm_obj *source = raiser(f);
  pmm_obj *two = NEW(OPS->tee(RT, source));
  pmm_obj *one = KEEP(OPS->tuple_get(RT, two, 0));
  DROP(two);
  DROP(source);
  step_over(f, one);
}

static struct failing *new_failing(struct pmm_test *t) {
  const struct pmm_code code =
      CODE("failing", 0, 0, {PMM_RAISE, 0, PMM_USER, 0});
  const struct pmm_type_spec spec = {.struct_size = sizeof spec,
                                     .name = "bad",
                                     .flags = type_flags(t, PMM_TYPE_GC)};
  const struct pmm_compare_code compare = {.struct_size = sizeof compare,
                                           .ctx = t,
                                           .equals = bad_equals,
                                           .less = bad_equals,
                                           .hash = bad_hash,
                                           .repr = bad_repr};
  struct failing *f = SCRATCH(struct failing);
  f->t = t;
  pmm_obj *type = NEW(OPS->type_with_code(RT, &spec, &compare));
  f->item = NEW(OPS->instance_new(RT, type, 1));
  f->other = NEW(OPS->instance_new(RT, type, 2));
  f->list = LIST(f->item);
  f->lists = LIST(LIST(f->item), LIST(f->other));
  f->tuple = TUPLE(f->item);
  f->function = NEW(OPS->function_new(RT, &code));
  f->callable = NEW(OPS->callable_new(RT, bad_call, t));
  return f;
}

/* log 1; f() */
static const struct pmm_code endless =
    CODE("endless", 0, 0, {PMM_LOG, 0, 1, 0}, {PMM_CALL_CODE, -1, 0, -1});

/* How deep calls nest. */
static int64_t depth_of(struct pmm_test *t, pmm_obj *function) {
  log_clear(t);
  expect_null(OPS->call(RT, function, NULL, 0), PMM_RECURSION);
  return (int64_t)happened(LOG, 1);
}

static void fail_often(struct pmm_test *t, const struct failure *failures,
                       size_t n) {
  quiet(t);
  size_t limit = OPS->recursion_limit(RT);
  struct failing *f = new_failing(t);
  pmm_obj *function = NEW(OPS->function_new(RT, &endless));
  int64_t depth = depth_of(t, function);
  for (size_t i = 0; i < n; i++) {
    now_at(t, "%s", failures[i].name);
    for (size_t k = 0; k < limit + 50; k++) {
      failures[i].run(f);
      expect_eq(OPS->error(RT), PMM_USER);
      OPS->error_clear(RT);
    }
    expect_eq(depth_of(t, function), depth);
  }
}

#define MANY_FAILURES                                                         \
  OOM_EXEMPT("a thousand failures of each are too many for a round a point")

/* "An operation that fails gives back the depth that it took: after any number
 * of failures calls nest as deep as before." */
MUST(deep, failed_comparisons_leave_no_depth,
     "Comparisons, hashes and texts that fail leave no depth",
     REQ("DEEP-009"), NEEDS(frame, compare_code, list, tuple), MANY_FAILURES) {
  static const struct failure failures[] = {
      {"comparing two items", comparing},
      {"comparing lists of them", comparing_lists},
      {"sorting lists of them", sorting},
      {"hashing a tuple", hashing},
      {"printing a list", printing}};
  fail_often(t, failures, COUNT(failures));
}

/* "An operation that fails gives back the depth that it took: after any number
 * of failures calls nest as deep as before." */
MUST(deep, failed_calls_leave_no_depth,
     "Calls and steps that fail leave no depth", REQ("DEEP-009"),
     NEEDS(frame, compare_code, list, tuple, generator, chunks, copy),
     MANY_FAILURES) {
  static const struct failure failures[] = {
      {"calling a function", calling},
      {"calling the host", calling_out},
      {"stepping a generator", stepping},
      {"stepping chunks of one", stepping_chunks},
      {"stepping a split one", stepping_tee}};
  fail_often(t, failures, COUNT(failures));
}
