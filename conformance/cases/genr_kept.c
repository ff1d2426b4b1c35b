/* SPDX-License-Identifier: MIT */
/*
 * cases/genr_kept.c - what outlives a generator: closures over its locals, and
 * errors that it has handled under a name (requirements GENR-034, 035).
 */
#include "codes.h"
#include "rent.h"

/* ---- ends --------------------------------------------------------------- */

enum way { EXHAUSTED, CLOSED, THROWN, DROPPED, COLLECTED, WAYS };

static const char *const way_names[WAYS] = {"exhausted", "closed",
                                            "thrown into", "dropped",
                                            "collected"};

/* Ends a generator; *list is one that both own, with it in a cycle. */
static void end_by(struct pmm_test *t, pmm_obj *generator, enum way way,
                   pmm_obj *list) {
  switch (way) {
  case EXHAUSTED:
    for (pmm_obj *o; (o = OPS->next(RT, generator)) != NULL;) {
      OPS->release(RT, o);
    }
    expect_eq(OPS->error(RT), PMM_STOP);
    OPS->error_clear(RT);
    break;
  case CLOSED:
    expect_ok(OPS->generator_close(RT, generator));
    break;
  case THROWN:
    expect_null(OPS->generator_throw(RT, generator, PMM_KEY), PMM_KEY);
    break;
  case COLLECTED:
    expect_ok(OPS->list_append(RT, list, generator));
    DROP(generator);
    break;
  default:
    DROP(generator);
  }
  DROP(list);
  if (way == COLLECTED) {
    collect(t);
  }
}

/* ---- closures ----------------------------------------------------------- */

/* Hands out lambda: v0, and waits. */
static pmm_obj *closing(struct pmm_test *t, pmm_obj *held, pmm_obj *list,
                        pmm_obj **closure) {
  static const struct pmm_code *const inner[] = {&return_captured};
  struct pmm_code code =
      CODE("closing", 2, 3, {PMM_CLOSURE, 2, 0, 0}, {PMM_YIELD, -1, 2, 0});
  pmm_obj *args[2] = {held, list};
  code.codes = inner;
  code.code_count = 1;
  code.captured = 1;
  pmm_obj *generator = NEW(OPS->generator_new(RT, &code, args, 2));
  *closure = NEW(OPS->next(RT, generator));
  return generator;
}

/* "A closure over a local of a generator, and an error that the generator
 * handled under a name, keep their locals after the generator has ended, in
 * whatever way; the locals die once, with the last of those that keep
 * them." */
MUST(genr, closures_outlive_generators,
     "A closure reads the local of a generator that has ended",
     REQ("GENR-034"), NEEDS(frame, gc, generator, list)) {
  quiet(t);
  for (int way = 0; way < WAYS; way++) {
    now_at(t, "%s", way_names[way]);
    pmm_obj *held = probe(t, 1);
    pmm_obj *list = empty_list(t);
    pmm_obj *closure;
    pmm_obj *generator = closing(t, held, list, &closure);
    end_by(t, generator, (enum way)way, list);
    pmm_obj *read = NEW(OPS->call(RT, closure, NULL, 0));
    if (!OPS->same(RT, read, held)) {
      fail("a closure of a generator that was %s reads something else",
           way_names[way]);
    }
    DROP(read);
    DROP(held);
    expect_none(DEALLOCATED);
    DROP(closure);
    if (happened(DEALLOCATED, 1) != 1) {
      fail("a local of a generator that was %s dies %d times", way_names[way],
           (int)happened(DEALLOCATED, 1));
    }
    DROP_ALL();
    log_clear(t);
  }
}

/* ---- errors under a name ------------------------------------------------ */

/* Where an error goes.  Scratch memory. */
struct keeper {
  struct pmm_test *t;
  int keeps;
  pmm_obj *error;
};

static void let_go(struct pmm_test *t, void *subject) {
  OPS->clear(RT, &((struct keeper *)subject)->error);
}

static enum pmm_status take_error(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                  pmm_obj **result) {
  struct keeper *keeper = ctx;
  struct pmm_test *t = keeper->t;
  *result = NULL;
  if (keeper->keeps) {
    OPS->retain(rt, arg);
    keeper->error = arg;
  }
  return PMM_OK;
}

/* try: raise  except as v2: call(v2)  ; yield v0; yield v0 */
static const struct pmm_code waits_behind =
    CODE("behind", 2, 3, {PMM_TRY, 0, 0, 0}, {PMM_RAISE, 0, PMM_USER, 0},
         {PMM_EXCEPT, 2, PMM_USER, 0}, {PMM_CALL, -1, 0, 2}, {PMM_END, 0, 0, 0},
         {PMM_YIELD, -1, 0, 0}, {PMM_YIELD, -1, 0, 0});
/* The same, yielding in the clause first. */
static const struct pmm_code waits_inside =
    CODE("inside", 2, 3, {PMM_TRY, 0, 0, 0}, {PMM_RAISE, 0, PMM_USER, 0},
         {PMM_EXCEPT, 2, PMM_USER, 0}, {PMM_CALL, -1, 0, 2},
         {PMM_YIELD, -1, 0, 0}, {PMM_END, 0, 0, 0}, {PMM_YIELD, -1, 0, 0});

static pmm_obj *handling(struct pmm_test *t, const struct pmm_code *shape,
                         struct keeper *keeper, pmm_obj *list) {
  const struct pmm_code_call call = {take_error, keeper};
  struct pmm_code code = *shape;
  code.calls = &call;
  code.call_count = 1;
  pmm_obj *held = probe(t, 1);
  pmm_obj *args[2] = {held, list};
  pmm_obj *generator = NEW(OPS->generator_new(RT, &code, args, 2));
  step(t, generator);
  DROP(held);
  return generator;
}

static struct keeper *new_keeper(struct pmm_test *t, int keeps) {
  struct keeper *keeper = SCRATCH(struct keeper);
  *keeper = (struct keeper){t, keeps, NULL};
  defer(t, let_go, keeper);
  return keeper;
}

/* The error is kept longer than the generator, not at all, or given up while
 * the generator waits. */
static void handle(struct pmm_test *t, const struct pmm_code *shape,
                   enum way way, int keeps, int early) {
  struct keeper *keeper = new_keeper(t, keeps);
  pmm_obj *list = empty_list(t);
  pmm_obj *generator = handling(t, shape, keeper, list);
  if (early) {
    let_go(t, keeper);
  }
  int waiting = (int)happened(DEALLOCATED, 1);
  end_by(t, generator, way, list);
  int ended = (int)happened(DEALLOCATED, 1);
  let_go(t, keeper);
  if (way == COLLECTED) {
    collect(t); /* the frame of the error may have held the cycle      */
  }
  if (waiting != 0 || ended != (!keeps || early) ||
      happened(DEALLOCATED, 1) != 1) {
    fail("%s a handled error, a generator that was %s while it waited %s the "
         "clause: its local died %d times, %d with its end, %d in all",
         !keeps ? "without" : early ? "before" : "with", way_names[way],
         shape->name, waiting, ended, (int)happened(DEALLOCATED, 1));
  }
  verify(t, shape->name);
  DROP_ALL();
  log_clear(t);
}

/* "A closure over a local of a generator, and an error that the generator
 * handled under a name, keep their locals after the generator has ended, in
 * whatever way; the locals die once, with the last of those that keep
 * them." */
MUST(genr, handled_errors_outlive_generators,
     "Locals live as long as the generator or the error it handled",
     REQ("GENR-034"), NEEDS(gc, generator, list)) {
  quiet(t);
  for (int way = 0; way < WAYS; way++) {
    for (int keeps = 0; keeps < 3; keeps++) {
      now_at(t, "%s, keeping %d", way_names[way], keeps);
      handle(t, &waits_behind, (enum way)way, keeps > 0, keeps > 1);
      handle(t, &waits_inside, (enum way)way, keeps > 0, keeps > 1);
    }
  }
}

/* "An error that a suspended generator has handled may die, also as part of
 * garbage, while the generator is alive: the generator continues with all
 * its locals." */
MUST(genr, garbage_errors_spare_generators,
     "A collected error leaves its generator's locals intact",
     REQ("GENR-035"), NEEDS(gc, generator, list)) {
  const struct pmm_code *const shapes[] = {&waits_behind, &waits_inside};
  quiet(t);
  for (size_t i = 0; i < COUNT_OF(shapes); i++) {
    now_at(t, "shape %zu", i);
    struct keeper *keeper = new_keeper(t, 1);
    pmm_obj *kept = empty_list(t);
    pmm_obj *generator = handling(t, shapes[i], keeper, kept);
    pmm_obj *list = empty_list(t);
    expect_ok(OPS->list_append(RT, list, list));
    expect_ok(OPS->list_append(RT, list, keeper->error));
    let_go(t, keeper);
    DROP(list);
    collect(t);
    expect_none(DEALLOCATED);
    verify(t, shapes[i]->name);
    pmm_obj *read = NEW(OPS->next(RT, generator));
    expect_eq(OPS->instance_cookie(RT, read), 1);
    DROP(read);
    expect_null(OPS->next(RT, generator), PMM_STOP);
    expect_eq(happened(DEALLOCATED, 1), 1);
    log_clear(t);
  }
}
