/* SPDX-License-Identifier: MIT */
/*
 * sort.c - list.sort(): stable, and safe against what keys do.
 *
 *   1. Take the array out of the list, which is empty meanwhile; a capacity
 *      of -1 tells later whether somebody changed it.
 *   2. Allocate pairs of key and item, twice; compute the keys.
 *   3. Merge runs of 1, 2, 4, ... pairs from one half of the block into the
 *      other and back; the first of two equal keys stays first.
 *   4. Write the items back in the order reached.
 *   5. Give the array back to the list, and drop what the list got meanwhile.
 *
 * Invariant: from 1 to 5 the array holds the references to the items; pairs
 * only borrow them, so that any failure just leaves the array as it was.
 *
 * Source: CPython 3.11 Objects/listobject.c (list_sort_impl) for the
 * protocol; Knuth, The Art of Computer Programming 3, 5.2.4, for the merge.
 */
#include "types/sort.h"

#include <string.h>

#include "types/compare.h"
#include "types/list.h"
#include "types/types_state.h"

struct pair {
  pmm_obj *key;  /* owned when there is a key function                      */
  pmm_obj *item; /* borrowed from the array                                 */
};

/** The list's own fields, taken out of it. */
struct contents {
  pmm_obj **items;
  size_t length;
  ptrdiff_t capacity;
};

struct sorter {
  pmm_rt *rt;
  struct pair *from; /* sorted in runs                                      */
  struct pair *to;   /* where the merged runs go                            */
  size_t n;
};

/* ---- merging ------------------------------------------------------------- */

/* Merge from[low..middle) and from[middle..high) into to[low..high). */
static enum pmm_status merge(struct sorter *s, size_t low, size_t middle,
                             size_t high) {
  assert(low <= middle && middle <= high);
  size_t left = low;
  size_t right = middle;
  for (size_t at = low; at < high; at++) {
    int take_right = left == middle;
    if (left < middle && right < high) {
      enum pmm_status status =
          pmmi_less(s->rt, s->from[right].key, s->from[left].key, &take_right);
      if (status != PMM_OK) {
        return status;
      }
    }
    s->to[at] = take_right ? s->from[right++] : s->from[left++];
  }
  return PMM_OK;
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static enum pmm_status merge_sort(struct sorter *s) {
  for (size_t run = 1; run < s->n; run *= 2) {
    for (size_t low = 0; low < s->n; low += 2 * run) {
      size_t middle = least(low + run, s->n);
      enum pmm_status status =
          merge(s, low, middle, least(middle + run, s->n));
      if (status != PMM_OK) {
        return status;
      }
    }
    struct pair *swapped = s->from;
    s->from = s->to;
    s->to = swapped;
  }
  return PMM_OK;
}

/* ---- keys ---------------------------------------------------------------- */

/* The key of an item, new; None where the host gave nothing. */
static enum pmm_status make_key(pmm_rt *rt, pmm_call key, void *ctx,
                                struct pair *pair) {
  assert(key != NULL);
  pair->key = NULL;
  enum pmm_status status = key(ctx, rt, pair->item, &pair->key);
  if (status != PMM_OK && !pmmi_error_pending(rt)) {
    (void)pmmi_fail(rt, status, "a sort key failed");
  }
  if (pmmi_error_pending(rt)) {
    pmmi_xrelease(rt, pair->key);
    return pmmi_error(rt);
  }
  if (pair->key == NULL) {
    pair->key = pmmi_none(rt);
  }
  return PMM_OK;
}

static void drop_keys(struct sorter *s, size_t made) {
  assert(made <= s->n);
  for (size_t i = made; i-- > 0;) {
    pmmi_release(s->rt, s->from[i].key);
  }
}

/* Keys first, one for each item, in order; then the sort.  A failed merge
 * may have copied some pairs already, so keys are dropped from a full half:
 * `from` always is one. */
static enum pmm_status sort_pairs(struct sorter *s, pmm_obj **items,
                                  pmm_call key, void *ctx) {
  enum pmm_status status = PMM_OK;
  size_t made = 0;
  for (; made < s->n && status == PMM_OK; made++) {
    s->from[made].item = items[made];
    s->from[made].key = items[made];
    if (key != NULL) {
      status = make_key(s->rt, key, ctx, &s->from[made]);
    }
  }
  made -= status != PMM_OK;
  if (status == PMM_OK) {
    status = merge_sort(s);
  }
  for (size_t i = 0; i < s->n && status == PMM_OK; i++) {
    items[i] = s->from[i].item;
  }
  if (key != NULL) {
    struct pmmi_error error;
    pmmi_error_save(s->rt, &error);
    drop_keys(s, made);
    pmmi_error_restore(s->rt, &error);
  }
  return status;
}

static enum pmm_status sort_contents(pmm_rt *rt, struct contents *contents,
                                     pmm_call key, void *ctx) {
  size_t n = contents->length;
  size_t size;
  struct pair *block = NULL;
  if (pmmi_size_fits(n, 2 * sizeof *block, 0, &size)) {
    block = pmmi_mem_alloc(rt, size);
  }
  if (block == NULL) {
    return pmmi_fail(rt, PMM_NO_MEMORY, "no memory to sort");
  }
  struct sorter sorter = {.rt = rt, .from = block, .to = block + n, .n = n};
  enum pmm_status status = sort_pairs(&sorter, contents->items, key, ctx);
  pmmi_mem_free(rt, block, size);
  return status;
}

/* ---- the list meanwhile -------------------------------------------------- */

static void swap_contents(struct pmmi_list *list, struct contents *contents) {
  assert(pmmi_is_list(&list->var.base));
  struct contents own = {list->items, list->var.length, list->capacity};
  list->items = contents->items;
  list->var.length = contents->length;
  list->capacity = contents->capacity;
  *contents = own;
}

static enum pmm_status check_items(pmm_rt *rt, const struct pmmi_list *list) {
  assert(pmmi_is_list(&list->var.base));
  for (size_t i = 0; i < list->var.length; i++) {
    if (list->items[i] == NULL) {
      return pmmi_fail(rt, PMM_SYSTEM, "a slot was never set");
    }
  }
  return PMM_OK;
}

/* Items that the list got while it seemed empty; they die last to first. */
static void drop_contents(pmm_rt *rt, struct contents *contents) {
  assert(contents != NULL);
  size_t capacity = contents->capacity > 0 ? (size_t)contents->capacity : 0;
  for (size_t i = contents->length; i-- > 0;) {
    pmmi_xrelease(rt, contents->items[i]);
  }
  pmmi_mem_free(rt, contents->items, capacity * sizeof *contents->items);
}

enum pmm_status pmmi_list_sort(pmm_rt *rt, pmm_obj *list, pmm_call key,
                               void *ctx) {
  struct pmmi_list *l = (struct pmmi_list *)list;
  if (!pmmi_is_list(list)) {
    return pmmi_fail(rt, PMM_TYPE, "not a list");
  }
  enum pmm_status status = check_items(rt, l);
  if (status != PMM_OK || l->var.length == 0) {
    return status;
  }
  pmmi_retain(rt, list);
  struct contents contents = {.capacity = -1};
  swap_contents(l, &contents);
  status = sort_contents(rt, &contents, key, ctx);
  int mutated = l->capacity != -1;
  swap_contents(l, &contents);
  if (mutated && status == PMM_OK) {
    status = pmmi_fail(rt, PMM_VALUE, "list modified during sort");
  }
  drop_contents(rt, &contents);
  pmmi_release(rt, list);
  return status;
}
