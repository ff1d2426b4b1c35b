/* SPDX-License-Identifier: MIT */
/*
 * figures.h - what a heap can tell.
 *
 * Nothing is counted while blocks move but what the descriptors hold anyway:
 * totals are sums over all pools, made when somebody asks.
 */
#ifndef PMMI_POOL_FIGURES_H
#define PMMI_POOL_FIGURES_H

#include <stddef.h>

#include "pmm/backend.h"

struct pmmi_heap;

/** Fill the first out->struct_size bytes of `out`. */
void pmmi_pool_stats(struct pmmi_heap *heap, struct pmm_backend_stats *out);

/** The same for class `index`; -1: there is no such class. */
int pmmi_pool_class_stats(struct pmmi_heap *heap, size_t index,
                          struct pmm_class_stats *out);

/** Figures of the index-th arena that is held; -1: there are not so many. */
int pmmi_pool_arena_stats(struct pmmi_heap *heap, size_t index,
                          struct pmm_arena_stats *out);

/** Call `fn` for each block, small and large, until it returns non-zero;
 *  returns that, or 0.  Cost: every free block is visited twice. */
int pmmi_pool_visit(struct pmmi_heap *heap,
                    int (*fn)(void *ctx, const struct pmm_block *block),
                    void *ctx);

#endif /* PMMI_POOL_FIGURES_H */
