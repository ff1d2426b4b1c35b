/* SPDX-License-Identifier: MIT */
/*
 * tee.c - two iterators out of one.
 *
 *   1. What was taken from the source stands in a chain of cells; the last
 *      cell is empty and knows the source.
 *   2. Each iterator stands at a cell.  Where that is empty, it is filled
 *      from the source and a new empty one put behind it.
 *   3. A cell that both have passed has no owner and dies.
 *
 * Invariant: exactly the last cell of a chain has no value and no next one.
 *
 * Source: CPython 3.11 Modules/itertoolsmodule.c (tee).
 */
#include "types/tee.h"

#include "gc/gc.h"
#include "types/iter.h"
#include "types/tuple.h"
#include "types/types_state.h"

/** A cell, and an iterator that stands at one, are alike: up to three owned
 *  references. */
struct node {
  pmm_obj base;
  pmm_obj *value;   /* of a cell: what was taken; NULL: nothing yet         */
  struct node *next; /* the cell behind, or where an iterator stands        */
  pmm_obj *source;  /* of the last cell                                     */
  int filling;      /* 1 while the source runs for this cell                */
};

static void node_clear(pmm_rt *rt, pmm_obj *o) {
  struct node *n = (struct node *)o;
  pmm_obj *next = (pmm_obj *)n->next;
  n->next = NULL;
  pmmi_clear(rt, &n->value);
  pmmi_clear(rt, &n->source);
  pmmi_xrelease(rt, next);
}

static void node_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  pmmi_gc_untrack(rt, o);
  node_clear(rt, o);
  pmmi_gc_free(rt, o);
}

static int node_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  struct node *n = (struct node *)o;
  int result = n->value != NULL ? visit(ctx, n->value) : 0;
  if (result == 0 && n->next != NULL) {
    result = visit(ctx, &n->next->base);
  }
  if (result == 0 && n->source != NULL) {
    result = visit(ctx, n->source);
  }
  return result;
}

static const struct pmmi_type cell_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "tee_cell",
    .basic_size = sizeof(struct node),
    .flags = PMMI_TYPE_GC,
    .dealloc = node_dealloc,
    .traverse = node_traverse,
    .clear = node_clear,
};

static struct node *new_cell(pmm_rt *rt, pmm_obj *source) {
  assert(source->type->next != NULL);
  struct node *cell = (struct node *)pmmi_gc_new(rt, &cell_type, 0);
  if (cell != NULL) {
    cell->source = pmmi_new_reference(rt, source);
    pmmi_gc_track(rt, &cell->base);
  }
  return cell;
}

/* What the source gives, and the new last cell, which is made first, as an item
 * could not be given back.  *last is NULL when there is an error. */
static pmm_obj *take(pmm_rt *rt, struct node *cell, struct node **last) {
  assert(cell->filling);
  *last = new_cell(rt, cell->source);
  pmm_obj *value = *last != NULL ? pmmi_next(rt, cell->source) : NULL;
  if (value == NULL) {
    pmmi_xrelease(rt, (pmm_obj *)*last);
    *last = NULL;
  }
  return value;
}

/* Fill the empty cell.  Code that runs inside may step the tee. */
static enum pmm_status fill(pmm_rt *rt, struct node *cell) {
  assert(cell->value == NULL && cell->next == NULL);
  if (cell->filling) {
    return pmmi_fail(rt, PMM_RUNTIME, "a tee's source steps the same tee");
  }
  if (pmmi_recursion_enter(rt) != PMM_OK) { /* a tee over tees              */
    return pmmi_error(rt);
  }
  struct node *last;
  cell->filling = 1;
  pmm_obj *value = take(rt, cell, &last);
  cell->filling = 0;
  pmmi_recursion_leave(rt);
  if (value == NULL) {
    return pmmi_error(rt);
  }
  cell->value = value;
  cell->next = last;
  pmmi_clear(rt, &cell->source);
  return PMM_OK;
}

static pmm_obj *tee_next(pmm_rt *rt, pmm_obj *o) {
  assert(o->type->next != NULL);
  struct node *iterator = (struct node *)o;
  struct node *cell = iterator->next;
  if (cell == NULL) { /* the collector cleared it */
    return pmmi_fail_null(rt, PMM_STOP, "");
  }
  pmmi_retain(rt, &cell->base);
  pmm_obj *value = NULL;
  if (cell->value == NULL) {
    (void)fill(rt, cell);
  }
  if (cell->value != NULL) {
    value = pmmi_new_reference(rt, cell->value);
    pmmi_retain(rt, &cell->next->base);
    iterator->next = cell->next;
    pmmi_release(rt, &cell->base);
  }
  pmmi_release(rt, &cell->base);
  return value;
}

static pmm_obj *tee_copy(pmm_rt *rt, pmm_obj *o);

static const struct pmmi_type tee_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "tee",
    .basic_size = sizeof(struct node),
    .flags = PMMI_TYPE_GC,
    .dealloc = node_dealloc,
    .traverse = node_traverse,
    .clear = node_clear,
    .iter = pmmi_self_iter,
    .next = tee_next,
    .copy = tee_copy,
};

static pmm_obj *new_tee(pmm_rt *rt, struct node *cell) {
  assert(cell->base.type == &cell_type);
  struct node *iterator = (struct node *)pmmi_gc_new(rt, &tee_type, 0);
  if (iterator != NULL) {
    pmmi_retain(rt, &cell->base);
    iterator->next = cell;
    pmmi_gc_track(rt, &iterator->base);
  }
  return (pmm_obj *)iterator;
}

/* One that the collector cleared gives nothing, and neither does its copy.
 * Making the copy may run code that steps the original away from its cell. */
static pmm_obj *tee_copy(pmm_rt *rt, pmm_obj *o) {
  assert(o->type == &tee_type);
  struct node *cell = ((const struct node *)o)->next;
  if (cell == NULL) {
    return pmmi_fail_null(rt, PMM_TYPE, "a tee without source");
  }
  pmmi_retain(rt, &cell->base);
  pmm_obj *copy = new_tee(rt, cell);
  pmmi_release(rt, &cell->base);
  return copy;
}

pmm_obj *pmmi_tee(pmm_rt *rt, pmm_obj *iterator) {
  pmm_obj *source = pmmi_iter(rt, iterator);
  if (source == NULL) {
    return NULL;
  }
  struct node *cell = new_cell(rt, source);
  pmmi_release(rt, source);
  if (cell == NULL) {
    return NULL;
  }
  pmm_obj *two[2] = {new_tee(rt, cell), NULL};
  pmm_obj *pair = NULL;
  if (two[0] != NULL) {
    two[1] = new_tee(rt, cell);
  }
  if (two[1] != NULL) {
    pair = pmmi_tuple_from(rt, two, 2);
  }
  pmmi_xrelease(rt, two[1]);
  pmmi_xrelease(rt, two[0]);
  pmmi_release(rt, &cell->base);
  return pair;
}
