/* SPDX-License-Identifier: MIT */
/*
 * draw.h - random programs.
 *
 *   1. Program number i of a seed is drawn from a generator of its own, so
 *      that any can be had without those before it.
 *   2. A step is drawn by the weights of operations.inc, its operands among
 *      the registers that hold what it wants.  So a program is drawn while it
 *      runs: what it does depends on what the machine has observed.
 */
#ifndef PMM_LOCKSTEP_DRAW_H
#define PMM_LOCKSTEP_DRAW_H

#include "machine.h"

/** Draw and run program `number`.  Its digest.  `out`: each step is written
 *  there before it is run; NULL: nowhere. */
uint64_t draw_and_run(struct machine *m, uint64_t seed, uint64_t number,
                      size_t length, FILE *out);

#endif /* PMM_LOCKSTEP_DRAW_H */
