/* SPDX-License-Identifier: MIT */
/*
 * cases/dom.c - the raw, mem and object domains, and hooks on them
 * (requirements DOM-001…009).  The debug layer is in dom_debug.c.
 */
#include <malloc.h>

#include "arenas.h"
#include "cells.h"

enum { DOMAINS = 3 };

static const enum pmm_domain all[DOMAINS] = {PMM_DOMAIN_RAW, PMM_DOMAIN_MEM,
                                             PMM_DOMAIN_OBJ};
static const char *const all_names[DOMAINS] = {"raw", "mem", "obj"};

static struct cell *take(struct pmm_test *t, enum pmm_domain domain,
                         size_t size) {
  return hold(t, domain, OPS->domain_malloc(RT, domain, size));
}

/* 1 when two requests for 0 bytes bring two blocks. */
static int zero_blocks_are_unique(struct pmm_test *t, enum pmm_domain domain) {
  void *a = OPS->domain_malloc(RT, domain, 0);
  void *b = OPS->domain_malloc(RT, domain, 0);
  int unique = a != NULL && b != NULL && a != b;
  OPS->domain_free(RT, domain, a);
  OPS->domain_free(RT, domain, b);
  return unique;
}

/* "Raw, mem and object domains each offer malloc, calloc, realloc and free
 * with identical zero-size, null and failure rules." */
MUST(dom, three_domains_have_the_same_rules, "Three domains, the same rules",
     REQ("DOM-001"), NEEDS(domains)) {
  for (int i = 0; i < DOMAINS; i++) {
    now_at(t, "domain %s", all_names[i]);
    enum pmm_domain d = all[i];
    expect(take(t, d, 0)->block != take(t, d, 0)->block);
    OPS->domain_free(RT, d, NULL);
    struct cell *zeroed = hold(t, d, OPS->domain_calloc(RT, d, 7, 9));
    expect(all_bytes_are(zeroed->block, 63, 0));
    expect(hold(t, d, OPS->domain_calloc(RT, d, 0, 9))->block !=
           hold(t, d, OPS->domain_calloc(RT, d, 9, 0))->block);
    expect(hold(t, d, OPS->domain_realloc(RT, d, NULL, 0))->block !=
           take(t, d, 0)->block);
    struct cell *grown = hold(t, d, OPS->domain_realloc(RT, d, NULL, 10));
    memset(grown->block, 0x5a, 10);
    expect(OPS->domain_realloc(RT, d, grown->block, SIZE_MAX) == NULL);
    grown->block = BLOCK(OPS->domain_realloc(RT, d, grown->block, 2000));
    expect(all_bytes_are(grown->block, 10, 0x5a));
    grown->block = BLOCK(OPS->domain_realloc(RT, d, grown->block, 0));
    expect(OPS->domain_malloc(RT, d, (size_t)PTRDIFF_MAX + 1) == NULL);
    expect(OPS->domain_calloc(RT, d, SIZE_MAX / 2, 4) == NULL);
  }
}

/* ---- hooks -------------------------------------------------------------- */

/** Hooks that count and pass on. */
struct hooks {
  enum pmm_domain domain;
  struct pmm_domain_allocator below;
  struct pmm_domain_allocator mine;
  int mallocs, callocs, reallocs, frees;
  size_t watched;      /* requests of so many bytes are counted apart       */
  int watched_calls;
  int refuses_zero;    /* 0 bytes bring NULL                                */
};

static void watch(struct hooks *h, size_t size) {
  h->watched_calls += size == h->watched;
}

static void *hook_malloc(void *ctx, size_t size) {
  struct hooks *h = ctx;
  h->mallocs++;
  watch(h, size);
  return size == 0 && h->refuses_zero ? NULL
                                      : h->below.malloc(h->below.ctx, size);
}

static void *hook_calloc(void *ctx, size_t n, size_t size) {
  struct hooks *h = ctx;
  h->callocs++;
  watch(h, n * size);
  return h->below.calloc(h->below.ctx, n, size);
}

static void *hook_realloc(void *ctx, void *block, size_t size) {
  struct hooks *h = ctx;
  h->reallocs++;
  watch(h, size);
  return h->below.realloc(h->below.ctx, block, size);
}

static void hook_free(void *ctx, void *block) {
  struct hooks *h = ctx;
  h->frees++;
  h->below.free(h->below.ctx, block);
}

static void unhook(struct pmm_test *t, void *subject) {
  struct hooks *h = subject;
  (void)OPS->domain_set(RT, h->domain, &h->below);
}

static struct hooks *hook(struct pmm_test *t, enum pmm_domain domain) {
  struct hooks *h = SCRATCH(struct hooks);
  h->domain = domain;
  h->mine = (struct pmm_domain_allocator){h, hook_malloc, hook_calloc,
                                          hook_realloc, hook_free};
  OPS->domain_get(RT, domain, &h->below);
  expect_ok(OPS->domain_set(RT, domain, &h->mine));
  defer(t, unhook, h);
  return h;
}

static int calls(const struct hooks *h) {
  return h->mallocs + h->callocs + h->reallocs + h->frees;
}

/* One malloc, calloc and realloc, two frees. */
static void use(struct pmm_test *t, enum pmm_domain domain) {
  struct cell *a = take(t, domain, 20);
  struct cell *b = hold(t, domain, OPS->domain_calloc(RT, domain, 3, 10));
  a->block = BLOCK(OPS->domain_realloc(RT, domain, a->block, 40));
  free_cell(t, a);
  free_cell(t, b);
}

static int is_same(const struct pmm_domain_allocator *a,
                   const struct pmm_domain_allocator *b) {
  return a->ctx == b->ctx && a->malloc == b->malloc &&
         a->calloc == b->calloc && a->realloc == b->realloc &&
         a->free == b->free;
}

/* "Getting a domain's allocator returns exactly what was set, context pointer
 * included, and every hook call receives that context." */
MUST(dom, get_returns_what_was_set, "Get and set are symmetric",
     REQ("DOM-002"), NEEDS(domains, alloc_hook)) {
  for (int i = 0; i < DOMAINS; i++) {
    now_at(t, "domain %s", all_names[i]);
    struct pmm_domain_allocator got;
    struct hooks *h = hook(t, all[i]);
    OPS->domain_get(RT, all[i], &got);
    expect(is_same(&got, &h->mine));
    int before = calls(h);
    use(t, all[i]);
    expect_eq(calls(h) - before, 5);
    unhook(t, h);
    OPS->domain_get(RT, all[i], &got);
    expect(is_same(&got, &h->below));
  }
}

/* "A counting hook on the object domain sees each object-domain call once and
 * no call of the other domains." */
MUST(dom, hooks_see_their_domain_only, "A hook sees every call of its domain",
     REQ("DOM-003"), NEEDS(domains, alloc_hook)) {
  for (int i = 0; i < DOMAINS; i++) {
    now_at(t, "domain %s", all_names[i]);
    struct hooks *h = hook(t, all[i]);
    use(t, all[(i + 1) % DOMAINS]);
    use(t, all[(i + 2) % DOMAINS]);
    expect_eq(calls(h), 0);
    use(t, all[i]);
    expect_eq(h->mallocs, 1);
    expect_eq(h->callocs, 1);
    expect_eq(h->reallocs, 1);
    expect_eq(h->frees, 2);
    unhook(t, h);
  }
}

/* "Getting a domain's allocator returns exactly what was set, context pointer
 * included, and every hook call receives that context."  "A counting hook on
 * the object domain sees each object-domain call once and no call of the other
 * domains."  All three at once. */
MUST(dom, hooks_keep_their_contexts, "Each hook gets its own context",
     REQ("DOM-002", "DOM-003"), NEEDS(domains, alloc_hook)) {
  struct hooks *h[DOMAINS];
  for (int i = 0; i < DOMAINS; i++) {
    h[i] = hook(t, all[i]);
  }
  for (int i = 0; i < DOMAINS; i++) {
    now_at(t, "domain %s", all_names[i]);
    struct pmm_domain_allocator got;
    OPS->domain_get(RT, all[i], &got);
    expect(is_same(&got, &h[i]->mine));
    int before[DOMAINS] = {calls(h[0]), calls(h[1]), calls(h[2])};
    use(t, all[i]);
    for (int k = 0; k < DOMAINS; k++) {
      expect_eq(calls(h[k]) - before[k], k == i ? 5 : 0);
    }
  }
}

/* "A counting hook on the object domain sees each object-domain call once and
 * no call of the other domains."  So do hooks over hooks. */
MUST(dom, hooks_stack, "Hooks can be stacked", REQ("DOM-003"),
     NEEDS(domains, alloc_hook)) {
  struct hooks *inner = hook(t, PMM_DOMAIN_MEM);
  struct hooks *outer = hook(t, PMM_DOMAIN_MEM);
  use(t, PMM_DOMAIN_MEM);
  expect_eq(calls(inner), 5);
  expect_eq(calls(outer), 5);
  unhook(t, outer);
  use(t, PMM_DOMAIN_MEM);
  expect_eq(calls(inner), 10);
  expect_eq(calls(outer), 5);
}

/* "Restoring the previous allocator stops counting and blocks obtained
 * through a pass-through hook can be freed afterwards." */
MUST(dom, unhooking_restores, "Unhooking restores behaviour",
     REQ("DOM-004"), NEEDS(domains, alloc_hook)) {
  for (int i = 0; i < DOMAINS; i++) {
    now_at(t, "domain %s", all_names[i]);
    struct cell *older = take(t, all[i], 700);
    struct hooks *h = hook(t, all[i]);
    struct cell *small = take(t, all[i], 30);
    struct cell *large = take(t, all[i], 3000);
    memset(small->block, 0x5a, 30);
    free_cell(t, older);
    int seen = calls(h);
    unhook(t, h);
    expect(all_bytes_are(small->block, 30, 0x5a));
    free_cell(t, small);
    free_cell(t, large);
    use(t, all[i]);
    expect_eq(calls(h), seen);
  }
}

/* "A request larger than the maximum signed size fails in every domain without
 * calling the underlying allocator." */
MUST(pool, oversized_requests_reach_no_allocator,
     "More than the signed maximum never reaches the allocator",
     REQ("POOL-015"),
     NEEDS(domains, alloc_hook)) {
  const size_t sizes[] = {(size_t)PTRDIFF_MAX + 1, SIZE_MAX};
  for (int i = 0; i < DOMAINS; i++) {
    now_at(t, "domain %s", all_names[i]);
    struct cell *cell = take(t, all[i], 40);
    memset(cell->block, 0x5a, 40);
    struct hooks *h = hook(t, all[i]);
    for (int k = 0; k < 2; k++) {
      expect(OPS->domain_malloc(RT, all[i], sizes[k]) == NULL);
      expect(OPS->domain_calloc(RT, all[i], 1, sizes[k]) == NULL);
      expect(OPS->domain_calloc(RT, all[i], sizes[k], 1) == NULL);
      expect(OPS->domain_realloc(RT, all[i], NULL, sizes[k]) == NULL);
      expect(OPS->domain_realloc(RT, all[i], cell->block, sizes[k]) == NULL);
    }
    expect_eq(calls(h), 0);
    unhook(t, h);
    expect(all_bytes_are(cell->block, 40, 0x5a));
  }
}

/* "The suite rejects an alternative backend that returns null or equal
 * pointers for zero-size requests."  Here, what the cases above demand is seen
 * to be noticed; that the suite rejects such a backend, the test
 * backend-check-broken shows. */
MUST(dom, zero_size_blocks_are_demanded,
     "A hook that returns null for 0 bytes is noticed",
     REQ("DOM-005"), NEEDS(domains, alloc_hook),
     OOM_EXEMPT("a failed allocation brings the NULL that is to be noticed")) {
  struct hooks *h = hook(t, PMM_DOMAIN_MEM);
  expect(zero_blocks_are_unique(t, PMM_DOMAIN_MEM));
  h->refuses_zero = 1;
  expect(!zero_blocks_are_unique(t, PMM_DOMAIN_MEM));
}

/* "A list's item array is obtained from the mem domain while the list object
 * is an object-domain block." */
MUST(dom, item_arrays_are_mem, "Item arrays live in the mem domain",
     REQ("DOM-008"), NEEDS(domains, alloc_hook, list)) {
  enum { LISTS = 200, ITEMS = 25 };
  quiet(t);
  OPS->caches_flush(RT);
  struct hooks *mem = hook(t, PMM_DOMAIN_MEM);
  struct hooks *object = hook(t, PMM_DOMAIN_OBJ);
  mem->watched = object->watched = ITEMS * sizeof(void *);
  for (int i = 0; i < LISTS; i++) {
    (void)NEW(OPS->list_new(RT, ITEMS));
  }
  int arrays = mem->watched_calls;
  int arrays_elsewhere = object->watched_calls;
  int objects = object->mallocs + object->callocs;
  expect_eq(arrays, LISTS);
  expect_eq(arrays_elsewhere, 0);
  expect_ge(objects, LISTS / 2); /* CPython keeps 80 dead ones */
  pmm_obj *list = empty_list(t);
  int resizes = mem->mallocs + mem->reallocs;
  int unmoved = calls(object);
  for (int i = 0; i < 20; i++) {
    (void)OPS->list_append(RT, list, OPS->none(RT));
  }
  expect_gt(mem->mallocs + mem->reallocs, resizes);
  expect_eq(calls(object), unmoved);
}

/* ---- arenas ------------------------------------------------------------- */

enum { BLOCK_BYTES = 256 };

/* Bytes that the C library's malloc has given out, as far as it tells. */
static uint64_t library_bytes(void) {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}

/* 1 when the C library counts what malloc gives: it does not where another
 * malloc stands before it, as sanitizers' and preloaded ones do. */
static int library_counts(struct pmm_test *t) {
  uint64_t before = library_bytes();
  (void)SCRATCH_ARRAY(char, BURST_BYTES);
  return library_bytes() >= before + BURST_BYTES;
}

/* "By default mem and object domains use the small-block pool (mem since 3.6)
 * and raw uses the C library." */
SHOULD(dom, raw_is_not_pooled, "Mem and object are pooled, raw is not",
       REQ("DOM-007"), NEEDS(domains, arena_hook),
       OOM_EXEMPT(MANY_BLOCKS)) {
  struct arenas *a = hook_arenas(t);
  int counts = library_counts(t);
  uint64_t before = library_bytes();
  struct burst *raw = burst(t, PMM_DOMAIN_RAW, BLOCK_BYTES, BURST_BYTES);
  expect_eq(a->taken, 0);
  expect(!counts || library_bytes() >= before + BURST_BYTES);
  free_burst(t, raw);
  free_burst(t, burst(t, PMM_DOMAIN_MEM, BLOCK_BYTES, BURST_BYTES));
  expect_gt(a->taken, 0);
  uint64_t taken = a->taken;
  free_burst(t, burst(t, PMM_DOMAIN_OBJ, BLOCK_BYTES, BURST_BYTES));
  expect_gt(a->taken, taken);
}

/* "Replacing the arena layer routes every arena acquire/release through the
 * hook with matching sizes and pointers." */
MUST(dom, arenas_go_through_the_hook, "The arena layer is replaceable",
     REQ("DOM-009"), NEEDS(domains, arena_hook)) {
  struct pmm_arena_allocator got;
  struct arenas *a = hook_arenas(t);
  OPS->arena_get(RT, &got);
  expect(got.ctx == a && got.alloc == take_arena && got.free == return_arena);
  struct burst *blocks = burst(t, PMM_DOMAIN_OBJ, BLOCK_BYTES, BURST_BYTES);
  expect_ge(a->taken, 2);
  size_t outside = 0;
  for (size_t i = 0; i < blocks->count; i++) {
    outside += (size_t)!lies_in_arena(a, blocks->block[i]);
  }
  free_burst(t, blocks);
  expect_gt(a->returned, 0);
  expect_lt(outside, blocks->count / 2); /* in arenas of before the hook    */
  expect_le(a->strangers, 1);
  expect_eq(a->taken - (a->returned - a->strangers), a->held);
}

/* "If no arena can be obtained, small requests fall back to the raw allocator
 * before failing." */
SHOULD(dom, without_arenas_raw_serves, "Without arenas the raw domain serves",
       REQ("OOM-011"), NEEDS(pool, domains, arena_hook),
       OOM_EXEMPT(MANY_BLOCKS)) {
  struct arenas *a = hook_arenas(t);
  a->refuse = 1;
  struct burst *b = burst(t, PMM_DOMAIN_OBJ, BLOCK_BYTES, BURST_BYTES);
  expect_eq(a->taken, 0);
  for (size_t i = 0; i < b->count; i++) {
    memset(b->block[i], 0x5a, BLOCK_BYTES);
  }
  a->refuse = 0;
  free_burst(t, b);
}
