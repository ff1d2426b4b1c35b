/* SPDX-License-Identifier: MIT */
/*
 * memory.h - every block the runtime owns, counted and injectable.
 *
 *   1. All memory of a runtime comes through pmmi_alloc() and goes back
 *      through pmmi_free() with the size it was asked for, over one heap of
 *      one backend.  Sized frees spare the backend a look-up.
 *   2. Counting is a few additions on one cache line.  Figures that follow
 *      from others (allocations, live blocks) are computed when asked for.
 *   3. An armed failure is a number that `attempts` reaches, so that the hot
 *      path compares once, armed or not.
 *   4. Objects come from the object domain, what they own besides (arrays of
 *      items, tables, buffers) from the mem domain: pmmi_mem_alloc() and the
 *      like.  Each domain has functions of its own, so that it can be hooked
 *      alone, and the compiler knows which.
 *   5. A layer (tracing, hooks) puts its own four functions into `heap` and
 *      calls those it found there; without a layer it costs nothing.
 *
 *   6. The raw domain counts for itself (domain_raw.h), as any thread may use
 *      it; the counters here are of the thread that holds the runtime.
 *
 * Invariant: live_bytes is the sum of the sizes of all blocks of mem and
 * object given out and not given back; allocations of both = attempts -
 * refused - grown - elsewhere.
 *
 * Nothing here sets an error: NULL is the caller's to report.
 */
#ifndef PMMI_MEMORY_H
#define PMMI_MEMORY_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "pmm/types.h"

/** The functions that serve memory and are told the size of each block they
 *  resize or take back; `ctx` is the first argument of each. */
struct pmmi_allocator {
  void *ctx;
  void *(*alloc)(void *ctx, size_t size);
  void *(*alloc_zero)(void *ctx, size_t n, size_t size);
  void *(*realloc)(void *ctx, void *block, size_t old_size, size_t new_size);
  void (*free_sized)(void *ctx, void *block, size_t size);
  /** `count` blocks of one size; NULL: one by one. */
  void (*free_batch)(void *ctx, size_t size, size_t count, void **blocks);
};

/** How many domains there are: raw, mem, object. */
#define PMMI_DOMAINS 3

/** What lives of a domain. */
struct pmmi_domain_figures {
  uint64_t bytes;
  uint64_t blocks;
};

/** The first member of every runtime (memory_state.h asserts it). */
struct pmmi_memory {
  struct pmmi_allocator heap[PMMI_DOMAINS]; /* each domain's outermost layer */
  uint64_t attempts;        /* requests and growing resizes, failed or not  */
  uint64_t fail_at;         /* attempts from this number on are refused     */
  uint64_t live_bytes;      /* bytes of live blocks                         */
  uint64_t peak_bytes;      /* most live_bytes since the peaks were joined  */
  uint64_t requested_bytes; /* sum of successful requests and resizes       */
  uint64_t frees;           /* blocks given back                            */
  uint64_t objects;         /* live objects; kept by who makes and frees    */
  uint64_t refused;         /* attempts that got no memory                  */
  uint64_t grown;           /* successful growing resizes                   */
  uint64_t resizes;         /* all successful resizes                       */
  uint64_t injected;        /* refusals since inject_arm                    */
  struct pmmi_domain_figures mem; /* of the mem domain: the rest is         */
                            /* objects, whose path stays short              */
  uint64_t elsewhere;       /* attempts that the raw domain counts           */
  uint64_t joint_peak_bytes; /* most bytes live in all domains before peaks */
                            /* were last joined                             */
  int persist;              /* 1: an armed failure stays                    */
  const struct pmm_backend *backend; /* constant for the runtime's life     */
  void *backend_heap;                /* made by backend->init               */
  struct pmmi_allocator bottom; /* the backend itself: for tables of layers */
};

/** The memory of a runtime: its first member. */
static inline struct pmmi_memory *pmmi_memory_of(pmm_rt *rt) {
  return (struct pmmi_memory *)(void *)rt;
}

/** Slow path of an attempt at or beyond fail_at: counts the refusal and, for
 *  a failure that is to happen once, disarms it. */
void pmmi_memory_refuse(struct pmmi_memory *memory);

/** Successful requests of mem and object. */
static inline uint64_t pmmi_memory_allocations(const struct pmmi_memory *m) {
  return m->attempts - m->refused - m->grown - m->elsewhere;
}

/** Blocks of mem and object given out and not given back. */
static inline uint64_t pmmi_memory_live_blocks(const struct pmmi_memory *m) {
  return pmmi_memory_allocations(m) - m->frees;
}

/** Count a successful resize. */
void pmmi_memory_resized(struct pmmi_memory *memory, enum pmm_domain domain,
                         size_t old_size, size_t new_size);

/** Count a block of `size` bytes that is live no more. */
static inline void pmmi_memory_uncount(struct pmmi_memory *m,
                                       enum pmm_domain domain, size_t size) {
  assert(m->live_bytes >= size);
  m->live_bytes -= size;
  m->frees++;
  if (domain != PMM_DOMAIN_OBJ) {
    m->mem.bytes -= size;
    m->mem.blocks--;
  }
}

/** Count bytes that are requested. */
static inline void pmmi_memory_request(struct pmmi_memory *m, size_t size) {
  m->requested_bytes += size;
  m->live_bytes += size;
  if (m->live_bytes > m->peak_bytes) {
    m->peak_bytes = m->live_bytes;
  }
}

/** Count a block of `size` bytes that is live now. */
static inline void pmmi_memory_count(struct pmmi_memory *m,
                                     enum pmm_domain domain, size_t size) {
  pmmi_memory_request(m, size);
  if (domain != PMM_DOMAIN_OBJ) {
    m->mem.bytes += size;
    m->mem.blocks++;
  }
}

/** A block of `size` > 0 bytes, contents unspecified.  NULL: no memory.
 *  `domain` is a constant wherever this is used. */
static inline void *pmmi_alloc_in(pmm_rt *rt, enum pmm_domain domain,
                                  size_t size) {
  struct pmmi_memory *m = pmmi_memory_of(rt);
  assert(size > 0);
  if (__builtin_expect(m->attempts++ >= m->fail_at, 0)) {
    pmmi_memory_refuse(m);
    return NULL;
  }
  void *block = m->heap[domain].alloc(m->heap[domain].ctx, size);
  if (__builtin_expect(block == NULL, 0)) {
    m->refused++;
    return NULL;
  }
  pmmi_memory_count(m, domain, size);
  return block;
}

static inline void *pmmi_alloc(pmm_rt *rt, size_t size) {
  return pmmi_alloc_in(rt, PMM_DOMAIN_OBJ, size);
}

static inline void *pmmi_mem_alloc(pmm_rt *rt, size_t size) {
  return pmmi_alloc_in(rt, PMM_DOMAIN_MEM, size);
}

/** The same with every byte zero. */
void *pmmi_alloc_zero(pmm_rt *rt, size_t size);
void *pmmi_mem_alloc_zero(pmm_rt *rt, size_t size);

/** Resize a block, keeping the common bytes.  NULL: no memory, and the block
 *  is unchanged; only a growing resize can be injected, but a shrinking one
 *  may fail too.  pmmi_realloc(rt, NULL, 0, n) is pmmi_alloc(rt, n). */
void *pmmi_realloc(pmm_rt *rt, void *block, size_t old_size, size_t new_size);
void *pmmi_mem_realloc(pmm_rt *rt, void *block, size_t old_size,
                       size_t new_size);

/** Give back a block with the size it was last requested with.  NULL is
 *  ignored.  Cannot fail. */
static inline void pmmi_free_in(pmm_rt *rt, enum pmm_domain domain,
                                void *block, size_t size) {
  struct pmmi_memory *m = pmmi_memory_of(rt);
  if (block != NULL) {
    pmmi_memory_uncount(m, domain, size);
    m->heap[domain].free_sized(m->heap[domain].ctx, block, size);
  }
}

static inline void pmmi_free(pmm_rt *rt, void *block, size_t size) {
  pmmi_free_in(rt, PMM_DOMAIN_OBJ, block, size);
}

static inline void pmmi_mem_free(pmm_rt *rt, void *block, size_t size) {
  pmmi_free_in(rt, PMM_DOMAIN_MEM, block, size);
}

/** Give back `count` blocks of objects, all of `size` bytes. */
static inline void pmmi_free_many(pmm_rt *rt, void **blocks, size_t count,
                                  size_t size) {
  struct pmmi_memory *m = pmmi_memory_of(rt);
  const struct pmmi_allocator *heap = &m->heap[PMM_DOMAIN_OBJ];
  assert(m->live_bytes >= size * count);
  m->live_bytes -= size * count;
  m->frees += count;
  if (heap->free_batch != NULL) {
    heap->free_batch(heap->ctx, size, count, blocks);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    heap->free_sized(heap->ctx, blocks[i], size);
  }
}

/** Sum a * b + c without wrapping: 1 when it fits in PTRDIFF_MAX, with the
 *  result in *size; else 0. */
static inline int pmmi_size_fits(size_t a, size_t b, size_t c, size_t *size) {
  return !__builtin_mul_overflow(a, b, size) &&
         !__builtin_add_overflow(*size, c, size) && *size <= PTRDIFF_MAX;
}

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

void pmmi_memory_reset_peak(pmm_rt *rt);
void pmmi_domain_stats(pmm_rt *rt, enum pmm_domain domain,
                       struct pmm_domain_stats *out);
void pmmi_inject_arm(pmm_rt *rt, uint64_t nth, int persist);
uint64_t pmmi_inject_disarm(pmm_rt *rt);

/* ---- life ---------------------------------------------------------------- */

/** Serve `memory` from a heap of `backend` that init() made. */
void pmmi_memory_init(struct pmmi_memory *memory,
                      const struct pmm_backend *backend, void *backend_heap);

#endif /* PMMI_MEMORY_H */
