/* SPDX-License-Identifier: MIT */
/*
 * graph_load.h - a heap snapshot as objects of a subject.
 *
 *   1. Objects are made in the order of the file; a tuple or frozenset behind
 *      what it holds.
 *   2. Tuples, lists, dicts and sets are such; an instance has a slot for each
 *      edge, and beyond GRAPH_LOAD_SLOTS a list for the rest.  Atoms are ints,
 *      floats and strings of the size that the file says, each of them
 *      different, so that they can be keys.
 *   3. The host holds whoever has owners outside, once, and nobody else: what
 *      was garbage in the program is garbage again.
 *
 * Whoever loads turns automatic collection off first.
 */
#ifndef PMM_HEAPS_GRAPH_LOAD_H
#define PMM_HEAPS_GRAPH_LOAD_H

#include "graph.h"
#include "pmm/view.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Slots of an instance. */
#define GRAPH_LOAD_SLOTS 16u

/** Bytes of the largest string that is made. */
#define GRAPH_LOAD_ATOM_MOST 4096u

/** What the host holds of one. */
struct graph_loaded {
  pmm_obj **held; /* of each object; NULL: not held by the host             */
  size_t count;
  uint64_t lists; /* that were made beside, for instances with many edges   */
};

/** Features that it needs, up to a NULL. */
extern const char *const graph_load_needs[];

/** Make the objects.  0; -1 with what is wrong in `message`, and nothing is
 *  held. */
int graph_load(const struct pmm_ops *ops, pmm_rt *rt,
               const struct graph *graph, struct graph_loaded *out,
               char *message, size_t size);

/** Let go of them.  May run code. */
void graph_unload(const struct pmm_ops *ops, pmm_rt *rt,
                  struct graph_loaded *loaded);

#ifdef __cplusplus
}
#endif

#endif /* PMM_HEAPS_GRAPH_LOAD_H */
