/* SPDX-License-Identifier: MIT */
/*
 * graph_read.h - a heap snapshot out of a file.
 *
 * The file may be damaged, cut off or made to harm: whatever its bytes are,
 * the result is a graph that keeps the format's rules, or a fault with the
 * offset and what was expected there.
 *
 * Memory: as a body is at most GRAPH_RATIO_MOST times its packed bytes, an
 * object at least GRAPH_OBJECT_LEAST of them and an edge one, less than 300
 * bytes for each byte of the file.
 */
#ifndef PMM_HEAPS_GRAPH_READ_H
#define PMM_HEAPS_GRAPH_READ_H

#include "format.h"
#include "graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Read the whole file of these bytes.  0; -1: a fault, and nothing is left to
 *  free. */
int graph_read(const uint8_t *bytes, size_t count, struct graph *graph,
               struct trace_fault *fault);

/** The same of the file of that name; 1: it cannot be read at all. */
int graph_read_file(const char *path, struct graph *graph,
                    struct trace_fault *fault);

void graph_free(struct graph *graph);

#ifdef __cplusplus
}
#endif

#endif /* PMM_HEAPS_GRAPH_READ_H */
