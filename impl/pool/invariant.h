/* SPDX-License-Identifier: MIT */
/*
 * invariant.h - pool.h's invariant as a function.
 *
 * Each check returns NULL, or the sentence that does not hold; the first one
 * found is the answer.
 */
#ifndef PMMI_POOL_INVARIANT_H
#define PMMI_POOL_INVARIANT_H

struct pmmi_heap;

/** The whole invariant.  Cost: every free block is visited. */
const char *pmmi_pool_is_valid(const struct pmmi_heap *heap);

/** All but the lists: arenas, window, ranks, queues, and the counts and the
 *  state of every pool.  For heaps that keep their lists elsewhere. */
const char *pmmi_pool_places_are_valid(const struct pmmi_heap *heap);

#endif /* PMMI_POOL_INVARIANT_H */
