/* SPDX-License-Identifier: MIT */
/*
 * cases/fail_clean.c - what failed, was swallowed or never began leaves
 * nothing behind (requirements CTX-015, STK-009, GENR-016, GENR-017, STR-009,
 * WRF-026, DCT-013, POOL-013, OOM-031).
 */
#include <fcntl.h>

#include "cells.h"
#include "codes.h"
#include "files.h"
#include "watch.h"

/* ---- files ------------------------------------------------------------ */

/** Descriptors that are looked at. */
#define DESCRIPTORS 64

/* Which of the first descriptors are open, one bit each. */
static uint64_t open_ones(void) {
  uint64_t bits = 0;
  for (int fd = 0; fd < DESCRIPTORS; fd++) {
    bits |= (uint64_t)(fcntl(fd, F_GETFD) >= 0) << fd;
  }
  return bits;
}

/* Standard input is open, whoever started us. */
static void open_standard_input(void) {
  if (fcntl(0, F_GETFD) < 0) {
    (void)open("/dev/null", O_RDONLY);
  }
}

/* "A file that cannot be opened leaves no object and no descriptor behind,
 * and closes no descriptor that is not its own, neither at once nor later." */
MUST(ctx, failed_opens_touch_no_descriptor,
     "A failed open closes no descriptor", REQ("CTX-015"), NEEDS(file)) {
  static const char *const paths[] = {"/proc/nonexistent/pmm", "/",
                                      "/dev/null/under"};
  static const char *const modes[] = {"r", "w", "a"};
  open_standard_input();
  uint64_t before = open_ones();
  for (size_t i = 0; i < 9; i++) {
    if (i % 3 == 1 && i / 3 == 0) {
      continue; /* some systems let a folder be opened to be read             */
    }
    expect_null(OPS->file_open(RT, paths[i % 3], modes[i / 3]), PMM_OS);
    expect_eq(open_ones(), before);
  }
  if (OFFERED(gc)) {
    collect(t);
  }
  expect_eq(open_ones(), before);
}

/* "A file that cannot be opened leaves no object and no descriptor behind,
 * and closes no descriptor that is not its own, neither at once nor later." */
MUST(ctx, opens_without_memory_leave_no_descriptor,
     "An open that runs out of memory gives its descriptor back",
     REQ("CTX-015"), NEEDS(file, fail_inject),
     OOM_EXEMPT("it goes through its failures itself")) {
  const char *path = file_of(t, 10);
  quiet(t);
  DROP(NEW(OPS->file_open(RT, path, "r")));
  uint64_t before = open_ones();
  uint64_t failed = 1;
  for (uint64_t k = 1; failed > 0 && k < 64; k++) {
    OPS->inject_arm(RT, k, 0);
    pmm_obj *file = OPS->file_open(RT, path, "r");
    failed = OPS->inject_disarm(RT);
    if (file != NULL) {
      DROP(NEW(file));
    }
    OPS->error_clear(RT);
    expect_eq(open_ones(), before);
  }
}

/* ---- errors ------------------------------------------------------------ */

static enum pmm_status swallow(void *ctx, pmm_rt *rt, enum pmm_status error,
                               int *suppress) {
  (void)ctx;
  (void)rt;
  (void)error;
  *suppress = 1;
  return PMM_OK;
}

/* What makes the local.  Scratch memory. */
struct maker {
  struct pmm_test *t;
  pmm_obj *type; /* borrowed                                                  */
};

static enum pmm_status make_probe(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                  pmm_obj **result) {
  struct maker *maker = ctx;
  struct pmm_test *t = maker->t;
  (void)arg;
  *result = OPS->instance_new(rt, maker->type, 1);
  return OPS->error(rt);
}

/* "When the block ends in which an except clause or a context manager
 * suppressed an error, the error is gone: none is pending or being handled,
 * and no frame, local or error object of it is left." */
MUST(stk, swallowed_errors_are_gone, "A suppressed error keeps nothing alive",
     REQ("STK-009"), NEEDS(frame, context)) {
  struct maker *maker = SCRATCH(struct maker);
  *maker = (struct maker){
      t, probe_type(t, "local", 0, PMM_TYPE_GC, NULL, NULL)};
  const struct pmm_code_call call = {make_probe, maker};
  struct pmm_code code =
      CODE("swallowing", 1, 3, {PMM_TRY, 0, 0, 0}, {PMM_CALL, 1, 0, -1},
           {PMM_RAISE, 0, PMM_USER, 0}, {PMM_EXCEPT, 2, PMM_USER, 0},
           {PMM_WITH, -1, 0, 0}, {PMM_RERAISE, 0, 0, 0}, {PMM_END, 0, 0, 0},
           {PMM_END, 0, 0, 0}, {PMM_LOG, 0, 5, 0}, {PMM_DEL, 1, 0, 0},
           {PMM_LOG, 0, 6, 0});
  code.calls = &call;
  code.call_count = 1;
  quiet(t);
  pmm_obj *manager = NEW(OPS->manager_new(RT, NULL, swallow, NULL, 3));
  DROP(NEW(run_code(t, &code, manager)));
  expect_log(LOG, 5, 6);
  expect_log(DEALLOCATED, 1);
  expect_lt(when(DEALLOCATED, 1), when(LOG, 6));
  expect_eq(OPS->error(RT), PMM_OK);
  expect_eq(OPS->error_context(RT), PMM_OK);
}

/* ---- generators --------------------------------------------------------- */

static const struct pmm_code keeping =
    CODE("keeping", 1, 1, {PMM_YIELD, -1, 0, 0});

/* "A generator that never started releases its arguments when it is closed,
 * thrown into or dropped." */
MUST(genr, unstarted_generators_let_go,
     "Closing a generator that never started releases its arguments",
     REQ("GENR-016"), NEEDS(generator)) {
  quiet(t);
  for (int64_t how = 0; how < 3; how++) {
    pmm_obj *o = probe(t, how);
    pmm_obj *generator = generator_with(t, &keeping, o);
    DROP(o);
    expect_eq(happened(DEALLOCATED, how), 0);
    if (how == 0) {
      expect_ok(OPS->generator_close(RT, generator));
    } else if (how == 1) {
      expect_null(OPS->generator_throw(RT, generator, PMM_USER), PMM_USER);
    } else {
      DROP(generator);
    }
    expect_eq(happened(DEALLOCATED, how), 1);
  }
}

/* "Generators that delegate to one another nest to a limit: beyond it the
 * step fails with a recursion error, and all of them can still be dropped." */
MUST(genr, delegation_is_limited,
     "The depth of delegating generators is limited",
     REQ("GENR-017"), NEEDS(generator),
     OOM_EXEMPT("thousands of generators take too long a round a failure")) {
  enum { DEEP = 20000 };
  const struct pmm_code passing =
      CODE("passing", 1, 1, {PMM_YIELD_FROM, -1, 0, 0});
  quiet(t);
  pmm_obj *inner = generator_with(t, &keeping, integer(t, 1));
  for (int i = 0; i < DEEP; i++) {
    pmm_obj *outer = generator_with(t, &passing, inner);
    DROP(inner);
    inner = outer;
  }
  expect_null(OPS->next(RT, inner), PMM_RECURSION);
  DROP(inner);
  pmm_obj *generator = generator_with(t, &keeping, integer(t, 1));
  step(t, generator);
}

/* ---- strings ------------------------------------------------------------ */

static void clear_holder(struct pmm_test *t, void *subject) {
  OPS->clear(RT, subject);
}

/* "An operation that fails part of the way, at any item or argument, releases
 * once what it had acquired, ..."  The bad one of three codes, or the code
 * around them, is found when some are made. */
MUST(oom, refused_codes_leave_nothing,
     "A code that is refused leaves nothing of the codes inside it",
     REQ("OOM-031"), NEEDS(frame, refcount)) {
  const struct pmm_code good = CODE("good", 0, 1, {PMM_INT, 0, 1, 0});
  const struct pmm_code bad = CODE("bad", 0, 1, {PMM_END, 0, 0, 0});
  struct pmm_code around = CODE("around", 0, 1, {PMM_CONST, 0, 0, 0});
  struct pmm_code wrong = CODE("wrong", 0, 1, {PMM_END, 0, 0, 0});
  pmm_obj *constant = probe(t, 1);
  for (size_t at = 0; at <= 3; at++) {
    const struct pmm_code *inside[4] = {&good, &good, &good, &good};
    struct pmm_code *code = at < 3 ? &around : &wrong;
    inside[at] = at < 3 ? &bad : &good;
    code->constants = &constant;
    code->constant_count = 1;
    code->codes = inside;
    code->code_count = 3;
    now_at(t, "code %zu of 3", at + 1);
    pmm_obj *made = OPS->function_new(RT, code);
    if (made != NULL) {
      DROP(NEW(made));
      unsupported(t, "code.refused");
    }
    expect_null(made, PMM_VALUE);
    expect_eq(OPS->refcount(RT, constant), 1);
  }
}

/* "A string that is interned, or that anything else can reach, never
 * changes in place." */
MUST(str, interned_strings_do_not_change,
     "Appending to an interned string makes another one", REQ("STR-009"),
     NEEDS(str, intern)) {
  pmm_obj **s = SCRATCH(pmm_obj *);
  defer(t, clear_holder, s);
  *s = GIVE(text(t, "pmm_interned_and_appended_to"));
  expect_ok(OPS->str_intern(RT, s));
  expect_ok(OPS->str_append(RT, s, text(t, "_tail")));
  expect_equal(*s, text(t, "pmm_interned_and_appended_to_tail"));
  pmm_obj **again = SCRATCH(pmm_obj *);
  defer(t, clear_holder, again);
  *again = GIVE(text(t, "pmm_interned_and_appended_to"));
  expect_ok(OPS->str_intern(RT, again));
  expect_equal(*again, text(t, "pmm_interned_and_appended_to"));
  expect_eq(length_of(t, *again), 28);
}

/* ---- weak maps ---------------------------------------------------------- */

/* What another callback of a dying value stores.  Scratch memory. */
struct storing {
  struct pmm_test *t;
  pmm_obj *map;   /* borrowed                                                 */
  pmm_obj *key;   /* borrowed                                                 */
  pmm_obj *value; /* borrowed                                                 */
};

static enum pmm_status store(void *ctx, pmm_rt *rt, pmm_obj *weak) {
  struct storing *storing = ctx;
  struct pmm_test *t = storing->t;
  (void)weak;
  return OPS->weak_set(rt, storing->map, storing->key, storing->value);
}

/* "The deferred removal of a dead entry does not remove an entry that was
 * stored under the same key in the meantime." */
MUST(wrf, removals_spare_new_entries,
     "A callback may store under the key of the dying value",
     REQ("WRF-026"), NEEDS(weakref, weakref_cb, weak_containers)) {
  for (int after = 0; after < 2; after++) {
    now_at(t, "the callback %s the entry", after ? "after" : "before");
    struct storing *storing = SCRATCH(struct storing);
    pmm_obj *map = NEW(OPS->weak_new(RT, PMM_WEAK_VALUES));
    pmm_obj *key = integer(t, 4000);
    pmm_obj *old = probe(t, 1);
    pmm_obj *new = probe(t, 2);
    *storing = (struct storing){t, map, key, new};
    if (!after) {
      (void)NEW(OPS->weakref_new(RT, old, store, storing, 9));
    }
    expect_ok(OPS->weak_set(RT, map, key, old));
    if (after) {
      (void)NEW(OPS->weakref_new(RT, old, store, storing, 9));
    }
    DROP(old);
    expect_eq(length_of(t, map), 1);
    expect_same(NEW(OPS->weak_get(RT, map, key)), new);
  }
}

/* ---- dicts ------------------------------------------------------------ */

/* "A dict that refers to a container is seen by the collector, however the
 * container got into it: inserted, stored in place of an atom, or copied." */
MUST(dct, replaced_values_are_seen,
     "A container stored in place of an atom is seen",
     REQ("DCT-013"), NEEDS(dict, gc)) {
  quiet(t);
  pmm_obj *key = integer(t, 4000);
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  expect_ok(OPS->dict_set(RT, dict, key, integer(t, 1)));
  collect(t); /* may untrack it                                         */
  pmm_obj *o = probe(t, 1);
  expect_ok(OPS->dict_set(RT, dict, key, o));
  expect_ok(OPS->slot_set(RT, o, 0, dict));
  DROP(o);
  DROP(dict);
  expect_none(DEALLOCATED);
  collect(t);
  expect_log(DEALLOCATED, 1);
}

/* "A dict that refers to a container is seen by the collector, however the
 * container got into it: inserted, stored in place of an atom, or copied." */
MUST(dct, copied_values_are_seen,
     "A dict that got its container by copying is seen",
     REQ("DCT-013"), NEEDS(dict, gc)) {
  quiet(t);
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  pmm_obj *o = probe(t, 1);
  expect_ok(OPS->dict_set(RT, dict, integer(t, 4000), o));
  pmm_obj *copy = NEW(OPS->dict_copy(RT, dict));
  expect_ok(OPS->slot_set(RT, o, 0, copy));
  DROP(dict);
  DROP(o);
  DROP(copy);
  expect_none(DEALLOCATED);
  collect(t);
  expect_log(DEALLOCATED, 1);
}

/* ---- blocks ------------------------------------------------------------ */

/* A resize that cannot be served leaves the block as it is. */
static void resize_too_far(struct pmm_test *t, enum pmm_domain domain,
                           size_t size) {
  struct cell *cell = hold(t, domain, OPS->domain_malloc(RT, domain, size));
  memset(cell->block, 0x5a, size);
  void *moved =
      OPS->domain_realloc(RT, domain, cell->block, (size_t)PTRDIFF_MAX / 2);
  if (moved != NULL) {
    cell->block = moved;
  }
  expect(moved == NULL);
  expect(all_bytes_are(cell->block, size, 0x5a));
}

/* "When realloc returns null the original block and its contents remain usable
 * and must still be freed by the caller." */
MUST(pool, failed_resizes_keep_debugged_blocks,
     "A resize that fails keeps the block, under the debug layer too",
     REQ("POOL-013"), NEEDS(domains, debug_hooks), OPEN(PMM_OPEN_DEBUG)) {
  static const enum pmm_domain domains[] = {PMM_DOMAIN_RAW, PMM_DOMAIN_MEM,
                                            PMM_DOMAIN_OBJ};
  static const size_t sizes[] = {1, 16, 100, 512, 513, 5000};
  for (size_t i = 0; i < 3; i++) {
    for (size_t j = 0; j < 6; j++) {
      resize_too_far(t, domains[i], sizes[j]);
    }
  }
  expect_none(FAULT);
}

/* "When realloc returns null the original block and its contents remain usable
 * and must still be freed by the caller." */
MUST(pool, failed_resizes_keep_blocks,
     "A resize far beyond memory keeps the block", REQ("POOL-013"),
     NEEDS(domains)) {
  static const size_t sizes[] = {1, 16, 100, 512, 513, 5000};
  for (size_t j = 0; j < 6; j++) {
    resize_too_far(t, PMM_DOMAIN_OBJ, sizes[j]);
    resize_too_far(t, PMM_DOMAIN_MEM, sizes[j]);
  }
}
