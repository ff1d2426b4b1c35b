/* SPDX-License-Identifier: MIT */
/*
 * cases/genr_ends.c - how a generator ends, by how it is resumed, and what it
 * may do to itself while it runs (requirements GENR-031, 032, 033).
 */
#include "codes.h"
#include "rent.h"

/* ---- ends by ways ------------------------------------------------------- */

static enum pmm_status stop_inside(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                   pmm_obj **result) {
  struct pmm_test *t = ctx;
  (void)arg;
  *result = NULL;
  OPS->error_set(rt, PMM_STOP, "of a call");
  return PMM_STOP;
}

/* try: yield  except: pass  - and then what ends it. */
#define ENDING(name, ...)                                                     \
  static const struct pmm_code name =                                         \
      CODE(#name, 1, 1, {PMM_TRY, 0, 0, 0}, {PMM_YIELD, -1, -1, 0},           \
           {PMM_EXCEPT, -1, PMM_OK, 0}, {PMM_END, 0, 0, 0}, __VA_ARGS__);
ENDING(returning, {PMM_RETURN, 0, 0, 0})
ENDING(returning_none, {PMM_RETURN, -1, 0, 0})
ENDING(falling, {PMM_LOG, 0, 1, 0})
ENDING(raising, {PMM_RAISE, 0, PMM_USER, 0})
ENDING(stopping, {PMM_RAISE, 0, PMM_STOP, 0})
ENDING(calling, {PMM_CALL, -1, 0, -1})

/* try: raise the stop  except it as v1: raise */
static const struct pmm_code stopping_again =
    CODE("stopping again", 1, 2, {PMM_TRY, 0, 0, 0}, {PMM_YIELD, -1, -1, 0},
         {PMM_EXCEPT, -1, PMM_OK, 0}, {PMM_END, 0, 0, 0}, {PMM_TRY, 0, 0, 0},
         {PMM_RAISE, 0, PMM_STOP, 0}, {PMM_EXCEPT, 1, PMM_STOP, 0},
         {PMM_RERAISE, 0, 0, 0}, {PMM_END, 0, 0, 0});

/** An end, and the error that comes out of it. */
struct end {
  const char *name;
  const struct pmm_code *code;
  enum pmm_status status;
};

static const struct end ends[] = {
    {"returns its argument", &returning, PMM_OK},
    {"returns None", &returning_none, PMM_OK},
    {"falls off its end", &falling, PMM_OK},
    {"raises", &raising, PMM_USER},
    {"raises the stop", &stopping, PMM_RUNTIME},
    {"raises the stop again", &stopping_again, PMM_RUNTIME},
    {"calls what raises the stop", &calling, PMM_RUNTIME}};

/* A way to resume it, which returns the status that it leaves pending; that of
 * a generator that has returned is `stop`. */
struct way {
  const char *name;
  enum pmm_status (*resume)(struct pmm_test *t, pmm_obj *generator);
  enum pmm_status stop;
};

static enum pmm_status status_of(struct pmm_test *t, pmm_obj *result) {
  OPS->xrelease(RT, result);
  return OPS->error(RT);
}

#define WAY(name, call)                                                       \
  static enum pmm_status name(struct pmm_test *t, pmm_obj *g) {               \
    return status_of(t, call);                                                \
  }
WAY(by_next, OPS->next(RT, g))
WAY(by_send, OPS->generator_send(RT, g, NULL))
WAY(by_throw, OPS->generator_throw(RT, g, PMM_KEY))
WAY(by_list, OPS->list_convert(RT, g))
WAY(by_tuple, OPS->tuple_convert(RT, g))

static enum pmm_status by_close(struct pmm_test *t, pmm_obj *g) {
  return OPS->generator_close(RT, g);
}

static enum pmm_status by_for_each(struct pmm_test *t, pmm_obj *g) {
  const struct pmm_code each =
      CODE("each", 1, 2, {PMM_FOR_EACH, 1, 0, 0}, {PMM_END, 0, 0, 0});
  pmm_obj *function = NEW(OPS->function_new(RT, &each));
  return status_of(t, OPS->call(RT, function, &g, 1));
}

static enum pmm_status by_yield_from(struct pmm_test *t, pmm_obj *g) {
  const struct pmm_code outer =
      CODE("outer", 1, 2, {PMM_YIELD_FROM, 1, 0, 0}, {PMM_RETURN, 1, 0, 0});
  pmm_obj *generator = generator_with(t, &outer, g);
  enum pmm_status status = status_of(t, OPS->next(RT, generator));
  return status;
}

static const struct way ways[] = {
    {"next", by_next, PMM_STOP},         {"send", by_send, PMM_STOP},
    {"throw", by_throw, PMM_STOP},       {"close", by_close, PMM_OK},
    {"list()", by_list, PMM_OK},         {"tuple()", by_tuple, PMM_OK},
    {"a for loop", by_for_each, PMM_OK},
    {"yield from", by_yield_from, PMM_STOP}};

#define OWN_SWEEP OOM_EXEMPT("it goes through many ends; each is a failure")

static void end_by(struct pmm_test *t, const struct end *end,
                   const struct way *way) {
  const struct pmm_code_call call = {stop_inside, t};
  struct pmm_code code = *end->code;
  code.calls = &call;
  code.call_count = 1;
  pmm_obj *held = probe(t, 1);
  pmm_obj *generator = generator_with(t, &code, held);
  DROP(held);
  step(t, generator);
  enum pmm_status wanted = end->status == PMM_OK ? way->stop : end->status;
  enum pmm_status status = way->resume(t, generator);
  enum pmm_status context = OFFERED(context) && status == PMM_RUNTIME
                                ? OPS->error_context(RT)
                                : PMM_STOP;
  OPS->error_clear(RT);
  if (status != wanted || context != PMM_STOP ||
      !OPS->generator_finished(RT, generator)) {
    fail("a generator that %s, resumed by %s: status %d (context %d)",
         end->name, way->name, (int)status, (int)context);
  }
  if (happened(DEALLOCATED, 1) != 1) {
    fail("a generator that %s, resumed by %s: its argument dies %d times",
         end->name, way->name, (int)happened(DEALLOCATED, 1));
  }
  expect_null(OPS->next(RT, generator), PMM_STOP);
  log_clear(t);
}

/* "However a generator ends (it returns, raises, or raises a stop error,
 * which becomes a runtime error) and however it was resumed, what it held
 * and returned is released once, when it ends, and it is finished." */
MUST(genr, every_end_by_every_way,
     "A resumed generator releases all it held, however it ends",
     REQ("GENR-031"), NEEDS(frame, generator, list, tuple), OWN_SWEEP) {
  quiet(t);
  for (size_t i = 0; i < COUNT_OF(ends); i++) {
    for (size_t j = 0; j < COUNT_OF(ways); j++) {
      now_at(t, "%s, %s", ends[i].name, ways[j].name);
      end_by(t, &ends[i], &ways[j]);
    }
  }
}

/* "However a generator ends (it returns, raises, or raises a stop error,
 * which becomes a runtime error) and however it was resumed, what it held
 * and returned is released once, when it ends, and it is finished." */
MUST(genr, every_end_by_dropping,
     "A dropped generator releases all it held, however it ends",
     REQ("GENR-031"), NEEDS(diag, generator)) {
  const struct pmm_code_call call = {stop_inside, t};
  quiet(t);
  for (size_t i = 0; i < COUNT_OF(ends); i++) {
    now_at(t, "%s", ends[i].name);
    struct pmm_code code = *ends[i].code;
    code.calls = &call;
    code.call_count = 1;
    pmm_obj *held = probe(t, 1);
    pmm_obj *generator = generator_with(t, &code, held);
    DROP(held);
    step(t, generator);
    DROP(generator);
    expect_eq(OPS->error(RT), PMM_OK);
    if (happened(DEALLOCATED, 1) != 1 ||
        happened(UNRAISABLE, ANY) != (ends[i].status != PMM_OK)) {
      fail("a generator that %s, dropped: its argument dies %d times, %d "
           "unraisable errors", ends[i].name, (int)happened(DEALLOCATED, 1),
           (int)happened(UNRAISABLE, ANY));
    }
    log_clear(t);
  }
}

/* ---- a running generator ------------------------------------------------ */

/* What a running generator does to itself.  Scratch memory. */
struct inner {
  struct pmm_test *t;
  pmm_obj *self; /* borrowed                                                  */
  enum pmm_status (*resume)(struct pmm_test *t, pmm_obj *generator);
  int tried;
  enum pmm_status status;
  pmm_obj *kept;
};

static enum pmm_status enter_again(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                   pmm_obj **result) {
  struct inner *inner = ctx;
  struct pmm_test *t = inner->t;
  (void)arg;
  *result = NULL;
  inner->tried++;
  inner->status = inner->resume(t, inner->self);
  OPS->error_clear(rt);
  return PMM_OK;
}

WAY(inside_next, OPS->next(RT, g))
WAY(inside_send, OPS->generator_send(RT, g, NULL))
WAY(inside_throw, OPS->generator_throw(RT, g, PMM_KEY))
WAY(inside_list, OPS->list_convert(RT, g))
WAY(inside_tuple, OPS->tuple_convert(RT, g))

static const struct way ways_inside[] = {
    {"next", inside_next, 0},   {"send", inside_send, 0},
    {"throw", inside_throw, 0}, {"close", by_close, 0},
    {"list()", inside_list, 0}, {"tuple()", inside_tuple, 0}};

/* call; yield v0; try: yield  finally: call */
static const struct pmm_code entering =
    CODE("entering", 1, 1, {PMM_CALL, -1, 0, -1}, {PMM_YIELD, -1, 0, 0},
         {PMM_TRY, 0, 0, 0}, {PMM_YIELD, -1, 0, 0}, {PMM_FINALLY, 0, 0, 0},
         {PMM_CALL, -1, 0, -1}, {PMM_END, 0, 0, 0});

static const struct pmm_code passing =
    CODE("passing", 1, 1, {PMM_YIELD_FROM, -1, 0, 0});

/* Steps it twice, then lets go of it, or closes it first.  With a delegate the
 * outer one is stepped, the inner one enters itself. */
static void enter_by(struct pmm_test *t, const struct way *way, int delegated,
                     int closed) {
  struct inner *inner = SCRATCH(struct inner);
  const struct pmm_code_call call = {enter_again, inner};
  struct pmm_code code = entering;
  code.calls = &call;
  code.call_count = 1;
  *inner = (struct inner){.t = t, .resume = way->resume};
  pmm_obj *held = probe(t, 1);
  pmm_obj *generator = generator_with(t, &code, held);
  inner->self = generator;
  if (delegated) {
    generator = generator_with(t, &passing, inner->self);
    DROP(inner->self);
  }
  for (int i = 0; i < 2; i++) {
    expect_same(NEW(OPS->next(RT, generator)), held);
    if (inner->tried != 1 || inner->status != PMM_VALUE) {
      fail("a running generator enters itself by %s: status %d", way->name,
           (int)inner->status);
    }
  }
  inner->status = PMM_OK;
  if (closed) {
    expect_ok(OPS->generator_close(RT, generator));
  } else {
    DROP(generator);
  }
  if (inner->tried != 2 || inner->status != PMM_VALUE) {
    fail("a generator that is let go of enters itself by %s: status %d",
         way->name, (int)inner->status);
  }
  expect_none(DEALLOCATED);
  DROP_ALL();
  expect_eq(happened(DEALLOCATED, 1), 1);
  log_clear(t);
}

/* "A running generator that is entered again, by whatever operation and
 * from wherever, reports an error and continues where it was." */
MUST(genr, running_generators_refuse_every_way,
     "A running generator refuses every re-entry", REQ("GENR-032"),
     NEEDS(generator, list, tuple), OWN_SWEEP) {
  quiet(t);
  for (size_t i = 0; i < COUNT_OF(ways_inside); i++) {
    for (int how = 0; how < 4; how++) {
      now_at(t, "%s, variant %d", ways_inside[i].name, how);
      enter_by(t, &ways_inside[i], how & 1, how & 2);
    }
  }
}

/* ---- a generator that its own cleanup keeps ----------------------------- */

static void let_go_of_kept(struct pmm_test *t, void *subject) {
  OPS->clear(RT, &((struct inner *)subject)->kept);
}

static enum pmm_status keep_self(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                 pmm_obj **result) {
  struct inner *inner = ctx;
  struct pmm_test *t = inner->t;
  (void)arg;
  *result = NULL;
  if (inner->kept == NULL) {
    OPS->retain(rt, inner->self);
    inner->kept = inner->self;
  }
  return PMM_OK;
}

static enum pmm_status keep_at_exit(void *ctx, pmm_rt *rt,
                                    enum pmm_status error, int *suppress) {
  pmm_obj *unused;
  (void)error;
  *suppress = 0;
  return keep_self(ctx, rt, NULL, &unused);
}

/* A generator that waits where its end keeps it: in a try or a with block. */
static pmm_obj *waiting(struct pmm_test *t, struct inner *inner, int in_block,
                        pmm_obj *held) {
  const struct pmm_code_call call = {keep_self, inner};
  struct pmm_code trying =
      CODE("trying", 1, 2, {PMM_TRY, 0, 0, 0}, {PMM_YIELD, -1, -1, 0},
           {PMM_FINALLY, 0, 0, 0}, {PMM_CALL, -1, 0, -1}, {PMM_END, 0, 0, 0});
  struct pmm_code within =
      CODE("within", 2, 2, {PMM_WITH, -1, 1, 0}, {PMM_YIELD, -1, -1, 0},
           {PMM_END, 0, 0, 0});
  pmm_obj *args[2] = {held, NULL};
  trying.calls = &call;
  trying.call_count = 1;
  if (in_block) {
    args[1] = NEW(OPS->manager_new(RT, NULL, keep_at_exit, inner, 5));
  }
  pmm_obj *generator = NEW(OPS->generator_new(
      RT, in_block ? &within : &trying, args, in_block ? 2 : 1));
  inner->self = generator;
  step(t, generator);
  return generator;
}

static uint64_t owners_of(struct pmm_test *t, pmm_obj *o) {
  return OFFERED(refcount) ? OPS->refcount(RT, o) : 1;
}

/* "A generator that its own cleanup stores somewhere while it is dying
 * stays alive, finished, and dies once when that reference is released." */
MUST(genr, generators_are_resurrected,
     "A generator that its own cleanup stores stays alive",
     REQ("GENR-033"),
     NEEDS(context, gc, generator, list, refcount, resurrection)) {
  quiet(t);
  for (int how = 0; how < 4; how++) {
    struct inner *inner = SCRATCH(struct inner);
    *inner = (struct inner){.t = t};
    defer(t, let_go_of_kept, inner);
    pmm_obj *list = LIST(probe(t, 1));
    pmm_obj *generator = waiting(t, inner, how & 1, list);
    if (how & 2) {
      expect_ok(OPS->list_append(RT, list, generator));
    }
    DROP(list);
    DROP(generator);
    collect(t);
    expect(inner->kept != NULL);
    expect_eq(OPS->generator_finished(RT, inner->kept), 1);
    expect_eq(owners_of(t, inner->kept), 1);
    expect_null(OPS->next(RT, inner->kept), PMM_STOP);
    verify(t, "a generator that was kept");
    DROP_ALL();
    expect_eq(happened(DEALLOCATED, 1), 1);
    let_go_of_kept(t, inner);
    log_clear(t);
  }
}
