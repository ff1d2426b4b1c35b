/* SPDX-License-Identifier: MIT */
/*
 * kinds.h - the pool and the checked heap over it behind the contract, for
 * tests that ask the same of both.
 */
#ifndef PMM_TESTS_BACKENDS_KINDS_H
#define PMM_TESTS_BACKENDS_KINDS_H

#include "backends/pool.h"
#include "backends/pool_checked.h"
#include "lab.h"
#include "pool/checked.h"

/** One of the two. */
struct kind {
  const char *name; /* for the reader of a test                             */
  const struct pmm_backend *backend;
  const char *(*is_valid)(const void *heap);
  size_t quarantine; /* bytes that it keeps from reuse                      */
};

static const char *plain_is_valid(const void *heap) {
  return pmmi_pool_is_valid(heap);
}

static const char *checked_is_valid(const void *heap) {
  return pmmi_checked_is_valid(heap);
}

static const struct kind kinds[] = {
    {"the pool", &pmmi_backend_pool, plain_is_valid, 0},
    {"a checked heap", &pmmi_backend_pool_checked, checked_is_valid, 0},
    {"one with a quarantine", &pmmi_backend_pool_checked, checked_is_valid,
     4096}};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

/** A heap over counting pages. */
static inline void *kind_open(const struct kind *kind, struct lab_os *lab) {
  struct pmm_backend_config config = lab_config(lab, kind->quarantine);
  void *heap;
  tap_need(kind->backend->init(&config, &heap) == 0);
  return heap;
}

/** Close it; 1 when every page came back. */
static inline int kind_close(const struct kind *kind, void *heap,
                             struct lab_os *lab) {
  kind->backend->fini(heap);
  return lab->held_bytes == 0;
}

static inline uint64_t kind_live_blocks(const struct kind *kind, void *heap) {
  struct pmm_backend_stats stats = {.struct_size = sizeof stats};
  kind->backend->stats(heap, &stats);
  return stats.live_blocks;
}

#endif /* PMM_TESTS_BACKENDS_KINDS_H */
