/* SPDX-License-Identifier: MIT */
/*
 * pass.h - blocks that one thread makes and another gives back, both at once.
 *
 *   maker  --> | ring of `depth` blocks | -->  taker
 *
 * One writes the head and the other the tail; who finds the ring full, or
 * empty, lets the other run.
 */
#ifndef PMM_PATTERN_PASS_H
#define PMM_PATTERN_PASS_H

#include "running.h"

/** Run a "pass".  *error: of the system's, that kept it from running. */
enum block_fault pass_blocks(struct running *running,
                             const struct pattern_statement *statement,
                             int *error);

#endif /* PMM_PATTERN_PASS_H */
