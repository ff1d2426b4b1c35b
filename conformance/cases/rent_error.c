/* SPDX-License-Identifier: MIT */
/*
 * cases/rent_error.c - deaths while an error is pending, and what may be asked
 * then (requirements RENT-004, 005).
 */
#include "codes.h"
#include "files.h"
#include "rent.h"

static const char message[] = "it was pending";

/** Something whose death runs code.  The case owns what it returns. */
struct mortal {
  const char *name;
  pmm_obj *(*make)(struct pmm_test *t, struct trap *trap);
};

/* What a finalizer or a callback does: raises and swallows errors of its own,
 * makes containers, collects. */
static void busy(struct pmm_test *t, pmm_obj *source) {
  check(OPS->error(RT) == PMM_OK);
  check(OPS->list_get(RT, source, LENT) == NULL);
  check(OPS->error(RT) == PMM_INDEX);
  OPS->error_clear(RT);
  grow_inside(t, source);
  if (OFFERED(gc)) {
    collect_inside(t, source);
  }
}

static pmm_obj *finalized(struct pmm_test *t, struct trap *trap) {
  pmm_obj *type = probe_type(t, "finalized", 1, PMM_TYPE_GC, spring, trap);
  pmm_obj *o = probe_of(t, type, LENT);
  DROP(type);
  return o;
}

static pmm_obj *in_list(struct pmm_test *t, struct trap *trap) {
  pmm_obj *item = finalized(t, trap);
  pmm_obj *list = LIST(item);
  DROP(item);
  return list;
}

static pmm_obj *in_slot(struct pmm_test *t, struct trap *trap) {
  pmm_obj *item = finalized(t, trap);
  pmm_obj *o = probe(t, LENT + 1);
  expect_ok(OPS->slot_set(RT, o, 0, item));
  DROP(item);
  return o;
}

static pmm_obj *watched(struct pmm_test *t, struct trap *trap) {
  pmm_obj *o = probe(t, LENT);
  (void)NEW(OPS->weakref_new(RT, o, spring, trap, LENT));
  return o;
}

static pmm_obj *helped(struct pmm_test *t, struct trap *trap) {
  pmm_obj *o = probe(t, LENT);
  (void)NEW(OPS->finalize_new(RT, o, spring, trap, LENT));
  return o;
}

static pmm_obj *in_weak_values(struct pmm_test *t, struct trap *trap) {
  pmm_obj *map = NEW(OPS->weak_new(RT, PMM_WEAK_VALUES));
  pmm_obj *key = finalized(t, trap);
  pmm_obj *value = probe(t, LENT + 1);
  expect_ok(OPS->weak_set(RT, map, key, value));
  DROP(key); /* the entry is its last owner                                  */
  return value;
}

static enum pmm_status spring_from_code(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                        pmm_obj **result) {
  *result = NULL;
  return spring(ctx, rt, arg);
}

/* try: yield; finally: call the host */
static pmm_obj *suspended(struct pmm_test *t, struct trap *trap) {
  const struct pmm_code_call call = {spring_from_code, trap};
  struct pmm_code code =
      CODE("waiting", 0, 0, {PMM_TRY, 0, 0, 0}, {PMM_YIELD, -1, -1, 0},
           {PMM_FINALLY, 0, 0, 0}, {PMM_CALL, -1, 0, -1}, {PMM_END, 0, 0, 0});
  code.calls = &call;
  code.call_count = 1;
  pmm_obj *generator = generator_of(t, &code);
  step(t, generator);
  return generator;
}

static enum pmm_status spring_at_exit(void *ctx, pmm_rt *rt,
                                      enum pmm_status error, int *suppress) {
  (void)error;
  *suppress = 0;
  return spring(ctx, rt, NULL);
}

/* with v0: yield */
static pmm_obj *suspended_in_a_block(struct pmm_test *t, struct trap *trap) {
  const struct pmm_code code =
      CODE("inside", 1, 1, {PMM_WITH, -1, 0, 0}, {PMM_YIELD, -1, -1, 0},
           {PMM_END, 0, 0, 0});
  pmm_obj *manager =
      NEW(OPS->manager_new(RT, NULL, spring_at_exit, trap, LENT));
  pmm_obj *generator = generator_with(t, &code, manager);
  DROP(manager);
  step(t, generator);
  return generator;
}

/* Release an object while an error is pending. */
static void die_pending(struct pmm_test *t, const struct mortal *mortal) {
  pmm_obj *list = list_of_ints(t, 2);
  struct trap *trap = new_trap(t, list, busy);
  pmm_obj *o = mortal->make(t, trap);
  log_clear(t);
  OPS->error_set(RT, PMM_VALUE, message);
  OPS->release(RT, GIVE(o));
  enum pmm_status error = OPS->error(RT);
  int kept = strcmp(OPS->error_message(RT), message) == 0;
  OPS->error_clear(RT);
  if (!trap->sprung) {
    fail("%s: its death runs no code", mortal->name);
  }
  if (error != PMM_VALUE || !kept || happened(UNRAISABLE, ANY) != 0) {
    fail("%s: its death loses the pending error (status %d, %d unraisable)",
         mortal->name, (int)error, (int)happened(UNRAISABLE, ANY));
  }
}

static void die_each(struct pmm_test *t, const struct mortal *mortals,
                     size_t n) {
  quiet(t);
  for (size_t i = 0; i < n; i++) {
    now_at(t, "%s", mortals[i].name);
    die_pending(t, &mortals[i]);
  }
}

/* "A pending error stays pending, with its message, whatever code the death
 * of an object runs: finalizers, weak reference callbacks, ..." */
MUST(rent, finalizers_keep_the_error,
     "Finalizers keep the pending error", REQ("RENT-004"),
     NEEDS(finalizer, list, diag, finalizer_alive)) {
  const struct mortal mortals[] = {{"an object", finalized},
                                   {"a list's item", in_list},
                                   {"an instance's slot", in_slot}};
  die_each(t, mortals, COUNT_OF(mortals));
}

/* "A pending error stays pending, with its message, whatever code the death
 * of an object runs: finalizers, weak reference callbacks, ..." */
MUST(rent, weak_callbacks_keep_the_error,
     "Weak callbacks keep the pending error", REQ("RENT-004"),
     NEEDS(weakref, weakref_cb, finalizer, list, diag, finalize,
           finalizer_alive, weak_containers)) {
  const struct mortal mortals[] = {{"a weak callback", watched},
                                   {"a finalize helper", helped},
                                   {"an entry of a weak map", in_weak_values}};
  die_each(t, mortals, COUNT_OF(mortals));
}

/* "A pending error stays pending, with its message, whatever code the death
 * of an object runs: finalizers, weak reference callbacks, ..." */
MUST(rent, generators_keep_the_error,
     "The cleanup of a dropped generator keeps the pending error",
     REQ("RENT-004"), NEEDS(generator, context, list, diag)) {
  const struct mortal mortals[] = {{"a finally clause", suspended},
                                   {"a block", suspended_in_a_block}};
  die_each(t, mortals, COUNT_OF(mortals));
}

/* A callback that raises. */
static enum pmm_status raise(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  struct pmm_test *t = ctx;
  (void)arg;
  OPS->error_set(rt, PMM_TYPE, "of the callback");
  return PMM_TYPE;
}

/* "A pending error stays pending, with its message, whatever code the death
 * of an object runs: finalizers, weak reference callbacks, ..." */
MUST(rent, failing_callbacks_keep_the_error,
     "A failing callback does not replace the pending error",
     REQ("RENT-004"), NEEDS(weakref, diag, weakref_cb)) {
  pmm_obj *o = probe(t, LENT);
  (void)NEW(OPS->weakref_new(RT, o, raise, t, LENT));
  OPS->error_set(RT, PMM_VALUE, message);
  OPS->release(RT, GIVE(o));
  enum pmm_status error = OPS->error(RT);
  int kept = strcmp(OPS->error_message(RT), message) == 0;
  OPS->error_clear(RT);
  expect_eq(error, PMM_VALUE);
  expect(kept);
  expect_eq(happened(UNRAISABLE, ANY), 1);
}

/* "A pending error stays pending, with its message, whatever code the death
 * of an object runs: finalizers, weak reference callbacks, ..." */
MUST(rent, failing_finalizers_keep_the_error,
     "A failing finalizer does not replace the pending error", REQ("RENT-004"),
     NEEDS(finalizer, diag, finalizer_alive)) {
  pmm_obj *type = probe_type(t, "failing", 1, PMM_TYPE_GC, raise, t);
  pmm_obj *o = probe_of(t, type, LENT);
  OPS->error_set(RT, PMM_VALUE, message);
  OPS->release(RT, GIVE(o));
  enum pmm_status error = OPS->error(RT);
  int kept = strcmp(OPS->error_message(RT), message) == 0;
  OPS->error_clear(RT);
  expect_eq(error, PMM_VALUE);
  expect(kept);
  expect_eq(happened(UNRAISABLE, ANY), 1);
}

/* ---- what may be asked at any time -------------------------------------- */

/** An operation that may be called with an error pending. */
struct question {
  const char *name;
  void (*ask)(struct pmm_test *t, pmm_obj *o);
};

#define QUESTION(name, call)                                                  \
  static void name(struct pmm_test *t, pmm_obj *o) {                          \
    (void)o;                                                                  \
    (void)(call);                                                             \
  }

static void count_memory(struct pmm_test *t, pmm_obj *o) {
  struct pmm_memory memory = {.struct_size = sizeof memory};
  (void)o;
  OPS->memory(RT, &memory);
}

static void own_and_let_go(struct pmm_test *t, pmm_obj *o) {
  OPS->retain(RT, o);
  OPS->xretain(RT, o);
  OPS->release(RT, o);
  OPS->xrelease(RT, o);
  OPS->xrelease(RT, NULL);
}

static void flush(struct pmm_test *t, pmm_obj *o) {
  (void)o;
  OPS->caches_flush(RT);
}

static void switch_collector(struct pmm_test *t, pmm_obj *o) {
  (void)o;
  if (OFFERED(gc)) {
    int enabled = OPS->gc_enabled(RT);
    OPS->gc_enable(RT, !enabled);
    OPS->gc_enable(RT, enabled);
  }
}

static void ask_log(struct pmm_test *t, pmm_obj *o) {
  struct pmm_gc_run runs[2];
  (void)o;
  if (OFFERED(gc_log)) {
    (void)OPS->gc_log_read(RT, runs, 2);
    OPS->gc_log_stop(RT);
  }
}

static void ask_domain(struct pmm_test *t, pmm_obj *o) {
  struct pmm_domain_stats stats = {.struct_size = sizeof stats};
  (void)o;
  if (OFFERED(domain_stats)) {
    OPS->domain_stats(RT, PMM_DOMAIN_MEM, &stats);
  }
}

static void ask_peak(struct pmm_test *t, pmm_obj *o) {
  (void)o;
  OPS->memory_reset_peak(RT);
}

QUESTION(tracked, OFFERED(gc_track) ? OPS->gc_is_tracked(RT, o) : 0)
QUESTION(immediate, OFFERED(immediate) ? OPS->is_immediate(RT, o) : 0)
QUESTION(overhead, OFFERED(trace) ? OPS->trace_overhead(RT) : 0)
QUESTION(text_of_error, OPS->error_message(RT)[0])
QUESTION(same, OPS->same(RT, o, o))
QUESTION(identity, OPS->identity(RT, o))
QUESTION(name_of_type, OPS->type_name(RT, o)[0])
QUESTION(errors, OPS->os_errno(RT))
QUESTION(references, OFFERED(refcount) ? OPS->refcount(RT, o) : 0)
QUESTION(weak_count, OFFERED(weakref_count) ? OPS->weakref_count(RT, o) : 0)
QUESTION(is_final, OFFERED(resurrection) ? OPS->is_finalized(RT, o) : 0)

static const struct question questions[] = {
    {"memory", count_memory},       {"retain and release", own_and_let_go},
    {"caches_flush", flush},        {"gc_enable", switch_collector},
    {"same", same},                 {"identity", identity},
    {"type_name", name_of_type},    {"os_errno", errors},
    {"refcount", references},       {"weakref_count", weak_count},
    {"is_finalized", is_final},     {"gc_log", ask_log},
    {"domain_stats", ask_domain}, {"memory_reset_peak", ask_peak},
    {"gc_is_tracked", tracked},     {"is_immediate", immediate},
    {"error_message", text_of_error}, {"trace_overhead", overhead}};

/* "Operations that may be called at any time neither lose nor replace a
 * pending error, and set none." */
MUST(rent, questions_keep_the_error,
     "Queries keep the pending error",
     REQ("RENT-005")) {
  pmm_obj *o = probe(t, 1);
  for (size_t i = 0; i < COUNT_OF(questions); i++) {
    now_at(t, "%s", questions[i].name);
    OPS->error_set(RT, PMM_VALUE, message);
    questions[i].ask(t, o);
    enum pmm_status error = OPS->error(RT);
    int kept = strcmp(OPS->error_message(RT), message) == 0;
    OPS->error_clear(RT);
    if (error != PMM_VALUE || !kept) {
      fail("%s loses the pending error", questions[i].name);
    }
    questions[i].ask(t, o);
    if (OPS->error(RT) != PMM_OK) {
      fail("%s adds an error", questions[i].name);
    }
  }
}
