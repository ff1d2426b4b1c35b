/* SPDX-License-Identifier: MIT */
/*
 * trace.h - which live blocks were allocated while tracing, and where.
 *
 *   1. Tracing is a layer over each domain's heap (memory/memory.h), above
 *      all hooks: starting puts it there, stopping takes it away, so it costs
 *      nothing when off.
 *   2. A table remembers size and site of every block made meanwhile; a block
 *      that is not in it is not counted when it goes.
 *   3. A site is a name that the host pushed.  Its live blocks and bytes are
 *      kept up to date, so that a snapshot needs no memory.
 *   4. A snapshot to compare with is kept beside the figures of each site, so
 *      keeping one and comparing need no memory either.
 *   5. While tracing no free list keeps a dead object, so that none that is
 *      made later lies in a block of another site, or of before the trace.
 *   6. The tracer's own memory comes from below counters and hooks: it is in
 *      no figure but pmmi_trace_overhead().
 *   7. Any thread may use the raw domain, so the lock of memory/holder.h guards
 *      the tracer.  The sites are those of the thread that holds the runtime;
 *      what another one allocates has the site "".
 *
 * Invariant: current_bytes is the sum of the sizes in the table, and so is
 * the sum of the sites' bytes; peak_bytes >= current_bytes.  Where a block
 * cannot be remembered its request fails, so the figures are exact.  A block
 * that a call under way resizes is not in the table.
 *
 * Source: PEP 454, CPython 3.11 Modules/_tracemalloc.c.
 */
#ifndef PMMI_TRACE_H
#define PMMI_TRACE_H

#include "memory/memory.h"
#include "memory/trace_growth.h"

/** One block. */
struct pmmi_trace_block {
  uintptr_t address; /* 0: the slot is free                                 */
  size_t size;       /* as requested                                        */
  uint32_t site;     /* index of its site                                   */
  uint32_t domain;   /* enum pmm_domain                                     */
};

/** One site. */
struct pmmi_trace_site {
  struct pmm_site live; /* its blocks as they are                           */
  struct pmm_site kept; /* as they were in the snapshot that is kept        */
};

/** The layer over one domain. */
struct pmmi_trace_layer {
  pmm_rt *rt;
  struct pmmi_allocator below; /* what lies under the layer                 */
};

/** The state of a runtime's tracer; the lock guards all but `layers`. */
struct pmmi_trace {
  struct pmmi_trace_layer layers[PMMI_DOMAINS]; /* meaningful while on       */
  int on;                  /* 1: tracing                                    */
  struct pmmi_trace_block *blocks; /* open addressing, linear probing       */
  size_t block_room;       /* slots, a power of two; 0: no table            */
  size_t block_count;      /* slots in use, with those promised at most half */
  size_t block_promised;   /* slots kept for requests under way             */
  uint64_t current_bytes;
  uint64_t peak_bytes;
  int kept;                /* 1: a snapshot is kept                         */
  struct pmmi_trace_site *sites; /* every name ever pushed; site 0 is ""    */
  size_t site_room;
  size_t site_count;
  uint32_t *stack;         /* indexes of the sites that are pushed          */
  size_t stack_room;
  size_t stack_count;
};

/** Nothing is traced, no site is known.  Cannot fail. */
void pmmi_trace_init(pmm_rt *rt);

/** Stop, and give back what the tracer holds. */
void pmmi_trace_fini(pmm_rt *rt);

/** Name of the site of a block by its first byte; "" when it is not traced. */
const char *pmmi_trace_site_of(pmm_rt *rt, const void *block);

/** 1 when the block was allocated while tracing. */
int pmmi_trace_has(pmm_rt *rt, const void *block);

/** Call `visit` with each traced block of a domain, in no order.  `visit`
 *  makes and frees none. */
void pmmi_trace_each(pmm_rt *rt, enum pmm_domain domain,
                     void (*visit)(void *ctx, void *block), void *ctx);

/* ---- operations (contracts: pmm/subject.h) ------------------------------ */

enum pmm_status pmmi_trace_start(pmm_rt *rt);
void pmmi_trace_stop(pmm_rt *rt);
void pmmi_trace_get(pmm_rt *rt, uint64_t *current, uint64_t *peak);
void pmmi_trace_reset_peak(pmm_rt *rt);
enum pmm_status pmmi_site_push(pmm_rt *rt, const char *name);
void pmmi_site_pop(pmm_rt *rt);
size_t pmmi_trace_snapshot(pmm_rt *rt, struct pmm_site *out, size_t n);
uint64_t pmmi_trace_overhead(pmm_rt *rt);

#endif /* PMMI_TRACE_H */
