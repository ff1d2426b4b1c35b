/* SPDX-License-Identifier: MIT */
/*
 * cases/gc_code.c - collections where nobody expects them: while a container
 * is made (GC-010), and inside a collection (GC-016).
 */
#include "kinds.h"

/* ---- while a container is made ------------------------------------------ */

/* What the hooks did.  Scratch memory. */
struct hooked {
  int inside;  /* 1: code of a hook runs                                    */
  int calls;   /* collections                                               */
  size_t most; /* objects that the collector could see                      */
};

/* A domain's allocator that collects before each allocation, and reads all
 * that the collector can see.  Scratch memory. */
struct hook {
  struct pmm_test *t;
  enum pmm_domain domain;
  struct pmm_domain_allocator below;
  struct hooked *all;
};

static int read_referent(void *ctx, pmm_obj *referent) {
  struct pmm_test *t = ctx;
  check(OPS->refcount(RT, referent) > 0);
  check(OPS->type_name(RT, referent)[0] != '\0');
  return 0;
}

/* Returns how many there are. */
static size_t read_all(struct pmm_test *t) {
  pmm_obj *all = OPS->gc_objects(RT, -1);
  size_t n = 0;
  check(all != NULL && OPS->length(RT, all, &n) == PMM_OK);
  for (size_t i = 0; i < n; i++) {
    (void)OPS->gc_traverse(RT, OPS->list_get(RT, all, i), read_referent, t);
  }
  OPS->xrelease(RT, all);
  return n;
}

static void collect_in_hook(struct hook *hook) {
  struct pmm_test *t = hook->t;
  struct hooked *all = hook->all;
  uint64_t unreachable;
  if (all->inside) {
    return;
  }
  all->inside = 1;
  all->calls++;
  check(OPS->collect(RT, 2, &unreachable) == PMM_OK);
  size_t n = read_all(t);
  all->most = n > all->most ? n : all->most;
  all->inside = 0;
}

static void *collecting_malloc(void *ctx, size_t size) {
  struct hook *hook = ctx;
  collect_in_hook(hook);
  return hook->below.malloc(hook->below.ctx, size);
}

static void *collecting_calloc(void *ctx, size_t n, size_t size) {
  struct hook *hook = ctx;
  collect_in_hook(hook);
  return hook->below.calloc(hook->below.ctx, n, size);
}

static void *collecting_realloc(void *ctx, void *block, size_t size) {
  struct hook *hook = ctx;
  collect_in_hook(hook);
  return hook->below.realloc(hook->below.ctx, block, size);
}

static void passing_free(void *ctx, void *block) {
  const struct hook *hook = ctx;
  hook->below.free(hook->below.ctx, block);
}

static void unhook(struct pmm_test *t, void *subject) {
  const struct hook *hook = subject;
  (void)OPS->domain_set(RT, hook->domain, &hook->below);
}

/* From here on both domains of objects collect. */
static struct hooked *collect_always(struct pmm_test *t) {
  const enum pmm_domain domains[] = {PMM_DOMAIN_MEM, PMM_DOMAIN_OBJ};
  struct hooked *all = SCRATCH(struct hooked);
  for (size_t i = 0; i < COUNT(domains); i++) {
    struct hook *hook = SCRATCH(struct hook);
    *hook = (struct hook){.t = t, .domain = domains[i], .all = all};
    OPS->domain_get(RT, domains[i], &hook->below);
    const struct pmm_domain_allocator mine = {
        hook, collecting_malloc, collecting_calloc, collecting_realloc,
        passing_free};
    expect_ok(OPS->domain_set(RT, domains[i], &mine));
    defer(t, unhook, hook);
  }
  return all;
}

/* Make a container of each kind, and then use it. */
static void make_kinds(struct pmm_test *t, const struct kind *kinds, size_t n,
                       const struct hooked *all) {
  pmm_obj *item = probe(t, 1);
  DROP(self_cycle(t, 9));
  for (size_t i = 0; i < n; i++) {
    now_at(t, "%s", kinds[i].name);
    int before = all->calls;
    pmm_obj *container = kinds[i].make(t, item);
    if (all->calls == before) {
      fail("%s: made without an allocation", kinds[i].name);
    }
    expect(OPS->refcount(RT, item) > 1);
    expect_ok(OPS->slot_set(RT, item, 0, container));
    DROP(container);
    collect(t);
    expect_same(OPS->slot_get(RT, item, 0), container);
  }
  DROP(item);
  collect(t);
  expect_eq(happened(DEALLOCATED, 1), 1);
  expect_eq(happened(DEALLOCATED, 9), 1);
}

#define EVERY_ALLOCATION                                                      \
  OOM_EXEMPT("a hook cannot tell that an allocation in it failed")

/* "A container under construction is not visible to the collector until it is
 * tracked; a collection during construction is harmless." */
MUST(gc, collecting_while_basic_types_are_made,
     "Each allocation of a list, tuple, instance may collect", REQ("GC-010"),
     NEEDS(gc, gc_gen, alloc_hook, refcount, list, tuple, gc_traverse),
     EVERY_ALLOCATION) {
  quiet(t);
  make_kinds(t, basic, 4, collect_always(t));
}

/* "A container under construction is not visible to the collector until it is
 * tracked; a collection during construction is harmless." */
MUST(gc, collecting_while_hashed_types_are_made,
     "Each allocation of a dict or set may collect", REQ("GC-010"),
     NEEDS(gc, gc_gen, alloc_hook, refcount, dict, set, frozenset, gc_traverse,
           list), EVERY_ALLOCATION) {
  quiet(t);
  make_kinds(t, hashed, COUNT(hashed), collect_always(t));
}

/* "A container under construction is not visible to the collector until it is
 * tracked; ..."  (CPython tracks what becomes a slice or a sum of lists while
 * it is empty.) */
MUST(gc, containers_appear_when_they_are_made,
     "No list or tuple is seen before it is complete", REQ("GC-010"),
     NEEDS(gc, gc_gen, alloc_hook, refcount, list, tuple, gc_traverse),
     EVERY_ALLOCATION) {
  quiet(t);
  pmm_obj *item = probe(t, 1);
  pmm_obj *tuple = TUPLE(item);
  (void)read_all(t); /* the first look may make what looking takes          */
  struct hooked *all = collect_always(t);
  for (int i = 0; i < 3; i++) {
    collect(t);
    all->inside = 1;
    size_t before = read_all(t);
    all->inside = 0;
    all->most = 0;
    pmm_obj *made = i == 0   ? LIST(item, item)
                    : i == 1 ? TUPLE(item, item)
                             : NEW(OPS->tuple_concat(RT, tuple, tuple));
    expect_eq(all->most, before);
    expect_eq(length_of(t, made), 2);
  }
}

/* ---- inside a collection ------------------------------------------------ */

/* Code that collects while a collection runs.  Scratch memory. */
struct inner {
  struct pmm_test *t;
  pmm_obj *type;  /* borrowed: of the garbage that it makes; NULL: no more  */
  int calls;
  uint64_t found; /* by all collections that it asked for                   */
  int freed;      /* calls that saw their own garbage freed                 */
};

enum { MADE_INSIDE = 99 };

/* Make garbage and ask for collections of each generation. */
static enum pmm_status collect_inside(struct inner *inner) {
  struct pmm_test *t = inner->t;
  size_t before = happened(DEALLOCATED, MADE_INSIDE);
  pmm_obj *garbage = OPS->instance_new(RT, inner->type, MADE_INSIDE);
  inner->calls++;
  if (garbage == NULL) {
    return OPS->error(RT);
  }
  check(OPS->slot_set(RT, garbage, 0, garbage) == PMM_OK);
  OPS->release(RT, garbage);
  for (int generation = 0; generation < 3; generation++) {
    uint64_t unreachable = 7;
    check(OPS->collect(RT, generation, &unreachable) == PMM_OK);
    inner->found += unreachable;
  }
  inner->freed += happened(DEALLOCATED, MADE_INSIDE) > before;
  return PMM_OK;
}

static enum pmm_status in_function_of_host(void *ctx, pmm_rt *rt,
                                           pmm_obj *unused) {
  (void)rt;
  (void)unused;
  return collect_inside(ctx);
}

static enum pmm_status in_gc_callback(void *ctx, pmm_rt *rt,
                                      const struct pmm_gc_info *info) {
  const struct inner *inner = ctx;
  (void)rt;
  (void)info;
  return inner->type != NULL ? collect_inside(ctx) : PMM_OK;
}

static struct inner *new_inner(struct pmm_test *t) {
  struct inner *inner = SCRATCH(struct inner);
  inner->t = t;
  inner->type = probe_type(t, "inside", 1, PMM_TYPE_GC, NULL, NULL);
  quiet(t);
  collect(t);
  log_clear(t);
  return inner;
}

/* The garbage that was there goes, and what was made inside goes later. */
static void expect_one_collection(struct pmm_test *t, struct inner *inner,
                                  int calls) {
  expect_eq(collect_and_count(t, 2), 1);
  expect_eq(inner->calls, calls);
  expect_eq(inner->found, 0);
  expect_eq(inner->freed, 0);
  expect_eq(happened(DEALLOCATED, 1), 1);
}

/* "A collection started from a finalizer or callback during a collection
 * returns at once with 0." */
MUST(gc, collect_is_not_reentrant,
     "A collection started in a finalizer returns 0",
     REQ("GC-016"), NEEDS(gc, finalizer, finalizer_alive)) {
  struct inner *inner = new_inner(t);
  pmm_obj *type = probe_type(t, "collecting", 1, PMM_TYPE_GC,
                             in_function_of_host, inner);
  pmm_obj *o = probe_of(t, type, 1);
  expect_ok(OPS->slot_set(RT, o, 0, o));
  DROP(o);
  expect_one_collection(t, inner, 1);
  expect_eq(collect_and_count(t, 2), 1);
  expect_eq(happened(DEALLOCATED, MADE_INSIDE), 1);
}

/* "A collection started from a finalizer or callback during a collection
 * returns at once with 0." */
MUST(gc, weak_callbacks_do_not_collect,
     "A collection started in a weak reference callback returns 0",
     REQ("GC-016"),
     NEEDS(gc, weakref, weakref_cb)) {
  struct inner *inner = new_inner(t);
  pmm_obj *o = self_cycle(t, 1);
  (void)NEW(OPS->weakref_new(RT, o, in_function_of_host, inner, 5));
  DROP(o);
  expect_one_collection(t, inner, 1);
  expect_log(CALLBACK, 5);
  expect_eq(collect_and_count(t, 2), 1);
  expect_eq(happened(DEALLOCATED, MADE_INSIDE), 1);
}

static void stop_calling(struct pmm_test *t, void *ctx) {
  struct inner *inner = ctx;
  inner->type = NULL; /* its garbage, if it is called once more             */
  (void)OPS->gc_callback_remove(RT, in_gc_callback, inner);
}

/* "A collection started from a finalizer or callback during a collection
 * returns at once with 0."  What a callback makes at the start is there when
 * the collection looks. */
MUST(gc, collector_callbacks_do_not_collect,
     "A collection started in a collector callback returns 0", REQ("GC-016"),
     NEEDS(gc, gc_callbacks)) {
  struct inner *inner = new_inner(t);
  expect_ok(OPS->gc_callback_add(RT, in_gc_callback, inner));
  defer(t, stop_calling, inner);
  DROP(self_cycle(t, 1));
  expect_eq(collect_and_count(t, 2), 2);
  expect_eq(inner->calls, 2);
  expect_eq(inner->found, 0);
  expect_eq(inner->freed, 0);
  expect_eq(happened(DEALLOCATED, 1), 1);
  expect_eq(happened(DEALLOCATED, MADE_INSIDE), 1);
  expect_eq(happened(GC_START, ANY), 1);
  expect_eq(happened(GC_STOP, ANY), 1);
}
