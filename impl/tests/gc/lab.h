/* SPDX-License-Identifier: MIT */
/*
 * lab.h - a runtime for the collector's tests, with a log of its events.
 *
 * A test opens a lab over the backend that the program was given, makes
 * objects, and ends it: what is alive then beyond what was alive at first
 * fails the test, and so does a heap whose invariants do not hold.
 */
#ifndef PMM_TEST_GC_LAB_H
#define PMM_TEST_GC_LAB_H

#include <stdlib.h>
#include <string.h>

#include "backends/registry.h"
#include "gc/gc.h"
#include "runtime/introspect.h"
#include "runtime/leaks.h"
#include "runtime/runtime.h"
#include "runtime/verify.h"
#include "tests/tap.h"
#include "types/finalizer.h"
#include "types/instance.h"
#include "types/list.h"
#include "types/tuple.h"
#include "types/weakmap.h"
#include "types/weakref.h"

#define LAB_LOG 4096

struct lab_event {
  enum pmm_event_kind kind;
  int64_t cookie;
  int64_t detail;
};

struct lab {
  pmm_rt *rt;
  struct pmm_memory before;       /* figures once it was open               */
  size_t count;                   /* events logged, also those not kept     */
  struct lab_event log[LAB_LOG];
};

static const struct pmm_backend *lab_backend;

/** Take the backend's name from the command line. */
static inline void lab_start(int argc, char **argv) {
  char message[200];
  pmmi_backend_prepare(argv);
  lab_backend =
      pmmi_backend_find(argc > 1 ? argv[1] : "pool", message, sizeof message);
  if (lab_backend == NULL) {
    fprintf(stderr, "%s\n", message);
    exit(1);
  }
  tap_plan(0);
}

static inline void lab_hear(void *ctx, enum pmm_event_kind kind,
                            int64_t cookie, int64_t detail) {
  struct lab *lab = ctx;
  if (lab->count < LAB_LOG) {
    lab->log[lab->count] = (struct lab_event){kind, cookie, detail};
  }
  lab->count++;
}

static inline struct pmm_memory lab_figures(pmm_rt *rt) {
  struct pmm_memory figures = {.struct_size = sizeof figures};
  pmmi_caches_flush(rt);
  pmmi_memory(rt, &figures);
  return figures;
}

static inline pmm_rt *lab_open(struct lab *lab, const char *mode,
                               uint32_t flags) {
  struct pmm_host host = {sizeof host, lab, lab_hear};
  struct pmm_open_config config = {.struct_size = sizeof config,
                                   .backend = lab_backend,
                                   .mode = mode,
                                   .host = &host,
                                   .flags = flags | PMM_OPEN_CHECKED};
  lab->count = 0;
  lab->rt = NULL;
  if (pmmi_open(&config, &lab->rt) != PMM_OK) {
    fprintf(stderr, "cannot open a runtime\n");
    exit(1);
  }
  lab->before = lab_figures(lab->rt);
  return lab->rt;
}

/** Everything made in the lab must be gone. */
static inline void lab_end(struct lab *lab, const char *name) {
  uint64_t found;
  (void)pmmi_collect(lab->rt, 2, &found);
  struct pmm_memory after = lab_figures(lab->rt);
  const char *wrong = pmmi_heap_verify(lab->rt);
  tap_ok(wrong == NULL, "%s: the heap is sound%s%s", name,
         wrong != NULL ? ", but " : "", wrong != NULL ? wrong : "");
  tap_ok(after.objects == lab->before.objects &&
             after.live_blocks == lab->before.live_blocks &&
             after.live_bytes == lab->before.live_bytes,
         "%s: nothing is left (%lld objects, %lld blocks, %lld bytes)", name,
         (long long)(after.objects - lab->before.objects),
         (long long)(after.live_blocks - lab->before.live_blocks),
         (long long)(after.live_bytes - lab->before.live_bytes));
  pmmi_close(lab->rt);
}

/** How often an event of this kind and cookie was logged; -1: any cookie. */
static inline size_t lab_times(const struct lab *lab,
                               enum pmm_event_kind kind, int64_t cookie) {
  size_t times = 0;
  for (size_t i = 0; i < lab->count && i < LAB_LOG; i++) {
    times += lab->log[i].kind == kind &&
             (cookie == -1 || lab->log[i].cookie == cookie);
  }
  return times;
}

/** Position of the first such event; LAB_LOG when there is none. */
static inline size_t lab_when(const struct lab *lab, enum pmm_event_kind kind,
                              int64_t cookie) {
  for (size_t i = 0; i < lab->count && i < LAB_LOG; i++) {
    if (lab->log[i].kind == kind && lab->log[i].cookie == cookie) {
      return i;
    }
  }
  return LAB_LOG;
}

/** A type of nodes with 2 slots that accept weak references. */
static inline pmm_obj *lab_type(pmm_rt *rt, uint32_t flags, pmm_fn finalizer,
                                void *ctx) {
  struct pmm_type_spec spec = {.struct_size = sizeof spec,
                               .name = "node",
                               .slots = 2,
                               .flags = flags,
                               .finalizer = finalizer,
                               .ctx = ctx};
  return pmmi_type_new(rt, &spec);
}

#define LAB_NODE (PMM_TYPE_GC | PMM_TYPE_WEAKREF)

static inline uint64_t lab_collect(pmm_rt *rt) {
  uint64_t found = 0;
  (void)pmmi_collect(rt, 2, &found);
  return found;
}

#endif /* PMM_TEST_GC_LAB_H */
