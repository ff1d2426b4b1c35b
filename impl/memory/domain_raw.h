/* SPDX-License-Identifier: MIT */
/*
 * domain_raw.h - the raw domain, which any thread may use.
 *
 *   1. It stands on the C library, so a call reaches no backend: a pool may
 *      be one that serves a single thread.
 *   2. Its sizes and its figures are its own, under the lock of holder.h.
 *      The counters of memory.h belong to the thread that holds the runtime;
 *      who asks for figures gets the sum.
 *   3. A block's slot in the sizes is promised before the block is asked for,
 *      and given up before the block is: once an address is free, another
 *      thread may get it at once.
 *   4. Failures are injected into requests of the holder alone, so that they
 *      are numbered alike in every run.
 *
 * The most that was live: both sides have a peak since they were last put
 * together (`peak_bytes` of memory.h and `most_bytes`), and their sum is the
 * peak of that time.  The holder puts them together at each of its raw calls
 * and readings.  So the figure is exact when it alone uses the raw domain;
 * while other threads do, it may be more than was live at one time, never
 * less.
 *
 * Invariant: live_bytes and live_blocks are those of `sizes`, but for blocks
 * that a call under way is resizing.
 *
 * Source: CPython 3.11 Doc/c-api/memory.rst, "Raw Memory Interface".
 */
#ifndef PMMI_DOMAIN_RAW_H
#define PMMI_DOMAIN_RAW_H

#include "memory/size_table.h"

/** What is counted of the raw domain, by all threads together. */
struct pmmi_raw_figures {
  uint64_t live_bytes;      /* bytes of live blocks                         */
  uint64_t live_blocks;     /* blocks given out and not given back          */
  uint64_t allocations;     /* successful requests                          */
  uint64_t frees;           /* blocks given back                            */
  uint64_t resizes;         /* successful resizes                           */
  uint64_t requested_bytes; /* sum of successful requests and resizes       */
};

/** The raw domain of a runtime; the lock guards all of it. */
struct pmmi_raw {
  struct pmmi_size_table sizes; /* blocks that operations handed out      */
  struct pmmi_raw_figures figures;
  uint64_t most_bytes; /* most live_bytes since peaks were put together     */
};

/** The C library: what the domain stands on. */
extern const struct pmmi_allocator pmmi_raw_allocator;

/** The same, as hooks find it. */
extern const struct pmm_domain_allocator pmmi_raw_base;

/** Forget the sizes; blocks that are live stay with the C library. */
void pmmi_raw_fini(pmm_rt *rt);

/** The figures as they are.  The holder calls: peaks are put together. */
struct pmmi_raw_figures pmmi_raw_figures(pmm_rt *rt);

/** What is live is the peak.  The holder calls. */
void pmmi_raw_reset_peak(pmm_rt *rt);

/* The operations of domain.h for the raw domain.  Any thread calls. */

void *pmmi_raw_malloc(pmm_rt *rt, size_t size);
void *pmmi_raw_calloc(pmm_rt *rt, size_t n, size_t size);
void *pmmi_raw_realloc(pmm_rt *rt, void *block, size_t size);
void pmmi_raw_free(pmm_rt *rt, void *block);

#endif /* PMMI_DOMAIN_RAW_H */
