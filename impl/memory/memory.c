/* SPDX-License-Identifier: MIT */
/*
 * memory.c - the slow paths of memory.h, and the figures computed from it.
 *
 * Source: the counters are pmm/types.h's struct pmm_memory; failing the k-th
 * allocation for every k is SQLite's OOM test (sqlite.org/testing.html, 3.1).
 */
#include "memory/memory.h"

#include <string.h>

#include "memory/memory_state.h"

void pmmi_memory_init(struct pmmi_memory *memory,
                      const struct pmm_backend *backend, void *backend_heap) {
  assert(backend != NULL && backend->alloc != NULL);
  memset(memory, 0, sizeof *memory);
  assert(backend->realloc != NULL && backend->free_sized != NULL);
  memory->bottom = (struct pmmi_allocator){.ctx = backend_heap,
                                           .alloc = backend->alloc,
                                           .alloc_zero = backend->alloc_zero,
                                           .realloc = backend->realloc,
                                           .free_sized = backend->free_sized,
                                           .free_batch = backend->free_batch};
  for (int domain = 0; domain < PMMI_DOMAINS; domain++) {
    memory->heap[domain] = memory->bottom;
  }
  memory->fail_at = UINT64_MAX;
  memory->backend = backend;
  memory->backend_heap = backend_heap;
}

void pmmi_memory_refuse(struct pmmi_memory *memory) {
  assert(memory->attempts > memory->fail_at);
  memory->refused++;
  memory->injected++;
  if (!memory->persist) {
    memory->fail_at = UINT64_MAX;
  }
}

/* Inlined below, so that the domain is a constant. */
static inline void *alloc_zero_in(pmm_rt *rt, enum pmm_domain domain,
                                  size_t size) {
  struct pmmi_memory *m = pmmi_memory_of(rt);
  assert(size > 0);
  if (m->attempts++ >= m->fail_at) {
    pmmi_memory_refuse(m);
    return NULL;
  }
  void *block = m->heap[domain].alloc_zero(m->heap[domain].ctx, 1, size);
  if (block == NULL) {
    m->refused++;
    return NULL;
  }
  pmmi_memory_count(m, domain, size);
  return block;
}

void *pmmi_alloc_zero(pmm_rt *rt, size_t size) {
  return alloc_zero_in(rt, PMM_DOMAIN_OBJ, size);
}

void *pmmi_mem_alloc_zero(pmm_rt *rt, size_t size) {
  return alloc_zero_in(rt, PMM_DOMAIN_MEM, size);
}

void pmmi_memory_resized(struct pmmi_memory *m, enum pmm_domain domain,
                         size_t old_size, size_t new_size) {
  assert(new_size > 0);
  assert(m->live_bytes >= old_size);
  m->grown += (uint64_t)(new_size > old_size);
  m->resizes++;
  m->live_bytes -= old_size;
  pmmi_memory_request(m, new_size);
  if (domain != PMM_DOMAIN_OBJ) {
    m->mem.bytes += new_size - old_size;
  }
}

/* A growing resize counts as an attempt; a shrinking one does not, so that
 * releasing memory works while every attempt is refused. */
static inline void *realloc_in(pmm_rt *rt, enum pmm_domain domain, void *block,
                               size_t old_size, size_t new_size) {
  struct pmmi_memory *m = pmmi_memory_of(rt);
  if (block == NULL) {
    assert(old_size == 0);
    return pmmi_alloc_in(rt, domain, new_size);
  }
  assert(new_size > 0);
  int grows = new_size > old_size;
  if (grows && m->attempts++ >= m->fail_at) {
    pmmi_memory_refuse(m);
    return NULL;
  }
  void *moved = m->heap[domain].realloc(m->heap[domain].ctx, block, old_size,
                                        new_size);
  if (moved == NULL) {
    m->refused += (uint64_t)grows;
    return NULL;
  }
  pmmi_memory_resized(m, domain, old_size, new_size);
  return moved;
}

void *pmmi_realloc(pmm_rt *rt, void *block, size_t old_size, size_t new_size) {
  return realloc_in(rt, PMM_DOMAIN_OBJ, block, old_size, new_size);
}

void *pmmi_mem_realloc(pmm_rt *rt, void *block, size_t old_size,
                       size_t new_size) {
  return realloc_in(rt, PMM_DOMAIN_MEM, block, old_size, new_size);
}

void pmmi_inject_arm(pmm_rt *rt, uint64_t nth, int persist) {
  struct pmmi_memory *m = pmmi_memory_of(rt);
  m->injected = 0;
  m->persist = persist;
  m->fail_at = m->attempts + (nth > 0 ? nth - 1 : 0);
}

uint64_t pmmi_inject_disarm(pmm_rt *rt) {
  pmmi_memory_of(rt)->fail_at = UINT64_MAX;
  return pmmi_memory_of(rt)->injected;
}

void pmmi_domain_stats(pmm_rt *rt, enum pmm_domain domain,
                       struct pmm_domain_stats *out) {
  assert(out != NULL && (int)domain < PMMI_DOMAINS);
  const struct pmmi_memory *m = pmmi_memory_of(rt);
  struct pmm_domain_stats all = {.struct_size = out->struct_size};
  if (domain == PMM_DOMAIN_RAW) {
    struct pmmi_raw_figures raw = pmmi_raw_figures(rt);
    all.live_bytes = raw.live_bytes;
    all.live_blocks = raw.live_blocks;
  } else if (domain == PMM_DOMAIN_MEM) {
    all.live_bytes = m->mem.bytes;
    all.live_blocks = m->mem.blocks;
  } else {
    all.live_bytes = m->live_bytes - m->mem.bytes;
    all.live_blocks = pmmi_memory_live_blocks(m) - m->mem.blocks;
  }
  memcpy(out, &all,
         out->struct_size < sizeof all ? out->struct_size : sizeof all);
}

void pmmi_memory_reset_peak(pmm_rt *rt) {
  pmmi_raw_reset_peak(rt);
}
