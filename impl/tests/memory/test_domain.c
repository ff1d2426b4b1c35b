/* SPDX-License-Identifier: MIT */
/* test_domain.c - domains, hooks, arenas, sizes (domain.c, arenas.c). */
#include "tests/fixture.h"

/* ---- hooks that count ---------------------------------------------------- */

struct hooks {
  struct pmm_domain_allocator below;
  int calls;
  size_t last; /* size of the last request                                  */
};

static void *hook_malloc(void *ctx, size_t size) {
  struct hooks *h = ctx;
  h->calls++;
  h->last = size;
  return h->below.malloc(h->below.ctx, size);
}

static void *hook_calloc(void *ctx, size_t n, size_t size) {
  struct hooks *h = ctx;
  h->calls++;
  h->last = n * size;
  return h->below.calloc(h->below.ctx, n, size);
}

static void *hook_realloc(void *ctx, void *block, size_t size) {
  struct hooks *h = ctx;
  h->calls++;
  h->last = size;
  return h->below.realloc(h->below.ctx, block, size);
}

static void hook_free(void *ctx, void *block) {
  struct hooks *h = ctx;
  h->calls++;
  h->below.free(h->below.ctx, block);
}

static void hook(pmm_rt *rt, enum pmm_domain domain, struct hooks *h) {
  const struct pmm_domain_allocator mine = {h, hook_malloc, hook_calloc,
                                            hook_realloc, hook_free};
  memset(h, 0, sizeof *h);
  pmmi_domain_get(rt, domain, &h->below);
  (void)pmmi_domain_set(rt, domain, &mine);
}

static void unhook(pmm_rt *rt, enum pmm_domain domain, struct hooks *h) {
  (void)pmmi_domain_set(rt, domain, &h->below);
}

/* ---- tests --------------------------------------------------------------- */

static void test_plain(pmm_rt *rt) {
  struct pmm_memory before = fixture_memory(rt);
  for (int d = 0; d < PMMI_DOMAINS; d++) {
    enum pmm_domain domain = (enum pmm_domain)d;
    char *a = pmmi_domain_malloc(rt, domain, 100);
    char *b = pmmi_domain_calloc(rt, domain, 10, 5);
    struct pmm_memory with = fixture_memory(rt);
    tap_ok(with.live_bytes == before.live_bytes + 150 &&
               with.live_blocks == before.live_blocks + 2,
           "blocks of domain %d are counted", d);
    memset(a, 7, 100);
    a = pmmi_domain_realloc(rt, domain, a, 3000);
    tap_ok(a[0] == 7 && a[99] == 7, "a resize keeps bytes");
    tap_ok(fixture_memory(rt).live_bytes == before.live_bytes + 3050,
           "and is counted");
    tap_ok(b[0] == 0 && b[49] == 0, "calloc zeroes");
    pmmi_domain_free(rt, domain, a);
    pmmi_domain_free(rt, domain, b);
    pmmi_domain_free(rt, domain, NULL);
  }
}

/* A hook that takes over one function and leaves the others is one, too. */
static void test_single_hooks(pmm_rt *rt) {
  struct hooks h;
  memset(&h, 0, sizeof h);
  for (int d = 0; d < PMMI_DOMAINS; d++) {
    enum pmm_domain domain = (enum pmm_domain)d;
    pmmi_domain_get(rt, domain, &h.below);
    const struct pmm_domain_allocator each[] = {
        {h.below.ctx, h.below.malloc, h.below.calloc, h.below.realloc,
         hook_free},
        {h.below.ctx, h.below.malloc, h.below.calloc, hook_realloc,
         h.below.free},
        {h.below.ctx, h.below.malloc, hook_calloc, h.below.realloc,
         h.below.free},
        {h.below.ctx, hook_malloc, h.below.calloc, h.below.realloc,
         h.below.free}};
    int good = 1;
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
      struct pmm_domain_allocator now;
      good = pmmi_domain_set(rt, domain, &each[i]) == PMM_OK && good;
      pmmi_domain_get(rt, domain, &now);
      good = memcmp(&now, &each[i], sizeof now) == 0 && good;
      unhook(rt, domain, &h);
    }
    tap_ok(good, "each function of domain %d can be hooked alone", d);
  }
}

static void test_empty_blocks(pmm_rt *rt) {
  struct pmm_memory before = fixture_memory(rt);
  for (int d = 0; d < PMMI_DOMAINS; d++) {
    enum pmm_domain domain = (enum pmm_domain)d;
    struct hooks h;
    for (int hooked = 0; hooked <= 1; hooked++) {
      if (hooked) {
        hook(rt, domain, &h);
      }
      void *blocks[] = {pmmi_domain_calloc(rt, domain, 0, 5),
                        pmmi_domain_calloc(rt, domain, 5, 0),
                        pmmi_domain_malloc(rt, domain, 0)};
      int good = 1;
      for (size_t i = 0; i < 3; i++) {
        good = good && blocks[i] != NULL;
        pmmi_domain_free(rt, domain, blocks[i]);
      }
      tap_ok(good && fixture_is_back(rt, before),
             "domain %d has blocks of no bytes%s", d,
             hooked ? ", hooked too" : "");
      if (hooked) {
        unhook(rt, domain, &h);
      }
    }
  }
}

static void test_limits(pmm_rt *rt) {
  struct hooks h;
  hook(rt, PMM_DOMAIN_OBJ, &h);
  void *a = pmmi_domain_malloc(rt, PMM_DOMAIN_OBJ, 8);
  int calls = h.calls;
  tap_ok(pmmi_domain_malloc(rt, PMM_DOMAIN_OBJ, (size_t)PTRDIFF_MAX + 1) ==
             NULL,
         "more than PTRDIFF_MAX is refused");
  tap_ok(pmmi_domain_calloc(rt, PMM_DOMAIN_OBJ, SIZE_MAX / 2, 4) == NULL,
         "a product may not wrap");
  tap_ok(pmmi_domain_realloc(rt, PMM_DOMAIN_OBJ, a, SIZE_MAX) == NULL,
         "nor a resize go too far");
  tap_ok(h.calls == calls, "and no hook is asked");
  tap_ok(pmmi_domain_malloc(rt, PMM_DOMAIN_OBJ, PTRDIFF_MAX) == NULL &&
             pmmi_domain_realloc(rt, PMM_DOMAIN_OBJ, a, PTRDIFF_MAX) == NULL,
         "what the backend refuses is refused");
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, a);
  unhook(rt, PMM_DOMAIN_OBJ, &h);
}

static void test_zero(pmm_rt *rt) {
  struct hooks h;
  void *plain = pmmi_domain_malloc(rt, PMM_DOMAIN_MEM, 0);
  void *zeroed = pmmi_domain_calloc(rt, PMM_DOMAIN_MEM, 0, 8);
  hook(rt, PMM_DOMAIN_MEM, &h);
  h.last = 1;
  void *hooked = pmmi_domain_realloc(rt, PMM_DOMAIN_MEM, NULL, 0);
  tap_ok(h.last == 0, "hooks hear of 0 bytes");
  tap_ok(plain != NULL && zeroed != NULL && hooked != NULL &&
             plain != zeroed && zeroed != hooked && plain != hooked,
         "requests of 0 bytes are blocks");
  pmmi_domain_free(rt, PMM_DOMAIN_MEM, zeroed);
  unhook(rt, PMM_DOMAIN_MEM, &h);
  pmmi_domain_free(rt, PMM_DOMAIN_MEM, plain);
  pmmi_domain_free(rt, PMM_DOMAIN_MEM, hooked);
}

static void test_inject(pmm_rt *rt) {
  void *a = pmmi_domain_malloc(rt, PMM_DOMAIN_RAW, 16);
  void *b = pmmi_domain_malloc(rt, PMM_DOMAIN_OBJ, 16);
  pmmi_inject_arm(rt, 1, 1);
  tap_ok(pmmi_domain_malloc(rt, PMM_DOMAIN_RAW, 16) == NULL &&
             pmmi_domain_calloc(rt, PMM_DOMAIN_MEM, 1, 16) == NULL &&
             pmmi_domain_realloc(rt, PMM_DOMAIN_OBJ, NULL, 16) == NULL &&
             pmmi_domain_realloc(rt, PMM_DOMAIN_RAW, a, 32) == NULL &&
             pmmi_domain_realloc(rt, PMM_DOMAIN_OBJ, b, 32) == NULL,
         "all can be made to fail");
  a = pmmi_domain_realloc(rt, PMM_DOMAIN_RAW, a, 8);
  b = pmmi_domain_realloc(rt, PMM_DOMAIN_OBJ, b, 8);
  tap_ok(a != NULL && b != NULL, "shrinking is not injected");
  tap_ok(pmmi_inject_disarm(rt) == 5, "five failures are counted");
  pmmi_domain_free(rt, PMM_DOMAIN_RAW, a);
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, b);
}

/* Objects, item arrays and the tracer, with hooks coming and going. */
static void test_objects(pmm_rt *rt) {
  struct hooks object, mem;
  pmm_obj *older = fixture_range(rt, 0, 50);
  hook(rt, PMM_DOMAIN_OBJ, &object);
  hook(rt, PMM_DOMAIN_MEM, &mem);
  pmm_obj *list = fixture_range(rt, 1000, 1100);
  tap_ok(object.calls >= 100, "the ints come from the object domain");
  int calls = object.calls;
  tap_ok(pmmi_list_append(rt, list, older) == PMM_OK &&
             pmmi_list_pop(rt, list, 100) == older,
         "a list grows");
  tap_ok(object.calls == calls && mem.calls > 0, "in the mem domain");
  pmmi_release(rt, older);
  pmmi_release(rt, older);
  unhook(rt, PMM_DOMAIN_MEM, &mem);
  unhook(rt, PMM_DOMAIN_OBJ, &object);
  calls = object.calls + mem.calls;
  tap_ok(fixture_length(rt, list) == 100, "the list is whole");
  pmmi_release(rt, list);
  tap_ok(object.calls + mem.calls == calls, "no hook is called any more");
}

static void test_tracer(pmm_rt *rt) {
  struct hooks h;
  uint64_t current = 0;
  uint64_t peak = 0;
  tap_ok(pmmi_trace_start(rt) == PMM_OK, "the tracer starts");
  hook(rt, PMM_DOMAIN_OBJ, &h);
  void *a = pmmi_domain_malloc(rt, PMM_DOMAIN_OBJ, 100);
  void *b = pmmi_domain_malloc(rt, PMM_DOMAIN_RAW, 50);
  pmmi_trace_get(rt, &current, &peak);
  tap_ok(h.calls == 1 && current == 150, "hooks and tracer see both");
  pmmi_trace_stop(rt);
  void *c = pmmi_domain_malloc(rt, PMM_DOMAIN_OBJ, 100);
  tap_ok(h.calls == 2, "the hooks stay when the tracer goes");
  tap_ok(pmmi_trace_start(rt) == PMM_OK, "it starts over them");
  unhook(rt, PMM_DOMAIN_OBJ, &h);
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, a);
  pmmi_domain_free(rt, PMM_DOMAIN_RAW, b);
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, c);
  tap_ok(h.calls == 2, "hooks go from under it");
  pmmi_trace_stop(rt);
}

/* Blocks that the hooks hand out themselves, unknown to the operations. */
static void test_strangers(pmm_rt *rt) {
  struct pmm_domain_allocator base;
  pmmi_domain_get(rt, PMM_DOMAIN_OBJ, &base);
  char *block = base.malloc(base.ctx, 40);
  char *zeroed = base.calloc(base.ctx, 0, 0);
  struct pmm_memory before = fixture_memory(rt);
  memset(block, 7, 40);
  block = pmmi_domain_realloc(rt, PMM_DOMAIN_OBJ, block, 400);
  tap_ok(block != NULL && block[0] == 7 && block[39] == 7, "are resized");
  block = base.realloc(base.ctx, block, 1000);
  tap_ok(block != NULL && block[39] == 7, "by the hooks as well");
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, block);
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, zeroed);
  block = base.realloc(base.ctx, NULL, 0);
  base.free(base.ctx, block);
  tap_ok(fixture_is_back(rt, before), "and never counted");
}

/* ---- arenas -------------------------------------------------------------- */

enum { ARENA_BYTES = 1 << 20 };

static struct pmm_arena_allocator arenas_below;
static int arenas_refused;
static int arenas_crooked;
static int arenas_returned;

static void *crooked_alloc(void *ctx, size_t size) {
  (void)ctx;
  if (arenas_refused) {
    return NULL;
  }
  arenas_crooked++;
  char *base = arenas_below.alloc(arenas_below.ctx, size);
  return base != NULL ? base + 16 : NULL;
}

static void crooked_free(void *ctx, void *base, size_t size) {
  (void)ctx;
  arenas_returned++;
  arenas_below.free(arenas_below.ctx, (char *)base - 16, size);
}

static void test_arenas(pmm_rt *rt) {
  static const struct pmm_arena_allocator mine = {NULL, crooked_alloc,
                                                  crooked_free};
  enum { COUNT = 3 * ARENA_BYTES / 256 };
  static void *blocks[COUNT];
  pmmi_arena_get(rt, &arenas_below);
  if (arenas_below.alloc == NULL) {
    tap_ok(pmmi_arena_set(rt, &mine) == PMM_UNSUPPORTED &&
               fixture_failed(rt, PMM_UNSUPPORTED),
           "no arenas, no hook");
    return;
  }
  for (arenas_refused = 0; arenas_refused <= 1; arenas_refused++) {
    tap_ok(pmmi_arena_set(rt, &mine) == PMM_OK, "the hook is set");
    int got = 0;
    for (int i = 0; i < COUNT; i++) {
      blocks[i] = pmmi_domain_malloc(rt, PMM_DOMAIN_OBJ, 256);
      got += blocks[i] != NULL;
    }
    tap_ok(got == COUNT, "without arenas the C library serves");
    for (int i = 0; i < COUNT; i++) {
      pmmi_domain_free(rt, PMM_DOMAIN_OBJ, blocks[i]);
    }
    (void)pmmi_arena_set(rt, &arenas_below);
  }
  tap_ok(arenas_crooked > 0 && arenas_crooked == arenas_returned,
         "a misaligned arena goes back to the hook");
}

/* ---- memory that fails below everything ---------------------------------- */

static const struct pmm_backend *solid;
static uint64_t backend_left = UINT64_MAX; /* requests that succeed */

static int is_dry(void) { return backend_left == 0 || backend_left-- == 0; }

static void *dry_alloc(void *heap, size_t size) {
  return is_dry() ? NULL : solid->alloc(heap, size);
}

static void *dry_alloc_zero(void *heap, size_t n, size_t size) {
  return is_dry() ? NULL : solid->alloc_zero(heap, n, size);
}

static void *dry_table(void *ctx, size_t n, size_t size) {
  return is_dry() ? NULL : pmmi_raw_allocator.alloc_zero(ctx, n, size);
}

/* Blocks of a domain until the table of sizes cannot grow. */
static void test_dry(enum pmm_domain domain, uint64_t left) {
  char message[100];
  solid = pmmi_backend_find("libc", message, sizeof message);
  struct pmm_backend dry = *solid;
  dry.alloc = dry_alloc;
  dry.alloc_zero = dry_alloc_zero;
  struct pmm_open_config config = {.struct_size = sizeof config,
                                   .backend = &dry};
  pmm_rt *rt = NULL;
  tap_ok(pmmi_open(&config, &rt) == PMM_OK, "a backend that may run dry");
  pmmi_holder_of(rt)->tables.alloc_zero = dry_table;
  struct pmm_memory before = fixture_memory(rt);
  void *blocks[1000];
  int count = 0;
  backend_left = left;
  while (count < 1000 &&
         (blocks[count] = pmmi_domain_malloc(rt, domain, 8)) != NULL) {
    count++;
  }
  tap_ok(count == 128, "the second table of sizes is refused");
  tap_ok(pmmi_domain_realloc(rt, domain, NULL, 8) == NULL &&
             pmmi_domain_calloc(rt, domain, 1, 8) == NULL,
         "then nothing is handed out");
  void *moved = pmmi_domain_realloc(rt, domain, blocks[0], 8);
  tap_ok(moved != NULL, "what is there can be resized");
  blocks[0] = moved;
  backend_left = UINT64_MAX;
  while (count > 0) {
    pmmi_domain_free(rt, domain, blocks[--count]);
  }
  tap_ok(fixture_is_back(rt, before), "and nothing is lost");
  pmmi_close(rt);
}

static struct pmm_domain_stats figures_of(pmm_rt *rt, enum pmm_domain domain) {
  struct pmm_domain_stats stats = {.struct_size = sizeof stats};
  pmmi_domain_stats(rt, domain, &stats);
  return stats;
}

/* Requests of operations, arrays of lists and objects, each in its domain. */
static void test_figures(pmm_rt *rt) {
  struct pmm_domain_stats raw = figures_of(rt, PMM_DOMAIN_RAW);
  struct pmm_domain_stats mem = figures_of(rt, PMM_DOMAIN_MEM);
  struct pmm_domain_stats obj = figures_of(rt, PMM_DOMAIN_OBJ);
  void *block = pmmi_domain_malloc(rt, PMM_DOMAIN_RAW, 100);
  block = pmmi_domain_realloc(rt, PMM_DOMAIN_RAW, block, 300);
  tap_ok(figures_of(rt, PMM_DOMAIN_RAW).live_bytes == raw.live_bytes + 300 &&
             figures_of(rt, PMM_DOMAIN_RAW).live_blocks == raw.live_blocks + 1,
         "a block of 300 bytes counts in its domain");
  pmm_obj *list = pmmi_list_new(rt, 8);
  struct pmm_domain_stats arrays = figures_of(rt, PMM_DOMAIN_MEM);
  struct pmm_domain_stats objects = figures_of(rt, PMM_DOMAIN_OBJ);
  tap_ok(arrays.live_bytes == mem.live_bytes + 64 &&
             objects.live_bytes > obj.live_bytes &&
             objects.live_blocks == obj.live_blocks + 1,
         "a list counts among the objects, its array in mem");
  struct pmm_memory all = {.struct_size = sizeof all};
  pmmi_memory(rt, &all);
  tap_ok(all.live_bytes == figures_of(rt, PMM_DOMAIN_RAW).live_bytes +
                               arrays.live_bytes + objects.live_bytes,
         "the domains sum up to all that lives");
  pmmi_release(rt, list);
  pmmi_domain_free(rt, PMM_DOMAIN_RAW, block);
  tap_ok(figures_of(rt, PMM_DOMAIN_RAW).live_blocks == raw.live_blocks &&
             figures_of(rt, PMM_DOMAIN_MEM).live_bytes == mem.live_bytes,
         "and what goes, goes from its domain");
}

int main(void) {
  tap_plan(0);
  fixture_each("figures", test_figures);
  fixture_each("plain", test_plain);
  fixture_each("single hooks", test_single_hooks);
  fixture_each("empty blocks", test_empty_blocks);
  fixture_each("limits", test_limits);
  fixture_each("zero", test_zero);
  fixture_each("inject", test_inject);
  fixture_each("objects", test_objects);
  fixture_each("tracer", test_tracer);
  fixture_each("strangers", test_strangers);
  fixture_each("arenas", test_arenas);
  test_dry(PMM_DOMAIN_RAW, 1);
  test_dry(PMM_DOMAIN_MEM, 1 + 128);
  return tap_done();
}
