/* SPDX-License-Identifier: MIT */
/*
 * fixture.h - a runtime to test objects with, and the sweep of failures.
 *
 *   1. fixture_each() runs a test on a fresh runtime over each backend, and
 *      checks that the test gave back all it took.
 *   2. sweep() repeats one operation with its first, second, ... allocation
 *      failing, once and then persistently, until none fails any more.  After
 *      each failure the error is NO_MEMORY, the input reads and measures as
 *      before, and all blocks are back.
 */
#ifndef PMM_TEST_OBJECT_FIXTURE_H
#define PMM_TEST_OBJECT_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "backends/registry.h"
#include "runtime/introspect.h"
#include "runtime/leaks.h"
#include "runtime/runtime.h"
#include "runtime/verify.h"
#include "tests/tap.h"
#include "types/copy.h"
#include "types/text_builder.h"

static const char *const fixture_backends[] = {"pool", "libc"};

/** What happened, by kind; cookies in order. */
struct fixture_log {
  int64_t cookies[64];
  size_t finalized;    /* cookies of FINALIZED events                       */
  size_t deallocated;  /* DEALLOCATED events                                */
  size_t unraisable;   /* UNRAISABLE events                                 */
};

static struct fixture_log fixture_log;

static inline void fixture_event(void *ctx, enum pmm_event_kind kind,
                                 int64_t cookie, int64_t detail) {
  (void)ctx;
  (void)detail;
  if (kind == PMM_EVENT_FINALIZED && fixture_log.finalized < 64) {
    fixture_log.cookies[fixture_log.finalized] = cookie;
  }
  fixture_log.finalized += kind == PMM_EVENT_FINALIZED;
  fixture_log.deallocated += kind == PMM_EVENT_DEALLOCATED;
  fixture_log.unraisable += kind == PMM_EVENT_UNRAISABLE;
}

/** A runtime over a backend; exits when there is none. */
static inline pmm_rt *fixture_open(const char *backend, uint32_t flags) {
  char message[256] = "";
  static const struct pmm_host host = {.struct_size = sizeof host,
                                       .event = fixture_event};
  struct pmm_open_config config = {.struct_size = sizeof config,
                                   .host = &host,
                                   .flags = flags};
  config.backend = pmmi_backend_find(backend, message, sizeof message);
  pmm_rt *rt = NULL;
  if (config.backend == NULL || pmmi_open(&config, &rt) != PMM_OK) {
    printf("Bail out! no runtime over %s: %s\n", backend, message);
    exit(1);
  }
  memset(&fixture_log, 0, sizeof fixture_log);
  return rt;
}

static inline struct pmm_memory fixture_memory(pmm_rt *rt) {
  struct pmm_memory memory = {.struct_size = sizeof memory};
  pmmi_caches_flush(rt);
  pmmi_memory(rt, &memory);
  return memory;
}

/** 1 when blocks, bytes and objects are what they were. */
static inline int fixture_is_back(pmm_rt *rt, struct pmm_memory before) {
  struct pmm_memory after = fixture_memory(rt);
  if (after.live_blocks != before.live_blocks ||
      after.live_bytes != before.live_bytes ||
      after.objects != before.objects) {
    printf("# %lld blocks, %lld bytes, %lld objects too many\n",
           (long long)(after.live_blocks - before.live_blocks),
           (long long)(after.live_bytes - before.live_bytes),
           (long long)(after.objects - before.objects));
    return 0;
  }
  return 1;
}

/** Run `test` over each backend, checking that it leaves nothing. */
static inline void fixture_each(const char *name, void (*test)(pmm_rt *rt)) {
  for (size_t i = 0; i < sizeof fixture_backends / sizeof(char *); i++) {
    pmm_rt *rt = fixture_open(fixture_backends[i], PMM_OPEN_CHECKED);
    struct pmm_memory before = fixture_memory(rt);
    test(rt);
    tap_ok(pmmi_error(rt) == PMM_OK && fixture_is_back(rt, before),
           "%s over %s gives everything back", name, fixture_backends[i]);
    pmmi_close(rt);
  }
}

/* ---- short ways to objects ----------------------------------------------- */

static inline pmm_obj *fixture_str(pmm_rt *rt, const char *text) {
  return pmmi_str_new(rt, text, strlen(text));
}

/** 1 when the object prints as `text`. */
static inline int fixture_reads(pmm_rt *rt, pmm_obj *o, const char *text) {
  pmm_obj *repr = pmmi_repr(rt, o);
  size_t size = 0;
  const char *utf8 = repr != NULL ? pmmi_str_utf8(rt, repr, &size) : NULL;
  int same = utf8 != NULL && size == strlen(text) &&
             memcmp(utf8, text, size) == 0;
  if (!same) {
    printf("# reads %.200s, not %.200s\n", utf8 != NULL ? utf8 : "(error)",
           text);
  }
  pmmi_xrelease(rt, repr);
  return same;
}

/** 1 when a check of an invariant found nothing wrong. */
static inline int fixture_whole(const char *wrong) {
  if (wrong != NULL) {
    printf("# %s\n", wrong);
  }
  return wrong == NULL;
}

/** Release each of the objects named: FIXTURE_DROP(rt, copy, list). */
#define FIXTURE_DROP(rt, ...)                                                 \
  fixture_drop(rt, (pmm_obj *const[]){__VA_ARGS__},                           \
               sizeof((pmm_obj *const[]){__VA_ARGS__}) / sizeof(pmm_obj *))

static inline void fixture_drop(pmm_rt *rt, pmm_obj *const *objects,
                                size_t n) {
  for (size_t i = 0; i < n; i++) {
    pmmi_release(rt, objects[i]);
  }
}

/** A list of the ints from .. to-1. */
static inline pmm_obj *fixture_range(pmm_rt *rt, int64_t from, int64_t to) {
  pmm_obj *list = pmmi_list_new(rt, 0);
  for (int64_t i = from; i < to; i++) {
    pmm_obj *item = pmmi_int_new(rt, i);
    (void)pmmi_list_append(rt, list, item);
    pmmi_release(rt, item);
  }
  return list;
}

static inline size_t fixture_size(pmm_rt *rt, pmm_obj *o) {
  size_t bytes = 0;
  (void)pmmi_size_of(rt, o, &bytes);
  return bytes;
}

static inline size_t fixture_length(pmm_rt *rt, pmm_obj *o) {
  size_t length = 0;
  (void)pmmi_length(rt, o, &length);
  return length;
}

/** Clear the pending error; 1 when it was `status`. */
static inline int fixture_failed(pmm_rt *rt, enum pmm_status status) {
  int as_expected = pmmi_error(rt) == status;
  if (!as_expected) {
    printf("# error %d (%s), not %d\n", (int)pmmi_error(rt),
           pmmi_error_message(rt), (int)status);
  }
  pmmi_error_clear(rt);
  return as_expected;
}

/* ---- the sweep ----------------------------------------------------------- */

/** An operation under test: `make` gives the input, `run` does the operation
 *  on it, drops its results, and returns its status. */
struct sweep_case {
  const char *name;
  pmm_obj *(*make)(pmm_rt *rt);
  enum pmm_status (*run)(pmm_rt *rt, pmm_obj *input);
};

/** Drop the result of a run; its status. */
static inline enum pmm_status sweep_done(pmm_rt *rt, pmm_obj *result) {
  pmmi_xrelease(rt, result);
  return pmmi_error(rt);
}

/** Runs that most types are tried with. */
static inline enum pmm_status sweep_repr(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_repr(rt, o));
}

static inline enum pmm_status sweep_copy_deep(pmm_rt *rt, pmm_obj *o) {
  return sweep_done(rt, pmmi_copy_deep(rt, o));
}

/** How an object reads, for comparing; the caller frees it. */
static inline char *sweep_snapshot(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *repr = pmmi_repr(rt, o);
  size_t size = 0;
  const char *utf8 = repr != NULL ? pmmi_str_utf8(rt, repr, &size) : NULL;
  char *copy = malloc(size + 32);
  if (copy != NULL) {
    snprintf(copy, size + 32, "%s/%zu", utf8 != NULL ? utf8 : "",
             fixture_size(rt, o));
  }
  pmmi_xrelease(rt, repr);
  return copy;
}

/** One attempt with allocation `k` failing: 1 when it failed as it should, 0
 *  when nothing failed, -1 when something is wrong. */
static inline int sweep_attempt(pmm_rt *rt, const struct sweep_case *c,
                                uint64_t k, int persist) {
  struct pmm_memory before = fixture_memory(rt);
  pmm_obj *input = c->make(rt);
  char *reads = sweep_snapshot(rt, input);
  pmmi_caches_flush(rt);
  pmmi_inject_arm(rt, k, persist);
  enum pmm_status status = c->run(rt, input);
  uint64_t fired = pmmi_inject_disarm(rt);
  int good = status == (fired > 0 ? PMM_NO_MEMORY : PMM_OK) &&
             fixture_failed(rt, status);
  if (good && fired > 0) {
    char *after = sweep_snapshot(rt, input);
    good = strcmp(reads, after) == 0;
    if (!good) {
      printf("# was %.100s, is %.100s\n", reads, after);
    }
    free(after);
    good = c->run(rt, input) == PMM_OK && good;
  }
  free(reads);
  if (pmmi_is_list(input)) { /* it may contain itself */
    (void)pmmi_list_clear(rt, input);
  }
  pmmi_release(rt, input);
  good = fixture_is_back(rt, before) && good;
  if (!good) {
    printf("# %s, failure %llu%s: status %d\n", c->name,
           (unsigned long long)k, persist ? " and on" : "", (int)status);
  }
  return good ? fired > 0 : -1;
}

/** All failures of one operation; at least `least` of them must be met. */
static inline void sweep(pmm_rt *rt, const struct sweep_case *c,
                         uint64_t least) {
  for (int persist = 0; persist <= 1; persist++) {
    uint64_t k = 1;
    int result = 1;
    while ((result = sweep_attempt(rt, c, k, persist)) == 1) {
      k++;
    }
    tap_ok(result == 0 && k > least, "%s survives %llu failures%s", c->name,
           (unsigned long long)(k - 1), persist ? " that persist" : "");
  }
}

#endif /* PMM_TEST_OBJECT_FIXTURE_H */
