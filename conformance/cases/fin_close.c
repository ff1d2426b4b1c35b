/* SPDX-License-Identifier: MIT */
/*
 * cases/fin_close.c - code that runs while a runtime is closed, and files in
 * garbage (requirements FIN-032, CTX-031).
 */
#include <fcntl.h>

#include "codes.h"
#include "files.h"
#include "rent.h"

/* What runs at the end.  Scratch memory. */
struct late {
  struct pmm_test *t;
  pmm_obj *map;  /* owned: what is watched then                              */
  pmm_obj *type; /* owned: of what is made then; NULL: the case is over      */
  const char *path;
  int runs;
  int wrong;
  int more;  /* registers or makes one more                                   */
  int after; /* runs of those                                                 */
};

static void let_go(struct late *late, pmm_obj *o) {
  struct pmm_test *t = late->t;
  late->wrong += o == NULL;
  OPS->xrelease(RT, o);
  OPS->error_clear(RT);
}

static void use_files(struct late *late) {
  struct pmm_test *t = late->t;
  if (late->path != NULL) {
    pmm_obj *file = OPS->file_open(RT, late->path, "r");
    late->wrong += file == NULL || OPS->file_close(RT, file) != PMM_OK;
    let_go(late, file);
  }
}

static void use_strings(struct late *late) {
  struct pmm_test *t = late->t;
  pmm_obj *string = OPS->str_new(RT, "pmm_interned_late", 17);
  late->wrong += string == NULL || OPS->str_intern(RT, &string) != PMM_OK;
  let_go(late, string);
}

/* Lists, calls, strings, files, weak references, a collection. */
static void use_all(struct late *late) {
  struct pmm_test *t = late->t;
  pmm_obj *list = OPS->list_new(RT, 0);
  pmm_obj *o = OPS->instance_new(RT, late->type, 77);
  pmm_obj *map = OPS->weak_new(RT, PMM_WEAK_KEYS);
  pmm_obj *ref = OPS->weakref_new(RT, o, NULL, NULL, 0);
  late->wrong += OPS->list_append(RT, list, list) != PMM_OK;
  late->wrong += OPS->weak_set(RT, map, o, list) != PMM_OK;
  let_go(late, OPS->weak_get(RT, map, o));
  let_go(late, OPS->weakref_get(RT, ref));
  let_go(late, ref);
  let_go(late, o);
  size_t left = 1;
  late->wrong += OPS->length(RT, map, &left) != PMM_OK || left != 0;
  let_go(late, map);
  let_go(late, list);
  use_strings(late);
  use_files(late);
  collect_inside(t, NULL);
}

static enum pmm_status run_after(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)rt;
  (void)arg;
  ((struct late *)ctx)->after++;
  return PMM_OK;
}

static enum pmm_status run_late(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  struct late *late = ctx;
  (void)rt;
  (void)arg;
  late->runs++;
  if (late->type != NULL) { /* the case is not over */
    use_all(late);
  }
  return PMM_OK;
}

static enum pmm_status run_late_in_code(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                        pmm_obj **result) {
  *result = NULL;
  return run_late(ctx, rt, arg);
}

static struct late *new_late(struct pmm_test *t) {
  struct late *late = SCRATCH(struct late);
  late->t = t;
  late->path = OFFERED(file) ? file_of(t, 10) : NULL;
  late->type = GIVE(probe_type(t, "late", 2, PMM_TYPE_GC | PMM_TYPE_WEAKREF,
                               NULL, NULL));
  return late;
}

/* The type stays: what runs at the end makes instances of it. */
static void drop_type(struct pmm_test *t, void *subject) {
  OPS->clear(RT, &((struct late *)subject)->type);
}

static void drop_watched(struct pmm_test *t, void *subject) {
  OPS->clear(RT, &((struct late *)subject)->map);
}

static void in_cycle(struct pmm_test *t, pmm_obj *o) {
  pmm_obj *list = LIST(o);
  expect_ok(OPS->list_append(RT, list, list));
  expect_ok(OPS->slot_set(RT, o, 0, list));
  DROP(list);
}

static void of_helper(struct pmm_test *t, struct late *late) {
  DROP(NEW(OPS->finalize_new(RT, probe(t, 1), run_late, late, 5)));
}

static void of_finalizer(struct pmm_test *t, struct late *late) {
  pmm_obj *type = probe_type(t, "ends", 2, PMM_TYPE_GC, run_late, late);
  pmm_obj *o = probe_of(t, type, 1);
  in_cycle(t, o);
  DROP(o);
  DROP(type);
}

static void of_callback(struct pmm_test *t, struct late *late) {
  pmm_obj *o = self_cycle(t, 1);
  (void)NEW(OPS->weakref_new(RT, o, run_late, late, 5));
  DROP(o);
}

static void of_generator(struct pmm_test *t, struct late *late) {
  const struct pmm_code_call call = {run_late_in_code, late};
  struct pmm_code code =
      CODE("ends", 1, 1, {PMM_TRY, 0, 0, 0}, {PMM_YIELD, -1, -1, 0},
           {PMM_FINALLY, 0, 0, 0}, {PMM_CALL, -1, 0, -1}, {PMM_END, 0, 0, 0});
  code.calls = &call;
  code.call_count = 1;
  pmm_obj *list = empty_list(t);
  pmm_obj *generator = generator_with(t, &code, list);
  expect_ok(OPS->list_append(RT, list, generator));
  step(t, generator);
  DROP(generator);
  DROP(list);
}

static void close_and_expect(struct pmm_test *t, void *ctx) {
  struct late *late = ctx;
  OPS->close(RT);
  expect_eq(late->runs, 1);
  expect_eq(late->wrong, 0);
  expect_eq(late->after, late->more);
  expect_none(UNRAISABLE);
}

static void end_with(struct pmm_test *t,
                     void (*make)(struct pmm_test *, struct late *)) {
  struct late *late = new_late(t);
  quiet(t);
  defer(t, drop_type, late);
  make(t, late);
  survives(t, close_and_expect, late);
}

#define OWN_END OOM_EXEMPT("what runs at the end is not to fail")

/* "Code that runs while a runtime is closed (finalize helpers, finalizers,
 * weak reference callbacks, the cleanup of suspended generators) can use
 * all of the runtime, and runs once; what it registers or creates is run as
 * well." */
MUST(fin, helpers_at_the_end_use_the_runtime,
     "A finalize helper during close can use the runtime",
     REQ("FIN-032"), NEEDS(gc, list, str, weakref, finalize, intern,
                           weak_containers), OWN_END) {
  end_with(t, of_helper);
}

/* "Code that runs while a runtime is closed (finalize helpers, finalizers,
 * weak reference callbacks, the cleanup of suspended generators) can use
 * all of the runtime, and runs once; what it registers or creates is run as
 * well." */
MUST(fin, finalizers_at_the_end_use_the_runtime,
     "A finalizer during close can use the runtime",
     REQ("FIN-032"), NEEDS(finalizer, gc, list, str, weakref, finalizer_alive,
                           intern, weak_containers),
     OWN_END) {
  end_with(t, of_finalizer);
}

/* "Code that runs while a runtime is closed (finalize helpers, finalizers,
 * weak reference callbacks, the cleanup of suspended generators) can use
 * all of the runtime, and runs once; what it registers or creates is run as
 * well." */
MUST(fin, callbacks_at_the_end_use_the_runtime,
     "A weak reference callback during close can use the runtime",
     REQ("FIN-032"), NEEDS(gc, list, str, weakref, weakref_cb, intern,
                           weak_containers), OWN_END) {
  end_with(t, of_callback);
}

/* "Code that runs while a runtime is closed (finalize helpers, finalizers,
 * weak reference callbacks, the cleanup of suspended generators) can use
 * all of the runtime, and runs once; what it registers or creates is run as
 * well." */
MUST(fin, generators_at_the_end_use_the_runtime,
     "A generator's cleanup during close can use the runtime",
     REQ("FIN-032"), NEEDS(gc, generator, list, str, weakref, intern,
                           weak_containers),
     OWN_END) {
  end_with(t, of_generator);
}

/* ---- one more at the end ------------------------------------------------ */

static enum pmm_status register_more(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  struct late *late = ctx;
  struct pmm_test *t = late->t;
  (void)arg;
  late->runs++;
  for (int i = 0; late->map != NULL && i < late->more; i++) {
    pmm_obj *helper =
        OPS->finalize_new(rt, late->map, run_after, late, 60 + i);
    let_go(late, helper);
  }
  return PMM_OK;
}

static enum pmm_status make_more(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  struct late *late = ctx;
  struct pmm_test *t = late->t;
  (void)arg;
  late->runs++;
  for (int i = 0; late->type != NULL && i < late->more; i++) {
    pmm_obj *o = OPS->instance_new(rt, late->type, 60 + i);
    late->wrong += o == NULL || OPS->slot_set(rt, o, 0, o) != PMM_OK;
    let_go(late, o);
  }
  return PMM_OK;
}

/* "Code that runs while a runtime is closed (finalize helpers, finalizers,
 * weak reference callbacks, the cleanup of suspended generators) ..." */
MUST(fin, helpers_at_the_end_register_more,
     "A finalize helper registered during close runs",
     REQ("FIN-032"), NEEDS(gc, weakref, finalize), OWN_END) {
  struct late *late = SCRATCH(struct late);
  quiet(t);
  late->t = t;
  late->more = 2;
  late->map = GIVE(probe(t, 2));
  defer(t, drop_watched, late);
  DROP(NEW(OPS->finalize_new(RT, probe(t, 1), register_more, late, 5)));
  survives(t, close_and_expect, late);
}

/* "Code that runs while a runtime is closed (finalize helpers, finalizers,
 * weak reference callbacks, the cleanup of suspended generators) ..." */
MUST(fin, finalizers_at_the_end_make_more,
     "Garbage that a finalizer makes during close is finalized",
     REQ("FIN-032"), NEEDS(finalizer, gc, list, finalizer_alive), OWN_END) {
  expect_eq(profile_int(t, "close_finalizes_held"), 1);
  struct late *late = SCRATCH(struct late);
  quiet(t);
  late->t = t;
  late->more = 2;
  late->type = GIVE(probe_type(t, "more", 1, PMM_TYPE_GC, run_after, late));
  defer(t, drop_type, late);
  pmm_obj *type = probe_type(t, "ends", 2, PMM_TYPE_GC, make_more, late);
  pmm_obj *o = probe_of(t, type, 1);
  in_cycle(t, o);
  DROP(o);
  survives(t, close_and_expect, late);
}

/* ---- files in garbage --------------------------------------------------- */

static const char line[] = "not yet written";

/* A list that refers to itself and to an open file. */
static int lose_file(struct pmm_test *t, const char *path) {
  pmm_obj *file = NEW(OPS->file_open(RT, path, "w"));
  expect_ok(OPS->file_write(RT, file, line, sizeof line));
  int descriptor = OPS->file_descriptor(RT, file);
  pmm_obj *list = LIST(file);
  expect_ok(OPS->list_append(RT, list, list));
  DROP(file);
  DROP(list);
  return descriptor;
}

static void expect_written(struct pmm_test *t, const char *path) {
  char buffer[64] = "";
  int fd = open(path, O_RDONLY);
  ssize_t n = fd >= 0 ? read(fd, buffer, sizeof buffer) : -1;
  (void)close(fd);
  expect_eq(n, sizeof line);
  expect(memcmp(buffer, line, sizeof line) == 0);
}

/* "An open file that is part of garbage is closed with it, after everything
 * that was written to it has reached the file." */
MUST(ctx, files_in_garbage_are_written,
     "A file that a collection finds is written and closed",
     REQ("CTX-031"), NEEDS(file, gc, list)) {
  const char *path = file_of(t, 0);
  quiet(t);
  int descriptor = lose_file(t, path);
  collect(t);
  expect(fcntl(descriptor, F_GETFD) < 0);
  expect_written(t, path);
  expect(!OFFERED(diag) || happened(WARNING, ANY) == 1);
}

static void close_and_read(struct pmm_test *t, void *path) {
  OPS->close(RT);
  expect_written(t, path);
}

/* "An open file that is part of garbage is closed with it, after everything
 * that was written to it has reached the file." */
MUST(ctx, files_in_garbage_are_written_at_the_end,
     "A file that closing the runtime finds is written and closed",
     REQ("CTX-031"), NEEDS(file, gc, list), OWN_END) {
  char *path = (char *)file_of(t, 0);
  quiet(t);
  (void)lose_file(t, path);
  survives(t, close_and_read, path);
}
