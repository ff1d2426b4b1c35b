/* SPDX-License-Identifier: MIT */
/*
 * graph.h - the objects that the collector tracks.
 */
#ifndef PMMI_CPYTHON_GRAPH_H
#define PMMI_CPYTHON_GRAPH_H

#include "cpython.h"

/** Note what is tracked, so that leaks can tell what came after.  0, or -1
 *  with an exception. */
int pmmi_cpy_baseline_take(pmm_rt *rt);

#endif /* PMMI_CPYTHON_GRAPH_H */
