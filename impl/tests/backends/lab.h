/* SPDX-License-Identifier: MIT */
/*
 * lab.h - what the pool's tests share: counting pages and a heap over them.
 */
#ifndef PMM_TESTS_BACKENDS_LAB_H
#define PMM_TESTS_BACKENDS_LAB_H

#include <string.h>

#include "host.h"
#include "pool/figures.h"
#include "pool/invariant.h"
#include "pool/pool.h"
#include "sanitize.h"
#include "tests/tap.h"

/** Pages that count arenas apart from tables, and refuse on request. */
struct lab_os {
  struct pmm_os os;
  uint64_t arenas_mapped;   /* maps of exactly 1 MiB                        */
  uint64_t arenas_unmapped;
  uint64_t odd_arenas;      /* maps aligned to 1 MiB of another size        */
  uint64_t held_bytes;      /* of everything                                */
  uint64_t maps;            /* of everything                                */
  uint64_t refuse_at;       /* 1: refuse the next map; 0: none              */
  int persist;              /* 1: and all that follow                       */
  uint64_t spread_bytes;    /* not 0: arenas lie that far apart             */
};

static void *lab_map(void *ctx, size_t size, size_t align) {
  struct lab_os *lab = ctx;
  const struct pmm_os *host = pmmi_host_os();
  if (lab->refuse_at > 0 && --lab->refuse_at == 0) {
    lab->refuse_at = lab->persist ? 1 : 0;
    return NULL;
  }
  void *base = host->map(host->ctx, size + lab->spread_bytes, align);
  if (base == NULL) {
    return NULL;
  }
  if (lab->spread_bytes > 0) {
    host->unmap(host->ctx, (char *)base + size, lab->spread_bytes);
  }
  lab->maps++;
  lab->held_bytes += size;
  if (align == PMMI_POOL_ARENA_BYTES) {
    lab->arenas_mapped += size == PMMI_POOL_ARENA_BYTES;
    lab->odd_arenas += size != PMMI_POOL_ARENA_BYTES;
  }
  return base;
}

static void lab_unmap(void *ctx, void *base, size_t size) {
  struct lab_os *lab = ctx;
  const struct pmm_os *host = pmmi_host_os();
  /* Tables of that size exist too, but none is aligned like an arena often
   * enough to matter: the tests compare with the heap's own count. */
  lab->arenas_unmapped += size == PMMI_POOL_ARENA_BYTES;
  lab->held_bytes -= size;
  host->unmap(host->ctx, base, size);
}

static void lab_discard(void *ctx, void *base, size_t size) {
  (void)ctx;
  const struct pmm_os *host = pmmi_host_os();
  host->discard(host->ctx, base, size);
}

/** Counting pages that have counted nothing, as what a heap is opened with. */
static inline struct pmm_backend_config lab_config(struct lab_os *lab,
                                                   size_t quarantine) {
  *lab = (struct lab_os){.os = {.ctx = lab,
                                .map = lab_map,
                                .unmap = lab_unmap,
                                .discard = lab_discard}};
  return (struct pmm_backend_config){
      .struct_size = sizeof(struct pmm_backend_config),
      .os = &lab->os,
      .quarantine_bytes = quarantine};
}

/** A heap over counting pages. */
static inline struct pmmi_heap *lab_open(struct lab_os *lab) {
  struct pmm_backend_config config = lab_config(lab, 0);
  return pmmi_pool_open(&config);
}

/** Whether nothing is wrong; says what is. */
static inline int lab_sound(const char *wrong) {
  if (wrong != NULL) {
    printf("# does not hold: %s\n", wrong);
  }
  return wrong == NULL;
}

static inline int lab_valid(const struct pmmi_heap *heap) {
  return lab_sound(pmmi_pool_is_valid(heap));
}

/** Close it; 1 when every page came back. */
static inline int lab_close(struct pmmi_heap *heap, struct lab_os *lab) {
  pmmi_pool_close(heap);
  return lab->held_bytes == 0;
}

static inline struct pmm_backend_stats lab_stats(struct pmmi_heap *heap) {
  struct pmm_backend_stats stats = {.struct_size = sizeof stats};
  pmmi_pool_stats(heap, &stats);
  return stats;
}

/** Marsaglia's xorshift32; never 0. */
static inline uint32_t lab_random(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

#endif /* PMM_TESTS_BACKENDS_LAB_H */
