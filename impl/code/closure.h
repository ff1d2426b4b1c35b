/* SPDX-License-Identifier: MIT */
/*
 * closure.h - locals that outlive their frame.
 *
 *   1. A local that its code declares as captured is an ordinary local until
 *      a closure over it is made; then its value moves into a cell, and the
 *      frame holds the cell in its place.
 *   2. A closure is a function with a tuple of cells: one for each local that
 *      its code shares with the code around it, in order.
 *   3. The frame of a closure starts with those cells in place.
 *
 * So only what is captured outlives the frame, and a code without closures
 * pays one test of its mask.
 *
 * Invariant: a cell stands only where the code's `captured` has a bit; no
 * local's value is a cell.
 *
 * Source: CPython 3.11 Objects/cellobject.c, Python/compile.c
 * (compiler_make_closure).
 */
#ifndef PMMI_CLOSURE_H
#define PMMI_CLOSURE_H

#include "code/frame.h"

/** A cell object. */
struct pmmi_cell {
  struct pmm_obj base;
  pmm_obj *value; /* owned; NULL: the local is empty                        */
};

extern const struct pmmi_type pmmi_cell_type;

/** Where local `index` stands: in the frame or in its cell. */
static inline pmm_obj **pmmi_frame_local(struct pmmi_frame *frame,
                                         int64_t index) {
  pmm_obj **local = &pmmi_frame_locals(frame)[index];
  if ((frame->code->captured >> index & 1) == 0 || *local == NULL ||
      (*local)->type != &pmmi_cell_type) {
    return local;
  }
  return &((struct pmmi_cell *)(void *)*local)->value;
}

/** The cells that `inner`, a code within the frame's, shares with the frame,
 *  as a new tuple; NULL with PMM_NO_MEMORY pending.  Locals of the frame that
 *  had no cell get one, on failure too, which nothing can tell. */
pmm_obj *pmmi_closure_cells(pmm_rt *rt, struct pmmi_frame *frame,
                            const struct pmmi_code *inner);

/** Put the cells (borrowed; NULL: none) into a frame that has just started. */
void pmmi_closure_enter(pmm_rt *rt, struct pmmi_frame *frame, pmm_obj *cells);

#endif /* PMMI_CLOSURE_H */
