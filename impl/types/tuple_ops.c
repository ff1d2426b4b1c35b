/* SPDX-License-Identifier: MIT */
/*
 * tuple_ops.c - reading tuples, making tuples from tuples, and the two
 * changes a tuple allows while it has one owner: filling a slot, resizing.
 *
 * What would equal an exact tuple is that tuple with one more reference.
 *
 * Source: CPython 3.11 Objects/tupleobject.c.
 */
#include "types/tuple_ops.h"

#include <string.h>

#include "types/iter.h"
#include "types/list.h"
#include "types/tuple.h"
#include "types/types_state.h"

static int is_exact(const pmm_obj *o) { return o->type == &pmmi_tuple_type; }

static pmm_obj *refuse(pmm_rt *rt) {
  return pmmi_fail_null(rt, PMM_TYPE, "not a tuple");
}

/* Copy `n` items, empty slots included, to `to`, each gaining an owner. */
static void copy_items(pmm_rt *rt, pmm_obj **to, pmm_obj *const *from,
                       size_t n) {
  assert(n == 0 || (to != NULL && from != NULL));
  for (size_t i = 0; i < n; i++) {
    pmmi_xretain(rt, from[i]);
    to[i] = from[i];
  }
}

/* Making the tuple may run code that changes the list the items are from;
 * then it is made again for as many as there are. */
static pmm_obj *from_items(pmm_rt *rt, struct pmmi_items *items) {
  while (items->n > 0) {
    size_t n = items->n;
    struct pmmi_tuple *t = pmmi_tuple_alloc(rt, n);
    if (t == NULL) {
      return NULL;
    }
    pmmi_items_refresh(items);
    if (items->n == n) {
      copy_items(rt, t->items, items->at, n);
      pmmi_gc_track(rt, &t->var.base);
      return &t->var.base;
    }
    memset(t->items, 0, n * sizeof *t->items);
    pmmi_release(rt, &t->var.base);
  }
  return pmmi_tuple_new(rt, 0);
}

pmm_obj *pmmi_tuple_convert(pmm_rt *rt, pmm_obj *iterable) {
  if (is_exact(iterable)) {
    return pmmi_new_reference(rt, iterable);
  }
  struct pmmi_items items;
  if (pmmi_items_get(rt, iterable, &items) != PMM_OK) {
    return NULL;
  }
  pmm_obj *t = from_items(rt, &items);
  pmmi_items_drop(rt, &items);
  return t;
}

enum pmm_status pmmi_tuple_set_steal(pmm_rt *rt, pmm_obj *tuple, size_t index,
                                     pmm_obj *item) {
  assert(tuple != NULL);
  struct pmmi_tuple *t = (struct pmmi_tuple *)tuple;
  enum pmm_status status = PMM_OK;
  if (!pmmi_is_tuple(tuple)) {
    status = pmmi_fail(rt, PMM_TYPE, "not a tuple");
  } else if (tuple->refcnt != 1) {
    status = pmmi_fail(rt, PMM_SYSTEM, "a shared tuple cannot be changed");
  } else if (index >= t->var.length) {
    status = pmmi_fail(rt, PMM_INDEX, "tuple index out of range");
  }
  if (status != PMM_OK) {
    pmmi_xrelease(rt, item);
    return status;
  }
  pmm_obj *old = t->items[index];
  t->items[index] = item;
  pmmi_gc_track(rt, tuple); /* what it holds may be able to form a cycle now */
  pmmi_xrelease(rt, old);
  return PMM_OK;
}

pmm_obj *pmmi_tuple_get(pmm_rt *rt, pmm_obj *tuple, size_t index) {
  if (!pmmi_is_tuple(tuple)) {
    return refuse(rt);
  }
  const struct pmmi_tuple *t = (const struct pmmi_tuple *)tuple;
  if (index >= t->var.length) {
    return pmmi_fail_null(rt, PMM_INDEX, "tuple index out of range");
  }
  return t->items[index];
}

pmm_obj *pmmi_tuple_slice(pmm_rt *rt, pmm_obj *tuple, size_t from, size_t to) {
  if (!pmmi_is_tuple(tuple)) {
    return refuse(rt);
  }
  const struct pmmi_tuple *t = (const struct pmmi_tuple *)tuple;
  pmmi_clamp_range(t->var.length, &from, &to);
  size_t n = to - from;
  if (n == t->var.length && is_exact(tuple)) {
    return pmmi_new_reference(rt, tuple);
  }
  if (n == 0) {
    return pmmi_tuple_new(rt, 0);
  }
  struct pmmi_tuple *part = pmmi_tuple_alloc(rt, n);
  if (part == NULL) {
    return NULL;
  }
  copy_items(rt, part->items, t->items + from, n);
  pmmi_gc_track(rt, &part->var.base);
  return &part->var.base;
}

pmm_obj *pmmi_tuple_concat(pmm_rt *rt, pmm_obj *a, pmm_obj *b) {
  if (!pmmi_is_tuple(a) || !pmmi_is_tuple(b)) {
    return refuse(rt);
  }
  const struct pmmi_tuple *s = (const struct pmmi_tuple *)a;
  const struct pmmi_tuple *t = (const struct pmmi_tuple *)b;
  size_t n = s->var.length;
  size_t m = t->var.length;
  if (m == 0) {
    return pmmi_tuple_slice(rt, a, 0, n);
  }
  if (n == 0) {
    return pmmi_tuple_slice(rt, b, 0, m);
  }
  struct pmmi_tuple *sum = pmmi_tuple_alloc(rt, n + m);
  if (sum == NULL) {
    return NULL;
  }
  copy_items(rt, sum->items, s->items, n);
  copy_items(rt, sum->items + n, t->items, m);
  pmmi_gc_track(rt, &sum->var.base);
  return &sum->var.base;
}

pmm_obj *pmmi_tuple_repeat(pmm_rt *rt, pmm_obj *tuple, int64_t count) {
  if (!pmmi_is_tuple(tuple)) {
    return refuse(rt);
  }
  const struct pmmi_tuple *t = (const struct pmmi_tuple *)tuple;
  size_t n = t->var.length;
  if (n == 0 || count <= 0) {
    return pmmi_tuple_new(rt, 0);
  }
  if (count == 1) {
    return pmmi_tuple_slice(rt, tuple, 0, n);
  }
  size_t total;
  if (!pmmi_size_fits(n, (size_t)count, 0, &total) ||
      total > PTRDIFF_MAX / sizeof(pmm_obj *)) {
    return pmmi_fail_null(rt, PMM_NO_MEMORY, "repeated tuple is too long");
  }
  struct pmmi_tuple *product = pmmi_tuple_alloc(rt, total);
  if (product == NULL) {
    return NULL;
  }
  for (size_t at = 0; at < total; at += n) {
    copy_items(rt, product->items + at, t->items, n);
  }
  pmmi_gc_track(rt, &product->var.base);
  return &product->var.base;
}

/* ---- resize -------------------------------------------------------------- */

static enum pmm_status resize_failed(pmm_rt *rt, pmm_obj **tuple) {
  assert(tuple != NULL);
  pmmi_clear(rt, tuple);
  return pmmi_error(rt);
}

/* Replace the tuple by a new one; the old one has no items to keep. */
static enum pmm_status replace(pmm_rt *rt, pmm_obj **tuple, size_t n) {
  assert(tuple != NULL && pmmi_is_tuple(*tuple));
  pmm_obj *old = *tuple;
  *tuple = pmmi_tuple_new(rt, n);
  pmmi_release(rt, old);
  return *tuple != NULL ? PMM_OK : PMM_NO_MEMORY;
}

enum pmm_status pmmi_tuple_resize(pmm_rt *rt, pmm_obj **tuple, size_t n) {
  assert(tuple != NULL);
  struct pmmi_tuple *t = (struct pmmi_tuple *)*tuple;
  if (!is_exact(*tuple) ||
      ((*tuple)->refcnt != 1 && t->var.length != 0)) {
    (void)pmmi_fail(rt, PMM_SYSTEM, "only an unshared tuple can be resized");
    return resize_failed(rt, tuple);
  }
  if (n == t->var.length) {
    return PMM_OK;
  }
  if (n == 0 || t->var.length == 0) {
    return replace(rt, tuple, n);
  }
  pmmi_gc_untrack(rt, *tuple);
  for (size_t i = t->var.length; i-- > n;) {
    pmmi_clear(rt, &t->items[i]);
  }
  pmm_obj *resized = pmmi_gc_resize(rt, *tuple, n);
  if (resized == NULL) {
    return resize_failed(rt, tuple);
  }
  *tuple = resized;
  pmmi_gc_track(rt, resized);
  return PMM_OK;
}
