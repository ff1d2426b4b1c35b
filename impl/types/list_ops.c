/* SPDX-License-Identifier: MIT */
/*
 * list_ops.c - many items at once: slices, sums, repeats, extending.
 *
 *   1. Everything that can fail happens before the list changes.
 *   2. Everything that runs code happens before the list is looked at, or
 *      after it is whole again.
 *
 * Source: CPython 3.11 Objects/listobject.c.
 */
#include "types/list_ops.h"

#include <string.h>

#include "gc/gc.h"
#include "types/int.h"
#include "types/iter.h"
#include "types/list.h"
#include "types/types_state.h"

/* Room that is guessed for an iterable that cannot tell its length. */
#define GUESSED_LENGTH 8

static enum pmm_status refuse(pmm_rt *rt) {
  return pmmi_fail(rt, PMM_TYPE, "not a list");
}

static void copy_items(pmm_rt *rt, pmm_obj **to, pmm_obj *const *from,
                       size_t n) {
  assert(n == 0 || (to != NULL && from != NULL));
  for (size_t i = 0; i < n; i++) {
    pmmi_xretain(rt, from[i]);
    to[i] = from[i];
  }
}

/* ---- lists from lists ---------------------------------------------------- */

/* Making the list may run code that changes `list`, so the range is clamped
 * and taken afterwards. */
pmm_obj *pmmi_list_slice(pmm_rt *rt, pmm_obj *list, size_t from, size_t to) {
  struct pmmi_list *l = (struct pmmi_list *)list;
  if (!pmmi_is_list(list)) {
    (void)refuse(rt);
    return NULL;
  }
  struct pmmi_list *part = pmmi_list_alloc(rt, 0);
  if (part == NULL) {
    return NULL;
  }
  pmmi_clamp_range(l->var.length, &from, &to);
  if (pmmi_list_set_exact(rt, part, to - from) != PMM_OK) {
    pmmi_release(rt, &part->var.base);
    return NULL;
  }
  copy_items(rt, part->items, l->items + from, to - from);
  pmmi_gc_track(rt, &part->var.base);
  return &part->var.base;
}

pmm_obj *pmmi_list_concat(pmm_rt *rt, pmm_obj *a, pmm_obj *b) {
  if (!pmmi_is_list(a) || !pmmi_is_list(b)) {
    (void)refuse(rt);
    return NULL;
  }
  struct pmmi_list *sum = pmmi_list_alloc(rt, 0);
  if (sum == NULL) {
    return NULL;
  }
  const struct pmmi_list *s = (const struct pmmi_list *)a;
  const struct pmmi_list *t = (const struct pmmi_list *)b;
  size_t n = s->var.length;
  size_t m = t->var.length;
  if (pmmi_list_set_exact(rt, sum, n + m) != PMM_OK) {
    pmmi_release(rt, &sum->var.base);
    return NULL;
  }
  copy_items(rt, sum->items, s->items, n);
  copy_items(rt, sum->items + n, t->items, m);
  pmmi_gc_track(rt, &sum->var.base);
  return &sum->var.base;
}

/* ---- repeat -------------------------------------------------------------- */

/* The repeat count as a size; below 0 is 0. */
static enum pmm_status read_count(pmm_rt *rt, pmm_obj *count, size_t *times) {
  assert(times != NULL);
  int64_t value;
  enum pmm_status status = pmmi_int_value(rt, count, &value);
  if (status == PMM_OK) {
    *times = value > 0 ? (size_t)value : 0;
  }
  return status;
}

/* n * times, or more than any list can hold. */
static size_t product_of(size_t n, size_t times) {
  assert(times > 0 || n < SIZE_MAX);
  size_t total;
  return pmmi_size_fits(n, times, 0, &total) ? total : SIZE_MAX;
}

/* Fill slots n .. n*times-1 with the n items before them, each gaining the
 * owners that it gets. */
static void replicate(pmm_obj **items, size_t n, size_t times) {
  assert(n > 0 && times > 0);
  for (size_t i = 0; i < n; i++) {
    if (items[i] != NULL && items[i]->refcnt != PMMI_IMMORTAL) {
      items[i]->refcnt += times - 1;
    }
  }
  for (size_t at = n; at < n * times; at += n) {
    memcpy(items + at, items, n * sizeof *items);
  }
}

pmm_obj *pmmi_list_repeat(pmm_rt *rt, pmm_obj *list, pmm_obj *count) {
  size_t times;
  if (!pmmi_is_list(list)) {
    (void)refuse(rt);
    return NULL;
  }
  if (read_count(rt, count, &times) != PMM_OK) {
    return NULL;
  }
  struct pmmi_list *product = pmmi_list_alloc(rt, 0);
  if (product == NULL) {
    return NULL;
  }
  const struct pmmi_list *l = (const struct pmmi_list *)list;
  size_t n = times > 0 ? l->var.length : 0;
  if (pmmi_list_set_exact(rt, product, product_of(n, times)) != PMM_OK) {
    pmmi_release(rt, &product->var.base);
    return NULL;
  }
  copy_items(rt, product->items, l->items, n);
  if (n > 0) {
    replicate(product->items, n, times);
  }
  pmmi_gc_track(rt, &product->var.base);
  return &product->var.base;
}

enum pmm_status pmmi_list_repeat_inplace(pmm_rt *rt, pmm_obj *list,
                                         pmm_obj *count) {
  struct pmmi_list *l = (struct pmmi_list *)list;
  size_t times;
  if (!pmmi_is_list(list)) {
    return refuse(rt);
  }
  enum pmm_status status = read_count(rt, count, &times);
  size_t n = l->var.length;
  if (status != PMM_OK || n == 0 || times == 1) {
    return status;
  }
  if (times == 0) {
    return pmmi_list_clear(rt, list);
  }
  status = pmmi_list_resize(rt, l, product_of(n, times));
  if (status == PMM_OK) {
    replicate(l->items, n, times);
  }
  return status;
}

/* ---- extend and convert -------------------------------------------------- */

/* Make room for n more items; a list without array gets what it needs. */
static enum pmm_status grow_by(pmm_rt *rt, struct pmmi_list *list, size_t n) {
  assert(pmmi_is_list(&list->var.base));
  size_t length = list->var.length;
  if (list->items != NULL) {
    return pmmi_list_resize(rt, list, length + n);
  }
  enum pmm_status status = pmmi_list_reserve(rt, list, n);
  if (status == PMM_OK) {
    list->var.length = n;
  }
  return status;
}

/* `source` may be the list itself: its items are the first n in any case. */
static enum pmm_status extend_from(pmm_rt *rt, struct pmmi_list *list,
                                   pmm_obj *source) {
  assert(pmmi_is_list(source) || pmmi_is_tuple(source));
  struct pmmi_items items;
  enum pmm_status status = pmmi_items_get(rt, source, &items);
  if (status != PMM_OK) {
    return status;
  }
  size_t length = list->var.length;
  status = items.n > 0 ? grow_by(rt, list, items.n) : PMM_OK;
  if (status == PMM_OK && items.n > 0) {
    pmm_obj **from = source == &list->var.base ? list->items : items.at;
    copy_items(rt, list->items + length, from, items.n);
  }
  pmmi_items_drop(rt, &items);
  return status;
}

/* Append what the iterator gives, one by one; PMM_OK at its end. */
static enum pmm_status drain(pmm_rt *rt, struct pmmi_list *list,
                             pmm_obj *iterator) {
  assert(iterator->type->next != NULL);
  enum pmm_status status = PMM_OK;
  while (status == PMM_OK) {
    pmm_obj *item = pmmi_next(rt, iterator);
    status = item != NULL ? pmmi_list_append_steal(rt, list, item)
                          : pmmi_error(rt);
  }
  if (status != PMM_STOP) {
    return status;
  }
  pmmi_error_clear(rt);
  return PMM_OK;
}

static size_t guess_length(pmm_obj *iterable) {
  return iterable->type->length != NULL ? iterable->type->length(iterable)
                                        : GUESSED_LENGTH;
}

/* A list that shares nothing with the iterable; the array is guessed ahead
 * and cut back at the end by the shrink rule. */
static enum pmm_status extend_by_iterating(pmm_rt *rt, struct pmmi_list *list,
                                           pmm_obj *iterable) {
  size_t length = list->var.length;
  ptrdiff_t capacity = list->capacity;
  size_t guess = guess_length(iterable);
  pmm_obj *iterator = pmmi_iter(rt, iterable);
  if (iterator == NULL) {
    return pmmi_error(rt);
  }
  enum pmm_status status = PMM_OK;
  if (list->items == NULL && guess > 0) {
    status = pmmi_list_reserve(rt, list, guess);
  }
  if (status == PMM_OK) {
    status = drain(rt, list, iterator);
  }
  if (status != PMM_OK) {
    struct pmmi_error error;
    pmmi_error_save(rt, &error);
    pmmi_list_restore(rt, list, length, capacity);
    pmmi_error_restore(rt, &error);
  } else {
    (void)pmmi_list_resize(rt, list, list->var.length);
  }
  pmmi_release(rt, iterator);
  return status;
}

enum pmm_status pmmi_list_extend(pmm_rt *rt, pmm_obj *list,
                                 pmm_obj *iterable) {
  if (!pmmi_is_list(list)) {
    return refuse(rt);
  }
  struct pmmi_list *l = (struct pmmi_list *)list;
  if (pmmi_is_list(iterable) || pmmi_is_tuple(iterable)) {
    return extend_from(rt, l, iterable);
  }
  return extend_by_iterating(rt, l, iterable);
}

pmm_obj *pmmi_list_convert(pmm_rt *rt, pmm_obj *iterable) {
  pmm_obj *list = pmmi_list_new(rt, 0);
  if (list == NULL || pmmi_list_extend(rt, list, iterable) == PMM_OK) {
    return list;
  }
  pmmi_release(rt, list);
  return NULL;
}

/* ---- slice assignment, reverse ------------------------------------------- */

/* Replace `old_n` items at `from` by `n` new ones: the old ones go to
 * `removed` first, which has room for them. */
static enum pmm_status splice(pmm_rt *rt, struct pmmi_list *list, size_t from,
                              size_t old_n, pmm_obj **removed,
                              const struct pmmi_items *put) {
  assert(from + old_n <= list->var.length);
  size_t length = list->var.length;
  size_t tail = length - from - old_n;
  if (put->n > old_n) {
    enum pmm_status status =
        pmmi_list_resize(rt, list, length - old_n + put->n);
    if (status != PMM_OK) {
      return status;
    }
  }
  pmm_obj **at = list->items + from;
  if (old_n > 0) {
    memcpy(removed, at, old_n * sizeof *at);
  }
  memmove(at + put->n, at + old_n, tail * sizeof *at);
  copy_items(rt, at, put->at, put->n);
  if (put->n < old_n) {
    (void)pmmi_list_resize(rt, list, length - old_n + put->n);
  }
  return PMM_OK;
}

/* Assign items that no code can change meanwhile. */
static enum pmm_status assign_items(pmm_rt *rt, struct pmmi_list *list,
                                    size_t from, size_t to,
                                    const struct pmmi_items *put) {
  pmmi_clamp_range(list->var.length, &from, &to);
  size_t n = to - from;
  if (n == 0 && put->n == 0) {
    return PMM_OK;
  }
  if (n == list->var.length && put->n == 0) {
    return pmmi_list_clear(rt, &list->var.base);
  }
  pmm_obj *few[8];
  pmm_obj **removed = few;
  if (n > sizeof few / sizeof *few) {
    removed = pmmi_mem_alloc(rt, n * sizeof *removed);
    if (removed == NULL) {
      return pmmi_fail(rt, PMM_NO_MEMORY, "no memory to assign a slice");
    }
  }
  enum pmm_status status = splice(rt, list, from, n, removed, put);
  for (size_t i = status == PMM_OK ? n : 0; i-- > 0;) {
    pmmi_xrelease(rt, removed[i]);
  }
  if (removed != few) {
    pmmi_mem_free(rt, removed, n * sizeof *removed);
  }
  return status;
}

enum pmm_status pmmi_list_assign_slice(pmm_rt *rt, pmm_obj *list, size_t from,
                                       size_t to, pmm_obj *iterable) {
  if (!pmmi_is_list(list)) {
    return refuse(rt);
  }
  struct pmmi_list *l = (struct pmmi_list *)list;
  struct pmmi_items items = {.n = 0};
  if (iterable == NULL) {
    return assign_items(rt, l, from, to, &items);
  }
  if (iterable == list) { /* the items must not move while they are copied */
    pmm_obj *copy = pmmi_list_slice(rt, list, 0, SIZE_MAX);
    if (copy == NULL) {
      return pmmi_error(rt);
    }
    enum pmm_status status = pmmi_list_assign_slice(rt, list, from, to, copy);
    pmmi_release(rt, copy);
    return status;
  }
  enum pmm_status status = pmmi_items_get(rt, iterable, &items);
  if (status == PMM_OK) {
    status = assign_items(rt, l, from, to, &items);
    pmmi_items_drop(rt, &items);
  }
  return status;
}

enum pmm_status pmmi_list_reverse(pmm_rt *rt, pmm_obj *list) {
  if (!pmmi_is_list(list)) {
    return refuse(rt);
  }
  struct pmmi_list *l = (struct pmmi_list *)list;
  size_t n = l->var.length;
  for (size_t i = 0; i < n / 2; i++) {
    pmm_obj *item = l->items[i];
    l->items[i] = l->items[n - 1 - i];
    l->items[n - 1 - i] = item;
  }
  return PMM_OK;
}
