/* SPDX-License-Identifier: MIT */
/* closure.c - cells, and who shares them; idea: closure.h. */
#include "code/closure.h"

#include "code/code_state.h"
#include "gc/gc.h"
#include "types/tuple.h"

static struct pmmi_cell *as_cell(pmm_obj *o) {
  assert(o->type == &pmmi_cell_type);
  return (struct pmmi_cell *)(void *)o;
}

static void cell_clear(pmm_rt *rt, pmm_obj *o) {
  pmmi_clear(rt, &as_cell(o)->value);
}

static void cell_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  pmmi_gc_untrack(rt, o);
  cell_clear(rt, o);
  pmmi_gc_free(rt, o);
}

static int cell_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  assert(visit != NULL);
  pmm_obj *value = as_cell(o)->value;
  return value != NULL ? visit(ctx, value) : 0;
}

const struct pmmi_type pmmi_cell_type = {
    .base = {PMMI_IMMORTAL, NULL},
    .name = "cell",
    .basic_size = sizeof(struct pmmi_cell),
    .flags = PMMI_TYPE_GC,
    .dealloc = cell_dealloc,
    .traverse = cell_traverse,
    .clear = cell_clear,
};

/** The cell of a local, borrowed from the frame.  NULL: PMM_NO_MEMORY. */
static pmm_obj *cell_of(pmm_rt *rt, struct pmmi_frame *frame, uint32_t index) {
  assert(index < frame->code->locals);
  pmm_obj **local = &pmmi_frame_locals(frame)[index];
  if (*local != NULL && (*local)->type == &pmmi_cell_type) {
    return *local;
  }
  pmm_obj *cell = pmmi_gc_new(rt, &pmmi_cell_type, 0);
  if (cell != NULL) {
    as_cell(cell)->value = *local;
    *local = cell;
    pmmi_gc_track(rt, cell);
  }
  return cell;
}

pmm_obj *pmmi_closure_cells(pmm_rt *rt, struct pmmi_frame *frame,
                            const struct pmmi_code *inner) {
  assert((inner->shared & ~frame->code->captured) == 0);
  size_t n = (size_t)__builtin_popcountll(inner->shared);
  pmm_obj *cells = pmmi_tuple_new(rt, n);
  size_t filled = 0;
  for (uint32_t i = 0; cells != NULL && i < inner->locals; i++) {
    if ((inner->shared >> i & 1) == 0) {
      continue;
    }
    pmm_obj *cell = cell_of(rt, frame, i);
    if (cell == NULL) {
      pmmi_clear(rt, &cells);
    } else {
      (void)pmmi_tuple_set_steal(rt, cells, filled++,
                                 pmmi_new_reference(rt, cell));
    }
  }
  return cells;
}

void pmmi_closure_enter(pmm_rt *rt, struct pmmi_frame *frame, pmm_obj *cells) {
  assert(cells == NULL || pmmi_is_tuple(cells));
  uint64_t shared = cells != NULL ? frame->code->shared : 0;
  size_t taken = 0;
  for (uint32_t i = 0; shared >> i != 0; i++) {
    if ((shared >> i & 1) != 0) {
      assert(pmmi_frame_locals(frame)[i] == NULL);
      pmm_obj *cell = pmmi_tuple_get(rt, cells, taken++);
      pmmi_frame_locals(frame)[i] = pmmi_new_reference(rt, cell);
    }
    if (i == PMMI_CODE_LOCALS - 1) {
      break; /* a shift by the whole width is undefined */
    }
  }
}
