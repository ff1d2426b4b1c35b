/* SPDX-License-Identifier: MIT */
/*
 * cases/fail_memory.c - no memory where nothing may be lost: in a collection
 * that lists what it keeps, in the death of deep structures, in calls that fail
 * before they begin (requirements OOM-033, OOM-009, STK-031).
 */
#include "codes.h"
#include "rent.h"
#include "stack.h"

#define ARMS_ITSELF OOM_EXEMPT("arms the injection itself")

/* ---- the garbage list --------------------------------------------------- */

static void list_no_more(struct pmm_test *t, void *unused) {
  (void)unused;
  (void)OPS->inject_disarm(RT);
  (void)OPS->gc_debug_set(RT, 0);
  pmm_obj *garbage = OPS->gc_garbage(RT);
  if (garbage != NULL) {
    (void)OPS->list_clear(RT, garbage);
  }
  OPS->error_clear(RT);
}

/* Collects with allocation k failing; how many failed. */
static uint64_t keep_without(struct pmm_test *t, uint64_t k) {
  uint64_t unreachable;
  DROP(self_cycle(t, 1));
  DROP(self_cycle(t, 2));
  expect_ok(OPS->gc_debug_set(RT, PMM_GC_SAVEALL));
  OPS->inject_arm(RT, k, 0);
  enum pmm_status status = OPS->collect(RT, 2, &unreachable);
  uint64_t failed = OPS->inject_disarm(RT);
  if (status != PMM_OK && status != PMM_NO_MEMORY) {
    fail("allocation %d of a collection fails: status %d", (int)k,
         (int)status);
  }
  OPS->error_clear(RT);
  expect_none(DEALLOCATED);
  verify(t, "a collection that lists its garbage");
  list_no_more(t, NULL);
  collect(t);
  if (happened(DEALLOCATED, 1) != 1 || happened(DEALLOCATED, 2) != 1) {
    fail("allocation %d of a collection fails: the garbage dies %d and %d "
         "times", (int)k, (int)happened(DEALLOCATED, 1),
         (int)happened(DEALLOCATED, 2));
  }
  log_clear(t);
  return failed;
}

/* "A collection that lacks the memory to list the garbage that it keeps
 * loses none of it: each object is listed, or is garbage of a later
 * collection." */
MUST(oom, kept_garbage_is_not_lost,
     "Garbage that cannot be listed is found by the next collection",
     REQ("OOM-033"), NEEDS(fail_inject, gc, gc_debug, list), ARMS_ITSELF) {
  quiet(t);
  collect(t);
  defer(t, list_no_more, NULL);
  uint64_t failed = 1;
  for (uint64_t k = 1; failed > 0 && k < 64; k++) {
    failed = keep_without(t, k);
  }
  expect_eq(failed, 0);
}

/* ---- deep deaths -------------------------------------------------------- */

/* What dies where no memory is left.  Scratch memory. */
struct last_rites {
  struct pmm_test *t;
  pmm_obj *o; /* owned until released                                         */
  uint64_t failed;
};

static enum pmm_status die_without_memory(void *ctx, pmm_rt *rt,
                                          pmm_obj *unused) {
  struct last_rites *rites = ctx;
  struct pmm_test *t = rites->t;
  pmm_obj *o = rites->o;
  (void)unused;
  rites->o = NULL;
  OPS->inject_arm(rt, 1, 1);
  OPS->release(rt, o);
  rites->failed = OPS->inject_disarm(rt);
  return PMM_OK;
}

static void bury(struct pmm_test *t, void *ctx) {
  OPS->xrelease(RT, ((struct last_rites *)ctx)->o);
}

static pmm_obj *deep(struct pmm_test *t, int kind, int depth) {
  pmm_obj *chain = probe(t, 1);
  for (int i = 0; i < depth; i++) {
    pmm_obj *outer = kind == 0   ? LIST(chain)
                     : kind == 1 ? TUPLE(chain)
                                 : probe(t, 2);
    if (kind == 2) {
      expect_ok(OPS->slot_set(RT, outer, 0, chain));
    }
    DROP(chain);
    chain = outer;
  }
  return chain;
}

/* "Releasing objects and collecting work with all allocations failing." */
MUST(oom, deep_deaths_need_no_memory,
     "A deep structure dies without memory on a small stack",
     REQ("OOM-009"), NEEDS(fail_inject, list, trashcan, tuple), ARMS_ITSELF) {
  size_t stack = small_stack(t);
  quiet(t);
  for (int kind = 0; kind < 3; kind++) {
    struct last_rites *rites = SCRATCH(struct last_rites);
    rites->t = t;
    defer(t, bury, rites);
    rites->o = GIVE(deep(t, kind, 20000));
    expect_ok(OPS->call_on_stack(RT, stack, die_without_memory, rites));
    expect_eq(rites->failed, 0);
    expect_eq(happened(DEALLOCATED, 1), 1);
    log_clear(t);
  }
}

/* ---- calls that never begin --------------------------------------------- */

/* A function that is called wrongly.  Scratch memory. */
struct caller {
  struct pmm_test *t;
  pmm_obj *function; /* borrowed; takes one argument                          */
  pmm_obj *endless;  /* borrowed; calls itself                                */
  int wrong;         /* answers that were not as wanted                       */
};

static void call_wrongly(struct caller *caller, size_t args,
                         enum pmm_status wanted) {
  struct pmm_test *t = caller->t;
  pmm_obj *some[2] = {caller->function, caller->function};
  pmm_obj *called = args == 1 ? caller->endless : caller->function;
  pmm_obj *result = OPS->call(RT, called, some, args);
  caller->wrong += result != NULL || OPS->error(RT) != wanted;
  OPS->xrelease(RT, result);
  OPS->error_clear(RT);
}

static void call_without_memory(struct caller *caller) {
  struct pmm_test *t = caller->t;
  for (uint64_t k = 1; OFFERED(fail_inject) && k < 4; k++) {
    OPS->inject_arm(RT, k, 0);
    pmm_obj *result = OPS->call(RT, caller->function, &caller->function, 1);
    (void)OPS->inject_disarm(RT);
    OPS->error_clear(RT);
    OPS->xrelease(RT, result);
  }
}

/* Go down without memory until there is no room for a frame. */
static void go_down_without_memory(struct caller *caller) {
  struct pmm_test *t = caller->t;
  if (OFFERED(fail_inject)) {
    OPS->inject_arm(RT, 1, 1);
    pmm_obj *result = OPS->call(RT, caller->endless, &caller->endless, 1);
    (void)OPS->inject_disarm(RT);
    caller->wrong += result != NULL;
    OPS->error_clear(RT);
    OPS->xrelease(RT, result);
  }
}

static enum pmm_status fail_often(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                  pmm_obj **result) {
  struct caller *caller = ctx;
  (void)rt;
  (void)arg;
  *result = NULL;
  for (int i = 0; i < 1000; i++) {
    call_wrongly(caller, 0, PMM_TYPE);
    call_wrongly(caller, 2, PMM_TYPE);
    call_without_memory(caller);
  }
  go_down_without_memory(caller);
  call_wrongly(caller, 1, PMM_RECURSION);
  return PMM_OK;
}

/* v1 = v0; call; return v1 */
static const struct pmm_code surrounding =
    CODE("surrounding", 1, 2, {PMM_MOVE, 1, 0, 0}, {PMM_CALL, -1, 0, -1},
         {PMM_RETURN, 1, 0, 0});
static const struct pmm_code identity = CODE("identity", 1, 1,
                                             {PMM_RETURN, 0, 0, 0});
static const struct pmm_code endless = CODE("endless", 1, 1,
                                            {PMM_CALL_CODE, -1, 0, 0},
                                            {PMM_RETURN, 0, 0, 0});

/* "A call that fails before it begins, because of its arguments, its depth
 * or lack of memory, uses no frame memory: the calls around it keep their
 * locals, and later calls cost what they did before." */
MUST(stk, calls_that_fail_take_no_room,
     "Calls that fail to begin leave the caller's locals intact",
     REQ("STK-031"), NEEDS(frame), ARMS_ITSELF) {
  struct caller *caller = SCRATCH(struct caller);
  const struct pmm_code_call call = {fail_often, caller};
  struct pmm_code code = surrounding;
  code.calls = &call;
  code.call_count = 1;
  quiet(t);
  *caller = (struct caller){t, NEW(OPS->function_new(RT, &identity)),
                            NEW(OPS->function_new(RT, &endless)), 0};
  pmm_obj *function = NEW(OPS->function_new(RT, &code));
  pmm_obj *o = probe(t, 1);
  for (int round = 0; round < 3; round++) {
    pmm_obj *result = NEW(OPS->call(RT, function, &o, 1));
    expect_same(result, o);
    DROP(result);
    expect_eq(caller->wrong, 0);
  }
  DROP(o);
  expect_eq(happened(DEALLOCATED, 1), 1);
}
