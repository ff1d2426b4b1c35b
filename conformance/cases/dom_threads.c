/* SPDX-License-Identifier: MIT */
/*
 * cases/dom_threads.c - threads that do not hold the runtime: the raw domain
 * serves them, and the debug layer keeps them out of the others (requirements
 * DOM-006, DOM-014).
 *
 * Such a thread uses domain operations and its own worker, no word of case.h:
 * what it saw is judged when it was joined.
 */
#include <pthread.h>

#include "case.h"

enum { THREADS = 4, SLOTS = 64, BYTES_MAX = 300 };

/** A thread and its blocks; block i is full of its own byte. */
struct worker {
  struct pmm_test *t;
  pthread_t thread;
  int running;        /* 1: started and not joined                          */
  uint32_t calls;     /* so many it makes                                   */
  uint32_t random;
  unsigned char *blocks[SLOTS];
  size_t sizes[SLOTS];
  uint64_t live_blocks;
  uint64_t live_bytes;
  uint64_t refused;   /* requests that brought nothing                      */
  uint64_t damaged;   /* blocks that were not as they were left             */
};

static uint32_t next_random(struct worker *w) {
  w->random = w->random * 1664525u + 1013904223u;
  return w->random >> 8;
}

/* 1 when n bytes are all `value`. */
static int is_full_of(const unsigned char *bytes, size_t n,
                      unsigned char value) {
  return n == 0 ||
         (bytes[0] == value && memcmp(bytes, bytes + 1, n - 1) == 0);
}

static void fill(struct worker *w, size_t i, size_t size) {
  w->sizes[i] = size;
  memset(w->blocks[i], (int)i + 1, size);
}

static void check_block(struct worker *w, size_t i, size_t n) {
  w->damaged += !is_full_of(w->blocks[i], n, (unsigned char)(i + 1));
}

static void make(struct pmm_test *t, struct worker *w, size_t i, size_t size) {
  int zeroed = (next_random(w) & 1) != 0;
  w->blocks[i] = zeroed ? OPS->domain_calloc(RT, PMM_DOMAIN_RAW, size, 1)
                        : OPS->domain_malloc(RT, PMM_DOMAIN_RAW, size);
  if (w->blocks[i] == NULL) {
    w->refused++;
    return;
  }
  w->damaged += zeroed && !is_full_of(w->blocks[i], size, 0);
  w->live_blocks++;
  w->live_bytes += size;
  fill(w, i, size);
}

static void resize(struct pmm_test *t, struct worker *w, size_t i,
                   size_t size) {
  size_t kept = size < w->sizes[i] ? size : w->sizes[i];
  unsigned char *moved =
      OPS->domain_realloc(RT, PMM_DOMAIN_RAW, w->blocks[i], size);
  if (moved == NULL) {
    w->refused++;
    return;
  }
  w->blocks[i] = moved;
  check_block(w, i, kept);
  w->live_bytes += size - w->sizes[i];
  fill(w, i, size);
}

static void drop(struct pmm_test *t, struct worker *w, size_t i) {
  check_block(w, i, w->sizes[i]);
  w->live_blocks--;
  w->live_bytes -= w->sizes[i];
  OPS->domain_free(RT, PMM_DOMAIN_RAW, w->blocks[i]);
  w->blocks[i] = NULL;
}

static void *work(void *ctx) {
  struct worker *w = ctx;
  for (uint32_t call = 0; call < w->calls; call++) {
    size_t i = next_random(w) % SLOTS;
    size_t size = 1 + next_random(w) % BYTES_MAX;
    if (w->blocks[i] == NULL) {
      make(w->t, w, i, size);
    } else if ((next_random(w) & 1) != 0) {
      resize(w->t, w, i, size);
    } else {
      drop(w->t, w, i);
    }
  }
  return NULL;
}

static void join(struct worker *w) {
  for (int n = 0; n < THREADS; n++) {
    if (w[n].running) {
      (void)pthread_join(w[n].thread, NULL);
      w[n].running = 0;
    }
  }
}

/* Whatever is left is freed by a thread that did not make it. */
static void drop_all(struct pmm_test *t, void *subject) {
  struct worker *w = subject;
  join(w);
  for (int n = 0; n < THREADS; n++) {
    for (size_t i = 0; i < SLOTS; i++) {
      if (w[n].blocks[i] != NULL) {
        drop(t, &w[n], i);
      }
    }
  }
}

/* Threads at work; they are joined at the end of the case at the latest. */
static struct worker *start(struct pmm_test *t, uint32_t calls) {
  struct worker *w = SCRATCH_ARRAY(struct worker, THREADS);
  int started = 0;
  defer(t, drop_all, w);
  for (int n = 0; n < THREADS; n++) {
    w[n] = (struct worker){.t = t, .calls = calls, .random = (uint32_t)n};
    w[n].running = pthread_create(&w[n].thread, NULL, work, &w[n]) == 0;
    started += w[n].running;
  }
  expect_eq(started, THREADS);
  return w;
}

/* "Raw-domain functions may be called concurrently from threads that do not
 * hold the interpreter lock."  Meanwhile the one that does makes blocks and
 * objects. */
SHOULD(dom, raw_serves_threads, "The raw domain serves many threads at once",
       REQ("DOM-006"), NEEDS(domains, raw_threads),
       INEXACT("peak_bytes",
               "the peak of several threads is an upper bound"),
       OOM_EXEMPT("400,000 calls take too long for a round a failure")) {
  enum { CALLS = 100000, ROUNDS = 20000, SIZE = 100 };
  struct worker *w = start(t, CALLS);
  for (int i = 0; i < ROUNDS; i++) {
    enum pmm_domain domain = i % 2 != 0 ? PMM_DOMAIN_MEM : PMM_DOMAIN_OBJ;
    unsigned char *block = BLOCK(OPS->domain_malloc(RT, domain, SIZE));
    pmm_obj *number = NEW(OPS->float_new(RT, i));
    memset(block, i, SIZE);
    DROP(number);
    expect(is_full_of(block, SIZE, (unsigned char)i));
    OPS->domain_free(RT, domain, block);
  }
  join(w);
  for (int n = 0; n < THREADS; n++) {
    expect_gt(w[n].live_blocks, 0);
    expect_eq(w[n].refused, 0);
  }
  drop_all(t, w);
  for (int n = 0; n < THREADS; n++) {
    expect_eq(w[n].damaged, 0);
  }
}

static struct pmm_domain_stats raw_figures(struct pmm_test *t) {
  struct pmm_domain_stats stats = {.struct_size = sizeof stats};
  OPS->domain_stats(RT, PMM_DOMAIN_RAW, &stats);
  return stats;
}

/* "Raw-domain functions may be called concurrently from threads that do not
 * hold the interpreter lock."  None of their calls is lost to the figures. */
SHOULD(dom, raw_figures_know_threads,
       "Raw domain figures are exact with threads",
       REQ("DOM-006"), NEEDS(domains, raw_threads, domain_stats),
       INEXACT("peak_bytes",
               "the peak of several threads is an upper bound")) {
  enum { CALLS = 5000 };
  struct pmm_domain_stats before = raw_figures(t);
  uint64_t blocks = live_blocks(t);
  uint64_t bytes = live_bytes(t);
  uint64_t made_blocks = 0;
  uint64_t made_bytes = 0;
  struct worker *w = start(t, CALLS);
  join(w);
  for (int n = 0; n < THREADS; n++) {
    made_blocks += w[n].live_blocks;
    made_bytes += w[n].live_bytes;
  }
  expect_eq(raw_figures(t).live_blocks - before.live_blocks, made_blocks);
  expect_eq(raw_figures(t).live_bytes - before.live_bytes, made_bytes);
  expect_eq(live_blocks(t) - blocks, made_blocks);
  expect_eq(live_bytes(t) - bytes, made_bytes);
  drop_all(t, w);
  expect_eq(raw_figures(t).live_blocks, before.live_blocks);
  expect_eq(raw_figures(t).live_bytes, before.live_bytes);
}

/* ---- the debug layer ---------------------------------------------------- */

enum kind { MALLOC, CALLOC, REALLOC, FREE, KINDS };

/** A call that another thread makes. */
struct call {
  struct pmm_test *t;
  enum pmm_domain domain;
  enum kind kind;
  void *block; /* made by the case                                          */
};

static void *make_call(void *ctx) {
  const struct call *call = ctx;
  struct pmm_test *t = call->t;
  switch (call->kind) {
  case MALLOC:
    return OPS->domain_malloc(RT, call->domain, 40);
  case CALLOC:
    return OPS->domain_calloc(RT, call->domain, 1, 40);
  case REALLOC:
    return OPS->domain_realloc(RT, call->domain, call->block, 80);
  default:
    OPS->domain_free(RT, call->domain, call->block);
    return NULL;
  }
}

static void call_elsewhere(struct pmm_test *t, void *ctx) {
  struct call *call = ctx;
  pthread_t thread;
  call->t = t;
  call->block = BLOCK(OPS->domain_malloc(RT, call->domain, 40));
  expect_eq(pthread_create(&thread, NULL, make_call, call), 0);
  (void)pthread_join(thread, NULL);
}

/* "Mem and object calls without the interpreter lock held abort with a
 * message."  Raw calls do not. */
SHOULD(dom, the_lock_is_checked, "Mem and object calls need the lock",
       REQ("DOM-014"), NEEDS(domains, debug_hooks, lock_check),
       OPEN(PMM_OPEN_DEBUG),
       OOM_EXEMPT("a child process does not tell what failed in it")) {
  struct call *call = SCRATCH(struct call);
  for (int kind = 0; kind < KINDS; kind++) {
    call->kind = (enum kind)kind;
    call->domain = PMM_DOMAIN_MEM;
    const char *mem = dies_by_abort(t, call_elsewhere, call);
    expect(mem != NULL);
    expect(strstr(mem, "without holding") != NULL);
    call->domain = PMM_DOMAIN_OBJ;
    const char *object = dies_by_abort(t, call_elsewhere, call);
    expect(object != NULL);
    expect(strstr(object, "without holding") != NULL);
    call->domain = PMM_DOMAIN_RAW;
    survives(t, call_elsewhere, call);
  }
}
