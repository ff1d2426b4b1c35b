/* SPDX-License-Identifier: MIT */
/*
 * test_threads.c - threads that use the raw domain while one thread holds the
 * runtime (domain_raw.c, holder.c, and what of debug.c and trace.c they reach).
 *
 * Meson builds it a second time under ThreadSanitizer, with all of the
 * runtime; argument 1 is the number of calls a thread makes.
 */
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/child.h"
#include "code/call_on_stack.h"
#include "tests/fixture.h"

enum { THREADS = 4, SLOTS = 64, BYTES_MAX = 300 };

static uint32_t calls = 10000;

/* ---- workers ------------------------------------------------------------- */

/** A thread and its blocks; block i is full of i + 1. */
struct worker {
  pmm_rt *rt;
  pthread_t thread;
  uint32_t random;
  unsigned char *blocks[SLOTS];
  size_t sizes[SLOTS];
  uint64_t live_bytes, live_blocks, made, freed, resized, requested;
  uint64_t wrong; /* refused requests, and blocks not as they were left     */
};

static uint32_t next_random(struct worker *w) {
  w->random = w->random * 1664525u + 1013904223u;
  return w->random >> 8;
}

static int is_full_of(const unsigned char *bytes, size_t n, int value) {
  return bytes[0] == value && memcmp(bytes, bytes + 1, n - 1) == 0;
}

static void settle(struct worker *w, size_t i, unsigned char *block,
                   size_t size) {
  w->blocks[i] = block;
  w->sizes[i] = size;
  w->live_bytes += size;
  w->requested += size;
  memset(block, (int)i + 1, size);
}

static void make(struct worker *w, size_t i, size_t size) {
  unsigned char *block =
      (next_random(w) & 1) != 0
          ? pmmi_domain_calloc(w->rt, PMM_DOMAIN_RAW, 1, size)
          : pmmi_domain_malloc(w->rt, PMM_DOMAIN_RAW, size);
  if (block == NULL) {
    w->wrong++;
    return;
  }
  w->made++;
  w->live_blocks++;
  settle(w, i, block, size);
}

static void resize(struct worker *w, size_t i, size_t size) {
  size_t kept = size < w->sizes[i] ? size : w->sizes[i];
  unsigned char *moved =
      pmmi_domain_realloc(w->rt, PMM_DOMAIN_RAW, w->blocks[i], size);
  if (moved == NULL) {
    w->wrong++;
    return;
  }
  w->wrong += !is_full_of(moved, kept, (int)i + 1);
  w->resized++;
  w->live_bytes -= w->sizes[i];
  settle(w, i, moved, size);
}

static void drop(struct worker *w, size_t i) {
  w->wrong += !is_full_of(w->blocks[i], w->sizes[i], (int)i + 1);
  w->freed++;
  w->live_blocks--;
  w->live_bytes -= w->sizes[i];
  pmmi_domain_free(w->rt, PMM_DOMAIN_RAW, w->blocks[i]);
  w->blocks[i] = NULL;
}

static void *work(void *ctx) {
  struct worker *w = ctx;
  for (uint32_t call = 0; call < calls; call++) {
    size_t i = next_random(w) % SLOTS;
    size_t size = 1 + next_random(w) % BYTES_MAX;
    if (w->blocks[i] == NULL) {
      make(w, i, size);
    } else if ((next_random(w) & 1) != 0) {
      resize(w, i, size);
    } else {
      drop(w, i);
    }
  }
  return NULL;
}

static void *drop_rest(void *ctx) {
  struct worker *w = ctx;
  for (size_t i = 0; i < SLOTS; i++) {
    if (w->blocks[i] != NULL) {
      drop(w, i);
    }
  }
  return NULL;
}

static void start(struct worker *w, void *(*fn)(void *)) {
  for (int n = 0; n < THREADS; n++) {
    tap_need(pthread_create(&w[n].thread, NULL, fn, &w[n]) == 0);
  }
}

static struct worker join(struct worker *w) {
  struct worker sum = {.rt = NULL};
  for (int n = 0; n < THREADS; n++) {
    tap_need(pthread_join(w[n].thread, NULL) == 0);
    sum.live_bytes += w[n].live_bytes;
    sum.live_blocks += w[n].live_blocks;
    sum.made += w[n].made;
    sum.freed += w[n].freed;
    sum.resized += w[n].resized;
    sum.requested += w[n].requested;
    sum.wrong += w[n].wrong;
  }
  return sum;
}

static struct worker *workers(pmm_rt *rt) {
  static struct worker w[THREADS];
  memset(w, 0, sizeof w);
  for (int n = 0; n < THREADS; n++) {
    w[n].rt = rt;
    w[n].random = (uint32_t)n;
  }
  return w;
}

/* ---- what the holder does meanwhile -------------------------------------- */

/* Objects, arrays, blocks of all domains, collections. */
static int live_a_little(pmm_rt *rt) {
  pmm_obj *list = fixture_range(rt, 1000, 1050);
  pmm_obj *tuple = pmmi_tuple_new(rt, 3);
  char *mem = pmmi_domain_malloc(rt, PMM_DOMAIN_MEM, 70);
  char *raw = pmmi_domain_malloc(rt, PMM_DOMAIN_RAW, 70);
  int good = list != NULL && tuple != NULL && mem != NULL && raw != NULL &&
             pmmi_list_append(rt, list, list) == PMM_OK;
  if (mem != NULL) {
    memset(mem, 1, 70);
  }
  mem = pmmi_domain_realloc(rt, PMM_DOMAIN_MEM, mem, 700);
  raw = pmmi_domain_realloc(rt, PMM_DOMAIN_RAW, raw, 700);
  good = good && mem != NULL && mem[69] == 1 && raw != NULL;
  pmmi_domain_free(rt, PMM_DOMAIN_MEM, mem);
  pmmi_domain_free(rt, PMM_DOMAIN_RAW, raw);
  pmmi_xrelease(rt, tuple);
  pmmi_xrelease(rt, list); /* holds itself: for the collector */
  struct pmm_domain_stats stats = {.struct_size = sizeof stats};
  pmmi_domain_stats(rt, PMM_DOMAIN_RAW, &stats);
  return good;
}

static void live(pmm_rt *rt) {
  int good = 1;
  uint64_t found = 0;
  for (uint32_t i = 0; i < calls / 50; i++) {
    good = live_a_little(rt) && good;
  }
  tap_ok(good && pmmi_collect(rt, 2, &found) == PMM_OK,
         "the holder makes objects meanwhile");
}

/* ---- hammering ----------------------------------------------------------- */

/* Everybody at once; then other threads free what is left. */
static void hammer(pmm_rt *rt, const char *how) {
  struct pmm_memory before = fixture_memory(rt);
  struct worker *w = workers(rt);
  start(w, work);
  live(rt);
  struct worker sum = join(w);
  struct pmm_memory with = fixture_memory(rt);
  tap_ok(sum.wrong == 0 && sum.live_blocks > 0, "%s: every block is whole",
         how);
  tap_ok(with.live_blocks - before.live_blocks == sum.live_blocks &&
             with.live_bytes - before.live_bytes == sum.live_bytes,
         "%s: what lives is counted", how);
  start(w, drop_rest);
  sum = join(w);
  tap_ok(sum.wrong == 0 && sum.made == sum.freed && fixture_is_back(rt, before),
         "%s: other threads free it, and nothing is left", how);
}

static void test_plain(pmm_rt *rt) { hammer(rt, "plain"); }

/* Without the holder every figure is known. */
static void test_figures(pmm_rt *rt) {
  struct pmm_memory before = fixture_memory(rt);
  struct worker *w = workers(rt);
  start(w, work);
  struct worker sum = join(w);
  struct pmm_memory after = fixture_memory(rt);
  tap_ok(after.allocations - before.allocations == sum.made &&
             after.frees - before.frees == sum.freed,
         "allocations and frees are counted");
  tap_ok(after.reallocations - before.reallocations == sum.resized &&
             after.requested_bytes - before.requested_bytes == sum.requested,
         "resizes and bytes as well");
  tap_ok(after.peak_bytes >= after.live_bytes &&
             after.peak_bytes <= before.peak_bytes + THREADS * SLOTS *
                                                         BYTES_MAX,
         "the peak is in its bounds");
  start(w, drop_rest);
  (void)join(w);
}

static void test_traced(pmm_rt *rt) {
  uint64_t current = 0;
  uint64_t peak = 0;
  struct worker *w = workers(rt);
  struct pmm_site site[4];
  tap_need(pmmi_trace_start(rt) == PMM_OK &&
           pmmi_site_push(rt, "the holder's") == PMM_OK);
  start(w, work);
  live(rt);
  struct worker sum = join(w);
  pmmi_caches_flush(rt);
  pmmi_trace_get(rt, &current, &peak);
  tap_ok(sum.wrong == 0 && current == sum.live_bytes && peak >= current,
         "the tracer knows what lives");
  tap_ok(pmmi_trace_snapshot(rt, site, 4) == 1 && site[0].name[0] == '\0' &&
             site[0].blocks == sum.live_blocks,
         "at no site, as sites are the holder's");
  start(w, drop_rest);
  (void)join(w);
  pmmi_trace_get(rt, &current, &peak);
  tap_ok(current == 0, "and what is gone is forgotten");
  pmmi_site_pop(rt);
  pmmi_trace_stop(rt);
}

static atomic_int hook_calls;
static struct pmm_domain_allocator below;

static void *hook_malloc(void *ctx, size_t size) {
  (void)ctx;
  hook_calls++;
  return below.malloc(below.ctx, size);
}

static void *hook_calloc(void *ctx, size_t n, size_t size) {
  (void)ctx;
  hook_calls++;
  return below.calloc(below.ctx, n, size);
}

static void *hook_realloc(void *ctx, void *block, size_t size) {
  (void)ctx;
  hook_calls++;
  return below.realloc(below.ctx, block, size);
}

static void hook_free(void *ctx, void *block) {
  (void)ctx;
  hook_calls++;
  below.free(below.ctx, block);
}

static void test_hooked(pmm_rt *rt) {
  static const struct pmm_domain_allocator mine = {
      NULL, hook_malloc, hook_calloc, hook_realloc, hook_free};
  struct worker *w = workers(rt);
  hook_calls = 0;
  pmmi_domain_get(rt, PMM_DOMAIN_RAW, &below);
  (void)pmmi_domain_set(rt, PMM_DOMAIN_RAW, &mine);
  start(w, work);
  struct worker sum = join(w);
  tap_ok((uint64_t)hook_calls == sum.made + sum.freed + sum.resized,
         "hooks are called for each call of each thread");
  (void)pmmi_domain_set(rt, PMM_DOMAIN_RAW, &below);
  start(w, drop_rest);
  (void)join(w);
}

static void test_debugged(const char *backend, size_t quarantine_bytes,
                          const char *how) {
  char message[200];
  struct pmm_open_config config = {
      .struct_size = sizeof config,
      .backend = pmmi_backend_find(backend, message, sizeof message),
      .flags = PMM_OPEN_DEBUG,
      .quarantine_bytes = quarantine_bytes};
  pmm_rt *rt = NULL;
  tap_need(pmmi_open(&config, &rt) == PMM_OK);
  hammer(rt, how);
  tap_need(pmmi_trace_start(rt) == PMM_OK);
  hammer(rt, "traced as well");
  pmmi_trace_stop(rt);
  pmmi_close(rt);
}

/* ---- what is for the holder alone ---------------------------------------- */

static void *fail_to_fail(void *ctx) {
  struct worker *w = ctx;
  make(w, 0, 40);
  if (w->blocks[0] != NULL) {
    resize(w, 0, 80);
  }
  return NULL;
}

static void test_injected(pmm_rt *rt) {
  struct worker *w = workers(rt);
  pmmi_inject_arm(rt, 2, 0);
  start(w, fail_to_fail);
  struct worker sum = join(w);
  tap_ok(sum.made == THREADS && sum.resized == THREADS,
         "no request of another thread is made to fail");
  void *first = pmmi_domain_malloc(rt, PMM_DOMAIN_RAW, 8);
  void *second = pmmi_domain_malloc(rt, PMM_DOMAIN_RAW, 8);
  tap_ok(first != NULL && second == NULL && pmmi_inject_disarm(rt) == 1,
         "or counted as one");
  pmmi_domain_free(rt, PMM_DOMAIN_RAW, first);
  start(w, drop_rest);
  (void)join(w);
}

/* Blocks of every domain, on a thread that holds the runtime meanwhile. */
static enum pmm_status use_domains(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)ctx;
  (void)arg;
  for (int domain = 0; domain < PMMI_DOMAINS; domain++) {
    pmmi_domain_free(rt, (enum pmm_domain)domain,
                     pmmi_domain_malloc(rt, (enum pmm_domain)domain, 20));
  }
  return live_a_little(rt) ? PMM_OK : pmmi_fail(rt, PMM_RUNTIME, "no life");
}

static enum pmm_status nest(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  enum pmm_status status =
      pmmi_call_on_stack(rt, 1 << 18, use_domains, NULL);
  return status == PMM_OK ? use_domains(ctx, rt, arg) : status;
}

/* ---- without the runtime ------------------------------------------------- */

static void *call_mem(void *rt) {
  return pmmi_domain_malloc(rt, PMM_DOMAIN_MEM, 8);
}

static void *free_object_block(void *rt) {
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, NULL);
  return NULL;
}

static void *make_object(void *rt) { return pmmi_float_new(rt, 1.5); }

static void *free_raw_twice(void *rt) {
  void *block = pmmi_domain_malloc(rt, PMM_DOMAIN_RAW, 8);
  pmmi_domain_free(rt, PMM_DOMAIN_RAW, block);
  pmmi_domain_free(rt, PMM_DOMAIN_RAW, block);
  return NULL;
}

static void *call_raw(void *rt) {
  void *block = pmmi_domain_calloc(rt, PMM_DOMAIN_RAW, 1, 8);
  block = pmmi_domain_realloc(rt, PMM_DOMAIN_RAW, block, 80);
  pmmi_domain_free(rt, PMM_DOMAIN_RAW, block);
  return block;
}

/* What a child writes to stderr in which another thread calls `fn`; *aborted:
 * it ended so. */
static void text_of(pmm_rt *rt, void *(*fn)(void *rt), char *text,
                    size_t size, int *aborted) {
  int end;
  pid_t parent = getpid();
  pid_t child = pmmi_child_fork(&end);
  if (child == 0) {
    pthread_t thread;
    pmmi_child_bind(parent);
    (void)dup2(end, STDERR_FILENO);
    _exit(pthread_create(&thread, NULL, fn, rt) != 0 ||
          pthread_join(thread, NULL) != 0);
  }
  tap_need(child > 0);
  (void)pmmi_child_read(end, text, size);
  int status = pmmi_child_wait(child);
  *aborted = pmmi_child_signal(status) == SIGABRT;
  tap_need(*aborted || status == 0);
}

static const struct {
  const char *name;
  void *(*fn)(void *rt);
  const char *text; /* that it aborts with; NULL: it does not               */
} errands[] = {
    {"a mem block", call_mem, "domain 'm' called without holding"},
    {"a free of NULL", free_object_block, "domain 'o' called without holding"},
    {"an object", make_object, "domain 'o' called without holding"},
    {"a raw block freed twice", free_raw_twice, "double free"},
    {"raw blocks", call_raw, NULL},
};

static void test_errands(const char *backend) {
  pmm_rt *rt = fixture_open(backend, PMM_OPEN_DEBUG);
  for (size_t i = 0; i < sizeof errands / sizeof errands[0]; i++) {
    char text[4096];
    int aborted = 0;
    text_of(rt, errands[i].fn, text, sizeof text, &aborted);
    tap_ok(errands[i].text != NULL
               ? aborted && strstr(text, errands[i].text) != NULL
               : !aborted && text[0] == '\0',
           "%s by another thread over %s: %.60s", errands[i].name, backend,
           text[0] != '\0' ? text : "no fault\n");
  }
  tap_ok(pmmi_call_on_stack(rt, 1 << 18, nest, NULL) == PMM_OK &&
             live_a_little(rt),
         "a thread that runs for the runtime holds it");
  pmmi_close(rt);
}

int main(int argc, char **argv) {
  tap_plan(0);
  calls = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : calls;
  for (size_t i = 0; i < sizeof fixture_backends / sizeof(char *); i++) {
    test_errands(fixture_backends[i]); /* forks, so before any thread        */
  }
  fixture_each("plain", test_plain);
  fixture_each("figures", test_figures);
  fixture_each("traced", test_traced);
  fixture_each("hooked", test_hooked);
  fixture_each("injected", test_injected);
  for (size_t i = 0; i < sizeof fixture_backends / sizeof(char *); i++) {
    test_debugged(fixture_backends[i], 0, "debugged");
    test_debugged(fixture_backends[i], 5000, "with a short quarantine");
  }
  return tap_done();
}
