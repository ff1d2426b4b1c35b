/* SPDX-License-Identifier: MIT */
/*
 * cases/ways_out.c - what is under way where a block, a generator or a
 * conversion ends otherwise than it was meant to (requirements CTX-032 to 034,
 * GENR-009, GENR-036, OOM-031).
 */
#include "codes.h"
#include "rent.h"

#define END {PMM_END, 0, 0, 0}

/* ---- ways out of a block by what exit does ------------------------------ */

/* What exit does.  Scratch memory. */
struct exiting {
  struct pmm_test *t;
  enum pmm_status raises;
  int suppresses;
  pmm_obj *inner; /* borrowed: called instead of raising                      */
};

static enum pmm_status leave(void *ctx, pmm_rt *rt, enum pmm_status error,
                             int *suppress) {
  struct exiting *exiting = ctx;
  struct pmm_test *t = exiting->t;
  (void)error;
  *suppress = exiting->suppresses;
  if (exiting->inner != NULL) {
    OPS->xrelease(RT, OPS->call(rt, exiting->inner, NULL, 0));
    return OPS->error(RT);
  }
  return exiting->raises;
}

static pmm_obj *new_manager(struct pmm_test *t, struct exiting **exiting) {
  *exiting = SCRATCH(struct exiting);
  (*exiting)->t = t;
  return NEW(OPS->manager_new(RT, NULL, leave, *exiting, 1));
}

/* A callback of an exit stack, which raises what `ctx` says. */
static enum pmm_status raise_it(void *ctx, pmm_rt *rt, pmm_obj *unused) {
  (void)rt;
  (void)unused;
  return *(enum pmm_status *)ctx;
}

/* "When several callbacks of an exit stack raise errors, each error has the
 * one before it as its context." */
SHOULD(ctx, errors_of_a_stack_are_chained,
       "The errors of an exit stack are each other's context",
       REQ("CTX-034"), NEEDS(context)) {
  enum pmm_status *raised = SCRATCH_ARRAY(enum pmm_status, 2);
  raised[0] = PMM_INDEX; /* it is called last                                 */
  raised[1] = PMM_KEY;
  pmm_obj *stack = NEW(OPS->exit_stack_new(RT));
  expect_ok(OPS->exit_stack_push(RT, stack, raise_it, &raised[0]));
  expect_ok(OPS->exit_stack_push(RT, stack, raise_it, &raised[1]));
  enum pmm_status status = OPS->exit_stack_close(RT, stack);
  enum pmm_status context = OPS->error_context(RT);
  expect_error(status, PMM_INDEX);
  expect_eq(context, PMM_KEY);
}

#define WITH {PMM_WITH, -1, 0, 0}
#define OUT(name_text, ...) CODE(name_text, 2, 3, __VA_ARGS__)

static const struct pmm_code ways[] = {
    OUT("a result", WITH, {PMM_RETURN, 1, 0, 0}, END),
    OUT("a result out of two", WITH, WITH, {PMM_RETURN, 1, 0, 0}, END, END),
    OUT("a result out of a loop", {PMM_FOR_RANGE, 2, 3, 0}, WITH,
        {PMM_RETURN, 1, 0, 0}, END, END),
    OUT("a result before a finally", {PMM_TRY, 0, 0, 0}, WITH,
        {PMM_RETURN, 1, 0, 0}, END, {PMM_FINALLY, 0, 0, 0},
        {PMM_LOG, 0, 1, 0}, END),
    OUT("an error", WITH, {PMM_RAISE, 0, PMM_KEY, 0}, END),
    OUT("an error under a name", {PMM_TRY, 0, 0, 0},
        {PMM_RAISE, 0, PMM_KEY, 0}, {PMM_EXCEPT, 2, PMM_KEY, 0}, WITH,
        {PMM_RERAISE, 0, 0, 0}, END, END)};

static const struct {
  const char *name;
  enum pmm_status raises;
  int suppresses;
} exits[] = {{"returns", PMM_OK, 0},
             {"swallows", PMM_OK, 1},
             {"raises", PMM_VALUE, 0},
             {"swallows and raises", PMM_VALUE, 1}};

static void go_out(struct pmm_test *t, size_t way, size_t how) {
  struct exiting *exiting;
  pmm_obj *manager = new_manager(t, &exiting);
  exiting->raises = exits[how].raises;
  exiting->suppresses = exits[how].suppresses;
  pmm_obj *function = NEW(OPS->function_new(RT, &ways[way]));
  pmm_obj *held = probe(t, 1);
  pmm_obj *both[] = {manager, held};
  pmm_obj *result = OPS->call(RT, function, both, 2);
  enum pmm_status status = OPS->error(RT);
  expect_ok(status == PMM_NO_MEMORY ? status : PMM_OK);
  OPS->error_clear(RT);
  OPS->xrelease(RT, result);
  DROP(held);
  DROP(function);
  DROP(manager);
  collect(t); /* an error under a name is a cycle with its frame              */
  if ((exits[how].raises != PMM_OK && status != exits[how].raises) ||
      happened(DEALLOCATED, 1) != 1) {
    fail("%s, exit %s: status %d, what it had died %d times", ways[way].name,
         exits[how].name, (int)status, (int)happened(DEALLOCATED, 1));
  }
  log_clear(t);
}

/* "A result or an error that leaves a with block is passed on or released
 * once, whatever exit does: return, swallow the error or raise one." */
MUST(ctx, what_leaves_a_block_is_released,
     "Each way out of a with block releases what leaves it once",
     REQ("CTX-032"), NEEDS(context, frame, gc)) {
  quiet(t);
  for (size_t way = 0; way < COUNT_OF(ways); way++) {
    for (size_t how = 0; how < COUNT_OF(exits); how++) {
      now_at(t, "%s, exit %s", ways[way].name, exits[how].name);
      go_out(t, way, how);
    }
  }
}

/* "An error that exit raises keeps the context that it already has; where it
 * has none, the error that left the block becomes its context." */
MUST(ctx, errors_of_exit_keep_their_context,
     "An error of exit keeps the context that it has", REQ("CTX-033"),
     NEEDS(context, frame)) {
  const struct pmm_code inner =
      CODE("inner", 0, 0, {PMM_TRY, 0, 0, 0}, {PMM_RAISE, 0, PMM_INDEX, 0},
           {PMM_EXCEPT, -1, PMM_INDEX, 0}, {PMM_RAISE, 0, PMM_VALUE, 0}, END);
  const struct pmm_code outer =
      CODE("outer", 1, 1, WITH, {PMM_RAISE, 0, PMM_KEY, 0}, END);
  struct exiting *exiting;
  pmm_obj *manager = new_manager(t, &exiting);
  exiting->raises = PMM_VALUE;
  pmm_obj *result = run_code(t, &outer, manager);
  enum pmm_status context = OPS->error_context(RT);
  expect_null(result, PMM_VALUE);
  expect_eq(context, PMM_KEY);
  exiting->inner = NEW(OPS->function_new(RT, &inner));
  result = run_code(t, &outer, manager);
  context = OPS->error_context(RT);
  expect_null(result, PMM_VALUE);
  expect_eq(context, PMM_INDEX);
}

/* ---- exits that are ignored --------------------------------------------- */

/* try: yield  except GeneratorExit: yield v0  ; log */
static const struct pmm_code ignoring =
    CODE("ignoring", 1, 1, {PMM_TRY, 0, 0, 0}, {PMM_YIELD, -1, -1, 0},
         {PMM_EXCEPT, -1, PMM_EXIT, 0}, {PMM_YIELD, -1, 0, 0}, END,
         {PMM_LOG, 0, 3, 0});

static pmm_obj *ignored(struct pmm_test *t) {
  pmm_obj *held = probe(t, 1);
  pmm_obj *generator = generator_with(t, &ignoring, held);
  DROP(held);
  step(t, generator);
  expect_error(OPS->generator_close(RT, generator), PMM_RUNTIME);
  expect(!OPS->generator_finished(RT, generator));
  expect_none(DEALLOCATED);
  return generator;
}

/* "When a generator yields instead of ending in close, close reports a runtime
 * error and the generator stays suspended with all that it refers to: it can
 * be stepped further, or closed again." */
MUST(genr, ignored_exits_leave_it_waiting,
     "A generator that yields in close stays suspended", REQ("GENR-036"),
     NEEDS(generator)) {
  pmm_obj *generator = ignored(t);
  expect_null(OPS->next(RT, generator), PMM_STOP);
  expect_log(LOG, 3);
  expect_log(DEALLOCATED, 1);
  DROP(generator);
  log_clear(t);
  generator = ignored(t);
  expect_ok(OPS->generator_close(RT, generator));
  expect(OPS->generator_finished(RT, generator));
  expect_none(LOG);
  expect_log(DEALLOCATED, 1);
}

/* ---- what a frame holds when it is closed ------------------------------- */

static const struct pmm_code plain =
    CODE("a local", 1, 1, {PMM_YIELD, -1, -1, 0});
/* for v1 in v0: del v0, v1; yield  - the loop alone holds the list then */
static const struct pmm_code looping =
    CODE("a loop", 1, 2, {PMM_FOR_EACH, 1, 0, 0}, {PMM_DEL, 0, 0, 0},
         {PMM_DEL, 1, 0, 0}, {PMM_YIELD, -1, -1, 0}, END);

/** How a generator that waits is told to end. */
enum telling { CLOSED, THROWN_INTO, DROPPED, TELLINGS };
static const char *const tellings[] = {"closed", "thrown into", "dropped"};

static void end_waiting(struct pmm_test *t, const struct pmm_code *code,
                        enum telling how) {
  pmm_obj *item = probe(t, 1);
  pmm_obj *list = LIST(item);
  pmm_obj *generator = generator_with(t, code, list);
  DROP(item);
  DROP(list);
  step(t, generator);
  expect_none(DEALLOCATED);
  if (how == THROWN_INTO) {
    expect_null(OPS->generator_throw(RT, generator, PMM_USER), PMM_USER);
  } else if (how == CLOSED) {
    expect_ok(OPS->generator_close(RT, generator));
  } else {
    DROP(generator);
  }
  expect_log(DEALLOCATED, 1);
  DROP_ALL();
  log_clear(t);
}

/* "On normal end or error the frame and its locals are released although the
 * generator object lives."  So when it is closed, with all it holds. */
MUST(genr, closing_releases_what_waits,
     "A closed generator refers to no local and no iterator", REQ("GENR-009"),
     NEEDS(generator, list)) {
  const struct pmm_code *const codes[] = {&plain, &looping};
  for (size_t i = 0; i < COUNT_OF(codes); i++) {
    for (int how = 0; how < TELLINGS; how++) {
      now_at(t, "%s, %s", codes[i]->name, tellings[how]);
      end_waiting(t, codes[i], (enum telling)how);
    }
  }
}

/* ---- what the host made is refused -------------------------------------- */

/* Makes probes.  Scratch memory. */
struct giver {
  struct pmm_test *t;
  pmm_obj *type; /* owned by the case                                         */
  int64_t made;
};

static enum pmm_status give(void *ctx, pmm_rt *rt, pmm_obj *arg,
                            pmm_obj **result) {
  struct giver *giver = ctx;
  struct pmm_test *t = giver->t;
  (void)arg;
  *result = OPS->instance_new(rt, giver->type, giver->made);
  giver->made += *result != NULL;
  return OPS->error(RT);
}

static struct giver *new_giver(struct pmm_test *t) {
  struct giver *giver = SCRATCH(struct giver);
  giver->t = t;
  giver->type = probe_type(t, "given", 0, PMM_TYPE_GC, NULL, NULL);
  return giver;
}

static void expect_given_died(struct pmm_test *t, const struct giver *giver) {
  expect_gt(giver->made, 0);
  for (int64_t i = 0; i < giver->made; i++) {
    expect_eq(happened(DEALLOCATED, i), 1);
  }
}

/* with v0: pass */
static const struct pmm_code entering = CODE("entering", 1, 1, WITH, END);

/* "An operation that fails part of the way, at any item or argument, releases
 * once what it had acquired, ..." What code of the host made and was refused
 * is such: a function that makes no generator. */
MUST(oom, no_generator_is_not_kept,
     "An object returned in place of a generator is released", REQ("OOM-031"),
     NEEDS(context, frame, generator)) {
  struct giver *giver = new_giver(t);
  const struct pmm_code_call call = {give, giver};
  struct pmm_code code = CODE("giving", 0, 1, {PMM_CALL, 0, 0, -1},
                              {PMM_RETURN, 0, 0, 0});
  code.calls = &call;
  code.call_count = 1;
  pmm_obj *function = NEW(OPS->function_new(RT, &code));
  pmm_obj *manager = OPS->manager_from_generator(RT, function);
  if (manager != NULL) { /* it may be refused when it is entered              */
    pmm_obj *result = run_code(t, &entering, NEW(manager));
    expect(result == NULL);
    DROP(manager);
  }
  expect_ne(OPS->error(RT), PMM_OK);
  expect_ok(OPS->error(RT) == PMM_NO_MEMORY ? PMM_NO_MEMORY : PMM_OK);
  OPS->error_clear(RT);
  expect_given_died(t, giver);
}

/* "An operation that fails part of the way, at any item or argument, releases
 * once what it had acquired, ..." Sort keys that have no order are such. */
MUST(oom, keys_without_order_are_not_kept,
     "Sort keys that cannot be ordered are released", REQ("OOM-031"),
     NEEDS(list, sort, sort_key)) {
  struct giver *giver = new_giver(t);
  pmm_obj *list = list_of_ints(t, 4);
  enum pmm_status status = OPS->list_sort(RT, list, give, giver);
  expect_error(status, PMM_TYPE);
  expect_given_died(t, giver);
  expect_eq(length_of(t, list), 4);
}
